"""Files are read a few rows at a time: with the same figures as in one piece, and in bounded memory."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import kazstance as ks
from kazstance.input import delimited, streams, tables, text_files
from kazstance.input.arrays import as_numpy, coded_array, number_array, text_array

ROWS = 10_000_000
LABELS = ["FAVOR", "AGAINST", "NONE"]


def frames(rows=3_000):
    """Gold and predictions in another order, with doubled, missing, extra, unlabelled and invalid rows."""
    draw = np.random.default_rng(3)
    ids, text = [f"id {i}" for i in range(rows)], [f"word {i}, ü, “{i}”" for i in range(rows)]
    gold = pl.DataFrame({"nr": ids, "topic": [f"t{i % 7}" for i in range(rows)], "text": text})
    gold = gold.with_columns(label=pl.Series(draw.choice([*LABELS, "UNKNOWN"], rows)))
    pred = gold.with_columns(label=pl.Series(draw.choice([*LABELS, "who knows"], rows)), pages=pl.lit(None, pl.Int64))
    pred = pl.concat([pred.slice(10), pred.head(3).with_columns(nr=pl.lit("x") + pl.col("nr")), pred.slice(20, 5)])
    return gold, pred.sample(fraction=1, shuffle=True, seed=1)


def written(frame, file):
    if file.suffix == ".txt":
        frame.write_csv(file, separator="\t", quote_style="never")
    elif file.suffix == ".folder":
        file.mkdir()
        frame.head(1_000).write_parquet(file / "0.parquet")
        frame.slice(1_000).drop("pages", strict=False).write_parquet(file / "1.parquet")
    else:
        kinds = {".csv": frame.write_csv, ".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}
        kinds[file.suffix](file)
    return file


def figures(gold, pred):
    rules = {"missing": "wrong", "extra": "ignore", "duplicates": "first", "unlabelled": "ignore", "invalid": "wrong"}
    found = ks.score(gold, pred, id="nr", target="topic", labels="semeval", resamples=10, **rules)
    return found.rows(), found.counts


@pytest.mark.parametrize("kind", ["csv", "txt", "jsonl", "parquet", "folder"])
def test_a_file_in_pieces_gives_what_it_gives_as_a_whole(kind, tmp_path, monkeypatch):
    gold, pred = frames()
    expected = figures(gold, pred)
    assert min(expected[1].values()) > 0
    files = [written(frame, tmp_path / f"{name}.{kind}") for name, frame in (("gold", gold), ("pred", pred))]
    monkeypatch.setattr(tables, "SMALL", 10_000)
    monkeypatch.setattr(text_files, "BLOCK", 1_000)
    monkeypatch.setattr(delimited, "BLOCK", 5_000)
    monkeypatch.setattr(streams, "BATCH", 100)
    assert figures(*files) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_the_size_of_blocks_makes_no_difference(block, end, tmp_path, monkeypatch):
    lines = ["ID\tTweet\tStance", "1\tä\tFAVOR", "2\t\tNONE", "", "3\tx\tNONE\tz", "", ""]
    (tmp_path / "x.txt").write_bytes((end.join(lines) + end).encode())
    with pytest.raises(ks.InputError) as whole:
        tables.read_table(tmp_path / "x.txt")
    (tmp_path / "y.txt").write_bytes((end.join(lines[:3]) + end * 3).encode())
    table = tables.read_table(tmp_path / "y.txt")
    assert table.to_pydict() == {"ID": ["1", "2"], "Tweet": ["ä", ""], "Stance": ["FAVOR", "NONE"]}
    cut = delimited._without_empty_end

    def small(pieces):
        whole = b"".join(pieces)
        return cut(whole[i : i + block] for i in range(0, len(whole), block))

    monkeypatch.setattr(delimited, "_without_empty_end", small)
    assert tables.read_table(tmp_path / "y.txt").equals(table)
    with pytest.raises(ks.InputError) as pieces:
        tables.read_table(tmp_path / "x.txt")
    assert str(pieces.value) == str(whole.value)
    assert [problem.line for problem in whole.value.problems] == [4, 5]


def test_arrays_by_their_buffers_are_those_of_pyarrow():
    texts = ["a", None, "", "ü" * 300, "a"]
    assert text_array(texts).equals(pa.array(texts))
    assert text_array([]).equals(pa.array([], pa.string()))
    numbers = np.arange(7)[::2]
    assert number_array(numbers).equals(pa.array(numbers))
    assert as_numpy(pa.array(numbers).slice(1, 2)).tolist() == [2, 4]
    coded = coded_array(np.array([0, -1, 1], dtype=np.int8), ["x", "y"])
    assert coded.to_pylist() == ["x", None, "y"]


MEASURE = r"""
import json, pathlib, re, sys
from kazstance.predictions import Columns, score_rows
from kazstance.input.spelling import spelling
found = score_rows(sys.argv[1], sys.argv[2], Columns(["id"], target="target"), spelling("semeval"), resamples=10)
peak = 1024 * int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())[1])
print(json.dumps({"n": found["accuracy"].n, "accuracy": found["accuracy"].value, "peak": peak}))
"""
"""The peak is that of this program alone: what `getrusage` tells begins with that of the process that started it."""


@pytest.mark.full
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_ten_million_rows_are_scored_in_a_gigabyte(kind, tmp_path):
    draw, right = np.random.default_rng(1), 0
    writers = {}
    for start in range(0, ROWS, 500_000):
        numbers = np.arange(start, start + 500_000)
        codes = {name: draw.integers(0, 3, len(numbers)) for name in ("gold", "pred")}
        right += int((codes["gold"] == codes["pred"]).sum())
        for name, order in (("gold", slice(None)), ("pred", slice(None, None, -1))):
            columns = {
                "id": pa.array(np.char.add("row", numbers[order].astype(str))),
                "target": pa.array(np.char.add("t", (numbers[order] % 30).astype(str))),
                "label": pa.array(LABELS).take(pa.array(codes[name][order])),
            }
            table = pa.table(columns)
            if name not in writers:
                file = tmp_path / f"{name}.{kind}"
                make = pa.parquet.ParquetWriter if kind == "parquet" else pa.csv.CSVWriter
                writers[name] = make(file, table.schema)
            writers[name].write_table(table)
    for writer in writers.values():
        writer.close()
    files = [str(tmp_path / f"{name}.{kind}") for name in ("gold", "pred")]
    done = subprocess.run([sys.executable, "-c", MEASURE, *files], capture_output=True, check=True, text=True)
    found = json.loads(done.stdout)
    assert (found["n"], found["accuracy"]) == (ROWS, pytest.approx(right / ROWS))
    assert found["peak"] < 1e9
