"""Take back what was imported, so that the corpus folder is as if the sheet had not come."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kazstance.annotate.drawing import imported_sheets, readings_file
from kazstance.annotate.plan import Plan, plan_file, read_plans
from kazstance.corpus.editing import editing
from kazstance.corpus.read import ADJUDICATIONS, ANNOTATORS, Corpus, read
from kazstance.errors import KazstanceError, choose
from kazstance.input.text import MARK
from kazstance.paths import StrPath
from kazstance.schema.labels import Origin


@dataclass(frozen=True)
class Withdrawn:
    """What was taken back: the sheet, if there was one, whose it was, and how many lines of which file."""

    sheet: str | None
    annotator: str
    file: Path
    lines: int


def withdraw(corpus_path: StrPath, name: str) -> Withdrawn:
    """Withdraw the import of a sheet: its lines are removed, all others stay as they are, byte for byte.

    An annotator without any other reading is no longer listed. The plan stays, so that the sheet can be imported again;
    of a model, what it was asked and answered stays, so that its run can be written again.

    Args:
        corpus_path: the corpus folder.
        name: the id of the sheet, or of an annotator with one sheet or with readings that came without one.

    Raises:
        KazstanceError: there is no such sheet, nothing of it was imported, or the annotator has several.
    """
    path = Path(corpus_path)
    with editing(path) as edit:
        corpus = read(path)
        plans = read_plans(path)
        sheet, annotator = _meant(corpus, plans, name.rpartition("/")[2])
        file = ADJUDICATIONS if annotator is None else readings_file(annotator)
        there = (path / file).read_bytes()
        kept, removed = _without(there, lambda line: line.get("sheet") == sheet)
        if kept.strip():
            edit.put(file, kept)
        else:
            edit.drop(file)
        who = annotator or (plans[sheet].annotator if sheet in plans else "somebody")
        if who not in _heard(corpus, sheet):
            edit.remove(ANNOTATORS, "annotator", who)
        return Withdrawn(sheet, who, path / file, removed)


def forget(corpus_path: StrPath, name: str) -> Plan:
    """Delete the plan of a sheet of which nothing has been imported; the sheet can no longer be imported.

    Raises:
        KazstanceError: there is no such sheet, or something of it has been imported.
    """
    path = Path(corpus_path)
    with editing(path) as edit:
        plans, sheet = read_plans(path), name.rpartition("/")[2]
        if sheet not in plans:
            raise KazstanceError(f"no sheet {sheet!r}; {choose(sheet, plans)}")
        if sheet in imported_sheets(read(path)):
            raise KazstanceError(f"sheet {sheet} has been imported; first withdraw it without --forget")
        edit.drop(plan_file(sheet))
        return plans[sheet]


def _heard(corpus: Corpus, sheet: str | None) -> set[str]:
    """Annotators and adjudicators of whom something is left without a sheet, and those who are not listed."""
    rows: list[tuple[str, str | None]] = [(entry.value.annotator_id, "") for entry in corpus.judgements]
    rows += [(name, entry.value.sheet) for name, readings in corpus.readings.items() for entry in readings]
    rows += [(entry.value.annotator_id or "", entry.value.sheet) for entry in corpus.adjudications]
    left = {name for name, written_on in rows if written_on != sheet}
    return left | ({name for name, _ in rows} - {entry.value.id for entry in corpus.annotators})


def _meant(corpus: Corpus, plans: Mapping[str, Plan], name: str) -> tuple[str | None, str | None]:
    """The sheet and the annotator that a name stands for; an adjudicator is not an annotator, and is None.

    Raises:
        KazstanceError: it stands for nothing that was imported, or for several sheets.
    """
    imported = imported_sheets(corpus)
    annotators = [entry.value for entry in corpus.annotators]
    people = [who.id for who in annotators if who.origin is Origin.human or who.run]  # a run can be written again
    if name in imported:
        owners = [who for who in people if any(entry.value.sheet == name for entry in corpus.readings[who])]
        return name, owners[0] if owners else None
    if name in plans:
        raise KazstanceError(f"nothing of sheet {name} has been imported; --forget deletes the sheet itself")
    if name not in people:
        raise KazstanceError(f"no sheet or annotator {name!r}; {choose(name, [*imported, *people])}")
    sheets = list(dict.fromkeys(entry.value.sheet for entry in corpus.readings[name]))
    if len(sheets) != 1:
        shown = ", ".join(sheet or "one of version 0.3" for sheet in sheets) or "none in a file of their own"
        raise KazstanceError(f"{name!r} has the sheets {shown}; expected the id of one of them")
    return sheets[0], name


def _without(content: bytes, is_meant: Callable[[dict[str, Any]], bool]) -> tuple[bytes, int]:
    """The lines that are not meant, unchanged, and the number of the others."""
    lines = content.splitlines(keepends=True)
    chosen = [bool(line.strip()) and is_meant(json.loads(line.decode().removeprefix(MARK))) for line in lines]
    kept = [line for line, is_chosen in zip(lines, chosen, strict=True) if not is_chosen]
    return b"".join(kept), sum(chosen)
