"""What is undefined says why: in typed results, on the terminal, and in JSON."""

import json
import math

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from typer.testing import CliRunner

from kazstance.bench.report import to_markdown
from kazstance.cli import app
from kazstance.comparison.counts import count
from kazstance.comparison.disagreements import disagreements
from kazstance.comparison.positions import positions
from kazstance.metrics import LABELS, METRICS, STANCE_METRICS
from kazstance.stats.agreement import alpha_interval, count_patterns, kappa_interval
from kazstance.stats.confusion import Confusion
from kazstance.stats.metrics import ACCURACY, WTS
from kazstance.stats.paired import compare
from kazstance.stats.resampling import estimate
from kazstance.stats.scores import score, score_all
from kazstance.stats.soft import soft_scores
from tests.benches import reload
from tests.benches import run as run_system
from tests.commands import run

pytestmark = pytest.mark.full

AGAINST, NEUTRAL, FAVOR = range(3)


def counted(*rows, strata=1):
    """Counts of rows of stratum, gold and prediction, each its own cluster."""
    counts = np.zeros((len(rows), strata, 3, 3))
    for i, row in enumerate(rows):
        counts[(i, *row)] = 1
    return Confusion.from_counts(counts, tuple(map(str, range(len(rows)))), tuple(map(str, range(strata))), LABELS)


WHY = {
    "no rows": ((), dict.fromkeys((metric.name for metric in STANCE_METRICS), "no rows")),
    "one label": (
        [(0, FAVOR, FAVOR), (0, FAVOR, NEUTRAL)],
        {
            **dict.fromkeys(("wts", "ss", "wts_ordinal"), "one gold label in all rows"),
            "wts_polar": "no gold row is against",
            "f_avg": "no row is against, in gold or predictions",
        },
    ),
    "one label a stratum": (
        [(0, FAVOR, FAVOR), (1, AGAINST, AGAINST)],
        {
            **dict.fromkeys(("wts", "ss", "wts_ordinal"), "one gold label in every stratum"),
            "wts_polar": "no stratum has both favor and against in gold",
        },
    ),
    "no side": (
        [(0, NEUTRAL, NEUTRAL)],
        {"f_avg": "no row is favor or against, in gold or predictions", "wts_polar": "no gold row is favor or against"},
    ),
    "a side in predictions alone": (
        [(0, FAVOR, AGAINST), (0, NEUTRAL, NEUTRAL)],
        {"wts_polar": "no gold row is against"},
    ),
}


@pytest.mark.parametrize("case", WHY)
def test_the_reason_is_what_the_counts_lack(case):
    rows, reasons = WHY[case]
    found = counted(*rows, strata=2) if rows else Confusion.from_counts(np.zeros((1, 1, 3, 3)), ("",), ("",), LABELS)
    for metric, reason in reasons.items():
        line = score(found, METRICS[metric], n=10)
        assert (math.isnan(line.value), line.reason) == (True, reason)
        assert f"{metric} undefined: {reason} " in str(line)


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.int64, st.tuples(st.integers(1, 3), st.integers(1, 2), st.just(3), st.just(3)), elements=st.integers(0, 2)
    )
)
def test_a_figure_has_a_reason_where_it_is_undefined_and_nowhere_else(counts):
    found = Confusion.from_counts(
        counts.astype(float), tuple("abc"[: len(counts)]), tuple("xy"[: counts.shape[1]]), LABELS
    )
    for line in score_all(found, tuple(METRICS.values()), n=10):
        undefined = [math.isnan(x) for x in (line.value, line.low, line.high)]
        assert any(undefined) == bool(line.reason)
        over = line.over_targets
        assert (math.isnan(over.low) or math.isnan(over.high)) == bool(over.reason)


def test_soft_scores_and_differences_say_why():
    certain = np.array([[1.0, 0, 0], [0, 1, 0]])
    votes, gold = np.array([[0, 1.0, 0], [0, 1, 0]]), np.array([1, 1])
    by_metric = {line.metric: line for line in soft_scores(certain, gold, votes, None, n=10)}
    assert math.isinf(by_metric["cross_entropy"].value)
    assert by_metric["cross_entropy"].reason == "a label that was voted for has probability 0"
    assert by_metric["cross_entropy"].signature["clusters"] == "rows"
    unvoted = soft_scores(certain, gold, np.zeros((2, 3)), ["a", "b"], n=10)
    assert {line.metric: line.reason for line in unvoted} == {
        "cross_entropy": "no rows",
        "jensen_shannon": "no rows",
        "calibration_error": None,
    }
    assert estimate(np.array([]), []).reason == "no rows"
    flat = counted((0, FAVOR, FAVOR), (0, FAVOR, NEUTRAL))
    assert compare(flat, flat, WTS, n=10).reason == "one gold label in all rows"
    assert compare(flat, flat, ACCURACY, n=10).reason is None


def test_one_cluster_draws_rows_for_probabilities_as_it_does_for_labels():
    """0.3.0 draws the one cluster again and again: an interval of no width, with `clusters:1`."""
    rng = np.random.default_rng(1)
    chances, gold = rng.dirichlet([1, 1, 1], 40), rng.integers(0, 3, 40)
    one, none = ({s.metric: s for s in soft_scores(chances, gold, None, c, n=50)} for c in (["x"] * 40, None))
    assert repr(one) == repr(none)  # nan is not equal to itself
    assert one["calibration_error"].low < one["calibration_error"].high
    assert one["calibration_error"].signature["clusters"] == "rows"


def test_agreement_says_why():
    assert alpha_interval(count_patterns(np.array([[3.0, 0.0]])), n=10).reason.endswith("have the same label")
    assert alpha_interval(count_patterns(np.array([[1.0, 0.0]])), n=10).reason == "no unit was judged by two annotators"
    assert alpha_interval(count_patterns(np.array([[1.0, 1.0], [2.0, 0.0]] * 9)), n=10).reason is None
    assert kappa_interval([], [], [], n=10).reason == "no unit was judged by both annotators"
    assert kappa_interval([1, 1], [1, 1], list("ab"), n=10).reason == "both annotators gave one label to all units"


def test_comparisons_say_why():
    rows = {
        "source_id": ["a", "a", "b", "c"],
        "target_id": ["t", "u", "t", "u"],
        "label_name": ["favor", "neutral", "neutral", "favor"],
        "paragraph_id": list("1234"),
    }
    counts = count(pa.table(rows))
    lines = disagreements(counts, n=19)
    assert {line.salience_reason for line in lines} == {"the sentences of sources were not counted"}
    assert {line.reason for line in lines} == {"fewer than two sources take a side"}
    pairs = {
        (p.one, p.other): p.reason for line in disagreements(counts, n=19) if line.target == "t" for p in line.pairs
    }
    assert pairs == {
        ("a", "b"): "no side taken by b",
        ("a", "c"): "no side taken by c",
        ("b", "c"): "no side taken by b and c",
    }
    cells = {(cell.source, cell.target): cell.reason for cell in positions(counts)}
    assert cells["b", "u"] == "no sentence is about the target; the sentences of the source were not counted"


def explained(found):
    """Walk JSON: an object with a figure that is null has a reason; return how many there were."""
    if isinstance(found, list):
        return sum(map(explained, found))
    if not isinstance(found, dict):
        return 0
    gaps = [
        key
        for key in ("value", "low", "high", "spread", "opposite", "p", "same", "more", "net", "salience")
        if key in found and found[key] is None
    ]
    assert not gaps or found["reason"], found
    if found.get("target_low", 0) is None:
        assert found["target_reason"]
    return bool(gaps) + sum(map(explained, found.values()))


def test_every_null_in_json_has_a_reason(tmp_path):
    for name, labels in {"gold": ["favor", "favor", "neutral"], "pred": ["favor", "neutral", "neutral"]}.items():
        rows = {"id": [1, 2, 3], "topic": ["x", "x", "y"], "p_favor": [1.0, 0.0, 0.0], "p_neutral": [0.0, 1.0, 1.0]}
        votes = {f"votes_{label}": [0, 0, 0] for label in LABELS}
        pl.DataFrame(rows | {"p_against": [0.0] * 3, "label": labels} | votes).write_csv(tmp_path / f"{name}.csv")
    where = {name: tmp_path / f"{name}.csv" for name in ("gold", "pred")}
    args = ["--id", "id", "--target", "topic", "--by", "topic"]
    found = run("score", *args, "--json", **where)
    assert found.code == 0, found.err
    assert explained(json.loads(found.out)) > 10
    plain = run("score", *args, **where)
    lines = plain.out.splitlines()
    assert any("undefined" in line for line in lines)
    assert all("undefined: " in line for line in lines if "undefined" in line)
    assert "nan" not in plain.out
    assert "wts undefined: one gold label in every stratum " in plain.out
    assert "clusters:rows|" in plain.out


@pytest.mark.parametrize(
    "args",
    [["agreement"], ["compare"], ["compare", "disagreements"], ["compare", "distances", "--feature", "salience"]],
)
def test_every_null_of_the_shipped_data_has_a_reason(args):
    done = CliRunner().invoke(app, [*args, "--json"])
    assert done.exit_code == 0
    explained(json.loads(done.stdout))


def test_reports_of_runs_list_what_is_undefined(tmp_path):
    run_system("majority", "stance", "in_domain", tmp_path / "run")
    result = reload(tmp_path / "run")
    undefined = [part.name for part in result.by("target") if math.isnan(part.headline.value)]
    assert undefined
    assert all(result.reasons[f"headline by target {name}"] == "one gold label in all rows" for name in undefined)
    page = to_markdown([result])
    assert "### Undefined" in page
    assert all(f"| headline by target {name} | one gold label in all rows |" in page for name in undefined)
    assert explained(json.loads((tmp_path / "run" / "scores.json").read_text())) > 10
