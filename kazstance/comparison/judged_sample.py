"""What a model labelled, by strata of source and label, and what people said of the pairs that were drawn."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.schema.labels import Label
from kazstance.stats.correction import Domain, Flags, Measure, Sample, truths_by_kind
from kazstance.stats.counting import Codes, Floats

LABELS: Final = len(Label)
NO_ANSWER: Final = LABELS
"""The kind of a pair on which the model has no label."""
KINDS: Final = (*Label.__members__, "no_answer")
"""The kinds of strata within a source, by number."""
NET: Final = Measure(np.array([-1.0, 0, 1, 0]), np.array([1.0, 0, 1, 0]), low=-1.0)
"""Net stance: favor minus against, over both."""
SALIENCE: Final = Measure(np.array([1.0, 1, 1, 0]), np.ones(LABELS), unanswered=(0.0, 1.0))
"""The share of pairs that are about the target."""
MEASURES: Final = {"net": NET, "salience": SALIENCE}
COLUMNS: Final = ("sentence_id", "target_id", "holder", "annotator_id", "round", "label")
"""The columns of judgements that are read."""
RULED: Final = ("sentence_id", "target_id", "holder", "label", "adjudicator")
"""The columns of the grid that say what was adjudicated."""
Who = tuple[str, int]
"""An annotator and a round."""
NO_RULINGS: Final[Mapping[tuple[str, str], int]] = {}
Kinds = npt.NDArray[np.int8]


@dataclass(frozen=True)
class JudgedSample:
    """All pairs of sentence and target that a sample stands for, and what people said of those drawn.

    Shapes: `source` (sentences,), the number of each sentence's source; `kind` (sentences, targets), the number of the
    model's label, or `NO_ANSWER`; `sentence` and `target` (judged,), the place of each judged pair, and `votes`
    (judged, labels), how many people chose each label; `decided` (judged,) is the label that an adjudicator chose,
    or -1.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    sentences: tuple[str, ...]
    source: Codes
    kind: Kinds
    sentence: Codes
    target: Codes
    votes: Floats
    decided: Codes

    @property
    def truth(self) -> Floats:
        """What people said of each pair, shape (judged, labels): the adjudicated label, or the share of their votes."""
        shares = self.votes / np.maximum(self.votes.sum(axis=1, keepdims=True), 1)
        ruled = np.eye(LABELS)[self.decided]  # that of -1 is not used
        return np.asarray(np.where(self.decided[:, None] >= 0, ruled, shares))

    @property
    def weight(self) -> Floats:
        """How many pairs each judged one stands for, shape (judged,)."""
        drawn = self.truths.sum(axis=2)
        return np.asarray((self.size / np.maximum(drawn, 1))[self.source[self.sentence], self.judged_kind])

    @property
    def judged_kind(self) -> Codes:
        """The model's label on each judged pair, shape (judged,)."""
        return self.kind[self.sentence, self.target].astype(np.intp)

    @cached_property
    def size(self) -> Floats:
        """Pairs by source and kind, shape (sources, kinds)."""
        return np.asarray(self._counts(*self._everything).sum(axis=1))

    @cached_property
    def truths(self) -> Floats:
        """Judged pairs by source, kind and true label, shape (sources, kinds, labels)."""
        return np.asarray(self._judged(*self._everything).sum(axis=1))

    @cached_property
    def by_kind(self) -> Floats:
        """How probable each label is by kind, over all sources, shape (kinds, labels)."""
        return truths_by_kind(np.tile(np.arange(len(KINDS)), len(self.sources)), self.truths.reshape(-1, LABELS))

    @property
    def _everything(self) -> tuple[Flags, Codes]:
        return np.ones(len(self.source), dtype=bool), np.arange(len(self.sources))

    def _counts(self, chosen: Flags, sources: Codes) -> Floats:
        """Pairs of some sentences, all of them of some sources, shape (sources, targets, kinds)."""
        shape = len(sources), len(self.targets), len(KINDS)
        code = np.searchsorted(sources, self.source[chosen])[:, None] * shape[1] + np.arange(shape[1])
        code = (code * shape[2] + self.kind[chosen]).ravel()
        return np.bincount(code, minlength=np.prod(shape)).reshape(shape).astype(np.float64)

    def _judged(self, chosen: Flags, sources: Codes) -> Floats:
        """Judged pairs of some sentences by what people said, shape (sources, targets, kinds, labels)."""
        found = np.zeros((len(sources), len(self.targets), len(KINDS), LABELS))
        there = chosen[self.sentence]
        source = np.searchsorted(sources, self.source[self.sentence[there]])
        np.add.at(found, (source, self.target[there], self.judged_kind[there]), self.truth[there])
        return found

    def part(self, chosen: Flags, targets: Sequence[Sequence[int]]) -> tuple[Sample, Domain]:
        """The strata of the sources that some sentences are of, and their pairs on sets of targets: a domain for each.

        Args:
            chosen: which sentences, shape (sentences,).
            targets: the places of the targets of each set.
        """
        sources = np.unique(self.source[chosen])
        counts, judged = self._counts(chosen, sources), self._judged(chosen, sources)
        size = np.stack([counts[:, list(places)].sum(axis=1).ravel() for places in targets])
        truths = np.stack([judged[:, list(places)].sum(axis=1).reshape(-1, LABELS) for places in targets])
        kind = np.tile(np.arange(len(KINDS)), len(sources))
        drawn = self.truths[sources].sum(axis=-1).ravel()
        return Sample(kind, self.size[sources].ravel(), drawn), Domain(size, truths)


def judged_sample(
    sentences: Iterable[tuple[str, str]],
    targets: Sequence[str],
    judgements: pa.Table,
    model: str,
    people: Collection[Who],
    *,
    rulings: Mapping[tuple[str, str], int] = NO_RULINGS,
) -> JudgedSample:
    """The labels of a model, and what people said of some of them, from judgements on the speakers of sentences.

    Of each annotator's judgements on a pair, those of a person in the given rounds count; the model's are those of its
    latest round.

    Args:
        sentences: the annotated sentences that the sample stands for, in order, each with its source.
        targets: the targets that it stands for.
        judgements: rows with `COLUMNS`.
        model: the annotator whose labels define the strata.
        people: the annotators who judged the sample, each with the round.
        rulings: the labels that people chose as adjudicators, by sentence and target.
    """
    names, of = zip(*sentences, strict=True) if (sentences := list(sentences)) else ((), ())
    sources = tuple(dict.fromkeys(of))
    rows = _placed(judgements, names, targets)
    kind = np.full((len(names), len(targets)), NO_ANSWER, dtype=np.int8)
    own = rows["annotator"] == model
    order = np.argsort(rows["round"][own], kind="stable")
    kind[rows["sentence"][own][order], rows["target"][own][order]] = rows["label"][own][order]
    theirs = np.zeros(len(own), dtype=bool)
    for name, number in people:
        theirs |= (rows["annotator"] == name) & (rows["round"] == number)
    code = rows["sentence"][theirs] * max(len(targets), 1) + rows["target"][theirs]
    pairs, place = np.unique(code, return_inverse=True)
    votes = np.zeros((len(pairs), LABELS))
    np.add.at(votes, (place, rows["label"][theirs]), 1)
    ruled = [rulings.get((names[pair // len(targets)], targets[pair % len(targets)]), -1) for pair in pairs.tolist()]
    number_of = {name: i for i, name in enumerate(sources)}
    return JudgedSample(
        sources=sources,
        targets=tuple(targets),
        sentences=tuple(names),
        source=np.array([number_of[name] for name in of], dtype=np.intp),
        kind=kind,
        sentence=pairs // max(len(targets), 1),
        target=pairs % max(len(targets), 1),
        votes=votes,
        decided=np.array(ruled, dtype=np.intp),
    )


def judged_pairs(judgements: pa.Table, sample: JudgedSample, who: Who) -> set[tuple[str, str]]:
    """The pairs of a sample's sentences and targets that a person judged in a round.

    Args:
        judgements: rows with `COLUMNS`.
        sample: the sentences and targets.
        who: the person and the round.
    """
    name, number = who
    own = pc.and_(pc.equal(judgements["annotator_id"].cast(pa.string()), name), pc.equal(judgements["round"], number))
    rows = _placed(judgements.filter(own), sample.sentences, sample.targets)
    places = zip(rows["sentence"].tolist(), rows["target"].tolist(), strict=True)
    return {(sample.sentences[sentence], sample.targets[target]) for sentence, target in places}


def _placed(judgements: pa.Table, sentences: Sequence[str], targets: Sequence[str]) -> dict[str, Any]:
    """The judgements on the speakers of some sentences and on some targets, with their places, as arrays by name."""
    rows = judgements.select(COLUMNS).filter(pc.is_null(judgements["holder"]))
    places = {
        name: pc.index_in(rows[f"{name}_id"].cast(pa.string()), value_set=pa.array(list(known), pa.string()))
        for name, known in (("sentence", sentences), ("target", targets))
    }
    there = pc.and_(pc.is_valid(places["sentence"]), pc.is_valid(places["target"]))
    found = {name: place.filter(there).to_numpy().astype(np.intp) for name, place in places.items()}
    kept = rows.filter(there)
    for name in ("round", "label"):
        found[name] = kept[name].to_numpy().astype(np.intp)
    annotators = kept["annotator_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    names = np.array(annotators.dictionary.to_pylist() or [""], dtype=object)
    return {**found, "annotator": names[annotators.indices.to_numpy()] if len(kept) else np.array([], dtype=object)}


def rulings_of(grid: pa.Table, people: Collection[str]) -> dict[tuple[str, str], int]:
    """The labels that people chose as adjudicators, by sentence and target.

    Args:
        grid: rows with `RULED`.
        people: all people among the annotators.
    """
    rows = grid.select(RULED).filter(pc.is_null(pc.field("holder")) & pc.is_valid(pc.field("label")))
    rows = rows.filter(pc.is_in(rows["adjudicator"], value_set=pa.array(list(people), pa.string())))
    names = (rows[name].to_pylist() for name in ("sentence_id", "target_id", "label"))
    return {(sentence, target): label for sentence, target, label in zip(*names, strict=True)}
