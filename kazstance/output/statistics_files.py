"""Tables as files of Stata (.dta) and SPSS (.sav), with labels of variables and values."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import pyarrow.compute as pc

from kazstance.errors import KazstanceError
from kazstance.extras import naming_extras
from kazstance.output.described import Described
from kazstance.output.staging import scratch

RESERVED: Final = frozenset(
    (
        *("_all", "_b", "byte", "_coef", "_cons", "double", "float", "if", "in", "int", "long", "_n", "_pi", "_pred"),
        *("_rc", "_skip", "using", "with", "all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to"),
    )
)
"""Words that Stata or SPSS does not allow as names."""
STRING: Final = re.compile(r"str\d+|strL", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """What a program allows, in bytes of UTF-8 except for the names of Stata, which it counts in characters."""

    program: str
    name: int
    about: int
    text: int


STATA: Final = Limits("Stata", 32, 80, 2_000_000_000)
SPSS: Final = Limits("SPSS", 64, 255, 32_767)


@naming_extras()
def dta(table: Described) -> bytes:
    """A table as a file of Stata 15 or later.

    Raises:
        KazstanceError: a text is too long, or the program cannot hold the table.
        MissingExtraError: pyreadstat is not installed.
    """
    from pyreadstat import write_dta  # noqa: PLC0415  # an extra

    return _written(write_dta, table.flat(), STATA, "table.dta", file_label=_cut(table.title, 80))


@naming_extras()
def sav(table: Described) -> bytes:
    """A table as a file of SPSS.

    Raises:
        KazstanceError: a text is longer than 32,767 bytes, or the program cannot hold the table.
        MissingExtraError: pyreadstat is not installed.
    """
    from pyreadstat import write_sav  # noqa: PLC0415  # an extra

    return _written(write_sav, table.flat(), SPSS, "table.sav", file_label=_cut(table.title, 64), compress=True)


def variable_names(names: Sequence[str], limit: int) -> list[str]:
    """Names that Stata and SPSS allow, all different, in the order of the columns.

    Args:
        names: the names of the columns.
        limit: maximum length, in bytes of UTF-8.
    """
    taken: set[str] = set()
    return [_allowed(name, limit, taken) for name in names]


def _allowed(name: str, limit: int, taken: set[str]) -> str:
    plain = re.sub(r"\W", "_", name)
    plain = plain if plain[:1].isalpha() else f"v{plain}"
    plain = f"{plain}_" if plain.lower() in RESERVED or STRING.fullmatch(plain) else plain
    for number in count(1):
        ending = "" if number == 1 else f"_{number}"
        found = _cut(plain, limit - len(ending)) + ending
        if found.lower() not in taken:
            break
    taken.add(found.lower())
    return found


def _written(write: Callable[..., None], table: Described, limits: Limits, name: str, **settings: Any) -> bytes:
    """What a writer of pyreadstat makes of a table with plain columns."""
    import pandas  # noqa: F401, PLC0415  # an extra, which pyreadstat takes tables from

    table.check_texts(limits.text, pc.binary_length, f"bytes, and {limits.program}")
    names = variable_names(table.rows.column_names, limits.name)
    own = dict(zip(table.rows.column_names, names, strict=True))
    about = {new: _cut(_about(table, old, new), limits.about) for old, new in own.items()}
    values = {own[column]: dict(enumerate(labels)) for column, labels in table.labels.items() if column in own}
    frame = table.rows.rename_columns(names).to_pandas(strings_to_categorical=False)
    texts = frame.select_dtypes(exclude="number").columns
    frame[texts] = frame[texts].astype(object).where(frame[texts].notna(), "")
    with scratch() as place:
        try:
            write(frame, place / name, column_labels=about, variable_value_labels=values, **settings)
        except Exception as error:
            line = f"{limits.program} cannot hold the table: {error}; export it as Parquet or CSV"
            raise KazstanceError(line) from error
        return (place / name).read_bytes()


def _about(table: Described, column: str, name: str) -> str:
    """The label of a variable: what the column means, and what it is called if that is not allowed as a name."""
    about = table.about.get(column, "" if column == name else column)
    return about if column in {name, about} else f"{column}: {about}"


def _cut(text: str, limit: int) -> str:
    """The beginning of a text, of at most so many bytes of UTF-8."""
    return text.encode(errors="replace")[:limit].decode(errors="ignore")
