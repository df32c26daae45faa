"""python -m benchmarks.counting: counts of large tables beside plain SQL, pandas and Polars, in fresh processes."""

import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from kazstance.output.files import write_file
from kazstance.output.markdown import markdown_table

RESULTS: Final = Path(__file__).parent / "results" / "counting.md"
FILES, ROWS, CLUSTERS, RUNS = 20, 5_000_000, 200_000, 3
KEYS: Final = ("source_id", "target_id", "label_name")
LABELS: Final = "['against', 'neutral', 'favor']"
FRAMES: Final = ("DuckDB", "Polars, lazy", "Arrow", "pandas")


def generate(folder: Path) -> None:
    """Rows in Parquet files: 24 sources, 1,000 targets, three labels, clusters within sources."""
    import duckdb

    for number in range(FILES):
        rows = f"""
            SELECT 's' || (c % 24) AS source_id, 't' || t AS target_id, {LABELS}[l] AS label_name, 'p' || c AS cluster
            FROM (SELECT hash(i) % {CLUSTERS} AS c, hash(i + 1) % 1000 AS t, (1 + hash(i + 2) % 3)::BIGINT AS l
                  FROM range({number * ROWS}, {(number + 1) * ROWS}) AS r(i))"""
        duckdb.sql(f"COPY ({rows}) TO '{folder / f'{number:02}.parquet'}'")


def opened(kind: str, files: str) -> Any:
    """A table of files in the given form."""
    import duckdb
    import polars as pl

    if kind == "DuckDB":
        return duckdb.read_parquet(files)
    if kind == "Polars, lazy":
        return pl.scan_parquet(files)
    table = duckdb.read_parquet(files).to_arrow_table()
    return table.to_pandas() if kind == "pandas" else table


def plain(rows: Any, keys: tuple[str, ...]) -> int:
    """The number of groups, by SQL over any table."""
    known = rows.collect().to_arrow() if hasattr(rows, "collect") else rows
    relation = known if hasattr(known, "aggregate") and hasattr(known, "fetchall") else _relation(known)
    named = ", ".join(keys)
    return len(relation.aggregate(f"{named}, count(*) AS n", named).to_arrow_table())


def _relation(rows: Any) -> Any:
    import duckdb
    import pandas as pd

    return duckdb.from_df(rows) if isinstance(rows, pd.DataFrame) else duckdb.from_arrow(rows)


def work(what: str, kind: str, files: str) -> None:
    """Do one thing, and print its seconds of processor and the peak of memory before and after."""
    from kazstance.comparison.counts import count
    from kazstance.stats.counting import tally

    rows = opened(kind, files)
    clustered = (*KEYS, "cluster")
    ways: dict[str, Callable[[], object]] = {
        "tally": lambda: tally(rows, KEYS),
        "SQL": lambda: plain(rows, KEYS),
        "SQL, clusters": lambda: plain(rows, clustered),
        "count": lambda: count(rows, cluster=None),
        "count, clusters": lambda: count(rows, cluster="cluster"),
        "own": lambda: rows.groupby(list(KEYS)).size() if kind == "pandas" else own(rows, KEYS),
        "own, clusters": lambda: rows.groupby(list(clustered)).size() if kind == "pandas" else own(rows, clustered),
    }
    count([{"source_id": "s", "target_id": "t", "label_name": "favor"}], cluster=None)  # imports are not measured
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, wall = time.process_time(), time.perf_counter()
    ways[what]()
    figures = time.process_time() - started, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([*figures, held / 1024, peak / 1024]))


def own(rows: Any, keys: tuple[str, ...]) -> Any:
    """The same in Polars' own words."""
    import polars as pl

    return rows.group_by(keys).agg(pl.len()).collect(engine="streaming")


def measured(what: str, kind: str, files: str) -> list[float]:
    """Medians over fresh processes: seconds of processor, seconds, MiB with the table open, MiB at the peak."""
    command = [sys.executable, "-m", "benchmarks.counting", what, kind, files]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(RUNS)]
    return [statistics.median(values) for values in zip(*runs, strict=True)]


def line(rows: int, kind: str, what: str, found: list[float], floor: list[float]) -> list[Any]:
    """A line of the table."""
    cpu, wall, held, peak = found
    return [f"{rows:,}", kind, what, f"{cpu:.2f}", f"{wall:.2f}", f"{cpu / floor[0]:.2f}", f"{held:.0f}", f"{peak:.0f}"]


def main() -> None:
    """Measure, print the table, and keep it."""
    lines = []
    with tempfile.TemporaryDirectory() as name:
        generate(Path(name))
        everything, first = f"{name}/*.parquet", f"{name}/00.parquet"
        floor = measured("SQL", "DuckDB", everything)
        lines += [
            line(FILES * ROWS, "DuckDB", what, measured(what, "DuckDB", everything), floor) for what in ("SQL", "tally")
        ]
        for suffix in ("", ", clusters"):
            for kind in FRAMES:
                floor = measured(f"SQL{suffix}", kind, first)
                lines.append(line(ROWS, kind, f"SQL{suffix}", floor, floor))
                if kind in ("pandas", "Polars, lazy"):
                    lines.append(line(ROWS, kind, f"own{suffix}", measured(f"own{suffix}", kind, first), floor))
                lines.append(line(ROWS, kind, f"count{suffix}", measured(f"count{suffix}", kind, first), floor))
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "pandas", "pyarrow", "narwhals"))
    page = [
        "# Counts of large tables",
        f"`python -m benchmarks.counting`: 24 sources, 1,000 targets, 3 labels, {CLUSTERS:,} clusters; medians of "
        f"{RUNS} fresh processes, with the table open before the clock starts. *SQL* is the plain GROUP BY of DuckDB "
        "over the same table, *own* that of pandas or Polars, *count* what all comparisons start from; with clusters, "
        f"all group by the cluster too. Python {platform.python_version()}, {versions}.",
        markdown_table(
            ["rows", "table", "what", "s of processor", "s", "times SQL", "MiB before", "MiB at most"], lines
        ),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    write_file(text.encode(), RESULTS)


if __name__ == "__main__":
    work(*sys.argv[1:]) if sys.argv[1:] else main()
