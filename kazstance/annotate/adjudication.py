"""Adjudication: the pairs that split the annotators, with what each of them chose, and the decisions on them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from kazstance.annotate.answers import details_of, label_of
from kazstance.annotate.drawing import imported_sheets
from kazstance.annotate.judged import State, read_state
from kazstance.annotate.plan import Plan, PlanItem, Triple
from kazstance.annotate.returned import Part
from kazstance.annotate.sheet import Answer, Question, Sheet, questions
from kazstance.corpus.inputs import Entry
from kazstance.errors import KazstanceError
from kazstance.paths import StrPath
from kazstance.schema.digest import text_hash
from kazstance.schema.labels import GRID_LABELS, Label, Role
from kazstance.schema.spans import united

ADJUDICATOR: Final = "adjudicator"


def draw_split(path: StrPath, adjudicator: str = ADJUDICATOR) -> Sheet:
    """A sheet with what the votes leave undecided, each with the labels, evidence and notes that were given for it.

    The candidates have no names, and come in an order that does not tell who is who.

    Args:
        path: the corpus folder.
        adjudicator: the id of the person who decides.

    Raises:
        InputError: the corpus is invalid.
        KazstanceError: nothing is undecided.
    """
    state = read_state(Path(path))
    imported, split = imported_sheets(state.corpus), state.split()
    for plan in state.plans.values():
        is_out = plan.kind == "adjudication" and plan.annotator == adjudicator and plan.sheet not in imported
        if is_out and [item.key for item in plan.items] == split:
            return sheet_of(plan, state)
    if not split:
        raise KazstanceError("no pair is undecided; nothing is left to adjudicate")
    return sheet_of(_plan(state, split, adjudicator), state)


def _plan(state: State, split: Sequence[Triple], adjudicator: str) -> Plan:
    hashes = {sentence.sentence_id: text_hash(sentence.text) for sentence in state.sentences}
    items = tuple(
        PlanItem(
            item=number,
            sentence_id=sentence,
            target_id=target,
            holder=holder,
            text_hash=hashes[sentence],
            probability=1,
        )
        for number, (sentence, target, holder) in enumerate(split, 1)
    )
    return Plan(
        corpus=state.corpus.header.id, annotator=adjudicator, seed=1, kind="adjudication", items=items
    ).with_id()


def sheet_of(plan: Plan, state: State) -> Sheet:
    """The sheet of a plan for adjudication."""
    found = questions(plan, state.corpus, state.sentences)
    candidates = candidates_of(state, [item.key for item in plan.items])
    return Sheet(plan, tuple(replace(q, candidates=candidates_text(candidates[q.item.key], q)) for q in found))


Candidate = Mapping[str, Any]
"""A row of the table judgements."""


def candidates_of(state: State, keys: Sequence[Triple]) -> dict[Triple, list[Candidate]]:
    """The latest judgements of each annotator who makes labels, on some pairs, in an order made by a hash."""
    checks = {entry.value.id for entry in state.corpus.annotators if entry.value.role is not Role.label}
    found: dict[Triple, list[Candidate]] = {}
    for key, rows in state.rows_on(keys).items():
        latest = {row["annotator_id"]: row for row in sorted(rows, key=lambda row: row["round"])}
        chosen = [row for name, row in latest.items() if name not in checks]
        found[key] = sorted(chosen, key=lambda row, key=key: _order(key, row["annotator_id"]))  # type: ignore[misc]
    return found


def _order(key: Triple, annotator: str) -> bytes:
    return hashlib.sha256("\n".join((*map(str, key), annotator)).encode()).digest()


def candidates_text(candidates: Sequence[Candidate], question: Question) -> str:
    """The candidates as lines of text."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(_candidate_lines(candidates, question), 1))


def _candidate_lines(candidates: Sequence[Candidate], question: Question) -> Iterator[str]:
    text = question.sentence.text
    for row in candidates:
        details = ", ".join(filter(None, [row["explicitness"], row["certainty"]]))
        spans = " … ".join(text[span["start"] : span["end"]] for span in row["evidence"] or ())
        parts = [
            row["label_name"] + (f" ({details})" if details else ""),
            f"“{spans}”" if spans else "",
            row["note"] or "",
        ]
        yield "; ".join(filter(None, parts))


def ruling(
    part: Part, asked: Mapping[int, Question], labels: Mapping[str, str], state: State
) -> dict[int, dict[str, Any] | None]:
    """The decisions of an adjudicator by item, None where a row was left empty; problems are reported to the folder.

    Explicitness, certainty and evidence that are left empty are those of the candidates with the same label.

    Args:
        part: the answers.
        asked: the questions by item.
        labels: the names of labels that the corpus maps other words to.
        state: what has been judged.
    """
    candidates = candidates_of(state, [question.item.key for question in asked.values()])
    found: dict[int, dict[str, Any] | None] = {}
    for entry in part.answers:
        item = entry.value.item
        if item in found:
            part.folder.report(entry.file, entry.line, "item", f"{item} appears twice, expected once")
        question = asked[item]
        found[item] = _ruling(part, entry, question, labels, candidates[question.item.key])
    return found


def _ruling(
    part: Part, entry: Entry[Answer], question: Question, labels: Mapping[str, str], candidates: Sequence[Candidate]
) -> dict[str, Any] | None:
    answer = entry.value
    if not any((answer.label, answer.rule, answer.reason, answer.explicitness, answer.certainty, answer.evidence)):
        return None
    label = label_of(answer, labels)
    faults = [] if label else [("label", answer.label, f"one of {', '.join(GRID_LABELS)}")]
    faults += [] if answer.rule else [("rule", "", "the rule of the codebook that decides, by its number or name")]
    faults += [] if answer.reason else [("reason", "", "why the rule decides so")]
    details: Mapping[str, Any] = {}
    if label:
        details, more = details_of(answer, label, question.sentence.text, may_be_empty=True)
        faults += more
    for field, came, expected in faults:
        part.folder.report(entry.file, entry.line, field, f"{came[:80]!r}, expected {expected}")
    if not label:
        return {}
    return ruling_row(question, label, (answer.rule, answer.reason), details, candidates, part.sheet.plan)


def ruling_row(  # noqa: PLR0917
    question: Question,
    label: str,
    grounds: tuple[str, str],
    details: Mapping[str, Any],
    candidates: Sequence[Candidate],
    plan: Plan,
) -> dict[str, Any]:
    """A decision as a line of `adjudications.jsonl`.

    Args:
        question: what was decided.
        label: the name of the label.
        grounds: the rule that decides, and why.
        details: explicitness, certainty and evidence as stated; those that are null are taken from the candidates.
        candidates: what the annotators chose.
        plan: the sheet that it is written on.
    """
    agreed = _agreed(candidates, label, question.sentence.text)
    filled = {name: details.get(name) if details.get(name) is not None else agreed[name] for name in agreed}
    return {
        "sentence_id": question.item.sentence_id,
        "text_hash": question.item.text_hash,
        "annotator_id": plan.annotator,
        **({"sheet": plan.sheet} if plan.sheet else {}),
        "target_id": question.item.target_id,
        **({"holder": question.item.holder} if question.item.holder else {}),
        "label": label,
        **filled,
        "rule": grounds[0],
        "reason": grounds[1],
    }


def _agreed(candidates: Sequence[Candidate], label: str, text: str) -> dict[str, Any]:
    """What the candidates with a label have in common: null where they differ; their evidence together."""
    same = [row for row in candidates if row["label_name"] == label]
    found: dict[str, Any] = {}
    for name in ("explicitness", "certainty"):
        values = {row[name] for row in same}
        found[name] = next(iter(values)) if len(values) == 1 else None
    if label in (Label.none.name, Label.neutral.name):
        found["explicitness"] = None
    marked = [row["evidence"] for row in same if row["evidence"] is not None]
    spans = united((span["start"], span["end"]) for spans in marked for span in spans)
    found["evidence"] = [{"start": start, "text": text[start:end]} for start, end in spans] if marked else None
    if label == Label.none.name:
        found |= {"certainty": None, "evidence": []}
    return found
