"""The evidence of judgements: words that are to be found in the text."""

import json
from collections.abc import Sequence
from typing import Any

from kazstance.corpus.imported.account import Account

NOT_FOUND = "evidence that is not in its text, or several times, and is left out"
OF_NONE = "evidence of texts that are not about the target, which is left out"


def evidence_of(values: Sequence[str], text: str, label: str, account: Account) -> list[dict[str, Any]]:
    """The places of the words that show a label, in order; empty if there are none, or they cannot be found.

    Args:
        values: words, or lists in JSON of words, or of objects with `text` and `start`.
        text: the text that was judged.
        label: the name of the label.
        account: told of what is left out.
    """
    if values and label == "none":
        account.note(OF_NONE)
        return []
    found = {}
    for words, start in dict.fromkeys(piece for value in values for piece in _pieces(value)):
        place = _place(words, start, text)
        if place is None:
            account.note(NOT_FOUND)
        else:
            found[place, len(words)] = {"start": place, "text": words}
    return [found[place] for place in sorted(found)]


def _place(words: str, start: int | None, text: str) -> int | None:
    """Where words are in a text: where they are said to be, or else the only place."""
    if start is not None and start >= 0 and text.startswith(words, start):
        return start
    return text.index(words) if text.count(words) == 1 else None


def _pieces(value: str) -> list[tuple[str, int | None]]:
    """The words of a cell: one piece, or a list in JSON of words or of objects with `text` and `start`."""
    if value.startswith("["):
        try:
            listed = json.loads(value)
        except (ValueError, RecursionError):
            listed = None
        found = [_piece(one) for one in listed] if isinstance(listed, list) else [None]
        pieces = [piece for piece in found if piece is not None]
        if len(pieces) == len(found):
            return pieces
    return [(value.strip(), None)]


def _piece(one: Any) -> tuple[str, int | None] | None:
    """Words, and where they begin, if that is said; None if it is anything else."""
    words, start = (one.get("text"), one.get("start")) if isinstance(one, dict) else (one, None)
    is_place = start is None or (isinstance(start, int) and not isinstance(start, bool))
    return (words.strip(), start) if isinstance(words, str) and words.strip() and is_place else None
