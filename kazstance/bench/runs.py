"""Runs: a system on a task, fold by fold, in a folder from which it can be resumed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from kazstance.bench.answers import Answer, ask, from_lines, to_lines
from kazstance.bench.evaluate import evaluate
from kazstance.bench.family import warning
from kazstance.bench.panel import Panel
from kazstance.bench.probes import ASKED, check_asked, probe_items
from kazstance.bench.record import Record, Run
from kazstance.bench.result import Result
from kazstance.bench.result_file import read_result, to_bytes
from kazstance.bench.run_folder import Existing, RunFolder, date, now, open_folder
from kazstance.bench.systems import Predictions, System
from kazstance.bench.tasks import Task, TrainTest
from kazstance.output.terminal import echo
from kazstance.paths import StrPath

PREDICTIONS, ASKED_AGAIN = "predictions", "probes"
"""Folders of a run: the answers of each fold to its rows, and to the masks and mirrors of its rows."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """Something that a system is asked at once; its answers to `fold.test` go into one file."""

    file: str
    fold: TrainTest
    of: str = ""
    """The run that it belongs to."""

    @property
    def what(self) -> str:
        """What is asked."""
        return f"{self.file.partition('/')[0]} of fold {self.fold.name}"

    def __str__(self) -> str:
        """What is asked in which run, for a progress bar."""
        return f"{self.of}: {self.what}"


Track = Callable[[Sequence[Job]], Iterable[Job]]


def jobs_of(task: Task, *, with_probes: bool) -> list[Job]:
    """The jobs of a run: all folds, then the probes of each."""
    jobs = [Job(_file(fold, PREDICTIONS), fold) for fold in task.folds]
    shown = [replace(fold, test=probe_items(fold, task.probes)) for fold in task.folds if with_probes]
    return jobs + [Job(_file(fold, ASKED_AGAIN), fold) for fold in shown if fold.test]


def _file(fold: TrainTest, folder: str) -> str:
    """The file of a fold's answers, by its path in the folder of a run."""
    return f"{folder}/{fold.name.replace('/', '~')}.jsonl"


def run(
    system: System | Predictions,
    task: Task,
    out: StrPath,
    *,
    with_probes: bool = False,
    family: str | None = None,
    existing: Existing = "refuse",
    panel: Panel | None = None,
    say: Progress = echo,
    track: Track = iter,
) -> Result:
    """Run a system, or read predictions, and write answers, scores and what they depend on into a folder.

    An unfinished run of the same system, rows and versions is resumed: its finished folds are kept. For probes the
    system is trained again on each fold. Predictions appear in the folder together or not at all.

    Args:
        system: the system, or its predictions.
        task: the task.
        out: the folder of the run.
        with_probes: whether to run the probes too.
        family: the family of the model that is scored; a warning is printed if it made the labels.
        existing: what to do if the folder holds a finished run: `refuse`, run `again`, or `reuse` it.
        panel: the shortcuts that are run afterwards for comparison; one that fails is noted.
        say: called with a line for each fold, and for anything that is reused.
        track: wraps the jobs and yields them one by one; for progress bars.

    Raises:
        FinishedRunError: the folder holds a finished run, and `existing` is `refuse`; or it cannot be reused.
        KazstanceError: the folder holds another run, or the system fails; finished folds are kept.
    """
    if with_probes:
        check_asked(task)
    wanted, jobs = _record(system, task, family), _jobs(system, task, with_probes=with_probes)
    files, at_once = [job.file for job in jobs], isinstance(system, Predictions)
    folder = open_folder(out, wanted, files, existing, say, at_once=at_once)
    _say_what_to_know(task, family, say)
    if folder.reused:
        return read_result(out, task)
    for number, job in enumerate(track(jobs) if isinstance(system, System) else jobs, 1):
        kept = _answer(system, task, job, folder)
        if isinstance(system, System):
            say(f"{job.of}: {number} of {len(jobs)}, {job.what}{kept}")
    result = (panel or Panel()).beside(_result(task, folder), task, say)
    folder.finish(to_bytes(result))
    return result


def _say_what_to_know(task: Task, family: str | None, say: Progress) -> None:
    """Say which rows are left out, and warn of a family that made the labels."""
    for reason, n in task.left_out.items():
        say(f"{n} {'row is' if n == 1 else 'rows are'} left out because {reason}")
    if dropped := sum(fold.dropped for fold in task.folds):
        say(f"{dropped} training rows are left out because their sentences are copies of tested ones")
    if text := warning(family, task.makers):
        say(text)


def _record(system: System | Predictions, task: Task, family: str | None) -> Record:
    """The description of the requested run."""
    if isinstance(system, Predictions):
        run = Run(
            system.name, task.name, task.protocol, dict(task.data), family, system.spelling, prompts=system.prompts
        )
        return Record(run=run, rows=task.rows, system=system.identity, begun=now())
    run = Run(system.name, task.name, task.protocol, dict(task.data), family, task.spelling, system.is_per_target)
    return Record(run=run, rows=task.rows, system=system.identify(), begun=now())


def _jobs(system: System | Predictions, task: Task, *, with_probes: bool) -> list[Job]:
    """The jobs; for predictions, those that they cover."""
    if isinstance(system, System):
        of = f"{system.name} · {task.name} · {task.protocol}"
        return [replace(job, of=of) for job in jobs_of(task, with_probes=with_probes)]
    jobs = jobs_of(task, with_probes=True)
    return [job for job in jobs if any(item.item_id in system.answers for item in job.fold.test)]


def _answer(system: System | Predictions, task: Task, job: Job, folder: RunFolder) -> str:
    """Save the answers to a job, unless they are already saved; then say so."""
    if folder.has(job.file):
        return f" (kept, from {date(folder.record.begun)})"
    rows = job.fold.test
    if isinstance(system, Predictions):
        rows = tuple(item for item in rows if item.item_id in system.answers)
        answers = [system.answers[item.item_id] for item in rows]
    else:
        answers = ask(system.predict, job.fold.train, rows, task.labels, f"{system.name}: fold {job.fold.name}")
    folder.add(job.file, to_lines(rows, answers, task.columns))
    return ""


def _result(task: Task, folder: RunFolder) -> Result:
    """The scores of the saved answers."""
    answers = {}
    for job in jobs_of(task, with_probes=False):
        content = folder.read(job.file)
        answers[job.fold.name] = from_lines(content, job.fold.test, task.columns, job.file)
    return evaluate(task, folder.record.run, answers, _shown(task, folder))


def _shown(task: Task, folder: RunFolder) -> dict[str, Answer]:
    """The answers to the probes that all folds have answered."""
    jobs = jobs_of(task, with_probes=True)[len(task.folds) :]
    found: dict[str, Answer] = {}
    for job in (job for job in jobs if folder.has(job.file)):
        found |= from_lines(folder.read(job.file), None, task.columns, job.file)
    asked = [item.item_id for job in jobs for item in job.fold.test]
    whole = [kind for kind in ASKED if all(name in found for name in asked if name.startswith(f"{kind}:"))]
    return {name: answer for name, answer in found.items() if name.partition(":")[0] in whole}
