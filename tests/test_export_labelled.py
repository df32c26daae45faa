"""Tables for Excel, Stata and SPSS: every value comes back in other readers, with what columns and labels mean."""

import io
import json
import math

import openpyxl
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance
from kazstance.errors import KazstanceError
from kazstance.output.described import Described
from kazstance.output.statistics_files import SPSS, STATA, dta, sav, variable_names
from kazstance.output.workbook import xlsx
from kazstance.schema.records import TABLES
from tests import commands

READERS = {"dta": pyreadstat.read_dta, "sav": pyreadstat.read_sav}
HOSTILE = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "'quoted", "\u202eright to left", "☂ 雨", "a\tb\nc", ""]


@pytest.fixture(scope="module")
def dataset():
    return kazstance.open()


def flat(value):
    """A value as a program for statistics holds it."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


def is_same(one, other):
    if isinstance(one, float) and math.isnan(one):
        return other in ("", None)
    return one == other or (isinstance(other, int | float) and one == pytest.approx(other))


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("name", TABLES)
def test_every_value_comes_back(kind, name, dataset, tmp_path):
    table = dataset[name]
    out = tmp_path / f"table.{kind}"
    (table.to_stata if kind == "dta" else table.to_spss)(out)
    frame, meta = READERS[kind](out)
    expected = table.described().rows
    assert len(frame) == len(expected)
    assert list(meta.column_names) == expected.column_names
    for column in expected.column_names:
        wanted = map(flat, expected[column].to_pylist())
        assert all(map(is_same, frame[column].tolist(), wanted)), column
    for column, names in table.labels.items():
        assert list(meta.variable_value_labels[column].values()) == list(names)


def test_pandas_and_its_own_reader_see_the_names_of_labels(dataset, tmp_path):
    dataset.stances.to_stata(tmp_path / "stances.dta")
    found = pd.read_stata(tmp_path / "stances.dta")
    assert (
        found["label"].astype(str).value_counts().to_dict()
        == dataset.stances.to_pandas()["label"].value_counts().to_dict()
    )
    with pd.read_stata(tmp_path / "stances.dta", iterator=True) as reader:
        about = reader.variable_labels()
    assert about["label"] == TABLES["stances"].record.model_fields["label"].description.replace("\n", " ")[:80]


@pytest.mark.parametrize("name", ["stances", "sentences", "targets", "annotators", "positions"])
def test_a_workbook_has_every_row_by_name_and_says_what_the_columns_mean(name, dataset, tmp_path):
    dataset[name].to_excel(tmp_path / "table.xlsx")
    book = openpyxl.load_workbook(tmp_path / "table.xlsx")
    rows = list(book["rows"].values)
    expected = dataset[name].to_arrow()
    assert list(rows[0]) == expected.column_names
    for found, wanted in zip(rows[1:], expected.to_pylist(), strict=True):
        for one, other in zip(found, wanted.values(), strict=True):
            assert one == other if isinstance(other, bool) else is_same("" if one is None else one, flat(other))
    assert [row[0] for row in book["columns"].values][1:] == expected.column_names
    assert book["rows"].freeze_panes == "A2"


@pytest.mark.parametrize("write", [xlsx, dta, sav])
def test_text_that_looks_like_a_formula_is_text(write, tmp_path):
    table = Described(pa.table({"text": HOSTILE, "name of mine!": range(len(HOSTILE))}))
    content = write(table)
    if write is xlsx:
        cells = [
            cell for row in openpyxl.load_workbook(io.BytesIO(content))["rows"].iter_rows(min_row=2) for cell in row
        ]
        assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
        assert [cell.value or "" for cell in cells[::2]] == HOSTILE
        return
    kind = write.__name__
    (tmp_path / f"x.{kind}").write_bytes(content)
    frame, meta = READERS[kind](tmp_path / f"x.{kind}")
    assert frame["text"].tolist() == HOSTILE
    assert meta.column_names_to_labels["name_of_mine_"] == "name of mine!"


@given(st.lists(st.text(), max_size=8), st.sampled_from([STATA, SPSS]))
def test_names_of_columns_are_allowed_and_differ(names, limits):
    found = variable_names(names, limits.name)
    assert len({name.lower() for name in found}) == len(names)
    for name in found:
        assert 0 < len(name.encode()) <= limits.name
        assert name[0].isalpha()
        assert all(sign.isalnum() or sign == "_" for sign in name)


@pytest.mark.parametrize(
    "name", ["long", "if", "str5", "_n", "with", "ALL", "x" * 90, "größe", "年", "2020", "a b", ""]
)
@pytest.mark.parametrize("write", [dta, sav])
def test_columns_may_have_any_name(name, write, tmp_path):
    file = tmp_path / f"x.{write.__name__}"
    file.write_bytes(write(Described(pa.table({name: [1, None], f"{name} ": ["a", None]}))))
    frame, _ = READERS[write.__name__](file)
    assert frame.iloc[0].tolist() == [1, "a"]


@pytest.mark.parametrize(("write", "length"), [(sav, 40_000), (xlsx, 40_000)])
def test_a_text_that_would_be_cut_is_refused(write, length):
    with pytest.raises(KazstanceError, match=r"text: row 2 has 40,000 .+ export it as Parquet"):
        write(Described(pa.table({"text": ["short", "x" * length]})))


def test_stata_holds_long_texts(tmp_path):
    text = "ü" * 50_000
    (tmp_path / "x.dta").write_bytes(dta(Described(pa.table({"text": ["a", text]}))))
    assert pyreadstat.read_dta(tmp_path / "x.dta")[0]["text"].tolist() == ["a", text]


def test_empty_tables_are_written(dataset, tmp_path):
    none = dataset.stances.where(target="campism", source="old_mole", label="neutral", split="test")
    assert len(none) == 0
    for name, write in {"x.dta": none.to_stata, "x.sav": none.to_spss, "x.xlsx": none.to_excel}.items():
        write(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0


@pytest.mark.parametrize("kind", ["xlsx", "dta", "sav"])
def test_the_command_line_writes_them_by_suffix(kind, tmp_path):
    out = tmp_path / f"positions.{kind}"
    done = commands.call("export", table="positions", data=kazstance.dataset.SHIPPED, out=out)
    assert done.exit_code == 0
    frame = pd.read_excel(out) if kind == "xlsx" else READERS[kind](out)[0]
    assert len(frame) == 175
