"""Random samples of a model's labels in joined datasets: each still stands for the pairs that it was drawn from."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.publish.joined import Part
from kazstance.schema.digest import pairs_hash
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.manifest import PeoplesSample
from kazstance.schema.records import ALL

COLUMNS: Final = ("sentence_id", "source_id", "target_id", "holder", "annotator_id", "round")
"""The columns of judgements that say what a person was asked."""


class _Renamed(NamedTuple):
    """A sample with the ids of the joined dataset."""

    sample: PeoplesSample
    asked: set[tuple[str, str]] | None
    """All pairs that the person was asked in the round, by these ids; None if other pairs are judged."""


def samples_of(parts: Sequence[Part]) -> list[PeoplesSample]:
    """The samples of all datasets, with the ids that they have in the joined one.

    Samples of one model that judged for several datasets are one sample if they are of the same targets.

    Args:
        parts: the datasets.
    """
    found = [one for part in parts for one in _renamed(part)]
    return [_together(one.sample, [other for other in found if _is_like(one.sample, other.sample)]) for one in found]


def _is_like(one: PeoplesSample, other: PeoplesSample) -> bool:
    return one.model == other.model and set(one.targets) == set(other.targets)


def _together(sample: PeoplesSample, alike: Sequence[_Renamed]) -> PeoplesSample:
    """A sample as a part of all those of one model on the same targets."""
    strata = {source: labels for one in alike for source, labels in one.sample.strata.items()}
    own = [one.asked for one in alike if _who(one.sample) == _who(sample)]
    known = [pairs for pairs in own if pairs is not None]
    asked = pairs_hash(set().union(*known)) if len(known) == len(own) else sample.asked  # the old one fits nothing
    return sample.model_copy(update={"sources": tuple(strata), "strata": strata, "asked": asked})


def _who(sample: PeoplesSample) -> tuple[str, int]:
    return sample.annotator, sample.round


def _renamed(part: Part) -> list[_Renamed]:
    """The samples of a dataset, of its own sources and targets, which are no longer all that there are."""
    samples = part.folder.manifest.samples
    if not samples:
        return []
    targets = tuple(part.folder.ids["target_id"])
    tables = part.folder.read("judgements", ALL[0]), part.table("judgements", ALL[0])
    before, after = (rows.select(COLUMNS).filter(OF_SPEAKERS) for rows in tables)
    found = []
    for sample in samples:
        changed = {
            "sheet": f"{part.brief_prefix}{sample.sheet}",
            "model": part.name(sample.model),
            "annotator": part.name(sample.annotator),
            "round": sample.round + part.later,
            "targets": sample.targets or targets,
            "strata": {part.name(source): labels for source, labels in sample.strata.items()},
        }
        found.append(_Renamed(sample.model_copy(update=changed), _asked(sample, before, after)))
    return found


def _asked(sample: PeoplesSample, before: pa.Table, after: pa.Table) -> set[tuple[str, str]] | None:
    """The pairs that a person was asked, by the ids of `after`; None if these are not the ones that were drawn."""
    own = pc.and_(pc.equal(before["annotator_id"], sample.annotator), pc.equal(before["round"], sample.round))
    for name, known in (("source_id", sample.sources), ("target_id", sample.targets)):
        if known:
            own = pc.and_(own, pc.is_in(before[name].cast(pa.string()), value_set=pa.array(known)))
    old, new = (_pairs(rows.filter(own)) for rows in (before, after))
    return new if pairs_hash(old) == sample.asked else None


def _pairs(rows: pa.Table) -> set[tuple[str, str]]:
    return set(zip(rows["sentence_id"].to_pylist(), rows["target_id"].to_pylist(), strict=True))
