"""The shortcuts that are run beside a system: their results, kept by a digest of all that they depend on."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from kazstance.bench.answers import Answer, ask
from kazstance.bench.evaluate import evaluate, headline_value
from kazstance.bench.held_out import AGAIN, drawn, held_out
from kazstance.bench.record import Run
from kazstance.bench.result import Result, with_lift
from kazstance.bench.result_file import from_bytes, to_bytes
from kazstance.bench.systems import System
from kazstance.bench.tasks import Task, TrainTest
from kazstance.errors import KazstanceError
from kazstance.input.files import read_regular
from kazstance.output.files import write_file

FORMAT: Final = 1
"""The version of the files of a cache."""


@dataclass(frozen=True)
class Panel:
    """The shortcuts that are run beside a system."""

    systems: tuple[System, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Shortcuts that do not suit the rows, and why."""
    is_held_out: bool = False
    """Whether the best is chosen on held-out training rows; otherwise, on the test rows."""
    cache: Path | None = None
    """A folder that keeps results of shortcuts."""

    def beside(self, result: Result, task: Task, say: Callable[[str], None]) -> Result:
        """A result with those of the shortcuts, and its lift; beside a shortcut, no others are run.

        Args:
            result: the result of a system.
            task: its task.
            say: called with a line for each shortcut that fails or is left out, and if some come from the cache.
        """
        if result.is_shortcut:
            same = [system for system in self.systems if system.name == result.system]
            scored = [_held_out_value(system, task) for system in same if self.is_held_out]
            result = replace(result, held_out=scored[0] if scored else None)
            return with_lift(result, [])
        found, failed = self.results(task, say)
        beside = tuple(with_lift(shortcut, found) for shortcut in found)
        return with_lift(replace(result, shortcuts=beside, failed=failed, left_out=dict(self.left_out)), found)

    def results(self, task: Task, say: Callable[[str], None]) -> tuple[list[Result], dict[str, str]]:
        """The results of the shortcuts on a task, and why those without a result failed."""
        found, failed, kept = [], {}, 0
        for system in self.systems:
            try:
                result, is_kept = _result(system, task, self.cache, is_held_out=self.is_held_out)
            except KazstanceError as error:
                failed[system.name] = str(error)
                say(f"{system.name} failed: {error}")
            else:
                found.append(result)
                kept += is_kept
        if kept:
            say(f"{kept} of {len(self.systems)} shortcuts are taken from the cache {self.cache}")
        for name, why in self.left_out.items():
            say(f"{name} is left out: {why}")
        return found, failed


def _result(system: System, task: Task, cache: Path | None, *, is_held_out: bool) -> tuple[Result, bool]:
    """The result of a shortcut, and whether it comes from the cache, where it is kept otherwise."""
    if cache is None:
        return _brief(system, task, is_held_out=is_held_out), False
    digest = _digest(system, task, is_held_out=is_held_out)
    file = cache / f"{digest}.json"
    if (kept := _kept(file, digest)) is not None:
        return kept, True
    result = _brief(system, task, is_held_out=is_held_out)
    content = to_bytes(result)
    header = {"kazstance_shortcut": FORMAT, "of": digest, "sha256": hashlib.sha256(content).hexdigest()}
    write_file(json.dumps(header).encode() + b"\n" + content, file)
    return result, False


def _kept(file: Path, digest: str) -> Result | None:
    """The result in a file of the cache; None if there is none, or the file is damaged or of something else."""
    try:
        header, _, content = read_regular(file).partition(b"\n")
        expected = {"kazstance_shortcut": FORMAT, "of": digest, "sha256": hashlib.sha256(content).hexdigest()}
        return from_bytes(content, file) if json.loads(header) == expected else None
    except (OSError, ValueError, KazstanceError):
        return None


def _digest(system: System, task: Task, *, is_held_out: bool) -> str:
    """SHA-256 of all that the result of a shortcut depends on: data, code, versions of packages, and the question."""
    facts = {
        "format": FORMAT,
        "run": vars(_run(system, task)),
        "rows": task.rows,
        "strata": {name: list(fields) for name, fields in task.kind.strata.items()},
        "has_clusters": task.has_clusters,
        "is_held_out": is_held_out,
        "system": system.identify().model_dump(),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def _run(system: System, task: Task) -> Run:
    return Run(system.name, task.name, task.protocol, dict(task.data), None, task.spelling)


@lru_cache(maxsize=32)
def _brief(system: System, task: Task, *, is_held_out: bool) -> Result:
    """The scores of a shortcut, without breakdowns and probes, computed once for all runs of one benchmark."""
    answers = _answers(system, task, task.folds)
    result = evaluate(task, _run(system, task), answers, in_full=False)
    return replace(result, held_out=_held_out_value(system, task)) if is_held_out else result


def _answers(system: System, task: Task, folds: Sequence[TrainTest]) -> dict[str, dict[str, Answer]]:
    answers = {}
    for fold in folds:
        given = ask(system.predict, fold.train, fold.test, task.labels, system.name)
        answers[fold.name] = {item.item_id: one for item, one in zip(fold.test, given, strict=True)}
    return answers


def _held_out_value(system: System, task: Task) -> float | None:
    """The headline of a system on held-out training rows, without any test row; None if it is undefined.

    Settings are chosen on another draw from the rows that it is trained on, never on the rows held out.
    """
    folds = tuple(
        TrainTest(f"{fold.name}~{number}", tuple(drawn(fitting, AGAIN)), tuple(rows))
        for fold in task.folds
        for number, (fitting, rows) in enumerate(held_out(fold.train))
    )
    if not folds:
        return None
    inner = replace(task, folds=folds, probes=(), votes={})
    return headline_value(inner, _answers(system, inner, folds))
