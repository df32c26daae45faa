"""Filled sheets and exports of Label Studio, brought into a corpus."""

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
    from tests import test_review  # the processes that are forked later need none of it

    corpus = Path(shutil.copytree(HARBOUR, base / "corpus"))
    sheets = base / "sheets"
    has_passed(argv("review export", corpus=corpus, annotator="p", out=sheets), base / "run")
    test_review.write_rows(sheets, test_review.fill_csv(sheets))
    (sheets / "filled.json").write_text(json.dumps(test_review.fill_label_studio(sheets), indent=1))


def make(case: Case) -> list[Step]:
    """A sheet brought in; what comes out has to be a corpus that builds, and nothing else may change."""
    corpus, sheets = (Path(shutil.copytree(case.base / name, case.folder / name)) for name in ("corpus", "sheets"))
    draw = case.draw
    sheet = sheets / draw.choice(("filled.csv", "filled.json"))
    (sheets / "used").write_text(sheet.name)
    is_corpus_whole = True
    for i, mutation in case.mutations():
        way = mutation.random()
        if way < 0.12:
            is_corpus_whole = False
            case.done[i] = trees.mutate(corpus, mutation)
        elif way < 0.27:
            case.done[i] = trees.mutate(sheets, mutation, only="plan.json")
        elif way < 0.35:
            case.done[i] = trees.mutate(sheets, mutation, only=sheet.name)
        elif sheet.is_file() and not sheet.is_symlink():
            content, how = contents.mutate(sheet.read_bytes(), sheet.suffix, mutation)
            sheet.write_bytes(content)
            case.done[i] = f"{sheet.name}: {how}"
    steps = [_bring_in(corpus, sheet, sheets / "plan.json", draw)]
    if not is_corpus_whole:
        return steps
    out = case.folder / "out"
    return [
        *steps,
        Step(argv("build", corpus=corpus, out=out), ("out",), has_to="pass", follows=True, check="import"),
        Step(argv("verify", data=out), has_to="pass", follows=True),
    ]


def _bring_in(corpus: Path, sheet: Path, plan: Path, draw: Random) -> Step:
    more: list[str] = []
    for option in ("--name", "--note"):
        if draw.random() < 0.2:
            more += [option, (values.text(draw).replace("\0", "") or "x")[:30_000]]
    if draw.random() < 0.1:
        more += ["--date", draw.choice(("2031-06-02", "0001-01-01", "9999-12-31", "2031-02-30", "x"))]
    written = ("corpus/annotations/annotators.toml", "corpus/annotations/p.jsonl")
    return Step(argv("review import", *more, corpus=corpus, sheet=sheet, plan=plan), written)


SHEETS = Kind(1000, prepare, make, (*BUILDING, "kazstance.review.bring_in"))
