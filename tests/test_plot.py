"""Charts of a benchmark: labels are told apart by colour-blind readers and in grey."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pytest

from kazstance.bench.breakdowns import Breakdown
from kazstance.bench.contrast import GroupScore
from kazstance.bench.record import Run
from kazstance.bench.result import Result
from kazstance.plot import bench, theme
from kazstance.stats.estimate import Estimate
from kazstance.stats.paired import Difference
from kazstance.stats.scores import Score

HOSTILE = "</script><script>alert(1)</script>"
# Machado, Oliveira and Fernandes (2009), severity 1.0: what a linear RGB colour looks like.
SEEN = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "full sight": np.eye(3),
}


def linear(colour):
    """Linear RGB of a colour as #rrggbb (IEC 61966-2-1)."""
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE L*a*b* of linear RGB, white D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SEEN)
def test_colours_are_far_apart_for_every_sight(sight):
    """By more than 10 units of L*a*b*; about 2.3 are just noticeable."""
    found = [lab(np.array(SEEN[sight]) @ linear(colour)) for colour in theme.CATEGORIES]
    for one, other in combinations(range(len(found)), 2):
        assert np.linalg.norm(found[one] - found[other]) > 10, (one, other)


def test_categories_are_told_apart_by_shape():
    assert len(set(theme.SHAPES)) == len(set(theme.CATEGORIES)) == len(theme.SHAPES)


def test_a_missing_package_is_named():
    code = "import sys; sys.modules['vl_convert'] = None\ntry:\n  import kazstance.plot\nexcept Exception as e: print(type(e).__name__, e)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == "MissingExtraError vl-convert-python is not installed; run: pip install 'kazstance[plots]'\n"


FIGURE = Estimate(0.25, 0.125, 0.5, 2)
GONE = Estimate.undefined("no rows")


def result(system, *, protocol="in_domain", figure=FIGURE, parts=("uprising",)):
    """A result with a figure everywhere."""
    score = Score(**vars(figure), metric="wts", over_targets=FIGURE, signature={})
    parted = [Breakdown("target", name, 2, 1.0, FIGURE, FIGURE, FIGURE) for name in parts]
    return Result(
        run=Run(system, "stance", protocol, {"data": "0"}),
        rows="0",
        headline="wts",
        sizes={"target": 1.0, "sentence": 3.0},
        scores={"wts": score},
        within={"sentence": score},
        contrast={"target": GroupScore(**vars(figure), kind="target")},
        soft={},
        breakdowns=(*parted, Breakdown("target", "unions", 2, 0.0, GONE, GONE, GONE)),
        probes=(),
        warning=None,
        counts=None,
        lift=Difference(**vars(figure), p=0.5),
    )


@pytest.mark.parametrize("draw", [bench.headline, bench.lift, bench.contrast, bench.within])
def test_a_chart_has_every_system_and_protocol(draw):
    results = [result("a"), result(HOSTILE), result("b", protocol="cross_both")]
    words = {element.text for panel in draw(results) for element in ET.fromstring(theme.to_svg(panel)).iter()}
    assert {"a", "b", HOSTILE, "in_domain", "cross_both"} <= words


def test_breakdowns_are_drawn_if_they_are_defined():
    (drawn,) = bench.breakdowns([result("a")], "target")
    words = {element.text for element in ET.fromstring(theme.to_svg(drawn)).iter()}
    assert "uprising" in words
    assert "unions" not in words


def test_without_figures_there_is_no_chart():
    found = [result("a", figure=GONE, parts=())]
    assert [draw(found) for draw in (bench.lift, bench.contrast, bench.within)] == [[]] * 3
    assert bench.breakdowns(found, "target") == []
