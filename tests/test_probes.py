"""Probes as runs: what is asked again, and what the figures say about systems whose answers are known."""

import json
import math
import sys
from collections import Counter

import pytest
from typer.testing import CliRunner

import kazstance
from kazstance.bench.probes import probe_items, probe_scores, reader_scores
from kazstance.bench.protocols import folds
from kazstance.bench.report import to_json, to_markdown
from kazstance.cli import app
from kazstance.errors import InputError, KazstanceError
from tests.benches import bring, opened, probe_rows, quiet, reload, reported, rows_of, run

MIRROR = {"favor": "against", "against": "favor", "neutral": "neutral"}


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "my_probed", sys.modules[__name__])


@pytest.fixture(scope="module")
def rows():
    return rows_of()


def perfect(train, test):
    return [item.label if item.label != "none" else "neutral" for item in test]


def deaf_to_the_target(train, test):
    return ["favor" if sum(map(ord, item.text)) % 2 else "against" for item in test]


def leaning_on_names(train, test):
    hidden = [any(f"[{kind}]" in item.text for kind in ("org", "place", "person")) for item in test]
    return ["neutral" if gone else label for gone, label in zip(hidden, perfect(train, test), strict=True)]


def of(found, probe):
    """The figures of a probe."""
    return {(p.measure, p.over): p for p in found if p.probe == probe}


def probed(system, tmp_path, protocol="in_domain"):
    run(f"my_probed:{system}", "stance", protocol, tmp_path / system, probes=True, say=quiet)
    return reload(tmp_path / system).probes


@pytest.mark.parametrize("protocol", ["in_domain", "cross_source", "cross_target", "cross_both"])
def test_a_fold_asks_for_the_probes_of_its_own_test_rows(protocol, rows):
    asked = Counter()
    for fold in folds(protocol, rows, opened()):
        tested = {item.item_id: item for item in fold.test}
        for item in probe_items(fold, probe_rows()):
            probe, _, row = item.item_id.partition(":")
            own = tested[row]
            assert (item.cluster, item.source_id, item.target_id) == (own.cluster, own.source_id, own.target_id)
            assert (item.text == own.text, item.target == own.target) == (probe == "mirror", probe == "mask")
            asked[item.item_id] += 1
    assert set(asked.values()) == {1}
    if protocol != "in_domain":
        assert len(asked) == 593 + 177


@pytest.mark.full
def test_a_perfect_system_keeps_its_skill_and_changes_what_it_should(tmp_path):
    found = probed("perfect", tmp_path, "cross_source")
    mask, swap, mirror = (of(found, probe) for probe in ("mask", "swap", "mirror"))
    assert mask["wts, names hidden", "all"].value == mask["wts, as it is", "all"].value == pytest.approx(1)
    assert mask["difference of wts", "all"].value == mask["answers changed", "all"].value == 0
    assert swap["answers changed", "all"].value == 1
    assert swap["both right", "all"].value == 1
    assert swap["both right", "all"].n == 540
    assert mirror["both right", "all"].value == 1
    assert mirror["turned around", "all"].value == mirror["turned around by the reader", "all"].value < 1
    both = [(p.row_label_name, p.label_name) for p in probe_rows() if p.probe == "mirror"]
    twice = sum(one == other in ("favor", "against") for one, other in both)
    assert mirror["same side twice", "all"].value == pytest.approx(twice / len(both), abs=1e-9)
    assert twice < 0.01 * len(both)


@pytest.mark.full
def test_whoever_ignores_the_target_changes_nothing_with_it(tmp_path):
    found = probed("deaf_to_the_target", tmp_path)
    swap, mirror = of(found, "swap"), of(found, "mirror")
    assert swap["answers changed", "all"].value == swap["both right", "all"].value == 0
    assert mirror["turned around", "all"].value == 0
    assert mirror["same side twice", "all"].value == 1


@pytest.mark.full
def test_whoever_leans_on_names_loses_its_skill_without_them(tmp_path, rows):
    mask = of(probed("leaning_on_names", tmp_path), "mask")
    assert mask["wts, as it is", "all"].value == pytest.approx(1)
    assert mask["wts, names hidden", "all"].value == pytest.approx(0, abs=1e-12)
    assert mask["difference of wts", "all"].value == pytest.approx(-1)
    assert mask["answers changed", "neutral"].value == 0
    assert mask["answers changed", "favor"].value == 1
    assert sum(mask["answers changed", side].n for side in MIRROR) == mask["answers changed", "all"].n


def test_figures_are_those_of_counting_by_hand():
    """Shares over rows given by hand, next to the function that computes them for runs."""
    probes = probe_rows()
    plain = {f"{p.sentence_id}:{p.target_id}": ("favor", "against")[len(p.text) % 2] for p in probes}
    plain |= {f"{p.sentence_id}:{p.other_target_id}": "neutral" for p in probes if p.other_target_id}
    shown = {p.probe_id: ("against", "neutral")[len(p.text) % 3 > 0] for p in probes if p.probe != "swap"}
    paragraphs = {row: row.rpartition(":")[0].rpartition("/")[0] for row in plain}
    found = probe_scores(probes, {"one": plain}, shown, paragraphs)
    pairs = [(p, plain[f"{p.sentence_id}:{p.target_id}"], shown[p.probe_id]) for p in probes if p.probe == "mirror"]
    favored = [(one, other) for p, one, other in pairs if p.row_label_name == "favor"]
    assert of(found, "mirror")["turned around", "favor"].value == pytest.approx(
        sum(pair in {("favor", "against"), ("against", "favor")} for pair in favored) / len(favored)
    )
    assert of(found, "mirror")["same side twice", "all"].value == pytest.approx(
        sum(one == other and one != "neutral" for _, one, other in pairs) / len(pairs)
    )
    right = [(one, other) == (p.row_label_name, p.label_name) for p, one, other in pairs if p.label_name != "none"]
    assert of(found, "mirror")["both right", "all"].value == pytest.approx(sum(right) / len(right))
    assert all(p.low <= p.value <= p.high for p in found)
    documents = {row: row.partition("/")[0] for row in plain}
    wider = probe_scores(probes, {"one": plain}, shown, documents)
    assert [p.value for p in wider] == [p.value for p in found]
    assert any((p.low, p.high) != (q.low, q.high) for p, q in zip(wider, found, strict=True))


def test_the_reader_turns_around_as_often_as_the_committed_table_says(root):
    mirrors = [p for p in probe_rows() if p.probe == "mirror"]
    table = (root / "benchmarks" / "results" / "mirrored.md").read_text(encoding="utf-8")
    for score in reader_scores(mirrors):
        rate = f"{score.value:.2f} ["
        assert rate in table
        assert str(score.n) in table


@pytest.mark.full
def test_probes_are_resumed_and_come_to_folds_that_are_there(tmp_path, monkeypatch):
    file = tmp_path / "calls"
    file.touch()

    def counting(train, test):
        asked_again = {item.item_id.partition(":")[0] for item in test} <= {"mask", "mirror"}
        file.write_text(file.read_text() + "fp"[asked_again])
        if len(file.read_text()) == 8:
            raise RuntimeError("out of memory")
        return perfect(train, test)

    monkeypatch.setattr(sys.modules[__name__], "counting", counting, raising=False)
    run("my_probed:counting", "stance", "cross_source", tmp_path, say=quiet)
    before = {file.name: file.read_bytes() for file in (tmp_path / "predictions").iterdir()}
    with pytest.raises(KazstanceError, match="out of memory"):
        run("my_probed:counting", "stance", "cross_source", tmp_path, probes=True, say=quiet)
    assert {p.probe for p in reload(tmp_path).probes} == {"swap"}
    assert len(list((tmp_path / "probes").iterdir())) == 2
    run("my_probed:counting", "stance", "cross_source", tmp_path, probes=True, say=quiet)
    assert file.read_text() == "fffffpppppp"
    assert {p.probe for p in reload(tmp_path).probes} == {"mask", "swap", "mirror"}
    assert {file.name: file.read_bytes() for file in (tmp_path / "predictions").iterdir()} == before
    written = json.loads((tmp_path / "scores.json").read_text())["probes"]
    assert [row["value"] for row in written] == pytest.approx([p.value for p in reload(tmp_path).probes])


@pytest.mark.full
def test_probes_are_of_the_task_stance_alone(tmp_path, harbour_data):
    for args in (["--task", "compare"], ["--task", "stance4"]):
        result = CliRunner().invoke(app, ["bench", "run", "majority", "--probes", *args, "--out", str(tmp_path / "r")])
        assert result.exit_code == 1
        assert "probes show rows of the task stance differently, not of " in result.stderr
    assert not (tmp_path / "r").exists()


def test_a_dataset_without_probes_says_so(tmp_path, harbour):
    import shutil

    from kazstance.corpus.build import build

    shutil.rmtree(harbour / "probes")
    (tmp_path / "out").mkdir()
    build(harbour, tmp_path / "out", quiet)
    with pytest.raises(KazstanceError, match="the dataset has no probes"):
        run("majority", "stance", "cross_source", tmp_path / "r", probes=True, data=tmp_path / "out", say=quiet)
    run("majority", "stance", "cross_source", tmp_path / "r", data=tmp_path / "out", say=quiet)
    assert reload(tmp_path / "r", data=tmp_path / "out").probes == ()


def test_a_small_corpus_has_probes_of_its_own(tmp_path, harbour_data):
    run("majority", "stance", "cross_source", tmp_path / "r", probes=True, data=harbour_data, say=quiet)
    found = reload(tmp_path / "r", data=harbour_data).probes
    assert {p.probe: p.n for p in found if p.over == "all" and p.measure in ("answers changed", "both right")} == {
        "mask": 2,
        "mirror": 3,
    }


def lines(rows, probes=(), change=None):
    found = [{"item_id": item.item_id, "label": item.label} for item in rows]
    found += [{"item_id": p.probe_id, "label": MIRROR.get(p.label_name, "neutral")} for p in probes]
    if change:
        change(found)
    return "".join(json.dumps(line) + "\n" for line in found)


@pytest.mark.full
def test_a_file_may_bring_a_probe_as_a_whole(tmp_path, rows):
    masks = [p for p in probe_rows() if p.probe == "mask"]
    (tmp_path / "p.jsonl").write_text(lines(rows, masks))
    bring(tmp_path / "p.jsonl", "mine", "stance", "cross_both", tmp_path / "run", say=quiet)
    assert {p.probe for p in reload(tmp_path / "run").probes} == {"mask", "swap"}
    (tmp_path / "p.jsonl").write_text(lines(rows))
    bring(tmp_path / "p.jsonl", "mine", "stance", "cross_both", tmp_path / "run", existing="again", say=quiet)
    assert {p.probe for p in reload(tmp_path / "run").probes} == {"swap"}


@pytest.mark.parametrize(
    ("change", "with_probes", "message"),
    [
        (lambda found: found.pop(), False, "missing rows (1): mask:russian_maoists/"),
        (lambda found: found.append({"item_id": "mask:x", "label": "favor"}), False, "unknown rows (1): mask:x; "),
        (lambda found: found.append(found[-1]), False, "duplicate rows (1): mask:"),
        (lambda found: None, True, "missing rows (177): mirror:"),
    ],
)
def test_part_of_a_probe_is_an_error(change, with_probes, message, tmp_path, rows):
    masks = [p for p in probe_rows() if p.probe == "mask"]
    (tmp_path / "p.jsonl").write_text(lines(rows, masks, change))
    with pytest.raises(InputError) as caught:
        bring(tmp_path / "p.jsonl", "m", "stance", "cross_both", tmp_path / "r", probes=with_probes, say=quiet)
    assert message in str(caught.value)
    assert not (tmp_path / "r").exists()


@pytest.mark.full
def test_the_report_shows_probes_under_their_own_heading(tmp_path):
    for system in ("perfect", "deaf_to_the_target"):
        probed(system, tmp_path)
    found = reported(tmp_path / "perfect", tmp_path / "deaf_to_the_target")
    page = to_markdown(found)
    headings = [line for line in page.splitlines() if line.startswith("### ")]
    assert [h for h in headings if "Probe" in h] == ["### Probe: mask", "### Probe: swap", "### Probe: mirror"]
    assert "A check of consistency, not part of any score" in page
    assert all("mirror" not in key for row in found for key in row.scores)
    again = json.loads(to_json(found))
    assert {p["probe"] for p in again[0]["probes"]} == {"mask", "swap", "mirror"}


@pytest.mark.full
def test_parts_add_up(tmp_path, rows):
    probed("leaning_on_names", tmp_path, "cross_target")
    row = reload(tmp_path / "leaning_on_names").as_row()
    assert {by: len(parts) for by, parts in row["parts"].items()} == {"target": 35, "source": 5, "kind": 2, "voice": 2}
    for by, parts in row["parts"].items():
        assert sum(part["n"] for part in parts.values()) == row["n"] == len(rows)
        weighted = sum(part["n"] * part["accuracy"] for part in parts.values()) / row["n"]
        assert weighted == pytest.approx(row["scores"]["accuracy"][0])
        if by in ("target", "kind"):
            defined = [part for part in parts.values() if part["D"] > 0]
            assert sum(part["D"] for part in defined) == pytest.approx(row["D"])
            pooled = sum(part["D"] * part["wts"][0] for part in defined) / row["D"]
            assert pooled == pytest.approx(row["scores"]["wts"][0])
    voices = Counter(stance.voice for stance in kazstance.load("stances"))
    assert {name: part["n"] for name, part in row["parts"]["voice"].items()} == voices
    one_sided = row["parts"]["target"]["socialist_revolution"]
    assert math.isnan(one_sided["wts"][0])
    written = json.loads((tmp_path / "leaning_on_names" / "scores.json").read_text())
    assert {part["by"] for part in written["breakdowns"]} == {"target", "source", "kind", "voice"}
