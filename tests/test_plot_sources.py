"""Charts of sources: they show the figures of the comparison, are legible in print and in grey, and leave nothing out."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest

import kazstance
from kazstance.comparison.counts import Asked
from kazstance.comparison.signs import Standing, Strength, dissents, sign, standing, strength
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.plot import dots, lettering, pictures, signs
from kazstance.plot.choice import Choice, chosen
from kazstance.plot.distances import leaves_of
from kazstance.plot.saving import save, to_svg
from kazstance.plot.sheet import POINTS, Sheet

HOSTILE = "</script><b>&\"'"
SVG = "{http://www.w3.org/2000/svg}"
CHARTS = ("positions", "disagreements", "salience", "distances")


@pytest.fixture(scope="module")
def shipped():
    return kazstance.open().compare()


def made(sources, targets, rows, seed=7):
    """A comparison of as many sources on as many targets, with random stances in random paragraphs."""
    draw = np.random.default_rng(seed)
    lean = draw.uniform(0.02, 0.98, (sources, targets))
    source, target = draw.integers(sources, size=rows), draw.integers(targets, size=rows)
    label = np.where(draw.random(rows) < lean[source, target], "favor", "against")
    label[draw.random(rows) < 0.1] = "neutral"
    return kazstance.compare(
        pa.table(
            {
                "source": [f"A source with a long name, number {i}" for i in source],
                "target": [f"Whether a rather long statement holds, number {i}" for i in target],
                "label": label.tolist(),
                "paragraph": draw.integers(200, size=rows).astype(str).tolist(),
            }
        ),
        source="source",
        target="target",
        label="label",
        cluster="paragraph",
        sentences={f"A source with a long name, number {i}": 4 * rows // sources for i in range(sources)},
    )


def drawn(compared, name, width_mm=160.0, **choice):
    """The sheet of a chart."""
    if name == "distances":
        return pictures.distances(compared, "positions", Choice(**choice), "foot")(width_mm)
    return getattr(pictures, name)(compared, Choice(**choice), "foot")(width_mm)


def words(svg):
    """Every text of an SVG, with how often it stands there."""
    return Counter("".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text"))


def texts(sheet):
    """The room of every text of a sheet: left, upper, right and lower end, and the text."""
    found = []
    for (kind, style), rows in sheet.marks.items():
        for row in rows if kind == "text" else ():
            wide, x, y = lettering.width(row["text"], row["size"]), row["x"], row["y"]
            half = row["size"] / 2
            if dict(style)["angle"]:
                found.append((x - half, y - wide, x + half, y, row["text"]))
                continue
            left = x - {"left": 0, "center": wide / 2, "right": wide}[dict(style)["align"]]
            found.append((left, y - half, left + wide, y + half, row["text"]))
    return found


def check(sheet):
    """Nothing is outside the sheet, no text lies on another one, and no type is too small."""
    svg = ET.fromstring(to_svg(sheet))
    per_unit = float(svg.get("width").removesuffix("mm")) * POINTS / float(svg.get("viewBox").split()[2])
    sizes = {float(node.get("font-size").removesuffix("px")) * per_unit for node in svg.iter(f"{SVG}text")}
    assert min(sizes) >= 7 - 1e-3
    rooms = texts(sheet)
    for left, upper, right, lower, text in rooms:
        assert left >= -0.5, text
        assert right <= sheet.width + 0.5, text
        assert upper >= -0.5, text
        assert lower <= sheet.height + 0.5, text
    for one, other in combinations(rooms, 2):
        apart = (
            one[2] <= other[0] + 0.6 or other[2] <= one[0] + 0.6 or one[3] <= other[1] + 0.2 or other[3] <= one[1] + 0.2
        )
        assert apart, (one, other)


@pytest.mark.parametrize("name", CHARTS)
def test_type_is_legible_and_nothing_is_cut(shipped, name):
    for width_mm in (160, 89):
        check(drawn(shipped, name, width_mm))


@pytest.mark.full
@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize(("sources", "targets"), [(20, 60), (60, 12)])
def test_so_are_charts_of_many_sources(name, sources, targets):
    compared = made(sources, targets, 20_000)
    for width_mm in (160, 89):
        sheet = drawn(compared, name, width_mm)
        check(sheet)
        shown = Counter(text for *_, text in texts(sheet))
        codes = chosen(compared, Choice(), list).codes
        assert len(set(codes.values())) == sources
        if name == "disagreements":
            assert all(shown[code] for code in codes.values())
        if name == "distances":  # in the tree, where long names have several lines, and as a code or name on the map
            assert all(shown[code] + shown[source] >= 2 for source, code in codes.items())
            assert not [text for text in shown if text.endswith("…")]


def luminance(colour):
    """Relative luminance (WCAG 2)."""
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_grey_keeps_how_sure_a_side_is():
    """The surer, the darker, by steps that are seen; sides are told by shape and sign besides hue."""
    favor, against = ([signs.look(where, how) for how in Strength] for where in (Standing.favor, Standing.against))
    for shown in (favor, against):
        for lighter, darker in zip(shown, shown[1:], strict=False):
            assert contrast(lighter.fill, darker.fill) > 1.5
    for one, other in zip(favor, against, strict=True):
        assert contrast(one.fill, other.fill) < 1.15
        assert one.shape != other.shape
        assert one.sign != other.sign
    for where in (Standing.favor, Standing.against, Standing.neither):
        for how in Strength:
            assert contrast(signs.look(where, how).ink, signs.look(where, how).fill) >= 4.5


def test_strength_follows_the_interval_and_not_the_number_of_sentences(shipped):
    for cell in shipped.positions():
        if cell.net is None or not cell.favor + cell.against:
            assert strength(cell) is Strength.open
            continue
        crosses = cell.net.low <= 0 <= cell.net.high
        assert (strength(cell) is Strength.open) == crosses
        assert ("?" in sign(cell)) == (crosses and standing(cell) is not Standing.neither)
        assert ("°" in sign(cell)) == (cell.favor > 0 and cell.against > 0) == dissents(cell)


def test_the_matrix_shows_every_cell_and_says_silence(shipped):
    cells = shipped.positions()
    found = words(to_svg(drawn(shipped, "positions")))
    assert found["silent"] == sum(not cell.about for cell in cells)
    numbers = Counter(str(cell.about) for cell in cells if cell.about)
    assert all(found[number] >= n for number, n in numbers.items())
    svg = ET.fromstring(to_svg(drawn(shipped, "positions")))
    said = {node.get("aria-label") for node in svg.iter() if node.get("aria-label")}
    for cell in cells:
        if cell.net is not None:
            assert any(
                text.startswith(f"{cell.source} on {shipped.names[cell.target]}:")
                and cell.net.text(signed=True) in text
                for text in said
            )


def test_rows_of_the_dot_plot_are_in_the_order_of_disagreements_and_say_the_same(shipped):
    ranked = shipped.disagreements()
    codes = chosen(shipped, Choice(), list).codes
    sheet = drawn(shipped, "disagreements", 400)
    rooms = sorted(room for room in texts(sheet) if room[4] in shipped.names.values())
    in_order = sorted(rooms, key=lambda room: room[1])
    assert [room[4] for room in in_order] == [shipped.names[line.target] for line in ranked]
    ends = [*(room[1] for room in in_order[1:]), sheet.height]
    for line, room, end in zip(ranked, in_order, ends, strict=True):
        beside = " ".join(text for _, upper, _, _, text in texts(sheet) if room[1] - 20 < upper < end)
        assert all(part in beside for part in dots.answer(line, codes))


@pytest.fixture
def torn():
    """Source b was asked about u, and all votes are split; c was not; both are silent on nothing else."""
    rows = [("a", "t", "favor", 3), ("b", "t", "against", 3), ("c", "t", "favor", 3), ("a", "u", "favor", 1)]
    found = [(*row[:3], f"{row[0]}{i}") for row in rows for i in range(row[3])]
    table = pa.table(
        dict(zip(("source_id", "target_id", "label", "paragraph_id"), zip(*found, strict=True), strict=True))
    )
    compared = kazstance.compare(table, sentences=dict.fromkeys("abc", 3))
    counts = compared.counts
    of_b = int(np.flatnonzero(counts.source == counts.sources.index("b"))[0])
    cluster, target = np.append(counts.cluster, of_b), np.append(counts.target, counts.targets.index("u"))
    order = np.lexsort((target, cluster))
    sentences = np.append(counts.rows.sum(axis=1), 2.0)[order]
    undecided = np.append(np.zeros(len(counts.cluster)), 2.0)[order]
    asked = Asked(cluster[order], target[order], sentences, undecided)
    return replace(compared, counts=replace(counts, asked=asked))


def test_split_votes_are_neither_silence_nor_not_asked(torn):
    """In the terminal, the matrix, its key, and beside the dots."""
    assert [sign(torn[source, "u"]) for source in "bc"] == ["?", "·"]
    for width_mm in (60, 300):
        found = [text for *_, text in texts(drawn(torn, "positions", width_mm))]
        assert {"?", "·", "not asked", "undecided: all votes are split"} <= set(found)
    (line,) = [line for line in torn.disagreements(n=9) if line.target == "u"]
    assert dots.answer(line, dict(zip("abc", "ABC", strict=True)))[-2:] == ["not asked: C", "undecided: B"]


def test_a_chart_sums_up_as_the_table_does(torn):
    found = torn.disagreements(n=9)
    assert "Undecided: b on 1." in found.summary
    assert found.summary in " ".join(text for *_, text in texts(drawn(torn, "disagreements", 300)))


def test_a_map_names_what_it_leaves_out_as_it_is_called():
    rows = {"source_id": list("aabbc"), "target_id": list("ttttu"), "label": ["favor", "against"] * 2 + ["favor"]}
    found = " ".join(
        text for *_, text in texts(drawn(kazstance.compare(pa.table(rows)), "distances", names={"c": "Other"}))
    )
    assert "nothing to compare: Other." in found


def test_marks_never_touch_and_few_intervals_do_not_lie_on_each_other(shipped):
    many = made(30, 3, 3000)
    for what in (chosen(shipped, Choice(), list), chosen(many, Choice(), list)):
        for target in what.targets:
            blocks = dots.placed(what, target, 100, 300)
            cells = [what.cells[source, target] for source in what.sources]
            assert sum(len(block.points) for block in blocks) == sum(bool(cell.favor + cell.against) for cell in cells)
            for one, other in combinations(blocks, 2):
                a, b = one.room, other.room
                assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            lines = [line for block in blocks for line in block.lines]
            for (one, y), (other, z) in combinations(lines, 2) if len(lines) <= dots.FEW else ():
                assert abs(y - z) > 2 or one.low >= other.high or other.low >= one.high


def test_what_is_shown_can_be_chosen(shipped):
    sheet = drawn(
        shipped, "positions", targets=["maoism", "uprising"], sources=["russian_maoists", "old_mole"], title="Ours"
    )
    found = [text for *_, text in texts(sheet)]
    assert found[0] == "Ours"
    assert [text for text in found if text in ("russian_maoists", "old_mole", "pr_collective")] == [
        "russian_maoists",
        "old_mole",
    ]
    names = [shipped.names[target] for target in ("maoism", "uprising")]
    order = [shipped.names[target] for target in chosen(shipped, Choice(order="name"), list).targets]
    assert order == sorted(shipped.names.values(), key=str.casefold)
    assert " ".join(found).index(names[0].split()[0]) >= 0
    assert "Ours" not in [text for *_, text in texts(drawn(shipped, "positions", title=""))]
    for wrong in ({"targets": ["x"]}, {"sources": ["x"]}, {"order": "x"}):
        with pytest.raises(UnknownNameError, match="'x' is not a"):
            shipped.plot.positions(**wrong)


@pytest.mark.parametrize("name", CHARTS)
def test_sources_and_targets_may_be_called_otherwise(shipped, name):
    called = {"old_mole": "The Old Mole", "uprising": "January 2022"}
    found = " ".join(text for *_, text in texts(drawn(shipped, name, 300, names=called)))
    assert "The Old Mole" in found
    assert "old_mole" not in found
    if name in ("positions", "disagreements"):
        assert "January 2022" in found
        assert shipped.names["uprising"] not in found
    with pytest.raises(UnknownNameError, match="'x' is not a source or target"):
        drawn(shipped, name, names={"x": "y"})


def test_most_salient_targets_come_first(shipped):
    targets = chosen(shipped, Choice(order="salience"), list).targets
    said = Counter()
    for cell in shipped.positions():
        said[cell.target] += cell.about
    assert [said[target] for target in targets] == sorted(said.values(), reverse=True)


def test_the_tree_has_every_source_and_its_branches_do_not_cross(shipped):
    found = shipped.distances(n=50)
    leaves = leaves_of(found)
    assert sorted(leaves) == sorted(place.source for place in found.places)
    for clade in found.tree:
        at = sorted(leaves.index(source) for source in clade.sources)
        assert at == list(range(at[0], at[0] + len(at)))
    assert set(leaves) <= {text for *_, text in texts(drawn(shipped, "distances"))}


def test_an_svg_is_as_wide_as_asked_for_well_formed_and_escaped(shipped, tmp_path):
    chart = shipped.plot.positions(targets=["uprising"], title=HOSTILE)
    chart.save(tmp_path / "chart.svg", width_mm=89)
    text = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    root = ET.fromstring(text)
    assert root.get("width") == "89.00mm"
    assert root.find(f"{SVG}title").text == HOSTILE
    assert {node.tag.rpartition("}")[2] for node in root.iter()} & {"script", "image", "foreignObject"} == set()
    assert words(text)[HOSTILE] == 1
    assert any(kazstance.manifest().digest[:12] in line for line in words(text))


def test_a_png_has_the_pixels_and_the_resolution_asked_for(shipped, tmp_path):
    shipped.plot.positions(targets=["uprising"]).save(tmp_path / "chart.png", width_mm=89, dpi=200)
    content = (tmp_path / "chart.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(content[16:20]) == pytest.approx(89 / 25.4 * 200, abs=2)
    at = content.index(b"pHYs") + 4
    assert int.from_bytes(content[at : at + 4]) == pytest.approx(200 / 0.0254, abs=2)
    assert content[at + 8] == 1  # per metre


@pytest.mark.parametrize("width_mm", [160, 89])
def test_a_pdf_is_as_wide_as_asked_for_and_its_type_is_text(shipped, tmp_path, width_mm):
    """Read back by pdfminer."""
    high_level = pytest.importorskip("pdfminer.high_level")
    layout = pytest.importorskip("pdfminer.layout")
    shipped.plot.positions(targets=["uprising", "maoism"]).save(tmp_path / "chart.pdf", width_mm=width_mm)
    (page,) = high_level.extract_pages(tmp_path / "chart.pdf")
    assert page.width == pytest.approx(width_mm * POINTS, abs=0.5)
    characters = [
        character
        for box in page
        if isinstance(box, layout.LTTextContainer)
        for line in box
        for character in line
        if isinstance(character, layout.LTChar)
    ]
    assert min(character.size for character in characters if not character.matrix[1]) >= 6.99
    assert "Where the sources stand" in "".join(character.get_text() for character in characters)


def test_html_has_a_title_and_a_language_fits_a_phone_and_loads_nothing(shipped, tmp_path):
    shipped.plot.positions(targets=["uprising"], title=HOSTILE).save(tmp_path / "chart.html")
    text = (tmp_path / "chart.html").read_text(encoding="utf-8")
    tags = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append((tag, dict(attrs)))

    Reader().feed(text)
    assert ("html", {"lang": "en"}) in tags
    assert any(attrs.get("name") == "viewport" for _, attrs in tags)
    names = [tag for tag, _ in tags]
    assert "script" not in names
    assert names.count("svg") == 2
    assert not any(name in ("src", "href", "xlink:href") for _, attrs in tags for name in attrs)
    assert HOSTILE not in text


def test_what_cannot_be_drawn_is_refused(shipped, tmp_path):
    chart = shipped.plot.positions(targets=["uprising"])
    with pytest.raises(UnknownNameError, match=r"'.gif' is not a kind of chart; choose from .svg, .pdf, .png, .html"):
        chart.save(tmp_path / "chart.gif")
    with pytest.raises(KazstanceError, match="width: 10 mm, expected 60 to 1000"):
        chart.save(tmp_path / "chart.svg", width_mm=10)
    with pytest.raises(KazstanceError, match="resolution: 9999 dpi, expected 36 to 2400"):
        chart.save(tmp_path / "chart.png", dpi=9999)
    with pytest.raises(
        KazstanceError, match=r"resolution: 2400 dpi, expected at most \d+ for a chart of 1000 by \d+ mm"
    ):
        made(2, 30, 900).plot.positions().save(tmp_path / "chart.png", width_mm=1000, dpi=2400)
    assert list(tmp_path.iterdir()) == []


def test_the_altair_chart_is_the_same_drawing(shipped):
    chart = shipped.plot.positions(targets=["uprising"])
    found = chart.altair.properties(background="red").to_dict(validate=False)
    assert found["background"] == "red"
    assert len(found["layer"]) > 3
    assert set(chart._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}


@pytest.mark.parametrize("name", ["positions", "disagreements", "salience"])
def test_few_cells_and_names_that_act_make_a_chart_too(name):
    rows = {"source_id": ["a\x00", "__proto__"], "target_id": [HOSTILE, HOSTILE], "label": ["favor", "against"]}
    compared = kazstance.compare(pa.table(rows))
    svg = to_svg(drawn(compared, name))
    assert words(svg)[HOSTILE] == 1 or name == "salience"
    assert "\x00" not in svg


def test_a_text_is_as_wide_as_its_lines_say():
    """Lines fit the room, and together are the text."""
    text = (
        "Kazakhstan and its rulers are a_very_long_identifier_that_has_to_be_broken, semi-colony or client of Russia."
    )
    for room in (30, 60, 120):
        lines = lettering.wrapped(text, room)
        assert max(map(lettering.width, lines)) <= room
        assert "".join("".join(lines).split()) == "".join(text.split())
    assert lettering.wrapped(text, 60, most=2)[1].endswith("…")
    assert lettering.width("漢字") == 2 * lettering.SMALL


def test_saving_is_whole_or_not_at_all(tmp_path):
    def broken(width_mm):
        raise KazstanceError("no")

    (tmp_path / "chart.svg").write_text("before")
    with pytest.raises(KazstanceError):
        save(broken, tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_text() == "before"


def test_texts_of_a_sheet_stay_on_it():
    sheet = Sheet(89, "A title that is so long that it cannot stand in one line of a narrow column of a journal at all")
    y = sheet.head("And a caption that is longer still. " * 4)
    sheet.foot(y, "kazstance " * 20)
    check(sheet)
    assert len(re.findall("title that", to_svg(sheet))) >= 2
