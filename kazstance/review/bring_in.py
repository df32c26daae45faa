"""Answers back into a corpus folder: checked row by row, then written as one annotator's readings, or not at all."""

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Entry
from kazstance.corpus.read import ANNOTATORS, Corpus, raise_all, read
from kazstance.corpus.segment import segment
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.output.files import write_file
from kazstance.review.csv_sheet import from_csv
from kazstance.review.label_studio import from_export
from kazstance.review.sheet import Answer, Plan, Question, questions
from kazstance.schema.digest import text_hash
from kazstance.schema.labels import Certainty, Explicitness, Label

SHOWN: Final = 10
"""Missing items that a message names."""
READERS: Final = {".csv": from_csv, ".json": from_export}


@dataclass(frozen=True)
class Person:
    """Who judged, as far as that is to be said."""

    name: str | None = None
    note: str | None = None
    date: datetime.date | None = None


def bring_in(corpus_path: Path, sheet: Path, plan_file: Path, person: Person) -> Path:
    """Check a filled sheet, and write it as `annotations/<annotator>.jsonl` of the corpus, `origin: human`.

    Returns:
        The file written.

    Raises:
        InputError: with every problem of the sheet; nothing is written then.
        KazstanceError: sheet or plan cannot be used, or the annotator has judged already.
    """
    corpus = read(corpus_path)
    sentences, problems = segment(corpus)
    raise_all(problems)
    plan = _read_plan(plan_file, corpus)
    raise_all(_stale(plan, {s.sentence_id: text_hash(s.text) for s in sentences if s.annotated}, plan_file))
    asked = {question.item.item: question for question in questions(plan, corpus, sentences)}
    if sheet.suffix not in READERS:
        raise KazstanceError(
            f"{sheet}: {sheet.suffix!r}, expected a sheet as .csv, or an export of Label Studio as .json"
        )
    answers, folder = READERS[sheet.suffix](sheet, asked)
    judgements = _check(folder, sheet.name, answers, asked)
    raise_all(folder.problems)
    out = corpus_path / "annotations" / f"{plan.annotator}.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in _readings(plan, judgements)]
    table = (corpus_path / ANNOTATORS).read_text(encoding="utf-8") if (corpus_path / ANNOTATORS).exists() else ""
    write_file("".join(lines).encode(), out)
    write_file(
        (table.rstrip("\n") + "\n\n" + _annotator(plan.annotator, person)).lstrip("\n").encode(),
        corpus_path / ANNOTATORS,
    )
    return out


def _read_plan(file: Path, corpus: Corpus) -> Plan:
    folder = Folder(file.parent)
    entry = folder.entry(file.name, 1, folder.read_text(file.name) or "", Plan)
    if entry is None:
        raise InputError(folder.problems)
    plan = entry.value
    if plan.corpus != corpus.header.id:
        raise KazstanceError(f"{file}: corpus: {plan.corpus!r}, expected {corpus.header.id!r}")
    if plan.annotator in corpus.readings:
        raise KazstanceError(f"{file}: annotator: {plan.annotator!r} has judged already, expected a new name")
    return plan


def _stale(plan: Plan, hashes: dict[str, str], file: Path) -> Iterable[Problem]:
    """Sentences that are not there any more, or have changed since they were asked about."""
    for item in plan.items:
        if hashes.get(item.sentence_id) != item.text_hash:
            message = f"{item.sentence_id} has changed since the sheet was made, expected the text that was shown"
            yield Problem(file.name, None, f"items.{item.item}", message)


def _check(
    folder: Folder, file: str, answers: Iterable[Entry[Answer]], asked: dict[int, Question]
) -> dict[int, dict[str, Any] | None]:
    """The judgement of each item, None for a label none; what is wrong is reported to the folder."""
    judgements: dict[int, dict[str, Any] | None] = {}
    lines: dict[int, int] = {}
    for entry in answers:
        item = entry.value.item
        if item in lines:
            folder.report(entry.file, entry.line, "item", f"{item} stands on line {lines[item]} too, expected once")
            continue
        lines[item] = entry.line
        judgements[item] = _judgement(folder, entry, asked[item])
    missing = [item for item in asked if item not in lines]
    if missing:
        shown = ", ".join(map(str, missing[:SHOWN])) + (", …" if missing[SHOWN:] else "")
        folder.report(file, None, "item", f"{len(missing)} items are missing: {shown}; expected an answer to each")
    return judgements


def _judgement(folder: Folder, entry: Entry[Answer], question: Question) -> dict[str, Any] | None:
    """An answer as a judgement; None where the label is none or wrong."""
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
    """Field, what came and what was expected, for all that is wrong with an answer."""
    if answer.label not in Label.__members__:
        yield "label", answer.label, "one of " + ", ".join(Label.__members__)
        return
    about, sided = answer.label != "none", answer.label in ("favor", "against")
    if sided and answer.explicitness not in Explicitness.__members__:
        yield "explicitness", answer.explicitness, "explicit or implicit"
    if not sided and answer.explicitness:
        yield "explicitness", answer.explicitness, f"nothing beside the label {answer.label}"
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
    """Spans by start and text, in order; where a sheet gives no start, the first place is meant."""
    return sorted((text.find(span) if start is None else start, span) for start, span in answer.evidence)


def _readings(plan: Plan, judgements: dict[int, dict[str, Any] | None]) -> Iterable[dict[str, Any]]:
    """One line a sentence: what was covered, with which probability, and the judgements."""
    by_sentence: dict[str, list[int]] = {}
    items = {item.item: item for item in plan.items}
    for number, item in items.items():
        by_sentence.setdefault(item.sentence_id, []).append(number)
    for sentence, numbers in by_sentence.items():
        found: Sequence[dict[str, Any]] = [judgement for n in numbers if (judgement := judgements[n])]
        yield {
            "sentence_id": sentence,
            "text_hash": items[numbers[0]].text_hash,
            "covered": [items[n].target_id for n in numbers],
            "probability": {items[n].target_id: items[n].probability for n in numbers},
            "judgements": found,
        }


def _annotator(annotator: str, person: Person) -> str:
    """The entry of annotators.toml; a JSON string is a TOML string too, but for one character."""
    lines = ["[[annotator]]", f'id = "{annotator}"', 'origin = "human"']
    lines += [f"{key} = {_toml(value)}" for key, value in (("name", person.name), ("note", person.note)) if value]
    lines += [f"date = {person.date.isoformat()}"] if person.date else []
    return "\n".join(lines) + "\n"


def _toml(text: str) -> str:
    return json.dumps(text).replace("\x7f", "\\u007f")
