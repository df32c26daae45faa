"""Pairs of sentences of different sources: how often they agree, disagree, or one takes no side."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kazstance import dataset
from kazstance.errors import UnknownNameError
from kazstance.schema.labels import Relation
from kazstance.tally import tally_codes


@dataclass(frozen=True)
class PairCount:
    """The pairs of sentences of two sources on one target, by relation."""

    target: str
    one: str
    other: str
    agree: int
    disagree: int
    mixed: int


def pairs(
    frame: Any = None,
    *,
    target: str = "target_id",
    sources: tuple[str, str] = ("source_a", "source_b"),
    relation: str = "relation_name",
    data: Path = dataset.SHIPPED,
) -> tuple[PairCount, ...]:
    """Count pairs of sentences by target and sources, in whatever order they stand; sorted by both.

    Args:
        frame: any dataframe that Narwhals knows, with one row a pair; without it, the table `pairs` of a built dataset.
        target: the column of the target.
        sources: the columns of the two sources.
        relation: the column of the relation: agree, disagree or mixed, or their numbers.
        data: the built dataset that is read where no table is given.

    Raises:
        UnknownNameError: a relation that is not one of those there are.
    """
    table = dataset.table("pairs", data=data) if frame is None else frame
    values, codes, counts = tally_codes(table, [target, *sources, relation])
    spelled = {spelling: member.name for member in Relation for spelling in (member.name, str(int(member)))}
    if unknown := [value for value in values[3] if value not in spelled]:
        raise UnknownNameError(unknown[0], "relation", [member.name for member in Relation])
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for code, n in zip(codes, counts, strict=True):
        name, a, b, kind = (values[i][at] for i, at in enumerate(code))
        one, other = sorted((a, b))
        found.setdefault((name, one, other), Counter())[spelled[kind]] += round(n)
    return tuple(
        PairCount(*key, agree=by["agree"], disagree=by["disagree"], mixed=by["mixed"])
        for key, by in sorted(found.items())
    )
