"""The folder of a run: begun, resumed, kept or replaced, so that it never mixes the answers of two runs.

A new run that replaces a finished one is made in a subfolder next to the old files, and takes their place when it is
complete. If the process is killed in between, the next program that opens the folder finishes the job.
"""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Final, Literal, get_args

from kazstance.bench.record import RECORD, Record, Run, is_earlier, read_record, write_record
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.files import read_regular
from kazstance.output.files import write_file
from kazstance.paths import StrPath

SCORES: Final = "scores.json"
EARLIER: Final = ("probes.json", "predictions.jsonl")
"""Files of runs of version 0.3.0 and earlier."""
AGAIN, READY, MOVING = ".kazstance-again", ".kazstance-ready", ".kazstance-moving"
"""Folders of a new run: unfinished; complete, while the old files are removed; and moving into their place."""
SHOWN: Final = 8
"""Number of changes that a message names."""
Existing = Literal["refuse", "again", "reuse"]
"""What to do if the folder holds a finished run: stop, run again, or keep it."""


class FinishedRunError(KazstanceError):
    """The folder holds a finished run; the message says when it finished, and what has changed since."""


@dataclass
class RunFolder:
    """The folder of an unfinished run; `place` holds its files until it is finished."""

    out: Path
    place: Path
    record: Record
    reused: datetime | None = None
    """When the run was finished, if it is reused."""

    def has(self, name: str) -> bool:
        """Whether a file of answers is already part of the run."""
        return name in self.record.answers and (self.place / name).is_file()

    def add(self, name: str, content: bytes) -> None:
        """Write a file of answers, then name it in the record, which makes it part of the run."""
        if not (self.place / RECORD).exists():
            self._write(self.record)
        write_file(content, self.place / name)
        answers = self.record.answers | {name: sha256(content)}
        self._write(self.record.model_copy(update={"answers": answers}))

    def read(self, name: str) -> bytes:
        """A file of answers.

        Raises:
            KazstanceError: it has changed since it was recorded.
        """
        return verified(self.place, name, self.record.answers.get(name))

    def finish(self, scores: bytes) -> None:
        """Write the scores, and record that the run is finished; a new run then replaces the old one."""
        write_file(scores, self.place / SCORES)
        self._write(self.record.model_copy(update={"finished": now(), "scores": sha256(scores)}))
        if self.place != self.out:
            self.place.rename(self.out / READY)
            self.place = self.out
            settle(self.out)

    def _write(self, record: Record) -> None:
        write_record(record, self.place)
        self.record = record


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def now() -> datetime:
    """The time, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def date(found: datetime) -> str:
    """A date as messages show it."""
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def open_folder(
    out: StrPath,
    wanted: Record,
    asked: Sequence[str],
    existing: Existing,
    say: Callable[[str], None],
    *,
    at_once: bool = False,
) -> RunFolder:
    """Begin a run, resume it, or keep a finished one.

    Args:
        out: the folder of the run.
        wanted: the record of the requested run.
        asked: the files of answers that it will have.
        existing: what to do if the folder holds a finished run.
        say: called with a line for what is resumed, reused or not covered by digests.
        at_once: make the run in a subfolder, so that its answers appear together.

    Raises:
        UnknownNameError: `existing` is something else.
        FinishedRunError: the folder holds a finished run, and `existing` is `refuse`; or it cannot be reused.
        KazstanceError: it holds an unfinished run of something else, or files that do not belong to a run.
    """
    out = Path(out)
    if existing not in get_args(Existing):
        raise UnknownNameError(existing, "way to treat an existing run", get_args(Existing))
    is_interrupted = settle(out)
    _check_files(out, asked)
    for what in wanted.system.unseen:
        say(f"note: not part of the run's identity: {what}; a change in it will not be noticed")
    if not (out / RECORD).exists():
        _check_free(out)
        return _begin(out, out / AGAIN if at_once else out, wanted)
    if existing == "again" and is_earlier(out):
        return _begin(out, out / AGAIN, wanted)
    folder = RunFolder(out, out, read_record(out))
    there, whole = folder.record, folder.record.finished and all(map(folder.has, asked))
    if existing == "again":
        return _again(folder, wanted, at_once=at_once)
    if there.finished and (whole or _changes(there, wanted)):
        return _kept(folder, wanted, existing, say, whole=bool(whole), is_interrupted=is_interrupted)
    if changed := _changes(there, wanted):
        raise KazstanceError(
            f"{out} holds another run, begun on {date(there.begun)} and unfinished; different now: {_listed(changed)}; "
            "pass --again to start over, or choose another folder"
        )
    if kept := [name for name in asked if folder.has(name) and folder.read(name)]:
        say(f"resumed: {len(kept)} of {len(asked)} parts are kept from the run begun on {date(there.begun)}")
    return folder


def _check_files(out: Path, asked: Sequence[str]) -> None:
    """Check that a run can write its files, before the system is asked; what is behind a link may be somebody else's.

    Raises:
        KazstanceError: a path is taken by something other than a file, or is a link; all are listed.
    """
    taken = [name for name in (RECORD, SCORES, *asked) if not _is_free(out, name)]
    if taken:
        raise KazstanceError(
            f"{out}: {_listed(taken)}: not a regular file, expected one of a run; remove it, or choose another folder"
        )


def _is_free(out: Path, name: str) -> bool:
    """Whether a file of that name in a folder is a regular file, or could be one."""
    file = out / name
    parts = PurePath(name), *PurePath(name).parents
    is_linked = any((out / part).is_symlink() for part in parts if part != PurePath())
    return not is_linked and (file.is_file() or not file.exists())


def _again(folder: RunFolder, wanted: Record, *, at_once: bool) -> RunFolder:
    """Begin again: next to a finished run or in place of an unfinished one; an earlier such attempt is resumed."""
    if folder.record.finished is None and not at_once:
        write_record(wanted, folder.out)
        _remove(folder.out, folder.record)
        return RunFolder(folder.out, folder.out, wanted)
    place = folder.out / AGAIN
    if not at_once and (place / RECORD).is_file():
        begun = read_record(place)
        if not _changes(begun, wanted):
            return RunFolder(folder.out, place, begun)
    return _begin(folder.out, place, wanted)


def _kept(
    folder: RunFolder,
    wanted: Record,
    existing: Existing,
    say: Callable[[str], None],
    *,
    whole: bool,
    is_interrupted: bool,
) -> RunFolder:
    """A finished run, if it may be kept: also without being asked, if it is this one, interrupted before its end.

    Raises:
        FinishedRunError: it may not.
    """
    there, changed = folder.record, _changes(folder.record, wanted)
    finished = there.finished or there.begun
    if other := _other(there.run, wanted.run) + _other_rows(there, wanted):
        raise FinishedRunError(
            f"{folder.out} holds another run, finished on {date(finished)}; different now: {_listed(other)}; "
            "pass --again to replace it, or choose another folder"
        )
    since = f"changed since: {_listed(changed)}" if changed else "the system and the data are the same"
    if not whole:
        raise FinishedRunError(
            f"{folder.out} holds a run finished on {date(finished)} that lacks part of what is requested now; {since}; "
            "pass --again to run it again"
        )
    if existing == "refuse" and (changed or not is_interrupted):
        raise FinishedRunError(
            f"{folder.out} holds a run finished on {date(finished)}; {since}; "
            "pass --again to run it again, or --reuse to keep it"
        )
    say(f"reused, from {date(finished)}; {since}")
    folder.reused = finished
    return folder


def verified(folder: StrPath, name: str, expected: str | None) -> bytes:
    """A file of a run, if it has not changed since it was recorded.

    Args:
        folder: the folder of the run.
        name: the file, by its path in the folder.
        expected: its SHA-256 in the record; None if the record does not name it.

    Raises:
        KazstanceError: it is missing, not named in the record, or has another digest.
    """
    file = Path(folder) / name
    if expected is None:
        raise KazstanceError(f"{file}: not in {RECORD}; expected a finished run: run it again to resume it")
    try:
        content = read_regular(file)
    except OSError as error:
        raise KazstanceError(f"{file}: {error.strerror}; expected a file of the run") from None
    if (digest := sha256(content)) != expected:
        raise KazstanceError(
            f"{file}: its SHA-256 begins with {digest[:12]}, expected {expected[:12]}, as {RECORD} has it: "
            "it was changed, or belongs to another run; remove it and run again, or pass --again"
        )
    return content


def settle(out: StrPath) -> bool:
    """Finish an interrupted replacement: a complete new run takes the place of the old one.

    Returns:
        Whether there was one.
    """
    out = Path(out)
    is_interrupted = any((out / name).is_dir() for name in (READY, MOVING))
    if (out / READY).is_dir():
        for name in _ours(out):
            (out / name).unlink(missing_ok=True)
        (out / READY).rename(out / MOVING)
    if (out / MOVING).is_dir():
        files = [file for file in (out / MOVING).rglob("*") if file.is_file()]
        for file in sorted(files, key=lambda file: file.name == RECORD):
            target = out / file.relative_to(out / MOVING)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
        shutil.rmtree(out / MOVING)
        _prune(out)
    return is_interrupted


def _begin(out: Path, place: Path, wanted: Record) -> RunFolder:
    """A new run, of which nothing is written before it has answers."""
    if place != out:
        shutil.rmtree(place, ignore_errors=True)
    return RunFolder(out, place, wanted)


def _check_free(out: Path) -> None:
    """Check that a folder without a record has no files that a run would overwrite."""
    taken = [name for name in (SCORES, "predictions", "probes", *EARLIER) if (out / name).exists()]
    if out.exists() and not out.is_dir():
        raise KazstanceError(f"{out}: not a folder; expected a new folder, or that of a run")
    if taken:
        raise KazstanceError(f"{out} has {', '.join(taken)} but no {RECORD}; expected a new folder, or that of a run")


def _ours(out: Path) -> list[str]:
    """The files of the run in a folder, the record last."""
    if is_earlier(out):
        names = [*EARLIER, *(file.relative_to(out).as_posix() for file in out.glob("pr*/*.jsonl"))]
    else:
        names = list(read_record(out).answers) if (out / RECORD).exists() else []
    return [*names, SCORES, RECORD]


def _remove(out: Path, record: Record) -> None:
    """Remove the answers and scores of a run whose record is no longer there."""
    for name in (*record.answers, SCORES):
        (out / name).unlink(missing_ok=True)
    _prune(out)


def _prune(out: Path) -> None:
    for folder in (out / "predictions", out / "probes"):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _other(there: Run, wanted: Run) -> list[str]:
    """How the descriptions of two runs differ."""
    old, new = _question(there), _question(wanted)
    pairs = ((name, old.get(name), new.get(name)) for name in {**old, **new})
    return [f"{name} {_short(one)}, now {_short(other)}" for name, one, other in pairs if one != other]


def _question(run: Run) -> dict[str, object]:
    return {name: value for name, value in vars(run).items() if name != "data"} | run.data


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:36]}…"  # noqa: PLR2004


def _changes(there: Record, wanted: Record) -> list[str]:
    """Everything that could make the answers of two runs differ."""
    found = _other(there.run, wanted.run)
    for kind, old, new in (
        ("code of ", there.system.code, wanted.system.code),
        ("", there.system.state, wanted.system.state),
    ):
        found += [f"{kind}{name}" for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    old, new = there.system.environment, wanted.system.environment
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            found.append(f"{name} {old.get(name, 'not installed')}, now {new.get(name, 'not installed')}")
    return found + _other_rows(there, wanted)


def _other_rows(there: Record, wanted: Record) -> list[str]:
    return ["the rows of the task"] if there.rows != wanted.rows else []


def _listed(changed: Sequence[str]) -> str:
    more = f", and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
    return ", ".join(changed[:SHOWN]) + more
