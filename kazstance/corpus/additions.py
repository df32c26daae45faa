"""Add sources, texts and targets to a corpus folder."""

import csv
import datetime
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError

from kazstance.corpus.documents import SOURCES
from kazstance.corpus.editing import Edit, editing, encoded
from kazstance.corpus.extraction import Extracted, extract
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import OriginalInput, SourceInput, TargetInput
from kazstance.corpus.listing import SUFFIX, TEXTS, text_name_fault
from kazstance.corpus.read import ORIGINALS, TARGETS
from kazstance.errors import InputError, KazstanceError
from kazstance.paths import StrPath
from kazstance.schema.ids import make_id

UNSTATED: Final = "not stated"
"""The rights in a text of which nothing is known."""


@dataclass(frozen=True)
class Stated:
    """What is stated about a source and its texts, as far as it is known."""

    language: str | None = None
    rights: str | None = None
    title: str | None = None
    speaker: str | None = None
    date: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Added:
    """A text that was added: its id, its file in the corpus folder, and how it was read."""

    document_id: str
    file: str
    characters: int
    text: Extracted


def add_source(corpus: StrPath, name: str, stated: Stated) -> str:
    """Add a source to a corpus folder, whose text may follow; its id is returned.

    Args:
        corpus: the corpus folder.
        name: its id.
        stated: what is known of it; its language may be left out if all others have the same.

    Raises:
        InputError: it cannot be added; nothing is written.
        KazstanceError: there is no such folder, or its language is not known.
    """
    with editing(corpus) as edit:
        _append_source(edit, name, stated)
        edit.awaited.add(f"{TEXTS}/{name}{SUFFIX}")
    return name


def add_target(corpus: StrPath, target: TargetInput) -> str:
    """Add a target to a corpus folder; its id is returned.

    Earlier readings that cover its kind do not cover it: nobody was asked about it.

    Args:
        corpus: the corpus folder.
        target: the target.

    Raises:
        InputError: it cannot be added; nothing is written.
        KazstanceError: there is no such folder.
    """
    with editing(corpus) as edit:
        stated = target.model_dump(exclude_unset=True, mode="json")
        if target.kind and "by_kind" not in stated and _is_covered(Path(corpus), target.kind):
            stated["by_kind"] = False
        edit.append(TARGETS, "target", stated)
    return target.id


def _is_covered(root: Path, kind: str) -> bool:
    """Whether a reading in a corpus folder covers a kind of targets."""
    covers = re.compile(rf'"covered"\s*:\s*\[[^\]]*"{kind}"'.encode())
    for file in (root / "annotations").glob("*.jsonl"):
        with file.open("rb") as lines:
            if any(covers.search(line) for line in lines):
                return True
    return False


def new_target(corpus: StrPath, name: str, target_id: str | None = None, **stated: Any) -> TargetInput:
    """A target for a corpus folder, with an id made from its name unless one is given.

    Args:
        corpus: the corpus folder.
        name: its name.
        target_id: its id.
        stated: its other fields; those without a value are left out.

    Raises:
        InputError: a field is wrong.
    """
    rows = Folder(corpus).read_toml(TARGETS)[0].get("target", [])
    taken = [str(row.get("id")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    given = {"id": target_id or make_id(name, taken), "name": name, **stated}
    folder = Folder(corpus)
    found = folder.entry(TARGETS, 1, {key: value for key, value in given.items() if value is not None}, TargetInput)
    if found is None:
        raise InputError(folder.problems)
    return found.value


def add_texts(
    corpus: StrPath,
    files: Sequence[StrPath],
    stated: Stated,
    *,
    source: str | None = None,
    name: str | None = None,
    encoding: str = "utf-8",
) -> list[Added]:
    """Add texts to a corpus folder, with their digests and where they come from, and new sources as needed.

    A text that is in the folder `texts` already is only recorded, again if it has been changed on purpose.

    Args:
        corpus: the corpus folder.
        files: the texts: .txt, .html, .pdf or .docx.
        stated: what is known of them; for what is left out, what the files say of themselves is taken.
        source: the source of all of them; without one, each is a source, named after its file.
        name: the name of the only text among those of its source; by default, that of its file.
        encoding: the encoding of plain text.

    Raises:
        InputError: the folder would have problems; nothing is written.
        KazstanceError: a text cannot be read, has another text in its place, or its language is not known.
        MissingExtraError: the package that reads it is not installed.
    """
    if name is not None and len(files) > 1:
        raise KazstanceError(f"--name {name!r} with {len(files)} files, expected one")
    texts = [_Text(Path(file), extract(file, encoding), source, name, is_only=len(files) == 1) for file in files]
    with editing(corpus) as edit:
        return [_add_text(edit, text, stated) for text in texts]


@dataclass(frozen=True)
class _Text:
    """A text to add, and what was asked for."""

    file: Path
    found: Extracted
    source: str | None
    name: str | None
    is_only: bool

    def stated(self, given: Stated) -> Stated:
        """What is stated about the text; where nothing is given, what its file says."""
        own = self.found
        return replace(given, title=given.title or own.title, date=given.date or own.date, url=given.url or own.url)


def _add_text(edit: Edit, text: _Text, given: Stated) -> Added:
    """Put a text where it belongs, its source and its document where they are stated, and its origin."""
    document, stated = _place(edit, text), text.stated(given)
    source, _, inside = document.partition("/")
    path = f"{TEXTS}/{document}{SUFFIX}"
    _check_free(edit, path, text)
    if source not in _sources(edit):
        _append_source(edit, source, replace(stated, title=None, date=None, url=None) if inside else stated)
    if inside:
        _append_document(edit, source, inside, stated)
    edit.put_text(path, text.found.content)
    _record(edit, document, text, stated.url)
    return Added(document, path, len(text.found.content.decode()), text.found)


def _place(edit: Edit, text: _Text) -> str:
    """The id of the document that a file becomes."""
    there, file, name = edit.root.resolve() / TEXTS, text.file.resolve(), text.name
    if file.is_relative_to(there) and file.suffix.lower() == SUFFIX:
        if fault := text_name_fault(f"{TEXTS}/{file.relative_to(there).as_posix()}"):
            raise KazstanceError(f"{text.file}: {fault}")
        return file.relative_to(there).as_posix().removesuffix(SUFFIX)
    if (source := text.source) is None:
        added = [path.split("/")[1].removesuffix(SUFFIX) for path in edit.new if path.startswith(f"{TEXTS}/")]
        return make_id(file.stem, added) if name is None else f"{make_id(file.stem)}/{name}"
    own = there / f"{source}{SUFFIX}"
    is_free = own.read_bytes() == text.found.content if own.is_file() else not (there / source).exists()
    if name is None and text.is_only and is_free:
        return source
    added = [path.rpartition("/")[2].removesuffix(SUFFIX) for path in edit.new if path.startswith(f"{TEXTS}/{source}/")]
    return f"{source}/{name or make_id(file.stem, added)}"


def _check_free(edit: Edit, path: str, text: _Text) -> None:
    """Check that a text takes nobody's place.

    Raises:
        KazstanceError: another text is there.
    """
    place = edit.root / path
    is_itself = text.file.resolve() == place.resolve()
    if path in edit.new or (place.exists() and not is_itself and place.read_bytes() != text.found.content):
        raise KazstanceError(f"{path} already holds another text than {text.file}; pass --name or another --source")


def _sources(edit: Edit) -> dict[str, dict[str, Any]]:
    """The sources as stated, by id; of one with an invalid id, nothing."""
    rows = Folder(edit.root, edit.new).read_toml(SOURCES)[0].get("source", [])
    rows = rows if isinstance(rows, list) else []
    return {row["id"]: row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)}


def _append_source(edit: Edit, name: str, stated: Stated) -> None:
    """Add a source; its language may be that of all others."""
    spoken = {str(row.get("language")) for row in _sources(edit).values()}
    language = stated.language or (spoken.pop() if len(spoken) == 1 else None)
    if language is None:
        raise KazstanceError(f"the language of {name!r} is not known; pass --language with a tag such as en or pt-BR")
    entry = {"id": name, **asdict(stated), "language": language, "rights": stated.rights or UNSTATED}
    _check(SOURCES, entry, SourceInput)
    edit.append(SOURCES, "source", entry)


def _append_document(edit: Edit, source: str, name: str, stated: Stated) -> None:
    """State what is known of a document under its source; nothing if it is there, or nothing is known."""
    known = {key: value for key, value in asdict(stated).items() if value is not None and key != "speaker"}
    row = _sources(edit)[source]
    same = {key: value for key, value in known.items() if str(row.get(key)) == value}
    entry = {"name": name, **{key: value for key, value in known.items() if key not in same}}
    if len(entry) == 1 or name in {one.get("name") for one in row.get("document", [])}:
        return
    try:
        table = tomlkit.parse(edit.text(SOURCES))
        (owner,) = (one for one in table["source"] if one["id"] == source)
        stated_document = tomlkit.item(entry)
        stated_document.add(tomlkit.nl())
        owner.setdefault("document", tomlkit.aot()).append(stated_document)
    except (TOMLKitError, AttributeError, TypeError) as error:
        raise KazstanceError(f"{SOURCES}: {error}; expected a file to which a document can be added") from None
    edit.put(SOURCES, encoded(tomlkit.dumps(table), SOURCES))


def _check(file: str, entry: dict[str, Any], model: type[SourceInput]) -> None:
    """Check an entry before it is written, so that messages are about what was asked for.

    Raises:
        InputError: with all problems.
    """
    folder = Folder(Path())
    folder.entry(file, 1, {key: value for key, value in entry.items() if value is not None}, model)
    if folder.problems:
        raise InputError(folder.problems)


def _record(edit: Edit, document: str, text: _Text, url: str | None) -> None:
    """Record where a text comes from: the file, its digest, what read it, and when."""
    columns = list(OriginalInput.model_fields)
    rows = [row for row in csv.DictReader(io.StringIO(edit.text(ORIGINALS))) if row.get("document_id") != document]
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    digest = hashlib.sha256(text.file.read_bytes()).hexdigest()
    cells = (document, text.file.name, digest, text.found.tool or "", url or "", day)
    sink = io.StringIO()
    writer = csv.DictWriter(sink, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows([*rows, dict(zip(columns, cells, strict=True))])
    edit.put(ORIGINALS, encoded(sink.getvalue(), ORIGINALS))
