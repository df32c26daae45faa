"""How many copies a corpus has, and how many training rows each protocol leaves out because of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kazstance.corpus.decisions import Decision, PairKey
from kazstance.schema.labels import CopyKind
from kazstance.schema.leaks import Leaks, Tie
from kazstance.schema.manifest import Fold
from kazstance.schema.records import Copy, Sentence


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
    leaks = Leaks(Tie(c.sentence_id, c.copy_of, c.kind, c.formula) for c in copies)
    copied = {s.sentence_id: s for s in sentences if s.sentence_id in leaks.sentences}
    rows = [pair for pair, decision in decisions.items() if decision.is_stance and pair[0] in copied]
    sides = {name: {s for s, home in copied.items() if split[home.paragraph_id] == name} for name in split.values()}
    tested, held = sides.get("test", set()), sides.get("validation", set())
    late, early = leaks.closed(tested), leaks.closed(tested | held)
    dropped = {s for s in copied if s not in tested and s in (late if s in held else early)}
    yield "in_domain", sum(sentence in dropped for sentence, _ in rows)
    for protocol, parts in folds.items():
        yield protocol, sum(_dropped(rows, copied, leaks, fold) for fold in parts if fold.test_sources is not None)


def _dropped(rows: Sequence[PairKey], copied: Mapping[str, Sentence], leaks: Leaks, fold: Fold) -> int:
    """The number of training rows of a fold whose sentence is a copy of a tested one."""
    sources, targets = set(fold.test_sources or ()), fold.test_targets
    tested = {s for s, t in rows if copied[s].source_id in sources and (targets is None or t in targets)}
    closed = leaks.closed(tested)
    left = ((s, t) for s, t in rows if copied[s].source_id not in sources and (targets is None or t not in targets))
    return sum(sentence in closed for sentence, _ in left)
