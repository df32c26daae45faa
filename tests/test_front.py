"""The front door: what `import kazstance` offers, and how to use it."""

import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import kazstance as ks
from kazstance._moved import MOVED

SAMPLE = """
from collections.abc import Sequence
import kazstance as ks
from kazstance.bench.tasks import Item

ds = ks.open()
str(ds)
ds.stances.where(target="west_wants_calm", label="against").show()
ds.stances.to_pandas("test"); ds.stances.to_polars(); ds.stances.to_arrow(); ds.stances.path("test"); ds.stances.to_hf()
stance: ks.Stance = ds.stances[0]
ds.why("pr_collective/16/2", "west_wants_calm")

cmp = ds.compare(voice="own", by="source")
cmp.positions().to_pandas(); cmp["old_mole", "campism"].net
cmp.disagreements(); cmp.distances(); cmp.wording("campism"); cmp.contrast("campism")
for by in ("tradition", "year"):
    grouped = ds.compare(voice="own", by=by)
    grouped.positions().to_pandas(); grouped.disagreements(); grouped.wording("campism"); grouped.contrast("campism")
    grouped.distances().to_pandas()
assert ds.compare(by="year")[2022, "uprising"].favor > 0
ds.agreement(by="target"); ds.explore(OUT + "/page.html")


def model(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    return ["against" if "not" in item.text else "favor" for item in test]


run = ds.bench(task="stance", protocol="in_domain").run(model, out=OUT + "/mine")
result: ks.Result = run
skill: float = run.scores["wts"].value
run.scores["wts"], run.lift
assert run.lift is not None and run.lift.low <= run.lift.value <= run.lift.high
"""


def test_every_public_name_is_there_and_no_other():
    assert dir(ks) == sorted(ks.__all__)
    for name in ks.__all__:
        assert getattr(ks, name) is not None


def test_no_package_or_module_shadows_a_public_name():
    homes = {path.stem for path in Path(ks.__file__).parent.iterdir() if not path.stem.startswith("__")}
    assert homes & set(ks.__all__) == set()


@pytest.mark.parametrize("message", MOVED.values(), ids=MOVED.keys())
def test_what_takes_the_place_of_a_name_is_there(message):
    for name in re.findall(r"kazstance\.([\w.]*\w)", message):
        assert pkgutil.resolve_name(f"kazstance.{name.replace('Dataset.stances.', 'Table.')}"), name


@pytest.mark.parametrize("name", ["scoring", "history", "tables"])
def test_a_name_that_has_moved_says_where_to(name):
    with pytest.raises(AttributeError, match=f"kazstance.{name} has moved since version 0.3; use kazstance"):
        getattr(ks, name)


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize(
    "statement", ["import kazstance.{0}", "from kazstance.{0} import x", "from kazstance{1} import {2}"]
)
def test_importing_a_module_that_has_moved_says_where_to(statement, name):
    package, _, last = name.rpartition(".")
    if statement.startswith("from kazstance{1}") and last in ks.__all__:
        assert callable(getattr(ks, last))  # a function has the name now
        return
    with pytest.raises(ModuleNotFoundError, match=rf"kazstance\.{name} has moved since version 0.3; use kazstance"):
        exec(statement.format(name, package and f".{package}", last))


def test_a_module_that_never_was_is_not_found_as_usual():
    with pytest.raises(ModuleNotFoundError, match="No module named 'kazstance.nonsense'"):
        import kazstance.nonsense  # noqa: F401


@pytest.mark.full
def test_the_sample_runs(tmp_path):
    code = f"OUT = {str(tmp_path)!r}\n{SAMPLE}"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "⟦" in done.stdout
    assert (tmp_path / "page.html").stat().st_size > 100_000


@pytest.mark.full
def test_the_sample_is_typed(tmp_path):
    (tmp_path / "sample.py").write_text(f'OUT = "x"\n{SAMPLE}')
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", tmp_path / "sample.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_dataset_is_opened_from_any_kind_of_path(harbour_data):
    assert ks.open(str(harbour_data)).digest == ks.open(harbour_data).digest
    assert repr(ks.open(str(harbour_data))).startswith("<Dataset harbour ")


def test_tables_filter_count_and_convert_alike(harbour_data):
    ds = ks.open(harbour_data)
    wanted = ds.stances.where(target="strike", label=["favor", "against"])
    rows = wanted.records()
    assert len(wanted) == len(rows) == len(wanted.to_pandas()) == len(wanted.to_polars()) == wanted.to_arrow().num_rows
    assert {row.target_id for row in rows} == {"strike"}
    assert set(wanted.to_pandas()["label"]) == {row.label.name for row in rows} <= {"favor", "against"}
    assert list(wanted) == list(rows)
    assert wanted[0] == rows[0]
    assert wanted[-1] == rows[-1]
    assert wanted[1:3] == rows[1:3]
    with pytest.raises(IndexError):
        wanted[len(rows)]
    assert pl.DataFrame(wanted).equals(wanted.to_polars())
    assert pd.concat([ds.stances.to_pandas(split) for split in ds.stances.splits], ignore_index=True).equals(
        ds.stances.to_pandas()
    )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"target": "strikes"}, "'strikes' is not a target"),
        ({"source": "docker"}, "'docker' is not a source"),
        ({"label": "favour"}, "'favour' is not a label of stances"),
        ({"lable": "favor"}, "'lable' is not a column of stances"),
        ({"split": "dev"}, "'dev' is not a split of stances"),
    ],
)
def test_wrong_names_are_refused(asked, message, harbour_data):
    with pytest.raises(ks.UnknownNameError, match=message):
        ks.open(harbour_data).stances.where(**asked)


def test_a_comparison_by_an_attribute_adds_up():
    ds = ks.open()
    by_source, by_tradition = ds.compare(), ds.compare(by="tradition")
    assert by_source.counts.total.sum() == by_tradition.counts.total.sum()
    assert by_source.counts.sentences.sum() == by_tradition.counts.sentences.sum()
    traditions = {row.source_id: row.tradition for row in ds.sources}
    for tradition in by_tradition.counts.sources:
        members = [cell for cell in by_source.positions() if traditions[cell.source] == tradition]
        for target in by_source.counts.targets:
            expected = sum(cell.favor for cell in members if cell.target == target)
            assert by_tradition[tradition, target].favor == expected


def test_rows_of_any_kind_compare_alike(harbour_data):
    ds = ks.open(harbour_data)
    columns = {"source": "source_id", "target": "target_id", "cluster": "paragraph_id"}
    expected = ks.compare(ds.stances, **columns).positions().rows()
    kinds = [
        ds.stances.to_pandas(),
        ds.stances.to_polars(),
        ds.stances.to_polars().lazy(),
        ds.stances.to_arrow(),
        ds.stances.to_arrow().to_reader(),
        ds.stances.to_arrow().to_pylist(),
    ]
    for rows in kinds:
        assert ks.compare(rows, **columns).positions().rows() == expected
    with pytest.raises(ks.KazstanceError, match=r"int, expected rows as one of: a data frame .*; a list of rows"):
        ks.compare(3)


GRID = [
    {"who": who, "on": on, "says": says, "said": said}
    for who, on, says, said in [
        ("a", "toll", "favor", "the toll is fair"),
        ("a", "toll", "none", "boats came and went"),
        ("b", "toll", "against", "the toll is theft"),
        ("b", "toll", "none", None),
        ("b", "strike", "against", "the strike harms us"),
    ]
]
OWN = {"source": "who", "target": "on", "label": "says", "labels": "kazstance", "text": "said"}


@pytest.mark.parametrize(
    "form",
    [
        lambda table: table,
        lambda table: table.where(split=["train", "validation", "test"]),
        lambda table: table.to_arrow(),
        lambda table: table.to_arrow().filter(pa.array([True] * len(table))),
        lambda table: table.to_pandas(),
        lambda table: table.to_pandas().query("source_id != ''"),
        lambda table: table.to_hf(),
        lambda table: table.stored(),
        lambda table: table.path(),
        lambda table: table.records(),
        lambda table: table[:],
    ],
)
def test_whatever_a_table_gives_is_read_as_its_own_labels(form, harbour_data):
    grid = ks.open(harbour_data).grid
    expected = grid.to_arrow()["label"].to_pylist()
    assert "none" in expected
    compared = ks.compare(form(grid))
    addressed = sum(cell.favor + cell.neutral + cell.against for cell in compared.positions())
    assert addressed == len(expected) - expected.count("none")
    scored = ks.score(form(grid), form(grid), id=["sentence_id", "target_id"], resamples=10)
    assert scored.signature["labels"] == 4
    assert scored["accuracy"].value == 1


def test_no_values_and_null_are_conditions_as_others(harbour_data):
    judgements = ks.open(harbour_data).judgements
    explicitness = judgements.to_arrow()["explicitness"].to_pylist()
    assert None in explicitness
    assert len(judgements.where(explicitness=None)) == explicitness.count(None)
    assert len(judgements.where(explicitness=[None, "explicit"])) == sum(x in (None, "explicit") for x in explicitness)
    for nothing in (judgements.where(explicitness=[]), judgements.where(label=[]), judgements.where(split=[])):
        assert (len(nothing), nothing.records(), nothing.to_pandas().shape) == (0, (), (0, len(judgements.columns)))
        assert nothing.to_arrow().schema == judgements.to_arrow().schema
        assert nothing.stored().schema == judgements.stored().schema


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (pd.DataFrame([["a", "b"]], columns=["label", "label"]), "expected each column once"),
        (pd.Series(["favor"]), "Series, expected rows as one of"),
        (pl.Series(["favor"]), "Series, expected rows as one of"),
    ],
)
def test_what_has_no_rows_or_columns_of_one_name_is_refused_in_one_line(rows, expected):
    for read in (ks.compare, lambda rows: ks.score(rows, rows, id="id"), lambda rows: ks.benchmark(rows, rows)):
        with pytest.raises(ks.KazstanceError, match=expected):
            read(rows)


def test_truth_values_are_labels_if_a_mapping_says_so():
    rows = pd.DataFrame({"id": [1, 2], "s": ["a", "a"], "t": ["x", "x"], "label": [True, False]})
    labels = {True: "favor", False: "against"}
    for frame in (rows, pl.from_pandas(rows), pa.Table.from_pandas(rows), rows.to_dict("records"), rows.astype(str)):
        cell = ks.compare(frame, source="s", target="t", labels=labels)["a", "x"]
        assert (cell.favor, cell.against) == (1, 1)
        assert ks.score(frame, frame, id="id", labels=labels, resamples=10)["accuracy"].value == 1
    with pytest.raises(ks.KazstanceError, match="labels: list, expected the name of a preset, or a mapping"):
        ks.compare(rows, source="s", target="t", labels=["favor"])


def test_none_in_rows_of_somebody_else_is_not_guessed():
    rows = pa.table({"source_id": ["a"], "target_id": ["t"], "label": ["none"]})
    with pytest.raises(ks.UnknownLabelError, match="could mean"):
        ks.compare(rows)


def test_rows_that_are_none_have_no_words_and_are_no_evidence():
    compared = ks.compare(GRID, **OWN)
    assert {word.word for word in compared.wording("toll")} == {"the", "toll", "is", "fair", "theft"}
    found = compared.contrast("toll")
    assert {who: [row["said"] for row in rows] for who, rows in found.items()} == {
        "a": ["the toll is fair"],
        "b": ["the toll is theft"],
    }


def test_columns_are_looked_for_before_anything_is_counted():
    with pytest.raises(ks.UnknownNameError, match="'saidd' is not a column of the table"):
        ks.compare(GRID, **OWN | {"text": "saidd"})
    with pytest.raises(ks.KazstanceError, match="prior: 0, expected a number above 0"):
        ks.compare(GRID, **OWN).wording("toll", prior=0)


@pytest.mark.parametrize(("one", "other"), [(2023, 2024), (1.0, 2.0), (True, False)])
@pytest.mark.parametrize("frame", [list, pd.DataFrame, pl.DataFrame])
def test_sources_may_be_of_any_type(one, other, frame):
    rows = frame([row | {"who": {"a": one, "b": other}[row["who"]], "said": row["said"] or ""} for row in GRID])
    compared = ks.compare(rows, **OWN)
    assert sum(len(found) for found in compared.contrast("toll").values()) == 2
    assert {len(found) for found in compared.contrast("toll").values()} == {1}


def test_numbers_of_sentences_belong_to_the_sources_as_they_are_spelled():
    rows = [row | {"who": {"a": 2023, "b": 2024}[row["who"]]} for row in GRID]
    compared = ks.compare(rows, **OWN, sentences={2023: 2, 2024: 3})
    assert [cell.salience.value for cell in compared.positions()] == pytest.approx([0, 0.5, 1 / 3, 1 / 3])
    with pytest.raises(ks.KazstanceError, match="sentences: 0 for 2024, expected at least 1"):
        ks.compare(rows, **OWN, sentences={2023: 2, 2024: 0})


def test_slices_of_a_filtered_table_are_those_of_its_records(harbour_data, monkeypatch):
    table = ks.open(harbour_data).grid.where(label="none")
    records = table.records()
    reads = []
    read = type(table)._read
    monkeypatch.setattr(type(table), "_read", lambda self, split: reads.append(split) or read(self, split))
    for at in (slice(None), slice(3, 20), slice(20, 3, -2), slice(None, None, -1), slice(0, 0)):
        reads.clear()
        assert table[at] == records[at]
        assert len(reads) <= len(table.splits)
    assert table[-1] == records[-1]


@pytest.mark.parametrize(
    ("asked", "expected"), [({"n_favor": "3"}, "n_favor: '3', expected a value of type"), ({"split": None}, "None")]
)
def test_conditions_are_checked_before_anything_is_read(asked, expected, harbour_data):
    with pytest.raises(ks.KazstanceError, match=expected):
        ks.open(harbour_data).positions.where(**asked)


def public_functions():
    """The public functions, and the public methods of the public classes, by name."""
    for name in ks.__all__:
        value = getattr(ks, name)
        if inspect.isfunction(value):
            yield name, value
        if inspect.isclass(value):
            for method, function in inspect.getmembers(value, inspect.isfunction):
                if method[0] != "_" and function.__module__.startswith("kazstance"):
                    yield f"{name}.{method}", function


@pytest.mark.parametrize("function", [pytest.param(function, id=name) for name, function in public_functions()])
def test_public_functions_document_their_parameters_and_results(function):
    parameters = [parameter for parameter in inspect.signature(function).parameters if parameter != "self"]
    described = re.findall(r"(?m)^ {4,12}(\w+): ", (function.__doc__ or "").partition("Args:")[2])
    assert function.__doc__
    assert len(parameters) < 3 or described[: len(parameters)] == parameters
    assert not described or set(parameters) <= set(described)
    assert function.__annotations__["return"] not in ("Any", Any)


@pytest.mark.parametrize("resamples", [-1, 0, 9])
def test_agreement_needs_enough_resamples_for_an_interval(resamples, harbour_data):
    with pytest.raises(ks.KazstanceError, match=f"resamples: {resamples}, expected 10 or more"):
        ks.open(harbour_data).agreement(resamples=resamples)
    first = ks.open(harbour_data).agreement(by="all", resamples=10).lines[0].figure
    assert first.low <= first.high
