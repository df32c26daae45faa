"""How many copies a corpus has, and how many training rows each protocol leaves out because of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kazstance.corpus.decisions import Decision, PairKey
from kazstance.schema.labels import CopyKind
from kazstance.schema.manifest import Fold
from kazstance.schema.records import Copy, Sentence

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Names = npt.NDArray[Any]


def count_copies(
    copies: Sequence[Copy],
    sentences: Sequence[Sentence],
    decisions: Mapping[PairKey, Decision],
    split: Mapping[str, str],
    folds: Mapping[str, Sequence[Fold]],
) -> Iterator[str]:
    """Lines that report the copies: first groups and pairs, then the training rows left out, by protocol.

    Args:
        copies: the rows of the table copies.
        sentences: the annotated sentences.
        decisions: the decision on each pair of sentence and target.
        split: the split of each paragraph.
        folds: the folds of each protocol.
    """
    groups = Counter(copy.copy_of for copy in copies if copy.kind is CopyKind.equal)
    formulas = {copy.copy_of for copy in copies if copy.formula}
    pairs = Counter(copy.kind for copy in copies)
    equal = f"equal sentences {groups.total()} (groups {len(groups)}, formulas {len(formulas)})"
    yield f"{equal}, near-copies {pairs[CopyKind.near]}, shared quotations {pairs[CopyKind.quotation]}"
    if copies:
        left = dict(_left_out(copies, sentences, decisions, split, folds))
        yield "training rows left out: " + ", ".join(f"{protocol} {n}" for protocol, n in left.items())


def _left_out(
    copies: Sequence[Copy],
    sentences: Sequence[Sentence],
    decisions: Mapping[PairKey, Decision],
    split: Mapping[str, str],
    folds: Mapping[str, Sequence[Fold]],
) -> Iterator[tuple[str, int]]:
    """For each protocol, the number of rows of stances left out of training, over all folds."""
    groups = _Groups(copies)
    homes = {sentence.sentence_id: sentence for sentence in sentences}
    split_of = np.array([split.get(homes[name].paragraph_id) if name in homes else None for name in groups.names])
    pairs = [pair for pair, decision in decisions.items() if decision.is_stance and pair[0] in groups.place]
    at = np.array([groups.place[sentence] for sentence, _ in pairs], np.int64)
    source = np.array([homes[sentence].source_id for sentence, _ in pairs], object)
    target = np.array([name for _, name in pairs], object)
    late = groups.closed(split_of == "test")
    early = groups.closed((split_of == "test") | (split_of == "validation"))
    dropped = (split_of != "test") & np.where(split_of == "validation", late, early)
    yield "in_domain", int(np.count_nonzero(dropped[at]))
    for protocol, parts in folds.items():
        yield protocol, sum(_dropped(groups, at, source, target, f) for f in parts if f.test_sources is not None)


class _Groups:
    """Sentences that are copies of others, by the group of equal sentences that each belongs to."""

    def __init__(self, copies: Sequence[Copy]) -> None:
        names = dict.fromkeys(name for copy in copies for name in (copy.sentence_id, copy.copy_of))
        self.names = tuple(names)
        self.place = {name: i for i, name in enumerate(names)}
        pairs = [(self.place[copy.sentence_id], self.place[copy.copy_of], copy.kind) for copy in copies]
        self._group = np.arange(len(names))
        for one, other, kind in pairs:
            if kind == CopyKind.equal:
                self._group[one] = other
        linked = [(one, other) for one, other, kind in pairs if kind != CopyKind.equal]
        both = np.array([*linked, *((other, one) for one, other in linked)], np.int64).reshape(-1, 2)
        self._from, self._to = both.T

    def closed(self, tested: Flags) -> Flags:
        """Which sentences are copies of a tested one, or tested themselves: shape (sentences,), like `tested`."""
        held = np.zeros(len(self.names), np.bool_)
        held[self._group[tested]] = True
        held[self._to[held[self._from]]] = True
        found: Flags = held[self._group]
        return found


def _dropped(groups: _Groups, at: Ints, source: Names, target: Names, fold: Fold) -> int:
    """The number of training rows of a fold whose sentence is a copy of a tested one."""
    in_sources = np.isin(source, list(fold.test_sources or ()))
    in_targets = np.isin(target, list(fold.test_targets)) if fold.test_targets is not None else None
    is_tested = in_sources if in_targets is None else in_sources & in_targets
    is_left = ~in_sources if in_targets is None else ~in_sources & ~in_targets
    tested = np.zeros(len(groups.names), np.bool_)
    tested[at[is_tested]] = True
    return int(np.count_nonzero(groups.closed(tested)[at[is_left]]))
