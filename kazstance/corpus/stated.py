"""Dates and attributes as stated in a corpus."""

import datetime
import math
import re
from collections.abc import Collection
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from kazstance.schema.records import Document, Source

V = TypeVar("V")
DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
TIME: Final = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?")
TAKEN: Final = {*Source.model_fields, *Document.model_fields, "source", "document", "holder", "split"}
"""Names of columns, which are not allowed for attributes."""
LONGEST: Final = 100
"""Maximum length of the name of an attribute, in characters."""


def _date(value: Any) -> Any:
    """A date as text: a day as TOML or Parquet writes it, or a year, a month or a day in digits."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    text = as_text(value)
    found = DATE.fullmatch(text) if isinstance(text, str) else None
    try:
        if found:
            datetime.date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
            return text
    except ValueError:
        pass
    raise ValueError(f"{str(value)[:LONGEST]!r} is not a date; expected a year, month or day, as 2015 or 2015-03-02")


def as_text(value: V) -> V | str:
    """A value as text if it is a number, in its digits, so that -2, -2.0 and "-2" are the same; otherwise the value."""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else str(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _attribute(value: Any) -> Any:
    if not isinstance(value, bool | int | float | str | datetime.date | datetime.time):
        raise ValueError(f"{str(value)[:LONGEST]!r} is not a text, a number, a date, true or false")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else value


def check_names(names: Collection[str]) -> None:
    """Check that attributes may have these names.

    Raises:
        ValueError: one is that of a column, or is blank, too long or not printable.
    """
    for name in names:
        if name in TAKEN:
            raise ValueError(f"{name!r} is already the name of a column; choose another one")
        if not name.strip() or not name.isprintable() or len(name) > LONGEST:
            raise ValueError(f"{name[:LONGEST]!r} is not a name; expected 1 to {LONGEST} printable characters")


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    check_names(attributes.keys())
    return attributes


DateText = Annotated[str, BeforeValidator(_date)]
"""A date as text: YYYY, YYYY-MM or YYYY-MM-DD."""
Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Value = Annotated[bool | Number | float | str, BeforeValidator(_attribute)]
Attributes = Annotated[dict[str, Value], AfterValidator(_named)]
"""What a corpus states about sources or documents in its own fields."""


def stated_date(text: str) -> str | None:
    """The year, month or day that a text begins with before a time of day, as YYYY, YYYY-MM or YYYY-MM-DD.

    None if it is anything else, such as 3/4/2015, which may be of March or April.
    """
    day, _, time = text.strip().replace("T", " ", 1).partition(" ")
    if time and not TIME.fullmatch(time):
        return None
    try:
        return str(_date(day))
    except ValueError:
        return None
