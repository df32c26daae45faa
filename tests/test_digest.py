"""Digests of rows: the same as their definition gives, value by value, however the rows are stored."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazstance import dataset
from kazstance.schema import digest
from kazstance.schema.digest import table_digest
from tests.tampering import TABLES, row_digest

SPAN = pa.struct([("start", pa.int64()), ("a text", pa.string())])
SCHEMA = pa.schema(
    {"text": pa.string(), "é": pa.int64(), "share": pa.float64(), "is": pa.bool_(), "spans": pa.list_(SPAN), "names": pa.list_(pa.string())}
)  # fmt: skip
TEXT = st.none() | st.text(max_size=6)
FINITE = st.none() | st.floats(allow_nan=False, allow_infinity=False)
SPANS = st.none() | st.lists(
    st.fixed_dictionaries({"start": st.none() | st.integers(-9, 9), "a text": TEXT}), max_size=3
)
ROW = st.fixed_dictionaries(
    {"text": TEXT, "é": st.none() | st.integers(-(2**63), 2**63 - 1), "share": FINITE, "is": st.none() | st.booleans(),
     "spans": SPANS, "names": st.none() | st.lists(TEXT, max_size=2)}
)  # fmt: skip


@given(st.lists(ROW, max_size=6), st.integers(0, 3))
def test_columns_give_the_digest_of_the_rows(rows, begin):
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    assert table_digest(table) == row_digest(rows, SCHEMA)
    assert table_digest(table.slice(begin)) == row_digest(rows[begin:], SCHEMA)
    assert table_digest(pa.concat_tables([table[:1], table[1:]])) == row_digest(rows, SCHEMA)
    coded = table.set_column(0, "text", table["text"].dictionary_encode())
    assert table_digest(coded.slice(begin)) == row_digest(rows[begin:], SCHEMA)


def test_a_change_far_down_a_long_table_changes_its_digest():
    numbers = list(range(70_000)) * 2
    table = pa.table({"text": pa.array(map(str, numbers)), "x": numbers})
    assert table_digest(table) == row_digest(table.to_pylist(), table.schema)
    numbers[-1] += 1
    assert table_digest(table.set_column(1, "x", [numbers])) != table_digest(table)


@pytest.mark.parametrize("table", TABLES)
def test_the_shipped_tables_have_the_digests_of_their_manifest(table):
    for split, file in dataset.manifest().tables[table].items():
        rows = dataset.table(table, split)
        assert row_digest(rows.to_pylist(), rows.schema) == file.digest
        assert table_digest(rows) == file.digest


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_has_no_digest(value):
    with pytest.raises(ValueError, match="not finite"):
        table_digest(pa.table({"x": [value]}))


@given(st.lists(ROW, max_size=8), st.lists(st.integers(0, 8), max_size=4), st.integers(1, 4))
def test_parts_of_any_size_give_the_digest_of_the_whole(rows, cuts, run):
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digest, "RUN", run)
        parts = digest.TableDigest()
        for begin, end in pairwise([0, *sorted(cuts), 8]):
            parts.update(table[begin:end])
        assert parts.hexdigest() == table_digest(table)
        assert parts.hexdigest() == table_digest(table)


def test_a_dictionary_may_hold_a_text_twice_or_not_at_all():
    texts = pa.array(["b", None, "a", "b", "a"])
    coded = pa.DictionaryArray.from_arrays(
        pa.array([3, None, 1, 0, 2], pa.int32()), pa.array(["b", "a", "a", "b", "c"])
    )
    assert coded.to_pylist() == texts.to_pylist()
    assert table_digest(pa.table({"x": coded})) == table_digest(pa.table({"x": texts}))
