"""Arrow arrays from and to NumPy and Python by their buffers; what pyarrow offers for it would import pandas."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def text_array(values: Sequence[str | None]) -> pa.Array:
    """Texts as an Arrow array of strings; None is missing."""
    content = [b"" if value is None else value.encode("utf-8", "surrogatepass") for value in values]
    offsets = np.zeros(len(content) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in content], out=offsets[1:])
    present = np.array([value is not None for value in values], dtype=bool)
    valid = None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little").tobytes())
    buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(b"".join(content))]
    return pa.Array.from_buffers(pa.large_string(), len(content), buffers).cast(pa.string())


def number_array(numbers: npt.NDArray[Any]) -> pa.Array:
    """Whole or decimal numbers as an Arrow array of the same type, which shares their memory."""
    plain = np.ascontiguousarray(numbers)
    return pa.Array.from_buffers(pa.from_numpy_dtype(plain.dtype), len(plain), [None, pa.py_buffer(plain)])


def as_numpy(numbers: pa.Array) -> npt.NDArray[Any]:
    """Whole or decimal numbers, none of them missing, as a NumPy array that shares their memory; shape (rows,)."""
    kind = np.dtype(numbers.type.to_pandas_dtype())
    content = numbers.buffers()[1]
    whole = np.frombuffer(content, kind) if content is not None and content.size else np.zeros(0, dtype=kind)
    return whole[numbers.offset : numbers.offset + len(numbers)]


def coded_array(codes: npt.NDArray[Any], values: Sequence[str | None]) -> pa.Array:
    """Texts given as the numbers of their values, as an Arrow dictionary array; a negative number is missing.

    Args:
        codes: shape (rows,).
        values: the texts.
    """
    plain = np.ascontiguousarray(codes)
    gaps = plain < 0
    valid = pa.py_buffer(np.packbits(~gaps, bitorder="little").tobytes()) if gaps.any() else None
    kind = pa.from_numpy_dtype(plain.dtype)
    indices = pa.Array.from_buffers(
        kind, len(plain), [valid, pa.py_buffer(np.where(gaps, 0, plain) if valid else plain)]
    )
    return pa.DictionaryArray.from_arrays(indices, text_array(values))
