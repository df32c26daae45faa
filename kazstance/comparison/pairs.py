"""Pairs of sentences of different sources: how often they agree, disagree, or one takes no side."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kazstance.input.frames import as_frame
from kazstance.input.labelled import read_labels
from kazstance.input.spelling import given
from kazstance.input.values import refuse_missing
from kazstance.schema.labels import Relation
from kazstance.stats.counting import tally_codes


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
    frame: Any,
    *,
    target: str = "target_id",
    sources: tuple[str, str] = ("source_a", "source_b"),
    relation: str = "relation_name",
    labels: Mapping[Any, str] | None = None,
) -> tuple[PairCount, ...]:
    """Count pairs of sentences by target and sources, whichever comes first; sorted by both.

    Args:
        frame: rows with one pair each, as anything in `kazstance.input.frames.ACCEPTED`.
        target: the column of the target.
        sources: the columns of the two sources.
        relation: the column of the relation: agree, disagree or mixed.
        labels: from its values to these, if they are spelled differently, for example as numbers.

    Raises:
        UnknownLabelError: values that are not relations; all are named.
        KazstanceError: values are missing in the other columns.
    """
    table = as_frame(frame)
    spelled = read_labels(table, relation, given(labels, [member.name for member in Relation]))
    refuse_missing(table, [target, *sources])
    values, codes, counts, _ = tally_codes(table, [target, *sources, relation])
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for code, n in zip(codes, counts, strict=True):
        name, a, b, kind = (values[i][at] for i, at in enumerate(code))
        one, other = sorted((a, b))
        found.setdefault((name, one, other), Counter())[spelled[kind]] += round(n)
    return tuple(
        PairCount(*key, agree=by["agree"], disagree=by["disagree"], mixed=by["mixed"])
        for key, by in sorted(found.items())
    )
