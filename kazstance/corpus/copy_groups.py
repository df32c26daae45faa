"""Copies as a table: groups of equal sentences, and pairs of groups that are near-copies or share a quotation."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from kazstance.corpus.copies import find_copies, words_of
from kazstance.schema import records
from kazstance.schema.labels import CopyKind
from kazstance.schema.records import Sentence

FORMULA = 5
"""Words up to which an equal sentence is a formula, as a greeting is."""


def copy_rows(sentences: Sequence[Sentence]) -> list[records.Copy]:
    """The rows of the table copies: groups in the order of their first sentences, then pairs of groups."""
    words = {sentence.sentence_id: words_of(sentence.text) for sentence in sentences}
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for sentence in sentences:
        groups[words[sentence.sentence_id]].append(sentence.sentence_id)
    first = {names[0] for names in groups.values()}
    rows = [row for said, names in groups.items() if said and names[1:] for row in _group(names, len(said) <= FORMULA)]
    return [*rows, *_pairs(sentence for sentence in sentences if sentence.sentence_id in first)]


def _group(names: Iterable[str], formula: bool) -> Iterator[records.Copy]:
    first, *_ = names = list(names)
    for name in names:
        yield records.Copy(sentence_id=name, copy_of=first, kind=CopyKind.equal, share=1.0, formula=formula)


def _pairs(firsts: Iterable[Sentence]) -> Iterator[records.Copy]:
    """Near-copies and shared quotations among the first sentences of all groups, in the order of the sentences."""
    there = list(firsts)
    place = {sentence.sentence_id: i for i, sentence in enumerate(there)}
    found = [(sorted((place[copy.first], place[copy.second])), copy) for copy in find_copies(there)]
    for at, copy in sorted(found):
        yield records.Copy(
            sentence_id=there[at[1]].sentence_id,
            copy_of=there[at[0]].sentence_id,
            kind=copy.kind,
            share=round(copy.share, 6),
            formula=False,
        )
