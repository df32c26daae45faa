"""Many lines of readings as columns: parsed and checked together, and left to the slower parser if any is unusual."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from kazstance.corpus.docket import Docket
from kazstance.corpus.inputs import LONGEST, JudgementInput
from kazstance.corpus.quoted import UNRECORDED, Quoted
from kazstance.corpus.readings import Lines, ReadingRules
from kazstance.schema.labels import Label
from kazstance.schema.publication import is_filled
from kazstance.stats.counting import LARGEST

Ints = npt.NDArray[np.int64]
STATED: Final = ("target_id", "holder", "label", "original", "explicitness", "certainty", "note")
"""The fields of a judgement besides its evidence."""
PART: Final = pa.struct([("start", pa.int64()), ("text", pa.string())])
JUDGEMENT: Final = pa.struct([*((name, pa.string()) for name in STATED), ("evidence", pa.list_(PART))])
SCHEMA: Final = pa.schema(
    {
        "sentence_id": pa.string(),
        "text_hash": pa.string(),
        "round": pa.int64(),
        "covered": pa.list_(pa.string()),
        "probability": pa.float64(),
        "sheet": pa.string(),
        "judgements": pa.list_(JUDGEMENT),
    }
)
REQUIRED: Final = ("sentence_id", "text_hash", "covered", "judgements")
DEFAULTED: Final = ("round", "probability")
"""Fields that may be missing, but not null."""
ESCAPED: Final = re.compile(rb"\\u00[0-7]")
"""An escape that could hide the name of a field."""
SHEET: Final = r"^[0-9a-f]{12}$"
BLOCK: Final = 2**20
"""Bytes that are parsed at a time, at least."""
BETWEEN: Final = "\n"
"""What separates names that are joined; no id holds it."""


class ReadingColumns(NamedTuple):
    """Readings without problems as columns of shape (readings,), and their judgements of shape (judgements,)."""

    sentence: Ints
    """The place of the sentence among the annotated ones."""
    round: Ints
    covered: Ints
    """The number of the list of what it covers."""
    lists: Sequence[tuple[str, ...]]
    """The different lists of targets and kinds."""
    probability: npt.NDArray[np.float64]
    sheet: Sequence[str | None]
    given: Sequence[JudgementInput]
    """The different judgements, apart from their evidence."""
    number: Ints
    """The place of each judgement among the different ones."""
    reading: Ints
    """The reading that each judgement is in."""
    evidence: Quoted


class _UnusualError(ValueError):
    """A line that is not clearly without problems."""


def parse_columns(
    lines: Lines, docket: Docket, places: Mapping[str, int], rules: ReadingRules
) -> ReadingColumns | None:
    """The lines of an annotator as columns, or None if any of them may have a problem or is of an unusual form.

    Args:
        lines: the lines.
        docket: the sentences and targets that they may name; it is told nothing.
        places: the place of each sentence among the annotated ones.
        rules: what is allowed in a reading.
    """
    try:
        return _columns(_parsed(lines), docket, places, rules)
    except ValueError:  # from Arrow, from pydantic, or since a line is unusual
        return None


def _require(is_usual: Any) -> None:
    if not is_usual:
        raise _UnusualError


def _parsed(lines: Lines) -> pa.Table:
    """A row for each line, all of which are objects without unknown fields, and without null where none may be."""
    content, n = lines.content(), len(lines.number)
    # All lines begin and end like objects, so if there are as many rows as lines, each line is one object. Besides,
    # Arrow crashes if the first value is null.
    n_between = content.count(b"}\n{") + content.count(b"}\r\n{")
    _require(content.startswith(b"{") and content.rstrip(b"\r").endswith(b"}") and n_between == n - 1)
    _require(not ESCAPED.search(content))
    rows = pyarrow.json.read_json(
        pa.BufferReader(content),
        pyarrow.json.ReadOptions(use_threads=False, block_size=max(BLOCK, 2 * int(lines.size.max()))),
        pyarrow.json.ParseOptions(explicit_schema=SCHEMA, unexpected_field_behavior="error"),
    ).combine_chunks()
    _require(len(rows) == n and not any(rows[name].null_count for name in REQUIRED))
    _require(all(content.count(f'"{name}"'.encode()) == n - rows[name].null_count for name in DEFAULTED))
    return rows


def _columns(rows: pa.Table, docket: Docket, places: Mapping[str, int], rules: ReadingRules) -> ReadingColumns:
    """The columns of parsed lines.

    Raises:
        ValueError: one of them may have a problem.
    """
    names = rows["sentence_id"].to_pylist()
    _require(places.keys() >= set(names))
    sentence = np.array([places[name] for name in names], np.int64)
    _require(rows["text_hash"].to_pylist() == list(map(docket.hash_of, names)))
    rounds = rows["round"].fill_null(1).to_numpy()
    _require((rounds >= 1).all() and (not rules.rounds or np.isin(rounds, rules.rounds).all()))
    _require(_are_distinct(sentence, rounds))
    probability = rows["probability"].fill_null(1.0).to_numpy()
    _require(((probability > 0) & (probability <= 1)).all())
    _require(pc.all(pc.match_substring_regex(rows["sheet"].unique(), SHEET), min_count=0).as_py())
    covered, lists = _covered(rows["covered"].combine_chunks(), docket)
    judgements = rows["judgements"].combine_chunks()
    reading = np.repeat(np.arange(len(rows)), pc.list_value_length(judgements).to_numpy())
    given, number = _given(judgements.flatten(), rules)
    _check_given(given, number, (reading, covered), lists, docket)
    is_none = np.array([one.label == Label.none.name for one in given], np.bool_)[number]
    texts = list(map(docket.texts.__getitem__, names))
    evidence = _evidence(judgements.flatten().field("evidence"), texts, reading, is_none)
    sheet = rows["sheet"].to_pylist()
    return ReadingColumns(sentence, rounds, covered, lists, probability, sheet, given, number, reading, evidence)


def _are_distinct(*columns: Ints) -> bool:
    """Whether no two rows of columns of numbers from 0 are alike."""
    return len(np.unique(_combined(columns))) == len(columns[0])


def _combined(columns: Iterable[Ints]) -> Ints:
    """Rows of columns of numbers from 0 as one number each, alike for like rows only."""
    found, *others = columns
    for column in others:
        sides = [found, column]
        if (int(found.max(initial=0)) + 1) * (int(column.max(initial=0)) + 1) > LARGEST:
            sides = [np.unique(side, return_inverse=True)[1] for side in sides]
        found = sides[0] * (int(sides[1].max(initial=0)) + 1) + sides[1]
    return found


def _by_appearance(numbers: Ints) -> tuple[Ints, Ints]:
    """Where each of the different numbers appears first, in that order, and the place of each number among them."""
    _, first, number = np.unique(numbers, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return first[order], rank[number]


def _covered(names: pa.ListArray, docket: Docket) -> tuple[Ints, list[tuple[str, ...]]]:
    """The number of each list of names, and the different lists, all of known targets and kinds."""
    _require(pc.all(pc.is_in(names.flatten(), value_set=pa.array(docket.coverable, pa.string())), min_count=0).as_py())
    joined = pc.binary_join(names, BETWEEN).dictionary_encode()
    lists = [tuple(filter(None, text.split(BETWEEN))) for text in joined.dictionary.to_pylist()]
    return joined.indices.to_numpy().astype(np.int64), lists


def _given(said: pa.StructArray, rules: ReadingRules) -> tuple[list[JudgementInput], Ints]:
    """The different judgements apart from the texts of their evidence, as they appear, and the place of each there."""
    _require(not said.null_count)
    n_parts = pc.fill_null(pc.list_value_length(said.field("evidence")), -1).to_numpy()
    columns = [said.field(name).dictionary_encode("encode").indices.to_numpy().astype(np.int64) for name in STATED]
    first, number = _by_appearance(_combined([np.zeros(len(said), np.int64), *columns, np.sign(n_parts) + 1]))
    found = said.take(pa.array(first))
    evidence = [None if n < 0 else [{"start": 0, "text": "x"}] * min(n, 1) for n in n_parts[first].tolist()]
    rows = ({name: row[name] for name in STATED} for row in found.to_pylist())
    given = [
        JudgementInput.model_validate({**row, "evidence": quoted}, context=rules.labels)
        for row, quoted in zip(rows, evidence, strict=True)
    ]
    return given, number


def _check_given(
    given: Sequence[JudgementInput],
    number: Ints,
    readings: tuple[Ints, Ints],
    lists: Sequence[tuple[str, ...]],
    docket: Docket,
) -> None:
    """Check that the targets of judgements are known, and covered unless there is a holder, and that none is repeated.

    Args:
        given: the different judgements.
        number: the place of each judgement among them.
        readings: the reading of each judgement, and the number of the list that each reading covers.
        lists: the different lists.
        docket: the targets.
    """
    _require(all(one.target_id in docket.places for one in given))
    reading, covered = readings
    target = np.array([docket.places[one.target_id] for one in given], np.int64)[number]
    holders = {None: 0} | {one.holder: i for i, one in enumerate(given, 1) if one.holder is not None}
    holder = np.array([holders[one.holder] for one in given], np.int64)[number]
    covers = np.zeros((len(lists), len(docket.places)), np.bool_)
    for row, names in zip(covers, lists, strict=True):
        row[docket.targets_of(names)] = True
    _require((covers[covered[reading], target] | (holder > 0)).all())
    _require(_are_distinct(reading, target, holder))
    is_held = np.bincount(reading[holder > 0], minlength=len(covered)) > 0
    _require((np.array(list(map(bool, lists)), np.bool_)[covered] | is_held).all())


def _evidence(quoted: pa.ListArray, texts: Sequence[str], reading: Ints, is_none: npt.NDArray[np.bool_]) -> Quoted:
    """The evidence of judgements as parts of sentences, in order.

    Args:
        quoted: what each judgement quotes.
        texts: the sentence of each reading.
        reading: the reading that each judgement is in.
        is_none: whether the label of each judgement is `none`.
    """
    parts, n_parts = quoted.flatten(), pc.fill_null(pc.list_value_length(quoted), UNRECORDED).to_numpy()
    begin, words = parts.field("start"), parts.field("text")
    _require(not (parts.null_count or begin.null_count or words.null_count))
    start, length = begin.to_numpy(), pc.utf8_length(words).to_numpy()
    _require(start.min(initial=0) >= 0 and length.max(initial=0) <= LONGEST)
    home = np.repeat(np.arange(len(quoted)), np.maximum(n_parts, 0))
    said, sentences = words.to_pylist(), (texts[i] for i in reading[home].tolist())
    _require(all(map(is_filled, said)) and all(map(str.startswith, sentences, said, start.tolist())))
    order = np.lexsort((start + length, start, home))
    size = np.where(is_none, np.maximum(n_parts, 0), n_parts)
    return Quoted(size.astype(np.int64), start[order], (start + length)[order])
