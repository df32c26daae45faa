"""Copies compared with each other: groups have their first sentence, and pairs are of first sentences."""

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc

from kazstance.dataset.verification.tables import Tables, equals, find
from kazstance.schema.labels import CopyKind


def check_copies(tables: Tables) -> Iterator[str]:
    """Copies are of annotated sentences; each group has its first sentence, which alone stands for it in pairs."""
    sentence, other = tables.column("copies", "sentence_id"), tables.column("copies", "copy_of")
    sentences = tables.column("sentences", "sentence_id")
    annotated = sentences.filter(tables.column("sentences", "annotated"))
    unknown = (find(sentence, annotated) < 0) | (find(other, annotated) < 0)
    yield from tables.faults("copies", unknown, "is of a sentence that is not annotated")
    equal = equals(tables.column("copies", "kind"), CopyKind.equal)
    itself = pc.equal(sentence, other).to_numpy(zero_copy_only=False)
    heads, members = sentence.filter(equal & itself), sentence.filter(equal & ~itself)
    lost = equal & (find(other, heads) < 0)
    yield from tables.faults("copies", lost, "copy_of is not the first sentence of a group")
    paired = ~equal & (itself | (find(sentence, members) >= 0) | (find(other, members) >= 0))
    yield from tables.faults("copies", paired, "is not a pair of the first sentences of two groups")
    formula = tables.numbers("copies", "formula")
    yield from tables.faults("copies", formula & ~equal, "formula does not match kind")
    turned = find(other, sentences) > find(sentence, sentences)
    yield from tables.faults("copies", np.asarray(turned), "copy_of comes after the sentence in the texts")
