"""Corpora: the small one of the tests, mutated, built over nothing or over an older dataset."""

import hashlib
import shutil
from pathlib import Path

from tests.commands import argv
from tests.conftest import HARBOUR
from tests.corpora import put, take_readings, take_texts
from tests.fuzz import contents, trees
from tests.fuzz.cases import Case, Kind, Random, Step
from tests.fuzz.processes import has_passed

SUMS = "SHA256SUMS"
IN_TABLES = 0.3
"""The share of the corpora whose texts and judgements are tables."""


def prepare(base: Path) -> None:
    """Put the corpus there, with a codebook, in files and in tables, and the dataset built from either."""
    shutil.copytree(HARBOUR, base / "corpus")
    (base / "corpus" / "CODEBOOK.md").write_text("# Codebook\n\n## Rule 1\n\nMark what is said of a target.\n")
    has_passed(argv("build", corpus=base / "corpus", out=base / "data"), base / "run")
    tables = Path(shutil.copytree(base / "corpus", base / "tables"))
    put(tables, take_readings(tables), "jsonl", "annotations/judgements")
    put(tables, take_texts(tables), "csv")


def make(case: Case) -> list[Step]:
    """A mutated corpus, and a command that reads it; a dataset that is built has to pass `verify`."""
    corpus, out = case.folder / "corpus", case.folder / "out"
    draw = case.draw
    shutil.copytree(case.base / ("tables" if draw.random() < IN_TABLES else "corpus"), corpus, symlinks=True)
    if draw.random() < 0.08:
        return _alike_steps(case, corpus, draw)
    for i, mutation in case.mutations():
        case.done[i] = trees.mutate(corpus, mutation)
    if draw.random() < 0.8:
        sign(corpus)
    way = draw.random()
    if way < 0.06:
        writes = ("out", "corpus/annotations/sheets")
        return [Step(argv("annotate export", corpus=corpus, annotator="p", out=out), writes)]
    if way < 0.12:
        page = case.folder / "page.html"
        if draw.random() < 0.5:
            page.write_text("an older page\n")
        return [Step(argv("explore", data=corpus, out=page), ("page.html",))]
    return build_steps(case, corpus, draw)


def _alike_steps(case: Case, corpus: Path, draw: Random) -> list[Step]:
    """The same corpus written otherwise: it has to build, and to the same rows."""
    files = [path for path in trees.files_of(corpus) if path.suffix in contents.STRUCTURES]
    for path in draw.sample(files, draw.randint(1, len(files))):
        content, how = contents.write_alike(path.read_bytes(), path.suffix, draw)
        path.write_bytes(content)
        case.done[-1 - len(case.done)] = f"{path.name}: {how}"
    shutil.copy(case.base / "data" / "manifest.json", case.folder / "expected.json")
    return [Step(argv("build", corpus=corpus, out=case.folder / "out"), ("out",), has_to="pass", check="alike")]


def build_steps(case: Case, corpus: Path, draw: Random) -> list[Step]:
    """Build a corpus, half of the times over an older dataset, and verify what was built."""
    out = case.folder / "out"
    if draw.random() < 0.5:
        shutil.copytree(case.base / "data", out)
    return [
        Step(argv("build", corpus=corpus, out=out), ("out",), check="build"),
        Step(argv("verify", data=out), has_to="pass", follows=True),
    ]


def sign(corpus: Path) -> None:
    """Write the sums of the files that the list of sums names and that are there."""
    sums = corpus / SUMS
    if not sums.is_file() or sums.is_symlink():
        return
    lines = []
    for line in sums.read_bytes().splitlines(keepends=True):
        _, gap, name = line.rstrip(b"\r\n").partition(b"  ")
        path = corpus / name.decode("utf-8", "surrogateescape").replace("\0", "")
        if gap and path.is_file() and not path.is_symlink() and corpus in path.resolve().parents:
            lines.append(hashlib.sha256(path.read_bytes()).hexdigest().encode() + b"  " + name + b"\n")
        else:
            lines.append(line)
    sums.write_bytes(b"".join(lines))


BUILDING = (
    "kazstance.cli",
    "kazstance.corpus.build",
    "kazstance.explorer.page",
    "kazstance.publish.hub",
    "kazstance.annotate.sheet_folder",
    "nupunkt",
)
CORPORA = Kind(5000, prepare, make, BUILDING)
