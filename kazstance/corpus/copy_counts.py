"""How many copies a corpus has, and how many training rows each protocol leaves out because of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from kazstance.schema.labels import CopyKind
from kazstance.schema.manifest import Fold
from kazstance.schema.records import Copy

Array = npt.NDArray[Any]


def count_copies(
    copies: Sequence[Copy],
    sentences: pa.Table,
    stances: pa.Table,
    split: Mapping[str, str],
    folds: Mapping[str, Sequence[Fold]],
) -> Iterator[str]:
    """Lines that report the copies: first groups and pairs, then the training rows left out, by protocol.

    Args:
        copies: the rows of the table copies.
        sentences: the annotated sentences: sentence_id, paragraph_id.
        stances: the pairs with a label other than none: sentence_id, source_id, target_id.
        split: the split of each paragraph.
        folds: the folds of each protocol.
    """
    groups = Counter(copy.copy_of for copy in copies if copy.kind is CopyKind.equal)
    formulas = {copy.copy_of for copy in copies if copy.formula}
    pairs = Counter(copy.kind for copy in copies)
    equal = f"equal sentences {groups.total()} (groups {len(groups)}, formulas {len(formulas)})"
    yield f"{equal}, near-copies {pairs[CopyKind.near]}, shared quotations {pairs[CopyKind.quotation]}"
    if copies:
        tied = _tie(copies, stances)
        left = {"in_domain": _left_out_in_domain(tied, sentences, split)}
        for protocol, parts in folds.items():
            left[protocol] = sum(_left_out(tied, fold) for fold in parts if fold.test_sources is not None)
        yield "training rows left out: " + ", ".join(f"{protocol} {n}" for protocol, n in left.items())


@dataclass(frozen=True)
class Tied:
    """The sentences that have copies, by groups of equal ones, and the stances of these sentences."""

    group: Mapping[str, int]
    """The number of the group of each sentence."""
    linked: sparse.csr_array
    """Which groups are copies of each other, or the same: shape (groups, groups)."""
    row_group: Array
    """The group of each stance: shape (stances,); so below."""
    row_sentence: Array
    row_source: Array
    row_target: Array

    def closed(self, tested: Array) -> Array:
        """Whether each group has copies of a tested one, given whether each is tested: shape (groups,)."""
        found: Array = self.linked @ tested.astype(np.int64) > 0
        return found

    def groups_of(self, rows: Array) -> Array:
        """Whether each group has one of the stances."""
        found: Array = np.bincount(self.row_group[rows], minlength=self.linked.shape[0]) > 0
        return found


def _tie(copies: Sequence[Copy], stances: pa.Table) -> Tied:
    roots = {copy.sentence_id: copy.copy_of for copy in copies if copy.kind is CopyKind.equal}
    pairs = [(copy.sentence_id, copy.copy_of) for copy in copies if copy.kind is not CopyKind.equal]
    names = dict.fromkeys([*roots, *(name for pair in pairs for name in pair)])
    number: dict[str, int] = {}
    group = {name: number.setdefault(roots.get(name, name), len(number)) for name in names}
    ends = np.array([[group[one], group[other]] for one, other in pairs], np.int64).reshape(-1, 2)
    own = np.arange(len(number))
    one, other = np.concatenate([own, ends[:, 0], ends[:, 1]]), np.concatenate([own, ends[:, 1], ends[:, 0]])
    linked = sparse.coo_array((np.ones(len(one), np.int64), (one, other)), shape=(len(own), len(own))).tocsr()
    rows = stances.filter(pc.is_in(stances["sentence_id"], pa.array(list(group), pa.string())))
    sentence = rows["sentence_id"].to_numpy(zero_copy_only=False)
    place = np.array([group[name] for name in sentence], np.int64)
    others = (rows[name].to_numpy(zero_copy_only=False) for name in ("source_id", "target_id"))
    return Tied(group, linked, place, sentence, *others)


def _left_out_in_domain(tied: Tied, sentences: pa.Table, split: Mapping[str, str]) -> int:
    """The number of rows whose sentence is a copy of a tested one, or for training of one for validation."""
    there = sentences.filter(pc.is_in(sentences["sentence_id"], pa.array(list(tied.group), pa.string())))
    home = {
        name: split[paragraph]
        for name, paragraph in zip(there["sentence_id"].to_pylist(), there["paragraph_id"].to_pylist(), strict=True)
    }
    tested, held = (_groups_in(tied, home, names) for names in (("test",), ("test", "validation")))
    late, early = tied.closed(tested), tied.closed(held)
    side = np.array([home[name] for name in tied.row_sentence], object)
    dropped = np.where(side == "validation", late[tied.row_group], early[tied.row_group]) & (side != "test")
    return int(dropped.sum())


def _groups_in(tied: Tied, home: Mapping[str, str], splits: Sequence[str]) -> Array:
    """Whether each group has a sentence in one of the splits."""
    found = np.zeros(tied.linked.shape[0], bool)
    found[[tied.group[name] for name, split in home.items() if split in splits]] = True
    return found


def _left_out(tied: Tied, fold: Fold) -> int:
    """The number of training rows of a fold whose sentence is a copy of a tested one."""
    of_sources = np.isin(tied.row_source, np.array(fold.test_sources or (), object))
    of_targets = None if fold.test_targets is None else np.isin(tied.row_target, np.array(fold.test_targets, object))
    closed = tied.closed(tied.groups_of(of_sources if of_targets is None else of_sources & of_targets))
    training = ~of_sources if of_targets is None else ~of_sources & ~of_targets
    return int((training & closed[tied.row_group]).sum())
