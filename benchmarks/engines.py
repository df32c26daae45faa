"""python -m benchmarks.engines: counts and scores of one table in every engine, beside SQL as the floor.

Each cell is a process of its own. Dask and PySpark are measured where they are installed, as `nox -s engines` does it.
"""

import platform
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.timing import keep, process
from kazstance.metrics import LABELS
from kazstance.output.markdown import markdown_table

ROWS, FILES, SOURCES, TARGETS, CLUSTERS = 4_000_000, 4, 24, 35, 50_000
SQL: Final = "SQL of DuckDB"
ENGINES: Final = {
    SQL: "duckdb",
    "DuckDB": "duckdb",
    "Polars, scanned": "polars",
    "Polars": "polars",
    "Arrow": "pyarrow",
    "pandas": "pandas",
    "Dask": "dask",
    "PySpark": "pyspark",
}
TASKS: Final = ("open", "tally", "count", "score")
QUERIES: Final = {
    "open": "select count(*) from rows",
    "tally": "select source, target, label, count(*) from rows group by all",
    "count": "select source, cluster, target, label, count(*) from rows group by all",
    "score": "select target, label, guess, count(*) from rows group by all",
}


def make(folder: Path) -> None:
    """Write the table as Parquet files."""
    rng = np.random.default_rng(1)
    for part in range(FILES):
        n = ROWS // FILES
        cluster = rng.integers(0, CLUSTERS, n)
        names = {"source": cluster % SOURCES, "target": rng.integers(0, TARGETS, n), "cluster": cluster}
        columns = {name: pa.array([f"{name}_{i}" for i in values]) for name, values in names.items()}
        for name in ("label", "guess"):
            columns[name] = pa.DictionaryArray.from_arrays(rng.integers(0, 3, n), list(LABELS)).cast(pa.string())
        pq.write_table(pa.table(columns), folder / f"{part}.parquet")


def opened(engine: str, folder: str) -> Any:
    """The table in an engine."""
    import duckdb

    if engine == "DuckDB":
        return duckdb.read_parquet(f"{folder}/*.parquet")
    if engine == "Dask":
        import dask.dataframe as dd

        return dd.read_parquet(folder)
    if engine == "PySpark":
        from pyspark.sql import SparkSession

        session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
        session.sparkContext.setLogLevel("FATAL")
        return session.read.parquet(folder)
    if engine.startswith("Polars"):
        import polars

        scanned = polars.scan_parquet(f"{folder}/*.parquet")
        return scanned if engine != "Polars" else scanned.collect()
    table = pq.read_table(folder)
    return table.to_pandas() if engine == "pandas" else table


def run(engine: str, task: str, folder: str) -> None:
    """One task in one engine."""
    if engine == SQL:
        import duckdb

        duckdb.read_parquet(f"{folder}/*.parquet").create_view("rows")
        duckdb.execute(QUERIES[task]).fetchall()
        return
    from kazstance.comparison.counts import count
    from kazstance.input.frames import as_frame
    from kazstance.stats.confusion import confusion
    from kazstance.stats.counting import tally

    rows: Any = as_frame(opened(engine, folder))
    columns = {"source": "source", "target": "target", "label": "label", "cluster": "cluster"}
    ways: dict[str, Callable[[], object]] = {
        "open": lambda: tally(rows.head(1), ["source"]),
        "tally": lambda: tally(rows, ["source", "target", "label"]),
        "count": lambda: count(rows, **columns),  # type: ignore[arg-type]
        "score": lambda: confusion(rows, "label", "guess", strata=["target"], labels=LABELS),
    }
    ways[task]()
    if engine == "PySpark":
        _end_java()


def _end_java() -> None:
    """Wait for the end of Spark's Java process, whose time would not be counted otherwise."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    SparkContext._active_spark_context.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def cells(engine: str, folder: str) -> list[str]:
    """The CPU seconds and the memory of each task in an engine, or that it is not installed."""
    try:
        version(ENGINES[engine])
    except PackageNotFoundError:
        return ["not installed"] * len(TASKS)
    found = []
    for task in TASKS:
        program = "import sys; from benchmarks.engines import run; run(*sys.argv[1:])"
        seconds, peak = process(program, engine, task, folder)
        found.append(f"{seconds:.1f} s, {peak:.0f} MiB")
    return found


def main() -> None:
    """Measure, print the table, and keep it."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        rows = [[engine, *cells(engine, folder)] for engine in ENGINES]
    there = []
    for package in dict.fromkeys(ENGINES.values()):
        try:
            there.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            print(f"{package} is not installed", file=sys.stderr)
    page = [
        "# Engines side by side",
        f"`python -m benchmarks.engines`: {ROWS:,} rows in {FILES} Parquet files, {SOURCES} sources, {TARGETS} "
        f"targets, {CLUSTERS:,} clusters. CPU seconds and peak memory of a process, its start and imports included; "
        "`open` is the start, the imports and the first row. Of PySpark, the memory is that of the largest process. "
        f"Python {platform.python_version()}, {', '.join(there)}.",
        markdown_table(["engine", *TASKS], rows),
    ]
    keep("engines", page)


if __name__ == "__main__":
    main()
