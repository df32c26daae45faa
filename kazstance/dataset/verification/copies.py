"""Copies compared with each other: groups have their first sentence, and pairs are of first sentences."""

from collections.abc import Iterator

from kazstance.dataset.verification.columns import equals, find
from kazstance.dataset.verification.findings import Finding
from kazstance.dataset.verification.tables import Tables
from kazstance.schema.labels import CopyKind


def check_copies(tables: Tables) -> Iterator[Finding]:
    """Copies are of annotated sentences; each group has its first sentence, which alone stands for it in pairs."""
    sentence, other = tables.codes("copies", "sentence_id"), tables.codes("copies", "copy_of")
    annotated = tables.numbers("sentences", "annotated")
    unknown = ~(annotated[sentence] & annotated[other])
    yield from tables.faults("copies", unknown, "is of a sentence that is not annotated")
    equal = equals(tables.column("copies", "kind"), CopyKind.equal)
    itself = sentence == other
    heads, members = sentence[equal & itself], sentence[equal & ~itself]
    lost = equal & (find(other, heads) < 0)
    yield from tables.faults("copies", lost, "copy_of is not the first sentence of a group")
    paired = ~equal & (itself | (find(sentence, members) >= 0) | (find(other, members) >= 0))
    yield from tables.faults("copies", paired, "is not a pair of the first sentences of two groups")
    formula = tables.numbers("copies", "formula")
    yield from tables.faults("copies", formula & ~equal, "formula does not match kind")
    yield from tables.faults("copies", other > sentence, "copy_of comes after the sentence in the texts")
