"""Predictions for Parquet files: part by part, resumed after a kill, the same rows however they are cut."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kazstance as ks
from tests.commands import argv, call
from tests.killing import Order, killer

N = 700


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A saved model, and rows in a folder of files with several row groups, as an engine writes them."""
    folder = tmp_path_factory.mktemp("predict")
    words = ["good", "bad", "plain", "fair", "theft"]
    train = [
        {"text": f"{words[n % 3]} w{n % 7}", "target": f"t{n % 2}", "label": ["favor", "against", "neutral"][n % 3]}
        for n in range(90)
    ]
    ks.fit("TF-IDF LR", train).save(folder / "model")
    rows = pa.table(
        {
            "id": [f"r{n}" for n in range(N)],
            "text": [f"{words[n * 7 % 5]} w{n % 11}" for n in range(N)],
            "target": [f"t{n % 2}" for n in range(N)],
        }
    )
    (folder / "rows" / "year=2024").mkdir(parents=True)
    pq.write_table(rows.slice(0, 300), folder / "rows" / "a.parquet", row_group_size=70)
    pq.write_table(rows.slice(300, 0), folder / "rows" / "b.parquet")
    pq.write_table(rows.slice(300), folder / "rows" / "year=2024" / "c.parquet", row_group_size=1000)
    (folder / "rows" / "_SUCCESS").touch()
    (folder / "rows" / "_temporary").mkdir()
    pq.write_table(rows.slice(0, 5), folder / "rows" / "_temporary" / "x.parquet")
    pq.write_table(rows, folder / "whole.parquet")
    return folder


def predicted(folder):
    """The content of every file, and of folders whether there are any."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def rows_of(folder):
    return pa.concat_tables(pq.read_table(file) for file in sorted(folder.glob("*.parquet")))


def test_the_rows_are_those_of_python_however_they_are_cut(world, tmp_path):
    model = ks.load_model(world / "model")
    expected = model.predict(world / "whole.parquet")
    assert len(set(expected["label"].to_pylist())) == 3
    for at, (data, size) in enumerate(
        [("rows", 40), ("rows", 150), ("rows", 10**6), ("whole.parquet", 100), ("whole.parquet", 10**6)]
    ):
        out = model.predict_files(world / data, tmp_path / str(at), rows_per_part=size)
        assert rows_of(out).equals(expected), (data, size)
        sizes = [pq.read_metadata(file).num_rows for file in sorted(out.glob("*.parquet"))]
        assert max(sizes) <= size
        assert not [name for name in predicted(out) if name.startswith(".")]
    pattern = model.predict_files(world / "rows" / "*" / "[c]*.parquet", tmp_path / "pattern")
    assert rows_of(pattern).equals(expected.slice(300))


@pytest.mark.full
def test_the_command_resumes_after_being_killed_at_any_change_to_files(world, tmp_path):
    more = ("--rows-per-part", "150")

    def order(out, **when):
        return Order(argv("predict", *more, model=world / "model", rows=world / "rows", out=out), cwd="/", **when)

    done, events = killer().run(order(tmp_path / "whole"))
    assert done.code == 0, done.err
    expected = predicted(tmp_path / "whole")
    assert len(expected) == 6
    kept = set()
    for at in range(1, events + 1, 2):
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        done, _ = killer().run(order(out, kill_at=at))
        assert done.code == -9
        there = {name: content for name, content in predicted(out).items() if not name.startswith(".")}
        assert all(content == expected[name] for name, content in there.items() if name.endswith(".parquet"))
        done, _ = killer().run(order(out))
        assert done.code == 0, done.err
        kept |= {line for line in done.err.splitlines() if line.startswith("resumed")}
        assert predicted(out) == expected
    assert {f"resumed: {n} of 5 parts are kept" for n in range(1, 5)} <= kept


def test_what_is_finished_is_not_done_again(world, tmp_path):
    lines = []
    model = ks.load_model(world / "model")
    model.predict_files(world / "rows", tmp_path / "out", rows_per_part=150, say=lines.append)
    assert [line.partition(":")[0] for line in lines] == [f"part-{n:05d}.parquet" for n in range(5)]
    assert "s left" in lines[0]
    assert "left" not in lines[-1]
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").iterdir()}
    model.predict_files(world / "rows", tmp_path / "out", rows_per_part=150, say=lines.append)
    assert lines[5:] == ["resumed: 5 of 5 parts are kept"]
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "out").iterdir()} == before
    copied = shutil.copytree(world, tmp_path / "elsewhere")
    model.predict_files(copied / "rows", tmp_path / "out", rows_per_part=150)  # the same bytes at another place


@pytest.mark.parametrize("what", ["model", "rows", "size", "columns"])
def test_other_predictions_are_refused_and_replaced_only_if_asked(what, world, tmp_path):
    out, more = tmp_path / "out", {"model": world / "model", "rows": world / "whole.parquet", "out": tmp_path / "out"}
    assert call("predict", "--rows-per-part", "200", **more).exit_code == 0
    before, options = predicted(out), ["--rows-per-part", "200"]
    if what == "model":
        more["model"] = ks.fit("majority", [{"text": "x", "target": "t", "label": "favor"}] * 4).save(tmp_path / "new")
    elif what == "rows":
        rows = pq.read_table(world / "whole.parquet").slice(1)
        pq.write_table(rows, tmp_path / "whole.parquet")
        more["rows"] = tmp_path / "whole.parquet"
    elif what == "size":
        options = ["--rows-per-part", "300"]
    else:
        options += ["--target", "text"]
    done = call("predict", *options, **more)
    assert done.exit_code == 1
    assert "holds other predictions; different now: " in done.stderr
    assert "pass --again" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert predicted(out) == before
    assert call("predict", *options, "--again", **more).exit_code == 0
    fresh = tmp_path / "fresh"
    assert call("predict", *options, **more | {"out": fresh}).exit_code == 0
    assert predicted(out) == predicted(fresh)


def test_a_part_that_was_changed_or_does_not_belong_is_noticed(world, tmp_path):
    model = ks.load_model(world / "model")
    out = model.predict_files(world / "rows", tmp_path / "out", rows_per_part=150)
    whole = predicted(out)
    (out / "part-00001.parquet").write_bytes(b"changed")
    with pytest.raises(ks.KazstanceError, match=r"part-00001\.parquet is missing or was changed; pass --again"):
        model.predict_files(world / "rows", out, rows_per_part=150)
    model.predict_files(world / "rows", out, rows_per_part=150, again=True)
    assert predicted(out) == whole
    shutil.copy(world / "whole.parquet", out / "mine.parquet")
    for again in (False, True):
        with pytest.raises(ks.KazstanceError, match=r"contains 'mine\.parquet'"):
            model.predict_files(world / "rows", out, rows_per_part=150, again=again)
    (tmp_path / "full").mkdir()
    shutil.copy(world / "whole.parquet", tmp_path / "full")
    with pytest.raises(ks.KazstanceError, match=r"contains 'whole\.parquet'"):
        model.predict_files(world / "rows", tmp_path / "full")


def test_a_fault_in_the_rows_is_named_with_its_row_and_file(world, tmp_path):
    rows = pq.read_table(world / "whole.parquet")
    texts = rows["text"].to_pylist()
    texts[503] = None
    pq.write_table(rows.set_column(1, "text", pa.array(texts)), tmp_path / "rows.parquet", row_group_size=100)
    more = {"model": world / "model", "rows": tmp_path / "rows.parquet", "out": tmp_path / "out"}
    done = call("predict", "--rows-per-part", "200", **more)
    assert done.exit_code == 1
    assert f"{tmp_path / 'rows.parquet'}: text: row 504: nothing, expected something" in done.stderr
    assert sorted(predicted(tmp_path / "out")) == ["part-00000.parquet", "part-00001.parquet", "predictions.json"]


@pytest.mark.parametrize("name", ["nowhere", "empty", "not parquet", "no rows", "other columns", "dataset"])
def test_what_is_not_rows_is_refused_before_anything_is_written(name, world, tmp_path, harbour_data):
    place = tmp_path / "rows"
    place.mkdir()
    if name == "not parquet":
        (place / "x.parquet").write_text("text")
    elif name == "no rows":
        pq.write_table(pq.read_table(world / "whole.parquet").slice(0, 0), place / "x.parquet")
    elif name == "other columns":
        shutil.copy(world / "whole.parquet", place / "a.parquet")
        pq.write_table(pa.table({"id": [1], "text": ["a"], "target": ["t"]}), place / "b.parquet")
    rows = {"nowhere": tmp_path / "nowhere", "dataset": harbour_data}.get(name, place)
    done = call("predict", model=world / "model", rows=rows, out=tmp_path / "out")
    assert done.exit_code == 1, done.stderr
    assert "expected" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_predictions_of_a_table_of_a_dataset_are_scored_as_they_are(tmp_path, harbour_data):
    assert call("fit", "--data", harbour_data, system="majority per target", out=tmp_path / "model").exit_code == 0
    table = harbour_data / "stances"
    assert call("predict", model=tmp_path / "model", rows=table, out=tmp_path / "out").exit_code == 0
    done = call("score", "--id", "sentence_id", "--id", "target_id", "--json", gold=table, pred=tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)


def test_batches_one_by_one(world):
    model = ks.load_model(world / "model")
    batches = pq.ParquetFile(world / "whole.parquet").iter_batches(97)
    mapped = model.map_arrow(batches, id="id")
    assert pa.Table.from_batches(mapped).equals(model.predict(world / "whole.parquet"))
