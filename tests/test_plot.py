"""Charts: labels are told apart by colour-blind readers and in grey, and files are whole, well-formed and offline."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import combinations

import altair as alt
import numpy as np
import pytest

from kazstance.bench.breakdowns import Breakdown
from kazstance.bench.contrast import GroupScore
from kazstance.bench.record import Run
from kazstance.bench.result import Result
from kazstance.errors import UnknownNameError
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


@pytest.fixture
def chart():
    values = [{"name": HOSTILE, "n": 1}, {"name": "Движение | ü", "n": 2}]
    return alt.Chart(alt.InlineData(values=values)).mark_bar().encode(x="n:Q", y="name:N")


def test_svg_is_well_formed_and_escaped(chart, tmp_path):
    theme.save(chart, tmp_path / "chart.svg")
    text = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    tree = ET.fromstring(text)
    assert {element.tag.rpartition("}")[2] for element in tree.iter()} & {"script", "image", "foreignObject"} == set()
    assert {HOSTILE, "Движение | ü"} <= {element.text for element in tree.iter()}
    assert theme.FONT.partition(",")[0] in text
    assert text == theme.to_svg(chart)


def test_png_is_an_image_at_twice_the_size(chart, tmp_path):
    theme.save(chart, tmp_path / "chart.png")
    content = (tmp_path / "chart.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width = int(ET.fromstring(theme.to_svg(chart)).get("width"))
    assert int.from_bytes(content[16:20]) == pytest.approx(2 * width, abs=2)


def test_html_loads_nothing_and_no_name_ends_its_script(chart, tmp_path):
    theme.save(chart, tmp_path / "chart.html")
    text = (tmp_path / "chart.html").read_text(encoding="utf-8")
    tags = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append((tag, dict(attrs)))

    Reader().feed(text)
    assert [tag for tag, _ in tags].count("script") == 2
    assert not any("src" in attrs or "href" in attrs for _, attrs in tags)
    assert HOSTILE not in text
    spec = json.loads(re.search(r"const spec = (.*);\n", text)[1])
    assert HOSTILE in json.dumps(spec)


def test_what_a_chart_is_saved_as_is_known(chart, tmp_path):
    with pytest.raises(UnknownNameError, match=r"'.pdf' is not a kind of chart; choose from .png, .svg, .html"):
        theme.save(chart, tmp_path / "chart.pdf")
    assert list(tmp_path.iterdir()) == []


def test_the_theme_does_not_stick(chart):
    before = alt.theme.active
    theme.to_svg(chart)
    assert alt.theme.active == before


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
    words = {element.text for element in ET.fromstring(theme.to_svg(draw(results))).iter()}
    assert {"a", "b", HOSTILE, "in_domain", "cross_both"} <= words


def test_breakdowns_are_drawn_if_they_are_defined():
    drawn = bench.breakdowns([result("a")], "target")
    words = {element.text for element in ET.fromstring(theme.to_svg(drawn)).iter()}
    assert "uprising" in words
    assert "unions" not in words


def test_without_figures_there_is_no_chart():
    found = [result("a", figure=GONE, parts=())]
    assert [draw(found) for draw in (bench.lift, bench.contrast, bench.within)] == [None] * 3
    assert bench.breakdowns(found, "target") is None
