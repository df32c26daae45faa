"""Corpora of other people: what they have and the shipped one has not builds too, and no figure is made up for it."""

import itertools
import random
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance as ks
from kazstance import dataset
from kazstance.bench.dataset_tasks import items
from kazstance.bench.protocols import folds, sentences_of
from kazstance.bench.tasks import get_task
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.dataset.verification.check import check
from kazstance.errors import CorpusWarning, InputError, KazstanceError
from kazstance.publish.card import plain_card
from kazstance.schema.pair_sample import limit
from kazstance.stats.agreement import alpha_interval, count_patterns
from tests import commands
from tests.conftest import quiet
from tests.corpora import Made, ids_of, put, said

WORDS = [
    "harbour",
    "toll",
    "strike",
    "boat",
    "quay",
    "net",
    "rope",
    "gull",
    "storm",
    "crane",
    "wage",
    "council",
    "ship",
    "fish",
    "tide",
    "pier",
    "sail",
    "port",
]
TARGETS = [{"id": "toll", "name": "the toll"}, {"id": "strike", "name": "the strike"}]


def line(draw, n=3):
    return " ".join(f"{' '.join(f'{draw.choice(WORDS)}{draw.randrange(999)}' for _ in range(9))}." for _ in range(n))


def text(seed, paragraphs=12):
    draw = random.Random(seed)
    return "\n\n".join(line(draw) for _ in range(paragraphs))


def answers(texts, targets=("toll", "strike"), seed=1):
    draw = random.Random(seed)
    labels = ["favor", "against", "neutral", None]
    return {name: {target: draw.choice(labels) for target in targets} for name in ids_of(texts)}


def built(made, tmp_path, **options):
    corpus, out = made.write(tmp_path / "corpus"), tmp_path / "out"
    out.mkdir(exist_ok=True)
    build(corpus, out, quiet, **options)
    assert check(DatasetFolder(out)).problems == ()
    return ks.open(out)


# ---- not asked ---------------------------------------------------------------------------------------------------------


def test_a_target_that_a_source_was_never_asked_about_is_not_none(tmp_path):
    texts = {"a": text(1), "b": text(2)}
    told = {
        n: {"toll" if n[0] == "a" else "strike": label}
        for n, label in zip(ids_of(texts), itertools.cycle(["favor", None]), strict=False)
    }
    ds = built(Made(texts, {"x": told}, TARGETS), tmp_path)
    assert len(ds.grid) == 72
    assert {(row.source_id, row.target_id) for row in ds.grid} == {("a", "toll"), ("b", "strike")}
    cells = {(row.source_id, row.target_id): row for row in ds.positions}
    silent = cells["a", "strike"]
    assert (silent.position.name, silent.n_asked, silent.n_sentences, silent.salience) == ("not_asked", 0, 36, None)
    assert (cells["a", "toll"].n_asked, cells["a", "toll"].salience) == (36, 0.5)
    compared = ds.compare()
    assert compared["a", "strike"].position.name == "not_asked"
    assert compared["a", "strike"].salience is None
    assert compared.disagreements()[0].p is None
    with pytest.raises(KazstanceError, match="no annotator was asked"):
        ds.why("a/1/1", "strike")


def test_salience_of_a_sample_is_the_share_of_what_was_asked(tmp_path):
    texts = {"a": text(1), "b": text(2)}
    asked = {name: {"toll": "favor" if i % 4 == 0 else None} for i, name in enumerate(ids_of(texts)) if i % 2 == 0}
    ds = built(Made(texts, {"x": asked}, TARGETS), tmp_path)
    for row in ds.positions.where(target="toll"):
        assert (row.n_sentences, row.n_asked, row.salience) == (36, 18, 0.5)
    assert "Of 144 pairs of an annotated sentence and a target, 36 were judged" in plain_card(
        DatasetFolder(tmp_path / "out")
    )


# ---- undecided ---------------------------------------------------------------------------------------------------------


@pytest.mark.full
def test_split_votes_are_undecided_and_counted(tmp_path):
    texts = {"a": text(1), "b": text(2)}
    first, second = answers(texts), answers(texts)
    second["a/1/1"] = {**second["a/1/1"], "toll": "favor"}
    first["a/1/1"] = {**first["a/1/1"], "toll": "neutral"}
    made = Made(texts, {"x": first, "y": second}, TARGETS)
    ds = built(made, tmp_path)
    (row,) = ds.grid.where(status="undecided")
    assert (row.sentence_id, row.label, row.origin, row.split_vote) == ("a/1/1", None, None, True)
    assert [vote.label_name for vote in row.votes] == ["neutral", "favor"]
    assert not len(ds.stances.where(sentence="a/1/1", target="toll"))
    assert ds.compare().undecided == 1
    assert "left out: 1 undecided pair" in " ".join(commands.run("compare", data=tmp_path / "out").out.split())
    assert "undecided" in commands.run("why", sentence="a/1/1", target="toll", data=tmp_path / "out").out
    assert "a/1/1:toll" not in {item.item_id for item in items(get_task("stance4"), DatasetFolder(tmp_path / "out"))}
    with pytest.raises(InputError, match="a/1/1 on toll: no adjudication, expected one: x neutral, y favor"):
        build(tmp_path / "corpus", tmp_path, quiet, strict=True)
    made.header = 'deciding = "plurality"'
    made.answers["z"] = {"a/1/1": {"toll": "favor"}}
    made.answers["w"] = {"a/1/1": {"toll": "against"}}
    (tmp_path / "again").mkdir()
    ds = built(made, tmp_path / "again")
    (row,) = ds.grid.where(sentence="a/1/1", target="toll")
    assert (row.label_name, row.status, ds.manifest.deciding) == ("favor", "decided", "plurality")


@pytest.mark.full
@pytest.mark.parametrize(("seed", "part"), [(1, 1), (2, 2)])
def test_undecided_pairs_are_in_no_salience(tmp_path, seed, part):
    """Two annotators who answer at random, on all sentences or on half of them; on one target they never agree."""
    texts = {"a": text(1), "b": text(2)}
    x, y = (answers(texts, seed=2 * seed + other) for other in (0, 1))
    opposite = {"favor": "against", "against": "favor", "neutral": None, None: "neutral"}
    for name in ids_of({"a": texts["a"]}):
        y[name] = {**y[name], "strike": opposite[x[name]["strike"]]}
    x, y = ({name: one[name] for name in list(one)[::part]} for one in (x, y))
    ds = built(Made(texts, {"x": x, "y": y}, TARGETS), tmp_path)
    grid, compared = ds.grid.to_arrow().to_pylist(), ds.compare()
    distances = {line.target: line for line in compared.disagreements(n=200)}
    for row in ds.positions:
        mine = [cell for cell in grid if (cell["source_id"], cell["target_id"]) == (row.source_id, row.target_id)]
        decided = [cell for cell in mine if cell["label"] is not None]
        assert (row.n_asked, row.n_undecided) == (len(mine), len(mine) - len(decided))
        share = sum(cell["label"] != "none" for cell in decided) / len(decided) if decided else None
        assert row.salience == (None if share is None else pytest.approx(share, abs=1e-6))
        cell = compared[row.source_id, row.target_id]
        assert (cell.asked, cell.undecided, cell.position) == (row.n_asked, row.n_undecided, row.position)
        assert (cell.salience and cell.salience.value) == row.salience
    silent = compared["a", "strike"]
    assert (silent.position.name, silent.undecided) == ("not_asked", 36 // part)
    assert silent.reason == "all judgements are undecided"
    assert distances["strike"].spread is None
    shown = commands.run("compare contrast", "strike", data=tmp_path / "out").out
    assert f"a: undecided: votes on {36 // part} sentences are split" in shown
    (tmp_path / "other").mkdir()
    other = built(Made({"c": text(3)}, {"z": answers({"c": text(3)})}, TARGETS), tmp_path / "other")
    joined = ks.concat([ds, other], tmp_path / "both", id="both")
    joined.verify()
    columns = ("n_asked", "n_undecided", "position", "salience")
    kept = {(row.source_id, row.target_id): [getattr(row, name) for name in columns] for row in joined.positions}
    for row in ds.positions:
        assert kept[row.source_id, row.target_id] == [getattr(row, name) for name in columns]


# ---- clusters ----------------------------------------------------------------------------------------------------------


def test_documents_are_the_clusters_of_a_source_that_has_many(tmp_path):
    texts = {"a": text(1, 8)} | {f"b/{number}": text(2 + number, 3) for number in range(6)}
    ds = built(Made(texts, {"x": answers(texts), "y": answers(texts, seed=2)}, TARGETS), tmp_path)
    units = {}
    for row in ds.judgements:
        units.setdefault((row.sentence_id, row.target_id), [0, 0, 0, 0])[row.label] += 1
    homes = [name.rsplit("/", 2)[0] if name.startswith("b/") else name.rsplit("/", 1)[0] for name, _ in units]
    assert len(set(homes)) == 8 + 6
    expected = alpha_interval(count_patterns(np.array(list(units.values()), dtype=float), homes))
    line = next(line for line in ds.agreement().lines if (line.what, line.by) == ("four labels", "all"))
    assert (line.figure.value, line.figure.low, line.figure.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert {item.cluster for item in ds.bench().task.test} <= set(homes)


# ---- fields that nobody recorded ----------------------------------------------------------------------------------------


@pytest.mark.full
def test_what_nobody_recorded_is_null_everywhere(tmp_path):
    texts = {"a": text(1), "b": text(2)}
    ds = built(Made(texts, {"x": answers(texts)}, TARGETS), tmp_path)
    for row in (*ds.stances, *ds.judgements.where(label=["favor", "against", "neutral"])):
        assert (row.explicitness, row.certainty, row.evidence) == (None, None, None)
    assert {(row.kind, row.group, row.definition) for row in ds.targets} == {(None, None, None)}
    assert sorted(row.fold for row in ds.targets) == [1, 2]
    out = tmp_path / "out"
    assert commands.run("show", data=out).code == 0
    assert "evidence" not in {line.what for line in ds.agreement().lines}
    assert commands.run("explore", data=out, out=tmp_path / "page.html").code == 0
    assert commands.run("compare contrast", "toll", data=out).code == 0
    assert commands.run("export", table="stances", data=out, out=tmp_path / "x.csv").code == 0


# ---- documents, attributes, ids -----------------------------------------------------------------------------------------

PARTIES = {"ПАРТИЯ": "партия", "cdu-csu": "Union"}


def election(name, years=(2015, 2017, 2019, 2021, 2023)):
    return {f"{name}/{year}": text(f"{name}{year}", 4) for year in years}


def stated(year):
    return f'[[source.document]]\nname = "{year}"\ndate = {year}\n[source.document.attributes]\nleader = "leader of {year // 4}"\n'


def parties():
    texts = {**election("ПАРТИЯ"), **election("cdu-csu")}
    said = "\n".join(map(stated, (2015, 2017, 2019, 2021, 2023)))
    sources = {
        name: f'[source.attributes]\nfamily = "{kind}"\nseats = {len(kind)}\n{said}' for name, kind in PARTIES.items()
    }
    return Made(texts, {"x": answers(texts)}, TARGETS, sources)


def test_sources_with_many_documents_and_attributes_of_their_own(tmp_path):
    ds = built(parties(), tmp_path)
    assert [row.document_id for row in ds.documents][:2] == ["ПАРТИЯ/2015", "ПАРТИЯ/2017"]
    assert ds.sentences[0].sentence_id == "ПАРТИЯ/2015/1/1"
    assert ds.documents.to_arrow().column("year").to_pylist() == 2 * [2015, 2017, 2019, 2021, 2023]
    assert ds.sources.to_arrow().select(["family", "seats"]).to_pylist() == [
        {"family": "партия", "seats": 6}, {"family": "Union", "seats": 5}
    ]  # fmt: skip
    by_year = ds.compare(by="year")
    assert by_year.counts.sources == ("2015", "2017", "2019", "2021", "2023")
    counted = {cell.source: cell.about for cell in by_year.positions() if cell.target == "toll"}
    rows = ds.stances.where(target="toll").to_arrow()["sentence_id"].to_pylist()
    assert counted == {year: sum(f"/{year}/" in row for row in rows) for year in counted}
    assert ds.compare(by="family").counts.sources == ("Union", "партия")
    assert ds.compare(by="leader").counts.sources == ("leader of 503", "leader of 504", "leader of 505")
    assert len(ds.compare(by="document").counts.sources) == 10
    clusters = set(dataset.clusters(DatasetFolder(tmp_path / "out")).values())
    assert clusters == {row.document_id for row in ds.documents}


def test_a_second_document_leaves_what_was_there_as_it_was(tmp_path):
    texts = {"a": text(1), "b": text(2)}
    made = Made(texts, {"x": answers(texts)}, TARGETS)
    before = built(made, tmp_path)
    more = {**texts, "a/reply": text(3, 4) + "\n\n" + texts["a"].split("\n\n")[0]}
    extended = Made(
        {name: more[name] for name in ("a", "a/reply", "b")}, {"x": answers(more) | made.answers["x"]}, TARGETS
    )
    (tmp_path / "more").mkdir()
    after = built(extended, tmp_path / "more")
    for table in ("sentences", "judgements", "grid"):
        rows = {(r["sentence_id"], r.get("target_id")): r for r in after[table].stored().to_pylist()}
        old = before[table].stored().to_pylist()
        assert [rows[r["sentence_id"], r.get("target_id")] for r in old] == old
    repeated = [row for row in after.sentences.where(document_id="a/reply") if row.paragraph_id == "a/reply/5"]
    assert [row.duplicate_of for row in repeated] == [None, None, None]
    assert {row.copy_of for row in after.copies} == {"a/1/1", "a/1/2", "a/1/3"}


@pytest.mark.parametrize(("given", "kept"), [("2015", "2015"), ('"2015-03"', "2015-03"), ("2015-03-02", "2015-03-02")])
def test_a_date_is_as_exact_as_it_is_known(given, kept, tmp_path):
    texts = {"a": text(1)}
    ds = built(Made(texts, {"x": answers(texts)}, TARGETS, {"a": f"date = {given}\n"}), tmp_path)
    assert (ds.sources[0].date, ds.documents[0].date, ds.documents[0].year) == (kept, kept, 2015)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('date = "2015-13"', "date: '2015-13' is not a date; expected a year, month or day"),
        ('party = "x"', "party: 'x', unknown field; .*a field of your own goes under attributes"),
        ("[source.attributes]\nseats = nan", "attributes.seats: nan is not a finite number"),
        ('[source.attributes]\nlanguage = "x"', "attributes: .*'language' is already the name of a column"),
        ("[source.attributes]\nx = [1]", r"attributes\.x"),
        ('[[source.document]]\nname = "none"', "texts/a/none.txt is missing"),
    ],
)
def test_what_is_wrong_with_a_source_is_said(said, message, tmp_path):
    texts = {"a": text(1)}
    corpus = Made(texts, {"x": answers(texts)}, TARGETS, {"a": said}).write(tmp_path)
    with pytest.raises(InputError, match=message):
        build(corpus, tmp_path, quiet)


# ---- copies ------------------------------------------------------------------------------------------------------------


def stories(n_sources=24, n_stories=25, seed=3):
    """A document for each story and source; sources of a story share a quotation, and some a whole sentence."""
    draw = random.Random(seed)
    texts = {f"s{i}/{j}": "" for i in range(n_sources) for j in range(n_stories)}
    for j in range(n_stories):
        quoted, shared = line(draw, 1).removesuffix("."), line(draw, 1)
        for i in range(n_sources):
            own = line(draw, 2)
            with_quotation = f"{line(draw, 1).removesuffix('.')} {quoted}." if i % 3 else shared
            texts[f"s{i}/{j}"] = f"{own}\n{with_quotation} {'Thank you.' if i % 2 else line(draw, 1)}"
    return texts


@pytest.mark.full
def test_six_hundred_documents_that_quote_each_other_build_and_no_fold_trains_on_a_copy(tmp_path):
    texts = stories()
    ds = built(Made(texts, {"x": answers(texts, ("toll",))}, [{"id": "toll", "name": "the toll"}]), tmp_path)
    assert len(ds.documents) == 600
    kinds = {row.kind for row in ds.copies}
    assert kinds == {"equal", "quotation"}
    words = {row.sentence_id: row.text.rstrip(".").split() for row in ds.sentences}
    eights = {name: {tuple(w[i : i + 8]) for i in range(len(w) - 7)} or {tuple(w)} for name, w in words.items()}
    folder = DatasetFolder(tmp_path / "out")
    rows = items(get_task("stance"), folder)
    n = 0
    for part in folds("cross_source", rows, folder):
        shown = set().union(*(eights[name] for item in part.train for name in sentences_of(item)))
        assert not [item.item_id for item in part.test for name in sentences_of(item) if eights[name] & shown]
        n += part.dropped
    assert n > 0
    (part,) = folds("in_domain", rows, folder)
    shown = set().union(*(eights[name] for item in part.train for name in sentences_of(item)))
    assert not [item.item_id for item in part.test for name in sentences_of(item) if eights[name] & shown]
    for target_and_sources, found in itertools.groupby(
        sorted((r.target_id, *sorted([r.source_a, r.source_b])) for r in ds.pairs)
    ):
        assert len(list(found)) <= 3 * 250, target_and_sources


def test_the_rows_that_a_build_reports_as_left_out_are_those_that_the_benchmark_leaves_out(tmp_path):
    texts, lines = stories(6, 8), []
    folder, out = Made(texts, {"x": answers(texts)}, TARGETS).write(tmp_path / "corpus"), tmp_path / "out"
    out.mkdir()
    build(folder, out, lines.append)
    (line,) = (line for line in lines if "training rows left out" in line)
    said_of = dict(part.split() for part in line.partition(": ")[2].split(", "))
    rows = items(get_task("stance"), DatasetFolder(out))
    for protocol in ("in_domain", "cross_source", "cross_both"):
        dropped = sum(part.dropped for part in folds(protocol, rows, DatasetFolder(out)))
        assert int(said_of[protocol]) == dropped > 0, protocol


def test_formulas_bind_nothing_but_copies_share_a_cluster(tmp_path):
    shared = "The council of the port has said that it will pay for the quay."
    texts = {"a": f"{text(1)}\n{shared}\nThank you.", "b": f"{text(2)}\n{shared}\nThank you."}
    ds = built(Made(texts, {"x": answers(texts)}, TARGETS), tmp_path)
    assert {(row.sentence_id, row.formula) for row in ds.copies} == {
        ("a/13/1", False), ("b/13/1", False), ("a/14/1", True), ("b/14/1", True)
    }  # fmt: skip
    clusters = dataset.clusters(DatasetFolder(tmp_path / "out"))
    assert clusters["b/13/1"] == clusters["a/13/1"] == "a/13"
    assert (clusters["a/14/1"], clusters["b/14/1"]) == ("a/14", "b/14")


# ---- pairs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), [(1, 400), (400, 3), (7, 90), (60, 60), (16, 15)])
def test_pairs_are_all_there_are_or_as_many_as_the_limit_has(one, other, tmp_path):
    """Each source is one paragraph, so that one split has all of its sentences; verify counts the pairs too."""
    draw = random.Random(one)
    texts = {"a": line(draw, one), "b": line(draw, other)}
    told = {name: {"toll": "favor"} for name in ids_of(texts)}
    ds = built(Made(texts, {"x": told}, TARGETS[:1]), tmp_path)
    homes = {row.source_id: split for split in ds.stances.splits for row in ds.stances.records(split)}
    due = min(one * other, 250) if homes["a"] == homes["b"] else 0
    assert len(ds.pairs) == due
    assert len({row.pair_id for row in ds.pairs}) == due


@given(st.lists(st.integers(1, 400), max_size=30))
def test_the_limit_is_the_greatest_that_keeps_to_the_bound(sizes):
    found = limit(sizes)
    assert 1 <= found <= 250
    assert found == 250 or sum(min(size, found + 1) for size in sizes) > 1_000_000
    assert limit([1000] * 5000) == 200


# ---- texts alone --------------------------------------------------------------------------------------------------------


@pytest.mark.full
def test_texts_that_nobody_has_judged_yet_are_a_dataset_too(tmp_path):
    """One unit a line, wherever sentences end: the abbreviations here would be cut, or hold lines together."""
    lines = ["Sen. Ana Lopes (D.) spoke at No. 9 Pier St. today.", "She left.", "Toll v. Port. was heard. Twice."]
    made = Made({"a": "\n\n".join(lines)}, {"x": {}}, TARGETS, header='segmenter = "lines"')
    with pytest.warns(CorpusWarning, match=r"annotations/x.jsonl is empty: x has judged nothing"):
        ds = built(made, tmp_path)
    assert [row.text for row in ds.sentences] == lines
    assert (len(ds.grid), len(ds.stances), len(ds.positions)) == (0, 0, 2)
    assert commands.run("compare", data=tmp_path / "out").code == 0
    assert commands.run("explore", data=tmp_path / "out", out=tmp_path / "page.html").code == 0
    assert plain_card(DatasetFolder(tmp_path / "out"))


def test_a_file_of_judgements_may_be_larger_than_a_text(tmp_path):
    texts = {"a": text(1)}
    corpus = Made(texts, {"x": answers(texts)}, TARGETS).write(tmp_path / "corpus")
    with (corpus / "annotations/x.jsonl").open("a") as file:
        file.write((" " * 1023 + "\n") * 2**16)
    assert (corpus / "annotations/x.jsonl").stat().st_size > 2**26
    (tmp_path / "out").mkdir()
    build(corpus, tmp_path / "out", quiet)
    assert len(dataset.load("judgements", data=tmp_path / "out")) == 72


def test_a_line_is_a_unit_without_a_rule_for_each(tmp_path):
    """Abbreviations inside a line, and a line without a full stop, need no join."""
    texts = {
        "press": "Rep. A. Smith (R.-N.Y.) met Dr. No. 5 of them came.\n\nAll is well\n\nSmith v. Jones. was decided."
    }
    made = Made(texts, {"x": {"press/2/1": {"toll": None}}}, TARGETS, header='segmenter = "lines"\n')
    folder = made.write(tmp_path / "corpus")
    (folder / "annotations/x.jsonl").write_text("")
    (tmp_path / "out").mkdir()
    with pytest.warns(CorpusWarning, match="is empty"):
        build(folder, tmp_path / "out", quiet)
    assert [row.text for row in ks.open(tmp_path / "out").sentences] == texts["press"].split("\n\n")


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "The toll is fair.", "b": "The toll is not fair at all."},
        {"a": "The toll is fair. It pays.", "b": "The strike is over. Thank you all.", "c": "Nobody came. It rained."},
    ],
)
def test_a_corpus_too_small_for_three_splits_says_so(texts, tmp_path):
    told = {name: {"toll": "favor"} for name in ids_of(texts)}
    lines = []
    folder, out = Made(texts, {"x": told}, TARGETS).write(tmp_path / "corpus"), tmp_path / "out"
    out.mkdir()
    manifest = build(folder, out, lines.append)
    empty = [name for name, file in manifest.tables["stances"].items() if not file.rows]
    assert empty
    notes = [line for line in lines if "lacks any stance" in line]
    assert [note.split()[2] for note in notes] == empty
    with pytest.raises(InputError, match="lacks any stance"):
        build(folder, out, quiet, strict=True)


@pytest.mark.parametrize("n", [7, 8])
def test_what_spans_eight_paragraphs_has_to_be_in_every_split(n, tmp_path, monkeypatch):
    """Whatever the split is: here everything is for training."""
    texts = {"a": "\n".join(f"The toll of day {'x' * i} is fair." for i in range(1, n + 1))}
    told = {name: {"toll": "favor"} for name in ids_of(texts)}
    monkeypatch.setitem(build.__globals__, "divide", lambda *_: {f"a/{i}": "train" for i in range(1, n + 1)})
    lines, out = [], tmp_path / "out"
    out.mkdir()
    build(Made(texts, {"x": told}, TARGETS).write(tmp_path / "corpus"), out, lines.append)
    notes = [line.partition("note: ")[2].partition(",")[0] for line in lines if "lacks" in line]
    spanning = ["any stance", *(["the label favor", "the target toll"] if n == 8 else [])]
    assert notes == [f"{split} lacks {what}" for what in spanning for split in ("validation", "test")]


def test_a_greeting_that_two_sources_share_is_a_copy_and_no_obstacle(tmp_path):
    texts = {"mayor": "The toll is fair.\nThank you.", "guild": "The toll hurts.\nThank you."}
    told = {name: {"toll": "favor"} for name in ids_of(texts)}
    ds = built(Made(texts, {"x": told}, TARGETS), tmp_path)
    assert [(row.sentence_id, row.copy_of, row.formula) for row in ds.copies] == [
        ("mayor/2/1", "mayor/2/1", True),
        ("guild/2/1", "mayor/2/1", True),
    ]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_corpus_of_two_tables_builds_as_one_of_folders_and_files(form, tmp_path):
    """Stances of other people are two tables, with labels and ids of their own."""
    texts = {f"party{p}/{year}": text(10 * p + year, 3) for p in range(3) for year in range(4)}
    told = answers(texts)
    made = Made(texts, {"coder": told}, TARGETS)
    folder = made.write(tmp_path / "corpus")
    (tmp_path / "files").mkdir()
    digest = build(folder, tmp_path / "files", quiet).tables["stances"]
    shutil.rmtree(folder / "texts")
    (folder / "SHA256SUMS").unlink()
    (folder / "annotations/coder.jsonl").unlink()
    put(
        folder, [dict(zip(("source", "name"), k.split("/"), strict=True)) | {"text": v} for k, v in texts.items()], form
    )
    spoken, schemes = said(texts), {"favor": "pro", "against": "con", "neutral": "both", None: "off"}
    rows = [
        {
            "text": spoken[sentence],
            "sentence": sentence,
            "target": target,
            "annotator": "coder",
            "label": schemes[label],
        }
        for sentence, answer in told.items()
        for target, label in answer.items()
    ]
    put(folder, rows, form, "annotations/judgements")
    with (folder / "annotations/annotators.toml").open("a") as file:
        file.write('[labels]\npro = "favor"\ncon = "against"\nboth = "neutral"\noff = "none"\n')
    (tmp_path / "tables").mkdir()
    assert build(folder, tmp_path / "tables", quiet).tables["stances"] == digest
