"""python -m benchmarks.commands [SENTENCES …]: what each command costs on datasets of growing size.

Corpora are made up and built by `kazstance build`; every command runs in a process of its own.
"""

import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from kazstance.output.markdown import markdown_table
from kazstance.schema.digest import text_hash

RESULTS: Final = Path(__file__).parent / "results" / "commands.md"
SIZES: Final = (1_000, 3_000, 10_000)
SOURCES, IN_PARAGRAPH, WORDS = 5, 5, 18
LABELS: Final = ("favor", "against", "neutral")
NOISE: Final = 0.02
"""Share of judgements that differ from the others."""


class Kind(NamedTuple):
    """A kind of corpus: how many targets and annotators it has, and how many stances a sentence."""

    name: str
    targets: int
    annotators: int
    stances: float


KINDS: Final = (Kind("10 targets × 1 annotator", 10, 1, 0.8), Kind("35 targets × 3 annotators", 35, 3, 2.4))
COMMANDS: Final = {
    "verify": ("verify", "--data", "{data}"),
    "show --limit 2": ("show", "--limit", "2", "--data", "{data}"),
    "why": ("why", "s0/1/1", "t0", "--data", "{data}"),
    "export grid, CSV": ("export", "grid", "--data", "{data}", "--out", "{room}/grid.csv"),
    "export judgements, JSON Lines": ("export", "judgements", "--data", "{data}", "--out", "{room}/judgements.jsonl"),
    "export judgements, Parquet": ("export", "judgements", "--data", "{data}", "--out", "{room}/judgements.parquet"),
    "agreement": ("agreement", "--data", "{data}"),
    "explore": ("explore", "--data", "{data}", "--out", "{room}/page.html"),
    "diff, one label changed": ("diff", "{data}", "{changed}"),
    "annotate export": ("annotate", "export", "{corpus}", "--annotator", "ada", "--out", "{room}/sheets"),
}
"""What is run, by what it is called in the table."""


class Cost(NamedTuple):
    """Seconds of processor time, and the peak of resident memory in MiB."""

    seconds: float
    memory: float


def write_corpus(folder: Path, size: int, kind: Kind, seed: int = 1) -> None:
    """A corpus of made-up words in sentences of equal length."""
    draw = random.Random(seed)  # a sample, not a secret
    words = ["".join(draw.choice("bdfgklmnprstv") + draw.choice("aeiou") for _ in range(4)) for _ in range(5_000)]
    (folder / "texts").mkdir(parents=True)
    (folder / "annotations").mkdir()
    texts: dict[str, str] = {}
    for source in range(SOURCES):
        lines = []
        for paragraph in range(1, size // SOURCES // IN_PARAGRAPH + 1):
            said = [" ".join(draw.choices(words, k=WORDS)).capitalize() + "." for _ in range(IN_PARAGRAPH)]
            texts |= {f"s{source}/{paragraph}/{place}": text for place, text in enumerate(said, 1)}
            lines.append(" ".join(said))
        (folder / "texts" / f"s{source}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    digests = (f"{sha256(file.read_bytes()).hexdigest()}  texts/{file.name}\n" for file in (folder / "texts").iterdir())
    (folder / "SHA256SUMS").write_text("".join(digests), encoding="utf-8")
    head = '[corpus]\nid = "made"\ntitle = "Made up"\nversion = "1.0.0"\nevent = "none"\nlicense = "CC0-1.0"\n'
    sources = (f'[[source]]\nid = "s{i}"\nlanguage = "en"\nrights = "made up"\n' for i in range(SOURCES))
    (folder / "sources.toml").write_text(head + "".join(sources), encoding="utf-8")
    targets = (f'[[target]]\nid = "t{i}"\nname = "target {i}"\n' for i in range(kind.targets))
    (folder / "targets.toml").write_text("".join(targets), encoding="utf-8")
    who = (f'[[annotator]]\nid = "m{i}"\norigin = "model"\n' for i in range(kind.annotators))
    (folder / "annotations" / "annotators.toml").write_text("".join(who), encoding="utf-8")
    _write_readings(folder, texts, kind, draw)


def _write_readings(folder: Path, texts: dict[str, str], kind: Kind, draw: random.Random) -> None:
    """What every annotator says of every sentence: mostly the same."""
    targets = [f"t{i}" for i in range(kind.targets)]
    share = kind.stances / kind.targets
    truth = {name: {t: draw.choice(LABELS) for t in targets if draw.random() < share} for name in texts}
    for annotator in range(kind.annotators):
        with (folder / "annotations" / f"m{annotator}.jsonl").open("w", encoding="utf-8") as file:
            for name, text in texts.items():
                said = truth[name] | ({draw.choice(targets): draw.choice(LABELS)} if draw.random() < NOISE else {})
                start = {"text": text.split()[0], "start": 0}
                judged = [{"target_id": t, "label": label, "evidence": [start]} for t, label in sorted(said.items())]
                row = {"sentence_id": name, "text_hash": text_hash(text), "covered": targets, "judgements": judged}
                file.write(json.dumps(row) + "\n")


def cost(*arguments: str) -> Cost:
    """What a command costs, started as a user starts it.

    Raises:
        CalledProcessError: it fails.
    """
    command = [sys.executable, "-m", "kazstance", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with process:
        said = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=said)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _relabelled(corpus: Path, out: Path) -> None:
    """The corpus with the other label in the first judgement that has one."""
    subprocess.run(["cp", "-r", str(corpus), str(out)], check=True)
    for file in sorted((out / "annotations").glob("*.jsonl")):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if '"favor"' in line)
        lines[at] = lines[at].replace('"favor"', '"against"', 1)
        file.write_text("".join(lines), encoding="utf-8")


def measure(size: int, kind: Kind) -> Iterator[tuple[str, Cost]]:
    """The cost of each command on a corpus of a size and kind, and of the builds before."""
    with tempfile.TemporaryDirectory() as temporary:
        room = Path(temporary)
        places = {name: str(room / name) for name in ("corpus", "other", "data", "changed")} | {"room": temporary}
        write_corpus(room / "corpus", size, kind)
        _relabelled(room / "corpus", room / "other")
        yield "build", cost("build", places["corpus"], "--out", places["data"])
        cost("build", places["other"], "--out", places["changed"])
        for name, words in COMMANDS.items():
            yield name, cost(*(word.format(**places) for word in words))


def main() -> None:
    """Measure, print the table, and keep it."""
    sizes = [int(word) for word in sys.argv[1:]] or SIZES
    found: dict[str, dict[str, str]] = {}
    heads = []
    for kind in KINDS:
        for size in sizes:
            heads.append(f"{size:,} × {kind.targets} × {kind.annotators}")
            for name, spent in measure(size, kind):
                found.setdefault(name, {})[heads[-1]] = f"{spent.seconds:.1f} / {spent.memory:.0f}"
                print(heads[-1], name, found[name][heads[-1]], file=sys.stderr)
    lines = [[name, *(cells[head] for head in heads)] for name, cells in found.items()]
    page = [
        "# Commands on datasets of growing size",
        "`python -m benchmarks.commands`: seconds of processor time / peak memory in MiB of each command in a process "
        "of its own, the interpreter and all imports included. Corpora are made up: sentences × targets × annotators, "
        f"in {SOURCES} sources. Python {platform.python_version()}, pyarrow {version('pyarrow')}, "
        f"{os.cpu_count()} processors.",
        markdown_table(["command", *heads], lines),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
