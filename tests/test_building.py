"""The build in parts: the same rows whatever the parts and processes, the same errors, and nothing left behind."""

import functools
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kazstance as ks
from kazstance.corpus import judge, segment, shelf
from kazstance.corpus.build import build
from kazstance.corpus.progress import Progress
from kazstance.corpus.workers import Workers
from kazstance.dataset import DatasetFolder
from kazstance.dataset.verification.check import check
from kazstance.errors import InputError, KazstanceError
from kazstance.schema.digest import text_hash
from tests.conftest import quiet
from tests.corpora import Made, said

TARGETS = [{"id": "toll", "name": "the toll"}, {"id": "strike", "name": "the strike"}, {"id": "port", "name": "Port"}]
NAMES = [target["id"] for target in TARGETS]
ORIGINS = {"ada": "human", "bo": "human", "m1": "model", "m2": "model", "m3": "model"}
LABELS = ["favor", "against", "neutral"]
SCHEME = {"pro": "favor", "con": "against"}


def texts(draw, paragraphs=6):
    def line():
        words = ([f"word{draw.randrange(999)}" for _ in range(7)] for _ in range(3))
        return " ".join(f"{' '.join(sentence).capitalize()}." for sentence in words)

    return {name: "\n".join(line() for _ in range(paragraphs)) for name in ("a", "b/one", "b/two")}


def readings(draw, sentences):
    """Lines of all annotators in any order, with holders, rounds and labels of another scheme."""
    lines = defaultdict(list)
    for who, (name, text) in itertools.product(ORIGINS, sentences.items()):
        for number in (1, 2) if draw.random() < 0.2 else (1,) if draw.random() < 0.9 else ():
            covered = draw.sample(NAMES, draw.randrange(1, 4))
            about = [target for target in covered if draw.random() < 0.5]
            judged = [{"target_id": target, "label": draw.choice([*LABELS, *SCHEME])} for target in about]
            for target in draw.sample(NAMES, draw.randrange(3)):
                judged.append({"target_id": target, "holder": draw.choice("XY"), "label": draw.choice(LABELS)})
            row = {"sentence_id": name, "text_hash": text_hash(text), "covered": covered, "judgements": judged}
            lines[who].append({**row, **({"round": number} if number > 1 or draw.random() < 0.5 else {})})
    for found in lines.values():
        draw.shuffle(found)
    return lines


def write(folder, seed, change=None):
    draw = random.Random(seed)
    made = Made(texts(draw), {}, TARGETS)
    made.write(folder)
    lines = readings(draw, said(made.texts))
    blocks = (f'[[annotator]]\nid = "{who}"\norigin = "{origin}"\n' for who, origin in ORIGINS.items())
    scheme = "[labels]\n" + "".join(f'{one} = "{other}"\n' for one, other in SCHEME.items())
    (folder / "annotations/annotators.toml").write_text("\n".join([*blocks, scheme]))
    for who in ORIGINS:
        rows = [json.dumps(row) for row in lines[who]]
        rows = change(who, rows) if change else rows
        (folder / f"annotations/{who}.jsonl").write_text("".join(f"{row}\n" for row in rows))
    return folder, lines


def built(corpus, out, **options):
    out.mkdir()
    build(corpus, out, quiet, **options)
    assert check(DatasetFolder(out)).problems == ()
    return ks.open(out)


# ---- the same whatever the parts ----------------------------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.parametrize("processes", [0, 1, 3])
@pytest.mark.parametrize(("rows", "batch", "in_memory"), [(1, 1, 0), (150, 400, 2**26), (10**9, 10**9, 0)])
def test_the_rows_are_the_same_whatever_the_parts_and_processes(
    processes, rows, batch, in_memory, tmp_path, monkeypatch
):
    corpus, _ = write(tmp_path / "corpus", 7)
    expected = built(corpus, tmp_path / "whole", processes=0).manifest
    monkeypatch.setattr(judge, "ROWS", rows)
    monkeypatch.setattr(segment, "BATCH", batch)
    monkeypatch.setattr(shelf, "IN_MEMORY", in_memory)
    found = built(corpus, tmp_path / "parts", processes=processes).manifest
    assert {name: file.digest for name, file in flat(found)} == {name: file.digest for name, file in flat(expected)}
    assert found.mapped_labels == expected.mapped_labels


def flat(manifest):
    return [(file.path, file) for files in manifest.tables.values() for file in files.values()]


FAULTS = {
    "not JSON": lambda rows: [*rows[:3], "{", *rows[3:]],
    "twice": lambda rows: [*rows, rows[0]],
    "unknown sentence": lambda rows: [row.replace("a/1/1", "a/1/99") for row in rows],
    "unknown target": lambda rows: [row.replace('"toll"', '"tolls"') for row in rows],
    "another text": lambda rows: [row.replace('"text_hash": "', '"text_hash": "0000')[: 10**6] for row in rows],
    "a key twice": lambda rows: [row.replace('"covered"', '"round": 1, "round": 1, "covered"', 1) for row in rows],
    "not a label": lambda rows: [row.replace('"neutral"', '"netural"') for row in rows],
}


@pytest.mark.full
@pytest.mark.parametrize("fault", FAULTS)
def test_errors_are_the_same_whatever_the_processes(fault, tmp_path, monkeypatch):
    corpus, _ = write(tmp_path / "corpus", 3, lambda who, rows: FAULTS[fault](rows) if who == "m1" else rows)
    found = []
    for processes, rows in ((0, 10**9), (2, 50)):
        monkeypatch.setattr(judge, "ROWS", rows)
        with pytest.raises(InputError) as caught:
            build(corpus, tmp_path, quiet, processes=processes)
        found.append([str(problem) for problem in caught.value.problems])
    assert found[0] == found[1]
    assert all(line.startswith("annotations/m1.jsonl:") for line in found[0])


# ---- against a plain recomputation --------------------------------------------------------------------------------------


def majority(labels):
    return next((label for label, n in Counter(labels).items() if 2 * n > len(labels)), None)


def expected_labels(lines):
    """The label of each sentence, target and holder, from the lines alone; None where the votes decide nothing."""
    votes = defaultdict(dict)
    for who, rows in lines.items():
        for row in sorted(rows, key=lambda row: row.get("round", 1)):
            said = {(j["target_id"], j.get("holder")): SCHEME.get(j["label"], j["label"]) for j in row["judgements"]}
            for target in row["covered"]:
                votes[row["sentence_id"], target, None][who] = said.get((target, None), "none")
            for (target, holder), label in said.items():
                if holder:
                    votes[row["sentence_id"], target, holder][who] = label
    found = {}
    for key, cast in votes.items():
        people = majority([label for who, label in cast.items() if ORIGINS[who] == "human"])
        models = majority([label for who, label in cast.items() if ORIGINS[who] == "model"])
        is_split = {"favor", "against"} <= set(cast.values())
        found[key] = people or (None if is_split else models)
    return found


@pytest.mark.full
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6))
def test_labels_and_positions_are_those_of_a_plain_recomputation(tmp_path_factory, seed):
    place = tmp_path_factory.mktemp("oracle")
    corpus, lines = write(place / "corpus", seed)
    ds = built(corpus, place / "out", processes=0)
    expected = expected_labels(lines)
    assert {(row.sentence_id, row.target_id, row.holder): row.label_name for row in ds.grid} == expected
    assert len(ds.judgements) == sum(
        len(row["covered"]) + sum("holder" in judged for judged in row["judgements"])
        for rows in lines.values()
        for row in rows
    )
    counts = Counter((key[0][0], key[1], label) for key, label in expected.items() if key[2] is None)
    for row in ds.positions:
        key = row.source_id, row.target_id
        assert (row.n_favor, row.n_neutral, row.n_against) == tuple(
            counts[*key, label] for label in ("favor", "neutral", "against")
        )
        assert row.n_asked == sum(counts[*key, label] for label in (*LABELS, "none", None))
    kept = Counter(
        (judged["label"], SCHEME[judged["label"]])
        for rows in lines.values()
        for row in rows
        for judged in row["judgements"]
        if judged["label"] in SCHEME
    )
    assert {(row.original, row.label): row.judgements for row in ds.manifest.mapped_labels} == kept


# ---- processes ----------------------------------------------------------------------------------------------------------


def sleep(seconds):
    time.sleep(seconds)
    return os.getpid()


def fail(number):
    raise KazstanceError(f"number {number}")


def end(_):
    os.kill(os.getpid(), signal.SIGKILL)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.full
def test_results_come_in_order_from_several_processes():
    with Workers(2) as workers:
        assert list(workers.map(abs, range(-20, 0))) == list(range(20, 0, -1))
        assert len(set(workers.map(functools.partial(sleep), [0.2] * 6))) == 2


@pytest.mark.full
@pytest.mark.parametrize("function", [fail, end])
def test_an_error_ends_all_processes(function):
    with Workers(2) as workers, pytest.raises(KazstanceError, match="number 1|ended unexpectedly"):
        list(workers.map(function, [1, 1]))
    assert all(worker.returncode is not None for worker in workers._all)


@pytest.mark.full
def test_an_interrupt_leaves_no_process():
    found = []

    def interrupted():
        with Workers(2) as workers:
            found.extend(workers.map(sleep, [0, 0]))
            for _ in workers.map(sleep, [60, 60, 60]):
                raise AssertionError

    previous = signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    signal.setitimer(signal.ITIMER_REAL, 3)
    try:
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert time.monotonic() - begin < 30
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert not any(map(is_running, found))


@pytest.mark.full
def test_a_program_without_a_main_guard_may_build(tmp_path):
    corpus, _ = write(tmp_path / "corpus", 1)
    (tmp_path / "out").mkdir()
    program = tmp_path / "program.py"
    program.write_text(
        "print('once')\nfrom kazstance.corpus.build import build\n"
        f"build({str(corpus)!r}, {str(tmp_path / 'out')!r}, lambda _: None, processes=2)\n"
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "once\n"), done.stderr
    assert check(DatasetFolder(tmp_path / "out")).problems == ()


def test_progress_says_what_is_left_only_of_what_takes_long(monkeypatch):
    now, lines = [0.0], []
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    progress = Progress("judge", lines.append)
    for now[0], share in ((1, 0.1), (6, 0.25), (7, 0.3), (100, 0.5), (300, 1.0)):
        progress.show(share)
    assert lines == ["judge    25% done, about 18 s left", "judge    50% done, about 1 min 40 s left"]
