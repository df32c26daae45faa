"""kazstance compare: what it prints is what the library finds, in 80 columns."""

import json
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

import kazstance
from kazstance.cli import app
from kazstance.comparison import compare_dataset
from kazstance.comparison.positions import positions
from kazstance.dataset import DatasetFolder


def run(*args, code=0):
    result = CliRunner().invoke(app, ["compare", *map(str, args)], env={"COLUMNS": "80"})
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_the_matrix_fits_80_columns_and_has_every_cell():
    lines = run().stdout.splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    for target in kazstance.load("targets"):
        assert f"{'*' if target.contested else ' '}{target.target_id} " in text
    cells = compare_dataset(DatasetFolder()).positions()
    (line,) = [line for line in lines if line.startswith(" *west_wants_calm")]
    fields = [
        f"{c.favor}/{c.neutral}/{c.against}" if c.about else f"≤{c.salience.high:.0%}"
        for c in cells
        if c.target == "west_wants_calm"
    ]
    assert [word.lstrip("+−○?°").rstrip("~") for word in line.split()[1:]] == fields
    # A side whose interval holds 0 has a question mark, and no other; a tilde, whose labels are mostly unsure.
    unsure = sum(bool(c.favor + c.against) and c.net.low <= 0 <= c.net.high for c in cells)
    grid = "\n".join(lines[4:40])
    assert grid.count("?") == unsure
    assert grid.count("~") == sum(2 * c.unsure > c.about for c in cells)
    assert grid.count("≤") == sum(not c.about for c in cells)


def test_json_is_what_the_library_finds():
    assert json.loads(run("--json").stdout) == json.loads(
        json.dumps([cell.as_row() for cell in compare_dataset(DatasetFolder()).positions()])
    )
    own = positions(compare_dataset(DatasetFolder(), "own").counts)
    found = json.loads(run("--json", "--voice", "own").stdout)
    assert [row["favor"] for row in found] == [cell.favor for cell in own]
    assert [row["favor"] for row in found] != [
        cell.favor for cell in compare_dataset(DatasetFolder(), "all").positions()
    ]
    for row, cell in zip(found, own, strict=True):
        shares = (cell.neutral / cell.about, cell.unsure / cell.about) if cell.about else (None, None)
        assert (row["neutral_share"], row["unsure_share"]) == (
            shares if shares[0] is None else pytest.approx(shares, abs=1e-6)
        )


def test_one_target_with_its_evidence():
    text = run("contrast", "workers_ready").stdout
    assert "pr_collective: mixed, net " in text
    assert "⟦has accumulated important experiences of struggle⟧" in text
    assert text.index("pr_collective/30/1") < text.index("pr_collective/14/7")
    found = json.loads(run("contrast", "workers_ready", "--json").stdout)
    expected = compare_dataset(DatasetFolder()).contrast("workers_ready")
    assert {source: part["rows"] for source, part in found.items()} == expected
    assert "old_mole: not addressed in " in run("contrast", "maoism").stdout


def test_disagreements():
    text = run("disagreements").stdout
    found = json.loads(run("disagreements", "--json").stdout)
    assert [line["target"] for line in found] == [
        line.target for line in compare_dataset(DatasetFolder()).disagreements(n=9)
    ]
    (line,) = [line for line in text.splitlines() if line.startswith("  restoration_1991")]
    (row,) = [row for row in found if row["target"] == "restoration_1991"]
    letters = {source.source_id: "ABCDE"[i] for i, source in enumerate(kazstance.load("sources"))}
    differ = [letters[p["one"]] + letters[p["other"]] for p in row["pairs"] if p["answer"] == "differ"]
    assert differ
    assert all(pair in text[text.index(line) :].partition("uprising_defeated")[0] for pair in differ)
    for name in ("opposite", "spread", "corrected", "salience_corrected"):
        assert f"{row[name]:.2f}" in line


def test_distances():
    text = run("distances", "--feature", "salience").stdout
    found = json.loads(run("distances", "--feature", "salience", "--json").stdout)
    assert found["by"] == "salience"
    assert len(found["pairs"]) == 10
    assert f"{found['pairs'][0]['low']:.2f} to {found['pairs'][0]['high']:.2f}" in text


def test_wording():
    """The first words of each source, as many as asked for, in the order of the library."""
    found = compare_dataset(DatasetFolder()).wording("west_wants_calm").rows()
    sources = list(dict.fromkeys(row["source"] for row in found))
    first = [row for source in sources for row in [r for r in found if r["source"] == source][:2]]
    assert json.loads(run("wording", "west_wants_calm", "--limit", 2, "--json").stdout) == first
    assert json.loads(run("wording", "west_wants_calm", "--limit", 0, "--json").stdout) == found
    lines = run("wording", "west_wants_calm", "--limit", 2).stdout.rstrip().splitlines()
    assert [line.split()[:2] for line in lines[-len(first) :]] == [[row["source"], row["word"]] for row in first]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", ["positions", "disagreements", "distances"])
def test_groups_of_sources(name):
    compared = kazstance.open().compare(by="tradition")
    found = json.loads(run(name, "--by", "tradition", "--json").stdout)
    expected = compared.distances() if name == "distances" else getattr(compared, name)().rows()
    assert found == json.loads(json.dumps(expected.as_row() if name == "distances" else expected))


def test_positions_is_the_default():
    named = run("positions", "--voice", "own", "--json").stdout
    assert run("--voice", "own", "--json").stdout == named
    assert run("--debug", "--voice", "own", "--json").stdout == named
    assert run("--debug", "positions", "--voice", "own", "--json").stdout == named


@pytest.mark.full
def test_another_dataset_and_a_chart(harbour_data, tmp_path):
    for name, *data in (
        ("positions", "--data", harbour_data),
        ("disagreements", "--data", harbour_data),
        ("distances",),
    ):
        out = tmp_path / f"{name}.svg"
        assert f"wrote {out}" in run(name, *data, "--chart", out).stderr
        assert "<svg" in out.read_text(encoding="utf-8")
    assert "*" in run("--data", harbour_data).stdout


@pytest.mark.full
def test_a_chart_shows_what_is_chosen_at_the_width_asked_for(tmp_path):
    out = tmp_path / "chart.svg"
    chosen = ["--only-target", "maoism", "--only-target", "uprising", "--only-source", "old_mole", "--title", "Ours"]
    run("disagreements", "--chart", out, "--width-mm", 89, "--order", "name", *chosen)
    svg = ElementTree.parse(out).getroot()
    words = ["".join(node.itertext()) for node in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert svg.get("width") == "89.00mm"
    assert words[0] == "Ours"
    assert "old_mole" in words
    assert "pr_collective" not in words
    run("--chart", out, "--draw", "salience", "--only-source", "old_mole", "--name", "old_mole=The Old Mole")
    text = out.read_text(encoding="utf-8")
    assert "What the sources write about" in text
    assert ">The Old Mole<" in text


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["contrast", "x"], "'x' is not a target; choose from uprising"),
        (["--chart", "x.svg", "--name", "old_mole"], "--name old_mole: expected ID=TEXT"),
        (["--only-target", "maoism"], "pass --chart too; these options are about the chart"),
        (["--draw", "salience"], "pass --chart too; these options are about the chart"),
        (["distances", "--width-mm", "80"], "pass --chart too; these options are about the chart"),
        (["disagreements", "--dpi", "72"], "pass --chart too; these options are about the chart"),
        (["--corrected", "--order", "name"], "expected --corrected without it and its options"),
        (["--chart", "x.svg", "--order", ""], "'' is not an order; choose from data, difference, salience, name"),
        (
            ["--chart", "x.svg", "--order", "size"],
            "'size' is not an order; choose from data, difference, salience, name",
        ),
        (["--chart", "x.svg", "--width-mm", "10"], "Invalid value for '--width-mm'"),
        (["--voice", "loud"], "'loud' is not a voice; choose from own, endorsed, all"),
        (["--by", "wing"], "'wing' is not an attribute of sources or documents; choose from source, "),
        (["distances", "--feature", "mood"], "'mood' is not a feature; choose from positions, salience"),
        (["--chart", "x.bmp"], "'.bmp' is not a kind of chart; choose from .svg, .pdf, .png, .html"),
    ],
)
def test_wrong_usage_is_said(args, said):
    result = run(*args, code=2)
    assert said in " ".join(result.stderr.replace("│", " ").split())
