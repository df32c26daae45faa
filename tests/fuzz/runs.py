"""Files of predictions that `bench run` takes, and damaged folders of runs that are reported and compared."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.commands import argv
from tests.conftest import HARBOUR
from tests.fuzz import contents, trees, typed_columns, values
from tests.fuzz.cases import Case, Kind, Random, Step
from tests.fuzz.processes import has_passed
from tests.fuzz.scored_files import SCORING, Columns, write_alike, write_csv

SYSTEMS = ("majority", "source only")
HOW = (("stance", "in_domain"), ("stance", "cross_source"), ("stance4", "cross_target"), ("compare", "cross_target"))


def prepare(base: Path) -> None:
    """The dataset, and two runs on each of some tasks and protocols."""
    data = base / "data"
    has_passed(argv("build", corpus=HARBOUR, out=data), base / "run")
    for task, protocol in HOW:
        for system in SYSTEMS:
            out = base / "runs" / f"{task}-{protocol}" / system
            more = ("--data", data, "--task", task, "--protocol", protocol)
            has_passed(argv("bench run", *more, system=system, out=out), base / "run")


def predicted(folder: Path) -> Columns:
    """The predictions of a finished run."""
    lines = [
        json.loads(line)
        for path in sorted((folder / "predictions").iterdir())
        for line in path.read_text().splitlines()
    ]
    return {name: [line[name] for line in lines] for name in ("item_id", "label")}


def make_predictions(case: Case) -> list[Step]:
    """A file of predictions taken as a run, half of the times where a run is already; what is taken can be reported."""
    draw = case.draw
    task, protocol = draw.choice(HOW)
    columns = predicted(case.base / "runs" / f"{task}-{protocol}" / "majority")
    is_alike = draw.random() < 0.25
    path = write_alike if is_alike else _write_mutated
    file, out = path(case, draw, "predictions", columns), case.folder / "out"
    if draw.random() < 0.5 and not is_alike:
        shutil.copytree(case.base / "runs" / f"{task}-{protocol}" / "majority", out)
    system = draw.choice(("majority", "mine", "mine", values.text(draw).replace("\0", "")[:300].lstrip("-") or "x"))
    more = ["--data", case.base / "data", "--task", task, "--protocol", protocol, "--predictions", file]
    if draw.random() < 0.1 and task == "stance" and not is_alike:
        more += ["--probes"]
    page = case.folder / f"page{draw.choice(('.md', '.json'))}"
    return [
        Step(
            ["bench", "run", *map(str, more), "--out", str(out), "--", "mine" if is_alike else system],
            ("out",),
            has_to="pass" if is_alike else None,
            check="run",
        ),
        Step(
            argv("bench report", out, "--data", case.base / "data", out=page), (page.name,), has_to="pass", follows=True
        ),
    ]


def _write_mutated(case: Case, draw: Random, name: str, columns: Columns) -> Path:
    path = _write(case.folder / name, columns, draw)
    for i, mutation in case.mutations():
        case.done[i] = _mutate(path, columns, mutation)
    return path


def _write(path: Path, columns: Columns, draw: Random) -> Path:
    suffix = draw.choice((".csv", ".jsonl", ".parquet"))
    path = path.with_suffix(suffix)
    if suffix == ".csv":
        return write_csv(path, columns)
    if suffix == ".parquet":
        pq.write_table(pa.table(columns), path)
        return path
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _mutate(path: Path, columns: Columns, draw: Random) -> str:
    if not path.is_file() or path.is_symlink():
        return "no file is left"
    if path.suffix == ".parquet" and draw.random() < 0.6:
        name = draw.choice(list(columns))
        kind, values_ = typed_columns.any_column(draw, columns[name])
        more = {typed_columns.odd_name(draw): values_} if draw.random() < 0.3 else {name: values_}
        pq.write_table(pa.table({**columns, **more}), path)
        return f"{path.name}: {name} of type {kind}"
    if draw.random() < 0.9:
        content, how = contents.mutate(path.read_bytes(), path.suffix, draw)
        path.write_bytes(content)
        return f"{path.name}: {how}"
    return trees.mutate(path.parent, draw, 0, path.name)


def make_runs(case: Case) -> list[Step]:
    """A folder of a run that is damaged, reported, compared, and resumed."""
    draw = case.draw
    task, protocol = draw.choice(HOW)
    folder = Path(shutil.copytree(case.base / "runs" / f"{task}-{protocol}", case.folder / "runs"))
    one, other = sorted(folder.iterdir())
    for i, mutation in case.mutations():
        case.done[i] = trees.mutate(one, mutation)
    data = ("--data", case.base / "data")
    page = case.folder / "page.md"
    return [
        Step(argv("bench report", one, other, *data, out=page), ("page.md",)),
        Step(argv("bench compare", other, one, *data)),
        Step(
            argv("bench run", *data, "--task", task, "--protocol", protocol, system="majority", out=one),
            (f"runs/{one.name}",),
        ),
    ]


BENCHMARKING = (
    *SCORING,
    "kazstance._benchmark",
    "kazstance.bench.dataset_tasks",
    "kazstance.models.baselines",
)
PREDICTIONS = Kind(500, prepare, make_predictions, BENCHMARKING)
RUNS = Kind(200, prepare, make_runs, BENCHMARKING)
