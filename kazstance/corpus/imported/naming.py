"""Ids made from any text: what already is an id stays as it is."""

import unicodedata
from collections.abc import Collection, Sequence
from itertools import chain, count
from typing import Final

from kazstance.schema.ids import DEVICES, KINDS, MOST_BYTES, SIGNS, check_id, folded

ROOM: Final = MOST_BYTES - 10
"""Bytes of an id that is made, which leaves room for a number."""
NAMELESS: Final = "unnamed"


def make_ids(values: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """An id for each value, in order; ids differ in more than case, and none is taken already.

    Args:
        values: any texts, which may be equal.
        taken: ids that may not be used.
    """
    used = {folded(name) for name in taken}
    found = [""] * len(values)
    for at in sorted(range(len(values)), key=lambda at: not _is_id(values[at])):  # what is an id keeps its form
        found[at] = _free(values[at] if _is_id(values[at]) else _as_id(values[at]), used)
        used.add(folded(found[at]))
    return found


def _is_id(value: str) -> bool:
    try:
        check_id(value)
    except ValueError:
        return False
    return True


def _free(name: str, used: Collection[str]) -> str:
    """The name, with a number if it is used."""
    numbered = (f"{_cut(name)}-{number}" for number in count(2))
    return next(found for found in chain([name], numbered) if folded(found) not in used)


def _as_id(value: str) -> str:
    """A text as an id, with `_` in place of everything that an id may not have."""
    plain = unicodedata.normalize("NFC", value.strip())
    signs = (sign if sign in SIGNS or unicodedata.category(sign)[0] in KINDS else " " for sign in plain)
    name = _cut("_".join("".join(signs).split())).strip("_.") or NAMELESS
    return f"_{name}" if name.lower().split(".")[0] in DEVICES else name


def _cut(name: str) -> str:
    """The beginning of a name that has room for a number."""
    return unicodedata.normalize("NFC", name.encode()[:ROOM].decode(errors="ignore")).rstrip(".")
