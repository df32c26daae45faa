"""Annotators' readings, a line each: found in their files in one pass, and parsed when their sentences are judged."""

import hashlib
import io
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Entry, ReadingInput
from kazstance.corpus.judgement_table import check_round
from kazstance.corpus.reading import Reading, as_reading, parse_clear
from kazstance.errors import Problem, first_problems
from kazstance.input.files import MAX_BYTES
from kazstance.input.strict_json import StrictError, load_object
from kazstance.input.text import MARK, decode

Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.integer[Any]]
Source = Path | bytes
"""A file, or the content that it is going to have."""
BLOCK: Final = 2**22
"""Bytes that are read at a time."""
KEY: Final = b'"sentence_id"'
NAMED: Final = re.compile(rb'(?<!\\)"sentence_id"\s*:\s*"([^"\\]*)"')
AT_ONCE: Final = 10_000
"""Readings that are checked at a time."""


class ReadingRules(NamedTuple):
    """What is allowed in a reading besides what its model says."""

    root: Path
    """The corpus folder."""
    labels: Mapping[str, str]
    """The names of the labels to which labels of another scheme are mapped."""
    rounds: tuple[int, ...]
    """The rounds of annotation that the corpus declares; empty if it declares none."""


class Lines(NamedTuple):
    """Some lines of a file: their numbers, counted from 1, and their starts and sizes in bytes, shape (lines,) each."""

    file: str
    source: Source
    number: Ints
    start: Ints
    size: Ints

    def texts(self) -> Iterator[tuple[int, str]]:
        """Each line with its number."""
        if len(self.number):
            yield from zip(self.number.tolist(), self.content().decode().split("\n"), strict=True)

    def content(self) -> bytes:
        """The lines, with a line feed between them; neighbours in the file are read together."""
        if not len(self.start):
            return b""
        joined = self.start[1:] == self.start[:-1] + self.size[:-1] + 1
        first = np.flatnonzero(np.concatenate([[True], ~joined])).tolist()
        parts = []
        with _opened(self.source) as handle:
            for begin, end in zip(first, [*first[1:], len(self.start)], strict=True):
                handle.seek(self.start[begin])
                parts.append(handle.read(int(self.start[end - 1] + self.size[end - 1] - self.start[begin])))
        return b"\n".join(parts)


@dataclass(frozen=True)
class Readings(Sequence[Entry[ReadingInput]]):
    """The readings of an annotator as lines of a file, parsed when they are asked for; equal if their files are."""

    file: str
    digest: str
    """SHA-256 of the file without a byte-order mark."""
    rules: ReadingRules = field(compare=False)
    source: Source = field(compare=False)
    sentence: pa.ChunkedArray = field(compare=False)
    """The id of the sentence that each line names; null where the line does not tell."""
    number: Ints = field(compare=False)
    start: Ints = field(compare=False)
    size: Ints = field(compare=False)

    def __len__(self) -> int:
        return len(self.number)

    @overload
    def __getitem__(self, at: int) -> Entry[ReadingInput]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry[ReadingInput]]: ...
    def __getitem__(self, at: int | slice) -> Entry[ReadingInput] | Sequence[Entry[ReadingInput]]:
        lines = self.lines(at if isinstance(at, slice) else np.array([at]))
        folder = Folder(self.rules.root)
        read = (folder.entry(lines.file, *line, ReadingInput, self.rules.labels) for line in lines.texts())
        found = [entry for entry in read if entry]
        return found if isinstance(at, slice) else found[0]

    def lines(self, at: Places | slice) -> Lines:
        """Some of the lines, in the given order."""
        return Lines(self.file, self.source, self.number[at], self.start[at], self.size[at])


def find_readings(folder: Folder, annotator_id: str, rules: ReadingRules) -> Readings:
    """The readings of one annotator; a file without any causes a warning, one that cannot be read is a problem.

    Args:
        folder: the corpus folder.
        annotator_id: the annotator.
        rules: what is allowed in a reading.
    """
    name, before = f"annotations/{annotator_id}.jsonl", len(folder.problems)
    source = folder.find(name)
    index = _Index(folder, name)
    if source is not None:
        try:
            index.scan(source)
        except StrictError as error:
            folder.problems.append(error.problem(name))
        except UnicodeDecodeError:
            folder.read_text(name, most=2**63)  # reports where the file is not UTF-8
        else:
            folder.digests[name] = index.digest.hexdigest()
    if not index.number and len(folder.problems) == before:
        folder.warn(f"{name} is empty: {annotator_id} has judged nothing")
    return index.found(source or b"", rules)


def no_readings(file: str, rules: ReadingRules) -> Readings:
    """The readings of an annotator who has no file of them; `file` is the one that there could be."""
    nothing = np.empty(0, np.int64)
    return Readings(file, "", rules, b"", pa.chunked_array([], pa.string()), nothing, nothing, nothing)


class _Index:
    """Where each line of a file is and which sentence it names, while the file is read."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.folder, self.name = folder, name
        self.digest = hashlib.sha256()
        self.content: Any = None
        """The digest without a byte-order mark, if there is one."""
        self.count = 0
        self.ids: list[pa.Array] = []
        self.number, self.start, self.size = array("q"), array("q"), array("q")

    def scan(self, source: Source) -> None:
        """Read a file.

        Raises:
            StrictError: it is a file of another kind, or a line is too long.
            UnicodeDecodeError: it is not UTF-8.
        """
        with _opened(source) as handle:
            place = 0
            for block in _blocks(handle):
                self.digest.update(block)
                skipped = self._check(block) if not place else 0
                if skipped:
                    self.content = hashlib.sha256()
                if self.content:
                    self.content.update(block[skipped:])
                self._add(block[skipped:], place + skipped)
                place += len(block)

    def _check(self, block: bytes) -> int:
        """Check the beginning of a file, and give the length of its byte-order mark."""
        try:
            decode(block)
        except StrictError:
            block.decode()  # another error where it is not UTF-8
            raise
        mark = MARK.encode()
        return len(mark) if block.startswith(mark) else 0

    def _add(self, block: bytes, place: int) -> None:
        """Add whole lines; the last line of a file may have no end."""
        block.decode()
        lines = block.split(b"\n")
        last = lines.pop()
        if last.strip() and self._is_whole(last):
            lines.append(last)
        ids: list[bytes | None] = []
        for line in lines:
            self.count += 1
            if line.strip() and (found := _sentence(line)) != b"":
                ids.append(found)
                self.number.append(self.count)
                self.start.append(place)
                self.size.append(len(line))
            place += len(line) + 1
        self.ids.append(pa.array(ids, pa.binary()).cast(pa.string()))

    def _is_whole(self, line: bytes) -> bool:
        """Whether a line without an end is JSON."""
        try:
            load_object(line.decode())
        except StrictError as error:
            number = self.count + 1
            message = f"{error}; no line ending after it, so the file may be truncated"
            self.folder.report(self.name, number, None, message)
            return False
        return True

    def found(self, source: Source, rules: ReadingRules) -> Readings:
        """What was found."""
        places = (np.array(column, np.int64) for column in (self.number, self.start, self.size))
        digest = (self.content or self.digest).hexdigest()
        return Readings(self.name, digest, rules, source, pa.chunked_array(self.ids, pa.string()), *places)


def _sentence(line: bytes) -> bytes | None:
    """The sentence that a line names, empty for a line without content, None if it does not tell."""
    if line.count(KEY) == 1 and (found := NAMED.search(line)):
        return found[1]
    if not (text := line.decode()).strip():
        return b""
    try:
        name = load_object(text).get("sentence_id")
    except StrictError:
        return None
    return name.encode() if isinstance(name, str) and name else None


def parse_readings(lines: Lines, rules: ReadingRules) -> tuple[list[Reading], list[Problem]]:
    """Lines in short, all of each sentence together, and the problems with them."""
    folder = Folder(rules.root)
    readings = []
    for number, text in lines.texts():
        reading = None if rules.labels else parse_clear(lines.file, number, text)
        if reading is None and (entry := folder.entry(lines.file, number, text, ReadingInput, rules.labels)):
            reading = as_reading(entry)
        if reading:
            _check_reading(folder, reading, rules.rounds)
            readings.append(reading)
    _check_unique(folder, readings)
    return readings, folder.problems


def check_readings(readings: Mapping[str, Readings]) -> list[Problem]:
    """The problems with all readings, each on its own."""
    return [problem for found in readings.values() for problem in first_problems(_problems(found))]


def _problems(readings: Readings) -> Iterator[Problem]:
    order = np.argsort(_codes(readings.sentence), kind="stable")
    problems: list[Problem] = []
    for begin in range(0, len(order), AT_ONCE):
        problems += parse_readings(readings.lines(order[begin : begin + AT_ONCE]), readings.rules)[1]
    return iter(sorted(problems, key=lambda problem: problem.place))


def _codes(names: pa.ChunkedArray) -> Ints:
    """Names as numbers; missing ones come first."""
    coded = names.combine_chunks().dictionary_encode().indices
    found: Ints = coded.fill_null(-1).to_numpy().astype(np.int64)
    return found


def _check_reading(folder: Folder, reading: Reading, rounds: Sequence[int]) -> None:
    """Check the round of a reading, and that nothing is judged twice in it."""
    check_round(folder, (reading.file, reading.line), reading.head.round, rounds)
    judged = {(given.target_id, given.holder) for given, _ in reading.judgements}
    if len(judged) < len(reading.judgements):
        every = Counter((given.target_id, given.holder) for given, _ in reading.judgements)
        for (target, holder), count in every.items():
            if count > 1:
                message = f"{of_holder(repr(target), holder)} is judged {count} times, expected once"
                folder.report(reading.file, reading.line, "judgements", message)


def _check_unique(folder: Folder, readings: Sequence[Reading]) -> None:
    """Check that no sentence is read twice on a target in a round."""
    seen: dict[tuple[str, int], list[Reading]] = {}
    for reading in readings:
        key = reading.head.sentence_id, reading.head.round
        earlier = seen.setdefault(key, [])
        for other in earlier:
            if common := sorted(_named(reading) & _named(other)):
                which = of_holder(*common[0])
                message = f"{in_round(*key)!r} also appears on line {other.line}, expected once with {which}"
                folder.report(reading.file, reading.line, "sentence_id", message)
                break
        earlier.append(reading)


def _named(reading: Reading) -> set[tuple[str, str]]:
    """What a reading names: the kinds and targets that it covers, and targets with holders."""
    held = {(given.target_id, given.holder) for given, _ in reading.judgements if given.holder is not None}
    return {(name, "") for name in reading.head.covered} | held


def in_round(name: str, number: int) -> str:
    """How a message names what belongs to a round."""
    return name if number == 1 else f"{name} in round {number}"


def of_holder(name: str, holder: str | None) -> str:
    """How a message names what belongs to a holder."""
    return f"{name} of the holder {holder!r}" if holder else name


def _opened(source: Source) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _blocks(handle: BinaryIO) -> Iterator[bytes]:
    """The content of a file in blocks of whole lines."""
    parts: list[bytes] = []
    while block := handle.read(BLOCK):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join([*parts, block[:cut]])
            parts = [block[cut:]]
        else:
            parts.append(block)
        if (size := sum(map(len, parts))) > MAX_BYTES:
            raise StrictError(f"a line has {size} bytes or more, expected at most {MAX_BYTES}")
    if rest := b"".join(parts):
        yield rest
