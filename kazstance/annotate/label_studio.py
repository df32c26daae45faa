"""A sheet for Label Studio: its import format, the labelling configuration, and reading its export."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from pydantic import BaseModel, ConfigDict, ValidationError

from kazstance.annotate.plan import Triple
from kazstance.annotate.returned import Find, Part
from kazstance.annotate.sheet import Answer, Question, Sheet
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Entry
from kazstance.errors import InputError
from kazstance.input.strict_json import StrictError, load_json
from kazstance.output.characters import for_xml
from kazstance.output.plain_json import to_json
from kazstance.paths import StrPath
from kazstance.schema.labels import Certainty, Explicitness, Label

RIGHT_TO_LEFT: Final = {"style": "direction: rtl; text-align: right"}
"""What the texts in a view inherit from it; Label Studio hands the style on to the browser."""
TASKS: Final = "tasks.json"
CONFIG: Final = "config.xml"
NOTHING: Final = "nothing"
"""In place of a label that was not chosen."""
PLAIN_DOLLAR: Final = "\u2060$\u2060"
"""A dollar sign between invisible word joiners: before a word, Label Studio would replace it with data."""


Suggestions = Mapping[Triple, Mapping[str, Any]]
"""Rows of the table judgements that are shown as suggestions."""


def to_tasks(sheets: Sequence[Sheet], suggestions: Suggestions | None = None) -> str:
    """The questions as Label Studio's JSON import format: one task each, which several annotators may share.

    Args:
        sheets: the sheets of the annotators.
        suggestions: what is already chosen when an annotator opens a task.
    """
    tasks: dict[Triple, dict[str, Any]] = {}
    for sheet in sheets:
        for question in sheet.questions:
            task = tasks.setdefault(question.item.key, {"data": _data(question)})
            task["data"]["sheets"][question.annotator] = question.sheet
            if row := (suggestions or {}).get(question.item.key):
                task["predictions"] = [_prediction(row, question.sentence.text)]
    return to_json(list(tasks.values())) + "\n"


def _prediction(row: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A judgement as Label Studio shows it before anybody has annotated; browsers count offsets in UTF-16."""
    chosen = {"label": row["label_name"], "explicitness": row["explicitness"], "certainty": row["certainty"]}
    result: list[dict[str, Any]] = [
        {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [value]}}
        for name, value in chosen.items()
        if value
    ]
    for span in row["evidence"] or ():
        start, end = (len(text[:place].encode("utf-16-le")) // 2 for place in (span["start"], span["end"]))
        value = {"start": start, "end": end, "text": text[span["start"] : span["end"]], "labels": ["evidence"]}
        result.append({"from_name": "evidence", "to_name": "text", "type": "labels", "value": value})
    return {"model_version": row["annotator_id"], "result": result}


def to_config(codebook: str, *, right_to_left: bool = False, labels_only: bool = False) -> str:
    """The labelling configuration: target, definition, sentence, paragraph, labels and a collapsible codebook.

    Args:
        codebook: the codebook, whose language the target and its definition have.
        right_to_left: display the texts from right to left.
        labels_only: do not ask for explicitness and certainty.
    """
    view = ET.Element("View")
    ET.SubElement(view, "Header", value="$target")
    ET.SubElement(view, "Text", name="definition", value="$definition")
    texts = ET.SubElement(view, "View", RIGHT_TO_LEFT) if right_to_left else view
    for name in ("source", "speaker", "before"):
        ET.SubElement(texts, "Text", name=name, value=f"${name}")
    labels = ET.SubElement(texts, "Labels", name="evidence", toName="text")
    ET.SubElement(labels, "Label", value="evidence")
    ET.SubElement(texts, "Text", name="text", value="$text", granularity="symbol")
    ET.SubElement(texts, "Text", name="after", value="$after")
    _choices(view, "label", [label.name for label in Label], required="true")
    if not labels_only:
        sides = {"whenTagName": "label", "whenChoiceValue": "against,favor", "visibleWhen": "choice-selected"}
        _choices(view, "explicitness", list(Explicitness), **sides)
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
        "sheets": {},
        "sentence_id": question.sentence.sentence_id,
        "text": question.sentence.text,
        "before": question.before,
        "after": question.after,
        "source": question.source,
        "speaker": question.speaker,
        "target_id": question.item.target_id,
        "target": question.target,
        "definition": question.definition,
    }


class _Loose(BaseModel):
    """Base of the models of exports; Label Studio adds fields with every version, so unknown ones are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class _Value(_Loose):
    """What was chosen, marked or written."""

    choices: list[str] = []
    labels: list[str] = []
    text: str | list[str] | None = None
    start: int | None = None
    end: int | None = None


class _Result(_Loose):
    """The result of one control."""

    from_name: str
    type: str
    value: _Value


class _User(_Loose):
    """The person who completed an annotation, if the export says more than a number."""

    id: int | None = None
    email: str | None = None


class _Annotation(_Loose):
    """One person's annotation of a task."""

    result: list[_Result]
    was_cancelled: bool = False
    completed_by: int | str | _User | None = None

    @property
    def users(self) -> list[str]:
        """By what the person may be known: a number, an address, and what comes before the @ in it."""
        user = self.completed_by
        email = user.email if isinstance(user, _User) else user if isinstance(user, str) else None
        number = user.id if isinstance(user, _User) else user if isinstance(user, int) else None
        return [*filter(None, ["" if number is None else str(number), email, email and email.partition("@")[0]])]


class _Data(_Loose):
    """What was asked, as exported; `item` and `annotator` are of version 0.3."""

    sheets: dict[str, str] = {}
    sentence_id: str | None = None
    item: int | None = None
    annotator: str | None = None
    text: str
    target_id: str


class _Task(_Loose):
    """A task with its annotations."""

    data: _Data
    annotations: list[_Annotation]


def from_export(file: StrPath, find: Find, completed_by: Mapping[str, str]) -> Iterator[Part]:
    """The answers in a JSON export, by sheet; the line of an answer is the number of the task, counted from 1.

    Args:
        file: the file.
        find: finds the sheet of a name.
        completed_by: the annotator of each user, by number or address.

    Raises:
        InputError: it cannot be read.
        KazstanceError: it has tasks of another corpus.
    """
    path = Path(file)
    reading = _Reading(Folder(path.parent), path.name, find, completed_by)
    for number, row in enumerate(_rows(reading.folder, path.name), 1):
        reading.add(number, row)
    if reading.folder.problems:
        raise InputError(reading.folder.problems)
    if not reading.answers:
        reading.folder.report(path.name, None, "annotations", "no task was submitted, expected at least one")
        raise InputError(reading.folder.problems)
    for name, answers in reading.answers.items():
        yield Part(reading.folder, path.name, reading.sheets[name][0], answers)


def _rows(folder: Folder, file: str) -> list[Any]:
    text = folder.read_text(file)
    try:
        tasks = load_json(text) if text is not None else []
    except StrictError as error:
        folder.problems.append(error.problem(file))
        tasks = []
    if not isinstance(tasks, list):
        folder.report(file, None, None, f"{type(tasks).__name__}, expected a list of tasks")
        tasks = []
    if folder.problems:
        raise InputError(folder.problems)
    return tasks


@dataclass
class _Reading:
    """The answers of an export, collected by sheet; each sheet is kept with its questions by pair."""

    folder: Folder
    file: str
    find: Find
    completed_by: Mapping[str, str]
    answers: dict[str, list[Entry[Answer]]] = field(default_factory=dict)
    sheets: dict[str, tuple[Sheet, dict[tuple[str, str], Question]]] = field(default_factory=dict)

    def add(self, number: int, row: Any) -> None:
        """Add a task, or report what is wrong with it."""
        try:
            task = _Task.model_validate(row)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                self.folder.report(self.file, number, ".".join(map(str, fault["loc"])) or None, fault["msg"])
            return
        done = [annotation for annotation in task.annotations if not annotation.was_cancelled]
        seen: set[str] = set()
        for annotation in done:
            annotator = self._annotator(task, annotation, number)
            if annotator is None:
                return
            if annotator in seen:
                message = f"{len(done)} submitted, expected 1 by each annotator; --completed-by says who is who"
                self.folder.report(self.file, number, "annotations", message)
                return
            seen.add(annotator)
            self._add(task, annotation, annotator, number)

    def _annotator(self, task: _Task, annotation: _Annotation, number: int) -> str | None:
        """Whose annotation it is; None with a problem if nothing says so."""
        names = list(task.data.sheets) or [task.data.annotator or ""]
        users = annotation.users
        who = next((self.completed_by[user] for user in users if user in self.completed_by), None)
        who = who or next((user for user in users if user in names), None)
        if who is None and len(names) == 1 and not self.completed_by:
            return names[0]
        if who is None or who not in names:
            found = f"completed by {' or '.join(users) or 'nobody'}" + (f", that is {who!r}" if who else "")
            expected = f"expected {', '.join(names)}; say who it was, such as --completed-by {(users or ['1'])[0]}=NAME"
            self.folder.report(self.file, number, "annotations", f"{found}, {expected}")
            return None
        return who

    def _add(self, task: _Task, annotation: _Annotation, annotator: str, number: int) -> None:
        name = task.data.sheets.get(annotator, "")
        if name not in self.sheets:
            sheet = self.find(name, self.file)
            by_pair = {(q.sentence.sentence_id, q.item.target_id): q for q in sheet.questions}
            self.sheets[name] = sheet, by_pair
        sheet, by_pair = self.sheets[name]
        if task.data.sentence_id in sheet.outdated:
            return
        question = by_pair.get((task.data.sentence_id or "", task.data.target_id))
        if task.data.sentence_id is None:
            question = next((q for q in sheet.questions if q.item.item == task.data.item), None)
        spans = [r.value for r in annotation.result if r.from_name == "evidence"]
        faults = list(_faults(task, question, annotator, sheet, spans))
        for place, message in faults:
            self.folder.report(self.file, number, place, message)
        if question is not None and not faults:
            answer = _answer(annotation.result, spans, question.item.item)
            self.answers.setdefault(name, []).append(Entry(self.file, number, answer))


def _answer(results: list[_Result], spans: list[_Value], item: int) -> Answer:
    notes = [line for r in results if r.from_name == "note" for line in _lines(r.value.text)]
    return Answer(
        item=item,
        label=_chosen(results, "label") or NOTHING,
        explicitness=_chosen(results, "explicitness"),
        certainty=_chosen(results, "certainty"),
        evidence=tuple((value.start, str(value.text)) for value in spans),
        note="; ".join(notes) or None,
    )


def _faults(
    task: _Task, question: Question | None, annotator: str, sheet: Sheet, spans: list[_Value]
) -> Iterator[tuple[str, str]]:
    """The problems that keep an annotation from being an answer to a question."""
    data = task.data
    if question is None:
        name = data.item if data.sentence_id is None else f"{data.sentence_id} on {data.target_id}"
        yield "data", f"{name}, expected an item of the sheet"
    elif (data.text, data.target_id) != (question.sentence.text, question.item.target_id):
        yield "data", "the text or target differs from the one exported for this item"
    if annotator != sheet.plan.annotator:
        yield "data.annotator", f"{annotator!r}, expected {sheet.plan.annotator!r}, the annotator of the sheet"
    if any(not isinstance(value.text, str) or not value.text for value in spans):
        yield "evidence", "no text, expected the words that were marked"


def _chosen(results: list[_Result], name: str) -> str:
    return " ".join(choice for result in results if result.from_name == name for choice in result.value.choices)


def _lines(text: str | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else text or []
