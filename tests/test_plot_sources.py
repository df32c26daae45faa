"""Charts of sources: everything is on them, as it is; they are drawn without a browser."""

import json
from collections import Counter
from xml.etree import ElementTree as ET

import pyarrow as pa
import pytest

import kazstance
from kazstance.comparison import compare_dataset
from kazstance.comparison.counts import count
from kazstance.comparison.disagreements import disagreements
from kazstance.comparison.positions import positions
from kazstance.dataset import DatasetFolder
from kazstance.plot import sources as charts
from kazstance.plot.theme import save, to_svg

NAMES = {row.target_id: row.name for row in kazstance.load("targets")}
HOSTILE = "</script><b>&\"'"


@pytest.fixture(scope="module")
def cells():
    return compare_dataset(DatasetFolder()).positions()


def words(svg):
    """Every text of an SVG, with how often it stands there."""
    return Counter("".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))


def rows(chart):
    """All rows of a chart, as its specification has them."""
    return [row for values in chart.to_dict()["datasets"].values() for row in values]


def test_the_matrix_shows_every_cell_and_says_silence(cells):
    found = words(to_svg(charts.position_matrix(cells, NAMES)))
    silent = sum(not cell.about for cell in cells)
    # Each silence stands twice: a white outline, and the word on it.
    assert found["silent"] == 2 * silent
    for name in NAMES.values():
        assert found[name] == 1
    for source in {cell.source for cell in cells}:
        assert found[source] == 1
    for word in ("favor", "against", "both sides", "no side"):
        assert found[word] >= 1
    numbers = Counter(str(cell.about) for cell in cells if cell.about)
    assert all(found[number] >= n for number, n in numbers.items())


def test_salience_shows_every_cell_and_the_most_salient_target_first(cells):
    chart = charts.salience_bars(cells, NAMES)
    shown = rows(chart)
    assert len(shown) == len(cells)
    share = Counter()
    for cell in cells:
        share[NAMES[cell.target]] += cell.salience.value
    order = list(dict.fromkeys(row["target"] for row in shown))
    assert [share[name] for name in order] == sorted(share.values(), reverse=True)


def test_the_ranking_shows_the_first_targets_and_all_their_pairs():
    found = compare_dataset(DatasetFolder()).disagreements(n=19)
    texts = words(to_svg(charts.disagreement_ranking(found, NAMES)))
    expected = Counter()
    for line in [line for line in found if line.opposite is not None][: charts.RANKED]:
        assert texts[NAMES[line.target]] == 1
        for answer, n in Counter(pair.answer for pair in line.pairs).items():
            expected[f"{charts.ANSWER_SIGNS[answer]} {n}"] += 1
    assert {text: texts[text] for text in expected} == expected


def test_the_tree_has_every_source_and_its_branches_do_not_cross():
    found = compare_dataset(DatasetFolder()).distances(n=50)
    names = {place.source: place.source.upper() for place in found.places}
    texts = words(to_svg(charts.distance_chart(found, names)))
    for name in names.values():
        assert texts[name] == 2  # the legend of the map, and the tree
    leaves = charts._leaves(found, tuple(names))
    for clade in found.tree:
        at = sorted(leaves.index(source) for source in clade.sources)
        assert at == list(range(at[0], at[0] + len(at)))


def test_charts_are_drawn_and_names_stay_text(cells, tmp_path):
    shown = [cell for cell in cells if cell.target in {"uprising", "maoism"}]
    chart = charts.position_matrix(shown, {"uprising": HOSTILE})
    for suffix in (".png", ".svg"):
        save(chart, tmp_path / f"chart{suffix}")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert words((tmp_path / "chart.svg").read_text(encoding="utf-8"))[HOSTILE] == 1


def test_few_cells_make_a_chart_too():
    counts = count(pa.table({"source_id": ["a"], "target_id": ["t"], "label_name": ["favor"], "paragraph_id": ["1"]}))
    cells = positions(counts)
    assert json.loads(charts.position_matrix(cells).to_json())
    assert "t" in words(to_svg(charts.position_matrix(cells)))
    assert charts.disagreement_ranking(disagreements(counts, n=9)).to_dict()
