"""Rows of the curation that quote the words they are about, or name a sentence, instead of giving offsets."""

import re
from collections.abc import Mapping
from typing import Any, Final

from kazstance.corpus.inputs import ELISION
from kazstance.input.strict_json import StrictError

SHOWN: Final = 80


def placed(row: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """A row with the offsets of the words that it quotes; one that has offsets is complete.

    Args:
        row: the cells of the row by column, in which `raw_start`, `raw_end` and `sentence_id` may be empty or missing.
        texts: the raw texts by document.

    Raises:
        StrictError: the text does not have the words exactly once.
    """
    given = {name: value for name, value in row.items() if value or name in ("raw", "value", "replacement")}
    if sentence := given.get("sentence_id"):
        home = sentence.rsplit("/", 2)[0]
        return {"source_id": home, "raw": "", **given, "raw_start": 0, "raw_end": 0}
    if "raw_start" in given or "raw_end" in given:
        return given
    if not given.get("raw"):
        raise StrictError("no place, expected the words of the text under raw, or a sentence_id")
    start, end = _find(given["raw"], texts.get(given.get("source_id", "")), given.get("source_id", ""))
    if given.get("action") == "split":
        return {**given, "raw": "", "raw_start": start, "raw_end": start}
    return {**given, "raw_start": start, "raw_end": end}


def _find(quote: str, text: str | None, name: str) -> tuple[int, int]:
    """Where a quotation, which may leave out its middle, is in a text."""
    if text is None:  # a wrong source is reported when the row is checked
        return 0, 1
    begin, elided, rest = quote.partition(ELISION)
    pattern = re.escape(begin) + (f".*?{re.escape(rest)}" if elided else "")
    found = [match.span() for match in re.finditer(pattern, text, re.DOTALL)]
    if len(found) != 1:
        where = f"appears {len(found)} times in {name}" if found else f"is not in {name}"
        remedy = "quote more words, or give raw_start and raw_end" if found else "copy the words exactly"
        raise StrictError(f"raw: {quote[:SHOWN]!r} {where}, expected once; {remedy}")
    return found[0]
