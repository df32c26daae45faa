"""Cut repaired texts into units, with kind, voice and notes as curated; every character ends up in exactly one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from unicodedata import normalize

import numpy as np

from kazstance.corpus.documents import Document
from kazstance.corpus.given import paragraphs_of
from kazstance.corpus.inputs import Entry, UnitInput, VoiceInput
from kazstance.corpus.paragraphs import paragraph_spans
from kazstance.corpus.read import Corpus
from kazstance.corpus.repair import RepairedText, apply, repair
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.input.text import MARK
from kazstance.schema.labels import ANNOTATED_KINDS, UnitKind, Voice
from kazstance.schema.records import Repair, Sentence

Span = tuple[int, int]
Rules = Sequence[Entry[UnitInput]]
Cutter = Callable[[RepairedText], Iterator[list[Span]]]
"""The units of each paragraph of a text."""


@dataclass
class Curation:
    """The unit rules of one source, and which of them took effect."""

    rules: Rules
    used: set[int] = field(default_factory=set)

    def values(self, action: str, raw: Span) -> list[str]:
        """The values of the rules of an action whose span contains a raw span; a note only has to touch it."""
        found = [r for r in self.rules if r.value.action == action and _applies(r.value, raw)]
        self.used.update(rule.line for rule in found)
        return [rule.value.value for rule in found]

    def spans(self, action: str) -> list[tuple[int, Span]]:
        """Line and raw span of the rules of an action."""
        return [(r.line, (r.value.raw_start, r.value.raw_end)) for r in self.rules if r.value.action == action]


def segment(corpus: Corpus) -> tuple[list[Sentence], list[Problem]]:
    """All units of all texts, in the order of the sources and their documents, and the problems found."""
    sentences: list[Sentence] = []
    problems: list[Problem] = []
    for document in corpus.documents:
        name = document.document_id
        repaired, overlaps = repair(corpus.texts[name], [r for r in corpus.repairs if r.value.source_id == name])
        curation = Curation([u for u in corpus.units if u.value.source_id == name])
        voices = {voice.speaker: voice for voice in document.source.voice}
        try:
            units = list(_units(document, repaired, curation, voices, _cutter(corpus, document)))
        except InputError as error:
            problems += error.problems
            continue
        sentences += _mark_copies(units)
        problems += overlaps
        problems += _check_rules(curation, voices)
        problems += _check_cover(document, corpus.texts[name], repaired, units)
    return sentences, problems


def _cutter(corpus: Corpus, document: Document) -> Cutter:
    """The spans of the units of each paragraph of a text, as the settings of its source have it."""
    segmenter = corpus.segmenters[document.document_id]
    ends = document.source.paragraphs or corpus.header.paragraphs or "line"
    given = corpus.given_units.get(document.document_id)

    def cut(text: RepairedText) -> Iterator[list[Span]]:
        for start, end in paragraph_spans(text.text, ends):
            try:
                yield [(start + a, start + b) for a, b in segmenter.spans(text.text[start:end], document.language)]
            except KazstanceError as error:
                line = text.text.count("\n", 0, start) + 1
                raise InputError([document.problem(str(error), line)]) from error

    return cut if given is None else lambda text: paragraphs_of(given, text, paragraph_spans(text.text, ends))


def _units(
    document: Document, text: RepairedText, curation: Curation, voices: dict[str, VoiceInput], cut: Cutter
) -> Iterator[Sentence]:
    position, name = 0, document.document_id
    for paragraph, spans in enumerate(_paragraphs(text, curation, cut), 1):
        for number, (start, end) in enumerate(spans, 1):
            raw = text.raw_span(start, end)
            kind = UnitKind((curation.values("kind", raw) or ["sentence"])[-1])
            speaker = next(iter(curation.values("voice", raw)), None)
            yield Sentence.model_construct(
                sentence_id=f"{name}/{paragraph}/{number}",
                source_id=document.source.id,
                document_id=name,
                paragraph_id=f"{name}/{paragraph}",
                position=position,
                text=text.text[start:end],
                raw_start=raw[0],
                raw_end=raw[1],
                kind=kind,
                annotated=kind in ANNOTATED_KINDS,
                voice=Voice.quoted if speaker else Voice.own,
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
                note="; ".join(curation.values("note", raw)) or None,
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


def _applies(rule: UnitInput, raw: Span) -> bool:
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
            yield Problem(
                rule.file,
                rule.line,
                "raw_start",
                f"the {rule.value.action} rule from {rule.value.raw_start} to {rule.value.raw_end} matches no unit",
            )


def _check_cover(document: Document, raw: str, text: RepairedText, units: Sequence[Sentence]) -> Iterator[Problem]:
    """Check that each character except white space is in one unit or list mark, and each raw slice yields its text."""
    spans = [(unit.raw_start, unit.raw_end) for unit in units]
    spans += [(r.row.raw_start, r.row.raw_end) for r in text.repairs if r.row.kind == "list_mark"]
    steps = np.zeros(len(raw) + 1, np.int64)
    for start, end in spans:
        steps[start] += 1
        steps[end] -= 1
    times = np.cumsum(steps)
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
