"""The identity of data: digests of canonical rows and of sentences, never of file bytes."""

import hashlib
import json
from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

BATCH: Final = 16_384
"""Number of rows that are serialized at a time."""


def table_digest(rows: pa.Table) -> str:
    """SHA-256 over the rows in order, each as JSON with sorted keys, no spaces, in UTF-8, followed by a line feed.

    Rows are serialized column by column, each distinct value of a column once.

    Raises:
        ValueError: a number is not finite, which JSON cannot represent.
    """
    digest = hashlib.sha256()
    for batch in rows.to_batches(max_chunksize=BATCH):
        lines = _joined("{", zip(batch.schema.names, batch.columns, strict=True), "}\n", len(batch))
        start, end = lines.offset, lines.offset + len(lines)
        offsets = memoryview(lines.buffers()[1]).cast("q")
        if lines.buffers()[2] is not None:
            digest.update(memoryview(lines.buffers()[2])[offsets[start] : offsets[end]])
    return digest.hexdigest()


def _joined(opening: str, columns: Iterable[tuple[str, pa.Array]], closing: str, n: int) -> pa.Array:
    """Objects as JSON from their columns."""
    parts: list[pa.Array | pa.Scalar] = []
    for name, values in sorted(columns, key=lambda column: column[0]):
        before = opening if not parts else ","
        parts += [_text(f"{before}{json.dumps(name, ensure_ascii=False)}:"), _spelled(values)]
    parts.append(pa.array([closing] * n, pa.large_string()))
    return pc.binary_join_element_wise(*parts, _text(""))


def _text(value: str) -> pa.Scalar:
    return pa.scalar(value, pa.large_string())


def _spelled(values: pa.Array) -> pa.Array:
    """Each value as JSON."""
    kind = values.type
    if pa.types.is_list(kind):
        found = _lists(values)
    elif pa.types.is_struct(kind):
        found = _joined("{", zip((field.name for field in kind), values.flatten(), strict=True), "}", len(values))
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        found = values.cast(pa.string()).cast(pa.large_string())
    else:
        coded = values.dictionary_encode()
        words = [json.dumps(value, ensure_ascii=False, allow_nan=False) for value in coded.dictionary.to_pylist()]
        found = pa.array(words, pa.large_string()).take(coded.indices)
    return pc.fill_null(found, "null") if found.null_count else found


def _lists(values: pa.ListArray) -> pa.Array:
    """Each list as JSON, null where it is null."""
    lengths = pc.fill_null(pc.list_value_length(values), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths.cast(pa.int32()))])
    items = pa.ListArray.from_arrays(offsets, _spelled(values.flatten()).cast(pa.string()))
    inside = pc.binary_join(items, ",").cast(pa.large_string())
    joined = pc.binary_join_element_wise(_text("["), inside, _text("]"), _text(""))
    return pc.if_else(values.is_valid(), joined, pa.scalar(None, pa.large_string()))


def text_hash(text: str) -> str:
    """The first 12 hexadecimal digits of a text's SHA-256: how a judgement identifies the text it judged."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
