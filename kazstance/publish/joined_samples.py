"""Random samples of a model's labels in joined datasets: each still stands for the pairs that it was drawn from."""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.publish.joined import Part
from kazstance.schema.digest import pairs_hash
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.manifest import PeoplesSample
from kazstance.schema.records import ALL

COLUMNS = ("sentence_id", "source_id", "target_id", "holder", "annotator_id", "round")
"""The columns of judgements that say what a person was asked."""


def samples_of(parts: Sequence[Part]) -> list[PeoplesSample]:
    """The samples of all datasets, with the ids that they have in the joined one.

    Samples of one model that judged for several datasets are one sample if they are of the same targets.

    Args:
        parts: the datasets.
    """
    found = [sample for part in parts for sample in _renamed(part)]
    return [_together(sample, [other for other in found if _is_like(sample, other)]) for sample in found]


def _is_like(one: PeoplesSample, other: PeoplesSample) -> bool:
    return one.model == other.model and set(one.targets) == set(other.targets)


def _together(sample: PeoplesSample, alike: Iterable[PeoplesSample]) -> PeoplesSample:
    """A sample as a part of all those of one model on the same targets."""
    strata = {source: labels for one in alike for source, labels in one.strata.items()}
    return sample.model_copy(update={"sources": tuple(strata), "strata": strata})


def _renamed(part: Part) -> list[PeoplesSample]:
    """The samples of a dataset, of its own sources and targets, which are no longer all that there are."""
    samples = part.folder.manifest.samples
    if not samples:
        return []
    targets = tuple(part.folder.ids["target_id"])
    before, after = (one.select(COLUMNS).filter(OF_SPEAKERS) for one in _judgements(part))
    return [
        sample.model_copy(
            update={
                "sheet": f"{part.brief_prefix}{sample.sheet}",
                "model": part.name(sample.model),
                "annotator": part.name(sample.annotator),
                "round": sample.round + part.later,
                "targets": sample.targets or targets,
                "asked": _asked(sample, before, after),
                "strata": {part.name(source): labels for source, labels in sample.strata.items()},
            }
        )
        for sample in samples
    ]


def _judgements(part: Part) -> tuple[pa.Table, pa.Table]:
    """The judgements of a dataset, before and after they get the ids of the joined one."""
    return part.folder.read("judgements", ALL[0]), part.table("judgements", ALL[0])


def _asked(sample: PeoplesSample, before: pa.Table, after: pa.Table) -> str:
    """The digest of what a person was asked, with new ids; the old one, which fits nothing, if it did not fit."""
    own = pc.and_(pc.equal(before["annotator_id"], sample.annotator), pc.equal(before["round"], sample.round))
    for name, known in (("source_id", sample.sources), ("target_id", sample.targets)):
        if known:
            own = pc.and_(own, pc.is_in(before[name].cast(pa.string()), value_set=pa.array(known)))
    old, new = (_pairs(rows.filter(own)) for rows in (before, after))
    return pairs_hash(new) if pairs_hash(old) == sample.asked else sample.asked


def _pairs(rows: pa.Table) -> list[tuple[str, str]]:
    return list(zip(rows["sentence_id"].to_pylist(), rows["target_id"].to_pylist(), strict=True))
