"""What a card says of how far labels can be relied on: counted here by plain loops, and left out where nothing is known."""

import json
import random
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

import kazstance as ks
from kazstance.dataset import DatasetFolder
from kazstance.publish.card import plain_card, render
from kazstance.schema.labels import Basis, Certainty, Label
from tests.tampering import edit, sign_files

HEADINGS = [
    "### What each label rests on",
    "### Stability within and between rounds",
    "### Drift",
    "### What `certainty` predicts",
    "### The second reading, by source and kind of target",
]


def block(name, folder):
    return render(f"<!-- generated: {name} -->\n<!-- end -->\n", folder)


def rows(text, heading):
    """The cells of the tables under a heading."""
    part = text.partition(f"{heading}\n")[2].partition("\n### ")[0]
    return [
        [cell.strip(" `") for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| ")
    ]


@pytest.fixture(scope="module")
def shipped():
    return block("reliability", DatasetFolder())


def test_the_shipped_card_has_all_parts(shipped):
    assert re.findall(r"^### .*$", shipped, re.MULTILINE) == HEADINGS


def test_what_labels_rest_on_is_counted(shipped):
    words = {
        "a single reading": lambda row: row.basis is Basis.single,
        "several readings, all alike": lambda row: row.basis is Basis.majority and not row.split_vote,
        "a majority of split readings": lambda row: row.basis is Basis.majority and row.split_vote,
        "an adjudication": lambda row: row.basis is Basis.adjudication,
        "an adjudication against a majority": lambda row: row.basis is Basis.overruling,
    }
    grid = list(ks.load("grid"))
    found = {cells[0]: [int(n) for n in cells[1:]] for cells in rows(shipped, HEADINGS[0])[2:]}
    for name, is_meant in words.items():
        silent = Counter(row.label is Label.none for row in grid if is_meant(row))
        assert found.get(name, [0, 0]) == [silent[False], silent[True]]
    assert sum(map(sum, found.values())) == len(grid)


def test_the_share_of_unsure_labels_by_source(shipped):
    stances = list(ks.load("stances"))
    found = {cells[0]: cells[1:] for cells in rows(shipped, HEADINGS[3]) if len(cells) == 4}
    for source in {row.source_id for row in stances}:
        count = Counter(row.certainty for row in stances if row.source_id == source)
        sure, unsure = count[Certainty.sure], count[Certainty.unsure]
        assert found[source] == [str(sure), str(unsure), f"{unsure / (sure + unsure):.2f}"]


def test_figures_are_those_of_the_library(shipped):
    ds = ks.open()
    drift = ds.drift()
    found = {cells[0]: cells[1:] for cells in rows(shipped, HEADINGS[2])}
    (shift,) = (line for line in drift.shifts if (line.measure, line.source) == ("net stance", "old_mole"))
    assert found["old_mole"][:2] == [shift.shift.text(3, signed=True), shift.relative.text(3, signed=True)]
    (line,) = (line for line in ds.agreement(by="certainty").lines if line.scope == "check2, unsure labels")
    sides = {cells[0]: cells[1:] for cells in rows(shipped, HEADINGS[3]) if len(cells) == 6}
    assert sides["check2, unsure labels"][0] == line.addressed.value_text(3)
    assert float(sides["check2, sure labels"][0]) > float(sides["check2, unsure labels"][0])


def test_a_dataset_of_one_round_without_a_check_has_neither_drift_nor_a_second_reading(harbour_data):
    page = plain_card(DatasetFolder(harbour_data))
    for heading in HEADINGS:
        assert (heading in page) == (heading not in (HEADINGS[2], HEADINGS[4]))


def test_a_second_round_brings_drift(harbour_data, tmp_path):
    draw, folder = random.Random(2), Path(shutil.copytree(harbour_data, tmp_path / "data"))

    def again(row):
        label = Label(draw.choice([0, 2, row["label"]]))
        unsaid = dict.fromkeys(("evidence", "certainty", "explicitness"))
        return {**row, **unsaid, "label": int(label), "label_name": label.name, "round": 2}

    edit(folder, "judgements", lambda found: [x for row in found for x in (row, again(row))])
    sign_files(folder)
    page = plain_card(DatasetFolder(folder))
    assert "From a/1, b/1 to a/2, b/2, on the " in page
    assert "between rounds 1 and 2: a, b with a, b" in page


def test_labels_without_certainty_and_annotators_leave_parts_out(tmp_path):
    table = {"text": ["One.", "Two.", "Three."], "target": ["t"] * 3, "label": ["favor", "against", "favor"]}
    ds = ks.from_table(table | {"source": ["s"] * 3}, tmp_path / "out")
    page = plain_card(ds)
    assert re.findall(r"^### .*$", page, re.MULTILINE) == HEADINGS[:1]
    assert "nan" not in page


def test_who_judged_is_what_the_corpus_says(harbour, tmp_path):
    file = harbour / "annotations" / "annotators.toml"
    said = "Two readings; one departed from the order."
    file.write_text(file.read_text().replace('id = "a"\n', f'id = "a"\nnote = "{said}"\n'))
    ks.build(harbour, tmp_path / "out")
    lines = block("annotators", DatasetFolder(tmp_path / "out")).splitlines()
    (line,) = (line for line in lines if line.startswith("| `a` |"))
    judged = sum(
        1 for row in ks.load("judgements", data=tmp_path / "out") if row.annotator_id == "a"
    )  # all pairs, those labelled none as well
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[0] == "`a`"
    assert cells[3] == "makes labels"
    assert (cells[5], cells[6], cells[-1]) == ("1", str(judged), said)


def test_every_figure_over_the_grid_in_the_card_has_the_addressed_pairs_beside_it(root):
    text = (root / "DATASET_CARD.md").read_text(encoding="utf-8")
    headers = [
        line for line in text.splitlines() if line.startswith("| ") and ("kappa |" in line or "four labels |" in line)
    ]
    assert headers
    for line in headers:
        is_header = "95 % interval" in line
        assert not is_header or "equal" in line, line


def test_json_of_agreement_has_both_figures():
    (line,) = (line for line in ks.open().agreement(by="annotators").lines if line.what == "final labels and check")
    row = json.loads(json.dumps(line.as_row()))
    assert (row["addressed"], row["same_if_addressed"]) == (line.addressed.n, line.addressed.value)
    assert row["same_if_addressed_low"] < row["same_if_addressed"] < row["same_if_addressed_high"]
