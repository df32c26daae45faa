"""Digests of rows: spelled by columns, and the same as if every row had been written as JSON."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazstance import dataset
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
    assert table_digest(table) == row_digest(rows)
    assert table_digest(table.slice(begin)) == row_digest(rows[begin:])
    assert table_digest(pa.concat_tables([table[:1], table[1:]])) == row_digest(rows)


@pytest.mark.parametrize("table", TABLES)
def test_the_shipped_tables_have_the_digests_of_their_manifest(table):
    for split, file in dataset.manifest().tables[table].items():
        assert row_digest(dataset.table(table, split).to_pylist()) == file.digest
        assert table_digest(dataset.table(table, split)) == file.digest


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_know_has_no_digest(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        table_digest(pa.table({"x": [value]}))
