"""The evidence of judgements: words that are to be found in the text."""

import json
from typing import Any

from kazstance.corpus.imported.account import Account

NOT_FOUND = "evidence that is not in its text, or several times, and is left out"
OF_NONE = "evidence of texts that are not about the target, which is left out"


def evidence_of(value: str | None, text: str, label: str, account: Account) -> list[dict[str, Any]] | None:
    """The places of the words that show a label; None if there are none, or they cannot be found.

    Args:
        value: the words, or a list of words in JSON.
        text: the text that was judged.
        label: the name of the label.
        account: told of what is left out.
    """
    if value is None:
        return None
    if label == "none":
        account.note(OF_NONE)
        return None
    found = []
    for words in _pieces(value):
        if text.count(words) != 1:
            account.note(NOT_FOUND)
            return None
        found.append({"start": text.index(words), "text": words})
    return found or None


def _pieces(value: str) -> list[str]:
    """The words of a cell: a list in JSON, or one piece."""
    if value.startswith("["):
        try:
            listed = json.loads(value)
        except ValueError:
            listed = None
        if isinstance(listed, list) and all(isinstance(piece, str) for piece in listed):
            return [piece.strip() for piece in listed if piece.strip()]
    return [value.strip()]
