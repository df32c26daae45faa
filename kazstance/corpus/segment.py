"""Cut repaired texts into units, with kind, voice and notes as curated; every character ends up in exactly one."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from unicodedata import normalize

import numpy as np
import pyarrow as pa

from kazstance.corpus.documents import Document
from kazstance.corpus.given import paragraphs_of
from kazstance.corpus.inputs import Entry, Paragraphs, RepairInput, SpanInput, UnitInput, VoiceInput
from kazstance.corpus.paragraphs import paragraph_spans
from kazstance.corpus.progress import Progress
from kazstance.corpus.read import Corpus
from kazstance.corpus.repair import RepairedText, apply, repair
from kazstance.corpus.workers import Workers
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.input.text import MARK
from kazstance.language.segmenters import Segmenter
from kazstance.schema.columns import to_arrow
from kazstance.schema.labels import ANNOTATED_KINDS, UnitKind, Voice
from kazstance.schema.records import Repair, Sentence

Span = tuple[int, int]
Rules = Sequence[Entry[UnitInput]]
Cutter = Callable[[RepairedText], Iterator[list[Span]]]
"""The units of each paragraph of a text."""
S = TypeVar("S", bound=SpanInput)
WANTED: Final = {
    "join": "at least two inside it",
    "split": "one around it",
    "note": "one that it touches",
    "kind": "one inside it",
    "voice": "one inside it",
}
"""Which units a rule needs to take effect, by its action."""
BATCH: Final = 200_000
"""Characters that are cut together, at least."""


@dataclass
class Curation:
    """The unit rules of one source, and which of them took effect."""

    rules: Rules
    used: set[int] = field(default_factory=set)

    def values(self, action: str, raw: Span, name: str = "") -> list[str]:
        """The values of the rules of an action on a unit.

        Args:
            action: the action.
            raw: the raw span of the unit, which the span of a rule has to contain; a note only has to touch it.
            name: the id of the unit, which a rule may give instead.
        """
        if not self.rules:
            return []
        found = [r for r in self.rules if r.value.action == action and _applies(r.value, raw, name)]
        self.used.update(rule.line for rule in found)
        return [rule.value.value for rule in found]

    def spans(self, action: str) -> list[tuple[int, Span]]:
        """Line and raw span of the rules of an action."""
        return [(r.line, (r.value.raw_start, r.value.raw_end)) for r in self.rules if r.value.action == action]


@dataclass(frozen=True)
class TextPart:
    """A text, and what is needed to cut it."""

    document: Document
    raw: str
    segmenter: Segmenter
    ends: Paragraphs
    given: Sequence[Span] | None
    repairs: Sequence[Entry[RepairInput]]
    rules: Rules


def segment(corpus: Corpus) -> tuple[list[Sentence], list[Problem]]:
    """All units of all texts, in the order of the sources and their documents, and the problems found."""
    found = [_segment_text(part) for part in _parts(corpus)]
    return [unit for units, _ in found for unit in units], [problem for _, problems in found for problem in problems]


def segment_all(corpus: Corpus, workers: Workers, progress: Progress) -> tuple[pa.Table, list[Problem]]:
    """The same as rows of the table sentences, found by several processes.

    Args:
        corpus: the corpus.
        workers: the processes.
        progress: told how far it is.
    """
    with_each = {document.segmenter for document in _parts(corpus)}
    crew = workers if all(map(_can_be_sent, with_each)) else Workers(0)
    tables, problems, done = [to_arrow(Sentence, ())], list[Problem](), 0
    total = sum(map(len, corpus.texts.values()))
    for rows, found, length in crew.map(_segment_texts, _batches(_parts(corpus))):
        tables.append(rows)
        problems += found
        done += length
        progress.show(done / max(total, 1))
    return pa.concat_tables(tables), problems


def _parts(corpus: Corpus) -> Iterator[TextPart]:
    repairs, rules = _by_document(corpus.repairs), _by_document(corpus.units)
    for document in corpus.documents:
        name = document.document_id
        yield TextPart(
            document,
            corpus.texts[name],
            corpus.segmenters[name],
            document.source.paragraphs or corpus.header.paragraphs or "line",
            corpus.given_units.get(name),
            repairs.get(name, ()),
            rules.get(name, ()),
        )


def _by_document(entries: Iterable[Entry[S]]) -> dict[str, list[Entry[S]]]:
    found: dict[str, list[Entry[S]]] = {}
    for entry in entries:
        found.setdefault(entry.value.source_id, []).append(entry)
    return found


def _batches(parts: Iterable[TextPart]) -> Iterator[list[TextPart]]:
    """Texts in batches of some length."""
    batch: list[TextPart] = []
    for part in parts:
        batch.append(part)
        if sum(len(one.raw) for one in batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _can_be_sent(segmenter: Segmenter) -> bool:
    """Whether another process can run a segmenter: not one that was made by the program that runs."""
    if segmenter.cut.__module__ == "__main__":
        return False
    try:
        pickle.dumps(segmenter)
    except Exception:  # whatever cannot be sent is run here
        return False
    return True


def _segment_texts(parts: Sequence[TextPart]) -> tuple[pa.Table, list[Problem], int]:
    """The units of some texts as rows, the problems found, and the length of the texts."""
    found = [_segment_text(part) for part in parts]
    rows = to_arrow(Sentence, [unit for units, _ in found for unit in units])
    return rows, [problem for _, problems in found for problem in problems], sum(len(part.raw) for part in parts)


def _segment_text(part: TextPart) -> tuple[list[Sentence], list[Problem]]:
    """The units of a text, and the problems found; no units if it cannot be cut."""
    repaired, overlaps = repair(part.raw, part.repairs)
    curation = Curation(part.rules)
    voices = {voice.speaker: voice for voice in part.document.source.voice}
    try:
        units = list(_units(part.document, repaired, curation, voices, _cutter(part)))
    except InputError as error:
        return [], list(error.problems)
    problems = [*overlaps, *_check_rules(curation, voices), *_check_cover(part.document, part.raw, repaired, units)]
    return list(_mark_copies(units)), problems


def _cutter(part: TextPart) -> Cutter:
    """The spans of the units of each paragraph of a text, as the settings of its source have it."""
    document, given = part.document, part.given

    def cut(text: RepairedText) -> Iterator[list[Span]]:
        for start, end in paragraph_spans(text.text, part.ends):
            try:
                yield [(start + a, start + b) for a, b in part.segmenter.spans(text.text[start:end], document.language)]
            except KazstanceError as error:
                line = text.text.count("\n", 0, start) + 1
                raise InputError([document.problem(str(error), line)]) from error

    return cut if given is None else lambda text: paragraphs_of(given, text, paragraph_spans(text.text, part.ends))


def _voice_of(voice: VoiceInput | None) -> Voice:
    """Whose voice a quoted speaker is; one whom the source does not declare is a problem, and counts as quoted."""
    return Voice.own if voice and voice.speaks_for_source else Voice.quoted


def _units(
    document: Document, text: RepairedText, curation: Curation, voices: dict[str, VoiceInput], cut: Cutter
) -> Iterator[Sentence]:
    position, name = 0, document.document_id
    for paragraph, spans in enumerate(_paragraphs(text, curation, cut), 1):
        for number, (start, end) in enumerate(spans, 1):
            raw, sentence = text.raw_span(start, end), f"{name}/{paragraph}/{number}"
            kind = UnitKind((curation.values("kind", raw, sentence) or ["sentence"])[-1])
            speaker = next(iter(curation.values("voice", raw, sentence)), None)
            yield Sentence.model_construct(
                sentence_id=sentence,
                source_id=document.source.id,
                document_id=name,
                paragraph_id=f"{name}/{paragraph}",
                position=position,
                text=text.text[start:end],
                raw_start=raw[0],
                raw_end=raw[1],
                kind=kind,
                annotated=kind in ANNOTATED_KINDS,
                voice=_voice_of(voices.get(speaker)) if speaker else Voice.own,
                speaker=speaker,
                endorsed=voices[speaker].endorsed if speaker in voices else None,
                duplicate_of=None,
                repairs=tuple(
                    Repair.model_construct(
                        raw_start=r.row.raw_start,
                        raw_end=r.row.raw_end,
                        replacement=r.row.replacement,
                        reason=r.row.reason,
                    )
                    for r in text.inside(start, end)
                ),
                note="; ".join(curation.values("note", raw, sentence)) or None,
            )
            position += 1


def _paragraphs(text: RepairedText, curation: Curation, cut: Cutter) -> Iterator[list[Span]]:
    """The units of each paragraph that is not empty, as spans of the repaired text."""
    for found in cut(text):
        spans = [span for piece in _split(text, found, curation) if (span := _strip(text.text, piece))]
        if spans:
            yield _join(text, spans, curation)


def _split(text: RepairedText, spans: Iterable[Span], curation: Curation) -> Iterator[Span]:
    """Split spans where a rule says so."""
    cuts = curation.spans("split")
    for start, end in spans:
        begin = start
        for line, (cut, _) in sorted(cuts, key=lambda rule: rule[1]):
            inner = next((i for i in range(begin + 1, end) if text.starts[i] >= cut), None)
            if inner is not None and text.starts[begin] < cut:
                curation.used.add(line)
                yield begin, inner
                begin = inner
        yield begin, end


def _join(text: RepairedText, spans: Sequence[Span], curation: Curation) -> list[Span]:
    """Merge neighbours that one rule joins."""
    joined = [spans[0]]
    for span in spans[1:]:
        raw = text.raw_span(joined[-1][0], span[1])
        if curation.values("join", raw):
            joined[-1] = (joined[-1][0], span[1])
        else:
            joined.append(span)
    return joined


def _strip(text: str, span: Span) -> Span | None:
    """A span without white space at its ends, or None if nothing is left."""
    piece = text[span[0] : span[1]]
    start = span[0] + len(piece) - len(piece.lstrip())
    return (start, start + len(piece.strip())) if piece.strip() else None


def _applies(rule: UnitInput, raw: Span, name: str) -> bool:
    if rule.sentence_id is not None:
        return rule.sentence_id == name
    if rule.action == "note":
        return rule.raw_start < raw[1] and raw[0] < rule.raw_end
    return rule.raw_start <= raw[0] and raw[1] <= rule.raw_end


def _mark_copies(units: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences; one that repeats an earlier one of its document is marked as a copy and not annotated.

    Composed and decomposed accents count as equal.
    """
    first: dict[str, str] = {}
    for unit in units:
        original = (
            first.setdefault(normalize("NFC", unit.text), unit.sentence_id) if unit.annotated else unit.sentence_id
        )
        copy = original != unit.sentence_id
        yield unit.model_copy(update={"duplicate_of": original, "annotated": False}) if copy else unit


def _check_rules(curation: Curation, voices: dict[str, VoiceInput]) -> Iterator[Problem]:
    for rule in curation.rules:
        if rule.value.action == "voice" and rule.value.value not in voices:
            yield Problem(
                rule.file,
                rule.line,
                "value",
                f"{rule.value.value!r}, expected a voice of the source: {', '.join(voices) or 'it has no voices'}",
            )
        if rule.line not in curation.used:
            row = rule.value
            place = f"on {row.sentence_id}" if row.sentence_id else f"from {row.raw_start} to {row.raw_end}"
            yield Problem(
                rule.file,
                rule.line,
                "sentence_id" if row.sentence_id else "raw_start",
                f"the {row.action} rule {place} matches no unit, "
                f"expected {WANTED[row.action]}; change or delete the rule",
            )


def _check_cover(document: Document, raw: str, text: RepairedText, units: Sequence[Sentence]) -> Iterator[Problem]:
    """Check that each character except white space is in one unit or list mark, and each raw slice yields its text."""
    spans = [(unit.raw_start, unit.raw_end) for unit in units]
    spans += [(r.row.raw_start, r.row.raw_end) for r in text.repairs if r.row.kind == "list_mark"]
    begins, ends = (np.bincount(side, minlength=len(raw) + 1) for side in np.array(spans, np.int64).reshape(-1, 2).T)
    times = np.cumsum(begins - ends)
    for i in np.flatnonzero(times[:-1] != 1).tolist():
        is_nothing = raw[i].isspace() or (i == 0 and raw[i] == MARK)
        if times[i] > 1 or not is_nothing:
            message = f"{raw[i]!r} at {i} is in {times[i]} units, expected 1"
            yield document.problem(message, raw.count("\n", 0, i) + 1)
    for unit in units:
        given = apply(raw[unit.raw_start : unit.raw_end], unit.raw_start, unit.repairs)
        if given != unit.text:
            message = f"the raw slice of {unit.sentence_id} yields {given[:80]!r}, expected {unit.text[:80]!r}"
            yield document.problem(message)
