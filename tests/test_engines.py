"""The same figures from every engine: DuckDB, Polars, Dask, PySpark and Ibis, each as it is installed.

`nox -s engines` has all of them; elsewhere those that are missing are skipped.
"""

import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import kazstance as ks
from kazstance.comparison.counts import count
from kazstance.comparison.patterns import patterns
from kazstance.stats.agreement import alpha_interval
from kazstance.stats.counting import tally

SESSION = "run by `nox -s engines`"
pytestmark = pytest.mark.filterwarnings("default")  # engines warn of each other's versions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Rows in three files, as an engine writes them: with missing texts, and with a source that nobody labelled."""
    place = tmp_path_factory.mktemp("engines")
    rows = ks.open().stances.to_arrow()
    columns = ["sentence_id", "paragraph_id", "source_id", "target_id", "target", "label", "text"]
    table = rows.select(columns).set_column(5, "label", rows["label"].cast(pa.string()))
    sentences = {row.sentence_id: row for row in ks.open().sentences}
    keys = table["sentence_id"].to_pylist()
    table = table.append_column("voice", pa.array([sentences[key].voice.value for key in keys]))
    table = table.append_column("endorsed", pa.array([sentences[key].endorsed for key in keys], pa.string()))
    table = table.append_column("rank", pa.array([n % 5 for n in range(len(table))]))
    (place / "stances").mkdir()
    for part in range(3):
        rows = table.replace_schema_metadata(None).slice(part * 300, 300)
        pq.write_table(rows, place / "stances" / f"{part}.parquet")
    judged = ks.open().judgements.to_arrow()
    names = ["sentence_id", "paragraph_id", "target_id", "annotator_id", "label"]
    judged = judged.select(names).set_column(4, "label", judged["label"].cast(pa.string()))
    (place / "judgements").mkdir()
    pq.write_table(judged.replace_schema_metadata(None).slice(0, 20_000), place / "judgements" / "all.parquet")
    return place


@pytest.fixture(scope="module")
def spark():
    """A local Spark with two workers."""
    sql = pytest.importorskip("pyspark.sql", reason=SESSION)
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java; run: apt-get install default-jre-headless")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "3",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = sql.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
        session.sparkContext.setLogLevel("FATAL")
        yield session
        session.stop()


def _table(place):
    return pa.concat_tables(pq.read_table(file) for file in sorted(place.glob("*.parquet")))


OPENERS = {
    "dask": lambda place, _: pytest.importorskip("dask.dataframe", reason=SESSION).read_parquet(place),
    "duckdb": lambda place, _: pytest.importorskip("duckdb").read_parquet(f"{place}/*.parquet"),
    "ibis": lambda place, _: pytest.importorskip("ibis", reason=SESSION).read_parquet(f"{place}/*.parquet"),
    "polars": lambda place, _: pytest.importorskip("polars").from_arrow(_table(place)),
    "polars lazy": lambda place, _: pytest.importorskip("polars").scan_parquet(place / "*.parquet"),
    "pyspark": lambda place, request: request.getfixturevalue("spark").read.parquet(str(place)),
    "dataset": lambda place, _: pyarrow.dataset.dataset(place),
    "datasets": lambda place, _: pytest.importorskip("datasets").Dataset(_table(place)),
    "folder": lambda place, _: place,
    "pandas": lambda place, _: _table(place).to_pandas(),
    "record batch": lambda place, _: _table(place).combine_chunks().to_batches()[0],
    "reader": lambda place, _: _table(place).to_reader(),
    "records": lambda place, _: _table(place).to_pylist(),
}
"""How a folder of Parquet files is opened in each engine and container."""


@pytest.fixture(params=OPENERS)
def rows(request, folder):
    """A function that opens the stances, or the judgements, in one engine or container."""
    OPENERS[request.param](folder / "stances", request)  # skips
    return lambda table="stances": OPENERS[request.param](folder / table, request)


@pytest.fixture(scope="module")
def table(folder):
    """A function that reads the same rows with Arrow."""
    return lambda name="stances": _table(folder / name)


@pytest.mark.parametrize("cluster", ["paragraph_id", None])
def test_positions(rows, table, cluster):
    found, expected = (ks.compare(frame, cluster=cluster) for frame in (rows(), table()))
    assert found.positions().rows() == expected.positions().rows()
    assert found.disagreements().rows() == expected.disagreements().rows()


@pytest.mark.parametrize("voice", ["own", "endorsed", "all"])
def test_counts(rows, table, voice):
    lengths = dict.fromkeys(set(table()["source_id"].to_pylist()), 2000)
    one, other = (count(frame, label="label", voice=voice, sentences=lengths) for frame in (rows(), table()))
    assert (one.sources, one.targets) == (other.sources, other.targets)
    assert (one.total == other.total).all()
    assert (one.sentences == other.sentences).all()


def test_counts_of_any_columns(rows, table):
    from kazstance.input.frames import as_frame

    for columns in (["source_id"], ["rank", "label"], ["endorsed"], ["source_id", "target_id", "label"]):
        one, other = (tally(as_frame(frame), columns) for frame in (rows(), table()))
        assert one[0] == other[0]
        assert (one[1] == other[1]).all()


@pytest.mark.parametrize("cluster", ["paragraph_id", None])
def test_agreement(rows, table, cluster):
    one, other = (
        patterns(frame, ["sentence_id", "target_id"], cluster=cluster, labels="kazstance")
        for frame in (rows("judgements"), table("judgements"))
    )
    assert (one.votes == other.votes).all()
    assert (one.counts == other.counts).all()
    assert alpha_interval(one, n=50) == alpha_interval(other, n=50)


def test_scores(rows, table):
    settings = {"id": ["sentence_id", "target_id"], "target": "target_id", "cluster": "paragraph_id", "resamples": 50}
    guessed = table().set_column(5, "label", pa.array((["favor", "against", "favor"] * len(table()))[: len(table())]))
    found = ks.score(rows(), guessed, **settings)
    assert found.rows() == ks.score(table(), guessed, **settings).rows()
    assert ks.score(guessed, rows(), **settings).rows() == ks.score(guessed, table(), **settings).rows()


def test_wording_and_contrast(rows, table):
    one, other = (ks.compare(frame, text="text", language="en") for frame in (rows(), table()))
    assert one.wording("campism").rows() == other.wording("campism").rows()
    assert {who: len(found) for who, found in one.contrast("campism").items()} == {
        who: len(found) for who, found in other.contrast("campism").items()
    }


def test_what_is_wrong_is_named_alike(rows, table):
    """Labels that are unknown, and missing values; rows without an order are counted, not numbered."""
    for column in ("rank", "voice"):
        with pytest.raises(ks.UnknownLabelError, match="expected"):
            ks.compare(rows(), label=column, labels={"x": "favor"})
    with pytest.raises(ks.KazstanceError, match="column 'endorsed' has no value in "):
        ks.compare(rows(), source="endorsed")
    with pytest.raises(ks.UnknownNameError, match="'lable' is not a column"):
        ks.compare(rows(), label="lable")


@pytest.mark.parametrize("system", ["majority per target", "TF-IDF LR"])
def test_predictions_of_spark_are_those_of_one_process(system, spark, folder, tmp_path):
    """The same function, on the workers of Spark."""
    model = ks.fit(system, ks.open())
    place = model.predict_files(folder / "stances", tmp_path / "out", rows_per_part=100)
    expected = _table(place)
    rows = spark.read.parquet(str(folder / "stances")).repartition(4)
    answers = rows.mapInArrow(model.map_arrow, "sentence_id string, target_id string, label string")
    answers.write.parquet(str(tmp_path / "spark"))
    found = _table(tmp_path / "spark")
    order = [("sentence_id", "ascending"), ("target_id", "ascending")]
    assert found.sort_by(order).to_pylist() == expected.sort_by(order).to_pylist()


@pytest.mark.full
def test_all_engines_in_an_environment_of_their_own(root):
    done = subprocess.run(
        [sys.executable, "-m", "nox", "--reuse-existing-virtualenvs", "--session", "engines"],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert "SKIPPED" not in done.stdout, done.stdout[-5000:]
