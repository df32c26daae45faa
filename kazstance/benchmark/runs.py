"""Runs: a system on a task under a protocol, fold by fold, in a folder from which it can be resumed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from kazstance import dataset
from kazstance.benchmark import family as families
from kazstance.benchmark.answers import Answer, ask, to_lines
from kazstance.benchmark.finished import Job, Run, evaluate, gather, jobs_of
from kazstance.benchmark.folder import PROBES, SCORES, Existing, RunFolder, date, now, open_folder
from kazstance.benchmark.identity import SystemIdentity, identity_of_predictions, rows_digest
from kazstance.benchmark.probes import ASKED, check_asked, probe_rows, probes_of
from kazstance.benchmark.protocols import TrainTest, folds
from kazstance.benchmark.record import Record
from kazstance.benchmark.shortcuts import Predict
from kazstance.benchmark.systems import find_system, identify
from kazstance.benchmark.tasks import Item, get_task, items
from kazstance.input.spelling import Spelling, named
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import echo
from kazstance.predictions import Predicted, predicted_labels
from kazstance.stats.scores import Score

Progress = Callable[[str], None]
Track = Callable[[Sequence[Job]], Iterable[Job]]


def run(
    system: str,
    task_name: str,
    protocol: str,
    out: Path,
    *,
    with_probes: bool = False,
    family: str | None = None,
    existing: Existing = "refuse",
    data: Path = dataset.SHIPPED,
    say: Progress = echo,
    track: Track = iter,
) -> list[Score]:
    """Run a system, and write predictions, scores and what they follow from into a folder.

    An unfinished run of the same system, rows and versions is resumed: its folds are kept. For probes the system is
    trained once more on each fold and answers to the masks and mirrors of its rows; what it answered before is kept.

    Args:
        system: a name or an import path, see `find_system`.
        task_name: the task.
        protocol: the protocol.
        out: the folder of the run.
        with_probes: ask for probes too (task stance).
        family: the family of the model that is scored; a warning is said where it is that of the labels.
        existing: what to do where the folder holds a finished run: `refuse`, run `again`, or `reuse` it.
        data: the dataset.
        say: is told of each fold, and of what is kept.
        track: is given what is to be done, and gives it back one by one; for progress bars.

    Raises:
        FinishedRunError: the folder holds a finished run, and `existing` is `refuse`; or it cannot be reused.
        KazstanceError: the folder is of another run, or the system fails; finished folds are kept.
    """
    task = get_task(task_name)
    predict = find_system(system, task.labels)
    this = Run(system, task_name, protocol, dataset.manifest(data=data).digest, family)
    parts = list(folds(protocol, items(task, data=data), data=data))
    probes = probe_rows(data=data)
    if with_probes:
        check_asked(task_name, probes)
    jobs = jobs_of(parts, probes if with_probes else ())
    wanted = _record(this, parts, identify(system), data)
    folder = open_folder(Path(out), wanted, [job.file for job in jobs], existing, say)
    _warn(this, parts, data, say)
    if folder.reused is None:
        for number, job in enumerate(track(jobs), 1):
            kept = _ask(folder, predict, job)
            say(f"{system} · {task_name} · {protocol}: {number} of {len(jobs)}, {job.what}{kept}")
    return _finish(folder, parts, data)


def _ask(folder: RunFolder[Run], predict: Predict, job: Job) -> str:
    """Ask a system, unless the folder has its answers already; then say so."""
    if folder.has(job.file):
        return f" (kept, from {date(folder.record.begun)})"
    labels = get_task(folder.record.run.task).labels
    answers = ask(predict, job.part.train, job.part.test, labels, f"{folder.record.run.system}: fold {job.part.name}")
    folder.add(job.file, to_lines(job.part.test, answers, labels))
    return ""


def bring(
    predictions: Path,
    name: str,
    task_name: str,
    protocol: str,
    out: Path,
    *,
    with_probes: bool = False,
    family: str | None = None,
    spelling: Spelling | None = None,
    ignored: Sequence[str] = (),
    existing: Existing = "refuse",
    data: Path = dataset.SHIPPED,
    say: Progress = echo,
) -> list[Score]:
    """A run from a file of predictions: `item_id` and `label`, or `p_<label>` for each label, a row for each item.

    Rows of the probes mask and mirror may stand in it too, by their `probe_id`: all of a probe or none. Labels are
    spelled by their names, or as `spelling` says. Columns that the file shares with the task, as text or target, have
    to agree but for those `ignored`. The run appears whole or not at all.

    Raises:
        InputError: rows that are missing, doubled or unknown, or labels that are none; all are named.
        FinishedRunError: the folder holds a finished run, and `existing` is `refuse`; or it cannot be reused.
        KazstanceError: the folder is of another run, or the file cannot be read.
    """
    task = get_task(task_name)
    spelled = spelling or named(task.labels)
    this = Run(name, task_name, protocol, dataset.manifest(data=data).digest, family, spelled.name)
    parts = list(folds(protocol, items(task, data=data), data=data))
    probes = probes_of(task_name, data=data)
    if with_probes:
        check_asked(task_name, probes)
    jobs = jobs_of(parts, probes)
    ids = [item.item_id for job in jobs for item in job.part.test]
    asked = [[name for name in ids if name.startswith(f"{kind}:")] for kind in ASKED]
    known = _known(item for job in jobs for item in job.part.test)
    optional = () if with_probes else asked
    given = predicted_labels(
        Path(predictions), known, task.labels, optional, spelling=spelled, ignored=ignored, say=say
    )
    wanted = _record(this, parts, identity_of_predictions(Path(predictions)), data)
    contents = {job.file: _lines(given, job.part.test, task.labels) for job in jobs}
    files = {name: content for name, content in contents.items() if content}
    folder = open_folder(Path(out), wanted, list(files), existing, say, at_once=True)
    _warn(this, parts, data, say)
    if folder.reused is None:
        for file, content in files.items():
            folder.add(file, content)
    return _finish(folder, parts, data)


def _lines(given: Predicted, asked: Sequence[Item], labels: Sequence[str]) -> bytes:
    """The lines of those items that a file of predictions has; nothing where it has none of them."""
    there = [item for item in asked if item.item_id in given.labels]
    return to_lines(there, [_given(given, item) for item in there], labels) if there else b""


def _known(asked: Iterable[Item]) -> pa.Table:
    """What a file of predictions may repeat of the rows of a task, by the names of the dataset's own columns too."""
    rows = []
    for item in asked:
        row = {name: value for name, value in asdict(item).items() if name != "label"}
        pair = {"text_a": item.text, "source_a": item.source_id} if item.text_b else {}
        rows.append(row | {"paragraph_id": min(item.sentences).rpartition("/")[0]} | pair)
    return pa.Table.from_pylist(rows)


def _given(found: Predicted, item: Item) -> Answer:
    """The answer to an item in a file of predictions."""
    name = item.item_id
    return Answer(found.labels[name], found.probabilities[name] if found.probabilities else None)


def _record(this: Run, parts: Sequence[TrainTest], system: SystemIdentity, data: Path) -> Record[Run]:
    """What the run that is asked for would be of."""
    task = get_task(this.task)
    probes = probes_of(this.task, data=data)
    return Record[Run](run=this, rows=rows_digest(task, parts, probes), system=system, begun=now())


def _warn(this: Run, parts: Sequence[TrainTest], data: Path, say: Progress) -> None:
    """Say how many copies are left out of training, and warn where the labels are of the system's family."""
    if dropped := sum(part.dropped for part in parts):
        say(f"{dropped} training rows are left out, since their sentences copy tested ones")
    if warning := families.warning(this.family, data=data):
        say(warning)


def _finish(folder: RunFolder[Run], parts: Sequence[TrainTest], data: Path) -> list[Score]:
    """Score all folds, and write the scores, those of parts and of probes; a run that is reused stays as it is."""
    found = gather(folder.record, parts, folder.place, data)
    scores = evaluate(found.run, found.task, found.strata) + found.soft
    if folder.reused is None:
        lists = {"scores": [one.as_row() for one in scores], "parts": [part.as_row() for part in found.by_part]}
        write_file(to_json({"warning": found.warning} | lists).encode(), folder.place / SCORES)
        if found.probes:
            write_file(to_json([probe.as_row() for probe in found.probes]).encode(), folder.place / PROBES)
        folder.finish()
    return scores
