"""Verification by column finds what validation row by row finds, whatever the size of its windows, and knows holders,
rounds and mapped labels."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kazstance import dataset
from kazstance.dataset import DatasetFolder
from kazstance.dataset.verification import check as checking
from kazstance.dataset.verification.rows import in_runs
from kazstance.dataset.verification.values import wrong_rows
from kazstance.errors import IntegrityError
from kazstance.schema.columns import arrow_schema
from kazstance.schema.digest import RUN, runs_digest, table_digest
from kazstance.schema.records import TABLES
from tests.tampering import edit, read, sign, sign_files

SHIPPED = {name: dataset.table(name).slice(0, 40) for name in TABLES}
TEXTS = st.sampled_from([None, "", "favor", "none", "model", "own", "x y", "a/1/1", "a/1", "../x", "yes", "sure", "é"])
NUMBERS = st.sampled_from([None, -1, 0, 1, 2, 3, 4, 5, 6, 99, -(2**62)])
FLOATS = st.sampled_from([None, 0.0, 1.0, -1.0, 1.5, float("nan"), float("inf"), -0.1])


def values(kind):
    """Values of a type, many of them invalid in most columns."""
    if pa.types.is_list(kind):
        return st.none() | st.lists(values(kind.value_type), max_size=2)
    if pa.types.is_struct(kind):
        return st.none() | st.fixed_dictionaries({field.name: values(field.type) for field in kind})
    if pa.types.is_boolean(kind):
        return st.sampled_from([None, True, False])
    if pa.types.is_floating(kind):
        return FLOATS
    return NUMBERS if pa.types.is_integer(kind) else TEXTS


def is_invalid(record, row):
    try:
        record.model_validate(row)
    except ValidationError:
        return True
    return False


@pytest.mark.full
@pytest.mark.parametrize("name", TABLES)
@given(st.data())
def test_the_rows_found_by_column_are_those_that_pydantic_rejects(name, data):
    record, schema = TABLES[name].record, arrow_schema(TABLES[name].record)
    rows = SHIPPED[name].to_pylist()
    for _ in range(data.draw(st.integers(0, 4))):
        column = data.draw(st.sampled_from(schema.names))
        row = data.draw(st.integers(0, len(rows) - 1))
        rows[row][column] = data.draw(values(schema.field(column).type))
    table = pa.Table.from_pylist(rows, schema=schema)
    expected = [is_invalid(record, row) for row in table.to_pylist()]
    assert wrong_rows(record, table).tolist() == expected
    coded = {field.name: _coded(table[field.name], field.type) for field in schema}
    assert wrong_rows(record, pa.table(coded)).tolist() == expected


def _coded(column, kind):
    return column.dictionary_encode() if pa.types.is_string(kind) else column


@pytest.mark.full
@given(st.lists(st.integers(1, 200), min_size=1, max_size=12), st.integers(1, 50))
def test_a_digest_does_not_depend_on_the_batches_that_rows_come_in(sizes, size):
    rows = SHIPPED["grid"].take([i % 40 for i in range(sum(sizes))])
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    batches = [rows.slice(a, n).combine_chunks().to_batches()[0] for a, n in zip(starts, sizes, strict=True)]
    runs = list(in_runs(batches, size))
    assert [len(run) for run in runs[:-1]] == [size] * (len(runs) - 1)
    assert pa.concat_tables(runs).equals(rows.combine_chunks())
    assert runs_digest(in_runs(batches, RUN)) == table_digest(rows)


@pytest.fixture
def data(harbour_data, tmp_path):
    """A copy of the small dataset, to be changed."""
    return Path(shutil.copytree(harbour_data, tmp_path / "data"))


def problems(data):
    return checking.check(DatasetFolder(data)).problems


@pytest.mark.full
@pytest.mark.parametrize("most", [1, 7, 100])
def test_what_is_found_does_not_depend_on_how_many_rows_are_compared_at_a_time(most, data, monkeypatch):
    monkeypatch.setattr(checking, "WINDOW", most)
    assert problems(data) == ()
    edit(data, "grid", lambda found: [row.update(target="other words") for row in found] and None)
    sign_files(data)
    (counted,) = (line for line in problems(data) if "more like these" in line)
    assert counted.endswith("grid: and 49 more like these")


def test_rows_in_any_number_of_row_groups_are_verified(data):
    for file in data.rglob("*.parquet"):
        pq.write_table(pq.ParquetFile(file).read(), file, row_group_size=3)
    sign_files(data)
    assert problems(data) == ()


HOLDER = "The Mayor"


def held(row):
    return {**row, "holder": HOLDER}


def is_toll(row):
    return (row["sentence_id"], row["target_id"]) == ("dockers/1/1", "toll")


def add_holder(data):
    """Judge a stance of somebody else, too: another row wherever the pair has one."""
    for table in ("grid", "stances", "judgements"):
        edit(data, table, lambda rows: [new for row in rows for new in ([row, held(row)] if is_toll(row) else [row])])


def add_round(data):
    """Judge a pair again: what is there becomes the second round."""

    def change(rows):
        for row in rows:
            if is_toll(row) and row["annotator_id"] == "a":
                yield {**row, "label": 2, "label_name": "favor"}
                row["round"] = 2
            yield row

    edit(data, "judgements", lambda rows: list(change(rows)))


def add_original(data, number=None):
    """Say that the judgements on a pair are mapped from another scheme."""
    edit(data, "judgements", lambda rows: [row.update(original="contra") for row in rows if is_toll(row)] and None)
    rows = dataset.table("judgements", data=data).to_pylist()
    sign_files(data)
    manifest = read(data)
    labels = Counter(row["label_name"] for row in rows if row["original"])
    shares = {label: count if number is None else number for label, count in sorted(labels.items())}
    manifest["mapped_labels"] = [{"original": "contra", "label": label, "judgements": n} for label, n in shares.items()]
    sign(data, manifest)


def test_holders_rounds_and_mapped_labels_are_part_of_a_dataset(data):
    add_holder(data)
    add_round(data)
    add_original(data)
    assert problems(data) == ()
    assert dataset.load("judgements", data=data)


def relabel(table, where):
    def tamper(data):
        named = {"label": 2, "label_name": "favor"}
        edit(data, table, lambda rows: [row.update(named) for row in rows if is_toll(row) and where(row)] and None)

    return tamper


def drop(table, where):
    def tamper(data):
        for file in (data / table).glob("*.parquet"):
            found = pq.ParquetFile(file).read()
            kept = [row for row in found.to_pylist() if not (is_toll(row) and where(row))]
            pq.write_table(pa.Table.from_pylist(kept, schema=found.schema), file)

    return tamper


def renamed(table):
    def tamper(data):
        edit(data, table, lambda rows: [row.update(holder="X") for row in rows if row["holder"]] and None)

    return tamper


TAMPERED = {
    "the label of a holder": (relabel("stances", lambda row: row["holder"]), "as in grid"),
    "a judgement of a holder": (relabel("judgements", lambda row: row["holder"]), "votes has a vote without a row"),
    "a judgement of a holder missing": (drop("judgements", lambda row: row["holder"]), "votes has a vote without"),
    "a holder's row of grid missing": (drop("grid", lambda row: row["holder"]), "there is no such row in grid"),
    "a holder's stance missing": (drop("stances", lambda row: row["holder"]), "stances has no such row"),
    "a holder renamed in judgements": (renamed("judgements"), "there is no such row in grid"),
    "the label of the latest round": (relabel("judgements", lambda row: row["round"] == 2), "votes has a vote without"),
    "the latest round missing": (drop("judgements", lambda row: row["round"] == 2), "votes has a vote without"),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_tampering_with_holders_and_rounds_is_found(kind, data):
    tamper, said = TAMPERED[kind]
    add_holder(data)
    add_round(data)
    tamper(data)
    sign_files(data)
    assert any(said in line for line in problems(data)), problems(data)


@pytest.mark.parametrize("number", [0, 99])
def test_counts_of_mapped_labels_are_compared_with_the_judgements(number, data):
    add_original(data, number)
    (line,) = problems(data)
    assert f"mapped_labels: 'contra' as against: {number} judgements, but the table has" in line


def test_original_labels_are_mapped_labels(data):
    add_original(data)
    manifest = read(data)
    sign(data, manifest | {"mapped_labels": []})
    assert any("mapped_labels" in line for line in problems(data))


def test_rounds_that_are_declared_are_those_of_the_judgements(data):
    add_round(data)
    sign_files(data)
    manifest = read(data)
    one = {"number": 1, "date": None, "codebook_sha256": None}
    sign(data, manifest | {"rounds": [one]})
    assert any("rounds: judgements have rounds [2]" in line for line in problems(data))
    sign(data, manifest | {"rounds": [one, one | {"number": 2, "date": "2026-03-01"}]})
    assert problems(data) == ()


def test_a_position_is_that_of_the_source_and_not_of_a_holder(data):
    """A row with a holder counts for nobody else: not in positions, pairs, or the share of sentences asked."""
    before = json.dumps(dataset.table("positions", data=data).to_pylist())
    add_holder(data)
    sign_files(data)
    assert problems(data) == ()
    assert json.dumps(dataset.table("positions", data=data).to_pylist()) == before
    edit(data, "positions", lambda rows: rows[0].update(n_asked=rows[0]["n_asked"] + 1))
    sign_files(data)
    with pytest.raises(IntegrityError, match="n_asked"):
        dataset.verify(data=data)
