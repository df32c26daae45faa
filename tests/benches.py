"""Runs on tasks of a dataset, as tests need them: with no shortcuts beside them, and nothing said."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import kazstance
from kazstance import Benchmark, Result
from kazstance.bench.answers import Answer, from_lines
from kazstance.bench.dataset_tasks import items, probes, read_results
from kazstance.bench.report import side_by_side
from kazstance.bench.tasks import AnswerColumns, Item, get_task
from kazstance.dataset import SHIPPED


def quiet(_):
    """Say nothing."""


@cache
def _opened(data: Path, _digest: str) -> kazstance.Dataset:
    return kazstance.open(data)


@cache
def _bench(dataset: kazstance.Dataset, task: str, protocol: str) -> Benchmark:
    return dataset.bench(task, protocol)


def opened(data: Path = SHIPPED) -> kazstance.Dataset:
    """A dataset, opened once for all tests."""
    return _opened(data, kazstance.manifest(data=data).digest)


def bench(task: str = "stance", protocol: str = "cross_source", data: Path = SHIPPED) -> Benchmark:
    """A task of a dataset."""
    return _bench(opened(data), task, protocol)


def rows_of(task: str = "stance", data: Path = SHIPPED) -> tuple[Item, ...]:
    """All rows of a task."""
    return items(get_task(task), opened(data))


def probe_rows(data: Path = SHIPPED):
    """All items of probes of a dataset."""
    return probes(opened(data))


def run(
    system: Any,
    task: str,
    protocol: str,
    out: Path | None = None,
    *,
    data: Path = SHIPPED,
    say: Callable[[str], None] = quiet,
    shortcuts: bool = False,
    **how: Any,
) -> Result:
    """Run a system, or score predictions."""
    return bench(task, protocol, data).run(system, out, shortcuts=shortcuts, say=say, **how)


def reload(out: Path, *, data: Path = SHIPPED) -> Result:
    """The result of a run on a dataset, from its folder."""

    return read_results([out], opened(data))[0]


def reported(*folders: Path, data: Path = SHIPPED) -> list[Result]:
    """What a report shows of runs."""

    return side_by_side(read_results(folders, opened(data)))


def bring(file: Any, name: str, task: str, protocol: str, out: Path | None = None, **how: Any) -> Result:
    """Score predictions that were made elsewhere."""
    return run(file, task, protocol, out, name=name, **how)


def answers_of(out: Path, task: str = "stance") -> dict[str, dict[str, Answer]]:
    """The answers that the folder of a run keeps, by fold and item."""
    columns = AnswerColumns({label: label for label in get_task(task).labels})
    files = sorted((out / "predictions").iterdir())
    return {file.stem: from_lines(file.read_bytes(), None, columns, str(file)) for file in files}
