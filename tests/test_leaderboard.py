"""The leaderboard: shortcuts first, lift and paired tests, one page and one table for a paper, whatever names are used."""

import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import kazstance as ks
from kazstance.bench.comparisons import compare_results
from kazstance.bench.leaderboard import leaderboard
from kazstance.bench.report import sections, side_by_side
from kazstance.output.characters import safe
from kazstance.output.latex import ESCAPES, latex
from tests import commands
from tests.benches import bench, quiet
from tests.test_page import Page

HOSTILE = [
    "<script>alert(1)</script>",
    "\\input{/etc/passwd} \\write18{id}",
    "50% & $x_1^2$ #1 ~ {a",
    '"><img src=x onerror=alert(1)>',
    "a -- b --- c | ``d'' ,,e ?` \\end{table}",
    "tab\tand\nline % comment",
]
COMMANDS = {
    *(
        "begin",
        "end",
        "centering",
        "small",
        "caption",
        "toprule",
        "midrule",
        "bottomrule",
        "par",
        "smallskip",
        "parbox",
    ),
    *("linewidth", "footnotesize", "raggedright", "texttt", "textit", "allowbreak", "char", "textbackslash"),
    *("textasciitilde", "textasciicircum", "textless", "textgreater", "textbar"),
}


def made(names, targets=("toll", "strike"), size=60):
    """Systems with these names on rows of one's own, each right a little more often than the one before it."""
    rows = [
        {"text": f"words {n}", "target": targets[n % len(targets)], "label": ("favor", "against", "neutral")[n * n % 3]}
        for n in range(size)
    ]
    here = ks.benchmark(rows[: size // 3], rows[size // 3 :])
    wrong = {"favor": "against", "against": "neutral", "neutral": "favor"}
    gold = [row.label for row in here.rows]
    results = []
    for number, name in enumerate(names):
        labels = [wrong[label] if n % 7 > number else label for n, label in enumerate(gold)]
        results.append(here.run(labels, name=name, shortcuts=number == 0, panel="brief", say=quiet))
    return here, results


@pytest.fixture(scope="module")
def some():
    return made(["Alpha", "Beta", "Gamma"])


def cells(page):
    """The lines of the first table of a page in Markdown, as lists of cells without their styles."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    width = lines[0].count(" | ")
    table = [line for line in lines if line.count(" | ") == width]
    return [[cell.strip(" *") for cell in line.strip("| ").split(" | ")] for line in table if "---" not in line]


def test_shortcuts_come_first_and_systems_from_the_best_down(some, tmp_path):
    here, results = some
    board = leaderboard(side_by_side(results), [])
    kinds = [line.is_shortcut for line in board.lines]
    assert kinds == sorted(kinds, reverse=True)
    assert sum(kinds) >= 3
    assert [line.name for line in board.lines if not line.is_shortcut] == ["Gamma", "Beta", "Alpha"]
    for suffix, head in (("md", "| system"), ("html", ">system<"), ("tex", "")):
        text = here.report(results, tmp_path / f"page.{suffix}").read_text()
        text = text[text.index(head) :]
        places = [text.index(name) for name in ("majority", "Gamma", "Beta", "Alpha")]
        assert places == sorted(places), suffix


def test_a_report_begins_with_version_date_and_the_headline_in_words(some, tmp_path):
    here, results = some
    best = max(side_by_side(results), key=lambda one: (not one.is_shortcut, one.scores["wts"].value))
    above = best.lift.text(signed=True, with_reason=False)
    for suffix in ("md", "html"):
        text = here.report(results, tmp_path / f"page.{suffix}").read_text()
        first = text[: text.index({"md": "| system", "html": "<table"}[suffix])]
        assert f"Made by kazstance {ks.__version__} on 20" in first
        said = f"Gamma is the highest of 3 systems, with a within-target skill (wts) of {best.scores['wts'].text()}"
        assert f"{said}, {above} over the best shortcut" in first.replace("\\", "")
    assert best.system == "Gamma"


def test_lift_p_values_and_tests_are_those_of_bench_compare(some, tmp_path):
    here, results = some
    beside = side_by_side(results)
    best = next(one for one in beside if one.system == beside[0].best_shortcut)
    systems = [one for one in beside if not one.is_shortcut]
    known = {(line.one, line.other): line for line in compare_results([*systems, best])}
    lines = cells(here.report(results, tmp_path / "page.md").read_text())
    head, table = lines[0], {line[0]: line for line in lines[1:]}
    for system in systems:
        line = known[system.system, best.system]
        assert table[system.system][head.index("lift")] == line.difference.text(with_reason=False)
        assert table[system.system][head.index("p")] == f"{line.corrected:.3f}"
    page = (tmp_path / "page.md").read_text().partition("### Paired tests")[2].partition("###")[0]
    tests = {(one, other): (figure, p) for one, other, figure, p in cells(page)[1:]}
    assert tests.keys() == known.keys()
    for pair, (figure, p) in tests.items():
        assert (figure, p) == (known[pair].difference.text(with_reason=False), f"{known[pair].corrected:.3f}")


def test_the_signature_is_underneath_and_names_no_system(some, tmp_path):
    here, results = some
    facts = dict(part.split(":", 1) for part in results[0].signature.split(" ", 4)[-1].split("|"))
    for suffix in ("md", "html", "tex"):
        text = here.report(results, tmp_path / f"page.{suffix}").read_text()
        text = text.replace("\\textbar{}\\allowbreak{}", "|").replace("\\|", "|").replace("\\_", "_")
        (found,) = set(re.findall(r"task:stance\|(?![^<}\n]*\|system:)[^<}\n]*seed:\d+", text))
        shown = dict(part.split(":", 1) for part in found.split("|"))
        assert shown == {name: facts[name] for name in shown}
        assert {"train", "test", "version", "gold", "n", "D", "clusters", "resamples", "seed"} <= shown.keys()


def tabular(text):
    """The lines of each table of a LaTeX file, as lists of cells."""
    for body in re.findall(r"\\begin\{tabular\}\{l(r+)\}\n(.*?)\\end\{tabular\}", text, re.DOTALL):
        lines = [line for line in body[1].splitlines() if not re.fullmatch(r"\\(top|mid|bottom)rule", line)]
        assert all(line.endswith(r" \\") for line in lines)
        yield len(body[0]) + 1, [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in lines]


def plain(text):
    """LaTeX read back as the text that is set."""
    for sign, written in ESCAPES.items():
        if written.endswith("{}"):
            text = text.replace(written, f"\\char{ord(sign)}{{}}")
    text = re.sub(r"(?<=[-,'])\{\}", "", text)
    return re.sub(r"\\char(\d+)\{\}|\\([{}$&#_%])", lambda found: chr(int(found[1])) if found[1] else found[2], text)


def assert_harmless(text):
    """Balanced, without comments, mathematics or commands other than those of the table."""
    source = text.partition("\n")[2]  # after the line of the preamble, which is a comment
    assert set(re.findall(r"\\([A-Za-z]+)", source)) <= COMMANDS
    bare = re.sub(r"\\[^A-Za-z]", "", source.replace("$-$", "-"))
    assert not set("$#_%~^") & set(bare)
    assert bare.count("{") == bare.count("}")
    depths = [bare[:place].count("{") - bare[:place].count("}") for place in range(0, len(bare), 7)]
    assert min(depths, default=0) >= 0
    assert source.count(r"\begin{table}") == source.count(r"\end{table}")


def test_hostile_names_are_text_in_latex(tmp_path):
    here, results = made(HOSTILE, targets=("{\\bf toll}", "strike & <b>"))
    text = here.report(results, tmp_path / "page.tex").read_text()
    assert_harmless(text)
    ((width, lines),) = tabular(text)
    assert {len(line) for line in lines} == {width}
    names = {plain(line[0]) for line in lines}
    assert {" ".join(name.split()) for name in HOSTILE} <= names


@given(st.text(max_size=40))
def test_any_text_comes_back_and_does_nothing_in_latex(text):
    written = latex(text)
    assert_harmless(f"\n{written}")
    assert plain(written) == safe(" ".join(text.split()))
    assert not any(one + two in ("--", ",,", "''") for one, two in pairwise(written))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_pdflatex_sets_the_table(tmp_path):
    here, results = made(HOSTILE)
    here.report(results, tmp_path / "table.tex")
    main = r"\documentclass{article}\usepackage{booktabs}\begin{document}\input{table}\end{document}"
    (tmp_path / "main.tex").write_text(main)
    order = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", "main"]
    done = subprocess.run(order, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_hostile_names_and_targets_are_text_on_the_page(tmp_path):
    here, results = made(HOSTILE, targets=("<b>toll</b>", "]]></style><script>x()</script>"))
    text = here.report(results, tmp_path / "page.html").read_text()
    page = Page(text)
    assert {"script", "img", "iframe", "object", "link", "a", "b"} & set(page.tags) == set()
    assert page.tags.count("style") == 1
    assert "default-src 'none'" in text
    shown = {line[0] for line in page.tables[0][1]}
    assert {"".join(sign if sign.isprintable() else "\ufffd" for sign in name) for name in HOSTILE} <= shown
    tokens = MarkdownIt("commonmark").enable("table").parse(here.report(results, tmp_path / "page.md").read_text())
    kinds = {child.type for token in tokens for child in [token, *(token.children or ())]}
    assert {"link_open", "image", "html_inline", "html_block", "fence", "code_block"} & kinds == set()


@pytest.mark.full
def test_runs_on_different_rows_are_kept_apart(some, harbour_data, tmp_path):
    _, results = some
    _, others = made(["best"], size=90)
    shipped = bench("stance", "cross_target", harbour_data).run(lambda _, test: ["favor"] * len(test), say=quiet)
    everything = [*results, *others, shipped]
    parts = sections(side_by_side(everything))
    assert len({part.title for part in parts}) == len(parts) == 3
    for part in parts:
        assert len({result.rows for result in part.results}) == 1
        names = {result.system for result in part.results}
        (tests,) = [sheet for sheet in part.sheets if sheet.title == "Paired tests"]
        assert {line.name for line in tests.lines} | {line.cells[0] for line in tests.lines} <= names
    text = bench("stance", "cross_target", harbour_data).report(everything, tmp_path / "all.tex").read_text()
    assert len(list(tabular(text))) == 3
    assert len(set(re.findall(r"gold:\w+", text))) == 3
    with pytest.raises(ks.KazstanceError, match="on the same rows"):
        compare_results([results[0], others[0]])


@pytest.mark.full
def test_the_command_refuses_a_run_on_other_data_and_an_ending_it_does_not_know(harbour_data, tmp_path):
    run = commands.run("bench run", "--data", harbour_data, system="majority", out=tmp_path / "run")
    assert run.code == 0, run.err
    other = commands.run("bench report", tmp_path / "run", out=tmp_path / "page.tex")
    assert (other.code, (tmp_path / "page.tex").exists()) == (1, False)
    assert "the run is on other data" in other.err
    wrong = commands.run("bench report", tmp_path / "run", "--data", harbour_data, out=tmp_path / "page.pdf")
    assert wrong.code == 2
    assert "choose from .md, .html, .tex, .json" in wrong.err
    right = commands.run("bench report", tmp_path / "run", "--data", harbour_data, out=tmp_path / "page.tex")
    assert right.code == 0, right.err
    assert_harmless((tmp_path / "page.tex").read_text())


def test_undefined_scores_are_named_and_explained(tmp_path):
    rows = [{"text": f"words {n}", "target": "toll", "label": "favor"} for n in range(20)]
    train = [*rows[:10], {"text": "other", "target": "toll", "label": "against"}]
    here = ks.benchmark(train, rows[10:])
    results = [
        here.run(["favor"] * 10, name=name, shortcuts=name == "one", panel="brief", say=quiet)
        for name in ("one", "two")
    ]
    for suffix in ("md", "html", "tex"):
        text = here.report(results, tmp_path / f"page.{suffix}").read_text()
        assert "undefined" in text
        assert "nan" not in re.sub(r"[A-Za-z]{4,}", "", text), suffix
        assert "one gold label in all rows" in text
    ((_, lines),) = tabular((tmp_path / "page.tex").read_text())
    found = dict(zip(lines[0], next(line for line in lines if line[0] == "one"), strict=True))
    assert (found["wts"], found["p"], found["accuracy"]) == ("undefined", "", "1.00")


def test_different_systems_of_one_name_are_told_apart_and_the_same_run_is_shown_once(some):
    _, results = some
    best, worst = results[2], results[0]
    twin = replace(worst, run=replace(worst.run, system="Gamma"), shortcuts=())
    found = [one.system for one in side_by_side([best, twin, best]) if not one.is_shortcut]
    assert found == ["Gamma", "Gamma (2)"]
    alone = replace(twin, run=replace(twin.run, per_target=True))
    assert [one.system for one in side_by_side([best, alone])][-2:] == ["Gamma", "Gamma (per target)"]
