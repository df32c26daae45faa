"""Evidence as columns: taken, joined and united as one judgement after another would be."""

from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kazstance.corpus.quoted import Quoted, joined, united
from kazstance.schema import spans

PLACE = st.tuples(st.integers(0, 30), st.integers(1, 9)).map(lambda place: (place[0], sum(place)))
EVIDENCE = st.none() | st.lists(PLACE, max_size=3).map(sorted)
MANY = st.lists(EVIDENCE, max_size=8)


def each(quoted):
    """The evidence of each judgement, None if nobody recorded it."""
    places, ends = list(zip(quoted.start.tolist(), quoted.end.tolist(), strict=True)), np.cumsum(quoted.lengths)
    return [None if n < 0 else places[end - n : end] for n, end in zip(quoted.size.tolist(), ends, strict=True)]


@given(MANY, MANY, st.data())
def test_evidence_is_joined_and_taken(some, others, data):
    every = joined([Quoted.of(some), Quoted.of(others)])
    assert each(every) == some + others
    places = data.draw(st.lists(st.integers(0, len(some + others) - 1)) if some + others else st.just([]))
    assert each(every.at(np.array(places, np.int64))) == [(some + others)[place] for place in places]


@given(st.lists(MANY, max_size=5))
def test_the_evidence_of_groups_is_united(groups):
    group = np.repeat(np.arange(len(groups)), [len(judgements) for judgements in groups])
    found = united(Quoted.of(quoted for judgements in groups for quoted in judgements), group, len(groups))
    recorded = [[quoted for quoted in judgements if quoted is not None] for judgements in groups]
    expected = (spans.united(chain.from_iterable(quoted)) if quoted else None for quoted in recorded)
    assert each(found) == list(expected)
