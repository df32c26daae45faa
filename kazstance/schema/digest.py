"""The identity of data: digests of canonical rows and of sentences, never of file bytes."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any


def row_digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over the rows in order, each as JSON with sorted keys, no spaces, in UTF-8, followed by a line feed."""
    digest = hashlib.sha256()
    for row in rows:
        line = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def text_hash(text: str) -> str:
    """The first 12 hexadecimal digits of a text's SHA-256: how a judgement identifies the text it judged."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
