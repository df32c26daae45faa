"""Any stance data set in two files, train and test: a system on it, with the shortcuts beside it."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
from pydantic import ConfigDict

from kazstance.bench.answers import ask
from kazstance.bench.identity import file_digest
from kazstance.bench.record import Record
from kazstance.bench.run_folder import SCORES, Existing, RunFolder, now, open_folder, verified
from kazstance.bench.shortcuts import Predict
from kazstance.bench.tasks import Item
from kazstance.errors import InputError, KazstanceError, Problem, UnknownNameError
from kazstance.input.spelling import Spelling, class_names, of_column
from kazstance.input.strict_json import load_object
from kazstance.input.tables import PLAIN, TEXT, Form, ending, read_table
from kazstance.metrics import GRID_LABELS, LABELS
from kazstance.models.systems import find_system, identify
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import echo
from kazstance.predictions import read_labels, scores
from kazstance.stats.resampling import RESAMPLES, SEED
from kazstance.stats.scores import Score

BESIDE: Final = ("majority", "majority per target", "lexicon", "target-blind TF-IDF")
"""Shortcuts that stand beside a system: they do not read, or ignore the target. A data set of files has no sources."""
VALIDATION: Final = 0.15
"""Share of the training rows, in expectation, that settings are chosen on."""
PREDICTIONS: Final = "predictions.jsonl"


@dataclass(frozen=True)
class Layout:
    """The columns of a data set, and how its labels are spelled; without clusters, each row is its own."""

    ids: tuple[str, ...]
    text: str
    target: str
    label: str
    spelling: Spelling
    cluster: str | None = None
    form: Form = PLAIN

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(filter(None, [*self.ids, self.text, self.target, self.label, self.cluster]))


@dataclass(frozen=True)
class Result:
    """A system's scores on the test file; or, of a shortcut that failed, none, and why."""

    system: str
    scores: tuple[Score, ...]
    error: str | None = None

    def as_row(self) -> dict[str, object]:
        """The result as plain values."""
        return {"system": self.system, "scores": [score.as_row() for score in self.scores], "error": self.error}


@dataclass(frozen=True)
class FilesRun:
    """What a run on files is of: the system, both files by the SHA-256 of their bytes, and how they are read."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    system: str
    train: str
    test: str
    ids: tuple[str, ...]
    text: str
    target: str
    label: str
    cluster: str | None
    spelling: str
    delimiter: str | None
    encoding: str
    per_target: bool
    resamples: int
    seed: int


def run_files(
    system: str,
    train_file: Path,
    test_file: Path,
    out: Path,
    layout: Layout,
    *,
    per_target: bool = False,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    existing: Existing = "refuse",
    say: Callable[[str], None] = echo,
) -> list[Result]:
    """Train a system on one file, predict the other, and write predictions and scores into a folder.

    Predictions are spelled as the files spell labels, for `kazstance score`, and written before any shortcut is asked.

    Args:
        system: a name or import path, as `find_system` takes it.
        train_file: rows to train on; a share of them, by a hash of their clusters, is for choosing settings.
        test_file: rows to predict.
        out: the folder of the run.
        layout: columns and spelling of both files.
        per_target: train the system on each target apart.
        resamples: of the bootstrap, as is the seed.
        seed: any whole number from 0.
        existing: where the folder holds a finished run, `refuse`, run `again`, or `reuse` it.
        say: is told of what is kept, or not covered by digests.

    Returns:
        The results of the system, then of the shortcuts, trained on all targets; one that fails has an `error`.

    Raises:
        InputError: rows that are not as they should be; all are named.
        UnknownNameError: a column that is not there.
        FinishedRunError: the folder holds a finished run, and `existing` is `refuse`; or it cannot be reused.
        KazstanceError: a file cannot be read, the folder is of another run, or the system fails.
    """
    train, test = _read_both(train_file, test_file, layout, per_target=per_target)
    known = GRID_LABELS if any(item.label == "none" for item in (*train, *test)) else LABELS
    predict = find_system(system, known)
    this = _files_run(system, train_file, test_file, layout, per_target=per_target, resamples=resamples, seed=seed)
    wanted = Record[FilesRun](run=this, rows=_rows(train, test), system=identify(system), begun=now())
    folder = open_folder(Path(out), wanted, [PREDICTIONS], existing, say)
    spelled = _spelled((train_file, test_file), layout)
    if not folder.has(PREDICTIONS):
        labels = (_by_target if per_target else _ask)(system, predict, train, test, known)
        folder.add(PREDICTIONS, _lines(test_file, labels, layout, spelled))
    written = _labels(verified(folder.place, folder.record, PREDICTIONS), layout, spelled)
    return _score_beside_shortcuts(folder, written, train, test, known)


def _read_both(train: Path, test: Path, layout: Layout, *, per_target: bool) -> tuple[list[Item], list[Item]]:
    """The rows of both files, which have none in common."""
    rows = read_items(train, layout, for_training=True), read_items(test, layout)
    _check_apart(*rows, str(test), layout, per_target=per_target)
    return rows


def _score_beside_shortcuts(
    folder: RunFolder[FilesRun],
    labels: Sequence[str],
    train: Sequence[Item],
    test: Sequence[Item],
    known: Sequence[str],
) -> list[Result]:
    """The results of a system and of the shortcuts, written when there are all of them."""
    this = folder.record.run
    found = [_result(this.system, labels, test, this)]
    found += [_shortcut(name, train, test, known, this) for name in BESIDE if name != this.system]
    if folder.reused is None:
        write_file(to_json([result.as_row() for result in found]).encode(), folder.place / SCORES)
        folder.finish()
    return found


def _rows(train: Sequence[Item], test: Sequence[Item]) -> str:
    """The digest of all rows, as a system sees them."""
    return hashlib.sha256(repr((train, test)).encode(errors="surrogatepass")).hexdigest()


def _files_run(
    system: str, train: Path, test: Path, layout: Layout, *, per_target: bool, resamples: int, seed: int
) -> FilesRun:
    """What a run is of."""
    return FilesRun(
        system=system,
        train=file_digest(train),
        test=file_digest(test),
        ids=layout.ids,
        text=layout.text,
        target=layout.target,
        label=layout.label,
        cluster=layout.cluster,
        spelling=layout.spelling.name,
        delimiter=layout.form.delimiter,
        encoding=layout.form.encoding,
        per_target=per_target,
        resamples=resamples,
        seed=seed,
    )


def _shortcut(name: str, train: Sequence[Item], test: Sequence[Item], known: Sequence[str], this: FilesRun) -> Result:
    """The result of a shortcut; where it fails, why it did."""
    try:
        labels = _ask(name, find_system(name), train, test, known)
    except KazstanceError as error:
        return Result(name, (), str(error))
    return _result(name, labels, test, this)


def _result(name: str, labels: Sequence[str], test: Sequence[Item], this: FilesRun) -> Result:
    """The scores of labels."""
    facts = {
        "system": name.replace(" ", "_"),
        "per_target": this.per_target and name == this.system,
        "train": this.train[:12],
        "test": this.test[:12],
    }
    return Result(name, _score(test, labels, this, facts))


def read_items(file: Path, layout: Layout, *, for_training: bool = False) -> list[Item]:
    """The rows of a file as items; of those for training, some are of the split validation, whole clusters of them.

    Raises:
        InputError: doubled ids, empty fields or unknown labels; all are named.
        UnknownNameError: a column that is not there.
        KazstanceError: the file cannot be read, or has no rows.
    """
    table = read_table(file, layout.form)
    for name in layout.columns:
        if name not in table.column_names:
            raise UnknownNameError(name, f"column of {file}", table.column_names)
    rows = _as_text(table.select(list(dict.fromkeys(layout.columns))))
    if not rows:
        raise KazstanceError(f"{file}: no rows, expected some under the header")
    problems: list[Problem] = []
    labels = read_labels(table, layout.label, file, layout.spelling, problems).to_pylist()
    seen: dict[str, int] = {}
    for number, row in enumerate(rows):
        first = seen.setdefault(_key(row, layout), number)
        for field, message in _faults(row, layout, _place(file, first) if first != number else ""):
            line, row_number = (number + 2, None) if ending(file) in TEXT else (None, number + 1)
            problems.append(Problem(str(file), line, field, message, row_number))
    if problems:
        raise InputError(problems)
    return [_item(row, label, layout, for_training=for_training) for row, label in zip(rows, labels, strict=True)]


def _place(file: Path, number: int) -> str:
    """Where a row stands: its line in a text file, in others its number, for a field may have lines there."""
    return f"line {number + 2}" if ending(file) in TEXT else f"row {number + 1}"


def _as_text(table: pa.Table) -> list[dict[str, str]]:
    """The rows with each field as text; what is missing is empty."""
    return [{name: "" if field is None else str(field) for name, field in row.items()} for row in table.to_pylist()]


def _faults(row: Mapping[str, str], layout: Layout, before: str) -> Iterator[tuple[str, str]]:
    """Fields of a row and what is wrong with them; `before` is where the same ids stood already."""
    for name in dict.fromkeys(layout.columns):
        if name != layout.label and not row[name].strip():
            yield name, "nothing, expected something"
    if before:
        yield ", ".join(layout.ids), f"{_key(row, layout)!r} as in {before}, expected each once"


def _item(row: Mapping[str, str], label: str, layout: Layout, *, for_training: bool) -> Item:
    key = _key(row, layout)
    cluster = row[layout.cluster] if layout.cluster else key
    chosen = for_training and _share(cluster) < VALIDATION
    return Item(
        item_id=key,
        split=("validation" if chosen else "train") if for_training else "test",
        text=row[layout.text],
        target=row[layout.target],
        target_id=row[layout.target],
        source_id="",
        cluster=cluster,
        label=label,
    )


def _key(row: Mapping[str, str], layout: Layout) -> str:
    return " ".join(row[name] for name in layout.ids)


def _share(name: str) -> float:
    """A number from 0 to 1 that a name always has, evenly spread over names."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64


def _check_apart(train: Sequence[Item], test: Sequence[Item], file: str, layout: Layout, *, per_target: bool) -> None:
    """See that no row is in both files, and that each target of the test was in training where each has its model."""
    ids, targets = {item.item_id for item in train}, {item.target_id for item in train}
    problems = [
        Problem(file, None, ", ".join(layout.ids), f"{item.item_id!r} is a row of training too, expected other rows")
        for item in test
        if item.item_id in ids
    ]
    if per_target:
        new = sorted({item.target_id for item in test} - targets)
        known = ", ".join(sorted(targets))
        problems += [
            Problem(file, None, layout.target, f"{name!r} has no rows of training, expected {known}") for name in new
        ]
    if problems:
        raise InputError(problems)


def _by_target(
    system: str, predict: Predict, train: Iterable[Item], test: Sequence[Item], known: Sequence[str]
) -> list[str]:
    """The labels of a system that is trained on each target apart."""
    rows: dict[str, list[Item]] = defaultdict(list)
    for item in train:
        rows[item.target_id].append(item)
    found: dict[str, str] = {}
    for target in dict.fromkeys(item.target_id for item in test):
        part = [item for item in test if item.target_id == target]
        labels = _ask(f"{system}: {target}", predict, rows[target], part, known)
        found |= {item.item_id: label for item, label in zip(part, labels, strict=True)}
    return [found[item.item_id] for item in test]


def _ask(where: str, predict: Predict, train: Sequence[Item], test: Sequence[Item], known: Sequence[str]) -> list[str]:
    """A system's labels; of probabilities, the most probable ones."""
    return [answer.label for answer in ask(predict, train, test, known, where)]


def _score(
    test: Sequence[Item], labels: Sequence[str], this: FilesRun, facts: Mapping[str, object]
) -> tuple[Score, ...]:
    columns = {
        "gold": [item.label for item in test],
        "predicted": labels,
        "target": [item.target_id for item in test],
        "cluster": [item.cluster for item in test],
    }
    cluster = "cluster" if this.cluster else None
    found = scores(pa.table(columns), "target", cluster, this.resamples, this.seed, spelling=this.spelling)
    return tuple(replace(one, signature={**facts, **one.signature}) for one in found)


def _lines(file: Path, labels: Sequence[str], layout: Layout, spelled: Mapping[str, object]) -> bytes:
    """Predictions as JSON Lines: the columns that identify a row, and the label as the files spell it."""
    rows = _as_text(read_table(file, layout.form).select(layout.ids))
    lines = [row | {layout.label: spelled[label]} for row, label in zip(rows, labels, strict=True)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _spelled(files: Iterable[Path], layout: Layout) -> dict[str, object]:
    """How files spell each label: as most of their rows do; one that they do not have, as the spelling does.

    A class label is written by its name, since its number says nothing without the schema.
    """
    found: dict[str, Counter[object]] = defaultdict(Counter)
    for table in (read_table(file, layout.form) for file in files):
        known = of_column(layout.spelling, table.schema, layout.label)
        names = class_names(table.schema).get(layout.label)
        for value in table.column(layout.label).to_pylist():
            found[known.label(None if value is None else str(value)) or ""][
                names[value] if names and isinstance(value, int) and 0 <= value < len(names) else value
            ] += 1
    most = {ours: counted.most_common(1)[0][0] for ours, counted in found.items()}
    spelling = layout.spelling
    pairs = [*spelling.preset.items(), *spelling.own.items()][::-1]
    own = {ours: theirs for theirs, ours in pairs if spelling.label(theirs) == ours}  # no overridden ones
    return {name: name for name in GRID_LABELS} | own | most


def _labels(content: bytes, layout: Layout, spelled: Mapping[str, object]) -> list[str]:
    """The labels of a file of predictions, by our names."""
    ours = {theirs: name for name, theirs in spelled.items()}
    return [ours[load_object(line)[layout.label]] for line in content.decode().split("\n")[:-1]]
