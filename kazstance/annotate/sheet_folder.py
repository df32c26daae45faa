"""Write the sheets for annotators: CSV, Excel, Label Studio and the codebook; their plans go into the corpus folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kazstance.annotate.adjudication import ADJUDICATOR, draw_split
from kazstance.annotate.csv_sheet import to_csv
from kazstance.annotate.drawing import EVERYTHING, draw
from kazstance.annotate.excel_sheet import to_excel
from kazstance.annotate.judged import read_state
from kazstance.annotate.label_studio import CONFIG, TASKS, Suggestions, to_config, to_tasks
from kazstance.annotate.layouts import Layout, lay_out
from kazstance.annotate.plan import Request, plan_bytes, plan_file
from kazstance.annotate.sheet import Sheet
from kazstance.corpus.editing import editing
from kazstance.corpus.read import CODEBOOK, read_codebook
from kazstance.output.folders import creating
from kazstance.paths import StrPath

FORMATS: Final = ("csv", "xlsx", "label-studio")
DEFAULT: Final = ("csv", "label-studio")
LAYOUTS: Final[Mapping[str, Layout]] = {"tall": "tall", "wide": "wide"}
SHEET: Final = "sheet"
HOW: Final = """How to fill in this sheet

Each row asks one question: which side does the speaker of the sentence take on the target?
Fill in the coloured cells; leave all others as they are. Rows may be sorted, and columns added.
label: favor, against, neutral (about the target without taking a side) or none (not about the target).
done: put an x here when you have read the sentence on all targets. Labels left empty then count as none,
except where "needed" stands in the column answer: there, type none.
explicitness, for favor and against: explicit if words of the sentence judge the target, otherwise implicit.
certainty: unsure if a careful reader could well have chosen another label.
evidence: the shortest words that show the label, copied from the sentence; ++ between several pieces.
"""
HOW_TO_ADJUDICATE: Final = """How to fill in this sheet

Each row is a pair on which the annotators are split; the column candidates says what they chose.
Fill in label, rule (the rule of the codebook that decides) and reason. Leave the other coloured cells empty to
take explicitness, certainty and evidence from the candidates with the same label.
"""


@dataclass(frozen=True)
class Exported:
    """A sheet that was written: its id, its annotator, the number of its items, and the folder with its files."""

    sheet: str
    annotator: str
    items: int
    out: Path


def export_sheets(
    corpus: StrPath,
    annotators: str | Sequence[str],
    out: StrPath,
    request: Request = EVERYTHING,
    *,
    seed: int = 1,
    number: int = 1,
    formats: Sequence[str] = DEFAULT,
    layout: Layout = "tall",
) -> list[Exported]:
    """Draw questions from a corpus folder, and write them as sheets into a new folder, all of them or nothing.

    The corpus folder keeps the plans. If the folder already holds the same sheets, not filled in, it is not changed.
    With several annotators, each has a folder inside, and Label Studio has one list of tasks for all.

    Args:
        corpus: the corpus folder.
        annotators: the ids of the annotators.
        out: the folder to write; new or empty.
        request: what the sheets are to contain.
        seed: seed of the draw.
        number: the round; from 2 on, of annotators who have judged.
        formats: some of `csv`, `xlsx` and `label-studio`.
        layout: a row for each sentence and target (`tall`), or a column for each target (`wide`).

    Raises:
        InputError: the corpus or its codebook is invalid.
        KazstanceError: an annotator's name is invalid, nothing is open, or the folder holds something else.
        MissingExtraError: openpyxl is not installed.
    """
    names = [annotators] if isinstance(annotators, str) else list(dict.fromkeys(annotators))
    request = request.model_copy(update={"labels_only": request.labels_only or layout == "wide"})
    sheets = [draw(corpus, name, request, seed, number=number) for name in names]
    suggestions = _suggestions(corpus, request.suggested_by) if request.suggested_by else None
    files = _files(sheets, formats, layout, read_codebook(corpus), suggestions)
    return _write(corpus, out, sheets, files)


def export_split(
    corpus: StrPath, out: StrPath, adjudicator: str = ADJUDICATOR, formats: Sequence[str] = ("csv",)
) -> list[Exported]:
    """Write what the votes leave undecided as a sheet for an adjudicator, as `export_sheets` writes others.

    Args:
        corpus: the corpus folder.
        out: the folder to write; new or empty.
        adjudicator: the id of the person who decides.
        formats: `csv`, `xlsx` or both.

    Raises:
        InputError: the corpus or its codebook is invalid.
        KazstanceError: nothing is undecided, or the folder holds something else.
        MissingExtraError: openpyxl is not installed.
    """
    sheet = draw_split(corpus, adjudicator)
    return _write(corpus, out, [sheet], _files([sheet], formats, "tall", read_codebook(corpus), None))


def _files(
    sheets: Sequence[Sheet], formats: Sequence[str], layout: Layout, codebook: str, suggestions: Suggestions | None
) -> dict[str, bytes]:
    """The files of some sheets, by name."""
    files = {CODEBOOK: codebook.encode()} if codebook else {}
    for sheet in sheets:
        place = f"{sheet.plan.annotator}/" if sheets[1:] else ""
        rows = lay_out(sheet, layout)
        if "csv" in formats:
            files[f"{place}{SHEET}.csv"] = to_csv(rows).encode()
        if "xlsx" in formats:
            how = HOW_TO_ADJUDICATE if sheet.plan.kind == "adjudication" else HOW
            pages = [("how to", how), ("targets", _targets(sheet)), *([("codebook", codebook)] if codebook else [])]
            files[f"{place}{SHEET}.xlsx"] = to_excel(rows, pages)
    if "label-studio" in formats:
        is_right = any(sheet.right_to_left for sheet in sheets)
        files[TASKS] = to_tasks(sheets, suggestions).encode()
        is_only_label = sheets[0].plan.request.labels_only
        files[CONFIG] = to_config(codebook, right_to_left=is_right, labels_only=is_only_label).encode()
    return files


def _targets(sheet: Sheet) -> str:
    """The targets of a sheet and their definitions, one a line."""
    lines = (": ".join(filter(None, [question.target, question.definition])) for question in sheet.questions)
    return "\n".join(dict.fromkeys(lines))


def _write(corpus: StrPath, out: StrPath, sheets: Sequence[Sheet], files: dict[str, bytes]) -> list[Exported]:
    """Write the plans into the corpus folder and then the files into a new folder."""
    plans = {plan_file(str(sheet.plan.sheet)): plan_bytes(sheet.plan) for sheet in sheets}
    new = {name: content for name, content in plans.items() if not (Path(corpus) / name).is_file()}
    try:
        with creating(out) as folder:
            for name, content in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
            with editing(corpus) as edit:  # before the folder appears: no sheet is without its plan
                for name, content in new.items():
                    edit.put(name, content)
    except BaseException:
        if written := [name for name in new if (Path(corpus) / name).is_file()]:
            with editing(corpus) as edit:
                for name in written:
                    edit.drop(name)
        raise
    made = [sheet.plan for sheet in sheets]
    places = [Path(out) / plan.annotator if sheets[1:] else Path(out) for plan in made]
    return [
        Exported(str(plan.sheet), plan.annotator, len(plan.items), place)
        for plan, place in zip(made, places, strict=True)
    ]


def _suggestions(corpus: StrPath, annotator: str) -> Suggestions:
    """What an annotator has chosen, by pair."""
    rows = read_state(corpus).judgements.to_pylist()
    own = sorted((row for row in rows if row["annotator_id"] == annotator), key=lambda row: row["round"])
    return {(row["sentence_id"], row["target_id"], row["holder"]): row for row in own}
