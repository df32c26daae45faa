"""What a second user brings: rows, files, names and places that the shipped corpus does not have."""

import json
import subprocess
import sys

import hypothesis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

import kazstance as ks
from kazstance.annotate.filled_sheet import import_answers
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.input.frames import as_frame
from kazstance.input.spelling import given, spelling
from tests.commands import argv, environment, run
from tests.test_annotate import fill_csv, write_rows

pytestmark = pytest.mark.full


def counts(frame):
    compared = ks.compare(frame, source="s", target="t", label="l")
    return {(cell.source, cell.target): (cell.favor, cell.against) for cell in compared.positions()}


ROWS = [{"s": "a", "l": "favor"}, {"s": "b", "l": "against", "t": "toll"}]


def test_a_list_of_rows_has_the_columns_of_all_of_them():
    with pytest.raises(ks.KazstanceError, match="column 't' has no value in 1 row"):
        counts(ROWS)
    assert counts([ROWS[0] | {"t": "toll"}, ROWS[1]]) == {("a", "toll"): (1, 0), ("b", "toll"): (0, 1)}
    assert counts([{"l": "favor", "x": 1, "s": "a", "t": "toll"}, {"t": "toll", "s": "b", "l": "against"}]) == {
        ("a", "toll"): (1, 0),
        ("b", "toll"): (0, 1),
    }


def test_a_list_of_rows_of_two_kinds_in_one_column_is_refused_in_one_line():
    with pytest.raises(ks.KazstanceError, match=r"^a list of rows: .*; expected values of one type in each column$"):
        counts([ROWS[1] | {"x": "one"}, ROWS[1] | {"x": 2}])


def test_a_folder_of_parquet_files_has_the_columns_of_all_of_them(tmp_path):
    pq.write_table(pa.table({"s": ["a"], "t": ["toll"], "l": ["favor"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"l": ["against"], "s": ["b"], "t": ["toll"], "said": ["no"]}), tmp_path / "2.parquet")
    assert counts(tmp_path) == {("a", "toll"): (1, 0), ("b", "toll"): (0, 1)}
    compared = ks.compare(tmp_path, source="s", target="t", label="l", text="said")
    assert [row["said"] for row in compared.contrast("toll")["b"]] == ["no"]
    (tmp_path / "3.parquet").write_bytes(b"PAR1")
    with pytest.raises(ks.KazstanceError, match="3.parquet"):
        counts(tmp_path)


@pytest.mark.parametrize("ending", ["CSV", "Tsv", "JSONL", "Parquet"])
def test_endings_are_read_whatever_their_case(ending, tmp_path):
    rows = [{"id": "1", "label": "favor"}, {"id": "2", "label": "against"}]
    file = tmp_path / f"rows.{ending}"
    if ending == "Parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif ending == "JSONL":
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        between = "," if ending == "CSV" else "\t"
        file.write_text("".join(between.join(row) + "\n" for row in [list(rows[0]), *(row.values() for row in rows)]))
    found = run("score", "--id", "id", "--resamples", "10", gold=file, pred=file)
    assert (found.code, "accuracy" in found.out) == (0, True), found.err


@pytest.mark.parametrize("labels", [{1: "favor", "1": "against"}, {None: "favor", "": "against"}])
def test_a_mapping_with_two_labels_for_one_value_is_refused(labels):
    with pytest.raises(ks.KazstanceError, match="is mapped to favor and to against; expected one label"):
        given(labels)
    with pytest.raises(ks.KazstanceError, match="is mapped to favor and to against; expected one label"):
        spelling(None, ["x=favor", "x=against"])


def test_an_import_does_not_mind_marks_links_or_capitals(harbour, tmp_path):
    export_sheets(harbour, "p1", tmp_path / "sheets")
    filled = write_rows(tmp_path / "sheets", fill_csv(tmp_path / "sheets"))
    table = harbour / "annotations" / "annotators.toml"
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "BACK.csv").symlink_to(filled)
    (done,) = import_answers(harbour, tmp_path / "elsewhere" / "BACK.csv")
    assert done.file.is_file()
    assert 'id = "p1"' in table.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev")
def test_an_export_goes_into_a_pipe_that_has_no_path(harbour_data, tmp_path):
    wanted = argv("export", data=harbour_data, table="targets", out=tmp_path / "out.csv")
    assert run("export", data=harbour_data, table="targets", out=tmp_path / "out.csv").code == 0
    line = [sys.executable, "-m", "kazstance", *(str(part) for part in wanted)]
    line[line.index(str(tmp_path / "out.csv"))] = "/dev/stdout"
    done = subprocess.run([*line, "--format", "csv"], env=environment(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith((tmp_path / "out.csv").read_bytes())


@pytest.mark.parametrize("name", ["a\u2028b", "a\u0085b"])
def test_ids_may_hold_what_some_take_for_line_ends(name, tmp_path):
    rows = [
        {"id": f"{name}{i}", "text": f"w{i}", "target": "t", "label": ["favor", "against"][i % 2]} for i in range(6)
    ]
    for file, prefix in (("train", "x"), ("test", "y")):
        lines = (json.dumps(row | {"id": prefix + row["id"]}, ensure_ascii=False) + "\n" for row in rows)
        (tmp_path / f"{file}.jsonl").write_text("".join(lines), encoding="utf-8")
    where = ["--id", "id", "--text", "text", "--target", "target", "--label", "label"]
    places = {"train": tmp_path / "train.jsonl", "test": tmp_path / "test.jsonl", "out": tmp_path / "out"}
    done = run("bench run on files", *where, system="majority", **places)
    assert done.code == 0, done.err


@pytest.mark.full
def test_a_folder_named_as_a_package_is_none(tmp_path, harbour_data):
    (tmp_path / "torch").mkdir()
    (tmp_path / "mine.py").write_text("def s(train, test):\n    return ['favor'] * len(test)\n")
    done = run("bench run", "--data", harbour_data, system="mine:s", out=tmp_path / "run", cwd=tmp_path)
    assert done.code == 0, done.err


def test_labels_in_the_spelling_of_a_preset_are_answered_with_its_name():
    rows = [{"s": "a", "t": "toll", "l": "Con"}, {"s": "b", "t": "toll", "l": "favour"}]
    with pytest.raises(ks.UnknownLabelError) as caught:
        counts(rows)
    first, second = str(caught.value).splitlines()
    assert first.endswith("for another spelling use labels=; 'Con' is in preset pro_con")
    assert second.endswith("for another spelling use labels=")


def test_a_benchmark_in_python_names_the_argument_for_labels():
    rows = [{"text": "No!", "target": "toll", "label": "nay"}]
    with pytest.raises(ks.InputError, match="for another spelling use labels=$"):
        ks.benchmark(rows, rows)


def test_columns_without_values_are_named_in_one_line():
    rows = [ROWS[1] | {"s": None, "t": None}, ROWS[1]]
    with pytest.raises(ks.KazstanceError, match=r"^column 's' has no value .* each; column 't' has no value .* each$"):
        counts(rows)


TEXTS = st.lists(st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=6), max_size=30)


@hypothesis.given(TEXTS, st.sampled_from("<>="))
def test_text_of_numpy_is_read_as_it_is(texts, order):
    """Whatever its width and byte order; NumPy itself drops NUL characters at the end."""
    array = np.array(texts, dtype=str)
    array = array.astype(array.dtype.newbyteorder(order))
    for given_array in (array, array[::-1], array[::2]):
        rows = {"x": given_array, "y": np.arange(len(given_array))}
        assert as_frame(rows).to_native()["x"].cast(pa.string()).to_pylist() == given_array.tolist()


def test_columns_of_any_container_count_and_score_alike():
    plain = {"s": ["a", "b", "a"], "t": ["toll"] * 3, "l": ["favor", "against", "against"], "id": [1, 2, 3]}
    expected = counts([dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)])
    for column in (
        list,
        tuple,
        np.array,
        pd.Series,
        pa.array,
        pa.chunked_array,
        lambda values: np.array(values, object),
    ):
        rows = {name: column([values] if column is pa.chunked_array else values) for name, values in plain.items()}
        assert counts(rows) == expected
        assert ks.score(rows, rows, id="id", gold_label="l", pred_label="l", resamples=10)["accuracy"].value == 1


@pytest.mark.parametrize(
    "rows",
    [{}, {"s": "a"}, {1: ["a"]}, {"s": ["a"], "t": ["x", "y"], "l": ["favor"]}, {"s": [1, "a"]}, {"s": {"a": 1}}],
)
def test_a_mapping_that_holds_no_columns_is_refused_in_one_line(rows):
    with pytest.raises(ks.KazstanceError, match="expected") as error:
        counts(rows)
    assert "\n" not in str(error.value)
