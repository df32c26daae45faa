"""The documents of a corpus folder: text files, rows of one table, or both."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import DocumentRow, Entry, SourceInput, StatedDocument, UnitSpan
from kazstance.corpus.listing import SUFFIX, TEXTS
from kazstance.corpus.stated import as_text, check_names
from kazstance.corpus.tabular import Columns, find_table, read_rows
from kazstance.errors import COLLECTED, Problem, choose
from kazstance.input.strict_json import StrictError
from kazstance.input.text import check_plain
from kazstance.schema.ids import check_document_id, check_id, folded

SOURCES: Final = "sources.toml"
UNITS_SUFFIX: Final = ".units.csv"
"""What replaces the suffix of a text in the name of the file with its units."""
SUMS: Final = "SHA256SUMS"
TABLE: Final = "documents"
"""The name of the table of documents, without its suffix."""
COLUMNS: Final = Columns(
    known={*DocumentRow.model_fields, "year"} - {"attributes"},
    check_others=check_names,
    needed=("source_id", "document_id", "text"),
    aliases={"source": "source_id", "name": "document_id"},
    nested=("units",),
)


@dataclass(frozen=True)
class Document:
    """A text of a source, what is stated about it besides what is stated about its source, and where it comes from."""

    document_id: str
    source: SourceInput
    given: StatedDocument | None
    file: str
    """Its path in the corpus folder, or that of the table it is a row of."""
    row: Entry[DocumentRow] | None = None
    """Its row in the table of documents; None for a text file."""

    @property
    def language(self) -> str:
        """Its language, as a BCP 47 tag: its own, or else that of its source."""
        return (self.given and self.given.language) or self.source.language

    def problem(self, message: str, line: int | None = None) -> Problem:
        """A problem of its text, at a line of the text if known."""
        if self.row is None:
            return Problem(self.file, line, None, message)
        place = self.document_id if line is None else f"{self.document_id}, line {line}"
        return Problem(self.file, self.row.line, "text", f"{place}: {message}")


def read_documents(folder: Folder, sources: Sequence[Entry[SourceInput]]) -> tuple[list[Document], dict[str, str]]:
    """The documents in the order of their sources and names, and their texts by document."""
    table = find_table(folder, TABLE)
    rows = _read_table(folder, table, sources) if table else {}
    documents = [document for entry in sources for document in _documents(folder, entry, rows, table)]
    _check_collisions(folder, documents)
    _check_all_speak(folder, sources, documents)
    return documents, _read_texts(folder, documents, {entry.value.id: entry.line for entry in sources})


def read_unit_spans(folder: Folder, document: Document) -> Sequence[str | UnitSpan] | None:
    """The units that come with a document; None if there are none."""
    if document.row:
        return document.row.value.units
    name = unit_file(document)
    return [entry.value for entry in folder.read_csv(name, UnitSpan)] if folder.exists(name) else None


def unit_file(document: Document) -> str:
    """The file with the units of a text file."""
    return document.file.removesuffix(SUFFIX) + UNITS_SUFFIX


def _read_table(
    folder: Folder, name: str, sources: Iterable[Entry[SourceInput]]
) -> dict[str, dict[str, Entry[DocumentRow]]]:
    """The rows of the table of documents, by source and id."""
    known = {entry.value.id for entry in sources}
    rows: dict[str, dict[str, Entry[DocumentRow]]] = {}
    seen: dict[str, int] = {}
    before = len(folder.problems)
    for line, cells in read_rows(folder, name, COLUMNS):
        if entry := _row(folder, name, line, cells, known):
            row = entry.value
            if (first := seen.setdefault(folded(row.document_id), line)) != line:
                message = f"{row.document_id!r} also appears on line {first}, expected once"
                folder.report(name, line, "document_id", message)
            rows.setdefault(row.source_id, {})[row.document_id] = entry
        if len(folder.problems) - before >= COLLECTED:
            folder.report(name, line, None, f"{COLLECTED:,} problems up to here; the rest of the file was not checked")
            break
    return rows


def _row(
    folder: Folder, name: str, line: int, cells: dict[str, Any], known: Collection[str]
) -> Entry[DocumentRow] | None:
    """A row of the table of documents, whose further columns are attributes."""
    if (source := as_text(cells.get("source_id"))) not in known:
        folder.report(name, line, "source_id", f"{source!r} is not in {SOURCES}; {choose(str(source), known)}")
        return None
    stated = {key: value for key, value in cells.items() if key in COLUMNS.known}
    others = {key: value for key, value in cells.items() if key not in stated}
    if (year := as_text(stated.pop("year", None))) is not None and year != stated.setdefault("date", year):
        stated["date"] = _in_year(folder, name, line, stated["date"], year)
    return folder.entry(name, line, {**stated, "attributes": others}, DocumentRow)


def _in_year(folder: Folder, name: str, line: int, date: Any, year: Any) -> Any:
    """A date, which has to be in the year that the row also gives."""
    if str(as_text(date))[:4] != year:
        folder.report(name, line, "year", f"{str(year)[:80]!r}, but the date is {str(date)[:80]!r}")
    return date


def _documents(
    folder: Folder,
    entry: Entry[SourceInput],
    tables: Mapping[str, Mapping[str, Entry[DocumentRow]]],
    table: str | None,
) -> Iterator[Document]:
    """The texts of a source: the one with its name first, then the others, sorted by name."""
    source = entry.value
    given = {document.name: document for document in source.document}
    rows = tables.get(source.id, {})
    names = _names(folder, entry)
    inside = {name.partition("/")[2]: row for name, row in rows.items() if name != source.id}
    if source.id in rows:
        yield Document(source.id, source, rows[source.id].value, rows[source.id].file, rows[source.id])
    if folder.exists(f"{TEXTS}/{source.id}.txt") or not (table or names or given):
        yield Document(source.id, source, None, f"{TEXTS}/{source.id}{SUFFIX}")
    for name in sorted(names | given.keys() | inside.keys()):
        document_id = f"{source.id}/{name}"
        if name in inside:
            yield Document(document_id, source, inside[name].value, inside[name].file, inside[name])
        if name in names or (name in given and name not in inside):
            yield Document(document_id, source, given.get(name), f"{TEXTS}/{document_id}{SUFFIX}")
        elif name in given:
            message = f"{name!r} is also described on line {inside[name].line} of {table}, expected once"
            folder.report(entry.file, entry.line, "document", message)
    if len(given) < len(source.document):
        folder.report(entry.file, entry.line, "document", "two documents have the same name, expected each once")


def _check_all_speak(folder: Folder, sources: Iterable[Entry[SourceInput]], documents: Iterable[Document]) -> None:
    """Report sources without a document, unless something else is wrong that would explain it."""
    speaking = {document.source.id for document in documents}
    for entry in sources:
        if entry.value.id not in speaking and not folder.problems:
            message = f"{entry.value.id!r} has no document, expected a row of the table {TABLE} or a text file"
            folder.report(entry.file, entry.line, "id", message)


def _check_collisions(folder: Folder, documents: Iterable[Document]) -> None:
    """Report ids of the table that are also those of text files, up to case."""
    documents = list(documents)
    files = {folded(document.document_id): document.file for document in documents if document.row is None}
    for document in documents:
        if document.row and (file := files.get(folded(document.document_id))):
            message = f"{document.document_id!r} is also the document in {file}, expected each id once"
            folder.report(document.file, document.row.line, "document_id", message)


def _names(folder: Folder, entry: Entry[SourceInput]) -> set[str]:
    """The names of the files in the folder of a source."""
    place = f"{TEXTS}/{entry.value.id}"
    root = folder.root / place
    there = {path.name for path in root.iterdir()} if folder.exists(place) and root.is_dir() else set()
    there |= {name.removeprefix(f"{place}/") for name in folder.instead if name.startswith(f"{place}/")}
    files = sorted(name for name in there if name.endswith(SUFFIX) and not name.startswith((".", "~$")))
    seen: dict[str, str] = {}
    for file in files:
        try:
            check_id(file.removesuffix(SUFFIX))
        except ValueError as error:
            folder.report(f"{place}/{file}", None, "name", str(error))
        if (first := seen.setdefault(folded(file), file)) != file:
            folder.report(f"{place}/{file}", None, "name", f"differs from {first} only in case, expected another name")
    return {file.removesuffix(SUFFIX) for file in files}


def _read_texts(folder: Folder, documents: Sequence[Document], lines: Mapping[str, int]) -> dict[str, str]:
    """The raw texts by document, files checked against SHA256SUMS; `lines` are those of the sources."""
    sums = _read_sums(folder, is_needed=any(document.row is None for document in documents))
    texts = {}
    for document in documents:
        if document.row:
            text: str | None = document.row.value.text
        else:
            text = _read_file(folder, document, lines[document.source.id], is_listed=document.file in sums)
        if text is not None:
            _check_text(folder, document, text)
            texts[document.document_id] = text
    for name, (line, digest) in sums.items():
        if folder.digests.get(name, digest) != digest:
            remedy = f"if it was changed on purpose, run `kazstance add text {name}` in the corpus folder"
            found = f"the file's digest is {folder.digests[name]}, expected {digest}; {remedy}"
            folder.report(SUMS, line, name, found)
    return texts


def _check_text(folder: Folder, document: Document, text: str) -> None:
    """Check that a text can be annotated."""
    try:
        check_plain(text)
    except StrictError as error:
        folder.problems.append(document.problem(str(error), error.line))
    if not unicodedata.is_normalized("NFC", text):
        line = next(i for i, row in enumerate(text.split("\n"), 1) if not unicodedata.is_normalized("NFC", row))
        place = document.problem("some characters are decomposed (not in Unicode normal form C)", line)
        folder.warn(f"{place}, as in text copied from PDF files; words may be cut at their accents")


def _read_file(folder: Folder, document: Document, line: int, *, is_listed: bool) -> str | None:
    """The raw text of a document, None with a problem if it is missing or cannot be read.

    Args:
        folder: the corpus folder.
        document: the document, which has a file of its own.
        line: the line of its source.
        is_listed: whether SHA256SUMS has its digest.
    """
    name = document.file
    if not folder.exists(name):
        add = f"a text; run `kazstance add text FILE --source {document.source.id}` in the corpus folder"
        back = f"a file; put it back, or delete what {SOURCES} and {SUMS} say of it"
        folder.report(SOURCES, line, "id", f"{name} is missing, expected {back if is_listed else add}")
        return None
    text = folder.read_text(name, (SOURCES, line, "id"), is_raw=True)
    if text is not None and not is_listed:
        remedy = f"run `kazstance add text {name}` in the corpus folder"
        folder.report(SUMS, None, name, f"no digest, expected one for every text; {remedy}")
    return text


def _read_sums(folder: Folder, *, is_needed: bool) -> dict[str, tuple[int, str]]:
    """Line and digest of every file that SHA256SUMS names; it may be missing if there are no text files."""
    if not is_needed and not folder.exists(SUMS):
        return {}
    sums = {}
    for number, line in enumerate((folder.read_text(SUMS) or "").splitlines(), 1):
        found = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line)
        if found and _may_be_listed(found[2]):
            sums[found[2]] = (number, found[1])
        elif found:
            expected = f"{TEXTS}/<source_id>{SUFFIX} or {TEXTS}/<source_id>/<name>{SUFFIX}"
            folder.report(SUMS, number, None, f"{found[2][:80]!r}, expected {expected}; delete the line")
        else:
            expected = f"a SHA-256, two spaces, and {TEXTS}/<source_id>{SUFFIX}"
            folder.report(SUMS, number, None, f"{line[:80]!r}, expected {expected}; delete the line")
    return sums


def _may_be_listed(name: str) -> bool:
    """Whether a path could be a text of a source, or the table of documents."""
    if name.rpartition(".")[0] == TABLE:
        return True
    try:
        check_document_id(name.removeprefix(f"{TEXTS}/").removesuffix(SUFFIX))
    except ValueError:
        return False
    return name.startswith(f"{TEXTS}/") and name.endswith(SUFFIX)
