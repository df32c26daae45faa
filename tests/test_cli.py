"""The command line: what each command prints, and how it fails."""

import csv
import io
import json
import subprocess
import sys

import krippendorff
import pytest
from typer.testing import CliRunner

import kazstance
from kazstance.cli import app
from kazstance.cli.contents import ENTRIES
from kazstance.corpus.build import build
from tests.conftest import HARBOUR, quiet


def run(*args, code=0):
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_info(harbour_data):
    assert "stances    │ train      │ 11 " in run("info", "--data", harbour_data).stdout
    found = json.loads(run("info", "--json").stdout)
    assert found == kazstance.manifest().model_dump(mode="json")


def test_show_marks_the_evidence(harbour_data):
    out = run("show", "--data", harbour_data, "--source", "dockers", "--target", "toll", "--limit", 2).stdout
    assert out == (
        "dockers/1/1  toll: against (explicit, sure)\n⟦No to⟧ the harbour toll! \n"
        "dockers/3/1  toll: against (explicit, sure)\nThe toll of Port Lenz is ⟦robbery⟧. \n2 of 4\n"
    )
    assert "— the secretary of the pilots" in run("show", "--data", harbour_data, "--source", "dockers").stdout


def test_show_as_json_and_without_limit(harbour_data):
    rows = json.loads(run("show", "--data", harbour_data, "--label", "neutral", "--limit", 0, "--json").stdout)
    assert [row["sentence_id"] for row in rows] == ["dockers/4/1", "gazette/1/1", "gazette/2/1", "gazette/2/2"]
    assert {row["label_name"] for row in rows} == {"neutral"}


def test_export_to_a_file_and_to_standard_output(harbour_data, tmp_path):
    text = run("export", "targets", "--data", harbour_data).stdout
    assert [row["target_id"] for row in csv.DictReader(io.StringIO(text))] == ["toll", "strike", "line_pays"]
    run(
        "export",
        "stances",
        "--split",
        "test",
        "--format",
        "jsonl",
        "--data",
        harbour_data,
        "--out",
        tmp_path / "x.jsonl",
    )
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == 5


def test_verify(harbour_data, tmp_path):
    assert (
        run("verify", "--data", harbour_data).stdout
        == "harbour 1.2.0: 292 rows in 12 tables are as the manifest says\n"
    )
    assert "expected a built dataset" in run("verify", "--data", tmp_path, code=1).stderr


def test_build_and_load_back(tmp_path):
    built = run("build", HARBOUR, "--out", tmp_path / "out")
    assert "judge    69 of 69 pairs (23 sentences × 3 targets) were asked; 0 are undecided" in built.stderr
    assert "judge    judgements: a 69, b 69" in built.stderr
    assert built.stdout == f"wrote {tmp_path / 'out'}\n"
    assert len(kazstance.load("stances", data=tmp_path / "out")) == 18
    assert (tmp_path / "out" / "README.md").read_text().startswith("---\npretty_name: Stances on the harbour toll")


def test_build_without_its_extra(monkeypatch, tmp_path):
    for name in list(sys.modules):
        if name.startswith(("kazstance.corpus", "kazstance.language", "kazstance.publish.hub")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nupunkt", None)
    result = run("build", HARBOUR, "--out", tmp_path / "out", code=1)
    assert result.stderr == "nupunkt is not installed; run: pip install 'kazstance[build]'\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["show", "--target", "tax"], "'tax' is not a target; choose from uprising, kazakh_government, "),
        (["show", "--source", "me"], "'me' is not a source; choose from old_mole, "),
        (["show", "--label", "pro"], "'pro' is not a label of stances; choose from against, neutral, favor"),
        (["show", "--split", "dev"], "'dev' is not a split of stances; choose from train, validation, test"),
        (["export", "stance"], "'stance' is not a table; choose from stances, grid, "),
        (["export", "--format", "xls"], "'xls' is not a format; choose from csv, jsonl, parquet, xlsx, dta, sav"),
        (["build", "raw"], "Missing option '--out'"),
        (["nonsense"], "No such command 'nonsense'"),
    ],
)
def test_wrong_usage_says_what_is_right_and_exits_with_2(args, message):
    output = " ".join(run(*args, code=2).stderr.replace("│", " ").split())
    assert message in output


@pytest.mark.parametrize("command", [*ENTRIES, "annotate export", "annotate import"])
def test_every_command_is_in_the_readme(command, root):
    assert f"kazstance {command}" in (root / "README.md").read_text(encoding="utf-8")


def test_agreement(harbour_data):
    out = run("agreement", "--data", harbour_data).stdout
    assert out.startswith("Stability")
    found = json.loads(run("agreement", "--data", harbour_data, "--json").stdout)
    assert found["name"] == "stability"
    first = found["lines"][0]
    assert (first["what"], first["scope"], first["measure"], first["n"]) == ("four labels", "all", "alpha, nominal", 69)
    rows = kazstance.load("judgements", data=harbour_data)
    votes = [[row.label for row in rows if row.annotator_id == who] for who in "ab"]
    assert first["value"] == pytest.approx(krippendorff.alpha(votes, level_of_measurement="nominal"))


def test_agreement_of_one_annotator_is_said_to_be_nothing(harbour, tmp_path):
    file = harbour / "annotations/annotators.toml"
    file.write_text("[[annotator]]" + file.read_text(encoding="utf-8").split("[[annotator]]")[1], encoding="utf-8")
    for name in ("b", "adjudications"):
        (harbour / f"annotations/{name}.jsonl").unlink()
    (tmp_path / "data").mkdir()
    build(harbour, tmp_path / "data", quiet)
    out = run("agreement", "--data", tmp_path / "data").stdout
    assert out == "nothing to measure; expected two or more annotators\n"


def test_as_a_real_process():
    command = [sys.executable, "-m", "kazstance", "verify"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"kazstance {kazstance.__version__}: {_rows()} rows in 12 tables are as the manifest says\n"


def test_a_pipe_that_closes_early_is_no_traceback():
    with subprocess.Popen(
        [sys.executable, "-m", "kazstance", "export", "grid"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline().startswith(b"sentence_id,")
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def _rows():
    return sum(file.rows for files in kazstance.manifest().tables.values() for file in files.values())


def test_brackets_of_a_title_or_a_speaker_are_text(harbour, tmp_path):
    """A terminal library takes [red] for a colour, and [/] for an error."""
    for name in ("sources.toml", "curation/units.csv"):
        text = (harbour / name).read_text().replace("the secretary", "[/x] the secretary")
        (harbour / name).write_text(text.replace("Stances on", "[red]Stances[/] on"))
    run("build", str(harbour), "--out", str(tmp_path / "out"))
    assert "[red]Stances[/] on" in run("info", "--data", str(tmp_path / "out")).stdout
    assert "[/x]" in run("show", "--data", str(tmp_path / "out"), "--limit", "0").stdout
