"""Adjudicate in the terminal: one pair at a time, each decision written before the next is asked for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import typer

from kazstance.annotate.adjudication import candidates_of, draw_split, ruling_row
from kazstance.annotate.judged import read_state
from kazstance.annotate.person import list_person
from kazstance.annotate.plan import Plan, plan_bytes, plan_file
from kazstance.annotate.sheet import Question
from kazstance.annotate.words import LABELS, spelled
from kazstance.corpus.editing import editing
from kazstance.corpus.read import ADJUDICATIONS
from kazstance.output.terminal import display, echo, styled
from kazstance.paths import StrPath
from kazstance.schema.labels import GRID_LABELS, Role

SKIP, STOP = "s", "q"
PROMPT: Final = f"label ({', '.join(GRID_LABELS)}; {SKIP} to skip, {STOP} to stop)"


def decide_here(corpus: StrPath, adjudicator: str) -> int:
    """Ask for a label, a rule and a reason on every undecided pair, until all are decided or somebody stops.

    Args:
        corpus: the corpus folder.
        adjudicator: the id of the person who decides.

    Returns:
        The number of decisions.

    Raises:
        KazstanceError: nothing is undecided.
    """
    sheet = draw_split(corpus, adjudicator)
    candidates = candidates_of(read_state(corpus), [question.item.key for question in sheet.questions])
    decided = 0
    for number, question in enumerate(sheet.questions, 1):
        _show(question, f"{number} of {len(sheet.questions)}")
        label = _ask_label()
        if label == STOP:
            break
        if label != SKIP:
            rule, reason = typer.prompt("rule", err=True), typer.prompt("reason", err=True)
            row = ruling_row(question, label, (rule, reason), {}, candidates[question.item.key], sheet.plan)
            _append(corpus, row, sheet.plan)
            decided += 1
    return decided


def _show(question: Question, place: str) -> None:
    display(styled(f"{place}: {question.sentence.sentence_id}", "bold"), styled(question.target))
    holder = f" · the stance of {question.item.holder}" if question.item.holder else ""
    echo(f"{question.source} · {question.speaker}{holder}")
    display(styled(question.before, "dim"), styled(question.sentence.text), styled(question.after, "dim"))
    for line in question.candidates.split("\n"):
        echo(line)


def _ask_label() -> str:
    """A label, or what stands for skipping or stopping; asked again until it is one of them."""
    while True:
        typed = typer.prompt(PROMPT, err=True).strip()
        found = typed if typed in (SKIP, STOP) else spelled(typed, LABELS)
        if found is not None:
            return found
        echo(f"{typed!r}, expected one of {', '.join(GRID_LABELS)}, {SKIP}, {STOP}", err=True)


def _append(corpus: StrPath, row: Mapping[str, Any], plan: Plan) -> None:
    """Add a decision, and the plan by which it can be withdrawn."""
    file = Path(corpus) / ADJUDICATIONS
    with editing(corpus) as edit:
        there = file.read_bytes() if file.is_file() else b""
        between = b"" if there.endswith(b"\n") or not there else b"\n"
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        edit.put(plan_file(str(plan.sheet)), plan_bytes(plan))
        list_person(edit, plan.annotator, role=Role.adjudicator)
        edit.put(ADJUDICATIONS, there + between + line)
