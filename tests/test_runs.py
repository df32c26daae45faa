"""A run belongs to one system, one dataset and one state of the code, and its folder never holds two."""

import copy
import functools
import json
import os
import py_compile
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from kazstance.bench.protocols import folds
from kazstance.bench.run_folder import AGAIN, MOVING, READY
from kazstance.bench.state_digest import state_of
from kazstance.corpus.build import build
from kazstance.errors import KazstanceError
from kazstance.models.systems import find_system
from tests import commands
from tests.benches import bring, opened, quiet, reload, reported, rows_of, run

SYSTEM = """
import os, signal
from pathlib import Path
import helper

def s(train, test):
    if Path("deadly").exists() and Path("deadly").read_text() == test[0].source_id:
        os.kill(os.getpid(), signal.SIGKILL)
    return [helper.ANSWER] * len(test)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a system that answers the same to everything, and a module beside it."""
    (tmp_path / "rl.py").write_text(SYSTEM)
    (tmp_path / "helper.py").write_text('ANSWER = "favor"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bench(folder, harbour_data):
    """Run a system on the small corpus, as a process in the working folder."""

    def bench(*more, system="rl:s", out="run", data=harbour_data, **options):
        where = ["--protocol", "cross_source", "--data", data, "--no-shortcuts", *more]
        return commands.run("bench run", *where, cwd=folder, system=system, out=out, **options)

    return bench


def answers(out):
    """The labels of all answers of a run."""
    lines = [line for file in sorted((out / "predictions").iterdir()) for line in file.read_text().splitlines()]
    return {json.loads(line)["label"] for line in lines}


@pytest.mark.full
def test_a_finished_run_is_never_passed_off_as_a_new_one(folder, bench):
    first = bench()
    assert first.code == 0, first.err
    same = bench()
    assert (same.code, same.out) == (1, "")
    assert "holds a run finished on 20" in same.err
    assert "the system and the data are the same; pass --again to run it again, or --reuse to keep it" in same.err
    (folder / "rl.py").write_text(f"{SYSTEM}\n# another comment\n")
    (folder / "helper.py").write_text('ANSWER = "against"\n')
    changed = bench()
    assert (changed.code, changed.out) == (1, "")
    assert "changed since: code of helper, code of rl; pass --again" in changed.err
    kept = bench("--reuse")
    assert (kept.code, kept.out) == (0, first.out)
    assert kept.err.startswith("reused, from 20")
    assert "changed since: code of helper, code of rl" in kept.err
    again = bench("--again")
    assert again.code == 0, again.err
    assert answers(folder / "run") == {"against"}
    assert "the system and the data are the same" in bench().err
    assert bench("--again", "--reuse").code == 2


@pytest.mark.full
def test_a_changed_parameter_is_a_changed_system(folder, bench):
    (folder / "rl.py").write_text(
        "import os\n"
        "class Fixed:\n"
        "    def __init__(self, answer): self.answer = answer\n"
        "    def __call__(self, train, test): return [self.answer] * len(test)\n"
        "s = Fixed(os.environ['ANSWER'])\n"
        "def rests_on_a_global(train, test): return s(train, test)\n"
    )
    for system, named in (("rl:s", "parameter answer"), ("rl:rests_on_a_global", "global s")):
        out = system.replace(":", "_")
        assert bench(system=system, out=out, env={"ANSWER": "favor"}).code == 0
        assert "are the same" in bench(system=system, out=out, env={"ANSWER": "favor", "PYTHONHASHSEED": "7"}).err
        assert f"changed since: {named}" in bench(system=system, out=out, env={"ANSWER": "against"}).err


@pytest.mark.full
def test_a_killed_run_is_resumed_by_the_same_system_alone(folder, bench, harbour_data):
    (folder / "deadly").write_text("merchants")
    assert bench().code == -signal.SIGKILL
    done = {file.name: file.read_bytes() for file in (folder / "run" / "predictions").iterdir()}
    assert 0 < len(done) < 3
    (folder / "deadly").unlink()
    (folder / "helper.py").write_text('ANSWER = "against"\n')
    for more in ((), ("--reuse",)):
        refused = bench(*more)
        assert refused.code == 1
        assert "unfinished; different now: code of helper; pass --again to start over" in refused.err
    unfinished = commands.run("bench report", "run", "--data", harbour_data, cwd=folder, out="page.md")
    assert unfinished.code == 1
    assert "is not finished; run it again to resume it" in unfinished.err
    assert bench(system="majority", out="whole").code == 0
    both = commands.run("bench report", "run", "whole", "--data", harbour_data, cwd=folder, out="page.md")
    assert both.code == 0
    assert re.search(r"left out: run: the run begun on .* is not finished; run it again to resume it", both.err)
    assert "majority" in (folder / "page.md").read_text()
    (folder / "helper.py").write_text('ANSWER = "favor"\n')
    resumed = bench()
    assert resumed.code == 0
    assert f"resumed: {len(done)} of 3 parts are kept" in resumed.err
    assert resumed.err.count("(kept, from 20") == len(done)
    assert answers(folder / "run") == {"favor"}
    assert {name: (folder / "run" / "predictions" / name).read_bytes() for name in done} == done


@pytest.mark.full
def test_an_unfinished_run_is_begun_anew_where_that_is_asked_for(folder, bench):
    (folder / "deadly").write_text("merchants")
    assert bench().code == -signal.SIGKILL
    (folder / "deadly").unlink()
    (folder / "helper.py").write_text('ANSWER = "against"\n')
    assert bench("--again").code == 0
    assert answers(folder / "run") == {"against"}


@pytest.mark.full
def test_the_old_run_stays_whole_until_the_new_one_is(folder, bench):
    old = bench()
    (folder / "run" / "notes.txt").write_text("mine")
    (folder / "helper.py").write_text('ANSWER = "against"\n')
    (folder / "deadly").write_text("merchants")
    assert bench("--again").code == -signal.SIGKILL
    assert answers(folder / "run") == {"favor"}
    kept = bench("--reuse")
    assert (kept.code, kept.out) == (0, old.out)
    (folder / "deadly").unlink()
    assert bench("--again").code == 0
    assert answers(folder / "run") == {"against"}
    assert (folder / "run" / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in (folder / "run").iterdir()) == [
        "notes.txt",
        "predictions",
        "run.json",
        "scores.json",
    ]


@pytest.mark.full
def test_what_no_digest_covers_is_named(folder, bench):
    py_compile.compile(str(folder / "helper.py"), cfile=str(folder / "helper.pyc"))
    (folder / "helper.py").unlink()
    (folder / "rl.py").write_text(f"{SYSTEM}\nimport importlib\nother = importlib.import_module('js' + 'on')\n")
    found = bench()
    assert found.code == 0, found.err
    assert "note: not part of the run's identity: helper (no source file)" in found.err
    assert "rl, line 12 (import_module of a computed name)" in found.err
    assert json.loads((folder / "run" / "run.json").read_text())["system"]["unseen"]


@pytest.fixture
def made(folder, harbour_data):
    """Two finished runs of different systems, and the folds that both have."""
    for name, answer in (("one", "favor"), ("other", "against")):
        rows = rows_of(data=harbour_data)
        (folder / f"{name}.jsonl").write_text(predictions(rows, answer))
        bring(folder / f"{name}.jsonl", name, "stance", "cross_source", folder / name, data=harbour_data, say=quiet)
    return folder


def predictions(rows, answer):
    return "".join(json.dumps({"item_id": item.item_id, "label": answer}) + "\n" for item in rows)


@pytest.mark.full
def test_folds_of_two_runs_never_mix(made, harbour_data):
    shutil.copy(made / "other" / "predictions" / "dockers.jsonl", made / "one" / "predictions" / "dockers.jsonl")
    done = commands.run("bench report", "one", "--data", harbour_data, cwd=made, out="page.md")
    assert done.code == 1
    assert "dockers.jsonl: its SHA-256 begins with " in done.err
    assert "another run" in done.err
    assert not (made / "page.md").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [*lines, lines[0].replace("favor", "against")],
        lambda lines: [lines[0].replace("favor", "against"), *lines[1:]],
        lambda lines: lines[:-1],
        lambda lines: lines[::-1],
    ],
    ids=["a doubled line", "an altered line", "a line less", "another order"],
)
def test_altered_answers_are_refused(spoil, made, harbour_data):
    file = made / "one" / "predictions" / "dockers.jsonl"
    file.write_text("\n".join(spoil(file.read_text().splitlines())) + "\n")
    with pytest.raises(KazstanceError, match="dockers.jsonl: its SHA-256 begins with"):
        reported(made / "one", data=harbour_data)


@pytest.mark.full
def test_another_file_of_predictions_is_another_run(made, harbour_data):
    where = ["--data", harbour_data, "--protocol", "cross_source", "--predictions", "one.jsonl"]
    places = {"system": "one", "out": "one", "cwd": made}
    assert "the system and the data are the same" in commands.run("bench run", *where, **places).err
    shutil.copy(made / "other.jsonl", made / "one.jsonl")
    refused = commands.run("bench run", *where, **places)
    assert refused.code == 1
    assert "changed since: file of predictions" in refused.err
    assert answers(made / "one") == {"favor"}
    assert commands.run("bench run", *where, "--again", **places).code == 0
    assert answers(made / "one") == {"against"}


class Stopped(BaseException):
    """As if the process were killed."""


steps = {"left": -1}


def stop(event, args):
    """At the nth operation on files, stop."""
    writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wxa+")
    if steps["left"] >= 0 and (writes or event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod")):
        steps["left"] -= 1
        if steps["left"] < 0:
            raise Stopped


@pytest.fixture(scope="session")
def hook():
    sys.addaudithook(stop)


@pytest.mark.full
def test_a_file_of_predictions_replaces_a_run_whole_or_not_at_all(hook, made, harbour_data):
    """Stopped before each operation on files, the folder has all folds of the old file or all of the new one."""
    seen, count = set(), 0
    while True:
        out = made / f"copy{count}"
        shutil.copytree(made / "one", out)
        steps["left"] = count
        how = {"existing": "again", "data": harbour_data, "say": quiet}
        try:
            bring(made / "other.jsonl", "one", "stance", "cross_source", out, **how)
            whole = True
        except Stopped:
            whole = False
        steps["left"] = -1
        scored, found = reload(out, data=harbour_data).breakdowns, answers(out)
        assert len(found) == 1
        assert scored
        assert all(part.n for part in scored)
        seen |= found
        if whole or count % 5 == 0:  # not each time: it scores the run
            bring(made / "other.jsonl", "one", "stance", "cross_source", out, **how)
            assert answers(out) == {"against"}
            assert not [name for name in (AGAIN, READY, MOVING) if (out / name).exists()]
        if whole:
            break
        count += 1
    assert count > 20
    assert seen == {"favor", "against"}


@pytest.mark.full
def test_other_data_are_another_run(harbour, folder, bench, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "rebuilt").mkdir()
    build(harbour, tmp_path / "data", quiet)
    assert bench(data=tmp_path / "data").code == 0
    shutil.copytree(tmp_path / "data", tmp_path / "edited")
    for file in (tmp_path / "edited" / "stances").glob("*.parquet"):
        table = pq.read_table(file)
        column = pa.array([text + "!" for text in table["text"].to_pylist()], pa.string())
        pq.write_table(table.set_column(table.column_names.index("text"), table.schema.field("text"), column), file)
    refused = bench(data=tmp_path / "edited")
    assert refused.code == 1
    assert "holds another run, finished on 20" in refused.err
    assert "different now: the rows of the task" in refused.err
    scored = commands.run("bench report", "run", "--data", tmp_path / "edited", cwd=folder, out="page.md")
    assert scored.code == 1
    assert "the rows of the task are not those that the run was made on" in scored.err
    lines = (harbour / "targets.toml").read_text()
    (harbour / "targets.toml").write_text(lines.replace("from boats", "from all boats", 1))
    build(harbour, tmp_path / "rebuilt", quiet)
    refused = bench("--reuse", data=tmp_path / "rebuilt")
    assert refused.code == 1
    assert "holds another run, finished on 20" in refused.err
    assert "different now: data " in refused.err


@pytest.mark.full
def test_the_bytes_of_a_checkpoint_are_part_of_its_identity(tmp_path):
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(name.encode())
    name = f"finetune:{tmp_path}"
    before = find_system(name).identify()
    assert find_system(name).identify() == before
    (tmp_path / "model.safetensors").write_bytes(b"model.safetensorS")
    after = find_system(name).identify()
    assert {key for key in after.state if after.state[key] != before.state[key]} == {"file model.safetensors"}
    assert find_system(f"{name}?epochs=5").identify().state.keys() - after.state.keys() == {"setting epochs"}


EARLIER = {
    "run": {"system": "one", "task": "stance", "protocol": "cross_source", "digest": "0" * 64, "family": None},
    "environment": {"python": "3", "kazstance": "0.3.0"},
}
"""What version 0.3.0 wrote."""
RECORDS = {
    "a number for a system": lambda text: text.replace('"system": "one"', '"system": 5'),
    "a list": lambda text: "[]",
    "nothing": lambda text: "",
    "half of it": lambda text: text[: len(text) // 2],
    "deep nesting": lambda text: "[" * 100_000,
    "a key too many": lambda text: text.replace("{", '{"x": 1, ', 1),
    "a name of a key that is not there": lambda text: text.replace('"rows"', '"row"'),
    "a digest that is none": lambda text: text.replace('"rows": "', '"rows": "x'),
    "a date that is none": lambda text: text.replace('"begun": "2', '"begun": "x'),
    "a task that is none": lambda text: text.replace('"task": "stance"', '"task": "tone"'),
    "one of version 0.3.0": lambda text: json.dumps(EARLIER),
    "bytes that are no UTF-8": lambda text: b"\xff\xfe",
}


@pytest.mark.parametrize("fault", RECORDS)
def test_a_record_that_is_none_is_named_in_one_line(fault, made, harbour_data):
    file = made / "one" / "run.json"
    spoiled = RECORDS[fault](file.read_text())
    file.write_bytes(spoiled if isinstance(spoiled, bytes) else spoiled.encode())
    with pytest.raises(KazstanceError) as caught:
        reported(made / "one", data=harbour_data)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 600


def test_a_run_of_version_0_3_0_is_replaced_where_that_is_asked_for(made, harbour_data):
    file = made / "one" / "run.json"
    file.write_text(json.dumps(EARLIER))
    with pytest.raises(KazstanceError, match="a run of an earlier version must be run again, with --again"):
        bring(made / "other.jsonl", "one", "stance", "cross_source", made / "one", data=harbour_data, say=quiet)
    again = {"existing": "again", "data": harbour_data, "say": quiet}
    bring(made / "other.jsonl", "one", "stance", "cross_source", made / "one", **again)
    assert answers(made / "one") == {"against"}


@pytest.mark.full
def test_files_of_somebody_else_are_left_alone(folder, harbour_data):
    for name, content in (("scores.json", "[]"), ("run.json", '{"speed": 3}')):
        out = folder / name.partition(".")[0]
        out.mkdir()
        (out / name).write_text(content)
        for existing in ("refuse", "again", "reuse"):
            with pytest.raises(KazstanceError, match="expected"):
                run("majority", "stance", "cross_source", out, existing=existing, data=harbour_data, say=quiet)
        assert [path.name for path in out.iterdir()] == [name]
        assert (out / name).read_text() == content


@pytest.mark.full
@pytest.mark.parametrize("inside", ["run.json", "scores.json", "predictions/*.jsonl", "predictions"])
@pytest.mark.parametrize("as_what", ["pipe", "link", "link to nothing"])
def test_pipes_and_links_in_a_run_are_neither_waited_for_nor_followed(inside, as_what, folder, harbour_data, tmp_path):
    out, outside = folder / "run", tmp_path / "outside"
    arguments = ("--data", harbour_data, "--protocol", "cross_source")
    assert commands.run("bench run", *arguments, cwd=folder, system="majority", out=out).code == 0
    place = min(out.glob(inside))
    shutil.move(place, outside)
    there = {path: path.read_bytes() for path in (outside, *outside.rglob("*")) if path.is_file()}
    if as_what == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(outside if as_what == "link" else tmp_path / "nothing")
    for name, more in (("bench report", {"out": "page.md"}), ("bench run", {"system": "majority", "out": out})):
        first = (out,) if name == "bench report" else arguments
        done = commands.run(
            name, *first, *(() if first is arguments else arguments[:2]), cwd=folder, timeout=60, **more
        )
        assert done.code in (0, 1)
        assert "Traceback" not in done.err
    assert {path: path.read_bytes() for path in (outside, *outside.rglob("*")) if path.is_file()} == there
    assert not (tmp_path / "nothing").exists()


@pytest.mark.full
def test_best_shortcut_is_said_where_there_was_one_to_compare_with(made, harbour_data):
    alone = commands.run("bench report", "one", "--data", harbour_data, cwd=made, out="alone.md")
    assert alone.code == 0
    text = (made / "alone.md").read_text()
    assert "best shortcut" not in text
    assert "| no shortcut among the runs |" in text
    for hint in (text, alone.err):
        assert "kazstance bench run 'target-blind TF-IDF' --task stance --protocol cross_source --out DIR" in hint
    run("majority", "stance", "cross_source", made / "majority", data=harbour_data, say=quiet)
    beside = commands.run("bench report", "one", "majority", "--data", harbour_data, cwd=made, out="beside.md")
    assert beside.code == 0
    text = (made / "beside.md").read_text()
    assert "no shortcut among" not in text
    rows = [line for line in text.splitlines() if "| best shortcut |" in line]
    assert len(rows) == 2  # of the leaderboard, and of the scores
    assert all("majority" in row for row in rows)


@pytest.mark.parametrize(("name", "near"), [("majorty", "majority"), ("minilmm", "minilm"), ("nosuch", "")])
def test_a_wrong_name_is_wrong_usage_and_the_nearest_are_named(name, near, bench):
    found = bench(system=name)
    assert found.code == 2
    assert f"{name!r} is not a system; choose from majority, " in found.err
    assert ("did you mean" in found.err) == bool(near)
    assert not near or f"did you mean {near}?" in found.err


@pytest.mark.full
def test_modules_of_the_current_folder_are_found(bench):
    assert bench(python=("-P",)).code == 0


@pytest.mark.full
def test_an_error_in_a_system_shows_the_line_it_comes_from(folder, bench):
    (folder / "rl.py").write_text("import helper\n\ndef s(train, test):\n    return helper.label(test[0])\n")
    (folder / "helper.py").write_text("def label(item):\n    return item.nope\n")
    found = bench()
    assert found.code == 1
    assert "AttributeError: 'Item' object has no attribute 'nope'" in found.err
    assert f"({folder / 'helper.py'}:2, in label)" in found.err
    (folder / "helper.py").write_text("import json\nANSWER = json.loads('{')\n")
    found = bench()
    assert found.code == 1
    assert f"({folder / 'helper.py'}:2, in <module>)" in found.err
    assert "Traceback" not in found.err


SHORT = "ID\tTarget\tTweet\tStance\n1\tT\ta\tFAVOR\n2\tT\tb\tAGAINST\n3\tT\tc\tNONE\n"


@pytest.fixture
def bench_files(folder):
    """Run a system on two small files, as a process."""
    (folder / "train.txt").write_text(SHORT)
    (folder / "test.txt").write_text(SHORT.replace("\n", "\n4", 3).replace("4ID", "ID"))
    columns = ["--id", "ID", "--text", "Tweet", "--target", "Target", "--label", "Stance", "--preset", "semeval"]

    def bench_files(*more, system="rl:s"):
        places = {"train": "train.txt", "test": "test.txt", "out": "out"}
        return commands.run("bench run on files", *columns, *more, cwd=folder, system=system, **places)

    return bench_files


@pytest.mark.full
def test_a_shortcut_that_fails_beside_a_system_is_a_line(folder, bench_files):
    found = bench_files()
    assert found.code == 0, found.err
    assert "| rl:s | " in found.out
    assert "target-blind TF-IDF failed: target-blind TF-IDF: ValueError: empty vocabulary" in found.out
    written = json.loads((folder / "out" / "scores.json").read_text())
    assert "target-blind TF-IDF" in written["failed"]
    assert "majority" in {shortcut["run"]["system"] for shortcut in written["shortcuts"]}
    assert len((folder / "out" / "predictions" / "test.jsonl").read_text().splitlines()) == 3


@pytest.mark.full
def test_a_run_on_files_belongs_to_one_system_and_its_files(folder, bench_files):
    first = bench_files()
    (folder / "helper.py").write_text('ANSWER = "against"\n')
    refused = bench_files()
    assert (refused.code, refused.out) == (1, "")
    assert "changed since: code of helper" in refused.err
    kept = bench_files("--reuse")
    assert (kept.code, kept.out) == (0, first.out)
    assert kept.err.startswith("reused, from 20")
    assert bench_files("--again").code == 0
    predicted = (folder / "out" / "predictions" / "test.jsonl").read_text()
    assert predicted.count("AGAINST") == 3
    (folder / "test.txt").write_text((folder / "test.txt").read_text().replace("FAVOR", "NONE"))
    other = bench_files("--reuse")
    assert other.code == 1
    assert "different now: test " in other.err
    (folder / "out" / "predictions" / "test.jsonl").write_text(predicted.replace("AGAINST", "FAVOR", 1))
    (folder / "test.txt").write_text((folder / "test.txt").read_text().replace("NONE", "FAVOR", 1))
    spoiled = bench_files("--reuse")
    assert spoiled.code == 1
    assert "test.jsonl: its SHA-256 begins with" in spoiled.err


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
values = st.recursive(
    plain,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner) | st.sets(plain),
    max_leaves=8,
)


def canonical(value):
    """A value in words, sets in order."""
    if isinstance(value, set):
        return f"set {sorted(map(repr, value))}"
    if isinstance(value, dict):
        return f"dict {[(key, canonical(part)) for key, part in value.items()]}"
    if isinstance(value, list | tuple):
        return f"{type(value)} {[canonical(part) for part in value]}"
    return repr(value)


class Holder:
    """Something with a parameter."""

    def __init__(self, value):
        self.value = value


@given(values, values)
def test_equal_values_alone_have_equal_digests(one, other):
    same = state_of(Holder(one)) == state_of(Holder(other))
    assert state_of(Holder(one)) == state_of(Holder(copy.deepcopy(one)))
    assert same == (canonical(one) == canonical(other))


def test_parameters_tell_systems_apart(tmp_path):
    def scaled(train, test, *, by=1):
        return [by] * len(test)

    itself = []
    itself.append(itself)
    different = [
        make_pipeline(CountVectorizer(), LogisticRegression(C=1)),
        make_pipeline(CountVectorizer(), LogisticRegression(C=2)),
        make_pipeline(CountVectorizer(ngram_range=(1, 2)), LogisticRegression(C=1)),
        functools.partial(scaled, by=2),
        functools.partial(scaled, by=3),
        scaled,
        Holder(np.arange(3)),
        Holder(np.arange(3.0)),
        Holder(np.arange(4)),
        Holder(itself),
        Holder(lambda x: x + 1),
        Holder(lambda x: x + 2),
    ]
    digests = [json.dumps(dict(state_of(found).parts)) for found in different]
    assert len(set(digests)) == len(digests)
    assert state_of(different[0]) == state_of(make_pipeline(CountVectorizer(), LogisticRegression(C=1)))
    assert [state_of(found).unseen for found in different] == [()] * len(different)
    with (tmp_path / "file").open("w") as opened:
        assert "parameter value (holds a _io.TextIOWrapper" in state_of(Holder(opened)).unseen[0]


def test_an_estimator_is_known_by_its_parameters_not_by_what_it_learned(harbour_data):
    system = make_pipeline(CountVectorizer(), LogisticRegression())
    before = state_of(system)
    part = next(iter(folds("cross_source", rows_of(data=harbour_data), opened(harbour_data))))
    system.fit([item.text for item in part.train], [item.label for item in part.train])
    assert state_of(system) == before


@pytest.mark.full
def test_built_in_systems_are_covered_whole():
    for name in ("majority", "lexicon", "TF-IDF SVM", "minilm"):
        found = find_system(name).identify()
        assert found.unseen == ()
        assert "kazstance.bench.shortcuts" in found.code
        assert find_system(name)


@pytest.mark.full
def test_the_progress_bar_says_what_runs(folder, harbour_data):
    """On a terminal of 80 columns, as a process."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    where = ["--protocol", "cross_source", "--data", str(harbour_data), "--no-shortcuts", "--out", "shown"]
    env = os.environ | {"COLUMNS": "80", "TERM": "xterm"}
    subprocess.run(
        [sys.executable, "-m", "kazstance", "bench", "run", "majority", *where],
        check=True, cwd=folder, env=env, stderr=theirs, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    shown = os.read(ours, 1_000_000).decode()
    os.close(ours)
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))
    assert max(map(len, lines)) <= 80
    (bar,) = {line.split("━")[0].strip() for line in lines if "3/3" in line}
    assert re.fullmatch(r"majority · stance · cross_source: predictions of fold (dockers|gazette|merchants)", bar)
