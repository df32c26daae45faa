"""Columns of every type that Arrow and Parquet know, made from texts."""

import datetime
import decimal
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from tests.fuzz import values
from tests.fuzz.cases import Random

Texts = Sequence[str]
DAY = datetime.datetime(2031, 6, 1, 12, tzinfo=datetime.UTC)


def _ranks(texts: Texts) -> list[int]:
    """The number of each distinct text, by its first place."""
    first = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    return [first[text] for text in texts]


def _of_ranks(kind: pa.DataType, value: Callable[[int], Any]) -> Callable[[Texts], pa.Array]:
    return lambda texts: pa.array([value(rank) for rank in _ranks(texts)], kind)


def _of_texts(kind: pa.DataType, value: Callable[[str], Any]) -> Callable[[Texts], pa.Array]:
    return lambda texts: pa.array([value(text) for text in texts], kind)


def _time(kind: pa.DataType) -> Callable[[Texts], pa.Array]:
    return _of_ranks(kind, lambda rank: DAY + datetime.timedelta(days=rank))


SAME: dict[str, Callable[[Texts], pa.Array]] = {
    "string": _of_texts(pa.string(), str),
    "large_string": _of_texts(pa.large_string(), str),
    "string_view": _of_texts(pa.string_view(), str),
    "dictionary": lambda texts: pa.array(texts, pa.string()).dictionary_encode(),
    "dictionary with unused values": lambda texts: pa.DictionaryArray.from_arrays(
        pa.array([rank + 1 for rank in _ranks(texts)], pa.int16()), pa.array(["unused", *dict.fromkeys(texts)])
    ),
}
"""Types that hold the same texts."""
OTHER: dict[str, Callable[[Texts], pa.Array]] = {
    **{
        f"{sign}{bits}": _of_ranks(getattr(pa, f"{sign}{bits}")(), lambda rank: rank % 128)
        for sign in ("int", "uint")
        for bits in (8, 16, 32, 64)
    },
    **{f"float{bits}": _of_ranks(getattr(pa, f"float{bits}")(), float) for bits in (16, 32, 64)},
    "float64 with nan": _of_ranks(pa.float64(), lambda rank: float("nan") if rank % 3 == 0 else float(rank)),
    "bool": _of_ranks(pa.bool_(), lambda rank: rank % 2 == 0),
    "null": lambda texts: pa.nulls(len(texts)),
    "nulls of string": lambda texts: pa.nulls(len(texts), pa.string()),
    "some null": lambda texts: pa.array(
        [None if rank % 3 == 1 else text for text, rank in zip(texts, _ranks(texts), strict=True)]
    ),
    "binary": _of_texts(pa.binary(), str.encode),
    "binary, no UTF-8": _of_texts(pa.binary(), lambda text: b"\xff" + text.encode()),
    "large_binary": _of_texts(pa.large_binary(), str.encode),
    "fixed_size_binary": _of_ranks(pa.binary(4), lambda rank: rank.to_bytes(4, "big")),
    "list": _of_texts(pa.list_(pa.string()), lambda text: [text]),
    "large_list": _of_texts(pa.large_list(pa.string()), lambda text: [text, text]),
    "fixed_size_list": _of_ranks(pa.list_(pa.int32(), 2), lambda rank: [rank, rank]),
    "list of structs": _of_texts(pa.list_(pa.struct([("a", pa.string())])), lambda text: [{"a": text}]),
    "struct": _of_texts(pa.struct([("a", pa.string())]), lambda text: {"a": text}),
    "map": _of_texts(pa.map_(pa.string(), pa.string()), lambda text: [("a", text)]),
    "decimal128": _of_ranks(pa.decimal128(10, 2), decimal.Decimal),
    "decimal256": _of_ranks(pa.decimal256(60, 3), decimal.Decimal),
    "date32": _time(pa.date32()),
    "date64": _time(pa.date64()),
    "time32": _of_ranks(pa.time32("s"), lambda rank: datetime.time(rank % 24, 1)),
    "time64": _of_ranks(pa.time64("ns"), lambda rank: datetime.time(rank % 24, 1)),
    **{f"timestamp {unit}": _time(pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")},
    "timestamp with zone": _time(pa.timestamp("us", "Asia/Almaty")),
    "timestamp with an odd zone": _time(pa.timestamp("us", "Nowhere/None")),
    "timestamp out of range": _of_ranks(pa.timestamp("us"), lambda rank: 2**62 + rank),
    "duration": _of_ranks(pa.duration("s"), lambda rank: datetime.timedelta(seconds=rank)),
    "dictionary of numbers": lambda texts: pa.array(_ranks(texts)).dictionary_encode(),
    "dictionary with null": lambda texts: pa.array(
        [None if rank == 1 else text for text, rank in zip(texts, _ranks(texts), strict=True)]
    ).dictionary_encode(),
    "uuid": lambda texts: pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([rank.to_bytes(16, "big") for rank in _ranks(texts)], pa.binary(16))
    ),
    "json": lambda texts: pa.ExtensionArray.from_storage(
        pa.json_(pa.string()), pa.array([values.quoted(text) for text in texts])
    ),
    "odd texts": lambda texts: pa.array([values.TEXTS[rank % len(values.TEXTS)] for rank in _ranks(texts)]),
}
"""Types that hold something else."""
EVERY = SAME | OTHER


def any_column(draw: Random, texts: Texts) -> tuple[str, pa.Array]:
    """A column of any type, and what it is called."""
    name = draw.choice(sorted(EVERY))
    return name, EVERY[name](texts)


def odd_name(draw: Random) -> str:
    """A name of a column that is seldom expected."""
    return draw.choice(
        (
            *(text for text in values.TEXTS if len(text) < 1000),
            "label",
            "id",
            "p_favor",
            "p_",
            "votes_x",
            "gold",
            "predicted",
        )
    )
