"""kazstance compare: what it prints is what the library finds, in 80 columns."""

import json

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
    fields = [f"{c.favor}/{c.neutral}/{c.against}" for c in cells if c.target == "west_wants_calm" and c.about]
    assert [word for word in line.split() if "/" in word] == fields
    # A side whose interval holds 0 has a question mark, and no other.
    unsure = sum(bool(c.favor + c.against) and c.net.low <= 0 <= c.net.high for c in cells)
    assert sum(line.count("? ") for line in lines[3:-3]) == unsure


def test_json_is_what_the_library_finds():
    assert json.loads(run("--json").stdout) == json.loads(
        json.dumps([cell.as_row() for cell in compare_dataset(DatasetFolder()).positions()])
    )
    own = positions(compare_dataset(DatasetFolder(), "own").counts)
    found = json.loads(run("--json", "--voice", "own").stdout)
    assert [row["favor"] for row in found] == [cell.favor for cell in own]
    assert [row["favor"] for row in found] != [cell.favor for cell in compare_dataset(DatasetFolder()).positions()]


def test_one_target_with_its_evidence():
    text = run("--target", "workers_ready").stdout
    assert "pr_collective: mixed, net " in text
    assert "⟦has accumulated important experiences of struggle⟧" in text
    assert text.index("pr_collective/30/1") < text.index("pr_collective/14/7")
    found = json.loads(run("--target", "workers_ready", "--json").stdout)
    expected = compare_dataset(DatasetFolder()).contrast("workers_ready")
    assert {source: part["rows"] for source, part in found.items()} == expected
    assert "old_mole: not addressed in " in run("--target", "maoism").stdout


def test_pairs():
    text = run("--pairs").stdout
    found = json.loads(run("--pairs", "--json").stdout)
    assert [line["target"] for line in found] == [
        line.target for line in compare_dataset(DatasetFolder()).disagreements(n=9)
    ]
    (line,) = [line for line in text.splitlines() if line.startswith(" *restoration_1991")]
    (row,) = [row for row in found if row["target"] == "restoration_1991"]
    letters = {source.source_id: "ABCDE"[i] for i, source in enumerate(kazstance.load("sources"))}
    differ = [letters[p["one"]] + letters[p["other"]] for p in row["pairs"] if p["answer"] == "differ"]
    assert differ
    assert " ".join(differ) in line
    assert f"{row['spread']:.2f}" in line


def test_distances():
    text = run("--distances", "salience").stdout
    found = json.loads(run("--distances", "salience", "--json").stdout)
    assert found["by"] == "salience"
    assert len(found["pairs"]) == 10
    assert f"{found['pairs'][0]['low']:.2f} to {found['pairs'][0]['high']:.2f}" in text


def test_another_dataset_and_a_chart(harbour_data, tmp_path):
    for args in ((), ("--pairs",)):
        out = tmp_path / f"chart{len(args)}.svg"
        assert f"wrote {out}" in run("--data", harbour_data, "--chart", out, *args).stderr
        assert "<svg" in out.read_text(encoding="utf-8")
    assert "*" in run("--data", harbour_data).stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--target", "x"], "'x' is not a target; choose from uprising"),
        (["--voice", "loud"], "'loud' is not a voice; choose from own, endorsed, all"),
        (["--distances", "mood"], "'mood' is not a feature; choose from positions, salience"),
        (["--pairs", "--target", "maoism"], "choose one of --target, --pairs and --distances"),
        (["--target", "maoism", "--chart", "x.png"], "there is no chart of one target"),
        (["--chart", "x.bmp"], "'.bmp' is not a kind of chart; choose from .png, .svg, .html"),
    ],
)
def test_wrong_usage_is_said(args, said):
    result = run(*args, code=2)
    assert said in " ".join(result.stderr.replace("│", " ").split())
