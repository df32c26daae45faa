"""The panel beside a user's own rows: as strong as the n-gram SVM, chosen without the test, kept by what it rests on."""

import json
import random
import shutil
from pathlib import Path

import pytest

import kazstance as ks
from kazstance.bench import panel as panels
from kazstance.bench.held_out import LEAST
from kazstance.bench.identity import SystemIdentity
from kazstance.bench.panel import Panel
from kazstance.bench.result import with_lift
from kazstance.bench.shortcuts import COUNTERPARTS, PANELS
from kazstance.bench.systems import System
from kazstance.models.systems import panel_for
from tests import commands

ENGLISH = "I think that the {} is what we should have, and they would not like it"


def rows(n, seed, word="warm", **more):
    """Rows in which one word tells the label, whatever the target; the majority of a target is not that of all."""
    draw = random.Random(seed)
    found = []
    for number in range(n):
        label = draw.choice(["favor", "favor", "against"])
        text = ENGLISH.format(f"{word if label == 'favor' else 'cold'} {draw.choice('abcdef')}")
        found.append({"id": f"{seed}-{number}", "text": text, "target": f"t{number % 2}", "label": label, **more})
    return found


def bench(n=60, **how):
    return ks.benchmark(rows(n, 1), rows(30, 2), id="id", **how)


def always(label):
    def system(train, test):
        return [label] * len(test)

    return system


def quiet(_):
    """Say nothing."""


@pytest.mark.full
def test_a_users_own_rows_have_the_counterparts_and_a_dataset_the_published_panel(harbour_data):
    result = bench().run(always("favor"), say=quiet)
    found = {shortcut.system for shortcut in result.shortcuts}
    assert found == {"majority", "majority per target", "lexicon", "target-blind TF-IDF", *COUNTERPARTS}
    assert result.chosen_on == "validation"
    assert result.as_row()["best_shortcut_chosen_on"] == "validation"
    dataset = ks.open(harbour_data).bench("stance", "in_domain")
    ours = dataset.run(always("favor"), say=quiet)
    assert {shortcut.system for shortcut in ours.shortcuts} <= set(PANELS["brief"])
    assert ours.chosen_on == "test"
    with pytest.raises(ks.UnknownNameError, match="'wide' is not a panel"):
        dataset.run(always("favor"), panel="wide", say=quiet)


def system(name, predict):
    return System(name, predict, SystemIdentity)


def test_the_best_shortcut_is_the_one_that_does_best_in_validation_though_another_does_better_on_the_test():
    train = [dict(row, split="x") for row in rows(60, 1)]
    dev, test = rows(LEAST + 10, 3), rows(40, 2)
    task = ks.benchmark(train, test, dev=dev, id="id").task
    of_test = {item.item_id: item.label for item in task.test}
    of_dev = {row["id"]: row["label"] for row in dev}

    def good_in_validation(_, items):
        return [of_dev.get(item.item_id, "favor") for item in items]

    def good_on_the_test(_, items):
        return [of_test.get(item.item_id, "favor") for item in items]

    names = {"target-blind TF-IDF": good_in_validation, "lexicon": good_on_the_test}
    shortcuts = tuple(system(name, predict) for name, predict in names.items())
    chosen = Panel(shortcuts, is_held_out=True)
    results, failed = chosen.results(task, quiet)
    assert failed == {}
    assert [round(found.held_out, 6) for found in results] == [1.0, 0.0]
    assert [found.scores["wts"].value for found in results] == [0.0, 1.0]
    assert with_lift(results[1], results).best_shortcut == "target-blind TF-IDF"
    plain, _ = Panel(shortcuts).results(task, quiet)
    assert with_lift(plain[1], plain).best_shortcut == "lexicon"


@pytest.mark.parametrize("has_file", [True, False])
def test_no_test_row_and_no_label_held_out_is_shown_when_the_best_is_chosen(has_file):
    seen = []

    def watching(train, items):
        seen.append(({item.item_id for item in train}, {item.item_id for item in items}))
        return ["favor"] * len(items)

    dev = rows(LEAST + 5, 3) if has_file else None
    task = ks.benchmark(rows(60, 1), rows(30, 2), dev=dev, id="id").task
    Panel((system("majority", watching),), is_held_out=True).results(task, quiet)
    test, train = {item.item_id for item in task.test}, {item.item_id for item in task.folds[0].train}
    asked_of_test, *inner = seen
    assert asked_of_test == (train, test)
    assert all(not fitting & held for fitting, held in seen)
    assert all(fitting | held == train for fitting, held in inner)
    held = [name for _, rows_held in inner for name in sorted(rows_held)]
    if has_file:
        assert sorted(held) == sorted(row["id"] for row in dev)
    else:
        assert sorted(held) == sorted(train)


def test_choosing_settings_never_sees_the_rows_held_out_as_validation():
    splits = []

    def watching(train, items):
        splits.append({item.split for item in train})
        return ["favor"] * len(items)

    task = ks.benchmark(rows(200, 1), rows(30, 2), dev=rows(50, 3), id="id").task
    Panel((system("majority", watching),), is_held_out=True).results(task, quiet)
    assert splits == [{"train", "validation"}] * 2


CATALAN = "Crec que la independència és el que volem, però no ens deixen votar ni parlar de res més {}"


@pytest.mark.full
@pytest.mark.parametrize(
    ("text", "language", "why"),
    [
        (ENGLISH, "", None),
        (ENGLISH, "en-GB", None),
        (CATALAN, "", "the texts do not look English; if they are, pass --language en"),
        (CATALAN, "ca", "the language of the texts is ca"),
        ("我坚决支持这个政策{}", "", "do not look English"),
        ("أنا أؤيد هذا القرار {}", "ar", "the language of the texts is ar"),
    ],
)
def test_the_lexicon_is_for_english_only_and_says_why_it_is_left_out(text, language, why):
    train, test = ([dict(row, text=text.format(row["id"])) for row in part] for part in (rows(40, 1), rows(20, 2)))
    found = panel_for(ks.benchmark(train, test, id="id", language=language).task)
    assert ("lexicon" in [one.name for one in found.systems]) == (why is None)
    if why:
        assert why in found.left_out["lexicon"]
        said = []
        result = ks.benchmark(train, test, id="id", language=language).run(
            always("favor"), panel="brief", say=said.append
        )
        assert any(line.startswith("lexicon is left out: its words are English") for line in said)
        assert result.left_out == found.left_out
        assert any("lexicon is left out" in remark for remark in result.remarks)
        with pytest.raises(ks.KazstanceError, match="the words of the lexicon are English, and"):
            ks.fit("lexicon", train, language=language)


@pytest.fixture
def files(tmp_path):
    for name, part in (("train", rows(60, 1)), ("test", rows(30, 2))):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    (tmp_path / "mine.py").write_text("def system(train, test):\n    return ['favor'] * len(test)\n")
    return tmp_path


def on_command_line(files, out, *more, env=None):
    where = {"train": files / "train.jsonl", "test": files / "test.jsonl", "out": files / out}
    asked = ("--id", "id", "--json", *more)
    return commands.run("bench run on files", *asked, cwd=files, env=env, system="mine:system", **where)


def as_numbers(done):
    assert done.code == 0, done.err
    return {row["system"]: row for row in json.loads(done.out)}


@pytest.mark.full
def test_a_second_system_takes_the_shortcuts_from_the_cache_and_gets_the_same_figures(tmp_path, monkeypatch):
    asked = []
    real = panels.ask
    monkeypatch.setattr(panels, "ask", lambda *args: asked.append(args[-1]) or real(*args))
    said = []
    first = bench().run(always("favor"), cache=tmp_path / "cache", say=quiet)
    n = len(first.shortcuts)
    assert len(set(asked)) == n
    asked.clear()
    second = bench().run(always("against"), cache=tmp_path / "cache", say=said.append)
    assert asked == []
    assert f"{n} of {n} shortcuts are taken from the cache {tmp_path / 'cache'}" in said
    assert [s.as_row() for s in second.shortcuts] == [s.as_row() for s in first.shortcuts]
    assert second.lift.as_row() == bench().run(always("against"), say=quiet).lift.as_row()


def clustered(train, test):
    for number, row in enumerate([*train, *test]):
        row["who"] = str(number // 2)
    return {"cluster": "who"}


CHANGES = {
    "a test row": lambda train, test: test[0].update(text=f"{test[0]['text']} indeed"),
    "a training label": lambda train, test: train[0].update(label="neutral"),
    "a validation file": lambda train, test: {"dev": rows(30, 3)},
    "the language": lambda train, test: {"language": "en"},
    "the clusters": clustered,
}


@pytest.mark.full
@pytest.mark.parametrize("change", CHANGES)
def test_nothing_stale_is_taken_from_the_cache(change, tmp_path):
    train, test = rows(60, 1, who="w"), rows(30, 2, who="w")
    kept = {"panel": "brief", "cache": tmp_path / "cache"}
    ks.benchmark(train, test, id="id").run(always("favor"), **kept, say=quiet)
    how = CHANGES[change](train, test) or {}
    said = []
    changed = ks.benchmark(train, test, id="id", **how)
    found = changed.run(always("favor"), **kept, say=said.append)
    assert not any("from the cache" in line for line in said)
    fresh = changed.run(always("favor"), panel="brief", say=quiet)
    assert [one.as_row() for one in found.shortcuts] == [one.as_row() for one in fresh.shortcuts]


@pytest.mark.full
def test_the_brief_panel_is_not_taken_for_the_full_one(tmp_path):
    for panel, chosen_on in (("brief", "test"), ("full", "validation"), ("brief", "test")):
        assert bench().run(always("favor"), panel=panel, cache=tmp_path, say=quiet).chosen_on == chosen_on


@pytest.mark.full
@pytest.mark.parametrize("damage", [b"", b"{}", b"not JSON"])
def test_a_damaged_file_of_the_cache_is_computed_again(damage, tmp_path):
    kept = {"panel": "brief", "cache": tmp_path}
    first = bench().run(always("favor"), **kept, say=quiet)
    whole = {file: file.read_bytes() for file in tmp_path.iterdir()}
    for file, content in whole.items():
        file.write_bytes(damage or content.replace(b'"held_out"', b'"held_in"'))
    said = []
    second = bench().run(always("favor"), **kept, say=said.append)
    assert not any("from the cache" in line for line in said)
    assert [one.as_row() for one in second.shortcuts] == [one.as_row() for one in first.shortcuts]
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == whole


@pytest.mark.full
@pytest.mark.parametrize("changed", ["models/lexicon.py", "bench/shortcuts.py", "stats/metrics.py"])
def test_other_code_takes_nothing_from_the_cache(changed, files):
    """With a copy of the package, in which one line changes."""
    package = Path(ks.__file__).parent
    shutil.copytree(package, files / "copy" / "kazstance", ignore=shutil.ignore_patterns("data", "__pycache__"))
    env = {"PYTHONPATH": str(files / "copy")}
    asked = ("--cache", files / "cache", "--panel", "brief")
    for line, is_kept in (("", False), ("", True), ("\n# another line", False)):
        file = files / "copy" / "kazstance" / changed
        file.write_text(file.read_text() + line)
        done = on_command_line(files, f"out{len(list(files.iterdir()))}", *asked, env=env)
        assert done.code == 0, done.err
        assert ("are taken from the cache" in done.err) == is_kept


@pytest.mark.full
def test_the_cache_on_the_command_line(files):
    first = as_numbers(on_command_line(files, "one", "--cache", files / "cache"))
    (files / "mine.py").write_text("def system(train, test):\n    return ['against'] * len(test)\n")
    again = on_command_line(files, "other", "--cache", files / "cache")
    second = as_numbers(again)
    assert f"shortcuts are taken from the cache {files / 'cache'}" in again.err
    assert {name: row for name, row in first.items() if name != "mine:system"} == {
        name: row for name, row in second.items() if name != "mine:system"
    }
    assert first["mine:system"]["scores"] != second["mine:system"]["scores"]
    kept = json.loads(Path(files / "other" / "scores.json").read_text())
    assert len(kept["shortcuts"]) == len(second) - 1


@pytest.mark.full
def test_a_shortcut_run_alone_is_scored_on_held_out_rows_too(tmp_path):
    """So that a report over folders can choose the best shortcut without the test."""
    benchmark = bench()
    alone = benchmark.run("majority", tmp_path / "majority", say=quiet)
    beside = {s.system: s for s in benchmark.run(always("favor"), say=quiet).shortcuts}["majority"]
    assert alone.held_out == beside.held_out == benchmark.load(tmp_path / "majority").held_out == 0
