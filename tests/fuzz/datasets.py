"""Datasets: the small one, built and then damaged, read by every command that reads a dataset."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq

from tests.commands import argv
from tests.fuzz import corpora, trees, typed_columns
from tests.fuzz.cases import Case, Kind, Random, Step
from tests.fuzz.oracle import snapshot
from tests.fuzz.runs import BENCHMARKING

READING = (
    "info",
    "show",
    "agreement",
    "cite",
    "license",
    "compare",
    "compare contrast",
    "compare disagreements",
    "compare distances",
    "compare wording",
    "drift",
    "verify",
)


def make(case: Case) -> list[Step]:
    """A damaged dataset, and all commands that read one; `verify` has to find what was done to it."""
    data, whole = case.folder / "data", case.folder / "whole"
    shutil.copytree(case.base / "data", data)
    shutil.copytree(case.base / "data", whole)
    for i, draw in case.mutations(2):
        case.done[i] = _rewrite(case, draw) if draw.random() < 0.25 else trees.mutate(data, draw)
    before, after = snapshot(whole), snapshot(data)
    is_damaged = any(after.get(path) != content for path, content in before.items())
    page, table = case.folder / "page.html", case.folder / "table.csv"
    draw = case.draw
    steps = [
        Step(argv(name, *_more(name, draw), data=data), has_to="fail" if name == "verify" and is_damaged else None)
        for name in READING
    ]
    return [
        *steps,
        Step(argv("why", sentence="dockers/5/2", target="strike", data=data)),
        Step(argv("explore", data=data, out=page), ("page.html",)),
        Step(
            argv(
                "export",
                "--format",
                draw.choice(("csv", "jsonl", "parquet")),
                table=draw.choice(("stances", "grid", "positions", "pairs", "probes", "nothing")),
                data=data,
                out=table,
            ),
            ("table.csv",),
        ),
        Step(argv("diff", old=whole, new=data)),
        Step(argv("diff", "--json", old=data, new=whole)),
        Step(
            argv("bench run", "--data", data, system="majority", out=case.folder / "run-of-majority"),
            ("run-of-majority",),
        ),
    ]


def _more(name: str, draw: Random) -> tuple[str, ...]:
    target = ("toll",) if name in {"compare contrast", "compare wording"} else ()
    return (*target, *draw.choice(((), ("--json",))))


def _rewrite(case: Case, draw: Random) -> str:
    """A table of the dataset with a column left out, added, renamed or of another type, or with other rows."""
    files = sorted((case.folder / "data").rglob("*.parquet"))
    if not files:
        return "no table is left"
    path = draw.choice(files)
    try:
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException, ValueError):
        return "the table cannot be read"
    name = draw.choice(table.column_names)
    i = table.column_names.index(name)
    way = draw.randrange(6)
    if way == 0:
        table = table.drop_columns([name])
    elif way == 1:
        table = table.rename_columns([typed_columns.odd_name(draw) if n == name else n for n in table.column_names])
    elif way == 2:
        table = table.slice(0, draw.choice((0, 1, max(0, len(table) - 1))))
    elif way == 3:
        table = pa.concat_tables([table, table])
    else:
        kind, values = typed_columns.any_column(draw, [str(v) for v in range(len(table))])
        table = table.set_column(i, name, values)
        name = f"{name} of type {kind}"
    pq.write_table(table, path)
    return f"{path.parent.name}/{path.name}: rewritten, {name}, way {way}"


DATASETS = Kind(200, corpora.prepare, make, (*corpora.BUILDING, *BENCHMARKING, "kazstance.publish.changes"))
