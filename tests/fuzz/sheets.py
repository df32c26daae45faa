"""Filled sheets and exports of Label Studio, brought into a corpus."""

import csv
import io
import json
import shutil
from pathlib import Path

from tests.commands import argv
from tests.conftest import HARBOUR
from tests.fuzz import contents, trees, values
from tests.fuzz.cases import Case, Kind, Random, Step
from tests.fuzz.corpora import BUILDING
from tests.fuzz.processes import has_passed


def prepare(base: Path) -> None:
    """Put the corpus there, sheets for an annotator `p`, and these filled in both ways."""
    from tests import test_annotate  # the processes that are forked later need none of it

    corpus = Path(shutil.copytree(HARBOUR, base / "corpus"))
    sheets = base / "sheets"
    has_passed(argv("annotate export", corpus=corpus, annotator="p", out=sheets), base / "run")
    test_annotate.write_rows(sheets, test_annotate.fill_csv(sheets))
    (sheets / "filled.json").write_text(json.dumps(test_annotate.fill_label_studio(sheets), indent=1))


def make(case: Case) -> list[Step]:
    """A sheet brought in; what comes out has to be a corpus that builds, and nothing else may change."""
    for name in ("corpus", "sheets"):
        shutil.copytree(case.base / name, case.folder / name)
    draw = case.draw
    sheet = case.folder / "sheets" / draw.choice(("filled.csv", "filled.json"))
    (sheet.parent / "used").write_text(sheet.name)
    if draw.random() < 0.2:
        case.done[-1] = _write_alike(sheet, draw)
        return [_bring_in(case.folder, sheet, [], "pass"), *_build(case.folder)]
    is_corpus_whole = True
    for i, mutation in case.mutations():
        is_corpus_whole &= _mutate(case, sheet, i, mutation)
    steps = [_bring_in(case.folder, sheet, _odd_options(draw), None)]
    return [*steps, *_build(case.folder)] if is_corpus_whole else steps


def _write_alike(sheet: Path, draw: Random) -> str:
    """The same answers in another order of rows and columns, quoted, ended or indented otherwise."""
    if sheet.suffix == ".json":
        tasks = json.loads(sheet.read_text())
        draw.shuffle(tasks)
        more = {"id": 1, "created_at": "2031-06-01T12:00:00Z", "meta": {}, "predictions": []}
        tasks = [dict(sorted((more | task).items(), key=lambda _: draw.random())) for task in tasks]
        sheet.write_text(json.dumps(tasks, indent=draw.choice((None, 4)), ensure_ascii=draw.random() < 0.5), "utf-8")
        return "tasks in another order, with more keys"
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    draw.shuffle(rows)
    columns = draw.sample(list(rows[0]), len(rows[0]))
    out = io.StringIO(newline="")
    how = {"quoting": draw.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)), "lineterminator": draw.choice(("\n", "\r\n"))}
    writer = csv.DictWriter(out, columns, **how)
    writer.writeheader()
    writer.writerows(rows)
    sheet.write_bytes(draw.choice((b"", b"\xef\xbb\xbf")) + out.getvalue().encode())
    return f"rows and columns in another order, {how}"


def _mutate(case: Case, sheet: Path, i: int, draw: Random) -> bool:
    """Change the corpus, the plan or the sheet, and say whether the corpus is as it was."""
    way = draw.random()
    if way < 0.12:
        case.done[i] = trees.mutate(case.folder / "corpus", draw)
        return False
    if way < 0.27:
        case.done[i] = trees.mutate(case.folder / "corpus" / "annotations" / "sheets", draw)
    elif way < 0.35:
        case.done[i] = trees.mutate(sheet.parent, draw, only=sheet.name)
    elif sheet.is_file() and not sheet.is_symlink():
        content, how = contents.mutate(sheet.read_bytes(), sheet.suffix, draw)
        sheet.write_bytes(content)
        case.done[i] = f"{sheet.name}: {how}"
    return True


def _odd_options(draw: Random) -> list[str]:
    more: list[str] = []
    for option in ("--name", "--note"):
        if draw.random() < 0.2:
            more += [option, (values.text(draw).replace("\0", "") or "x")[:30_000]]
    if draw.random() < 0.1:
        more += ["--date", draw.choice(("2031-06-02", "0001-01-01", "9999-12-31", "2031-02-30", "x"))]
    return more


def _bring_in(folder: Path, sheet: Path, more: list[str], has_to: str | None) -> Step:
    written = ("corpus/annotations/annotators.toml", "corpus/annotations/p.jsonl")
    line = argv("annotate import", *more, corpus=folder / "corpus", sheet=sheet)
    return Step(line, written, has_to)


def _build(folder: Path) -> list[Step]:
    """Build the corpus that was brought a sheet, compare the two, and verify."""
    out = folder / "out"
    built = argv("build", corpus=folder / "corpus", out=out)
    return [
        Step(built, ("out",), has_to="pass", follows=True, check="import"),
        Step(argv("verify", data=out), has_to="pass", follows=True),
    ]


SHEETS = Kind(1000, prepare, make, (*BUILDING, "kazstance.annotate.filled_sheet"))
