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
        values: words, or lists of words in JSON.
        text: the text that was judged.
        label: the name of the label.
        account: told of what is left out.
    """
    if values and label == "none":
        account.note(OF_NONE)
        return []
    found = {}
    for words in dict.fromkeys(piece for value in values for piece in _pieces(value)):
        if text.count(words) == 1:
            found[text.index(words), len(words)] = {"start": text.index(words), "text": words}
        else:
            account.note(NOT_FOUND)
    return [found[place] for place in sorted(found)]


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
