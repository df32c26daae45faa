"""A row for each pair that a sample stands for, as regressions take it that correct a model's labels."""

from typing import Final

import numpy as np
import pyarrow as pa

from kazstance.comparison.judged_sample import KINDS, LABELS, JudgedSample, Kinds
from kazstance.schema.ids import document_of
from kazstance.schema.labels import GRID_LABELS, Label
from kazstance.schema.labels import LABELS as SIDES
from kazstance.schema.leaks import cluster_names
from kazstance.stats.counting import Floats

ABOUT: Final = "about"
"""The outcome of being about the target at all."""


def judged_rows(sample: JudgedSample) -> pa.Table:
    """All pairs of sentence and target with the model's label, what people said, and the probability of being judged.

    Columns: `sentence_id`, `target_id`, `source_id`, `document_id`, `cluster` (the document if the source has several,
    otherwise the paragraph); `silver`, the model's label, or no_answer; `human`, the people's, null if nobody judged
    the pair or they differ; `judged`, 1 or 0; `probability`, the share of the pair's stratum that was judged, null if
    none was; and for each of about, favor, neutral and against the outcome by the model and by people, as
    `favor_silver` and `favor_human`: 1 or 0, between them where people differ, null where nobody judged.

    Args:
        sample: what was labelled and judged.
    """
    sentence, target = (place.ravel() for place in np.indices(sample.kind.shape))
    kind, truth = sample.kind.ravel(), _truth(sample)
    names = pa.array([*GRID_LABELS, None], pa.string())
    outcomes = {
        f"{name}_{whose}": column for name, by in _outcomes(kind, truth).items() for whose, column in by.items()
    }
    return pa.table(
        {
            "sentence_id": pa.array(sample.sentences, pa.string()).take(pa.array(sentence)),
            "target_id": pa.array(sample.targets, pa.string()).take(pa.array(target)),
            **{name: column.take(pa.array(sentence)) for name, column in _of_sentences(sample).items()},
            "silver": pa.array(KINDS, pa.string()).take(pa.array(kind)),
            "human": names.take(pa.array(np.where((truth == 1).any(axis=1), (truth == 1).argmax(axis=1), LABELS))),
            "judged": pa.array((~np.isnan(truth[:, 0])).astype(np.int64)),
            "probability": _nullable(_probability(sample)[sample.source[sentence], kind]),
            **{name: _nullable(values) for name, values in outcomes.items()},
        }
    )


def _of_sentences(sample: JudgedSample) -> dict[str, pa.Array]:
    """Source, document and cluster of each sentence."""
    paragraphs = [name.rpartition("/")[0] for name in sample.sentences]
    documents = [document_of(name) for name in paragraphs]
    sources = [sample.sources[place] for place in sample.source]
    cluster = cluster_names(dict.fromkeys(paragraphs), dict(zip(documents, sources, strict=True)))
    found = {"source_id": sources, "document_id": documents, "cluster": [cluster[name] for name in paragraphs]}
    return {name: pa.array(values, pa.string()) for name, values in found.items()}


def _truth(sample: JudgedSample) -> Floats:
    """What people said of each pair, NaN where nobody judged it: shape (pairs, labels)."""
    found = np.full((sample.kind.size, LABELS), np.nan)
    found[sample.sentence * len(sample.targets) + sample.target] = sample.truth
    return found


def _probability(sample: JudgedSample) -> Floats:
    """The share of each stratum that was judged, NaN where none was: shape (sources, kinds)."""
    size, drawn = sample.size, sample.truths.sum(axis=2)
    return np.where(drawn > 0, drawn / np.maximum(size, 1), np.nan)


def _outcomes(kind: Kinds, truth: Floats) -> dict[str, dict[str, Floats]]:
    """Each outcome by the model and by people."""
    silver = np.eye(len(KINDS), LABELS)[kind]
    found = {ABOUT: [values[:, : Label.none].sum(axis=1) for values in (silver, truth)]}
    for name in reversed(SIDES):
        found[name] = [values[:, Label[name]] for values in (silver, truth)]
    return {name: dict(zip(("silver", "human"), both, strict=True)) for name, both in found.items()}


def _nullable(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
