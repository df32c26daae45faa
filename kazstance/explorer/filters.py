"""Which rows match a filter: one table of filters, which the script of the page reads too."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kazstance.explorer.keyed import Mask

Of = Literal["unit", "stance"]


class Filter(NamedTuple):
    """A filter: its key in a query, which rows have it, in which column, and how their values match."""

    key: str
    of: Of
    column: str
    how: Literal["among", "equal", "words"]


FILTERS: Final = (
    Filter("source", "unit", "source", "among"),
    Filter("voice", "unit", "voice", "equal"),
    Filter("q", "unit", "lower", "words"),
    Filter("target", "stance", "target", "among"),
    Filter("label", "stance", "label_name", "equal"),
    Filter("explicitness", "stance", "explicitness", "equal"),
    Filter("certainty", "stance", "certainty", "equal"),
    Filter("split_vote", "stance", "split_vote", "equal"),
)
"""All filters of rows; a query matches a row if each filter that it sets does."""
TERM: Final = re.compile(r'(-?)"([^"]+)"|(-?)(\S+)')


class Term(NamedTuple):
    """What a text has to contain, or must not."""

    text: str
    excluded: bool


def terms(sought: str) -> list[Term]:
    """The terms of a search: words or parts of them, "phrases" in quotes, and either after a - to leave texts out.

    A * at the end of a word changes nothing, since parts of words are found anyway.
    """
    found = []
    for minus, phrase, before, word in TERM.findall(sought.lower()):
        text = phrase or word.strip('"*')
        if text:
            found.append(Term(text, bool(minus or before)))
    return found


def narrows(asked: Mapping[str, Any]) -> bool:
    """Whether a query asks only for sentences with certain stances."""
    return any(one.of == "stance" and _is_set(asked.get(one.key)) for one in FILTERS)


def matching(of: Of, asked: Mapping[str, Any], columns: Mapping[str, Any], n: int) -> Mask:
    """Which of `n` rows match a query: shape (n,).

    Args:
        of: what the rows are.
        asked: the values that each filter of the query asks for, by its key; those of `source` and `target` as numbers.
        columns: the values of the rows, as arrays of length `n`.
        n: the number of rows.
    """
    found = np.ones(n, dtype=bool)
    for one in FILTERS:
        if one.of == of and _is_set(asked.get(one.key)):
            found &= FITS[one.how](columns[one.column], asked[one.key])
    return found


def _is_set(value: Any) -> bool:
    return value is not None and value not in ("", ())


def _contain(lower: pa.ChunkedArray, sought: str) -> Mask:
    """Which texts, in lower case, contain all terms of a search and none of those that it excludes."""
    left = np.arange(len(lower))
    # the rarest first, as far as lengths tell, since the next term is looked for only in what is left
    for i, term in enumerate(sorted(terms(sought), key=lambda term: (term.excluded, -len(term.text)))):
        texts = lower.take(left) if i else lower
        left = left[pc.match_substring_regex(texts, re.escape(term.text)).to_numpy() != term.excluded]
    found = np.zeros(len(lower), dtype=bool)
    found[left] = True
    return found


def _equal(values: pa.ChunkedArray, wanted: object) -> Mask:
    found: Mask = pc.equal(values, wanted).fill_null(False).to_numpy()
    return found


def _among(values: NDArray[np.int64], wanted: Any) -> Mask:
    found: Mask = values == wanted[0] if len(wanted) == 1 else np.isin(values, wanted)
    return found


FITS: Final[dict[str, Callable[[Any, Any], Mask]]] = {"among": _among, "equal": _equal, "words": _contain}
