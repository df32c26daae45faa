"""A small corpus without judgements, and sheets of it filled in as a person would."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from kazstance.annotate.filled_sheet import import_answers
from kazstance.annotate.plan import Request
from kazstance.annotate.sheet_folder import export_sheets
from tests.corpora import Made

TEXTS = {
    "guild": "The toll is fair. We’re glad of it.\n“Pay the toll,” said the mayor. Boats go by.",
    "press": "Nobody likes the toll. The quay is old.",
}
TARGETS = [{"id": "toll", "name": "the toll"}, {"id": "quay", "name": "the quay"}]
LABELS_ONLY = Request(labels_only=True)
ABOUT = {("guild/1/1", "toll"): "favor", ("press/1/1", "toll"): "against", ("press/1/2", "quay"): "neutral"}
"""Labels of pairs; all others are not about the target."""


def corpus(folder: Path) -> Path:
    """The corpus, which nobody has judged."""
    made = Made(TEXTS, {}, TARGETS, {"guild": 'title = "On the toll"\nspeaker = "the guild of boatmen"'}).write(folder)
    (made / "annotations/annotators.toml").write_text("# Who judged\n")
    return made


def rows_of(file: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a sheet as CSV."""
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline=""), delimiter=delimiter))


def pairs_of(rows) -> list[tuple[str, str]]:
    return [(row["sentence_id"], row["target_id"]) for row in rows]


def fill(rows, about: Mapping[tuple[str, str], str], empty: str = "none"):
    """Rows with labels, and what stands where a sentence is not about the target."""
    return [row | {"label": about.get((row["sentence_id"], row["target_id"]), empty)} for row in rows]


def write(file: Path, rows, delimiter: str = ",", encoding: str = "utf-8", end: str = "\r\n") -> Path:
    """Rows as a spreadsheet program saves them."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    file.write_bytes(text.getvalue().encode(encoding))
    return file


def judge(folder: Path, annotator: str, place: Path, about=ABOUT, request: Request = LABELS_ONLY, **settings):
    """Export a sheet, fill it in and import it; the pairs that were on it."""
    export_sheets(folder, annotator, place, request, **settings)
    rows = rows_of(place / "sheet.csv")
    import_answers(folder, write(place / "filled.csv", fill(rows, about)))
    return pairs_of(rows)


def files_of(folder: Path, without: str = "annotations/sheets") -> dict[str, bytes]:
    """All files below a folder, except those of one folder inside."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if not name.startswith(without)}
