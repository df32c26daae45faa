"""A sheet for Label Studio: its import format, a labelling configuration, and its export read back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from pydantic import BaseModel, ConfigDict, ValidationError

from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Entry
from kazstance.input.strict_json import StrictError, load_json
from kazstance.output.characters import for_xml
from kazstance.output.plain_json import to_json
from kazstance.review.sheet import Answer, Question, Sheet
from kazstance.schema.labels import Certainty, Explicitness, Label

RIGHT_TO_LEFT: Final = {"style": "direction: rtl; text-align: right"}
"""What the texts in a view inherit from it; Label Studio hands the style on to the browser."""
TASKS: Final = "tasks.json"
CONFIG: Final = "config.xml"
PLAIN_DOLLAR: Final = "\u2060$\u2060"
"""A dollar sign between word joiners, which are not seen: Label Studio puts data in place of a sign before a word."""


def to_tasks(sheet: Sheet) -> str:
    """The questions as Label Studio's JSON import format: one task each."""
    tasks = [{"data": _data(question)} for question in sheet.questions]
    return to_json(tasks) + "\n"


def to_config(codebook: str, *, right_to_left: bool = False) -> str:
    """The labelling configuration: target, definition, sentence, paragraph, labels, the codebook to unfold.

    Texts that are written from right to left are shown that way; target and definition are the codebook's.
    """
    view = ET.Element("View")
    ET.SubElement(view, "Header", value="$target")
    ET.SubElement(view, "Text", name="definition", value="$definition")
    texts = ET.SubElement(view, "View", RIGHT_TO_LEFT) if right_to_left else view
    for name in ("speaker", "before"):
        ET.SubElement(texts, "Text", name=name, value=f"${name}")
    labels = ET.SubElement(texts, "Labels", name="evidence", toName="text")
    ET.SubElement(labels, "Label", value="evidence")
    ET.SubElement(texts, "Text", name="text", value="$text", granularity="symbol")
    ET.SubElement(texts, "Text", name="after", value="$after")
    _choices(view, "label", [label.name for label in Label], required="true")
    _choices(
        view,
        "explicitness",
        list(Explicitness),
        whenTagName="label",
        whenChoiceValue="against,favor",
        visibleWhen="choice-selected",
    )
    _choices(view, "certainty", list(Certainty), required="true")
    ET.SubElement(view, "TextArea", name="note", toName="text", placeholder="note", maxSubmissions="1")
    panel = ET.SubElement(ET.SubElement(view, "Collapse"), "Panel", value="Codebook")
    for paragraph in filter(None, (part.strip() for part in for_xml(codebook).split("\n\n"))):
        ET.SubElement(panel, "Header", size="6", value=paragraph.replace("$", PLAIN_DOLLAR))
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def _choices(view: ET.Element, name: str, values: list[str], **settings: str) -> None:
    fixed = {"name": name, "toName": "text", "choice": "single", "showInline": "true"}
    choices = ET.SubElement(view, "Choices", fixed | settings)
    for value in values:
        ET.SubElement(choices, "Choice", value=value)


def _data(question: Question) -> dict[str, Any]:
    return {
        "item": question.item.item,
        "annotator": question.annotator,
        "text": question.sentence.text,
        "before": question.before,
        "after": question.after,
        "speaker": question.sentence.speaker or "",
        "target_id": question.item.target_id,
        "target": question.target,
        "definition": question.definition,
    }


class Loose(BaseModel):
    """Base of what Label Studio exports: it adds fields with every version, so unknown ones pass."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Value(Loose):
    """What was chosen, marked or written."""

    choices: list[str] = []
    labels: list[str] = []
    text: str | list[str] | None = None
    start: int | None = None
    end: int | None = None


class Result(Loose):
    """One control's result."""

    from_name: str
    type: str
    value: Value


class Annotation(Loose):
    """One person's work on a task."""

    result: list[Result]
    was_cancelled: bool = False


class Data(Loose):
    """What was asked, as exported."""

    item: int
    annotator: str
    text: str
    target_id: str


class Task(Loose):
    """A task with its annotations."""

    data: Data
    annotations: list[Annotation]


def from_export(file: Path, questions: dict[int, Question]) -> tuple[list[Entry[Answer]], Folder]:
    """The answers of a Label Studio JSON export; `line` is the number of the task, counted from 1."""
    folder = Folder(file.parent)
    text = folder.read_text(file.name)
    try:
        tasks = load_json(text) if text is not None else []
    except StrictError as error:
        folder.problems.append(error.problem(file.name))
        tasks = []
    if not isinstance(tasks, list):
        folder.report(file.name, None, None, f"{type(tasks).__name__}, expected a list of tasks")
        tasks = []
    entries = []
    for number, row in enumerate(tasks, 1):
        answer = _answer(folder, file.name, number, row, questions)
        entries += [Entry(file.name, number, answer)] if answer else []
    return entries, folder


def _answer(folder: Folder, file: str, number: int, row: Any, questions: dict[int, Question]) -> Answer | None:
    """A task's answer, or None with the problems reported."""
    try:
        task = Task.model_validate(row)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            folder.report(file, number, ".".join(map(str, fault["loc"])) or None, fault["msg"])
        return None
    done = [annotation for annotation in task.annotations if not annotation.was_cancelled]
    results = done[0].result if done else []
    spans = [r.value for r in results if r.from_name == "evidence"]
    for field, message in _faults(task, questions.get(task.data.item), len(done), spans):
        folder.report(file, number, field, message)
        return None
    notes = [line for r in results if r.from_name == "note" for line in _lines(r.value.text)]
    return Answer(
        item=task.data.item,
        label=_chosen(results, "label"),
        explicitness=_chosen(results, "explicitness"),
        certainty=_chosen(results, "certainty"),
        evidence=tuple((value.start, str(value.text)) for value in spans),
        note="; ".join(notes) or None,
    )


def _faults(task: Task, question: Question | None, submitted: int, spans: list[Value]) -> Iterator[tuple[str, str]]:
    """What keeps a task from being an answer to a question."""
    if question is None:
        yield "data.item", f"{task.data.item}, expected an item of the plan"
    elif (task.data.text, task.data.target_id) != (question.sentence.text, question.item.target_id):
        yield "data", "text or target is another than was exported for this item"
    elif task.data.annotator != question.annotator:
        yield "data.annotator", f"{task.data.annotator!r}, expected {question.annotator!r}, whom the plan asks"
    if submitted != 1:
        yield "annotations", f"{submitted} that were submitted, expected 1"
    if any(value.start is None or not isinstance(value.text, str) or not value.text for value in spans):
        yield "evidence", "no start or text, expected both"


def _chosen(results: list[Result], name: str) -> str:
    return " ".join(choice for result in results if result.from_name == name for choice in result.value.choices)


def _lines(text: str | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else text or []
