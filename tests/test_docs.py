"""What README shows is what happens."""

import doctest
import json
import re
import shlex

import pytest
from typer.testing import CliRunner

import kazstance
from kazstance.cli import app


def console_blocks(text):
    """Command and output of each console block."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def test_python_snippets_of_the_readme_run(root):
    found = doctest.testfile(str(root / "README.md"), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted >= 5


@pytest.mark.parametrize("page", ["README.md", "docs/own_stance_data.md"])
def test_commands_of_a_page_print_what_it_shows(page, root, monkeypatch):
    monkeypatch.chdir(root)
    blocks = list(console_blocks((root / page).read_text(encoding="utf-8")))
    assert blocks
    for command, output in blocks:
        program, *args = shlex.split(command)
        assert program == "kazstance"
        result = CliRunner().invoke(app, args)
        assert result.exit_code == 0, result.output
        shown, printed = output.splitlines(), result.stdout.splitlines()
        assert len(shown) <= len(printed)
        for expected, line in zip(shown, printed, strict=False):
            cut = expected.endswith(" …")  # before the signature, which has the version
            assert line.startswith(expected[:-1]) if cut else line == expected


@pytest.mark.parametrize("page", ["README.md", "DATASET_CARD.md", "docs/own_stance_data.md"])
def test_links_lead_somewhere(page, root):
    for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", (root / page).read_text(encoding="utf-8")):
        assert (root / page).parent.joinpath(link).exists(), link


def test_one_version_for_code_data_and_changelog(root):
    assert kazstance.manifest().version == kazstance.__version__
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"(?m)^## (\S+)", changelog)[1] == kazstance.__version__


def test_results_are_of_the_shipped_data_and_the_panel_shows_them(root):
    """A change of the data makes the committed results stale: run `python -m benchmarks.systems stance`."""
    rows = json.loads((root / "benchmarks" / "results" / "stance.json").read_text())
    digest = kazstance.manifest().digest[:12]
    assert {re.search(r"\|data:(\w+)\|", row["signature"])[1] for row in rows} == {digest}
    assert {row["protocol"] for row in rows} == {"in_domain", "cross_source", "cross_target", "cross_both"}
    for page in ("README.md", "DATASET_CARD.md"):
        panel = re.search(r"<!-- panel -->\n(.*?)<!-- end -->", (root / page).read_text(encoding="utf-8"), re.DOTALL)[1]
        for row in rows:
            assert "{:.2f} [{:.2f}, {:.2f}]".format(*row["scores"]["wts"]) in panel
        assert len(panel.splitlines()) == 2 + len({row["system"] for row in rows})
