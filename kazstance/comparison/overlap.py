"""How far targets overlap: the sentences with a stance on both, and the evidence that they have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

Ints = npt.NDArray[Any]
CLOSE: Final = 1 / 3
"""The share of evidence from which two targets are close."""
FEWEST: Final = 3
"""The number of sentences that two close targets share at least; one or two may do so by chance."""
COLUMNS: Final = ("sentence_id", "target_id", "text", "evidence")


@dataclass(frozen=True)
class Overlap:
    """Two targets, and what they share."""

    targets: tuple[str, str]
    """In the order of the targets."""
    n_sentences: tuple[int, int]
    """The number of sentences with a stance on each."""
    n_shared: int
    """The number of sentences with a stance on both."""
    evidence: float
    """The share of the evidence for the one with less evidence that is evidence for the other as well, in characters.

    The overlap coefficient (Szymkiewicz-Simpson), between 0 and 1. Where no evidence was recorded, it is the sentence.
    """

    @property
    def is_close(self) -> bool:
        """Whether a system that was trained on the one has seen much of what the other is tested on."""
        return self.n_shared >= FEWEST and self.evidence >= CLOSE

    @property
    def sentences(self) -> float:
        """The share of the sentences of the target with fewer that have a stance on the other as well."""
        return self.n_shared / min(self.n_sentences)


def overlaps(stances: Iterable[pa.Table], targets: Sequence[str]) -> list[Overlap]:
    """All pairs of targets that share a sentence, those that share most evidence first.

    Args:
        stances: rows of the table stances; all rows of a sentence are in one of the tables.
        targets: the ids of the targets, in order.
    """
    shape = (len(targets), len(targets))
    sentences, evidence = sparse.csr_array(shape, dtype=np.int64), sparse.csr_array(shape, dtype=np.int64)
    for rows in stances:
        if len(rows):
            sentence = _coded(rows["sentence_id"]).indices.to_numpy()
            target = _numbers(rows["target_id"], targets)
            sentences += _shared(sentence, target, np.ones(int(sentence.max()) + 1, np.int64), shape[0])
            evidence += _shared(*_pieces(rows, sentence, target), shape[0])
    totals, characters = sentences.diagonal(), evidence.diagonal()
    pairs = sparse.triu(sentences, k=1).tocoo()
    one, other = pairs.coords
    common = np.asarray(evidence.tocsr()[one, other]).ravel()
    shares = common / np.maximum(np.minimum(characters[one], characters[other]), 1)
    found = [
        Overlap((targets[a], targets[b]), (int(totals[a]), int(totals[b])), int(n), float(share))
        for a, b, n, share in zip(one, other, pairs.data, shares, strict=True)
    ]
    return sorted(found, key=lambda pair: (-pair.evidence, -pair.n_shared, sorted(pair.targets)))


def _shared(place: Ints, target: Ints, weight: Ints, n_targets: int) -> sparse.csr_array:
    """The summed weight of the places that each two targets have in common: shape (targets, targets)."""
    held = sparse.coo_array((np.ones(len(place), np.int64), (place, target)), shape=(len(weight), n_targets)).tocsr()
    held.data[:] = 1  # several holders may have a stance on the same target in a sentence
    weighted = held.copy()
    weighted.data = np.repeat(weight, np.diff(held.indptr))
    return (weighted.T @ held).tocsr()


def _pieces(rows: pa.Table, sentence: Ints, target: Ints) -> tuple[Ints, Ints, Ints]:
    """The pieces of text that are evidence for each row: their numbers, the targets of the rows, and all their lengths.

    Texts are cut wherever evidence begins or ends, so that a piece is evidence for a target as a whole or not at all.
    """
    row, start, end = _spans(rows)
    size = np.zeros(int(sentence.max()) + 1, np.int64)
    np.maximum.at(size, sentence[row], end)
    before = (np.cumsum(size) - size)[sentence[row]]
    cuts = np.unique(np.concatenate([before + start, before + end]))
    first, last = np.searchsorted(cuts, before + start), np.searchsorted(cuts, before + end)
    n_pieces = last - first
    skipped = np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
    piece = np.repeat(first, n_pieces) + np.arange(n_pieces.sum()) - skipped
    return piece, np.repeat(target[row], n_pieces), np.diff(cuts, append=cuts[-1:])


def _spans(rows: pa.Table) -> tuple[Ints, Ints, Ints]:
    """Row, start and end of each span of evidence; that of a row without recorded evidence is its text."""
    evidence = rows["evidence"].combine_chunks()
    unknown = np.flatnonzero(evidence.is_null().to_numpy(zero_copy_only=False))
    text = _coded(rows["text"])
    sizes = pc.utf8_length(text.dictionary).to_numpy().astype(np.int64)[text.indices.to_numpy()[unknown]]
    flat = pc.list_flatten(evidence)
    row = np.concatenate([pc.list_parent_indices(evidence).to_numpy().astype(np.int64), unknown])
    start = np.concatenate([flat.field("start").to_numpy(), np.zeros(len(unknown), np.int64)])
    end = np.concatenate([flat.field("end").to_numpy(), sizes])
    return row, start, end


def _numbers(names: pa.ChunkedArray, known: Sequence[str]) -> Ints:
    """The place of each name among those known."""
    coded = _coded(names)
    places = pc.index_in(coded.dictionary, pa.array(known, pa.string()))
    found: Ints = places.take(coded.indices).to_numpy()
    return found


def _coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """A column of texts, each stored once."""
    return column.combine_chunks().dictionary_encode()
