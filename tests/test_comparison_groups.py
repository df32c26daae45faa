"""Comparisons by any attribute, by time, by document and by holder, against SQL; and counts of any size, against SQL."""

import json
import os
import re
import zlib

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kazstance as ks
from kazstance.comparison.counts import count
from kazstance.comparison.disagreements import disagreements
from kazstance.comparison.distances import distances
from kazstance.comparison.grouping import Grouping, in_order, suggested
from kazstance.comparison.positions import positions
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.stats.counting import distinct, tally_codes
from kazstance.stats.permutation import permutation_p, permutation_p_of_rows
from tests import commands
from tests.conftest import quiet
from tests.corpora import Made
from tests.test_corpora import TARGETS, answers, built, parties, text

LABELS = ("against", "neutral", "favor")


def frames(table):
    """The same rows as every kind of table."""
    return {
        "arrow": table,
        "chunked": pa.concat_tables([table.slice(0, len(table) // 2), table.slice(len(table) // 2)]),
        "pandas": table.to_pandas(),
        "polars": pl.from_arrow(table),
        "lazy": pl.from_arrow(table).lazy(),
        "duckdb": duckdb.from_arrow(table),
    }


# ---- attributes of a dataset --------------------------------------------------------------------------------------------


def by_sql(folder, expression):
    """What the stances of a dataset are by an expression over its documents `d` and sources `s`."""
    files = {name: f"'{folder / name}/*.parquet'" for name in ("stances", "documents", "sources")}
    sql = f"""
        SELECT coalesce(nullif(cast({expression} AS VARCHAR), ''), 'not stated'), t.target_id, t.label_name, count(*)
        FROM {files["stances"]} t JOIN {files["documents"]} d
          ON regexp_replace(t.paragraph_id, '/[^/]*$', '') = d.document_id
        JOIN {files["sources"]} s ON s.source_id = d.source_id WHERE t.holder IS NULL GROUP BY ALL"""
    return {row[:3]: row[3] for row in duckdb.sql(sql).fetchall()}


def found(compared):
    return {
        (cell.source, cell.target, name): getattr(cell, name)
        for cell in compared.positions()
        for name in LABELS
        if getattr(cell, name)
    }


@pytest.fixture(scope="module")
def elections(tmp_path_factory):
    made, path = parties(), tmp_path_factory.mktemp("elections")
    made.sources["cdu-csu"] = made.sources["cdu-csu"].replace('leader = "leader of 503"\n', "")
    return built(made, path)


@pytest.mark.parametrize(
    ("by", "expression"),
    [
        ("year", "d.year"),
        ("date", "coalesce(d.date, s.date)"),
        ("leader", "d.leader"),
        ("family", "s.family"),
        ("seats", "s.seats"),
        ("language", "coalesce(d.language, s.language)"),
        ("translated", "s.translated"),
        ("tradition", "s.tradition"),
        ("source", "d.source_id"),
        ("source_id", "d.source_id"),
        ("document", "d.document_id"),
        ("raw_characters", "d.raw_characters"),
    ],
)
def test_groups_are_those_of_sql(elections, by, expression):
    compared = elections.compare(by=by)
    assert found(compared) == by_sql(elections.path, expression)
    assert sum(cell.sentences for cell in compared.positions() if cell.target == "toll") == len(elections.sentences)


def test_years_are_sorted_and_what_has_none_is_a_group(elections):
    compared = elections.compare(by="leader")
    assert compared.counts.sources[-1] == "not stated"
    assert compared["not stated", "toll"].about == sum(
        row.target_id == "toll" and row.sentence_id.startswith("cdu-csu/201") and row.sentence_id[8:12] == "2015"
        for row in elections.stances
    )
    assert elections.compare(by="year")[2015, "toll"] == elections.compare(by="year")["2015", "toll"]
    with pytest.raises(UnknownNameError, match="'1999' is not a year; choose from 2015, 2017, 2019, 2021, 2023"):
        elections.compare(by="year")[1999, "toll"]
    assert in_order(["10", "9.5", "not stated", "-3"]) == ("-3", "9.5", "10", "not stated")
    assert in_order(["10", "9", "x"]) == ("10", "9", "x")


@pytest.mark.full
def test_everything_follows_the_groups(elections, tmp_path):
    compared = elections.compare(by="year")
    rows = {year: [row["sentence_id"] for row in found] for year, found in compared.contrast("toll").items()}
    assert list(rows) == ["2015", "2017", "2019", "2021", "2023"]
    assert all(f"/{year}/" in sentence for year, found in rows.items() for sentence in found)
    assert {word.source for word in compared.wording("toll")} == {year for year, there in rows.items() if there}
    assert {pair.one for line in compared.disagreements(n=19) for pair in line.pairs} == {
        "2015",
        "2017",
        "2019",
        "2021",
    }
    assert set(compared.distances(n=20).to_pandas()["one"]) <= set(rows)
    compared.plot.positions().save(tmp_path / "x.svg")
    assert all(year in (tmp_path / "x.svg").read_text(encoding="utf-8") for year in rows)
    for name in ("positions", "disagreements", "distances"):
        run = commands.run(f"compare {name}", "--by", "year", data=elections.path)
        assert (run.code, "2019" in run.out) == (0, True), (name, run.out)
    refused = commands.run("compare", "--by", "wing", data=elections.path)
    assert refused.code == 2
    assert "'wing' is not an attribute of sources or documents; choose from source, document, holder, date" in " ".join(
        refused.err.split()
    )


def test_only_what_makes_groups_is_suggested(elections):
    offered = suggested(elections)
    assert {"source", "document", "holder", "year", "date", "language", "family", "seats", "leader"} <= set(offered)
    assert not {"raw_sha256", "raw_characters", "url", "title", "voices", "split", "notes", "tradition"} & set(offered)
    for name in ("voices", "split", "text"):
        with pytest.raises(UnknownNameError, match=f"'{name}' is not an attribute"):
            elections.compare(by=name)


def test_an_attribute_may_have_the_name_of_a_column_of_stances(tmp_path):
    """The group is kept apart from the column: labels, voices and texts stay what they are."""
    texts = {"a": text(1), "b": text(2)}
    names = ("label", "voice", "text", "cluster", "group", "origin", "label_name")
    said = {
        source: "[source.attributes]\n" + "".join(f'{name} = "{source}{name}"\n' for name in names) for source in texts
    }
    ds = built(Made(texts, {"x": answers(texts)}, TARGETS, said), tmp_path)
    plain = ds.compare()
    for name in names:
        compared = ds.compare(by=name)
        assert compared.counts.sources == (f"a{name}", f"b{name}")
        assert (compared.counts.total == plain.counts.total).all()
        assert [row["text"] for row in compared.contrast("toll")[f"a{name}"]] == [
            row["text"] for row in plain.contrast("toll")["a"]
        ]


def test_a_source_with_many_documents_has_them_as_clusters_and_any_other_its_paragraphs(elections, tmp_path):
    clusters = {name: Grouping(elections, name).stances()["cluster"].unique().to_list() for name in ("source", "year")}
    assert sorted(clusters["source"]) == sorted(clusters["year"]) == sorted(d.document_id for d in elections.documents)
    assert set(Grouping(elections, "document").stances()["cluster"].to_list()) == {
        row.paragraph_id for row in elections.stances
    }
    few = built(Made({"a": text(1), "a/2": text(2)}, {"x": answers({"a": text(1), "a/2": text(2)})}, TARGETS), tmp_path)
    assert all(name.count("/") for name in Grouping(few, "source").stances()["cluster"].to_list())


# ---- holders ------------------------------------------------------------------------------------------------------------


def held(rows):
    """Rows of stances, some of which are about the stance of somebody else than the speaker."""
    pairs = zip(rows["sentence_id"].to_pylist(), rows["target_id"].to_pylist(), strict=True)
    holders = [(None, "minister", "10")[zlib.crc32("/".join(pair).encode()) % 3] for pair in pairs]
    return rows.set_column(rows.schema.get_field_index("holder"), "holder", pa.array(holders, pa.string()))


@pytest.fixture
def with_holders(elections, monkeypatch):
    """The dataset as if annotators had named holders."""
    ds, read = DatasetFolder(elections.path), DatasetFolder._read_file

    def read_held(folder, table, split, names=None, where=None):
        if table not in ("stances", "grid"):
            return read(folder, table, split, names, where)
        rows = held(read(folder, table, split))
        rows = rows if where is None else rows.filter(where)
        return rows if names is None else rows.select(list(names))

    def batches_held(folder, table, split, names=None, where=None, *, coded=False):
        yield from read_held(folder, table, split, names, where).to_batches()

    monkeypatch.setattr(DatasetFolder, "_read_file", read_held)
    monkeypatch.setattr(DatasetFolder, "batches", batches_held)
    return ks.open(ds.path)


def test_a_holder_has_positions_of_its_own_and_none_of_its_sources(with_holders):
    rows = with_holders.stances.to_arrow()
    sql = duckdb.sql("SELECT coalesce(holder, source_id), target_id, label_name, count(*) FROM rows GROUP BY ALL")
    assert found(with_holders.compare(by="holder")) == {row[:3]: row[3] for row in sql.fetchall()}
    assert with_holders.compare(by="holder").counts.sources == ("ПАРТИЯ", "cdu-csu", "10", "minister")
    own = duckdb.sql(
        "SELECT source_id, target_id, label_name, count(*) FROM rows WHERE holder IS NULL GROUP BY ALL"
    ).fetchall()
    expected = {row[:3]: row[3] for row in own}
    assert found(with_holders.compare()) == expected
    for frame in frames(rows).values():
        plain = {
            (c.source, c.target, n): getattr(c, n) for c in positions(count(frame)) for n in LABELS if getattr(c, n)
        }
        assert plain == expected
    kept = with_holders.compare().contrast("toll")
    assert {row["holder"] for found in kept.values() for row in found} == {None}
    for cell in with_holders.compare(by="holder").positions():
        assert cell.about <= cell.asked <= cell.sentences


# ---- plain rows ---------------------------------------------------------------------------------------------------------

PLAIN = pa.table(
    {
        "party": ["x", "x", "y", "y", "y", None],
        "issue": ["a", "b", "a", "a", "b", "a"],
        "label": ["pro", "con", "pro", "con", "pro", "pro"],
        "page": ["1", "2", "1", "2", "2", "1"],
        "year": pa.array([2015, 2015, 2019, 999, 2019, None], pa.int64()),
        "share": pa.array([1.0, 1.0, 0.5, 10.0, 0.5, None], pa.float64()),
        "old": pa.array([True, False, True, False, True, None], pa.bool_()),
    }
)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("year", {"999": 1, "2015": 2, "2019": 2, "not stated": 1}),
        ("share", {"0.5": 2, "1": 2, "10": 1, "not stated": 1}),
        ("old", {"false": 2, "true": 3, "not stated": 1}),
        ("page", {"1": 3, "2": 3}),
    ],
)
@pytest.mark.parametrize("kind", frames(PLAIN))
def test_plain_rows_are_compared_by_any_column(kind, by, expected):
    compared = ks.compare(frames(PLAIN)[kind], by=by, source="nothing", target="issue", labels="pro_con")
    counted = dict.fromkeys(compared.counts.sources, 0)
    for cell in compared.positions():
        counted[cell.source] += cell.about
    assert list(counted.items()) == list(expected.items())
    assert {who: len(rows) for who, rows in compared.contrast("a").items()} == {
        who: sum(cell.about for cell in compared.positions() if (cell.source, cell.target) == (who, "a"))
        for who in expected
    }


def test_clusters_of_different_sources_are_apart_in_a_group():
    rows = PLAIN.slice(0, 5)
    counts = ks.compare(rows, by="year", source="party", target="issue", labels="pro_con", cluster="page").counts
    assert len(counts.source) == len({(r["year"], r["party"], r["page"]) for r in rows.to_pylist()})
    with pytest.raises(UnknownNameError, match="'yaer' is not a column of the table"):
        ks.compare(rows, by="yaer", source="party", target="issue", labels="pro_con")


# ---- counts -------------------------------------------------------------------------------------------------------------

ROW = st.tuples(*(st.sampled_from(values) for values in ("ab", ("t", "u", "тема"), LABELS, ("1", "2", "3", "é"))))


@given(st.lists(ROW, min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
@pytest.mark.full
def test_counts_are_those_of_sql_from_every_table_with_and_without_clusters(rows):
    names = ("source_id", "target_id", "label_name", "paragraph_id")
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})
    grouped = table.to_pandas().groupby(list(names), observed=True).size().to_dict()
    for frame in frames(table).values():
        counts, bare = count(frame), count(frame, cluster=None)
        clusters = sorted({(row[0], row[3]) for row in rows})
        assert counts.source.tolist() == [counts.sources.index(source) for source, _ in clusters]
        entries = {
            (*clusters[cluster], counts.targets[target], LABELS[label]): n
            for cluster, target, line in zip(counts.cluster, counts.target, counts.rows, strict=True)
            for label, n in enumerate(line)
            if n
        }
        assert entries == {(s, p, t, label): n for (s, t, label, p), n in grouped.items()}
        assert (bare.total == counts.total).all()
        assert len(bare.rows) <= len(bare.sources) * len(bare.targets)


@given(
    st.lists(
        st.tuples(st.sampled_from(["x", "", None]), st.integers(0, 3), st.sampled_from([None, True, False])),
        max_size=40,
    )
)
@settings(max_examples=40, deadline=None)
def test_codes_give_back_every_value_and_say_what_is_missing(rows):
    table = pa.table(
        {
            "a": pa.array([row[0] for row in rows], pa.string()),
            "b": pa.array([row[1] for row in rows], pa.int64()),
            "c": pa.array([row[2] for row in rows], pa.bool_()),
        }
    )
    plain = [(row[0] or "", str(row[1]), "" if row[2] is None else str(row[2]).lower()) for row in rows]
    expected = {key: plain.count(key) for key in plain}
    for kind, frame in frames(table).items():
        if kind == "pandas" and not rows:
            continue
        values, codes, counts, gaps = tally_codes(frame, ["a", "b", "c"])
        found = {
            tuple(known[at] for known, at in zip(values, code, strict=True)): n
            for code, n in zip(codes, counts, strict=True)
        }
        assert found == expected
        assert codes.tolist() == sorted(codes.tolist())
        assert [sorted(known) for known in values] == values
        assert gaps == [sum(row[0] is None for row in rows), 0, sum(row[2] is None for row in rows)]


@given(st.lists(st.integers(-5, 5), max_size=30), st.booleans())
def test_distinct_numbers(numbers, are_sorted):
    numbers = np.array(sorted(numbers) if are_sorted else numbers, dtype=np.int64)
    values, at = distinct(numbers)
    assert values.tolist() == sorted(set(numbers.tolist()))
    assert (values[at] == numbers).all()


def test_more_combinations_than_a_number_holds_are_counted():
    rows = 3000
    table = pa.table({name: [f"{name}{i}" for i in range(rows)] for name in "abcdefg"})
    values, codes, counts, _ = tally_codes(pa.concat_tables([table, table]), list("abcdefg"))
    assert (len(codes), set(counts.tolist()), len(values[0])) == (rows, {2.0}, rows)


def test_rows_that_are_their_own_clusters_are_tested_by_their_counts():
    """Against the test over clusters of one row each, whose p-value has the same expectation."""
    rng = np.random.default_rng(4)
    marks, source = rng.choice([-1.0, 0, 1], 60, p=[0.5, 0.2, 0.3]), np.sort(rng.integers(0, 3, 60))
    marks[source == 0] = np.abs(marks[source == 0])
    counts = np.array([[((source == s) & (marks == m)).sum() for m in (-1, 0, 1)] for s in range(3)], dtype=float)
    one = permutation_p(marks, np.ones(60), source, 20_000, 1)
    other = permutation_p_of_rows(counts, np.array([-1.0, 0, 1]), 20_000, 2)
    assert other == pytest.approx(one, abs=4 * np.sqrt(one * (1 - one) / 20_000) + 1e-3)
    assert np.isnan(permutation_p_of_rows(counts[:1], np.array([-1.0, 0, 1])))
    assert permutation_p_of_rows(np.array([[0, 0, 3.0], [0, 0, 2]]), np.array([-1.0, 0, 1])) == 1


# ---- many sources -------------------------------------------------------------------------------------------------------


def many(sources, targets=4, seed=1):
    draw = np.random.default_rng(seed)
    rows = [(s, t) for s in range(sources) for t in range(targets) for _ in range(3)]
    return pa.table(
        {
            "source_id": [f"s{s:02}" for s, _ in rows],
            "target_id": [f"t{t}" for _, t in rows],
            "label_name": [LABELS[i] for i in draw.integers(0, 3, len(rows))],
            "paragraph_id": [str(i) for i in range(len(rows))],
        }
    )


def test_pairs_without_a_common_target_are_left_out_and_said():
    lonely = pa.table(
        {"source_id": ["alone"] * 2, "target_id": ["z"] * 2, "label_name": ["favor"] * 2, "paragraph_id": ["1", "2"]}
    )
    counts = count(pa.concat_tables([many(4), lonely]))
    apart, alone = distances(counts, n=50), distances(count(many(4)), n=50)
    assert {frozenset(pair) for pair in apart.skipped} == {frozenset(("alone", f"s{i:02}")) for i in range(4)}
    assert [(p.one, p.other, p.n) for p in apart.pairs] == sorted(
        ((p.one, p.other, p.n) for p in apart.pairs),
        key=lambda key: [(p.one, p.other) for p in apart.pairs].index(key[:2]),
    )
    assert len(apart.pairs) == len(alone.pairs) == 6
    assert (apart.left_out, {place.source for place in apart.places}) == (("alone",), {f"s{i:02}" for i in range(4)})
    frame = apart.to_pandas()
    assert (len(frame), frame["value"].isna().sum()) == (10, 4)
    assert set(frame[frame["value"].isna()]["reason"]) == {"no target in common to compare by positions"}
    assert apart.to_polars().height == apart.to_arrow().num_rows == 10
    pairs = count(pa.concat_tables([lonely, many(1)]))
    with pytest.raises(KazstanceError, match="have no target in common to compare by positions"):
        distances(pairs, n=20)


def test_a_source_that_says_nothing_does_not_keep_others_from_being_compared_by_salience():
    counts = count(many(3), sources=["s00", "s01", "s02", "silent"])
    apart = distances(counts, "salience", n=50)
    assert (len(apart.pairs), apart.left_out) == (3, ("silent",))
    assert {pair[1] for pair in apart.skipped} == {"silent"}


@pytest.mark.parametrize("by_row", [True, False])
def test_draws_in_blocks_are_the_draws(by_row, monkeypatch):
    counts = count(many(3), cluster=None if by_row else "paragraph_id")
    whole = distances(counts, "salience", n=40)
    monkeypatch.setattr("kazstance.stats.resampling.BLOCK", 100)
    assert distances(counts, "salience", n=40) == whole


@pytest.mark.full
@pytest.mark.parametrize(("sources", "columns"), [(2, 80), (12, 80), (20, 80), (20, 120), (60, 80)])
def test_the_matrix_keeps_every_cell_and_pages_through_sources(sources, columns, tmp_path):
    texts = {f"s{i:02}": text(i, 1) for i in range(sources)}
    long = {"id": "a_target_with_a_very_long_name_that_goes_on_and_on_and_on_and_on", "name": "the long one"}
    made = Made(texts, {"x": answers(texts, ("toll", long["id"]))}, [TARGETS[0], long])
    (tmp_path / "out").mkdir()
    build(made.write(tmp_path / "corpus"), tmp_path / "out", quiet)
    run = commands.run("compare", data=tmp_path / "out", env={**os.environ, "COLUMNS": str(columns)})
    assert run.code == 0
    assert max(map(len, run.out.splitlines())) <= columns
    shown = [word.lstrip("+−○?°").rstrip("~") for word in run.out.split() if re.fullmatch(r"\W*\d+/\d+/\d+~?", word)]
    cells = [cell for cell in ks.open(tmp_path / "out").compare().positions() if cell.about]
    assert sorted(shown) == sorted(f"{cell.favor}/{cell.neutral}/{cell.against}" for cell in cells)
    plain = json.loads(commands.run("compare disagreements", "--json", data=tmp_path / "out").out)
    assert len(plain[0]["pairs"]) == sources * (sources - 1) // 2


def test_many_sources_and_targets_are_compared_like_few():
    """What is shared between cells that are alike changes no figure: each target alone gives the same tests."""
    rows = many(6, 5, 3)
    counts = count(rows)
    together = {line.target: line for line in disagreements(counts, n=99)}
    for target in counts.targets:
        kept = nw.from_native(rows).filter(nw.col("target_id") == target).to_native()
        (line,) = disagreements(count(kept), n=99)
        assert line.p == together[target].p
        assert line.contested == together[target].contested


def test_frames_of_categories_count_like_text():
    table = many(3)
    categories = table.to_pandas().astype("category")
    assert isinstance(categories["source_id"].dtype, pd.CategoricalDtype)
    arrow = pa.table({name: table[name].dictionary_encode() for name in table.column_names})
    for frame in (categories, arrow, pl.from_pandas(categories), duckdb.from_arrow(arrow)):
        assert (count(frame).total == count(table).total).all()
