"""What a run withstands: every kind of fault, being killed at any moment, and the five texts of the shipped corpus."""

import json
import random
import shutil
import signal
import time
import warnings
from collections import Counter

import pytest

import kazstance as ks
from kazstance.annotate.by_model.model_run import Scope, run_model
from kazstance.annotate.by_model.sending import Patience
from kazstance.corpus.inputs import ReadingInput
from kazstance.corpus.read import read
from kazstance.errors import CorpusWarning
from tests.chat_server import FAULTS, INVENTED, ChatServer, answer_on, number
from tests.commands import argv, call
from tests.conftest import HARBOUR
from tests.corpora import Made
from tests.killing import Order, killer
from tests.test_model_run import contents, labels, planned, readings, sentences_of, thought

pytestmark = pytest.mark.full
ON_THE_WAY = ("busy", "busy_until", "error", "late", "dropped", "halved", "no_json")
"""Faults after which the same question is sent again."""
BY_STATUS = {
    "broken": "parse_error",
    "refusal": "refusal",
    "filtered": "filtered",
    "filtered_400": "filtered",
    "cut": "cut",
    "missing": "missing_target",
    "bad_label": "bad_label",
    "invented": "evidence_not_found",
}


@pytest.fixture
def large(tmp_path):
    """A corpus of 1,000 sentences and 10 targets."""
    texts = {
        f"source{i}": "\n".join(
            f"Sentence {i} {j} speaks of one thing. Sentence {i} {j} speaks of another." for j in range(100)
        )
        for i in range(5)
    }
    targets = [{"id": f"t{i}", "name": f"thing {i}", "kind": "issue"} for i in range(10)]
    return Made(texts, {}, targets).write(tmp_path / "large")


def fault_of(sentence: str) -> str | None:
    """The fault of a sentence: a third of them have one."""
    place = number("fault", sentence) % (3 * len(FAULTS))
    fault = FAULTS[place] if place < len(FAULTS) else None
    return "busy" if fault == "busy_until" and number("rare", sentence) % 5 else fault  # which takes a second


def test_10_000_judgements_with_every_kind_of_fault(large):
    """Transport faults pass with the next try; half of the others stay in both attempts, half pass in the second."""

    def choose(sentence, _targets, n):
        fault = fault_of(sentence)
        if fault in ON_THE_WAY:
            return fault if n == 1 else None
        lasts = 2 if number("lasts", sentence) % 2 else 1
        return fault if n <= lasts else None

    with ChatServer(choose) as server:
        patience = Patience(first=0.01, longest=0.05)
        begin = time.monotonic()
        done = run_model(large, planned(server, connections=16, timeout=1.0, patience=patience))
        spent = time.monotonic() - begin
        texts = sentences_of(large)
        found, expected, statuses = labels(large), {}, Counter()
        for name, text in texts.items():
            fault = fault_of(text)
            stays = fault in BY_STATUS and (fault == "invented" or number("lasts", text) % 2)
            for i in range(10):
                target, said = f"t{i}", answer_on(f"t{i}", text)
                label = said if said == "none" else said["label"]
                is_hit = stays and (i == 0 or fault not in ("missing", "bad_label", "invented"))
                status = BY_STATUS[fault] if is_hit else "ok"
                statuses[status] += 1
                if status == "evidence_not_found":
                    expected[name, target] = "favor"
                elif status == "ok":
                    expected[name, target] = label
        print(f"{done.statuses} in {spent:.1f} s; faults of the server: {dict(server.faults)}")
        assert found == expected
        assert done.statuses == statuses
        assert set(statuses) == {"ok", *BY_STATUS.values()}
        assert statuses.total() == 10_000
        assert set(server.faults) == {"none", *FAULTS}
        assert INVENTED not in (large / "annotations/tiny.jsonl").read_text()
        asked, before = server.asked.total(), contents(large)
        assert run_model(large, planned(server)).sent == 0
        assert server.asked.total() == asked
        assert contents(large) == before
        again = run_model(large, planned(server, connections=16, retry_failed=True))
        assert again.statuses.keys() <= {"ok", "evidence_not_found"}
        assert again.sent == len(
            {name for name, text in texts.items() if fault_of(text) in BY_STATUS} - answered(texts)
        )


def answered(texts):
    """The sentences that have all labels after two attempts."""
    return {name for name, text in texts.items() if not number("lasts", text) % 2 or fault_of(text) == "invented"}


def test_killed_at_50_points(large):
    """A run that is killed again and again sends at most what was in flight once more, and counts it."""
    drawn, kills, connections = random.Random(1), 50, 4
    with ChatServer(delay=0.005) as server:
        more = ("--block", "1", "--connections", connections, "--source", "source0", "--as", "tiny")
        command = argv("annotate run", *more, corpus=large, model="tiny", url=server.url)
        for _ in range(kills):
            done, _ = killer().run(Order(command, kill_at=drawn.randint(1, 120)))
            assert done.code == -signal.SIGKILL
            assert not (large / "annotations/tiny.jsonl").exists()
        done, _ = killer().run(Order([*command, "--json"]))
        assert done.code == 0, done.err
        said = json.loads(done.out)
        texts = {name: text for name, text in sentences_of(large).items() if name.startswith("source0/")}
        pairs = len(texts) * 10
        again = server.asked.total() - pairs
        print(f"{kills} kills, {pairs} questions, {again} sent again, {said['run']['lost']} counted")
        assert said["statuses"] == {"ok": pairs}
        assert labels(large) == thought(texts, [f"t{i}" for i in range(10)])
        assert 0 < again <= said["run"]["lost"] <= kills * connections


def test_killed_while_it_writes(harbour, tmp_path):
    """Judgements and what they depend on appear together, or the next run writes them; no question is sent again."""
    with ChatServer() as server:
        command = [*argv("annotate run", corpus="{corpus}", model="tiny", url=server.url), "--source", "gazette"]
        run_model(harbour, planned(server, scope=Scope(sources=("gazette",))))
        asked, whole = server.asked.total(), contents(harbour)
        unwritten = shutil.copytree(harbour, tmp_path / "unwritten")
        (unwritten / "annotations/tiny.jsonl").unlink()
        (unwritten / "annotations/briefs/tiny.md").unlink()
        (unwritten / "annotations/runs/tiny/statuses.jsonl").unlink()
        shutil.copy(HARBOUR / "annotations/annotators.toml", unwritten / "annotations")
        points, at = 0, 1
        while True:
            corpus = shutil.copytree(unwritten, tmp_path / "killed")
            here = [part.format(corpus=corpus) for part in command]
            done, _ = killer().run(Order(here, kill_at=at))
            if done.code == 0:
                break
            assert done.code == -signal.SIGKILL
            with warnings.catch_warnings(
                action="ignore", category=CorpusWarning
            ):  # judgements without their annotator yet
                assert read(corpus)
            assert killer().run(Order(here))[0].code == 0
            assert contents(corpus) == whole
            shutil.rmtree(corpus)
            points, at = points + 1, at + 1
        print(f"killed at each of {points} changes to files")
        assert points > 10
        assert server.asked.total() == asked


def test_the_five_texts_by_the_brief_that_ships_with_them(root, tmp_path):
    """365 sentences on 35 targets, in the form of the shipped judgements, built, and shown like any other annotator."""
    corpus = shutil.copytree(root / "raw", tmp_path / "raw")
    with ChatServer() as server:
        done = call(
            "annotate run", "--brief", "briefs/f1.md", "--role", "check", "--as", "tiny", "--connections", "8", "--json",
            corpus=corpus, model="tiny", url=server.url,
        )  # fmt: skip
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["statuses"] == {"ok": 365 * 35}
    assert said["sent"] == 365 * 4
    for line in (corpus / "annotations/tiny.jsonl").read_text().splitlines():
        ReadingInput.model_validate(json.loads(line))
    assert {row["round"] for row in readings(corpus)} == {2}
    (prompt, *_) = map(json.loads, (corpus / "annotations/runs/tiny/prompts.jsonl").read_text().splitlines())
    assert (corpus / "annotations/briefs/f1.md").read_text().strip() in prompt["text"]
    assert (corpus / "CODEBOOK.md").read_text().strip() in prompt["text"]
    built = call("build", corpus=corpus, out=tmp_path / "data")
    assert built.exit_code == 0, built.output
    data = ks.open(tmp_path / "data")
    rows = [row for row in data.judgements if row.annotator_id == "tiny"]
    assert len(rows) == 365 * 35
    row = next(row for row in rows if row.label.name != "none")
    shown = call("why", sentence=row.sentence_id, target=row.target_id, data=tmp_path / "data").stdout
    assert "tiny" in shown
    assert "model" in shown
