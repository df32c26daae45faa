"""The explorer in a real browser, without a network: Debian's Chromium."""

import csv
import io
import re
import shutil
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect, sync_playwright

import kazstance
from kazstance import dataset
from kazstance.comparison.disagreements import with_tests
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.explorer.page import page as make_page
from kazstance.explorer.server import Explorer
from tests.checked import judge, write_corpus
from tests.conftest import quiet
from tests.corpora import Made, ids_of
from tests.hostile import write_hostile

pytestmark = pytest.mark.full
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWS = {
    "differences": "#differences",
    "two sources that differ": "#differences?source=old_mole&source=pr_collective",
    "matrix": "#matrix",
    "cell": "#matrix?open=pr_collective:workers_ready",
    "thinned matrix": "#matrix?label=favor&voice=own&targets=contested",
    "silent cell": "#matrix?open=russian_maoists:chinese_state",
    "side by side": "#compare?target=russia_from_weakness",
    "two sources": "#compare?target=road_to_workers_power&source=old_mole&source=pr_collective",
    "text": "#read?text=maoist_statement",
    "sentence in a text": "#read?text=maoist_statement&at=maoist_statement/3/1",
    "sentences": "#sentences?q=workers",
    "nothing found": "#sentences?q=xyzzy",
    "history": "#label?sentence=pr_collective/5/5&on=russian_state",
    "words": "#words?target=russian_state",
    "salience": "#salience",
    "annotators": "#agreement",
    "split annotators": "#agreement?one=f1&other=f2",
    "about": "#about",
}


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("chromium is not installed; .ci/run installs it: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_bytes(make_page(DatasetFolder(dataset.SHIPPED)))
    return file.as_uri()


@pytest.fixture(scope="module")
def hostile_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    build(write_hostile(folder / "corpus"), folder, quiet)
    return folder


@pytest.fixture
def visit(browser):
    """Opens an address in a fresh profile; what the browser complains of fails the test."""
    contexts, complaints = [], []

    def open_page(url, *, offline=True, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        context.set_offline(offline)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        tab.goto(url)
        settle(tab)
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def settle(tab):
    """Wait until the view is there that the address asks for."""
    expect(tab.locator("html")).to_have_attribute("data-shown", tab.evaluate("location.hash"))


def go(tab, address):
    """Follow a link within the page."""
    tab.evaluate("(address) => { location.hash = address; }", address)
    settle(tab)


def cell(tab, source, target):
    return tab.locator(f'[data-key="cell {source}:{target}"]')


def copied(tab):
    """What a reader copies who selects the whole page."""
    tab.keyboard.press("Control+A")
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return tab.evaluate("getSelection().toString()")


def read_csv(tab):
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="CSV").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    data = tab.evaluate("JSON.parse(document.getElementById('data').textContent).dataset")
    origin = {(row.pop("dataset_version"), row.pop("dataset_digest")) for row in rows}
    assert origin <= {(data["version"], data["digest"])}
    return waiting.value.suggested_filename, rows


def violations(tab):
    """What axe-core finds serious or critical."""
    import axe_playwright_python

    script = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    tab.evaluate(script + ";0")
    found = tab.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert found["passes"]
    return [
        (one["id"], node["html"][:200], node["failureSummary"])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def said(tab):
    """The numbers of the summary: opposed, targets, one side, cannot tell."""
    pattern = r"opposed on (\d+) of (\d+) targets and on one side on (\d+); on (\d+), one"
    return tuple(map(int, re.search(pattern, tab.locator("#summary").inner_text()).groups()))


@pytest.mark.parametrize(("width", "height", "rows"), [(1280, 800, 6), (390, 844, 3)])
def test_the_first_screen_says_where_the_sources_differ(width, height, rows, visit, shipped):
    """Its numbers are those of `disagreements`, in the same order, and several rows are there without scrolling."""
    tab = visit(shipped, viewport={"width": width, "height": height})
    found = kazstance.open().compare().disagreements()
    assert found.summary == tab.locator("#summary").inner_text()
    verdicts = [line.verdict for line in found]
    counted = tuple(verdicts.count(verdict) for verdict in ("opposed", "one side", "cannot tell"))
    assert said(tab) == (counted[0], len(found), *counted[1:])
    lines = tab.locator(".difference")
    order = lines.locator(".about a").evaluate_all("links => links.map(link => link.dataset.key)")
    assert order == [f"row {line.target}" for line in found]
    assert lines.locator(".verdict").evaluate_all("signs => signs.map(sign => sign.lastChild.data)") == [
        line.verdict_in_words for line in found
    ]
    informative = [
        box["y"] + box["height"] <= height for box in (one.bounding_box() for one in lines.all()[: rows + 2])
    ]
    assert sum(informative) >= rows


def test_the_dots_of_a_row_say_what_its_cells_say(visit, shipped):
    """In words for those who do not see them, and at the place of the net stance for those who do."""
    tab = visit(shipped)
    row = tab.locator(".difference", has=tab.locator('[data-key="row russia_from_weakness"]'))
    cells = [p for p in kazstance.load("positions") if p.target_id == "russia_from_weakness"]
    assert row.locator(".dot").count() == len(cells)
    zero, end = (float(row.locator("line").nth(i).get_attribute("x1").rstrip("%")) for i in (1, 2))
    for cell, dot, line in zip(cells, row.locator(".dot").all(), row.locator("li").all(), strict=True):
        shape = dot.locator("rect, circle").last
        at = float((shape.get_attribute("x") or shape.get_attribute("cx")).rstrip("%"))
        assert (at - zero) / (end - zero) == pytest.approx(cell.net, abs=0.001)
        sure = cell.net_low > 0 or cell.net_high < 0
        side = "in favor" if cell.net > 0 else "against"
        is_split = cell.n_favor > 0 and cell.n_against > 0
        words = (side if sure else f"rather {side}, not sure") + (", with dissent" if is_split else "")
        assert line.text_content().startswith(f"{cell.source_id}: {words}: {cell.n_favor} favor")
        assert bool(dot.locator(".ring").count()) == is_split


def test_rows_are_reached_with_the_keyboard(visit, shipped):
    tab = visit(shipped)
    found = kazstance.open().compare().disagreements()
    tab.locator(f'[data-key="row {found[0].target}"]').focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown"):
        tab.keyboard.press(key)
    expect(tab.locator(f'[data-key="row {found[2].target}"]')).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator("#view")).to_contain_text("Side by side")
    expect(tab.locator("#verdict .verdict")).to_contain_text(found[2].verdict_in_words)


def test_two_sources_are_compared_in_two_clicks(visit, shipped):
    """On which targets the two Trotskyist texts differ, and how sure that is."""
    tab = visit(shipped)
    for source in ("old_mole", "pr_collective"):
        tab.locator(f'[data-key="choose {source}"]').click()
    expect(tab.locator(".difference .verdict").first).to_be_visible()
    settle(tab)
    answers = {}
    for line in kazstance.open().compare().disagreements():
        (pair,) = [pair for pair in line.pairs if {pair.one, pair.other} == {"old_mole", "pr_collective"}]
        none = pair.same is None
        answers[f"row {line.target}"] = "cannot compare" if none else "opposed" if pair.opposed else pair.answer
        if pair.answer == "differ":
            ahead = pair.one if pair.more >= 0.5 else pair.other
            words = f"{ahead} more favorable: {max(pair.more, 1 - pair.more):.0%}"
            row = tab.locator(".difference", has=tab.locator(f'[data-key="row {line.target}"]'))
            assert words.replace("%", "\u00a0%") in row.text_content()
    shown = tab.locator(".difference").evaluate_all(
        "rows => rows.map(row => [row.querySelector('.about a').dataset.key, row.querySelector('.verdict').lastChild.data])"
    )
    assert dict(shown) == answers
    order = ["opposed", "differ", "undecided", "agree", "cannot compare"]
    assert [order.index(word) for _, word in shown] == sorted(order.index(word) for _, word in shown)


def test_three_questions_take_at_most_two_clicks_each(visit, shipped):
    """On which claims do the two Trotskyist texts differ, what does the Maoist statement say about it, who says nothing."""
    tab = visit(shipped, viewport={"width": 1280, "height": 800})
    stances = kazstance.load("stances")
    line = kazstance.open().compare().disagreements()[0]
    row = tab.locator(".difference").first
    silent = [name for name in (source.source_id for source in kazstance.load("sources")) if name in line.silent]
    assert row.locator(".unheard").inner_text() == f"silent: {', '.join(silent)}"  # no click

    row.locator("svg a[href*=maoist_statement]").click()  # one click, on its dot
    settle(tab)
    said = [s for s in stances if (s.source_id, s.target_id, s.voice) == ("maoist_statement", line.target, "own")]
    shown = tab.locator("#panel .where").all_text_contents()
    assert {s.sentence_id for s in said} <= set(shown)

    go(tab, "#differences")
    tab.locator('[data-key="choose old_mole"]').click()
    tab.locator('[data-key="choose pr_collective"]').click()  # two clicks
    settle(tab)
    claims = {target.target_id for target in kazstance.load("targets") if target.kind == "claim"}
    expected = {
        other.target
        for other in kazstance.open().compare().disagreements()
        for pair in other.pairs
        if {pair.one, pair.other} == {"old_mole", "pr_collective"}
        and pair.answer == "differ"
        and other.target in claims
    }
    differ = tab.locator(".difference", has=tab.locator(".verdict.differ")).filter(
        has=tab.locator(".tag", has_text="claim")
    )
    keys = differ.locator(".about a").evaluate_all("links => links.map(link => link.dataset.key)")
    assert {key.removeprefix("row ") for key in keys} == expected
    assert all("more favorable: " in text for text in differ.locator(".chance").all_text_contents())
    assert all(box["y"] + box["height"] < 800 for box in (one.bounding_box() for one in differ.all()))


def test_side_by_side_states_the_verdict_and_shows_each_sentence_once(visit, shipped):
    tab = visit(shipped + "#compare?target=russia_from_weakness", viewport={"width": 1280, "height": 800})
    columns = tab.locator(".column")
    expect(columns).to_have_count(5)
    tops = {round(column.bounding_box()["y"]) for column in columns.all()}
    assert len(tops) == 1
    assert tab.locator("#verdict").bounding_box()["y"] < min(tops)
    sides = [text.split(maxsplit=1)[1] for text in columns.locator(".side").all_inner_texts()]
    order = ["in favor", "against", "rather in favor, not sure", "rather against, not sure", "takes no side"]
    groups = [min(order.index(side), 2) if side != "takes no side" else 3 for side in sides]
    assert groups == sorted(groups)
    for column in columns.all():
        text = " ".join(column.locator(".text").all_text_contents())
        for written, times in Counter(unit.text for unit in kazstance.load("sentences")).items():
            if len(written) > 60:
                assert text.count(written) <= times


def test_a_click_on_a_cell_shows_its_sentences_and_leads_to_the_text(visit, shipped):
    tab = visit(shipped + "#matrix")
    expect(tab.get_by_text("All 853 labels are silver")).to_be_visible()
    stances = [s for s in kazstance.load("stances") if (s.source_id, s.target_id) == ("pr_collective", "workers_ready")]
    cell(tab, "pr_collective", "workers_ready").click()
    panel = tab.locator("#panel")
    expect(panel.locator(".stance")).to_have_count(len(stances))
    marked = set(panel.locator("mark.evidence").all_text_contents())
    assert marked == {stance.text[span.start : span.end] for stance in stances for span in stance.evidence}
    panel.get_by_role("link", name="pr_collective/30/1", exact=True).click()
    expect(tab.locator("#at")).to_contain_text("has accumulated important experiences of struggle")
    expect(tab.locator("#at")).to_be_focused()
    expect(tab).to_have_url(re.compile(r"#read\?.*at=pr_collective%2F30%2F1"))
    tab.go_back()
    expect(panel.locator(".stance")).to_have_count(len(stances))
    tab.go_back()
    expect(panel).to_have_count(0)
    tab.go_forward()
    expect(panel.locator(".stance")).to_have_count(len(stances))


def test_the_matrix_is_complete_and_silence_is_told_apart_by_words(visit, shipped):
    tab = visit(shipped + "#matrix")
    positions = kazstance.load("positions")
    expect(tab.locator("td > a")).to_have_count(len(positions))
    words = {"not_addressed": "silent", "not_asked": "not asked", "neutral": "no side"}
    for row in positions:
        shown = cell(tab, row.source_id, row.target_id)
        sides = (row.n_favor > 0) + (row.n_against > 0)
        surely = row.net is not None and (row.net_low > 0 or row.net_high < 0)
        word = ("favor" if row.net > 0 else "against") + ("" if surely else "?") if sides else words[row.position_name]
        assert shown.locator(".word").inner_text() == word
        assert shown.locator(".ring").count() == (sides == 2)
        if row.net is not None:
            figures = figures_of(shown)
            assert figures == pytest.approx([row.net, row.net_low, row.net_high], abs=0.0051)
    assert tab.locator("th .flag").count() == sum(target.contested for target in kazstance.load("targets"))


def figures_of(shown):
    """Net stance and its interval, as a cell says them to a screen reader."""
    said = shown.get_attribute("aria-label").replace("−", "-")
    found = re.search(r"net (\S+), 95 % interval (\S+) to ([^\s;]+)(?:$|; in quotations)", said).groups()
    return [*map(float, found)]


def test_colour_is_as_strong_as_the_interval_allows(visit, shipped):
    """Three strengths: no colour if the interval includes 0, and a deeper one if it is beyond one half."""
    tab = visit(shipped + "#matrix")
    grounds = {}
    for row in kazstance.load("positions"):
        if row.n_favor + row.n_against:
            shown = cell(tab, row.source_id, row.target_id)
            colour = shown.evaluate("link => getComputedStyle(link.parentElement).backgroundColor")
            least = row.net_low if row.net >= 0 else -row.net_high
            side = (row.net > 0) if least > 0 else None
            grounds.setdefault((side, (least > 0) + (least > 0.5)), set()).add(colour)
    assert all(len(colours) == 1 for colours in grounds.values())
    assert len(set.union(*grounds.values())) == len(grounds) == 5


def test_many_sources_have_compact_cells_and_the_page_scrolls(visit, shipped):
    for address, width in (("#matrix", 1280), ("#matrix", 390), ("#matrix?open=pr_collective:workers_ready", 1280)):
        tab = visit(shipped + address, viewport={"width": width, "height": 800})
        is_compact = width == 390 or "open" in address
        assert tab.locator(".matrix.compact").count() == is_compact
        assert tab.evaluate("[...document.querySelectorAll('.matrix')].map(m => getComputedStyle(m).overflow)") == [
            "visible"
        ]
        tab.evaluate("scrollTo(0, 1500)")
        head = tab.locator(".matrix thead th").last.bounding_box()
        assert head["y"] == pytest.approx(0, abs=1)


def test_the_matrix_stays_when_another_cell_is_opened(visit, shipped):
    """Only the mark and the sentences beside it change; an order chosen then keeps the cell that is open."""
    tab = visit(shipped + "#matrix?open=pr_collective:workers_ready")
    tab.evaluate("document.querySelector('#matrix table').stayed = true")
    cell(tab, "old_mole", "uprising").click()
    settle(tab)
    assert tab.evaluate("document.querySelector('#matrix table').stayed")
    assert tab.locator("td.chosen a, [aria-current=true]").evaluate_all("all => all.map(one => one.dataset.key)") == [
        "cell old_mole:uprising"
    ]
    assert tab.locator("#panel").count() == 1
    tab.locator('[data-key="order rows"]').select_option("differ")
    settle(tab)
    expect(tab).to_have_url(re.compile(r"open=old_mole%3Auprising"))


def test_rows_that_are_made_later_are_made_when_they_are_needed(visit, shipped, tmp_path):
    """On paper, for the keyboard, and where the open cell is in one of them."""
    text = Path(url2pathname(urlsplit(shipped).path)).read_text(encoding="utf-8")
    slow = text.replace("const AT_ONCE = 300;", "const AT_ONCE = 20;").replace(
        "const PAUSE = 16;", "const PAUSE = 1e8;"
    )
    (tmp_path / "page.html").write_text(slow, encoding="utf-8")
    address, targets = (tmp_path / "page.html").as_uri(), len(kazstance.load("targets"))
    tab = visit(address, bypass_csp=True)
    expect(tab.locator(".difference")).to_have_count(4)
    expect(tab.locator("#rows")).to_have_attribute("aria-busy", "true")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(tab.locator(".difference")).to_have_count(targets)
    assert tab.locator("main [aria-busy]").count() == 0
    go(tab, "#matrix")
    expect(tab.locator("tbody th[scope=row]")).to_have_count(8)
    tab.locator("td > a").first.focus()
    tab.keyboard.press("Control+End")
    last = tab.locator("td > a").last
    expect(last).to_be_focused()
    expect(tab.locator("tbody th[scope=row]")).to_have_count(targets)
    tab = visit(f"{address}#matrix?open={last.get_attribute('data-key').removeprefix('cell ')}", bypass_csp=True)
    expect(tab.locator("td.chosen")).to_be_in_viewport()


def test_sources_and_targets_can_be_put_in_order(visit, shipped):
    tab = visit(shipped + "#matrix")
    heads = "links => links.map(link => link.dataset.key)"
    tab.locator('[data-key="order cols"]').select_option("tradition")
    settle(tab)
    tradition = {f"head {source.source_id}": source.tradition for source in kazstance.load("sources")}
    order = [tradition[head] for head in tab.locator("thead th a").evaluate_all(heads)]
    assert order == sorted(order)
    assert tab.locator("thead th.begins").count() == len(set(order))
    tab.locator('[data-key="order rows"]').select_option("differ")
    settle(tab)
    rows = tab.locator("tbody th a").evaluate_all(heads)
    assert rows == [f"head {line.target}" for line in kazstance.open().compare().disagreements()]


def test_filters_and_search_leave_what_they_say(visit, shipped):
    tab = visit(shipped + "#sentences")
    units = kazstance.load("sentences")
    expect(tab.get_by_role("status")).to_contain_text(f"{len(units)} sentences")
    tab.get_by_role("button", name="Filters").click()
    tab.get_by_label("Label", exact=True).select_option("against")
    tab.get_by_label("Certainty", exact=True).select_option("unsure")
    tab.get_by_label("Voice", exact=True).select_option("quoted")
    stances = [
        s for s in kazstance.load("stances") if (s.label.name, s.certainty, s.voice) == ("against", "unsure", "quoted")
    ]
    n = len({stance.sentence_id for stance in stances})
    expect(tab.get_by_role("status")).to_have_text(f"{n} sentences with {len(stances)} stances")
    tab.get_by_role("link", name="Clear").click()
    tab.get_by_label("Search the texts").fill("imperialis")
    n = sum("imperialis" in unit.text.lower() for unit in units)
    expect(tab.get_by_role("status")).to_have_text(re.compile(f"^{n} sentences? with"))
    assert {text.lower() for text in tab.locator("mark.hit").all_text_contents()} == {"imperialis"}


def test_what_is_out_of_sight_is_copied_and_printed(visit, shipped):
    """Rows that are not laid out before they are scrolled to are there for everything else."""
    tab = visit(shipped + "#sentences?q=workers")
    texts = [unit.text for unit in kazstance.load("sentences") if "workers" in unit.text.lower()][:50]
    whole = copied(tab)
    assert all(text in whole for text in texts)
    tab.emulate_media(media="print")
    hidden = "all => all.filter(one => getComputedStyle(one).contentVisibility !== 'visible').length"
    assert tab.locator(".card").evaluate_all(hidden) == 0


def test_filters_recompute_the_matrix(visit, shipped):
    """Intervals are pooled for voice and certainty; other filters leave counts, which say that they are not."""
    tab = visit(shipped + "#matrix")
    tab.get_by_role("button", name="Filters").click()
    fields = tab.locator("#filters")
    fields.get_by_label("Targets", exact=True).select_option("contested")
    contested = sum(target.contested for target in kazstance.load("targets"))
    expect(tab.locator("th[scope=row]")).to_have_count(contested)
    fields.get_by_label("Targets", exact=True).select_option("claim")
    fields.get_by_label("Certainty", exact=True).select_option("sure")
    expect(tab.locator("#filter-note")).to_contain_text("pooled over sources")
    stances = [
        s for s in kazstance.load("stances") if s.target_id == "workers_ready" and s.source_id == "pr_collective"
    ]
    shown = cell(tab, "pr_collective", "workers_ready")
    own = [s for s in stances if (s.voice, s.certainty) == ("own", "sure")]
    expect(shown.locator(".counts")).to_have_text(sides(own))
    assert figures_of(shown)[1] < figures_of(shown)[0] < figures_of(shown)[2]
    fields.get_by_label("Annotators", exact=True).select_option("true")
    expect(tab.locator("#filter-note")).to_contain_text("not pooled")
    own = [s for s in own if s.split_vote]
    expect(shown.locator(".counts" if own else ".word")).to_have_text(sides(own) if own else "nothing left")
    expect(tab.locator(".matrix .interval")).to_have_count(0)


def sides(stances):
    return "/".join(str(sum(s.label.name == label for s in stances)) for label in ("favor", "neutral", "against"))


def test_two_sources_side_by_side(visit, shipped):
    tab = visit(shipped)
    tab.get_by_role("link", name="This uprising leads, or could soon lead, to workers' power.").click()
    addressed = {s.source_id for s in kazstance.load("stances") if s.target_id == "road_to_workers_power"}
    expect(tab.locator(".column")).to_have_count(len(addressed))
    tab.get_by_role("button", name="Filters").click()
    tab.locator("#sources-summary").click()
    tab.get_by_role("checkbox", name="old_mole").check()
    tab.get_by_role("checkbox", name="pr_collective").check()
    expect(tab.locator(".column")).to_have_count(2)
    for source in ("old_mole", "pr_collective"):
        n = sum((s.source_id, s.target_id) == (source, "road_to_workers_power") for s in kazstance.load("stances"))
        expect(
            tab.locator(".column", has=tab.get_by_role("link", name=source, exact=True)).locator(".stance")
        ).to_have_count(n)


def test_a_text_is_read_in_order_with_all_its_stances(visit, shipped):
    tab = visit(shipped + "#read?text=maoist_statement")
    units = [unit for unit in kazstance.load("sentences") if unit.source_id == "maoist_statement"]
    assert tab.locator(".line .text").all_text_contents() == [unit.text for unit in units]
    expect(tab.locator(".reading .chip")).to_have_count(
        sum(s.source_id == "maoist_statement" for s in kazstance.load("stances"))
    )
    expect(tab.locator(".line.muted")).to_have_count(sum(not unit.annotated for unit in units))
    expect(tab.locator(".line.quoted")).to_have_count(sum(unit.voice == "quoted" for unit in units))
    tab.locator(".reading .chip").first.hover()
    expect(tab.locator(".line mark.evidence").first).to_be_visible()


def test_a_strip_leads_to_the_sentence(visit, shipped):
    tab = visit(shipped + "#compare?target=uprising")
    units = [unit for unit in kazstance.load("sentences") if unit.source_id == "old_mole"]
    favor = {s.sentence_id for s in kazstance.load("stances") if (s.source_id, s.target_id) == ("old_mole", "uprising")}
    at = max(i for i, unit in enumerate(units) if unit.sentence_id in favor)
    strip = tab.locator(".strip svg").first
    box = strip.bounding_box()
    strip.click(position={"x": box["width"] * (at + 0.5) / len(units), "y": box["height"] / 2})
    expect(tab.locator("#at")).to_contain_text(units[at].text[:30])
    shown = tab.locator(".strip svg rect:not(.ground)").evaluate_all(
        "rects => rects.map(r => [r.getAttribute('class'), +r.getAttribute('x'), +r.getAttribute('width')])"
    )
    marked = {int(x) + i for kind, x, width in shown if kind == "favor" for i in range(int(width))}
    assert marked == {i for i, unit in enumerate(units) if unit.sentence_id in favor}


def test_words_lead_to_the_sentences_that_have_them(visit, shipped):
    tab = visit(shipped + "#words?target=russian_state")
    word = tab.locator(".word-line a").first
    said, times = word.inner_text(), int(tab.locator(".word-line .counts").first.inner_text().split(" : ")[0])
    word.click()
    expect(tab.locator("#view")).to_have_text("Sentences")
    settle(tab)
    hits = [text.lower() for text in tab.locator("mark.hit").all_text_contents()]
    assert set(hits) == {said}
    assert len(hits) >= times


def test_the_salience_of_each_target_is_drawn_and_listed(visit, shipped):
    tab = visit(shipped + "#salience")
    addressed = [row for row in kazstance.load("positions") if row.net is not None]
    expect(tab.locator(".columns .dot")).to_have_count(len(addressed))
    expect(tab.locator(".listed li")).to_have_count(len(addressed))
    first = max((row for row in addressed if row.source_id == "old_mole"), key=lambda row: row.salience)
    expect(tab.locator(".column").first.locator(".note")).to_contain_text(
        f"({first.salience:.1%}".replace("%", "\u00a0%")
    )


def test_annotators_lead_to_the_pairs_that_they_split_on(visit, shipped):
    tab = visit(shipped + "#agreement")
    tab.locator('[data-key="agree f1 f2"]').first.click()
    rows = {(r.annotator_id, r.sentence_id, r.target_id): r.label_name for r in kazstance.load("judgements")}
    keys = {key[1:] for key in rows if key[0] == "f1"}
    split = [key for key in keys if rows.get(("f2", *key)) not in (None, rows["f1", *key])]
    expect(tab.locator("#splits")).to_have_text(f"{len(split)} pairs on which f1 and f2 are split")
    tab.locator(".split-pairs a").first.click()
    expect(tab.locator("#view")).to_contain_text("History of a label")


def test_the_history_of_a_label(visit, shipped):
    row = next(row for row in kazstance.load("grid") if row.basis == "adjudication")
    tab = visit(shipped + f"#label?sentence={row.sentence_id}&on={row.target_id}")
    judged = [
        r for r in kazstance.load("judgements") if (r.sentence_id, r.target_id) == (row.sentence_id, row.target_id)
    ]
    order = [annotator.annotator_id for annotator in kazstance.load("annotators")]
    names = sorted((r.annotator_id for r in judged), key=order.index)
    assert [line.split()[0] for line in tab.locator("tbody tr").all_inner_texts()] == names
    assert {"f1", "f2", "f3", "a2"} <= set(names)
    expect(tab.get_by_text(f"Adjudicated by a2, rule {row.rule}: ")).to_be_visible()


def test_every_view_opens_from_its_link_and_after_reload(visit, shipped):
    tab = visit(shipped)
    for address in VIEWS.values():
        go(tab, address)
        before = tab.locator("main").text_content()
        assert tab.locator("#alert").is_hidden()
        tab.reload()
        settle(tab)
        assert tab.locator("main").text_content() == before


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_axe_finds_nothing_serious(scheme, width, visit, shipped):
    tab = visit(shipped, color_scheme=scheme, viewport={"width": width, "height": 844})
    found = {}
    for view, address in VIEWS.items():
        go(tab, address)
        found[view] = violations(tab)
    assert {view: problems for view, problems in found.items() if problems} == {}


CUT = """() => [...document.querySelectorAll("body *")].filter(node => {
  const style = getComputedStyle(node);
  const clips = [style.overflowX, style.overflowY].some(how => how === "hidden" || how === "clip");
  const cut = node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1;
  return clips && cut && node.textContent.trim() && style.clipPath === "none" && !(node instanceof SVGElement);
}).map(node => `${node.className}: ${node.textContent.slice(0, 60)}`)"""
"""Elements that hide a part of their text, without being there for screen readers only."""


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_no_text_is_cut(width, visit, shipped):
    tab = visit(shipped, viewport={"width": width, "height": 800})
    found = {}
    for view, address in VIEWS.items():
        go(tab, address)
        found[view] = tab.evaluate(CUT)
    assert {view: cut for view, cut in found.items() if cut} == {}


@pytest.mark.parametrize("width", [390, 1280])
def test_no_view_is_wider_than_the_screen(width, visit, shipped):
    tab = visit(shipped, viewport={"width": width, "height": 800})
    for view, address in VIEWS.items():
        go(tab, address)
        assert overflow(tab) <= 0, view


def overflow(tab):
    return tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_the_keyboard_is_enough(visit, shipped):
    tab = visit(shipped + "#matrix")
    tab.keyboard.press("Tab")
    expect(tab.locator("#skip")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator("#main")).to_be_focused()
    for _ in ("order of targets", "order of sources", "legend", "SVG", "PNG", "matrix"):
        tab.keyboard.press("Tab")
    expect(tab.locator('[data-key="head old_mole"]')).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        tab.keyboard.press(key)
    expect(cell(tab, "pr_collective", "kazakh_government")).to_be_focused()
    tab.keyboard.press("End")
    expect(cell(tab, "russian_maoists", "kazakh_government")).to_be_focused()
    tab.keyboard.press("Control+Home")
    expect(tab.locator('[data-key="head uprising"]')).to_be_focused()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Enter")
    expect(tab.locator("#panel-title")).to_be_focused()
    tab.keyboard.press("Escape")
    expect(cell(tab, "old_mole", "uprising")).to_be_focused()
    tab.keyboard.press("Shift+Tab")
    assert tab.evaluate("document.activeElement.closest('table')") is None


def test_links_that_name_nothing_are_said(visit, shipped):
    tab = visit(shipped + "#constructor?toString=1&target=nobody&page=x")
    expect(tab.get_by_role("alert")).to_contain_text("view constructor, toString 1, target nobody")
    expect(tab.locator(".difference").first).to_be_visible()
    go(tab, "#read?text=old_mole&at=nowhere")
    expect(tab.get_by_role("alert")).to_have_text("nowhere is not among the sentences")
    go(tab, "#about")
    expect(tab.get_by_role("alert")).to_be_hidden()


def test_csv_of_the_matrix_is_the_table(visit, shipped):
    name, rows = read_csv(visit(shipped + "#matrix?source=old_mole"))
    table = [row for row in kazstance.table("positions").to_pylist() if row["source_id"] == "old_mole"]
    manifest = kazstance.manifest()
    assert name == f"kazstance-{manifest.version}-{manifest.digest[:8]}-positions.csv"
    assert [{key: "" if value is None else value for key, value in row.items()} for row in table] == [
        {
            key: type(table[0][key])(value) if value and table[0][key] is not None else value
            for key, value in row.items()
        }
        for row in rows
    ]


def test_csv_of_an_open_cell_is_its_sentences(visit, shipped):
    name, rows = read_csv(visit(shipped + "#matrix?open=pr_collective:workers_ready"))
    assert name.endswith("-sentences-pr_collective-workers_ready.csv")
    stances = [s for s in kazstance.load("stances") if (s.source_id, s.target_id) == ("pr_collective", "workers_ready")]
    assert {row["sentence_id"] for row in rows} == {s.sentence_id for s in stances}


@pytest.mark.parametrize("address", ["#differences", "#differences?source=old_mole&source=pr_collective", "#matrix"])
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_what_is_shown_can_be_saved_as_a_picture(kind, address, visit, shipped):
    """Black on white from the dark theme, with version and digest, as large as what is drawn, and of all rows."""
    tab = visit(shipped + address, color_scheme="dark")
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name=kind.upper(), exact=True).click()
    manifest = kazstance.manifest()
    what = "matrix" if "matrix" in address else "differences"
    named = f"kazstance-{manifest.version}-{manifest.digest[:8]}-{what}.{kind}"
    assert waiting.value.suggested_filename == named
    content = Path(waiting.value.path()).read_bytes()
    if kind == "png":
        assert content.startswith(b"\x89PNG")
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        assert (width, height) > (1000, 1000)
        return
    drawing = ElementTree.fromstring(content)
    space = {"svg": "http://www.w3.org/2000/svg"}
    written = " ".join("".join(node.itertext()) for node in drawing.iterfind(".//svg:text", space))
    assert f"kazstance {manifest.version}, digest {manifest.digest[:12]}" in written
    for target in kazstance.load("targets"):
        assert target.name[:20] in written
    assert drawing.find("svg:rect", space).get("fill") == "#ffffff"
    sources = (
        {"old_mole", "pr_collective"} if "source=" in address else {s.source_id for s in kazstance.load("sources")}
    )
    addressed = [p for p in kazstance.load("positions") if p.source_id in sources and p.net is not None]
    assert len(drawing.findall(".//svg:g", space)) == len(addressed)
    width, height = (float(drawing.get(side)) for side in ("width", "height"))
    assert all(
        0 <= float(node.get("x")) < width and 0 < float(node.get("y")) < height
        for node in drawing.iterfind(".//svg:text", space)
    )


def test_csv_of_the_sentences_is_all_of_them(visit, shipped):
    _, rows = read_csv(visit(shipped + "#sentences?target=uprising&label=favor"))
    stances = [s for s in kazstance.load("stances") if (s.target_id, s.label.name) == ("uprising", "favor")]
    assert {(row["sentence_id"], row["text"]) for row in rows} == {(s.sentence_id, s.text) for s in stances}
    assert len(rows) == len(stances)


def test_dark_and_light_follow_the_system_and_the_button(visit, shipped):
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light, dark = visit(shipped, color_scheme="light"), visit(shipped, color_scheme="dark")
    colours = light.evaluate(ground), dark.evaluate(ground)
    assert len(set(colours)) == 2
    dark.get_by_role("button", name="Dark").click()
    assert dark.evaluate(ground) == colours[0]
    dark.reload()
    settle(dark)
    assert dark.evaluate(ground) == colours[0]


def test_it_is_there_within_a_second(visit, shipped):
    """A bar of the page, not a benchmark: of several openings the fastest counts, for other programs run beside it."""
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    shown = "performance.getEntriesByName('shown')[0].startTime"
    times = []
    for _ in range(3):
        tab = visit(shipped)
        tab.wait_for_timeout(200)
        times.append((tab.evaluate(paint), tab.evaluate(shown)))
    assert min(max(pair) for pair in times) < 1000


@pytest.mark.parametrize("pressed", [True, False])
def test_paper_is_black_on_white_whatever_the_theme(pressed, visit, shipped):
    """From a dark system, and from a light one with the button pressed."""
    tab = visit(shipped, color_scheme="light" if pressed else "dark")
    if pressed:
        tab.get_by_role("button", name="Dark").click()
    colours = """() => [document.documentElement, ...document.querySelectorAll("h1, h2, .difference a, .lead, .column")]
      .map(node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor])"""
    for address in ("#differences", "#compare?target=russia_from_weakness"):
        go(tab, address)
        tab.emulate_media(media="screen", color_scheme="light" if pressed else "dark")
        screen = tab.evaluate(colours)
        tab.emulate_media(media="print", color_scheme="light" if pressed else "dark")
        paper = tab.evaluate(colours)
        dark = [sum(map(int, re.findall(r"\d+", ink)[:3])) / 3 for ink, _ in paper]
        assert max(dark) < 128
        assert paper[0][1] == "rgb(255, 255, 255)"
        assert screen != paper


def test_paper_has_the_whole_matrix_and_no_controls(visit, shipped):
    tab = visit(shipped + "#matrix")
    tab.emulate_media(media="print")
    assert tab.locator("#filters").is_hidden()
    assert tab.locator("#matrix").evaluate("m => m.scrollHeight - m.clientHeight") <= 1


HOSTILE_VIEWS = [
    "#differences",
    "#matrix",
    "#matrix?open=left:tostring",
    "#matrix?open=constructor:watch&q=script",
    "#compare?target=watch",
    "#compare?target=proto",
    "#read?text=left",
    "#read?text=constructor&q=script",
    "#read?text=hasown&target=tostring",
    "#sentences",
    "#sentences?q=%3Cscript%3E",
    "#label?sentence=left/1/1&on=tostring",
    "#label?sentence=constructor/4/1&on=proto",
    "#words?target=watch",
    "#salience",
    "#agreement",
    "#about",
]


@pytest.mark.parametrize("width", [390, 1280])
def test_a_hostile_corpus_runs_nothing_and_breaks_nothing(width, visit, hostile_data, tmp_path):
    file = tmp_path / "hostile.html"
    file.write_bytes(make_page(DatasetFolder(hostile_data)))
    tab = visit(file.as_uri(), viewport={"width": width, "height": 800})
    for address in HOSTILE_VIEWS:
        go(tab, address)
        assert tab.locator("#alert").is_hidden()
        for link in tab.locator("main a:visible:not(svg a)").all()[:8]:
            link.hover(timeout=5000)
        assert tab.evaluate("window.executed") is None
        assert overflow(tab) <= 0, address
        assert (
            tab.locator("main script, main img, main style, main svg[onload], main [onclick], main [onfocus]").count()
            == 0
        )
    assert set(tab.locator("a").evaluate_all("links => links.map(link => new URL(link.href).protocol)")) == {"file:"}


def test_a_hostile_corpus_is_shown_as_it_is(visit, hostile_data, tmp_path):
    file = tmp_path / "hostile.html"
    file.write_bytes(make_page(DatasetFolder(hostile_data)))
    tab = visit(file.as_uri() + "#read?text=left")
    texts = [unit.text for unit in kazstance.load("sentences", data=hostile_data) if unit.source_id == "left"]
    shown = "lines => lines.map(line => line.textContent.replace(/U\\+(20[0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16))))"
    assert tab.locator(".line .text").evaluate_all(shown) == texts
    astral = next(s for s in kazstance.load("sentences", data=hostile_data) if "𝔘" in s.text)
    go(tab, f"#label?sentence={astral.sentence_id}&on=tostring")
    assert tab.locator(".outcome ~ .scroll mark.evidence").first.inner_text() == astral.text


def test_names_that_reorder_do_not_reorder_the_page(visit, hostile_data, tmp_path):
    """The signs of the page's own words stand from left to right, whatever name stands before them."""
    file = tmp_path / "hostile.html"
    file.write_bytes(make_page(DatasetFolder(hostile_data)))
    tab = visit(file.as_uri())
    order = """() => {
      const node = document.getElementById("made").childNodes[1];
      const range = document.createRange();
      return [...node.data].map((_, i) => { range.setStart(node, i); range.setEnd(node, i + 1);
        const box = range.getBoundingClientRect(); return [Math.round(box.top), box.left]; });
    }"""
    places = tab.evaluate(order)
    assert places == sorted(places)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", tab.locator("body").inner_text())
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", tab.title())


def test_csv_of_a_hostile_corpus_holds_no_formula(visit, hostile_data, tmp_path):
    file = tmp_path / "hostile.html"
    file.write_bytes(make_page(DatasetFolder(hostile_data)))
    tab = visit(file.as_uri() + "#sentences")
    _, rows = read_csv(tab)
    assert {row["text"] for row in rows} == {unit.text for unit in kazstance.load("sentences", data=hostile_data)}
    go(tab, "#label?sentence=left/1/1&on=tostring")
    _, rows = read_csv(tab)
    judged = [
        j
        for j in kazstance.load("judgements", data=hostile_data)
        if (j.sentence_id, j.target_id) == ("left/1/1", "tostring")
    ]
    assert [row["note"] for row in rows] == [judgement.note for judgement in judged]


CJK = "\u7f62\u5de5" * 30
SPLIT = {"a": "favor", "b": "against"}


@pytest.fixture(scope="module")
def edges(tmp_path_factory):
    """As many sentences on both sides; quotations alone; split votes alone; names that are long or no XML."""
    texts = {
        name: "\n".join(f"Words of {name} number {n} are here. And more of {name} {n} follow." for n in "abcd")
        for name in ("alpha", "beta", "quoter", "torn")
    }
    names = {"long": "W" * 120, "cjk": CJK, "control": "a \x1b[31m name \x08 with \ufffe signs"}
    said = {
        "alpha": lambda n, who: {
            "long": ["favor", "against"][n] if n < 2 else None,
            "cjk": "favor",
            "control": "favor",
        },
        "beta": lambda n, who: {"long": None, "cjk": "against"},
        "quoter": lambda n, who: {"long": "favor"} if n < 2 else {"cjk": None},
        "torn": lambda n, who: {"long": None, "cjk": SPLIT[who]},
    }
    ids = ids_of(texts)
    answers = {who: {one: said[one.split("/")[0]](at % 8, who) for at, one in enumerate(ids)} for who in SPLIT}
    targets = [{"id": key, "name": name, "kind": "issue", "group": "g"} for key, name in names.items()]
    voice = '[[source.voice]]\nspeaker = "someone"\nendorsed = "no"\n'
    folder = tmp_path_factory.mktemp("edges")
    corpus = Made(texts, answers, targets, {"quoter": voice}).write(folder / "corpus")
    (corpus / "curation").mkdir()
    quoted = [f"quoter,quoter/1/{n},,voice,someone,a quotation" for n in (1, 2)]
    lines = "\n".join(["source_id,sentence_id,raw,action,value,reason", *quoted, ""])
    (corpus / "curation" / "units.csv").write_text(lines)
    (folder / "data").mkdir()
    build(corpus, folder / "data", quiet)
    (folder / "page.html").write_bytes(make_page(DatasetFolder(folder / "data")))
    return (folder / "page.html").as_uri()


def test_a_cell_says_what_its_sentences_say(visit, edges):
    """A net stance of 0 is on neither side; split votes are not silence; quotations are sentences, too."""
    tab = visit(edges + "#matrix")
    assert cell(tab, "alpha", "long").get_attribute("aria-label").startswith("evenly on both sides")
    assert cell(tab, "alpha", "long").locator(".word").inner_text() == "both"
    assert cell(tab, "torn", "cjk").locator(".word").inner_text() == "undecided"
    assert cell(tab, "quoter", "long").locator(".word").inner_text() == "not asked"
    go(tab, "#matrix?voice=quoted")
    assert cell(tab, "quoter", "long").get_attribute("aria-label").startswith("rather in favor, not sure: 2 favor")
    assert cell(tab, "beta", "long").locator(".word").inner_text() == "nothing left"


def test_the_open_cell_and_the_columns_are_under_the_filters_too(visit, edges):
    """What is said beside sentences is what their cell says."""
    tab = visit(edges + "#matrix?voice=quoted&open=quoter:long")
    assert "2 favor, 0 neutral, 0 against" in tab.locator("#panel .summary").inner_text()
    go(tab, "#matrix?label=against&open=alpha:cjk")
    assert "No sentence is left by these filters" in tab.locator("#panel .summary").inner_text()
    go(tab, "#compare?target=long&label=favor")
    assert "1 favor, 0 neutral, 0 against" in tab.locator(".column .summary").inner_text()
    go(tab, "#label?sentence=alpha/1/1&on=long")  # whose target has no definition
    expect(tab.locator("#alert")).to_be_hidden()
    for view in ("compare", "differences", "words", "salience"):
        go(tab, f"#{view}?target=long&voice=quoted")
        expect(tab.locator("#unfiltered-note")).to_contain_text("filters of sentences do not change them")


@pytest.mark.parametrize("address", ["#differences", "#matrix"])
def test_a_picture_of_any_names_is_one(address, visit, edges):
    """XML has no control characters; no name reaches into the next column; silence is not a target not asked."""
    tab = visit(edges + address)
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="SVG", exact=True).click()
    drawing = Path(waiting.value.path()).read_text(encoding="utf-8")
    written = [node.text or "" for node in ElementTree.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    for name in ("W" * 120, CJK):
        assert name in "".join(written)
    widths = tab.evaluate(
        """(drawing) => {
            document.body.innerHTML = drawing.replace(/<\\?xml[^>]*>/, "");
            const left = [...document.querySelectorAll("svg > text")].filter((one) => one.getAttribute("x") === "12");
            return left.filter((one) => /^[W\u7f62\u5de5]+$/.test(one.textContent)).map((one) => one.getBBox().width);
        }""",
        drawing,
    )
    assert len(widths) > 4
    assert max(widths) <= 318
    if address == "#matrix":
        assert written.count("·") == 4
        assert written.count("?") == 1
    tab = visit(edges + address)
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="PNG", exact=True).click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")


def test_a_picture_under_filters_says_so(visit, edges):
    tab = visit(edges + "#matrix?voice=quoted&q=words")
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="SVG", exact=True).click()
    drawing = ElementTree.fromstring(Path(waiting.value.path()).read_bytes())
    written = " ".join("".join(node.itertext()) for node in drawing)
    assert "They are not pooled" in written
    assert "voice: quoted · search: words" in written
    assert "own voice" not in written


@pytest.fixture(scope="module")
def served():
    with Explorer(DatasetFolder(dataset.SHIPPED), 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


def test_the_served_page_shows_what_the_file_shows(visit, shipped, served):
    file, server = visit(shipped), visit(served, offline=False)
    for address in VIEWS.values():
        for tab in (file, server):
            go(tab, address)
        for part in ("main", "#status"):
            assert server.locator(part).text_content() == file.locator(part).text_content()


def test_a_page_waits_for_tests_that_run_beside_the_server(visit, monkeypatch):
    may_run = threading.Event()
    monkeypatch.setattr("kazstance.explorer.server.AT_ONCE", 0)
    monkeypatch.setattr(
        "kazstance.explorer.server.with_tests", lambda *given: with_tests(*given) if may_run.wait(60) else None
    )
    with Explorer(DatasetFolder(dataset.SHIPPED), 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        tab = visit(server.url, offline=False)
        chance = tab.locator(".difference .chance").first
        expect(chance).to_contain_text("the permutation test is still running")
        may_run.set()
        expect(chance).to_contain_text("p = ", timeout=60_000)
        expect(tab.get_by_text("still running")).to_have_count(0)
        server.shutdown()
        thread.join()


def test_the_served_csv_is_that_of_the_file(visit, shipped, served):
    view = "#sentences?voice=quoted"
    assert read_csv(visit(served + view, offline=False)) == read_csv(visit(shipped + view))


def test_a_page_says_that_its_positions_are_not_corrected(visit, tmp_path):
    """Where people judged a sample of a model's labels."""
    truth = write_corpus(tmp_path / "corpus", paragraphs=4)
    judge(tmp_path / "corpus", tmp_path / "sheets", truth, 60, "ada")
    (tmp_path / "data").mkdir()
    build(tmp_path / "corpus", tmp_path / "data", quiet)
    (tmp_path / "page.html").write_bytes(make_page(DatasetFolder(tmp_path / "data")))
    tab = visit((tmp_path / "page.html").as_uri())
    expect(tab.get_by_text("positions on this page are not corrected by it")).to_be_visible()
    assert tab.get_by_text("kazstance compare positions --corrected").count()
