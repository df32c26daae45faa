"""What the votes on pairs decide, for many pairs at once: arrays of votes in, arrays of labels out."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from kazstance.schema.labels import Basis, Label, Origin

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
NOTHING: Final = -1
"""In place of a label or an origin: the votes decide nothing."""
ORIGINS: Final = (Origin.human, Origin.adjudicated, Origin.model)
"""The origins of labels by number, in the order in which they take precedence."""
HUMAN, ADJUDICATED, MODEL = range(3)
BASES: Final = tuple(Basis)
"""What labels rest on, by number."""


_SINGLE, _MAJORITY, _PLURALITY, _ADJUDICATION, _OVERRULING = range(len(BASES))


class Verdicts(NamedTuple):
    """The label of each pair, its origin and its basis, as numbers of shape (pairs,); `NOTHING` if votes are split."""

    label: Ints
    origin: Ints
    basis: Ints


def decide(
    people: Ints, models: Ints, ruled: Ints, *, by_plurality: bool, elsewhere: tuple[Ints, Ints] | None = None
) -> Verdicts:
    """The labels of pairs: by majority of people, else as adjudicated, else by majority of all others.

    If no label has a majority, or two annotators chose opposite sides, only an adjudication decides; or the plurality,
    of people before models, if the corpus says so.

    Args:
        people: votes of people by label, shape (pairs, 4).
        models: votes of models by label, shape (pairs, 4).
        ruled: labels by adjudication, shape (pairs,); `NOTHING` where there is none.
        by_plurality: whether the plurality decides where nothing else does.
        elsewhere: how many people and how many models gave the sentence to another target, where it has one code:
            shape (pairs,) each.
    """
    votes = people + models
    is_split = (votes[:, Label.favor] > 0) & (votes[:, Label.against] > 0)
    nothing = np.full(len(ruled), NOTHING)
    of_people, of_models = elsewhere or (np.zeros_like(ruled), np.zeros_like(ruled))
    by_models, by_most = majority(models, of_models), np.full(len(ruled), _PLURALITY)
    agrees = (by_models == NOTHING) | (by_models == ruled)
    steps = [
        (HUMAN, majority(people, of_people), _of_majority(people)),
        (ADJUDICATED, ruled, np.where(agrees, _ADJUDICATION, _OVERRULING)),
        (HUMAN, plurality(people, of_people) if by_plurality else nothing, by_most),
        (MODEL, np.where(is_split, NOTHING, by_models), _of_majority(models)),
        (MODEL, plurality(models, of_models) if by_plurality else nothing, by_most),
    ]
    label, origin, basis = nothing.copy(), nothing.copy(), nothing.copy()
    for source, found, rests_on in steps:
        is_open = (label == NOTHING) & (found != NOTHING)
        label[is_open], origin[is_open], basis[is_open] = found[is_open], source, rests_on[is_open]
    return Verdicts(label, origin, basis)


def _of_majority(votes: Ints) -> Ints:
    """What a majority of votes of shape (pairs, 4) rests on: shape (pairs,)."""
    return np.where(votes.sum(axis=1) == 1, _SINGLE, _MAJORITY)


def majority(votes: Ints, elsewhere: Ints | int = 0) -> Ints:
    """The label that more than half chose, shape (pairs,), for votes of shape (pairs, 4).

    Args:
        votes: the votes.
        elsewhere: how many gave the sentence to another target.
    """
    most: Ints = np.where(2 * votes.max(axis=1) > votes.sum(axis=1) + elsewhere, votes.argmax(axis=1), NOTHING)
    return most


def plurality(votes: Ints, elsewhere: Ints | int = 0) -> Ints:
    """The label with the most votes: first on whether the sentence is about the target, then on its side.

    `NOTHING` if either is a tie, or most gave the sentence to another target. Shape (pairs,), for votes of shape
    (pairs, 4).

    Args:
        votes: the votes.
        elsewhere: how many gave the sentence to another target.
    """
    silent, sides = votes[:, Label.none], votes[:, : Label.none]
    about, most = sides.sum(axis=1), sides.max(axis=1)
    side = np.where((sides == most[:, None]).sum(axis=1) == 1, sides.argmax(axis=1), NOTHING)
    is_about, is_silent = about > silent + elsewhere, silent > about + elsewhere
    found: Ints = np.select([is_about, is_silent], [side, Label.none], NOTHING)
    return found
