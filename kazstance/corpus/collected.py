"""What is kept of judged chunks: rows set aside, stances as numbers, and counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kazstance.corpus.judge import JudgedChunk, Places, Stances
from kazstance.corpus.judged_rows import coded
from kazstance.corpus.read import raise_all
from kazstance.corpus.shelf import Shelf
from kazstance.errors import Problem, first_problems
from kazstance.paths import StrPath
from kazstance.schema.labels import Status
from kazstance.schema.manifest import MappedLabel

Ints = npt.NDArray[np.int64]
_Asked = tuple[Ints, Ints]
"""Places in a grid of kinds of units, targets and statuses, and how many pairs each has."""
KIND: Final = ("source_id", "paragraph_id", "voice", "endorsed")
"""What is said of the unit of a pair that was asked."""


class Collected:
    """The chunks of a corpus, added in their order."""

    def __init__(self, place: StrPath | None, units: pa.Table, targets: Sequence[str]) -> None:
        """Begin without chunks.

        Args:
            place: a folder for rows, if there are many; None to keep all in memory.
            units: the rows of the table sentences.
            targets: the ids of the targets.
        """
        self.units, self.targets = units, targets
        self.n_annotated = int(np.count_nonzero(units["annotated"].to_numpy()))
        self.shelves = {name: Shelf(None if place is None else Path(place) / name) for name in ("grid", "stances")}
        self.n_pairs = self.n_undecided = 0
        self.by_annotator: Counter[str] = Counter()
        self._stances: list[Stances] = []
        self._silent: list[Ints] = []
        self._asked: list[_Asked | range] = []
        """For each chunk how many pairs were asked of which kind, or its units if all were and are decided."""
        self._kind, self._first = _kinds(units)
        self._mapped: Counter[tuple[str, str]] = Counter()
        self._missing: dict[str, tuple[int, str | None]] = {}
        self._faults: list[Problem] = []
        self._problems: list[Problem] = []
        self._undecided: list[Problem] = []

    def add(self, chunk: JudgedChunk) -> pa.Table | None:
        """Add a chunk, and give its judgements; None if there are problems."""
        self._faults += chunk.faults
        self._problems += chunk.problems
        self._undecided += chunk.undecided
        for name, (n, first) in chunk.missing.items():
            before, earliest = self._missing.get(name, (0, None))
            self._missing[name] = before + n, earliest or first
        if self._faults or self._problems or not chunk.tables:
            return None
        for name, shelf in self.shelves.items():
            shelf.add(chunk.tables[name])
        self._stances.append(chunk.stances)
        self._silent.append(chunk.silent)
        self._asked.append(range(chunk.begin, chunk.end) if chunk.asked is None else self._counted(chunk.asked))
        self.n_pairs += chunk.n_pairs
        self.n_undecided += chunk.n_undecided
        self.by_annotator += chunk.by_annotator
        self._mapped += chunk.mapped
        return chunk.tables["judgements"]

    def check(self, more: Sequence[Problem]) -> None:
        """Raise all problems: those of lines on their own, or else those of what they say and `more`.

        Raises:
            InputError: there are problems.
        """
        raise_all(_first(self._faults))
        n_pairs = self.n_annotated * len(self.targets)
        for name, (n, first) in self._missing.items():
            if n:
                message = f"{n} of {n_pairs} pairs not covered, the first {first}; expected all"
                remedy = "if texts or targets were added since, remove complete = true from annotations/annotators.toml"
                self._problems.append(Problem(f"annotations/{name}.jsonl", None, "covered", message, remedy=remedy))
        raise_all([*self._problems, *more, *self._undecided])

    @property
    def stances(self) -> Stances:
        """All stances, in order."""
        columns = [column.name for column in fields(Stances)]
        parts = self._stances or [_nothing()]
        return Stances(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))

    @property
    def silent(self) -> Ints:
        """The units that are not about some target."""
        return np.concatenate([np.empty(0, np.int64), *self._silent])

    @property
    def mapped_labels(self) -> tuple[MappedLabel, ...]:
        """The labels of another scheme, and how often they occur."""
        found = sorted(self._mapped.items())
        return tuple(MappedLabel(original=original, label=label, judgements=n) for (original, label), n in found)

    def asked_rows(self) -> pa.Table | None:
        """How many pairs were asked of their speakers; None if all were and are decided.

        A row for each paragraph, voice, target and status, with their number in the column `pairs`.
        """
        if all(isinstance(asked, range) for asked in self._asked):
            return None
        parts = [self._all_of(asked) if isinstance(asked, range) else asked for asked in self._asked]
        places, pairs = (np.concatenate([part[i] for part in parts]) for i in range(2))
        kind, target, status = np.unravel_index(places, self._shape)
        unit = self._first[kind]
        columns = {name: coded(self.units[name], unit) for name in KIND}
        columns["target_id"] = coded(pa.array(self.targets, pa.string()), target)
        columns["status"] = coded(pa.array(list(map(str, Status)), pa.string()), status)
        return pa.table({**columns, "pairs": pairs})

    @property
    def _shape(self) -> tuple[int, int, int]:
        """Kinds of units, targets, and statuses of pairs."""
        return len(self._first), len(self.targets), len(Status)

    def _counted(self, asked: Places) -> _Asked:
        """How many pairs were asked of each kind, given units, targets and statuses."""
        unit, target, status = asked.T
        places = np.ravel_multi_index((self._kind[unit], target, status), self._shape)
        found, pairs = np.unique(places, return_counts=True)
        return found, pairs

    def _all_of(self, asked: range) -> _Asked:
        """The same where all units of a chunk were asked about all targets, and are decided."""
        units = self.units["annotated"].slice(asked.start, len(asked)).to_numpy()
        kinds, n = np.unique(self._kind[asked.start : asked.stop][units], return_counts=True)
        n_targets = len(self.targets)
        return len(Status) * (kinds[:, None] * n_targets + np.arange(n_targets)).ravel(), n.repeat(n_targets)


def _kinds(units: pa.Table) -> tuple[Ints, Ints]:
    """For each unit the number of its paragraph and voice, and the first unit with each."""
    numbers = np.zeros(len(units), dtype=np.int64)
    for name in KIND:
        column = units[name].combine_chunks()
        coded = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy().astype(np.int64) + 1
        _, numbers = np.unique(numbers * (len(coded.dictionary) + 1) + codes, return_inverse=True)
    _, first, kind = np.unique(numbers, return_index=True, return_inverse=True)
    return kind, first


def _nothing() -> Stances:
    empty = np.empty(0, np.int64)
    return Stances(empty, empty, empty, empty.astype(np.bool_), empty.astype(np.bool_))


def _first(problems: Sequence[Problem]) -> Iterator[Problem]:
    """The first problems of each file."""
    by_file: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: problem.place):
        by_file.setdefault(problem.file, []).append(problem)
    for found in by_file.values():
        yield from first_problems(found)
