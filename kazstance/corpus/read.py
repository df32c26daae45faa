"""Read a corpus folder: everything that a dataset is built from, checked on its own and against the rest."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from kazstance.corpus.documents import (
    SOURCES,
    SUMS,
    TABLE,
    Document,
    read_documents,
    read_unit_spans,
    unit_file,
)
from kazstance.corpus.draws import undrawn
from kazstance.corpus.folder import Folder
from kazstance.corpus.given import GIVEN, Span, as_given, locate
from kazstance.corpus.inputs import (
    AdjudicationInput,
    AnnotatorInput,
    ContradictoriesInput,
    Entry,
    Header,
    JudgementRow,
    MirrorInput,
    NamesInput,
    OriginalInput,
    RepairInput,
    RoundInput,
    SourceInput,
    SpanInput,
    SplitInput,
    T,
    TargetInput,
    UnitInput,
)
from kazstance.corpus.judgement_table import TABLE as JUDGEMENTS
from kazstance.corpus.judgement_table import find_judgements, read_judgements
from kazstance.corpus.listing import SUFFIX, TEXTS, check_listing
from kazstance.corpus.quotation import placed
from kazstance.corpus.readings import ReadingRules, Readings, check_readings, find_readings, no_readings, of_holder
from kazstance.corpus.samples import read_samples
from kazstance.corpus.tabular import ENDINGS
from kazstance.errors import InputError, KazstanceError, MissingExtraError, Problem, choose
from kazstance.input.strict_json import StrictError
from kazstance.input.text import comparable
from kazstance.language.segmenters import Segmenter, choose_segmenter
from kazstance.paths import StrPath
from kazstance.schema.ids import folded
from kazstance.schema.labels import GRID_LABELS, Role, TargetKind
from kazstance.schema.manifest import Imported, PeoplesSample, Round

TARGETS: Final = "targets.toml"
CODEBOOK: Final = "CODEBOOK.md"
ORIGINALS: Final = "originals.csv"
"""Where texts come from, as recorded when they were added."""
REPAIRS: Final = "curation/repairs.csv"
UNITS: Final = "curation/units.csv"
SPLITS_KEPT: Final = "curation/splits.csv"
"""The splits that paragraphs keep."""
ANNOTATORS: Final = "annotations/annotators.toml"
ADJUDICATIONS: Final = "annotations/adjudications.jsonl"
FORMER: Final = "nupunkt"
"""The segmenter of all texts up to version 0.3."""
IMPORTED: Final = "imported.json"
DECIDE: Final = "`kazstance annotate adjudicate CORPUS` asks for what has to be decided, and writes these lines"
"""What to do instead of writing adjudications by hand."""
"""The record of the table that the folder was made from."""
NAMES: Final = "probes/masks.jsonl"
CONTRADICTORIES: Final = "probes/mirrored.toml"
MIRRORED: Final = "probes/mirrored.jsonl"
TABLES: Final = tuple(name + ending for name in (TABLE, JUDGEMENTS) for ending in ENDINGS)
OPTIONAL: Final = (
    CODEBOOK,
    ORIGINALS,
    IMPORTED,
    REPAIRS,
    UNITS,
    SPLITS_KEPT,
    ADJUDICATIONS,
    NAMES,
    CONTRADICTORIES,
    MIRRORED,
)


@dataclass(frozen=True)
class Corpus:
    """The content of a corpus folder; entries know their file and line."""

    header: Header
    sources: Sequence[Entry[SourceInput]]
    targets: Sequence[Entry[TargetInput]]
    documents: Sequence[Document]
    texts: dict[str, str]
    """By document."""
    repairs: Sequence[Entry[RepairInput]]
    units: Sequence[Entry[UnitInput]]
    splits: Sequence[Entry[SplitInput]]
    """The splits that paragraphs keep."""
    annotators: Sequence[Entry[AnnotatorInput]]
    rounds: Sequence[Round]
    """The rounds of annotation by their numbers; empty if the corpus declares none."""
    labels: Mapping[str, str]
    """The names of the labels that labels of another scheme are mapped to."""
    readings: dict[str, Readings]
    """By annotator; empty for those whose judgements are in the table."""
    rules: ReadingRules
    undrawn: Mapping[str, float]
    """For sheets of which more pairs were drawn later, the probability of not being drawn then."""
    samples: Sequence[PeoplesSample]
    """Random samples of a model's labels that people judged."""
    judgements: Sequence[Entry[JudgementRow]]
    """The rows of the table of judgements."""
    adjudications: Sequence[Entry[AdjudicationInput]]
    names: Sequence[Entry[NamesInput]]
    contradictories: Entry[ContradictoriesInput] | None
    mirrored: Sequence[Entry[MirrorInput]]
    digests: dict[str, str]
    segmenters: dict[str, Segmenter]
    given_units: Mapping[str, Sequence[Span]]
    """The units that come with a document, as spans of its raw text, by document."""
    imported: Imported | None

    @property
    def newly_cut(self) -> frozenset[str]:
        """Documents that are cut by the segmenter of their language; version 0.3 took `FORMER` for all."""
        without = [text.document_id for text in self.documents if not (text.source.segmenter or self.header.segmenter)]
        return frozenset(name for name in without if self.segmenters[name].name != FORMER)


def read(path: StrPath, instead: Mapping[str, bytes] | None = None) -> Corpus:
    """Read a corpus folder, as if the files in `instead` had already been written.

    Files that are not read, and texts in decomposed Unicode, cause a CorpusWarning.

    Raises:
        KazstanceError: there is no such folder.
        InputError: the folder has problems; all of them are listed.
    """
    corpus = open_corpus(path, instead)
    raise_all(check_readings(corpus.readings))
    return corpus


def open_corpus(path: StrPath, instead: Mapping[str, bytes] | None = None) -> Corpus:
    """Read a corpus folder like `read`, but leave its readings to be checked when they are judged.

    Raises:
        KazstanceError: there is no such folder.
        InputError: the folder has problems; all of them are listed, those of the readings included.
    """
    path = Path(path)
    if not path.is_dir():
        raise KazstanceError(f"{path} is not a folder; expected a corpus folder with {SOURCES}")
    folder = Folder(path, instead)
    corpus = _read_all(folder)
    if corpus is None or folder.problems:
        more = check_readings(corpus.readings) if corpus else ()
        raise InputError([*folder.problems, *more])
    return corpus


def read_codebook(path: StrPath) -> str:
    """The codebook of a corpus folder, or an empty text if it has none.

    Raises:
        InputError: it is not a file of the folder, or not text in UTF-8.
    """
    folder = Folder(path)
    text = folder.read_text(CODEBOOK) if folder.exists(CODEBOOK) else ""
    raise_all(folder.problems)
    return text or ""


def _read_all(folder: Folder) -> Corpus | None:
    header = _read_header(folder)
    sources = folder.read_tables(SOURCES, "source", SourceInput)
    targets = folder.read_tables(TARGETS, "target", TargetInput)
    annotators = folder.read_tables(ANNOTATORS, "annotator", AnnotatorInput)
    _check_declared(folder, sources, targets, annotators)
    documents, texts = read_documents(folder, sources)
    _check_originals(folder, documents)
    repairs, units = _read_curation(folder, texts)
    rounds = _read_rounds(folder)
    labels = _read_labels(folder)
    _check_listing(folder, documents, annotators, _codebooks(rounds))
    table = find_judgements(folder, annotators)
    known = {"annotator_id": _ids(annotators), "target_id": _ids(targets)}
    judgements = read_judgements(folder, table, known, labels, rounds) if table else []
    lines = {entry.value.id: entry.line for entry in sources}
    segmenters = _choose_segmenters(folder, header, documents, lines)
    if header is None:
        return None
    rules = ReadingRules(folder.root, labels, tuple(entry.value.number for entry in rounds))
    return Corpus(
        header=header.value,
        sources=sources,
        targets=targets,
        documents=documents,
        texts=texts,
        repairs=repairs,
        units=units,
        splits=_read_splits(folder),
        annotators=annotators,
        rounds=[_with_codebook(folder, entry) for entry in rounds],
        labels=labels,
        readings=_find_all_readings(folder, annotators, judgements, rules),
        rules=rules,
        undrawn=undrawn(folder),
        samples=read_samples(folder, [entry.value for entry in annotators], CODEBOOK),
        judgements=judgements,
        adjudications=_read_adjudications(folder, labels, annotators),
        names=_read_names(folder),
        contradictories=_read_contradictories(folder, targets),
        mirrored=_read_mirrored(folder),
        digests=folder.digests,
        segmenters=segmenters,
        given_units=_given_units(folder, documents, texts, segmenters),
        imported=_read_imported(folder),
    )


def _read_header(folder: Folder) -> Entry[Header] | None:
    """What is stated about the corpus as a whole; a missing table is one problem, not one for each of its fields."""
    tables, text = folder.read_toml(SOURCES)
    if "corpus" in tables:
        stated = tables["corpus"] if isinstance(tables["corpus"], dict) else {}
        heading = re.search(r"(?m)^\s*\[corpus\]", text)
        return folder.entry(SOURCES, text.count("\n", 0, heading.end()) + 1 if heading else 1, stated, Header)
    if not any(problem.file == SOURCES for problem in folder.problems):
        needed = ", ".join(name for name, field in Header.model_fields.items() if field.is_required())
        folder.report(SOURCES, None, "[corpus]", f"missing, expected this table with {needed}")
    return None


def _choose_segmenters(
    folder: Folder, header: Entry[Header] | None, documents: Iterable[Document], lines: Mapping[str, int]
) -> dict[str, Segmenter]:
    """The segmenter of each document; a language without rules causes a warning, once per source."""
    found, warned = {}, set()
    for document in documents:
        name = document.source.segmenter or (header.value.segmenter if header else None)
        line = lines[document.source.id]
        if name == GIVEN:
            found[document.document_id] = as_given()
            continue
        try:
            found[document.document_id] = choose_segmenter(name, document.language, folder.root)
        except MissingExtraError:
            raise
        except KazstanceError as error:
            folder.report(SOURCES, line, "segmenter" if name else "language", str(error))
        else:
            note = found[document.document_id].note
            if note and (line, note) not in warned:
                warned.add((line, note))
                folder.warn(f"{SOURCES}:{line}: {note}")
    return found


def _given_units(
    folder: Folder, documents: Iterable[Document], texts: Mapping[str, str], segmenters: Mapping[str, Segmenter]
) -> dict[str, list[Span]]:
    """The units of the documents that are not cut; units that nothing asks for cause a warning."""
    found, unread = {}, []
    for document in documents:
        name = document.document_id
        units = read_unit_spans(folder, document)
        is_given = name in segmenters and segmenters[name].name == GIVEN
        if units is not None and not is_given:
            unread.append(document)
        elif is_given and units is None:
            here = "a column `units` with a list" if document.row else unit_file(document)
            folder.problems.append(document.problem(f'no units, expected {here}, since segmenter = "{GIVEN}"'))
        elif units is not None and name in texts:
            try:
                found[name] = locate(units, texts[name])
            except StrictError as error:
                folder.problems.append(document.problem(str(error), error.line))
    if unread:
        first, others = unread[0].document_id, len(unread) - 1
        more = f" and {others:,} more documents" if others else ""
        folder.warn(f'the units of {first}{more} are not read; segmenter = "{GIVEN}" in {SOURCES} would use them')
    return found


def _check_declared(
    folder: Folder,
    sources: Iterable[Entry[SourceInput]],
    targets: Iterable[Entry[TargetInput]],
    annotators: Iterable[Entry[AnnotatorInput]],
) -> None:
    """Check that files of declarations hold nothing else, that ids are unique, and that briefs are there."""
    folder.check_keys(SOURCES, ("corpus", "source"))
    folder.check_keys(TARGETS, ("target",))
    folder.check_keys(ANNOTATORS, ("annotator", "round", "labels"))
    _check_unique(folder, sources, "id", lambda source: source.id, folded)
    _check_unique(folder, targets, "id", lambda target: target.id, folded)
    _check_unique(folder, targets, "name", lambda target: target.name, comparable)
    _check_unique(folder, annotators, "id", lambda annotator: annotator.id, folded)
    for entry in annotators:
        if entry.value.brief:
            folder.read_bytes(f"annotations/{entry.value.brief}", (entry.file, entry.line, "brief"))


def _read_curation(
    folder: Folder, texts: dict[str, str]
) -> tuple[Sequence[Entry[RepairInput]], Sequence[Entry[UnitInput]]]:
    """The repairs and the rules for units, each at a span of a text."""
    complete = partial(placed, texts=texts)
    repairs = folder.read_csv(REPAIRS, RepairInput, complete) if folder.exists(REPAIRS) else []
    units = folder.read_csv(UNITS, UnitInput, complete) if folder.exists(UNITS) else []
    spans: list[Entry[SpanInput]] = [*repairs, *units]
    _check_spans(folder, spans, texts)
    return repairs, units


def _read_splits(folder: Folder) -> list[Entry[SplitInput]]:
    """The splits that paragraphs keep; which paragraphs there are is known once the texts are cut."""
    entries = folder.read_csv(SPLITS_KEPT, SplitInput) if folder.exists(SPLITS_KEPT) else []
    _check_unique(folder, entries, "paragraph_id", lambda entry: entry.paragraph_id)
    return entries


def _check_originals(folder: Folder, documents: Sequence[Document]) -> None:
    """Check that every text whose origin is recorded is there; those of sources with problems are not looked for."""
    known = {document.document_id for document in documents}
    unread = _stated_ids(folder) - {document.source.id for document in documents}
    for entry in folder.read_csv(ORIGINALS, OriginalInput) if folder.exists(ORIGINALS) else ():
        name = entry.value.document_id
        if name not in known and name.partition("/")[0] not in unread:
            message = f"{name!r} is not a document of the corpus; delete the row, or {choose(name, known)}"
            folder.report(entry.file, entry.line, "document_id", message)


def _ids(entries: Iterable[Entry[AnnotatorInput]] | Iterable[Entry[TargetInput]]) -> dict[str, None]:
    """The ids of annotators or targets, in order."""
    return dict.fromkeys(entry.value.id for entry in entries)


def _check_listing(
    folder: Folder,
    documents: Iterable[Document],
    annotators: Sequence[Entry[AnnotatorInput]],
    codebooks: Iterable[str],
) -> None:
    """Report texts without a source, and warn of files that are not read."""
    briefs = [f"annotations/{entry.value.brief}" for entry in annotators if entry.value.brief]
    readings = [f"annotations/{entry.value.id}.jsonl" for entry in annotators]
    documents = list(documents)
    texts = [document.file for document in documents]
    texts += [unit_file(document) for document in documents if document.row is None]
    texts += _texts_of(folder, _stated_ids(folder) - {document.source.id for document in documents})
    if not folder.exists(SOURCES):
        return
    check_listing(
        folder, {SOURCES, TARGETS, SUMS, ANNOTATORS, *OPTIONAL, *TABLES, *codebooks, *briefs, *readings, *texts}
    )


def _texts_of(folder: Folder, sources: Collection[str]) -> list[str]:
    """The texts of sources that are not read because they have problems of their own."""
    found = (folder.root / TEXTS).glob(f"*/*{SUFFIX}") if sources else ()
    inside = [path.relative_to(folder.root).as_posix() for path in found if path.parent.name in sources]
    return [f"{TEXTS}/{name}{SUFFIX}" for name in sources] + inside


def _stated_ids(folder: Folder) -> set[str]:
    """The ids in sources.toml, also of sources with problems of their own."""
    rows = folder.read_toml(SOURCES)[0].get("source")
    found = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {name for name in found if isinstance(name, str)}


def _read_rounds(folder: Folder) -> list[Entry[RoundInput]]:
    """The rounds of annotation that the corpus declares, in order."""
    if "round" not in folder.read_toml(ANNOTATORS)[0]:
        return []
    rounds = folder.read_tables(ANNOTATORS, "round", RoundInput)
    _check_unique(folder, rounds, "number", lambda entry: entry.number)
    return sorted(rounds, key=lambda entry: entry.value.number)


def _codebooks(rounds: Iterable[Entry[RoundInput]]) -> set[str]:
    """The codebooks that rounds name."""
    return {entry.value.codebook for entry in rounds if entry.value.codebook}


def _with_codebook(folder: Folder, entry: Entry[RoundInput]) -> Round:
    """A round with the digest of its codebook; null if it names none and the corpus has none."""
    row = entry.value
    name = row.codebook or CODEBOOK
    if row.codebook or folder.exists(name):
        folder.read_text(name, (entry.file, entry.line, "codebook"))
    return Round(number=row.number, date=row.date, codebook_sha256=folder.digests.get(name))


def _read_imported(folder: Folder) -> Imported | None:
    """The record of the table that the folder was made from, if it was."""
    text = folder.read_text(IMPORTED) if folder.exists(IMPORTED) else None
    entry = folder.entry(IMPORTED, 1, text, Imported) if text is not None else None
    return entry.value if entry else None


def _read_labels(folder: Folder) -> dict[str, str]:
    """The names of labels to which the corpus maps labels of another scheme."""
    tables, text = folder.read_toml(ANNOTATORS)
    if not isinstance(labels := tables.get("labels", {}), dict):
        folder.report(ANNOTATORS, None, "labels", "not a table, expected [labels] with a line for each label")
        return {}
    for original, label in labels.items():
        if label not in GRID_LABELS:
            found = re.search(rf"(?m)^\s*[\"']?{re.escape(original)}[\"']?\s*=", text)
            line = text.count("\n", 0, found.end()) + 1 if found else None
            message = f"mapped to {str(label)[:80]!r}, expected {', '.join(GRID_LABELS)}"
            folder.report(ANNOTATORS, line, f"labels.{original}", message)
    return {original: label for original, label in labels.items() if label in GRID_LABELS}


def _find_all_readings(
    folder: Folder,
    annotators: Iterable[Entry[AnnotatorInput]],
    judgements: Iterable[Entry[JudgementRow]],
    rules: ReadingRules,
) -> dict[str, Readings]:
    """The readings of all annotators; one whose judgements are in the table needs no file."""
    found = {}
    in_table = {entry.value.annotator_id for entry in judgements}
    is_partial = any(problem.file.rpartition(".")[0] == JUDGEMENTS for problem in folder.problems)
    for entry in annotators:
        name = entry.value.id
        has_file = folder.exists(file := f"annotations/{name}.jsonl")
        is_elsewhere = not has_file and (name in in_table or is_partial or entry.value.role is Role.adjudicator)
        found[name] = no_readings(file, rules) if is_elsewhere else find_readings(folder, name, rules)
    return found


def _read_adjudications(
    folder: Folder, labels: Mapping[str, str], annotators: Iterable[Entry[AnnotatorInput]]
) -> list[Entry[AdjudicationInput]]:
    if not folder.exists(ADJUDICATIONS):
        return []
    before = len(folder.problems)
    entries = folder.read_lines(ADJUDICATIONS, AdjudicationInput, labels)
    folder.problems[before:] = [replace(problem, remedy=DECIDE) for problem in folder.problems[before:]]
    known = _ids(annotators)
    for entry in entries:
        if (name := entry.value.annotator_id) is not None and name not in known:
            message = f'{name!r} is not in {ANNOTATORS}; add it with role = "adjudicator"'
            folder.report(entry.file, entry.line, "annotator_id", message)
    _check_unique(
        folder, entries, "sentence_id", lambda row: of_holder(f"{row.sentence_id} on {row.target_id}", row.holder)
    )
    return entries


def _read_names(folder: Folder) -> list[Entry[NamesInput]]:
    if not folder.exists(NAMES):
        return []
    entries = folder.read_lines(NAMES, NamesInput)
    _check_unique(folder, entries, "sentence_id", lambda entry: entry.sentence_id)
    return entries


def _read_contradictories(folder: Folder, targets: Iterable[Entry[TargetInput]]) -> Entry[ContradictoriesInput] | None:
    """The contradictories, each of a claim and different from it; None if there are no contradictories."""
    if not folder.exists(CONTRADICTORIES) and not folder.exists(MIRRORED):
        return None
    tables, text = folder.read_toml(CONTRADICTORIES)
    found = folder.entry(CONTRADICTORIES, 1, tables, ContradictoriesInput) if text else None
    claims = {entry.value.id: entry.value.name for entry in targets if entry.value.kind is TargetKind.claim}
    for name, statement in found.value.statements.items() if found else ():
        line = next((i for i, row in enumerate(text.splitlines(), 1) if re.match(rf"\s*\"?{name}\b", row)), None)
        if name not in claims:
            known = f"one of {', '.join(claims)}" if claims else "a target of kind claim, but no target is a claim"
            folder.report(CONTRADICTORIES, line, "statements", f"{name!r}, expected {known}")
        elif statement == claims[name]:
            folder.report(CONTRADICTORIES, line, name, f"{statement!r} is the claim itself, expected its contradictory")
    return found


def _read_mirrored(folder: Folder) -> list[Entry[MirrorInput]]:
    if not folder.exists(CONTRADICTORIES) and not folder.exists(MIRRORED):
        return []
    entries = folder.read_lines(MIRRORED, MirrorInput)
    _check_unique(folder, entries, "sentence_id", lambda entry: f"{entry.sentence_id} on {entry.target_id}")
    return entries


def _check_unique(
    folder: Folder,
    entries: Iterable[Entry[T]],
    field: str,
    key: Callable[[T], str | int],
    fold: Callable[[str], str] = str,
) -> None:
    """Report entries with the same key as an earlier one, both transformed by `fold`."""
    seen: dict[str, int] = {}
    for entry in entries:
        value = key(entry.value)
        first = seen.setdefault(fold(str(value)), entry.line)
        if first != entry.line:
            folder.report(entry.file, entry.line, field, f"{value!r} also appears on line {first}, expected once")


def _check_spans(folder: Folder, entries: Iterable[Entry[SpanInput]], texts: dict[str, str]) -> None:
    """Check that every row of the curation names a source and gives the text that is at its offsets."""
    seen: dict[SpanInput, int] = {}
    for entry in entries:
        row = entry.value
        text = texts.get(row.source_id)
        if text is None:
            folder.report(entry.file, entry.line, "source_id", f"{row.source_id!r}, expected one of {', '.join(texts)}")
        elif not row.matches(text):
            stands = text[row.raw_start : row.raw_end]
            folder.report(entry.file, entry.line, "raw", f"{row.raw!r}, but the text has {stands[:80]!r} there")
        if seen.setdefault(row, entry.line) != entry.line:
            folder.report(entry.file, entry.line, None, f"repeats the row on line {seen[row]}, expected once")


def raise_all(problems: Iterable[Problem]) -> None:
    """Raise an InputError if there is any problem."""
    found = list(problems)
    if found:
        raise InputError(found)
