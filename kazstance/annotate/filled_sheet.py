"""Import answers into a corpus folder: checked row by row, then written as one annotator's readings, or not at all."""

import datetime
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from kazstance.annotate.csv_sheet import from_csv
from kazstance.annotate.label_studio import from_export
from kazstance.annotate.sheet import (
    Answer,
    Plan,
    Question,
    check_not_reserved,
    check_round_is_new,
    questions,
    readings_file,
)
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Entry
from kazstance.corpus.read import ANNOTATORS, Corpus, raise_all, read
from kazstance.corpus.segment import segment
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.input.text import MARK
from kazstance.output.files import put_file
from kazstance.output.staging import destination, staging
from kazstance.paths import StrPath
from kazstance.schema.digest import text_hash
from kazstance.schema.labels import Certainty, Explicitness, Label

KEY: Final = "annotator"
SHOWN: Final = 10
"""Number of missing items that a message names."""
READERS: Final = {".csv": from_csv, ".json": from_export}


@dataclass(frozen=True)
class Person:
    """Who judged, as far as that may be published."""

    name: str | None = None
    note: str | None = None
    date: datetime.date | None = None


def import_answers(
    corpus_path: StrPath, sheet: StrPath, plan_file: StrPath, person: Person, number: int | None = None
) -> Path:
    """Check a completed sheet, and write it to `annotations/<annotator>.jsonl` of the corpus, with `origin: human`.

    A later round of an annotator who has judged is appended; of all judgements of a pair, that of the latest round
    counts. Before anything is written, the corpus is checked as it will be. If it already holds exactly these
    readings, it is not changed, so that an interrupted import can be run again.

    Args:
        corpus_path: the corpus folder that the sheet was made from.
        sheet: the completed sheet: .csv, or .json as Label Studio exports it.
        plan_file: the plan that was written with the sheet.
        person: who judged; ignored in a later round.
        number: the round; by default, that of the plan.

    Returns:
        The file written.

    Raises:
        InputError: with every problem of the sheet; nothing is written.
        KazstanceError: sheet or plan cannot be used, the annotator has judged already, or another process is writing
            to the corpus.
    """
    corpus_path = Path(corpus_path)
    sheet = Path(sheet)
    plan_file = Path(plan_file)
    with staging(destination((corpus_path / ANNOTATORS).parent)) as place:
        corpus = read(corpus_path)
        plan = _read_plan(plan_file, corpus)
        plan = plan if number is None else plan.model_copy(update={"round": number})
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _answered(corpus, sheet, plan, plan_file))
        readings = _encoded(lines, sheet)
        out = corpus_path / readings_file(plan.annotator)
        if plan.round > 1:
            _append(corpus, corpus_path, plan, readings, place)
        else:
            _add(corpus, corpus_path, _entry(plan.annotator, person), readings, place)
        return out


def _add(corpus: Corpus, path: Path, entry: dict[str, Any], readings: bytes, place: Path) -> None:
    """Add an annotator with its readings, unless it is there."""
    name = entry["id"]
    out = path / readings_file(name)
    if not _is_there(corpus, out, readings, entry):
        table = _encoded(_with_annotator(_table(path), entry), path / ANNOTATORS)
        _read_back(corpus, path, name, {readings_file(name): readings, ANNOTATORS: table})
        _write({out: readings, path / ANNOTATORS: table}, place)


def _append(corpus: Corpus, path: Path, plan: Plan, readings: bytes, place: Path) -> None:
    """Append the readings of a later round to those of the annotator, unless they are there.

    Raises:
        KazstanceError: the annotator has not judged yet, or has judged otherwise in this round.
    """
    name = plan.annotator
    out = path / readings_file(name)
    there = out.read_bytes() if out.is_file() else b""
    if b"\n" + readings in b"\n" + there:
        return
    check_round_is_new(name, plan.round, corpus)
    content = there + (b"" if there.endswith(b"\n") or not there else b"\n") + readings
    _read_back(corpus, path, name, {readings_file(name): content})
    put_file(content, out, place)


def _answered(corpus: Corpus, sheet: Path, plan: Plan, plan_file: Path) -> Iterable[dict[str, Any]]:
    """The lines that a completed sheet yields.

    Raises:
        InputError: with every problem of the sheet.
        KazstanceError: the file is not a sheet.
    """
    sentences, problems = segment(corpus)
    raise_all(problems)
    raise_all(_stale(plan, corpus, {s.sentence_id: text_hash(s.text) for s in sentences if s.annotated}, plan_file))
    asked = {question.item.item: question for question in questions(plan, corpus, sentences)}
    if sheet.suffix.lower() not in READERS:
        raise KazstanceError(
            f"{sheet}: {sheet.suffix!r}, expected a sheet as .csv, or an export of Label Studio as .json"
        )
    answers, folder = READERS[sheet.suffix.lower()](Path(os.path.realpath(sheet)), asked)
    judgements = _check(folder, sheet.name, answers, asked)
    raise_all(folder.problems)
    return _readings(plan, judgements)


def _is_there(corpus: Corpus, out: Path, readings: bytes, entry: dict[str, Any]) -> bool:
    """Whether the corpus already holds the same readings.

    Raises:
        KazstanceError: it holds different readings of that annotator, or the file does, though the annotator is not
            listed.
    """
    name = entry["id"]
    is_same = out.is_file() and out.read_bytes() == readings
    listed = [found.value for found in corpus.annotators if found.value.id == name]
    if listed and not (is_same and listed[0].model_dump(exclude_unset=True) == entry):
        raise KazstanceError(f"annotator: {name!r} has already judged, expected a new name")
    if not listed and not is_same and os.path.lexists(out):
        raise KazstanceError(
            f"{out} already holds other readings, though {ANNOTATORS} does not list {name!r}; move it elsewhere"
        )
    return bool(listed)


def _read_back(before: Corpus, path: Path, annotator: str, new: dict[str, bytes]) -> None:
    """Read the corpus as it will be, and check that nothing else changes.

    Raises:
        InputError: the corpus could no longer be read.
        KazstanceError: something other than the new annotator would change.
    """
    after = read(path, new)
    others, before_others = ([e.value for e in one.annotators if e.value.id != annotator] for one in (after, before))
    readings, before_readings = (
        {name: found for name, found in one.readings.items() if name != annotator} for one in (after, before)
    )
    earlier = list(before.readings.get(annotator, ()))
    kept = list(after.readings[annotator][: len(earlier)])
    if others != before_others or readings != before_readings or kept != earlier:
        raise KazstanceError(f"{path / ANNOTATORS}: {annotator!r} cannot be added without changing other entries")


def _write(new: dict[Path, bytes], place: Path) -> None:
    """Write readings and then the table that lists them, or neither; readers ignore readings that are not listed."""
    (out, readings), (annotators, table) = new.items()
    was_there = out.exists()
    put_file(readings, out, place)
    try:
        put_file(table, annotators, place)
    except BaseException:
        if not was_there:
            out.unlink()
        raise


def _read_plan(file: Path, corpus: Corpus) -> Plan:
    file = Path(os.path.realpath(file))
    folder = Folder(file.parent)
    entry = folder.entry(file.name, 1, folder.read_text(file.name) or "", Plan)
    if entry is None:
        raise InputError(folder.problems)
    plan = entry.value
    if plan.corpus != corpus.header.id:
        raise KazstanceError(f"{file}: corpus: {plan.corpus!r}, expected {corpus.header.id!r}")
    check_not_reserved(plan.annotator)
    return plan


def _stale(plan: Plan, corpus: Corpus, hashes: dict[str, str], file: Path) -> Iterable[Problem]:
    """Targets and sentences that no longer exist, and sentences that have changed since the sheet was made."""
    targets = {entry.value.id for entry in corpus.targets}
    for item in plan.items:
        if item.target_id not in targets:
            message = f"target_id: {item.target_id!r} is not a target of the corpus, expected the plan of the sheet"
            yield Problem(file.name, None, f"items.{item.item}", message)
        if hashes.get(item.sentence_id) != item.text_hash:
            message = f"{item.sentence_id} has changed since the sheet was made, expected the text in the sheet"
            yield Problem(file.name, None, f"items.{item.item}", message)


def _check(
    folder: Folder, file: str, answers: Iterable[Entry[Answer]], asked: dict[int, Question]
) -> dict[int, dict[str, Any] | None]:
    """The judgement of each item, None for the label none; problems are reported to the folder."""
    judgements: dict[int, dict[str, Any] | None] = {}
    lines: dict[int, int] = {}
    for entry in answers:
        item = entry.value.item
        if item in lines:
            folder.report(entry.file, entry.line, "item", f"{item} also appears on line {lines[item]}, expected once")
            continue
        lines[item] = entry.line
        judgements[item] = _judgement(folder, entry, asked[item])
    missing = [item for item in asked if item not in lines]
    if missing:
        shown = ", ".join(map(str, missing[:SHOWN])) + (", …" if missing[SHOWN:] else "")
        folder.report(file, None, "item", f"missing items ({len(missing)}): {shown}; expected an answer to each")
    return judgements


def _judgement(folder: Folder, entry: Entry[Answer], question: Question) -> dict[str, Any] | None:
    """An answer as a judgement; None if it is invalid or the label is none."""
    answer = entry.value
    faults = list(_faults(answer, question.sentence.text))
    for field, came, expected in faults:
        folder.report(entry.file, entry.line, field, f"{came!r}, expected {expected}")
    if faults or answer.label == Label.none.name:
        return None
    return {
        "target_id": question.item.target_id,
        "label": answer.label,
        "explicitness": answer.explicitness or None,
        "certainty": answer.certainty,
        "evidence": [{"start": start, "text": span} for start, span in _placed(answer, question.sentence.text)],
        "note": answer.note,
    }


def _faults(answer: Answer, text: str) -> Iterator[tuple[str, str, str]]:
    """For each problem of an answer, the field, what was found and what was expected."""
    if answer.label not in Label.__members__:
        yield "label", answer.label, "one of " + ", ".join(Label.__members__)
        return
    about, sided = answer.label != "none", answer.label in ("favor", "against")
    if sided and answer.explicitness not in Explicitness.__members__:
        yield "explicitness", answer.explicitness, "explicit or implicit"
    if not sided and answer.explicitness:
        yield "explicitness", answer.explicitness, f"an empty cell with the label {answer.label}"
    if answer.certainty not in Certainty.__members__ and (about or answer.certainty):
        yield "certainty", answer.certainty, "sure or unsure"
    if about != bool(answer.evidence):
        yield (
            "evidence",
            " ++ ".join(span for _, span in answer.evidence),
            "a part of the sentence, unless the label is none",
        )
    for start, span in _placed(answer, text):
        if start < 0 or text[start : start + len(span)] != span:
            yield "evidence", span, f"a part of {text[:80]!r}"


def _placed(answer: Answer, text: str) -> list[tuple[int, str]]:
    """Spans as start and text, in order; if a sheet gives no start, the first occurrence is meant."""
    return sorted((text.find(span) if start is None else start, span) for start, span in answer.evidence)


def _readings(plan: Plan, judgements: dict[int, dict[str, Any] | None]) -> Iterable[dict[str, Any]]:
    """One line per sentence: what was covered, with which probability, and the judgements."""
    by_sentence: dict[str, list[int]] = {}
    items = {item.item: item for item in plan.items}
    for number, item in items.items():
        by_sentence.setdefault(item.sentence_id, []).append(number)
    for sentence, numbers in by_sentence.items():
        found: Sequence[dict[str, Any]] = [judgement for n in numbers if (judgement := judgements[n])]
        yield {
            "sentence_id": sentence,
            "text_hash": items[numbers[0]].text_hash,
            **({"round": plan.round} if plan.round > 1 else {}),
            "covered": [items[n].target_id for n in numbers],
            "probability": {items[n].target_id: items[n].probability for n in numbers},
            "judgements": found,
        }


def _entry(annotator: str, person: Person) -> dict[str, Any]:
    """The entry of an annotator in annotators.toml."""
    said = {"name": person.name, "note": person.note, "date": person.date}
    return {"id": annotator, "origin": "human"} | {key: value for key, value in said.items() if value}


def _table(corpus: Path) -> str:
    """The text of annotators.toml with its original line ends, without a byte-order mark."""
    return (corpus / ANNOTATORS).read_bytes().decode().removeprefix(MARK)


def _with_annotator(text: str, entry: dict[str, Any]) -> str:
    """A table of annotators with one more, in the form it already has: an array of tables, or an inline array."""
    between = "\n" if text.endswith("\n") else "\n\n" if text else ""
    try:
        document = tomlkit.parse(text + between)
        there = document.get(KEY)
        if isinstance(there, Array):
            inline = tomlkit.inline_table()
            inline.update(entry)
            there.append(inline)
        elif there is not None:
            there.append(tomlkit.item(entry))
        else:
            document.append(KEY, tomlkit.item([entry]))
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise KazstanceError(f"{ANNOTATORS}: {error}; expected a table to which an annotator can be added") from None


def _encoded(text: str, file: Path) -> bytes:
    """Text as UTF-8.

    Raises:
        KazstanceError: it cannot be encoded, such as a byte of a command line in another encoding.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        shown = text[max(error.start - 20, 0) : error.end]
        raise KazstanceError(f"{file}: {shown!r} cannot be written as UTF-8") from None
