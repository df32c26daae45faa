"""A corpus folder can keep the splits of a dataset: labels and texts that change move no paragraph."""

import csv
import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kazstance
from kazstance.corpus.build import build
from kazstance.corpus.kept_splits import keep_splits
from kazstance.errors import InputError

RAW = Path(__file__).parents[1] / "raw"
FILE = "curation/splits.csv"


@pytest.fixture
def corpus(tmp_path):
    """A copy of the shipped corpus that keeps no splits."""
    folder = Path(shutil.copytree(RAW, tmp_path / "corpus"))
    (folder / FILE).unlink()
    return folder


def built(corpus, out):
    out.mkdir()
    said = []
    build(corpus, out, said.append)
    return splits_of(kazstance.open(out)), said


def splits_of(dataset):
    rows = dataset.grid.to_arrow()
    return dict(zip(rows["paragraph_id"].to_pylist(), rows["split"].to_pylist(), strict=True))


def listed(corpus):
    _, *rows = csv.reader((corpus / FILE).read_text(encoding="utf-8").splitlines())
    return dict(rows)


def kept(corpus, data, *more):
    command = [sys.executable, "-m", "kazstance", "add", "splits", str(data), "--corpus", str(corpus), *more]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def compared(old, new):
    command = [sys.executable, "-m", "kazstance", "diff", str(old), str(new)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def relabel(corpus, seed):
    """Take away four in ten of the judgements of three readers, at random."""
    chance = random.Random(seed)
    for name in ("f1", "f2", "f3"):
        file = corpus / f"annotations/{name}.jsonl"
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            line["judgements"] = [one for one in line["judgements"] if chance.random() < 0.6]
        file.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), encoding="utf-8")


@pytest.mark.full
def test_splits_stay_where_labels_change(corpus, tmp_path):
    before, _ = built(corpus, tmp_path / "first")
    assert f"added {len(before)} paragraphs to {FILE}" in kept(corpus, tmp_path / "first")
    relabel(corpus, 1)
    after, said = built(corpus, tmp_path / "second")
    assert after == before
    assert any(f"{len(before)} of {len(before)} paragraphs have the split" in line for line in said)
    labels = [kazstance.open(tmp_path / name).stances.count() for name in ("first", "second")]
    assert labels[1] < labels[0]
    (corpus / FILE).unlink()
    assert built(corpus, tmp_path / "third")[0] != before
    hint = "`kazstance add splits OLD` keeps paragraphs where they were"
    assert hint in compared(tmp_path / "first", tmp_path / "third")
    assert hint not in compared(tmp_path / "first", tmp_path / "second")


@pytest.mark.full
def test_a_new_text_moves_no_paragraph_and_is_dealt_out(harbour, tmp_path):
    before, _ = built(harbour, tmp_path / "first")
    kept(harbour, tmp_path / "first")
    text = tmp_path / "pilots.txt"
    text.write_text("".join(f"The pilots have asked for an answer {i} times.\n" for i in range(1, 9)), encoding="utf-8")
    add = [sys.executable, "-m", "kazstance", "add", "text", str(text), "--corpus", str(harbour), "--language", "en"]
    subprocess.run(add, check=True, capture_output=True, timeout=120)
    annotators = harbour / "annotations/annotators.toml"
    annotators.write_text(annotators.read_text(encoding="utf-8").replace("complete = true\n", ""), encoding="utf-8")
    after, said = built(harbour, tmp_path / "second")
    assert {name: after[name] for name in before} == before
    total = len(before) + 8
    assert any(f"{len(before)} of {total} paragraphs have the split" in line for line in said)


def test_no_paragraph_that_the_shipped_corpus_keeps_has_moved():
    assert splits_of(kazstance.open()) == listed(RAW)


@pytest.mark.full
def test_a_listed_split_stays(corpus, tmp_path):
    before, _ = built(corpus, tmp_path / "first")
    first = next(iter(before))
    moved = next(split for split in ("train", "test") if split != before[first])
    (corpus / FILE).write_text(f"paragraph_id,split\n{first},{moved}\n", encoding="utf-8")
    said = json.loads(kept(corpus, tmp_path / "first", "--json"))
    assert said == {"added": len(before) - 1, "given": 1, "changed": []}
    assert listed(corpus) == before | {first: moved}


def test_paragraphs_that_are_gone_or_have_become_others_are_not_kept(harbour, tmp_path):
    before, _ = built(harbour, tmp_path / "first")
    rows = kazstance.open(tmp_path / "first").grid.to_arrow().select(["paragraph_id", "split", "text"]).to_pylist()
    first = rows[0]["paragraph_id"]
    texts = [(row["paragraph_id"], row["split"], row["text"]) for row in rows]
    renamed = [(name, split, f"Not {text}" if name == first else text) for name, split, text in texts]
    found = keep_splits(harbour, [*renamed, ("dockers/99", "test", "Gone.")])
    assert found.changed == (first, "dockers/99")
    assert listed(harbour) == {name: split for name, split in before.items() if name != first}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("old_mole/1,train\nold_mole/99,test\n", f"{FILE}:3: paragraph_id: 'old_mole/99' is not a paragraph .*delete"),
        ("old_mole/1,training\n", f"{FILE}:2: split: 'training', .*'train', 'validation' or 'test'"),
        ("old_mole/1,train\nold_mole/1,test\n", f"{FILE}:3: paragraph_id: 'old_mole/1' also appears on line 2"),
        ("old_mole,train\n", f"{FILE}:2: paragraph_id: "),
    ],
)
def test_faults_of_the_file_are_reported_with_their_line(corpus, tmp_path, rows, problem):
    (corpus / FILE).write_text(f"paragraph_id,split\n{rows}", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        built(corpus, tmp_path / "out")
    assert re.search(problem, str(caught.value))


def test_copies_that_the_file_separates_are_reported_and_not_trained_on(corpus, tmp_path):
    dataset = kazstance.open()
    row = next(row for row in dataset.copies if not row.formula)
    one, other = (name.rpartition("/")[0] for name in (row.sentence_id, row.copy_of))
    (corpus / FILE).write_text(f"paragraph_id,split\n{one},train\n{other},test\n", encoding="utf-8")
    found, said = built(corpus, tmp_path / "out")
    assert (found[one], found[other]) == ("train", "test")
    assert any("note: that separates 1 group of paragraphs with copies" in line for line in said)
    run = kazstance.open(tmp_path / "out").bench("stance", "in_domain").task.folds[0]
    texts = {sentence.sentence_id: sentence.text for sentence in dataset.sentences}
    tested, copied = texts[row.copy_of], texts[row.sentence_id]
    assert tested in {item.text for item in run.test}
    assert copied not in {item.text for item in run.train}
    assert run.dropped > 0
