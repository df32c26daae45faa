"""Copies as a table: groups of equal sentences, and pairs of groups that are near-copies or share a quotation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kazstance.corpus.copies import group_equal, related
from kazstance.schema import records
from kazstance.schema.labels import CopyKind
from kazstance.schema.records import Sentence

FORMULA: Final = 5
"""Maximum number of words of an equal sentence that counts as a formula, such as a greeting."""


def copy_rows(sentences: Sequence[Sentence], languages: Mapping[str, str]) -> list[records.Copy]:
    """The rows of the table copies: groups in the order of their first sentences, then pairs of groups.

    Args:
        sentences: the sentences, in the order of the texts.
        languages: the language of each document, as a BCP 47 tag, by whose rules words are found.

    Raises:
        MissingExtraError: a language is written without spaces between words, and icu4py is not installed.
    """
    groups = group_equal(sentences, languages)
    groups.pop((), None)
    texts, names = list(groups), list(groups.values())
    rows = [row for words, group in groups.items() if group[1:] for row in _group(group, len(words) <= FORMULA)]
    pairs = {(min(at), max(at)): found for at, found in related(texts).items()}
    for (one, other), (kind, share) in sorted(pairs.items()):
        rows.append(_row(names[other][0], names[one][0], kind, share))
    return rows


def _group(names: Sequence[str], formula: bool) -> Iterator[records.Copy]:
    for name in names:
        yield _row(name, names[0], CopyKind.equal, 1.0, formula=formula)


def _row(sentence: str, other: str, kind: CopyKind, share: float, *, formula: bool = False) -> records.Copy:
    return records.Copy(sentence_id=sentence, copy_of=other, kind=kind, share=round(share, 6), formula=formula)
