"""The card: metadata that the Hub knows, and figures that are those of the data."""

import json
import re
from collections import Counter
from importlib.resources import files

import pyarrow.compute as pc
import pytest
import yaml

import kazstance
from kazstance import dataset
from kazstance.comparison import compare_dataset
from kazstance.comparison.signs import sign
from kazstance.dataset import DatasetFolder
from kazstance.dataset.counting import counts
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.output.markdown import markdown_table
from kazstance.publish.card import front_matter, plain_card, read_page, render


@pytest.fixture(scope="module")
def matter():
    return yaml.safe_load(front_matter(DatasetFolder()))


def allowed(name):
    return json.loads((files("datasets") / "utils" / "resources" / name).read_text())


@pytest.mark.parametrize("page", ["README.md", "DATASET_CARD.md"])
def test_pages_have_the_figures_of_the_data(page, root):
    text = read_page(root / page)
    assert render(text, DatasetFolder()) == text
    assert "<!-- generated: " in text
    assert "More Information" not in text


def test_values_are_on_the_lists_of_the_hub(matter):
    creators = allowed("creators.json")
    assert set(matter["annotations_creators"]) <= set(creators["annotations"])
    assert set(matter["language_creators"]) <= set(creators["language"])
    assert set(matter["multilinguality"]) <= set(allowed("multilingualities.json"))
    assert set(matter["size_categories"]) <= set(allowed("size_categories.json"))
    assert set(matter["language"]) <= set(allowed("languages.json"))
    assert matter["license"] == "other"
    assert (matter["license_name"], matter["license_link"]) == ("annotations-cc-by-4.0", "LICENSE-DATA")


TASKS = {
    "text-classification": {
        "multi-class-classification",
        "multi-input-text-classification",
        "multi-label-classification",
        "natural-language-inference",
        "sentiment-classification",
        "fact-checking",
    }
}
"""The part of the Hub's list of tasks (pipelines.ts of huggingface.js) that text classification has."""


@pytest.mark.parametrize("which", ["shipped", "harbour"])
def test_tasks_licence_and_tags_are_what_the_hub_knows(which, harbour_data):
    front = yaml.safe_load(
        front_matter(DatasetFolder(harbour_data if which == "harbour" else dataset.SHIPPED), questions=True)
    )
    assert set(front["task_categories"]) <= TASKS.keys()
    assert set(front["task_ids"]) <= set().union(*(TASKS[task] for task in front["task_categories"]))
    assert front["license"] == "other"
    assert front["license_name"] == front["license_name"].lower()
    assert all(re.fullmatch(r"[a-z0-9-]+", tag) for tag in front["tags"])


def strings(value):
    """All keys and leaves of YAML."""
    if isinstance(value, dict):
        return [*value, *(leaf for item in value.values() for leaf in strings(item))]
    return [leaf for item in value for leaf in strings(item)] if isinstance(value, list) else [value]


def test_nothing_in_the_yaml_is_read_as_something_else(matter):
    """`no` and `off` unquoted are false, 1.10 is a number: where a string is meant, YAML must give one."""
    leaves = strings(matter)
    assert {type(leaf) for leaf in leaves} == {str, int, bool}
    assert [leaf for leaf in leaves if isinstance(leaf, bool)] == [True]  # of `default: true`
    names = [feature["dtype"] for info in matter["dataset_info"] for feature in info["features"] if "dtype" in feature]
    for labels in (dtype["class_label"]["names"] for dtype in names if isinstance(dtype, dict)):
        assert all(isinstance(key, str) and isinstance(name, str) for key, name in labels.items())


@pytest.mark.parametrize("which", ["shipped", "harbour"])
def test_no_placeholder_of_a_template_is_left(which, root, harbour_data):
    page = plain_card(DatasetFolder(harbour_data)) if which == "harbour" else read_page(root / "DATASET_CARD.md")
    assert not re.search(r"More Information Needed|TODO|TBD|FIXME|lorem ipsum|\{\{ |\{% |\[ORG\]", page, re.IGNORECASE)


def test_configurations_are_the_tables(matter):
    manifest = kazstance.manifest()
    assert [config["config_name"] for config in matter["configs"]] == [*manifest.tables]
    assert [config["config_name"] for config in matter["configs"] if config.get("default")] == ["stances"]
    for info in matter["dataset_info"]:
        rows = [file.rows for file in manifest.tables[info["config_name"]].values()]
        assert [split["num_examples"] for split in info["splits"]] == rows
        assert info["download_size"] == sum(file.bytes for file in manifest.tables[info["config_name"]].values())


def test_silver_is_called_silver(root):
    for page in ("README.md", "DATASET_CARD.md"):
        assert "**silver**" in read_page(root / page)


def test_a_stale_figure_is_made_anew():
    page = "text\n<!-- generated: labels -->\nstale\n<!-- end -->\nmore\n"
    assert "stale" not in render(page, DatasetFolder())
    assert render(page, DatasetFolder()).startswith("text\n")
    assert render(page, DatasetFolder()).endswith("<!-- end -->\nmore\n")


def test_an_unknown_block_is_an_error():
    with pytest.raises(UnknownNameError, match="'figures' is not a generated block; choose from agreement, "):
        render("<!-- generated: figures -->\n<!-- end -->", DatasetFolder())


def test_cells_cannot_break_a_table():
    assert markdown_table(["a|b"], [["c|d"]]) == "| a\\|b |\n| --- |\n| c\\|d |"


def test_the_card_of_another_corpus(harbour_data):
    page = plain_card(DatasetFolder(harbour_data))
    assert "# Stances on the harbour toll of Port Lenz" in page
    assert yaml.safe_load(page.split("---\n")[1])["license_name"] == "annotations-cc0-1.0"


def test_a_page_that_is_missing(tmp_path):
    with pytest.raises(KazstanceError, match="expected a page"):
        read_page(tmp_path / "card.md")


def test_cells_are_told_as_in_the_terminal(root):
    """By the side of their net stance, with a sign for dissent, and not by a third side."""
    matrix = (root / "DATASET_CARD.md").read_text(encoding="utf-8").partition("<!-- generated: matrix -->")[2]
    compared = compare_dataset(DatasetFolder())
    for line in compared.disagreements(n=9)[:3]:
        row = next(row for row in matrix.splitlines() if row.startswith(f"| {compared.names[line.target]}"))
        told = [
            f"{sign(cell)} {cell.favor}/" for cell in compared.positions() if cell.target == line.target and cell.about
        ]
        assert all(f"| {cell}" in row for cell in told)
    assert "±" not in matrix


@pytest.mark.parametrize("size", [50, 1000])
def test_values_are_counted_batch_by_batch_as_by_a_loop(size, monkeypatch):
    monkeypatch.setattr("kazstance.input.parquet.BATCH", size)
    folder, columns = DatasetFolder(), ["label", "holder", "target_id"]
    rows = folder.read("stances", "test").to_pylist()
    certain = pc.field("certainty").is_valid()
    for where, kept in ((None, rows), (certain, [row for row in rows if row["certainty"] is not None])):
        expected = Counter(tuple(row[name] for name in columns) for row in kept)
        assert counts(folder, "stances", columns, where, ["test"]) == expected
    assert counts(folder, "stances", ["label"]).total() == folder.columns("stances", ["label"]).num_rows
