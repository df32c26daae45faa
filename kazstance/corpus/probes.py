"""Probes: rows of stances shown in another form, with names hidden, on the negated claim, or on another target."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from kazstance.corpus.inputs import NamesInput
from kazstance.corpus.judge import Docket
from kazstance.corpus.read import CONTRADICTORIES, Corpus
from kazstance.errors import Problem
from kazstance.schema.labels import Label, ProbeKind
from kazstance.schema.records import Probe, Sentence, Stance

Names = Mapping[str, NamesInput]


@dataclass(frozen=True)
class Shown:
    """A sentence with the text before and after it."""

    text: str
    before: str
    after: str


def check_probes(corpus: Corpus, sentences: Iterable[Sentence]) -> list[Problem]:
    """Problems with the items of probes: unknown ids, texts changed since, names that are not in the sentence."""
    annotated = {sentence.sentence_id: sentence for sentence in sentences if sentence.annotated}
    kinds = {entry.value.id: entry.value.kind and entry.value.kind.value for entry in corpus.targets}
    docket = Docket(annotated, list(kinds), kinds, corpus.newly_cut)
    for entry in corpus.names:
        sentence = docket.check_sentence(entry.file, entry.line, entry.value.sentence_id, entry.value.text_hash)
        for i, name in enumerate(entry.value.masks if sentence else ()):
            if sentence and sentence.text[name.start : name.start + len(name.text)] != name.text:
                came = f"{name.text!r} at {name.start}, expected a part of {sentence.text[:80]!r}"
                docket.report(entry.file, entry.line, f"masks.{i}", came)
    statements = corpus.contradictories.value.statements if corpus.contradictories else {}
    for row in corpus.mirrored:
        docket.check_sentence(row.file, row.line, row.value.sentence_id, row.value.text_hash)
        if row.value.target_id not in statements:
            expected = f"expected one of {CONTRADICTORIES}: {', '.join(statements)}"
            docket.report(row.file, row.line, "target_id", f"{row.value.target_id!r}, {expected}")
    return docket.problems


def make_probes(corpus: Corpus, sentences: Sequence[Sentence], stances: Iterable[Stance]) -> list[Probe]:
    """All items of probes: masks, then mirrors, then swaps, each in the order of the rows.

    A pair on a contradictory is left out if its row is gone because its label is now `none`.

    Args:
        corpus: the corpus, whose masks and mirrors are used.
        sentences: all sentences, in order.
        stances: the rows of the table.
    """
    place = {sentence.sentence_id: i for i, sentence in enumerate(sentences)}
    targets = {entry.value.id: i for i, entry in enumerate(corpus.targets)}
    rows = sorted(stances, key=lambda row: (place[row.sentence_id], targets[row.target_id]))
    return [*_masks(corpus, sentences, rows), *_mirrors(corpus, rows), *_swaps(rows)]


def _masks(corpus: Corpus, sentences: Iterable[Sentence], rows: Iterable[Stance]) -> Iterator[Probe]:
    """Every row whose sentence has a name, with names hidden."""
    names = {entry.value.sentence_id: entry.value for entry in corpus.names}
    shown = dict(_hidden(names, sentences))
    for row in rows:
        if row.sentence_id in names and names[row.sentence_id].masks:
            yield _probe(ProbeKind.mask, row, shown[row.sentence_id])


def hide(text: str, names: NamesInput) -> str:
    """A sentence with [org], [place] or [person] in place of its names."""
    for name in reversed(names.masks):
        text = f"{text[: name.start]}[{name.kind}]{text[name.start + len(name.text) :]}"
    return text


def _hidden(names: Names, sentences: Iterable[Sentence]) -> Iterator[tuple[str, Shown]]:
    """Each sentence and its context with names hidden; context that nobody has read for names is left out."""
    paragraphs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for unit in sentences:
        read = names.get(unit.duplicate_of or unit.sentence_id)
        if read:
            paragraphs[unit.paragraph_id].append((unit.sentence_id, hide(unit.text, read)))
    for units in paragraphs.values():
        texts = [text for _, text in units]
        for i, (sentence_id, text) in enumerate(units):
            yield sentence_id, Shown(text, " ".join(texts[:i]), " ".join(texts[i + 1 :]))


def _mirrors(corpus: Corpus, rows: Iterable[Stance]) -> Iterator[Probe]:
    """Rows on claims that were judged again on the contradictory, with the label given there."""
    judged = {(entry.value.sentence_id, entry.value.target_id): entry.value for entry in corpus.mirrored}
    if corpus.contradictories is None:
        return
    given = corpus.contradictories.value
    for row in rows:
        if found := judged.get((row.sentence_id, row.target_id)):
            yield _probe(
                ProbeKind.mirror,
                row,
                target=given.statements[row.target_id],
                label=Label[found.label],
                label_name=found.label,
                origin=given.origin,
                certainty=found.certainty,
            )


def _swaps(rows: Iterable[Stance]) -> Iterator[Probe]:
    """All pairs of rows of one sentence with different labels: the first row, shown on the target of the second."""
    by_sentence: dict[str, list[Stance]] = defaultdict(list)
    for row in rows:
        by_sentence[row.sentence_id].append(row)
    for row, other in (pair for found in by_sentence.values() for pair in combinations(found, 2)):
        if row.label != other.label:
            yield _probe(
                ProbeKind.swap,
                row,
                other_target_id=other.target_id,
                target=other.target,
                label=other.label,
                label_name=other.label_name,
                origin=other.origin,
                certainty=other.certainty,
            )


def _probe(probe: ProbeKind, row: Stance, shown: Shown | None = None, **changed: Any) -> Probe:
    """A row with the changes that a probe makes."""
    shown = shown or Shown(row.text, row.context_before, row.context_after)
    key = [probe.value, row.sentence_id, row.target_id, changed.get("other_target_id")]
    as_it_is = {
        "other_target_id": None,
        "target": row.target,
        "label": row.label,
        "label_name": row.label_name,
        "origin": row.origin,
        "certainty": row.certainty,
    }
    return Probe.model_construct(
        probe_id=":".join(filter(None, key)),
        probe=probe,
        sentence_id=row.sentence_id,
        target_id=row.target_id,
        source_id=row.source_id,
        paragraph_id=row.paragraph_id,
        text=shown.text,
        row_label=row.label,
        row_label_name=row.label_name,
        context_before=shown.before,
        context_after=shown.after,
        **{**as_it_is, **changed},
    )
