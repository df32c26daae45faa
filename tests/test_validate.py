"""The report on a model's labels: figures equal to those by hand, verdicts that follow from them, three forms."""

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2
from typer.testing import CliRunner

import kazstance as ks
from kazstance.cli import app
from kazstance.comparison.validation import validate
from kazstance.comparison.validation_report import to_markdown
from kazstance.corpus.build import build
from kazstance.stats.agreement import alpha
from kazstance.stats.weighted import newcombe, weighted_alpha, weighted_share, wilson
from tests.checked import MODEL, SOURCES, TARGETS, add_certainty, add_run, judge, write_corpus
from tests.conftest import quiet


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("validated")
    truth = write_corpus(place / "corpus")
    add_certainty(place / "corpus", truth)
    add_run(place / "corpus")
    judge(place / "corpus", place / "sheets", truth, 240, "ada", "ben")
    (place / "data").mkdir()
    build(place / "corpus", place / "data", quiet)
    return place


@pytest.fixture(scope="module")
def found(place):
    return validate(ks.open(place / "data"), MODEL)


def rows_of(place):
    """For each judged pair the model's label, the people's, and the pairs that it stands for."""
    ds = ks.open(place / "data")
    rows = ds.corrected(model=MODEL).pairs().to_pylist()
    return [row for row in rows if row["judged"]]


def test_agreement_is_weighted(place, found):
    rows = rows_of(place)
    weight = np.array([1 / row["probability"] for row in rows])
    right = np.array([row["silver"] == row["human"] for row in rows])
    overall = found.agreement[0]
    assert (overall.scope, overall.n) == ("all", 240)
    assert overall.accuracy.share.value == pytest.approx((weight * right).sum() / weight.sum())
    assert overall.accuracy.n_eff == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert weight.sum() == pytest.approx(540)
    against = [i for i, row in enumerate(rows) if row["human"] == "against"]
    assert overall.recall["against"].share.value == pytest.approx(
        (weight * right)[against].sum() / weight[against].sum()
    )
    called = [i for i, row in enumerate(rows) if row["silver"] == "favor"]
    assert overall.precision["favor"].share.value == pytest.approx(
        (weight * right)[called].sum() / weight[called].sum()
    )


def test_agreement_by_source_and_target(place, found):
    rows = rows_of(place)
    scopes = {part.scope: part for part in found.agreement}
    assert list(scopes) == ["all", *SOURCES, *(target["id"] for target in TARGETS)]
    for name, key in ((SOURCES[0], "source_id"), (TARGETS[0]["id"], "target_id")):
        of = [row for row in rows if row[key] == name]
        weight = np.array([1 / row["probability"] for row in of])
        right = np.array([row["silver"] == row["human"] for row in of])
        assert scopes[name].n == len(of)
        assert scopes[name].accuracy.share.value == pytest.approx((weight * right).sum() / weight.sum())


def test_errors_by_source_are_those_of_the_corrected_figures(place, found):
    corrected = ks.open(place / "data").corrected(model=MODEL)
    figures = {f.source: f for f in corrected.figures if f.scope == "all targets" and f.measure == "net"}
    for row in found.errors:
        figure = figures[row.source]
        assert row.error.value == pytest.approx(figure.silver - figure.corrected.value, abs=1e-6)
        half = (figure.corrected.high - figure.corrected.low) / 2
        if figure.corrected.low > -1 and figure.corrected.high < 1:
            assert row.error.high - row.error.low == pytest.approx(2 * half, abs=1e-5)
    values, variances = [r.error.value for r in found.errors], np.array([r.variance for r in found.errors])
    mean = (np.array(values) / variances).sum() / (1 / variances).sum()
    expected = (((np.array(values) - mean) ** 2) / variances).sum()
    assert found.test == (pytest.approx(expected), 2, pytest.approx(chi2.sf(expected, 2)))


def test_a_comparison_is_unfit_if_half_of_it_is_error(found):
    errors = {row.source: row for row in found.errors}
    for pair in found.pairs:
        one, other = errors[pair.first], errors[pair.second]
        value = one.error.value - other.error.value
        assert pair.error.value == pytest.approx(value)
        assert pair.difference == pytest.approx(one.silver - other.silver)
        widest = max(abs(pair.error.low), abs(pair.error.high))
        limit = abs(pair.difference) / 2
        assert pair.finding == ("unfit" if abs(value) >= limit else "fit" if widest < limit else "undecided")
    assert {pair.finding for pair in found.pairs if "north" in (pair.first, pair.second)} & {"unfit", "undecided"}
    verdicts = {v.use: v for v in found.verdicts}
    for pair in found.pairs:
        assert verdicts[f"comparing {pair.first} with {pair.second} by the labels alone"].finding == pair.finding


def test_stability_is_the_share_of_equal_labels(place, found):
    (run,) = found.stability
    labels = {name: {} for name in (MODEL, "again")}
    for row in ks.open(place / "data").judgements.to_arrow().to_pylist():
        if row["annotator_id"] in labels:
            labels[row["annotator_id"]][row["sentence_id"], row["target_id"]] = row["label"]
    same = [labels[MODEL][pair] == labels["again"][pair] for pair in labels[MODEL]]
    assert (run.annotator, run.differs, run.pairs, run.same) == ("again", ("order",), 540, np.mean(same))
    shifts = {
        row.source: row.shift
        for row in ks.open(place / "data").drift(MODEL, "again").shifts
        if row.measure == "net stance" and row.source
    }
    most = max(shifts, key=lambda source: abs(shifts[source].value))
    assert (run.source, run.shift.value) == (most, shifts[most].value)
    assert [v.finding for v in found.verdicts if v.use == "figures that another run would repeat"] == ["unfit"]
    checks = {check.test: check for check in found.checks}
    assert checks["IV, order of the targets"].passed is False
    assert checks["II, definitions are recovered"].passed is None
    assert checks["I, legal labels"].passed is True


RUN = """
[annotator.run]
engine = "openai"
address = "http://127.0.0.1:8080/v1"
model = "tiny"
most_tokens = 100
block = 10
order = "{order}"
prompt_digest = "a"
codebook_digest = "{codebook}"
targets_digest = "b"
corpus_digest = "c"
statuses = {{ ok = 530, refusal = 10 }}
"""


@pytest.mark.full
def test_what_is_recorded_of_runs_says_how_they_differ(tmp_path):
    """And a sample is of the labels of one prompt and codebook: with another run in its place, it is development."""
    folder = tmp_path / "corpus"
    truth = write_corpus(folder, paragraphs=8)
    add_run(folder)
    file = folder / "annotations/annotators.toml"
    own, other = file.read_text().split('[[annotator]]\nid = "again"')
    other = f'[[annotator]]\nid = "again"{other}{RUN.format(order="reversed", codebook="two")}'
    file.write_text(f"{own}{RUN.format(order='forward', codebook='one')}\n{other}")
    judge(folder, tmp_path / "sheets", truth, 120, "ada")
    (tmp_path / "data").mkdir()
    build(folder, tmp_path / "data", quiet)
    found = validate(ks.open(tmp_path / "data"), MODEL)
    assert [run.differs for run in found.stability] == [("order", "codebook_digest")]
    assert "recorded: ok 530, refusal 10" in found.checks[0].result
    file.write_text(file.read_text().replace('codebook_digest = "one"', 'codebook_digest = "three"'))
    (tmp_path / "later").mkdir()
    build(folder, tmp_path / "later", quiet)
    with pytest.raises(ks.KazstanceError, match="what people judged is development, not gold"):
        ks.open(tmp_path / "later").corrected()


def test_people_judge_by_the_codebook_of_the_draw(tmp_path):
    """Also of labels whose run is recorded, with the codebook that the model was given."""
    folder = tmp_path / "corpus"
    truth = write_corpus(folder, paragraphs=2)
    with (folder / "annotations/annotators.toml").open("a") as file:
        file.write(RUN.format(order="forward", codebook="one"))
    judge(folder, tmp_path / "sheets", truth, 20, "ada")
    (folder / "CODEBOOK.md").write_text("# Another codebook\n")
    (tmp_path / "data").mkdir()
    build(folder, tmp_path / "data", quiet)
    with pytest.raises(ks.KazstanceError, match="what people judged is development, not gold"):
        ks.open(tmp_path / "data").corrected()


def test_certainty_that_tells_something(place, found):
    rows = rows_of(place)
    said = {
        (row["sentence_id"], row["target_id"]): row["certainty"]
        for row in ks.open(place / "data").judgements.to_arrow().to_pylist()
        if row["annotator_id"] == MODEL
    }
    for name, bin_ in (("sure", found.calibration.sure), ("unsure", found.calibration.unsure)):
        of = [row for row in rows if said[row["sentence_id"], row["target_id"]] == name]
        weight = [1 / row["probability"] for row in of]
        wrong = [row["silver"] != row["human"] for row in of]
        assert bin_.share.value == pytest.approx(np.average(wrong, weights=weight))
    assert found.calibration.difference.low > 0


def test_people_agree_with_each_other(found):
    assert found.people.value == 1
    assert found.people.n == 48
    assert [v.finding for v in found.verdicts if v.use == "taking people's judgements for the truth"] == ["fit"]


def test_the_report_is_the_same_in_three_forms(place, found, tmp_path):
    name, options = str(place / "data"), ["--of", MODEL]
    said = CliRunner().invoke(app, ["annotate", "validate", name, *options])
    assert said.exit_code == 0, said.output
    text = " ".join(said.stdout.split())
    assert f"Silver labels by {MODEL}; 240 pairs of 540 judged by ada, ben" in text
    assert "Verdicts. What the labels are fit for." in text
    printed = CliRunner().invoke(app, ["annotate", "validate", name, *options, "--json"])
    rows = json.loads(printed.stdout)
    assert rows["errors"][0]["error"]["value"] == pytest.approx(found.errors[0].error.value)
    assert Counter(v["finding"] for v in rows["verdicts"]) == Counter(v.finding for v in found.verdicts)
    written = CliRunner().invoke(app, ["annotate", "validate", name, *options, "--out", str(tmp_path / "report.md")])
    assert written.exit_code == 0, written.output
    assert (tmp_path / "report.md").read_text() == to_markdown(found)
    assert "| north | " in to_markdown(found)
    assert "nan" not in to_markdown(found)


@pytest.mark.full
def test_a_model_without_sides_has_no_errors_that_are_known(tmp_path):
    truth = write_corpus(tmp_path / "corpus", paragraphs=4)
    file = tmp_path / f"corpus/annotations/{MODEL}.jsonl"
    file.write_text(file.read_text().replace('"favor"', '"neutral"').replace('"against"', '"neutral"'))
    judge(tmp_path / "corpus", tmp_path / "sheets", truth, 10_000, "ada")
    (tmp_path / "data").mkdir()
    build(tmp_path / "corpus", tmp_path / "data", quiet)
    found = validate(ks.open(tmp_path / "data"), MODEL)
    assert [row.corrected.is_defined for row in found.errors] == [True] * 3
    assert {row.error.reason for row in found.errors} == {"the model takes no side"}
    assert found.pairs == ()
    assert "There are no two sources whose errors are known." in to_markdown(found)
    assert "nan" not in to_markdown(found)
    assert "; the model takes no side" in found.verdicts[1].reason


@pytest.mark.full
def test_where_everything_is_judged_errors_are_certain(tmp_path):
    truth = write_corpus(tmp_path / "corpus", paragraphs=4)
    judge(tmp_path / "corpus", tmp_path / "sheets", truth, 10_000, "ada")
    (tmp_path / "data").mkdir()
    build(tmp_path / "corpus", tmp_path / "data", quiet)
    page = to_markdown(validate(ks.open(tmp_path / "data"), MODEL))
    assert "Errors are not equal: sources of which every pair was judged have different ones." in page
    assert "inf" not in page.split("## Error by source")[1].split("## Diff")[0]


@pytest.mark.full
def test_a_corpus_is_built_for_it(place, tmp_path):
    one, other = (
        CliRunner().invoke(app, ["annotate", "validate", str(place / name), "--of", MODEL])
        for name in ("corpus", "data")
    )
    assert one.exit_code == 0, one.output
    assert one.stdout == other.stdout


def test_without_a_sample_there_is_nothing_to_say(harbour_data):
    said = CliRunner().invoke(app, ["annotate", "validate", str(harbour_data)])
    assert said.exit_code == 1
    assert "people have judged no sample of a model's labels" in " ".join(said.stderr.split())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(1, 40))
def test_wilson_is_that_of_scipy(hits, n):
    hits = min(hits, n)
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits / n, n) == pytest.approx((expected.low, expected.high), abs=1e-9)
    share = weighted_share(np.arange(n) < hits, np.full(n, 2.5))
    assert share.n_eff == pytest.approx(n)
    assert (share.share.low, share.share.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_newcombe_is_that_of_the_paper():
    """Newcombe (1998, "Interval estimation for the difference between independent proportions"), table II, a, method 10."""
    one, other = (weighted_share(np.arange(n) < k, np.ones(n)) for k, n in ((56, 70), (48, 80)))
    found = newcombe(one, other)
    assert (round(found.value, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)


def test_alpha_with_equal_weights_is_alpha():
    rng = np.random.default_rng(1)
    first, second = (np.eye(4)[rng.integers(0, 4, 30)] for _ in range(2))
    expected = alpha(first + second)
    assert weighted_alpha(first, second, np.full(30, 7.0)) == pytest.approx(expected)
    doubled = weighted_alpha(np.r_[first, first], np.r_[second, second], np.ones(60))
    assert weighted_alpha(first, second, np.ones(30)) == pytest.approx(doubled, abs=0.02)
    assert math.isnan(weighted_alpha(first[:0], second[:0], np.ones(0)))
