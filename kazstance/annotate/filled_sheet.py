"""Import completed sheets into a corpus folder: checked row by row, then all of them are added, or nothing is."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from kazstance.annotate.adjudication import ruling
from kazstance.annotate.answers import Judgement, check, report_missing
from kazstance.annotate.drawing import check_annotator, check_not_reserved, readings_file
from kazstance.annotate.judged import State, state_of
from kazstance.annotate.label_studio import from_export
from kazstance.annotate.person import NOBODY, Person, list_person
from kazstance.annotate.plan import Plan, PlanItem, Triple, plan_file, read_plan, read_plans, stale
from kazstance.annotate.returned import Form, Part, from_table
from kazstance.annotate.sheet import Question, Sheet, questions
from kazstance.corpus.editing import Edit, editing, encoded
from kazstance.corpus.read import ADJUDICATIONS, ANNOTATORS, Corpus, raise_all, read
from kazstance.corpus.segment import segment
from kazstance.errors import KazstanceError, Problem
from kazstance.paths import StrPath
from kazstance.schema.labels import Role
from kazstance.schema.records import Sentence

__all__ = ["ENDINGS", "Form", "Imported", "Person", "import_answers"]

ENDINGS: Final = (".csv", ".tsv", ".txt", ".xlsx", ".json")
PLAIN: Final = Form()
Rows = dict[str, Any]


@dataclass(frozen=True)
class Imported:
    """What one sheet added to a corpus folder."""

    sheet: str | None
    annotator: str
    kind: str
    file: Path
    """Where it was added."""
    answered: int
    """Pairs that were new."""
    omitted: int
    """Those of them whose empty label counts as `none`."""
    left: int
    """Pairs without an answer."""
    ignored: tuple[str, ...] = ()
    """Columns that are not of the sheet."""
    notes: tuple[str, ...] = ()


@dataclass
class _Folder:
    """A corpus folder with its sheets, and what is to be added to it."""

    path: Path
    corpus: Corpus
    sentences: Sequence[Sentence]
    plans: Mapping[str, Plan]
    person: Person
    edit: Edit
    is_partial: bool

    @cached_property
    def state(self) -> State:
        """What has been judged."""
        return state_of(self.corpus, self.sentences, self.plans)

    def sheet(self, plan: Plan) -> Sheet:
        """The sheet of a plan, as it was made, if need be without what has changed since.

        Raises:
            InputError: something has changed, and all answers are to be imported.
        """
        changed = stale(plan, self.corpus, self.sentences)
        file = plan_file(plan.sheet) if plan.sheet else "plan.json"
        if not self.is_partial:
            remedy = "--partial imports the answers to all other questions"
            raise_all(Problem(file, None, f"items.{i}", message, remedy=remedy) for i, message in changed.items())
        kept = plan.model_copy(update={"items": tuple(item for item in plan.items if item.item not in changed)})
        fresh = {item.sentence_id for item in kept.items}
        outdated = {str(item) for item in changed} | {item.sentence_id for item in plan.items} - fresh
        return Sheet(kept, tuple(questions(kept, self.corpus, self.sentences)), frozenset(outdated))

    def append(self, name: str, rows: Sequence[Rows], *, is_new: bool = False) -> None:
        """Add lines to a file; what is in a new one was left by an interrupted import."""
        if rows:
            file = self.path / name
            there = self.edit.new.get(name) or (file.read_bytes() if file.is_file() and not is_new else b"")
            between = b"" if there.endswith(b"\n") or not there else b"\n"
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            self.edit.put(name, there + between + encoded(lines, name))


def import_answers(
    corpus_path: StrPath,
    sheets: StrPath | Sequence[StrPath],
    plan_file: StrPath | None = None,
    person: Person = NOBODY,
    *,
    partial: bool = False,
    form: Form = PLAIN,
    completed_by: Mapping[str, str] | None = None,
) -> list[Imported]:
    """Check completed sheets, and add the answers to `annotations/<annotator>.jsonl` of the corpus.

    Earlier readings stay as they are, byte for byte. Before anything is written, the corpus is read as it will be. What
    has been imported of a sheet before is skipped if it is the same, so that a sheet can be imported again.

    Args:
        corpus_path: the corpus folder that the sheets were made from.
        sheets: the completed sheets: .csv, .xlsx, or .json as Label Studio exports it.
        plan_file: the plan of the sheet, needed only for sheets made by version 0.3.
        person: what is known of a new annotator.
        partial: import what has been answered, and leave the rest open.
        form: how text files are written, if that is known.
        completed_by: the annotator of each user of Label Studio who completed tasks, by number or address.

    Raises:
        InputError: with every problem of the sheets; nothing is written.
        KazstanceError: a sheet belongs to another corpus or annotator, or another process is writing to the corpus.
    """
    path = Path(corpus_path)
    files = [Path(sheets)] if isinstance(sheets, str | os.PathLike) else [Path(sheet) for sheet in sheets]
    with editing(path) as edit:
        corpus = read(path)
        sentences, problems = segment(corpus)
        raise_all(problems)
        plans = read_plans(path)
        named = read_plan(plan_file, corpus) if plan_file else None
        folder = _Folder(path, corpus, sentences, plans, person, edit, partial)
        found: list[Imported] = []
        faults: list[Problem] = []
        for file in files:
            for part in _parts(folder, file, named, form, completed_by or {}):
                done = _take(folder, part)
                faults += part.folder.problems
                found += [done] if done else []
        raise_all(faults)
        _check_left_over(folder)
        return found


def _parts(
    folder: _Folder, file: Path, named: Plan | None, form: Form, completed_by: Mapping[str, str]
) -> Iterator[Part]:
    """The answers in a file, by sheet.

    Raises:
        InputError: the file cannot be read.
        KazstanceError: it is not a sheet.
    """
    suffix = file.suffix.lower()
    if suffix not in ENDINGS:
        raise KazstanceError(
            f"{file}: {file.suffix!r}, expected a sheet as {', '.join(ENDINGS)}; save it as one of these"
        )
    place = Path(os.path.realpath(file))
    find = _Finder(folder, named)
    if suffix == ".json":
        yield from from_export(place, find, completed_by)
    else:
        yield from from_table(place, find, form)


@dataclass(frozen=True)
class _Finder:
    """Finds the sheets that files name."""

    folder: _Folder
    named: Plan | None

    def __call__(self, name: str, file: str) -> Sheet:
        """The sheet of a name such as corpus/id; without a name, that of the plan that the user names.

        Raises:
            KazstanceError: it is not a sheet of this corpus, or not the one of the plan.
        """
        here = self.folder.corpus.header.id
        corpus, _, sheet = name.rpartition("/")
        if not name and self.named is None:
            raise KazstanceError(f"{file}: no column sheet; expected the sheet as exported, or --plan for one of 0.3")
        if name and corpus != here:
            raise KazstanceError(f"{file}: a sheet of the corpus {corpus!r}, expected one of {here!r}")
        plan = self.folder.plans.get(sheet) if name else self.named
        if plan is None:
            known = ", ".join(self.folder.plans) or "there are none"
            raise KazstanceError(f"{file}: no sheet {sheet!r} in annotations/sheets, expected one of: {known}")
        if self.named is not None and self.named.sheet != plan.sheet:
            raise KazstanceError(
                f"{file}: sheet {plan.sheet} of {plan.annotator!r}, but the plan is that of {self.named.annotator!r}"
            )
        return self.folder.sheet(plan)


def _take(folder: _Folder, part: Part) -> Imported | None:
    """Add the answers of a sheet to what is to be written; None if there are problems, which are reported."""
    plan = part.sheet.plan
    asked = {question.item.item: question for question in part.sheet.questions}
    if plan.kind == "adjudication":
        return _take_rulings(folder, part, asked)
    _check_person(folder, plan.annotator)
    is_only_label = plan.request.labels_only
    checked = check(part.folder, part.file, part.answers, asked, folder.corpus.labels, labels_only=is_only_label)
    if not folder.is_partial:
        report_missing(part.folder, part.file, checked.left, part.answers)
    new = dict(_new(folder, part, asked, checked.judged))
    if part.folder.problems:
        return None
    list_person(folder.edit, plan.annotator, folder.person)
    is_new = plan.annotator not in folder.corpus.readings
    folder.append(readings_file(plan.annotator), list(_readings(plan, new)), is_new=is_new)
    return Imported(
        sheet=plan.sheet,
        annotator=plan.annotator,
        kind=plan.kind,
        file=folder.path / readings_file(plan.annotator),
        answered=len(new),
        omitted=sum(judgement is None for judgement in new.values()),
        left=len(checked.left),
        ignored=part.ignored,
        notes=(*part.notes, *_outdated(part)),
    )


def _outdated(part: Part) -> list[str]:
    """A note on answers that can no longer be used."""
    items = [name for name in part.sheet.outdated if "/" not in name]
    return [f"{part.file}: {len(items)} items were left out: sentence or target has changed"] if items else []


def _check_person(folder: _Folder, annotator: str) -> None:
    """Check that the annotator of a sheet may be imported, and that the table says nothing else of this person.

    Raises:
        KazstanceError: the name is taken, or the table says something else.
    """
    check_not_reserved(annotator)
    known = {entry.value.id: entry.value for entry in folder.corpus.annotators}
    if annotator not in known:
        return
    check_annotator(annotator, folder.corpus, folder.path)
    said = known[annotator].model_dump()
    for name, value in folder.person.entry(annotator).items():
        if said[name] != value:
            raise KazstanceError(
                f"annotator: {annotator!r} has already judged, and {ANNOTATORS} has {said[name]!r} for {name}, "
                f"not {value!r}; leave the option out, or change the file"
            )


def _check_left_over(folder: _Folder) -> None:
    """Check the readings of people who are not listed: they may only be what an interrupted import left.

    Raises:
        KazstanceError: they are something else.
    """
    listed = {readings_file(name) for name in folder.corpus.readings}
    for name, content in folder.edit.new.items():
        file = folder.path / name
        is_readings = name not in (*listed, ANNOTATORS, ADJUDICATIONS)
        if is_readings and os.path.lexists(file) and not (file.is_file() and file.read_bytes() == content):
            raise KazstanceError(
                f"{file} already holds other readings, though {ANNOTATORS} does not list its annotator"
            )


def _new(
    folder: _Folder, part: Part, asked: Mapping[int, Question], judged: Mapping[int, Judgement | None]
) -> Iterator[tuple[int, Judgement | None]]:
    """The answers that are not in the corpus yet; one that is there and is not the same is a problem."""
    plan = part.sheet.plan
    there = _there(folder, plan)
    for item, judgement in judged.items():
        key = asked[item].item.key
        if judgement == {}:  # what is wrong with it has been reported
            continue
        if key not in there:
            yield item, judgement
            continue
        sheet, earlier = there[key]
        if sheet != plan.sheet:
            where = f"on sheet {sheet}" if sheet else "already"
            message = f"{key[0]} on {key[1]} was judged {where} by {plan.annotator!r}, expected once in a round"
            part.folder.report(part.file, None, f"items.{item}", message)
        elif earlier != _comparable(judgement):
            message = (
                f"{key[0]} on {key[1]} was imported from this sheet with another answer; "
                f"first withdraw it: kazstance annotate undo CORPUS {plan.sheet}"
            )
            part.folder.report(part.file, None, f"items.{item}", message)


def _there(folder: _Folder, plan: Plan) -> dict[Triple, tuple[str | None, Judgement]]:
    """What the annotator has judged in the round of a plan, each with its sheet."""
    found: dict[Triple, tuple[str | None, Judgement]] = {}
    readings = folder.corpus.readings.get(plan.annotator, ())
    kinds = {entry.value.id: entry.value.kind for entry in folder.corpus.targets}
    for reading in (entry.value for entry in readings):
        if reading.round != plan.round:
            continue
        said = {row.target_id: row for row in reading.judgements if row.holder is None}
        for target in (name for name, kind in kinds.items() if {name, kind} & set(reading.covered)):
            row = said[target].model_dump(mode="json") if target in said else None
            found[reading.sentence_id, target, None] = (reading.sheet, _comparable(row))
    return found


def _comparable(judgement: Judgement | None) -> Judgement:
    """A judgement without what is null; without anything if its label was left empty."""
    return {name: value for name, value in (judgement or {}).items() if value is not None}


def _readings(plan: Plan, judged: Mapping[int, Judgement | None]) -> Iterator[Rows]:
    """One line per sentence: what was covered, with which probability, and what was typed."""
    by_sentence: dict[str, list[PlanItem]] = {}
    for item in plan.items:
        if item.item in judged:
            by_sentence.setdefault(item.sentence_id, []).append(item)
    for sentence, items in by_sentence.items():
        yield {
            "sentence_id": sentence,
            "text_hash": items[0].text_hash,
            **({"round": plan.round} if plan.round > 1 else {}),
            "covered": [item.target_id for item in items],
            "probability": {item.target_id: item.probability for item in items},
            **({"sheet": plan.sheet} if plan.sheet else {}),
            "judgements": [said for item in items if (said := judged[item.item])],
        }


def _take_rulings(folder: _Folder, part: Part, asked: Mapping[int, Question]) -> Imported | None:
    """Add the decisions of an adjudicator; None if there are problems, which are reported."""
    plan = part.sheet.plan
    there = {(e.value.sentence_id, e.value.target_id, e.value.holder): e.value for e in folder.corpus.adjudications}
    rulings = {item: found for item, found in _rulings(folder, part, asked).items() if found is not None}
    left = [item for item in asked if item not in rulings]
    if not folder.is_partial:
        report_missing(part.folder, part.file, left, part.answers)
    new = []
    for item, found in rulings.items():
        earlier = there.get(asked[item].item.key)
        if earlier is None:
            new.append(found)
        elif _comparable(earlier.model_dump(mode="json")) != _comparable(found):
            key = asked[item].item.key
            part.folder.report(part.file, None, f"items.{item}", f"{key[0]} on {key[1]} has been adjudicated otherwise")
    if part.folder.problems:
        return None
    if new:
        list_person(folder.edit, plan.annotator, folder.person, Role.adjudicator)
    folder.append(ADJUDICATIONS, new)
    counts = {"answered": len(new), "omitted": 0, "left": len(left)}
    file = folder.path / ADJUDICATIONS
    return Imported(
        plan.sheet,
        plan.annotator,
        plan.kind,
        file,
        **counts,
        ignored=part.ignored,
        notes=(*part.notes, *_outdated(part)),
    )


def _rulings(folder: _Folder, part: Part, asked: Mapping[int, Question]) -> Mapping[int, Rows | None]:
    return ruling(part, asked, folder.corpus.labels, folder.state)
