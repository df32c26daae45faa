"""The rows of each split: what was judged is divided by paragraph, and pairs are made within each split."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kazstance.corpus.collected import Collected
from kazstance.corpus.judge import Stances
from kazstance.corpus.judged_rows import coded
from kazstance.corpus.pairs import make_pairs
from kazstance.corpus.read import TARGETS, Corpus
from kazstance.corpus.shelf import by_split
from kazstance.corpus.split import SHARES, SPREAD, split_columns, torn_copies
from kazstance.errors import Problem, choose
from kazstance.schema.ids import document_of
from kazstance.schema.labels import GRID_LABELS, Label
from kazstance.schema.records import SPLITS, Copy

Ints = npt.NDArray[np.int64]
NOWHERE: Final = -1
"""In place of the number of a split: the paragraph has no annotated sentence."""


def given_splits(corpus: Corpus, units: pa.Table) -> tuple[dict[str, str], list[Problem]]:
    """The splits of paragraphs that the corpus gives, for itself or with its document, and problems with these.

    Args:
        corpus: the corpus.
        units: the rows of the table sentences.
    """
    rows = {document.document_id: document.row for document in corpus.documents}
    of_document = {name: row.value.split for name, row in rows.items() if row and row.value.split}
    if not of_document and not corpus.splits:
        return {}, []
    known = dict.fromkeys(_paragraphs(units)[1])
    given: dict[str, str] = {name: of_document[document_of(name)] for name in known if document_of(name) in of_document}
    problems = []
    for entry in corpus.splits:
        name, split = entry.value.paragraph_id, entry.value.split
        if name not in known:
            message = f"{name!r} is not a paragraph of the corpus; delete the row, or {choose(name, known)}"
            problems.append(Problem(entry.file, entry.line, "paragraph_id", message))
        elif given.setdefault(name, split) != split:
            message = (
                f"{split!r}, but its document has the split {given[name]!r}; delete the row, or change one of them"
            )
            problems.append(Problem(entry.file, entry.line, "split", message))
    return given, problems


def divide(found: Collected, copies: list[Copy], seed: str, given: Mapping[str, str]) -> dict[str, str]:
    """The split of every paragraph with annotated sentences: as given, or else as the program has it.

    Args:
        found: what was judged.
        copies: the rows of the table copies.
        seed: seed of the hash that breaks ties.
        given: the splits of paragraphs that have one.
    """
    units = found.units
    annotated = units.select(["sentence_id", "paragraph_id", "source_id"]).filter(units["annotated"])
    names = _paragraphs(annotated)[1]
    if all(name in given for name in names):
        return {name: given[name] for name in names}
    stances = found.stances
    columns = {name: coded(units[name], stances.unit) for name in ("paragraph_id", "source_id")}
    columns["target_id"] = coded(pa.array(found.targets, pa.string()), stances.target)
    columns["label_name"] = coded(pa.array(GRID_LABELS), stances.label)
    plain = {name: column.dictionary_decode() for name, column in columns.items()}
    return split_columns(annotated, pa.table(plain), copies, seed, given)


def count_torn(found: Collected, copies: list[Copy], split: Mapping[str, str]) -> int:
    """The number of groups of paragraphs with copies of each other's sentences that are in several splits.

    Args:
        found: what was judged.
        copies: the rows of the table copies.
        split: the split of each paragraph.
    """
    units = found.units
    return torn_copies(units.select(["sentence_id", "paragraph_id"]).filter(units["annotated"]), copies, split)


def own(stances: Stances) -> Stances:
    """The stances of speakers."""
    at = stances.is_own
    return Stances(stances.unit[at], stances.target[at], stances.label[at], at[at], stances.is_unsure[at])


def divided(found: Collected, split: Mapping[str, str]) -> Iterator[tuple[str, str, pa.Table]]:
    """The rows of the grid and of stances, each with table and split, in order.

    Args:
        found: what was judged.
        split: the split of each paragraph.
    """
    home = pa.table({"paragraph_id": pa.array(split, pa.string()), "split": pa.array(split.values(), pa.string())})
    home = home.combine_chunks()
    for table, shelf in found.shelves.items():
        for rows in shelf:
            yield from ((table, name, part) for name, part in by_split(rows, home, SPLITS))


def paired(corpus: Corpus, found: Collected, split: Mapping[str, str]) -> Iterator[tuple[str, str, pa.Table]]:
    """The rows of pairs, each with table and split, in order.

    Args:
        corpus: the corpus.
        found: what was judged.
        split: the split of each paragraph.
    """
    stances = own(found.stances)
    places = _split_of_units(found.units, split)[stances.unit]
    targets = {entry.value.id: entry.value.name for entry in corpus.targets}
    pairs = make_pairs(found.units, stances, places, splits=SPLITS, targets=targets, seed=corpus.header.id)
    yield from (("pairs", name, rows) for name, rows in pairs)


def _split_of_units(units: pa.Table, split: Mapping[str, str]) -> Ints:
    """The number of the split of each unit."""
    place = {name: i for i, name in enumerate(SPLITS)}
    paragraph, names = _paragraphs(units)
    of_paragraph = [place[split[name]] if name in split else NOWHERE for name in names]
    return np.array(of_paragraph, np.int64)[paragraph]


def _paragraphs(units: pa.Table) -> tuple[Ints, list[str]]:
    """The number of the paragraph of each unit, and the paragraphs."""
    codes = units["paragraph_id"].combine_chunks().dictionary_encode()
    return codes.indices.to_numpy().astype(np.int64), codes.dictionary.to_pylist()


def check_splits(found: Collected, split: Mapping[str, str]) -> list[Problem]:
    """Splits without stances, and labels and targets that some split lacks although they span enough paragraphs."""
    stances = found.stances
    n_labels = len(GRID_LABELS)
    names = [f"the label {label}" for label in GRID_LABELS] + [f"the target {target}" for target in found.targets]
    number = np.concatenate([stances.label, n_labels + stances.target, np.full(len(found.silent), int(Label.none))])
    unit = np.concatenate([stances.unit, stances.unit, found.silent])
    paragraph, _ = _paragraphs(found.units)
    n_paragraphs = int(paragraph.max(initial=0)) + 1
    spans = np.bincount(np.unique(number * n_paragraphs + paragraph[unit]) // n_paragraphs, minlength=len(names))
    held = np.zeros((len(names), len(SPLITS)), np.bool_)
    held[number, _split_of_units(found.units, split)[unit]] = True
    asked = {names[i]: held[i] for i in np.flatnonzero(spans >= SPREAD).tolist()}
    needed = {"any stance": held[n_labels:].any(axis=0), **dict(sorted(asked.items()))}
    return [
        Problem(TARGETS, None, None, f"{name} lacks {what}, expected it in every split")
        for what, there in needed.items()
        for name in SHARES
        if not there[SPLITS.index(name)]
    ]
