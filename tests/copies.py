"""All pairs of sentences that are copies, from the groups and pairs that the build finds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, product

from kazstance.corpus.copies import find_ties
from kazstance.language.tags import UNDETERMINED
from kazstance.language.words import tokens
from kazstance.schema.labels import CopyKind
from kazstance.schema.records import Sentence


@dataclass(frozen=True, order=True)
class Copy:
    """Two sentences, one of which may give the other away, and the share of shingles that they have in common."""

    first: str
    second: str
    kind: CopyKind
    share: float


def find_copies(sentences: Iterable[Sentence], languages: Mapping[str, str] | None = None) -> list[Copy]:
    """All pairs of sentences that are equal, nearly equal or share a quotation.

    Sentences without words are all equal.

    Args:
        sentences: the sentences.
        languages: the language of each document, as a BCP 47 tag, by whose rules its words are found.

    Raises:
        MissingExtraError: a language is written without spaces between words, and icu4py is not installed.
    """
    sentences = list(sentences)
    spoken = [(languages or {}).get(sentence.document_id, UNDETERMINED) for sentence in sentences]
    ties = find_ties([sentence.text for sentence in sentences], spoken)
    members = {group[0]: group for group in ties.groups}
    silent = [i for i, (s, language) in enumerate(zip(sentences, spoken, strict=True)) if not tokens(s.text, language)]
    equal = [pair for group in [*ties.groups, silent] for pair in combinations(group, 2)]
    near = [
        (pair, tie) for at, tie in ties.pairs.items() for pair in product(*(members.get(text, [text]) for text in at))
    ]
    found = [*((pair, (CopyKind.equal, 1.0)) for pair in equal), *near]
    copies = []
    for pair, (kind, share) in found:
        first, second = sorted(sentences[i].sentence_id for i in pair)
        copies.append(Copy(first, second, kind, share))
    return sorted(copies)
