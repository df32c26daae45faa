"""Changes to a corpus folder: all files of a change or none of them, and only if the folder can still be read."""

import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from kazstance.corpus.documents import SUMS
from kazstance.corpus.folder import Folder
from kazstance.corpus.read import read
from kazstance.errors import CorpusWarning, InputError, KazstanceError, Problem
from kazstance.output.files import put_file
from kazstance.output.staging import destination, staging
from kazstance.paths import StrPath

SUM: Final = re.compile(r"[0-9a-f]{64} [ *](?P<name>.+)")


@contextmanager
def editing(corpus: StrPath) -> Iterator["Edit"]:
    """Hold a corpus folder, and write what was put into the edit, if nothing was raised and the folder stays readable.

    Raises:
        InputError: the corpus would have problems that it does not have now; nothing is written.
        KazstanceError: there is no such folder, another process is writing to it, or the system refuses.
    """
    root = Path(corpus)
    if not root.is_dir():
        raise KazstanceError(f"{root} is not a folder; expected a corpus folder, as `kazstance new` makes it")
    with staging(destination(root), within=True) as place:
        edit = Edit(root)
        yield edit
        edit.check()
        _write_all(root, edit.new | dict.fromkeys(edit.dropped), place)


class Edit:
    """The new content of files in a corpus folder, by name; other files keep theirs."""

    def __init__(self, root: StrPath) -> None:
        self.root = Path(root)
        self.new: dict[str, bytes] = {}
        self.dropped: set[str] = set()
        """Files that will be deleted."""
        self.awaited: set[str] = set()
        """Texts of new sources that are still to be added."""

    def text(self, name: str) -> str:
        """The text of a file as it will be, without a byte-order mark; empty if there is no such file.

        Raises:
            InputError: it cannot be read, or is not in UTF-8.
        """
        folder = Folder(self.root, self.new)
        found = (folder.read_text(name) or "") if folder.exists(name) else ""
        if folder.problems:
            raise InputError(folder.problems)
        return found

    def put(self, name: str, content: bytes) -> None:
        """Set the content that a file will have.

        Args:
            name: the file, by its name in the folder.
            content: its content.
        """
        self.new[name] = content
        self.dropped.discard(name)

    def drop(self, name: str) -> None:
        """Delete a file that nothing in the folder needs.

        Args:
            name: the file, by its name in the folder.
        """
        self.new.pop(name, None)
        self.dropped.add(name)

    def put_text(self, name: str, content: bytes) -> None:
        """The same for a text, whose digest is recorded in SHA256SUMS.

        Args:
            name: the file, by its name in the folder.
            content: its content.
        """
        self.put(name, content)
        digest = hashlib.sha256(content).hexdigest()
        kept = [row for row in self.text(SUMS).splitlines() if not (it := SUM.fullmatch(row)) or it["name"] != name]
        self.put(SUMS, "".join(f"{row}\n" for row in sorted([*kept, f"{digest}  {name}"], key=_named)).encode())

    def append(self, name: str, key: str, entry: Mapping[str, Any]) -> None:
        """Append an entry to an array of tables, such as a source; everything else in the file stays as it is.

        Args:
            name: the TOML file, by its name in the folder.
            key: the name of the array.
            entry: the fields of the entry; those without a value are left out.

        Raises:
            KazstanceError: an entry cannot be added to the file as it is.
        """
        given = {field: value for field, value in entry.items() if value is not None}
        self.put(name, encoded(with_entry(self.text(name), key, given, name), name))

    def remove(self, name: str, key: str, entry_id: str) -> None:
        """Remove an entry from an array of tables; everything else in the file stays as it is.

        Args:
            name: the TOML file, by its name in the folder.
            key: the name of the array.
            entry_id: the id of the entry.

        Raises:
            KazstanceError: the file cannot be changed as it is.
        """
        self.put(name, encoded(without_entry(self.text(name), key, entry_id, name), name))

    def check(self) -> None:
        """Check that the folder will have no problem that it did not have before.

        Raises:
            InputError: it would.
        """
        after = {name: content for name, content in self.new.items() if name not in self.dropped}
        new = list(_problems(self.root, after | dict.fromkeys(self.dropped, b"")))
        new = _more_than(new, list(_problems(self.root, {}))) if new else []
        for name in self.awaited:
            new = [one for one in new if f"{name} is missing" not in one.message and one.field != name]
        if new:
            raise InputError(new)


def with_entry(text: str, key: str, entry: Mapping[str, Any], file: str) -> str:
    """TOML with one more entry in an array, in the form that it already has: an array of tables, or an inline array.

    Args:
        text: the TOML.
        key: the name of the array.
        entry: the fields of the entry.
        file: the file, for messages.

    Raises:
        KazstanceError: the array cannot be added to.
    """
    between = "\n" if text.endswith("\n") else "\n\n" if text else ""
    try:
        document = tomlkit.parse(text + between)
        there = document.get(key)
        if isinstance(there, Array):
            inline = tomlkit.inline_table()
            inline.update(entry)
            there.append(inline)
        elif there is not None:
            there.append(tomlkit.item(entry))
        else:
            document.append(key, tomlkit.item([entry]))
        return tomlkit.dumps(document)
    except (TOMLKitError, AttributeError, TypeError) as error:
        raise KazstanceError(f"{file}: {error}; expected a file to which a [[{key}]] can be added") from None


def without_entry(text: str, key: str, entry_id: str, file: str) -> str:
    """TOML without one of the entries of an array; without any, also without the array.

    Args:
        text: the TOML.
        key: the name of the array.
        entry_id: the id of the entry.
        file: the file, for messages.

    Raises:
        KazstanceError: the entry cannot be removed.
    """
    try:
        document = tomlkit.parse(text)
        there: Any = document.get(key, [])
        at = next(i for i, entry in enumerate(there) if entry.get("id") == entry_id)
        is_last = at == len(there) - 1
        del there[at]
        if not there:
            del document[key]
        left = tomlkit.dumps(document)
    except (TOMLKitError, AttributeError, TypeError, StopIteration) as error:
        raise KazstanceError(f"{file}: {error}; expected a file with {entry_id!r} under [[{key}]]") from None
    return left.rstrip() + "\n" * bool(left.strip()) if is_last else left


def encoded(text: str, file: str) -> bytes:
    """Text as UTF-8.

    Raises:
        KazstanceError: it cannot be encoded, such as a byte of a command line in another encoding.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        shown = text[max(error.start - 20, 0) : error.end]
        raise KazstanceError(f"{file}: {shown!r} cannot be written as UTF-8") from None


def _problems(root: Path, new: Mapping[str, bytes]) -> Iterator[Problem]:
    """The problems of a corpus folder as it will be, without their lines, which a change may move."""
    try:
        with warnings.catch_warnings(action="ignore", category=CorpusWarning):
            read(root, new)
    except InputError as error:
        yield from (replace(problem, line=None) for problem in error.problems)


def _more_than(new: Sequence[Problem], before: Sequence[Problem]) -> list[Problem]:
    """The problems of files and fields that have more of them than before.

    A message may change though its problem stays, such as one that lists the valid names.
    """
    counts = Counter((problem.file, problem.field) for problem in new)
    counts.subtract((problem.file, problem.field) for problem in before)
    known = frozenset(before)
    return [problem for problem in new if counts[problem.file, problem.field] > 0 and problem not in known]


def _named(row: str) -> str:
    """The file that a line of SHA256SUMS names, by which its lines are sorted."""
    found = SUM.fullmatch(row)
    return found["name"] if found else row


def _write_all(root: Path, new: Mapping[str, bytes | None], place: Path) -> None:
    """Write and delete files one after another; if that fails for one of them, put back the others.

    New files come first, and files that are deleted last: what lists a file is never there without it, whenever the
    process is killed.
    """

    def order(name: str) -> int:
        return 2 if new[name] is None else int((root / name).exists())

    with ExitStack() as undoing:
        for name in sorted(new, key=order):
            _write(root, name, new[name], place, undoing)
        undoing.pop_all()


def _write(root: Path, name: str, content: bytes | None, place: Path, undoing: ExitStack) -> None:
    """Write a file, or delete it, and note how to undo that."""
    file = root / name
    if not destination(file).is_relative_to(destination(root)):
        raise KazstanceError(f"{file} leads out of the corpus folder, expected a file inside it; remove the link")
    there = file.read_bytes() if file.is_file() else None
    if there == content:
        return
    if content is None:
        file.unlink()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        put_file(content, file, place)
    undoing.callback(file.unlink) if there is None else undoing.callback(put_file, there, file, place)
