"""The files of a corpus folder made from an annotated table: documents, judgements, and who and what they name."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from kazstance.corpus.documents import SOURCES
from kazstance.corpus.imported.account import Account
from kazstance.corpus.imported.cells import Cells
from kazstance.corpus.imported.describing import (
    UNKNOWN,
    Attributes,
    Others,
    about_document,
    check_languages,
    language_of,
    others_of,
)
from kazstance.corpus.imported.naming import make_ids
from kazstance.corpus.imported.placing import DocumentKey, Placed, Texted, kept_rows, place
from kazstance.corpus.imported.roles import Roles
from kazstance.corpus.imported.said import ANYBODY, NOT_STATED, VOTER, Reading, judgements_of, texts_of
from kazstance.corpus.imported.spans import evidence_of
from kazstance.corpus.imported.splits import split_names
from kazstance.corpus.judgement_table import TABLE as JUDGEMENTS
from kazstance.corpus.read import ADJUDICATIONS, ANNOTATORS, IMPORTED, TARGETS
from kazstance.errors import InputError, KazstanceError
from kazstance.input.text import comparable
from kazstance.schema.digest import text_hash
from kazstance.schema.labels import Deciding, Origin, Scheme
from kazstance.schema.manifest import Imported

DOCUMENTS: Final = "documents.jsonl"
TAKEN: Final = tuple(Path(file).stem for file in (ANNOTATORS, ADJUDICATIONS, JUDGEMENTS))
"""Ids that an annotator cannot have, since files have these names."""
LONGEST: Final = 20_000
"""The largest length of a cell that is not a text, in characters, as in a corpus folder."""
Files = dict[str, bytes]


@dataclass(frozen=True)
class About:
    """What is said of a dataset as a whole."""

    id: str = ""
    title: str = ""
    event: str = NOT_STATED
    license: str = NOT_STATED
    rights: str = NOT_STATED
    scheme: str = Scheme.multi
    deciding: str = Deciding.majority
    origin: str = Origin.human
    pseudonyms: bool = False
    """Whether annotators get numbers in place of the names that the table has for them."""
    source_name: str | None = None
    """The source of all rows, where there is no column."""
    target_name: str | None = None
    """The target of all rows, where there is no column."""
    splits: Mapping[str, str] = field(default_factory=dict)
    """The split for each name of one in the table."""
    recipe: str | None = None
    publication: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What is to be noted of how the table was found."""


@dataclass(frozen=True)
class _Named:
    """The ids of everything that is named in a table."""

    sources: Mapping[str, str]
    documents: Mapping[DocumentKey, str]
    targets: Mapping[str, str]
    annotators: Mapping[str, str]


@dataclass(frozen=True)
class _Whole:
    """Everything that the files are made from."""

    cells: Cells
    documents: Sequence[Texted]
    about: About
    others: Others
    language: str


def corpus_of(rows: pa.Table, name: str, roles: Roles, reading: Reading, about: About) -> tuple[Files, Imported]:
    """The files of a corpus folder with everything that a table holds, and the record of what became of its rows.

    Args:
        rows: the table.
        name: what messages call it.
        roles: the roles of its columns.
        reading: how labels are read.
        about: what is said of the dataset as a whole.

    Raises:
        UnknownLabelError: values are not labels; all are named.
        InputError: other cells are wrong; all are named.
        KazstanceError: no row gives a judgement.
    """
    account = Account(name, len(rows), about.recipe)
    for note in about.notes:
        account.note(note)
    cells = Cells(
        name, len(rows), {role: texts_of(rows, column, name) for role, column in roles.columns.items()}, roles.columns
    )
    _check_lengths(cells)
    check_languages(cells, roles.language)
    cells = split_names(cells, about.splits, account)
    targets = _targets(cells, about, account)
    if {"id", "document"} <= roles.columns.keys():
        account.note("ids of texts, which are not kept, since sentences are named after their documents")
    said = judgements_of(rows, roles, reading, account)
    documents, problems = place(said, cells, targets, account=account, is_exclusive=about.scheme == Scheme.exclusive)
    if problems:
        raise InputError(problems)
    n_judgements = sum(len(unit.judgements) for document in documents for unit in document.units.values())
    record = account.record(kept_rows(documents), n_judgements)
    if not record.judgements:
        raise KazstanceError(f"{name}: no row gives a judgement ({_reasons(record)}); expected at least one")
    others = others_of(rows, roles.others, documents, account)
    whole = _Whole(cells, documents, about, others, roles.language or UNKNOWN)
    files = _Files(whole, account).all()
    record = account.record(kept_rows(documents), record.judgements)
    return {**files, IMPORTED: (record.model_dump_json(indent=2) + "\n").encode()}, record


def _check_lengths(cells: Cells) -> None:
    """Check that only texts are very long.

    Raises:
        InputError: other cells are; all are named.
    """
    problems = [
        cells.problem(role, row, f"{len(value):,} characters, expected at most {LONGEST:,}")
        for role, values in cells.values.items()
        for row, value in enumerate(values if role != "text" else ())
        if value is not None and len(value) > LONGEST
    ]
    if problems:
        raise InputError(problems)


def _reasons(record: Imported) -> str:
    return ", ".join(f"{one.reason}: {one.rows}" for one in record.dropped) or "no rows"


def _targets(cells: Cells, about: About, account: Account) -> list[str]:
    """The target of each row, empty where there is none; names that look the same are one, in its first form.

    Raises:
        KazstanceError: there is neither a column nor a target for all rows.
    """
    if "target" not in cells.values:
        if about.target_name is None:
            raise KazstanceError(
                f"{cells.name}: no column for the target; say which it is (--target COLUMN or target=), or what all "
                "rows are about (--target-name NAME or target_name=)"
            )
        return [about.target_name] * cells.size
    first: dict[str, str] = {}
    found, merged = [], set()
    for value in cells.values["target"]:
        plain = " ".join((value or "").split())
        name = first.setdefault(comparable(plain), plain)
        merged |= {(plain, name)} if plain != name else set()
        found.append(name)
    for other, name in sorted(merged):
        account.note(f"the target {other!r} is taken for {name!r}")
    return found


class _Files:
    """The files of a corpus folder."""

    def __init__(self, whole: _Whole, account: Account) -> None:
        self.cells, self.documents, self.about = whole.cells, whole.documents, whole.about
        self.others, self.language, self.account = whole.others, whole.language, account
        self.judged = [
            (document, unit, placed)
            for document in self.documents
            for unit in document.units.values()
            for placed in unit.judgements.values()
        ]
        self.is_mapped = any(placed.said.original != placed.said.label for _, _, placed in self.judged)
        self.by_source: dict[str, list[Texted]] = {}
        """The documents of each source, by its name in the table."""
        for document in self.documents:
            self.by_source.setdefault(self._source_name(document), []).append(document)
        self.named = self._ids()
        self.stated = {one.key: about_document(one, self.cells, account) for one in self.documents}

    def all(self) -> Files:
        """All files, by name."""
        return {
            SOURCES: self._sources(),
            TARGETS: _toml({"target": [{"id": key, "name": name} for name, key in self.named.targets.items()]}),
            DOCUMENTS: _lines(map(self._document, self.documents)),
            ANNOTATORS: _toml({"annotator": [self._annotator(*pair) for pair in self.named.annotators.items()]}),
            f"{JUDGEMENTS}.jsonl": _lines(self._judgements()),
        }

    def _ids(self) -> _Named:
        sources = self._unique(self.by_source)
        documents: dict[DocumentKey, str] = {}
        for source, mine in self.by_source.items():
            made = make_ids([document.key.name or str(i) for i, document in enumerate(mine, 1)])
            documents |= {one.key: f"{sources[source]}/{name}" for one, name in zip(mine, made, strict=True)}
        targets = self._unique(placed.target for _, _, placed in self.judged if placed.target)
        who = self._unique((placed.said.annotator for _, _, placed in self.judged), TAKEN)
        if self.about.pseudonyms:
            who = {name: f"annotator_{number}" for number, name in enumerate(who, 1)}
        return _Named(sources, documents, targets, who)

    def _unique(self, values: Iterable[str], taken: Sequence[str] = ()) -> dict[str, str]:
        """An id for each value that occurs."""
        different = list(dict.fromkeys(values))
        return dict(zip(different, make_ids(different, taken), strict=True))

    def _source_name(self, document: Texted) -> str:
        return document.key.source if "source" in self.cells.values else self.about.source_name or self.about.id

    def _sources(self) -> bytes:
        about = self.about
        head: dict[str, Any] = {"id": about.id, "title": about.title, "version": "1.0.0", "event": about.event}
        head |= {"license": about.license, "segmenter": "given"}
        head |= {"scheme": str(about.scheme)} if about.scheme != Scheme.multi else {}
        head |= {"deciding": str(about.deciding)} if about.deciding != Deciding.majority else {}
        head |= {"publication": dict(about.publication)} if about.publication else {}
        return _toml({"corpus": head, "source": [self._source(*pair) for pair in self.named.sources.items()]})

    def _source(self, name: str, key: str) -> dict[str, Any]:
        mine = self.by_source[name]
        tags = [self.stated[document.key].get("language", self.language) for document in mine]
        rows = [row for document in mine for row in document.rows]
        attributes = ({"original_id": name} if name != key else {}) | self.others.source(rows)
        found = {"id": key, "language": language_of(tags), "rights": self.about.rights}
        is_stated = name not in (NOT_STATED, self.about.id)
        found |= {"speaker": name} if is_stated else {}
        return found | ({"attributes": attributes} if attributes else {})

    def _document(self, document: Texted) -> dict[str, Any]:
        key, name = document.key, self.named.documents[document.key]
        source = self.named.sources[self._source_name(document)]
        row: dict[str, Any] = {"source_id": source, "document_id": name, **self._attributes(document)}
        row |= {"text": "\n".join(unit.text for unit in document.units.values()), "units": _spans(document)}
        row |= {"language": self.language, **self.stated[key]}
        return row | ({"split": key.split} if key.split else {})

    def _attributes(self, document: Texted) -> Attributes:
        name, key = document.key.name, self.named.documents[document.key].partition("/")[2]
        own = {"original_id": name} if name not in (None, key) else {}
        return own | self.others.document(document.rows)

    def _annotator(self, name: str, key: str) -> dict[str, Any]:
        found = {"id": key, "origin": str(self.about.origin)}
        if name.startswith(f"{VOTER}_"):
            return found | {"note": "Votes are only counted in the table: behind this name are many people."}
        if name == ANYBODY:
            return found | {"note": "The table does not say who judged."}
        is_other = name != key and not self.about.pseudonyms
        return found | ({"note": f"In the table: {name}"} if is_other else {})

    def _judgements(self) -> Iterable[dict[str, Any]]:
        for document in self.documents:
            starts = {
                unit.text: span["start"] for unit, span in zip(document.units.values(), _spans(document), strict=True)
            }
            for unit in document.units.values():
                for placed in unit.judgements.values():
                    place = {"document_id": self.named.documents[document.key], "start": starts[unit.text]}
                    place |= {"text_hash": text_hash(unit.text)}
                    yield from self._judgement(place, unit.text, placed)

    def _judgement(self, place: Mapping[str, Any], text: str, placed: Placed) -> Iterable[dict[str, Any]]:
        """A row for a judgement; for a text that is about none of the targets, a row for each of them."""
        said, cells = placed.said, self.cells
        row = {**place, "annotator_id": self.named.annotators[said.annotator], "label": said.label}
        row |= {"original": said.original} if self.is_mapped else {}
        row |= {"round": placed.round} if placed.round > 1 else {}
        row |= {"holder": placed.holder} if placed.holder else {}
        words = [value for at in (said.row, *placed.more) if (value := cells.of("evidence", at)) is not None]
        evidence = evidence_of(words, text, said.label, self.account)
        row |= {"evidence": evidence} if evidence else {}
        row |= {"note": note} if (note := cells.of("note", said.row)) else {}
        row |= placed.details
        targets = [self.named.targets[placed.target]] if placed.target else self.named.targets.values()
        yield from ({**row, "target_id": target} for target in targets)


def _spans(document: Texted) -> list[dict[str, int]]:
    """The places of the units in the text of a document, which has one after the other, each on a line of its own."""
    found, start = [], 0
    for unit in document.units.values():
        found.append({"start": start, "end": start + len(unit.text)})
        start += len(unit.text) + 1
    return found


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows as JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _toml(content: Mapping[str, Any]) -> bytes:
    """Tables as TOML."""
    import tomlkit  # noqa: PLC0415  # an extra

    return tomlkit.dumps(content).encode()
