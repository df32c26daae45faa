"""Check the answers of a sheet one by one, and turn them into what a corpus folder states."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kazstance.annotate.evidence import find_words
from kazstance.annotate.sheet import Answer, Question
from kazstance.annotate.words import CERTAINTY, DONE, EXPLICITNESS, LABELS, folded, spelled
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Entry
from kazstance.output.counted import counted
from kazstance.schema.labels import GRID_LABELS, Label

SHOWN: Final = 10
"""Number of missing items that a message names."""
LONGEST: Final = 2_000
"""How many characters a note or a reason may have."""
TOLD: Final = 80
"""How many characters of a value a message shows."""
Judgement = dict[str, Any]
Fault = tuple[str, str, str]
"""A field, what was found there, and what was expected."""


@dataclass(frozen=True)
class Checked:
    """The answers of a sheet that are complete, by item."""

    judged: Mapping[int, Judgement | None]
    """None where the label was left empty in a sentence marked as done: it counts as `none`, and was not typed."""
    left: Sequence[int]
    """Items without an answer."""


def check(
    folder: Folder,
    file: str,
    answers: Sequence[Entry[Answer]],
    asked: Mapping[int, Question],
    labels: Mapping[str, str],
    *,
    labels_only: bool,
) -> Checked:
    """The judgement of each item; problems are reported to the folder.

    Args:
        folder: told of the problems.
        file: the file of the sheet.
        answers: what was typed.
        asked: the questions by item.
        labels: the names of labels that the corpus maps other words to.
        labels_only: whether explicitness, certainty and evidence may be left empty.
    """
    found = _once(folder, answers)
    done = _done(folder, found.values(), asked)
    judged: dict[int, Judgement | None] = {}
    left = [item for item in asked if item not in found]
    for item, entry in found.items():
        answer, question = entry.value, asked[item]
        _report(folder, entry, _too_long(answer))
        if answer.label:
            judged[item] = _judgement(folder, entry, question, labels, labels_only=labels_only)
            continue
        _report(folder, entry, _beside_nothing(answer))
        if question.sentence.sentence_id not in done:
            left.append(item)
        elif question.item.typed:
            _report(folder, entry, [(answer.column, "", "a label, also if it is none: an answer is needed here")])
        else:
            judged[item] = None
    return Checked(judged, sorted(left))


def _once(folder: Folder, answers: Sequence[Entry[Answer]]) -> dict[int, Entry[Answer]]:
    """The answers by item; a second answer to an item is a problem."""
    found: dict[int, Entry[Answer]] = {}
    for entry in answers:
        item = entry.value.item
        if (first := found.setdefault(item, entry)) is not entry:
            folder.report(entry.file, entry.line, "item", f"{item} also appears on line {first.line}, expected once")
    return found


def _done(folder: Folder, answers: Iterable[Entry[Answer]], asked: Mapping[int, Question]) -> set[str]:
    """The sentences that are marked as done, on any of their rows."""
    found = set()
    for entry in answers:
        typed = entry.value.done
        mark = spelled(typed, DONE) if typed else ""
        if mark is None:
            _report(folder, entry, [("done", typed, "x, or an empty cell")])
        elif mark:
            found.add(asked[entry.value.item].sentence.sentence_id)
    return found


def report_missing(folder: Folder, file: str, left: Sequence[int], answers: Sequence[Entry[Answer]]) -> None:
    """Report items without an answer.

    Args:
        folder: told of them.
        file: the file of the sheet.
        left: the items.
        answers: what the rows of the sheet hold; without any, what is wrong with the file explains it.
    """
    if left and not (folder.problems and not answers):
        shown = ", ".join(map(str, left[:SHOWN])) + (", …" if left[SHOWN:] else "")
        deleted = len(set(left) - {entry.value.item for entry in answers})
        remedy = f"put back what was deleted, {counted(deleted, 'row')}; " if deleted else ""
        folder.report(
            file,
            None,
            "item",
            f"missing items ({len(left)}): {shown}; expected a label for each, or an x in the column done if all other "
            f"labels of the sentence are none; {remedy}--partial imports what has been answered",
        )


def _report(folder: Folder, entry: Entry[Answer], faults: Sequence[Fault]) -> None:
    for field, came, expected in faults:
        folder.report(entry.file, entry.line, field, f"{came[:TOLD]!r}, expected {expected}")


def _too_long(answer: Answer) -> list[Fault]:
    said = {"note": answer.note or "", "rule": answer.rule, "reason": answer.reason}
    return [(name, text, f"at most {LONGEST:,} characters") for name, text in said.items() if len(text) > LONGEST]


def _beside_nothing(answer: Answer) -> list[Fault]:
    """Details without a label."""
    said = {
        "explicitness": answer.explicitness,
        "certainty": answer.certainty,
        "evidence": " ++ ".join(span for _, span in answer.evidence),
    }
    return [(name, value, "an empty cell, or a label beside it") for name, value in said.items() if value]


def label_of(answer: Answer, labels: Mapping[str, str]) -> str | None:
    """The name of the label that was typed; None if it is not a label."""
    return spelled(answer.label, LABELS, labels)


def _judgement(
    folder: Folder, entry: Entry[Answer], question: Question, labels: Mapping[str, str], *, labels_only: bool
) -> Judgement:
    """An answer as a judgement; its faults are reported."""
    answer, text = entry.value, question.sentence.text
    label = label_of(answer, labels)
    if label is None:
        own = f" or {', '.join(labels)}" if labels else ""
        _report(folder, entry, [(answer.column, answer.label, f"one of {', '.join(GRID_LABELS)}{own}")])
        return {}
    details, faults = details_of(answer, label, text, may_be_empty=labels_only)
    _report(folder, entry, faults)
    original = _original(answer.label, labels)
    said = {"target_id": question.item.target_id, "label": label, "original": original, **details, "note": answer.note}
    is_none = label == Label.none.name
    return {name: value for name, value in said.items() if not (value is None and (is_none or name == "original"))}


def _original(typed: str, labels: Mapping[str, str]) -> str | None:
    """The label in the scheme of the corpus, if it is of another scheme."""
    return {folded(own): own for own in labels}.get(folded(typed))


def details_of(
    answer: Answer, label: str, text: str, *, may_be_empty: bool
) -> tuple[Mapping[str, Any], Sequence[Fault]]:
    """Explicitness, certainty and evidence of an answer as a corpus folder states them, and what is wrong with them.

    Args:
        answer: the answer.
        label: the name of its label.
        text: the sentence.
        may_be_empty: whether they may be left out.
    """
    is_about, is_sided = label != Label.none.name, label in ("favor", "against")
    explicitness = spelled(answer.explicitness, EXPLICITNESS) if answer.explicitness else None
    certainty = spelled(answer.certainty, CERTAINTY) if answer.certainty else None
    faults: list[Fault] = []
    if answer.explicitness and not is_sided:
        faults.append(("explicitness", answer.explicitness, f"an empty cell with the label {label}"))
    elif explicitness is None and is_sided and (answer.explicitness or not may_be_empty):
        faults.append(("explicitness", answer.explicitness, "explicit or implicit"))
    if certainty is None and (answer.certainty or (is_about and not may_be_empty)):
        faults.append(("certainty", answer.certainty, "sure or unsure"))
    spans = [(words, find_words(words, text, start)) for start, words in answer.evidence]
    if bool(spans) != is_about and (spans or not may_be_empty):
        marked = " ++ ".join(words for words, _ in spans)
        faults.append(("evidence", marked, "a part of the sentence, unless the label is none"))
    faults += [("evidence", words, f"a part of {text[:TOLD]!r}") for words, found in spans if found is None]
    placed = sorted({found for _, found in spans if found})
    evidence = [{"start": start, "text": words} for start, words in placed] if spans else None
    details = {"explicitness": explicitness, "certainty": certainty if is_about else None, "evidence": evidence}
    return details, faults
