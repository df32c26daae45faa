"""What a run of many cases came to: each kind of fault once as it is found, and counts at the end."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.fuzz.oracle import Fault
from tests.fuzz.processes import Outcome
from tests.fuzz.running import Found

SHOWN = 4
"""Cases that are named of a kind of fault."""


@dataclass
class Summary:
    """Counts of cases, of the exit codes of their commands, and of faults."""

    cases: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    unmade: list[str] = field(default_factory=list)
    codes: Counter[tuple[str, int]] = field(default_factory=Counter)
    groups: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    slowest: tuple[float, str] = (0, "")
    largest: tuple[int, str] = (0, "")

    def add(self, found: Found) -> None:
        """Count a case, and print each fault of a kind that was not seen before."""
        self.cases[found.kind] += 1
        self.failed[found.kind] += bool(found.faults)
        self.unmade += [] if found.is_made else [found.name]
        for _, outcome in found.commands:
            self.codes[found.kind, outcome.code] += 1
            self.slowest = max(self.slowest, (outcome.seconds, found.name))
            self.largest = max(self.largest, (outcome.memory >> 20, found.name))
        for fault in found.faults:
            if fault.kind not in self.groups:
                print(told(found, fault), flush=True)
            self.groups[fault.kind].append(found.name)

    def lines(self, took: float) -> list[str]:
        """The faults by number, then the kinds of cases, then the whole."""
        groups = sorted(self.groups.items(), key=lambda pair: -len(pair[1]))
        commands = sum(self.codes.values())
        return [
            *(f"{len(names):6}  {kind}  {' '.join(sorted(set(names), key=len)[:SHOWN])}" for kind, names in groups),
            *(
                f"{kind}: {n} cases, {self.failed[kind]} with faults; exit codes {self._ends(kind)}"
                for kind, n in self.cases.items()
            ),
            f"{self.cases.total()} cases, {commands} commands in {took:.0f} s",
            f"{len(self.unmade)} cases that could not be made or checked {' '.join(self.unmade[:SHOWN])}".rstrip(),
            "at most {:.1f} s of the processor ({}) and {} MB ({})".format(*self.slowest, *self.largest),
        ]

    def _ends(self, kind: str) -> str:
        return ", ".join(f"{code} ({n})" for (of, code), n in sorted(self.codes.items()) if of == kind)


def told(found: Found, fault: Fault) -> str:
    """A fault with its case and the mutations of that."""
    how = "".join(f"\n    {i}: {text}" for i, text in found.done.items())
    return f"FAULT {fault.kind}\n    {found.name}{how}\n    {fault.seen}"


def shown(argv: list[str], outcome: Outcome) -> str:
    """A command and what it came to, in characters that do nothing."""
    streams = (
        ascii(text.decode(errors="replace")[-2000:]).replace("\\n", "\n    ") for text in (outcome.out, outcome.err)
    )
    end = f"exit code {outcome.code}, {outcome.seconds:.1f} s, {outcome.memory >> 20} MB"
    return "\n".join([f"$ kazstance {' '.join(map(ascii, argv))}", *streams, end])
