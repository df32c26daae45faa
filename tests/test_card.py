"""The card: metadata that the Hub knows, and figures that are those of the data."""

import json
from importlib.resources import files

import pytest
import yaml

import kazstance
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.publish.card import front_matter, markdown_table, plain_card, read_page, render


@pytest.fixture(scope="module")
def matter():
    return yaml.safe_load(front_matter())


def allowed(name):
    return json.loads((files("datasets") / "utils" / "resources" / name).read_text())


@pytest.mark.parametrize("page", ["README.md", "DATASET_CARD.md"])
def test_pages_have_the_figures_of_the_data(page, root):
    text = read_page(root / page)
    assert render(text) == text
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


def test_configurations_are_the_tables(matter):
    manifest = kazstance.manifest()
    assert [config["config_name"] for config in matter["configs"]] == list(manifest.tables)
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
    assert "stale" not in render(page)
    assert render(page).startswith("text\n")
    assert render(page).endswith("<!-- end -->\nmore\n")


def test_an_unknown_block_is_an_error():
    with pytest.raises(UnknownNameError, match="'figures' is not a generated block; choose from agreement, "):
        render("<!-- generated: figures -->\n<!-- end -->")


def test_cells_cannot_break_a_table():
    assert markdown_table(["a|b"], [["c|d"]]) == "| a\\|b |\n| --- |\n| c\\|d |"


def test_the_card_of_another_corpus(harbour_data):
    page = plain_card(harbour_data)
    assert "# Stances on the harbour toll of Port Lenz" in page
    assert yaml.safe_load(page.split("---\n")[1])["license_name"] == "annotations-cc0-1.0"


def test_a_page_that_is_missing(tmp_path):
    with pytest.raises(KazstanceError, match="expected a page"):
        read_page(tmp_path / "card.md")
