"""Copies as a table: groups of equal sentences, and pairs of groups that are near-copies or share a quotation."""

from collections.abc import Callable, Iterable

from kazstance.corpus.copies import find_ties
from kazstance.corpus.workers import Workers
from kazstance.schema import records
from kazstance.schema.labels import CopyKind


def named_rows(
    names: Callable[[int], str], texts: Iterable[str], languages: Iterable[str], workers: Workers | None = None
) -> list[records.Copy]:
    """The rows of the table copies: groups in the order of their first sentences, then pairs of groups.

    Args:
        names: gives the id of the sentence with a number, counted from 0 in the order of the texts.
        texts: their texts.
        languages: the language of each, as a BCP 47 tag, by whose rules its words are found.
        workers: processes that find the words; by default, this one does.

    Raises:
        MissingExtraError: a language is written without spaces between words, and icu4py is not installed.
    """
    ties = find_ties(texts, languages, workers)
    rows = [
        _row(names(text), names(group[0]), CopyKind.equal, 1.0, formula=group[0] in ties.formulas)
        for group in ties.groups
        for text in group
    ]
    return rows + [_row(names(other), names(one), kind, share) for (one, other), (kind, share) in ties.pairs.items()]


def _row(sentence: str, other: str, kind: CopyKind, share: float, *, formula: bool = False) -> records.Copy:
    return records.Copy(sentence_id=sentence, copy_of=other, kind=kind, share=round(share, 6), formula=formula)
