"""Language models as annotators: asked over HTTP, checked pair by pair, recorded, and never paid for twice."""

import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import kazstance as ks
from kazstance.annotate.by_model.calls import Call, Scope
from kazstance.annotate.by_model.language_model import Fault, ModelError, Reply, Settings
from kazstance.annotate.by_model.model_answers import PairAnswer, PairStatus, check_reply, find_evidence
from kazstance.annotate.by_model.model_run import RunPlan, estimate_run, run_model
from kazstance.annotate.by_model.openai_models import as_reply, status_error, wait_of
from kazstance.annotate.by_model.prompts import Instructions, Prompt
from kazstance.annotate.by_model.sending import Patience
from kazstance.annotate.by_model.servers import find_server, is_local
from kazstance.annotate.by_model.spending import Prices, Spending, read_prices
from kazstance.corpus.read import read
from kazstance.corpus.segment import segment
from kazstance.errors import InputError, KazstanceError, UnknownNameError
from tests.chat_server import INVENTED, ChatServer, answer_on
from tests.commands import argv, call, environment

HURRIED = Patience(tries=3, first=0.001, longest=0.01)


@pytest.fixture
def server():
    with ChatServer() as found:
        yield found


def planned(server, **changed):
    return RunPlan(**({"model": "tiny", "base_url": server.url, "patience": HURRIED, "timeout": 10} | changed))


def contents(folder: Path) -> dict[str, str]:
    """The digest of every file of a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def sentences_of(folder):
    return {sentence.sentence_id: sentence.text for sentence in segment(read(folder))[0] if sentence.annotated}


def readings(folder, name="tiny"):
    return [json.loads(line) for line in (folder / f"annotations/{name}.jsonl").read_text().splitlines()]


def labels(folder, name="tiny"):
    """The label of every pair that is covered."""
    found = {}
    for row in readings(folder, name):
        said = {judgement["target_id"]: judgement["label"] for judgement in row["judgements"]}
        found |= {(row["sentence_id"], target): said.get(target, "none") for target in row["covered"]}
    return found


def thought(texts, targets):
    """What the made-up model thinks of every pair."""
    answers = {(name, target): answer_on(target, text) for name, text in texts.items() for target in targets}
    return {key: answer if answer == "none" else answer["label"] for key, answer in answers.items()}


TARGETS = ("toll", "strike", "line_pays")


def test_what_the_model_thinks_is_what_the_corpus_holds(harbour, server):
    done = run_model(harbour, planned(server, block=2))
    assert labels(harbour) == thought(sentences_of(harbour), TARGETS)
    assert done.statuses == {"ok": 69}
    assert done.sent == done.run["questions"] == server.asked.total() == 46
    for row in readings(harbour):
        text = sentences_of(harbour)[row["sentence_id"]]
        for judgement in row["judgements"]:
            assert judgement["certainty"] in ("sure", "unsure")
            for span in judgement["evidence"]:
                assert text[span["start"] :].startswith(span["text"])


def test_a_second_run_asks_nothing_and_changes_no_byte(harbour, server):
    run_model(harbour, planned(server, prices=Prices(1, 2)))
    before = contents(harbour)
    done = run_model(harbour, planned(server))
    assert (done.sent, server.asked.total()) == (0, 23)
    assert contents(harbour) == before


def test_the_run_says_what_its_judgements_depend_on(harbour, server):
    (harbour / "CODEBOOK.md").write_text("# Rules of the harbour\n")
    done = run_model(harbour, planned(server, prices=read_prices("0.15/0.60/0.075"), order="reversed"))
    (entry,) = [
        row
        for row in tomllib.loads((harbour / "annotations/annotators.toml").read_text())["annotator"]
        if row["id"] == "tiny"
    ]
    assert entry["run"] == done.run
    assert (entry["origin"], entry["name"], entry["version"]) == ("model", "tiny", "tiny-2031-01-01")
    assert done.run["codebook_digest"] == hashlib.sha256(b"# Rules of the harbour\n").hexdigest()
    assert done.run["clients"][0].startswith("openai ")
    assert (done.run["fingerprints"], done.run["lost"], done.run["order"]) == (["fp_made_up"], 0, "reversed")
    given, cached, out = (done.run[name] for name in ("tokens_in", "tokens_cached", "tokens_out"))
    assert done.run["usd"] == pytest.approx(((given - cached) * 0.15 + cached * 0.075 + out * 0.6) / 1e6, abs=1e-6)
    (prompt,) = map(json.loads, (harbour / "annotations/runs/tiny/prompts.jsonl").read_text().splitlines())
    assert "# Rules of the harbour" in prompt["text"]
    assert prompt["schema"]["required"] == list(reversed(TARGETS))
    assert (harbour / "annotations" / entry["brief"]).read_text() in prompt["text"]


def test_what_is_sent(harbour, server, monkeypatch):
    """The sentence last, no name of a source, no key, and no proxy for a server on this machine."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    server.keeps_bodies = True
    run_model(harbour, planned(server, parameters={"temperature": 0.5, "top_k": 3}, seed=7))
    body = server.bodies[0]
    assert (body["model"], body["temperature"], body["top_k"], body["seed"]) == ("tiny", 0.5, 3, 7)
    assert body["response_format"]["json_schema"]["strict"] is True
    assert len({body["messages"][0]["content"] for body in server.bodies}) == 1
    said = " ".join(message["content"] for body in server.bodies for message in body["messages"])
    assert [name for name in ("Dockers' Union", "gazette", "merchants") if name in said] == []
    assert [value for headers in server.headers for value in headers.values() if "secret" in value] == []


def test_failures_stay_open_and_are_asked_again_when_that_is_wanted(harbour, server):
    texts = sentences_of(harbour)
    bad = {texts["dockers/1/1"]: "refusal", texts["dockers/3/1"]: "missing", texts["dockers/3/2"]: "invented"}
    server.choose = lambda sentence, _targets, n: bad.get(sentence) if n <= 2 else None
    done = run_model(harbour, planned(server))
    expected = thought(texts, TARGETS)
    lost = {("dockers/1/1", target) for target in TARGETS} | {("dockers/3/1", "toll")}
    found = labels(harbour)
    assert found.pop(("dockers/3/2", "toll")) == "favor"
    assert found == {key: label for key, label in expected.items() if key not in lost | {("dockers/3/2", "toll")}}
    assert done.statuses == {"ok": 64, "evidence_not_found": 1, "missing_target": 1, "refusal": 3}
    assert done.failed["dockers"][0] == 4
    listed = [json.loads(line) for line in (harbour / "annotations/runs/tiny/statuses.jsonl").read_text().splitlines()]
    assert Counter(row["status"] for row in listed) == {"refusal": 3, "missing_target": 1, "evidence_not_found": 1}
    (judgement,) = [
        said
        for row in readings(harbour)
        for said in row["judgements"]
        if (row["sentence_id"], said["target_id"]) == ("dockers/3/2", "toll")
    ]
    assert judgement["evidence"] is None
    assert server.asked.total() == 23 + 2
    assert run_model(harbour, planned(server)).sent == 0
    again = run_model(harbour, planned(server, retry_failed=True))
    assert again.sent == 2
    assert again.statuses == {"ok": 68, "evidence_not_found": 1}
    assert labels(harbour) == expected | {("dockers/3/2", "toll"): "favor"}


@pytest.mark.full
def test_a_second_attempt_is_the_same_question_with_the_next_seed(harbour, server):
    server.keeps_bodies = True
    server.choose = lambda _sentence, _targets, n: "broken" if n == 1 else None
    assert run_model(harbour, planned(server)).statuses == {"ok": 69}
    by_question = {}
    for body in server.bodies:
        by_question.setdefault(json.dumps(body["messages"]), []).append(body["seed"])
    assert set(map(tuple, by_question.values())) == {(1, 2)}


@pytest.mark.parametrize("fault", ["busy", "error", "dropped", "halved", "no_json"])
def test_what_fails_on_the_way_is_sent_again(harbour, server, fault):
    server.choose = lambda _sentence, _targets, n: fault if n == 1 else None
    done = run_model(harbour, planned(server, scope=Scope(sources=("gazette",))))
    assert done.statuses == {"ok": 3 * done.sent}
    assert done.run["tries"] == 2 * done.sent == server.asked.total()
    assert done.run["questions"] == done.sent


@pytest.mark.full
def test_a_long_wait_is_told_once_and_kept(harbour, server):
    server.choose = lambda *_: "busy_long" if server.asked.total() == 1 else None
    said, begin = [], time.monotonic()
    done = run_model(harbour, planned(server, connections=1), said.append)
    assert time.monotonic() - begin >= 6
    assert [line for line in said if "busy" in line] == ["the server is busy and asks to wait: about 6 s"]
    assert (done.statuses, done.run["tries"]) == ({"ok": 69}, 24)


@pytest.mark.full
def test_a_server_that_does_not_answer_ends_the_run(harbour, server):
    server.choose = lambda *_: "error"
    done = run_model(harbour, planned(server, connections=1))
    assert done.is_failure
    assert "10 questions in a row had no answer: HTTP 503" in done.stopped
    assert done.statuses == {"provider_error": 30}
    assert not (harbour / "annotations/tiny.jsonl").exists()
    server.choose = lambda *_: None
    assert run_model(harbour, planned(server)).statuses == {"ok": 69}


def test_a_server_that_is_not_there_is_not_waited_for(harbour, server):
    server.__exit__()
    begin = time.monotonic()
    done = run_model(harbour, planned(server, patience=Patience()))
    assert time.monotonic() - begin < 5
    assert done.is_failure
    assert "Connection refused" in done.stopped
    assert f"no connection to {server.url}" in done.stopped
    assert done.left.questions == 23
    assert (done.statuses, done.run["lost"]) == ({}, 0)
    with ChatServer() as other:  # nothing was answered, so the run is not bound to the wrong address
        assert run_model(harbour, planned(other)).statuses == {"ok": 69}


def test_a_server_without_the_page_ends_the_run_at_once(harbour, server):
    plan = planned(server, base_url=server.url.replace("/v1", "/v2"), connections=1)
    done = run_model(harbour, plan)
    assert done.is_failure
    assert done.stopped.startswith("HTTP 404")
    assert done.sent == 1


def test_a_key_is_sent_and_not_repeated(harbour, server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    server.choose = lambda *_: "denied"
    done = run_model(harbour, planned(server, key_variable="MY_KEY", connections=1))
    assert done.is_failure
    assert done.stopped == 'HTTP 401: {"error": "no such key: Bearer (the key)"}'
    assert [path for path in harbour.rglob("*") if path.is_file() and b"very-secret" in path.read_bytes()] == []


def test_briefs_are_files_of_the_corpus(harbour, server, tmp_path):
    (tmp_path / "secret.md").write_text("secret")
    (harbour / "annotations/briefs/link.md").symlink_to(tmp_path / "secret.md")
    for name in ("../../secret.md", str(tmp_path / "secret.md"), "briefs/link.md", "briefs/none.md"):
        with pytest.raises(InputError):
            run_model(harbour, planned(server, brief=name))
    assert not server.asked


@pytest.mark.full
def test_parts_of_a_corpus_add_up(harbour, server):
    run_model(harbour, planned(server, scope=Scope(sources=("dockers",), targets=("strike",))))
    texts, there = sentences_of(harbour), labels(harbour)
    assert set(there) == {(name, "strike") for name in texts if name.startswith("dockers")}
    run_model(harbour, planned(server, scope=Scope(share=0.5)))
    levels = {row["sentence_id"]: row.get("probability", 1.0) for row in readings(harbour)}
    assert set(map(str, levels.values())) >= {"0.5"}
    assert 0 < len(levels) < len(texts)
    run_model(harbour, planned(server))
    assert labels(harbour) == thought(texts, TARGETS)
    assert {row.get("probability", 1.0) for row in readings(harbour)} == {1.0}
    assert set(
        Counter(key for sentence, targets in server.asked for key in ((sentence, t) for t in targets)).values()
    ) == {1}


@pytest.mark.full
def test_a_new_target_is_asked_alone(harbour, server):
    run_model(harbour, planned(server))
    with (harbour / "targets.toml").open("a") as file:
        file.write('\n[[target]]\nid = "ferry"\nname = "the ferry"\nkind = "issue"\nfold = 2\n')
    for name in ("a", "b"):
        (harbour / f"annotations/{name}.jsonl").unlink()
    entries = (harbour / "annotations/annotators.toml").read_text()
    (harbour / "annotations/annotators.toml").write_text(entries[entries.index('[[annotator]]\nid = "tiny"') :])
    (harbour / "annotations/adjudications.jsonl").unlink()
    done = run_model(harbour, planned(server))
    assert done.sent == 23
    assert {targets for _, targets in server.asked} == {TARGETS, ("ferry",)}
    assert labels(harbour) == thought(sentences_of(harbour), (*TARGETS, "ferry"))


@pytest.mark.full
def test_no_more_is_spent_than_the_limit(harbour, server):
    done = run_model(harbour, planned(server, prices=Prices(10, 30), limit=0.1, most_tokens=200, connections=3))
    assert 0 < done.run["usd"] <= 0.1
    assert done.left.questions == 23 - done.sent > 0
    assert "limit of 0.1 USD" in done.stopped
    assert not done.is_failure
    with pytest.raises(KazstanceError, match="the prices are not known, expected --price"):
        run_model(harbour, planned(server, limit=1.0, annotator="other"))


def test_an_estimate_sends_and_writes_nothing(harbour, server):
    before = contents(harbour)
    name, found = estimate_run(harbour, planned(server, prices=Prices(1, 1), block=1))
    assert (name, found.questions, found.pairs, found.seconds) == ("tiny", 69, 69, None)
    assert found.usd == pytest.approx((found.tokens_in + found.tokens_out) / 1e6)
    assert contents(harbour) == before
    assert not server.asked
    run_model(harbour, planned(server, block=1, scope=Scope(sources=("gazette",))))
    _, found = estimate_run(harbour, planned(server, block=1))
    assert found.seconds > 0


def test_a_run_goes_on_as_it_was_begun(harbour, server):
    run_model(harbour, planned(server, scope=Scope(sources=("gazette",))))
    with pytest.raises(
        KazstanceError, match="begun otherwise; .*--block: 2, expected 10 as before; choose another name"
    ):
        run_model(harbour, planned(server, block=2))
    (harbour / "CODEBOOK.md").write_text("Now there are rules.\n")
    with pytest.raises(KazstanceError, match="the codebook: it has changed since"):
        run_model(harbour, planned(server))
    assert run_model(harbour, planned(server, annotator="tiny-2")).statuses == {"ok": 69}


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"parameters": {"stop": ["a", None]}}, "--set: stop has a null inside"), ({"seed": 2**63}, "--seed: 9223372")],
)
def test_what_cannot_be_recorded_is_not_sent(harbour, server, changed, said):
    with pytest.raises(KazstanceError, match=said):
        run_model(harbour, planned(server, **changed))
    assert not server.asked


def test_a_parameter_that_is_null_is_left_out(harbour, server):
    server.keeps_bodies = True
    plan = planned(server, parameters={"temperature": None, "top_k": 3}, scope=Scope(sources=("gazette",)))
    assert run_model(harbour, plan).run["parameters"] == {"top_k": 3}
    assert "temperature" not in server.bodies[0]
    assert run_model(harbour, plan).sent == 0


def test_instructions_of_a_user_are_not_replaced(harbour, server):
    file = harbour / "annotations/briefs/tiny.md"
    file.write_text("Mine.\n")
    with pytest.raises(KazstanceError, match=r"briefs/tiny\.md holds something else"):
        run_model(harbour, planned(server))
    assert not server.asked
    run_model(harbour, planned(server, brief="briefs/tiny.md", scope=Scope(sources=("gazette",))))
    assert file.read_text() == "Mine.\n"


def test_a_prompt_that_was_cut_off_is_written_again(harbour, server):
    (harbour / "CODEBOOK.md").write_text("# Rules — of the harbour\n", encoding="utf-8")
    run_model(harbour, planned(server, scope=Scope(sources=("gazette",))))
    prompts = harbour / "annotations/runs/tiny/prompts.jsonl"
    whole = prompts.read_bytes()
    prompts.write_bytes(whole[: whole.index("—".encode()) + 1])
    run_model(harbour, planned(server))
    assert prompts.read_bytes() == whole


def test_texts_in_other_scripts_make_more_tokens():
    """In Chinese, common tokenizers make about as many tokens as there are characters."""
    one, other = (
        Call("", Settings("m", 1, 10, {}), None, Prompt(Instructions("b"), ()), question)
        for question in ("the toll " * 100, "港口通行费" * 180)
    )
    said = Spending(Prices(1, 0))
    given = [said.estimate([call]).tokens_in for call in (one, other)]
    assert given[1] - given[0] > 400
    assert (said.most(other) - said.most(one)) * 1e6 > 600


def test_tokens_that_a_server_had_kept_are_tokens():
    """Some servers count only the others as tokens of the prompt; less than nothing is never spent."""
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 90}}
    reply = as_reply(json.dumps({"choices": [{"message": {"content": "{}"}}], "usage": usage}))
    assert Prices(1, 1, 0.5).of(reply.tokens_in, reply.tokens_cached, reply.tokens_out) > 0
    assert (reply.tokens_in, reply.tokens_cached) == (90, 90)


def test_a_server_may_name_itself_as_it_likes(harbour, server, monkeypatch):
    """Whatever it says, the corpus folder can be read afterwards."""
    scope = Scope(sources=("gazette",))
    for i, name in enumerate(("  ", "x" * 100_000, 'a\nb\x1b[31m = "]]', "C:\\models\\tiny.gguf")):
        monkeypatch.setattr("tests.chat_server.named", lambda _model, name=name: name)
        done = run_model(harbour, planned(server, annotator=f"tiny{i}", scope=scope))
        assert len("".join(done.run.get("answered", ()))) <= 200
    assert done.run["answered"] == ["tiny.gguf"]
    assert {entry.value.id for entry in read(harbour).annotators} >= {"tiny0", "tiny1", "tiny2", "tiny3"}


def test_where_the_file_of_a_model_is_does_not_belong_to_the_record(harbour, server):
    scope = Scope(sources=("gazette",))
    done = run_model(harbour, planned(server, model="/home/me/tiny.gguf", scope=scope))
    assert done.run["model"] == "tiny.gguf"
    assert "home" not in (harbour / "annotations/annotators.toml").read_text()
    again = run_model(harbour, planned(server, model="/home/me/tiny.gguf", scope=scope))
    assert again.sent == 0


def test_a_damaged_record_is_named(harbour, server):
    run_model(harbour, planned(server, scope=Scope(sources=("gazette",))))
    file = harbour / "annotations/runs/tiny/run.json"
    file.write_text(file.read_text().replace('"block":10', '"block":0').replace('"block": 10', '"block": 0'))
    with pytest.raises(InputError, match="annotations/runs/tiny/run.json:1: block: 0, "):
        run_model(harbour, planned(server))


def test_names_that_are_taken(harbour, server):
    with pytest.raises(KazstanceError, match="'a' has judged already, and there is no run"):
        run_model(harbour, planned(server, annotator="a"))
    with pytest.raises(KazstanceError, match="differs from 'a' only in case"):
        run_model(harbour, planned(server, annotator="A"))
    with pytest.raises(KazstanceError, match="is a reserved name"):
        run_model(harbour, planned(server, annotator="adjudications"))
    with pytest.raises(UnknownNameError, match="'tolls' is not a target"):
        run_model(harbour, planned(server, scope=Scope(targets=("tolls",))))
    assert not (harbour / "annotations/runs").exists()


def test_a_cut_line_is_dropped_and_a_damaged_one_is_named(harbour, server):
    run_model(harbour, planned(server))
    journal = harbour / "annotations/runs/tiny/answers.jsonl"
    whole = journal.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    journal.write_bytes(whole[: -len(last) // 2])
    done = run_model(harbour, planned(server))
    assert (done.sent, done.run["lost"], done.statuses) == (1, 1, {"ok": 69})
    for name, value in (("tokens_in", -5), ("seconds", 1e308)):
        journal.write_text(re.sub(rf'"{name}": [0-9.]+', f'"{name}": {value}', whole.decode()))
        with pytest.raises(InputError, match=rf"answers\.jsonl:[0-9]+: [^;]*{name}"):
            run_model(harbour, planned(server))
    journal.write_bytes(b'{"key": 1}\n' + whole)
    with pytest.raises(InputError, match=r"answers\.jsonl:1: .*expected a line as a run writes it"):
        run_model(harbour, planned(server))


def test_a_run_is_taken_back_and_written_again(harbour, server):
    before = contents(harbour)
    run_model(harbour, planned(server, scope=Scope(sources=("gazette",))))
    there = contents(harbour)
    assert call("annotate undo", corpus=harbour, sheet="tiny").exit_code == 0
    kept = {
        name: digest
        for name, digest in contents(harbour).items()
        if "/runs/" not in name and "/briefs/tiny" not in name
    }
    assert kept == before
    assert run_model(harbour, planned(server, scope=Scope(sources=("gazette",)))).sent == 0
    assert contents(harbour) == there


@pytest.mark.full
def test_a_codebook_in_other_words(harbour, server):
    (harbour / "CODEBOOK.md").write_text("Rules.\n")
    (harbour / "annotations/briefs/rules.md").write_text("The same rules in other words.\n")
    scope = Scope(sources=("gazette",))
    first = run_model(harbour, planned(server, scope=scope))
    other = run_model(harbour, planned(server, scope=scope, annotator="reworded", codebook="briefs/rules.md"))
    differ = {name for name in first.run if first.run[name] != other.run[name] and not name.startswith("tokens")}
    assert differ - {"first", "last"} == {"codebook_digest"}
    with pytest.raises(InputError, match="annotations/briefs/none.md"):
        run_model(harbour, planned(server, annotator="other", codebook="briefs/none.md"))


@pytest.mark.full
def test_an_interrupt_waits_for_what_is_in_flight(harbour):
    with ChatServer(delay=1.0) as server:
        command = argv("annotate run", "--connections", "3", corpus=harbour, model="tiny", url=server.url)
        process = subprocess.Popen(
            [sys.executable, "-m", "kazstance", *command],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        while server.open_now < 3:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        assert (process.returncode, out) == (130, b"")
        assert server.asked.total() == 3
        done = run_model(harbour, planned(server, connections=23))
        assert (done.sent, done.run["lost"], done.statuses) == (20, 0, {"ok": 69})


@pytest.mark.full
def test_the_dataset_holds_the_run_and_shows_a_model_like_a_person(harbour, server, tmp_path):
    for name in ("a", "b"):
        (harbour / f"annotations/{name}.jsonl").unlink()
    (harbour / "annotations/annotators.toml").write_text("")
    (harbour / "annotations/adjudications.jsonl").unlink()
    shutil.rmtree(harbour / "probes")
    done = call("annotate run", "--json", corpus=harbour, model="tiny", url=server.url)
    assert json.loads(done.stdout)["statuses"] == {"ok": 69}
    assert call("build", corpus=harbour, out=tmp_path / "data").exit_code == 0
    told = call("why", "--json", sentence="dockers/1/1", target="strike", data=tmp_path / "data").stdout
    assert json.loads(told)["judgements"][0]["annotator_id"] == "tiny"
    info = call("annotate status", "--json", corpus=harbour)
    assert json.loads(info.stdout)["annotators"][0]["origin"] == "model"
    again = call("annotate run", "--as", "tiny-2", corpus=harbour, model="tiny", url=server.url)
    assert "sent 23 questions now" in again.stdout
    assert call("build", corpus=harbour, out=tmp_path / "more").exit_code == 0
    assert "stability" in call("agreement", data=tmp_path / "more").stdout.lower()


REPLY = Reply("", "stop")
SAID = '{"label": "favor", "explicitness": "explicit", "evidence": ["the toll"], "certainty": "sure"}'


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply('{"t": "none"}', "stop"), "ok"),
        (Reply('```json\n{"t": "none"}\n```', "stop"), "ok"),
        (Reply(f'{{"t": {SAID}}}', "stop"), "ok"),
        (Reply('{"t": {"label": "favor", "evidence": ["no such words"]}}', "stop"), "evidence_not_found"),
        (Reply('{"t": "favor"}', "stop"), "evidence_not_found"),
        (Reply('{"t": "perhaps"}', "stop"), "bad_label"),
        (Reply('{"t": null}', "stop"), "bad_label"),
        (Reply('{"t": [1]}', "stop"), "bad_label"),
        (Reply("{}", "stop"), "missing_target"),
        (Reply('{"t": "none", "t": "none"}', "stop"), "parse_error"),
        (Reply('Sure! {"t": "none"}', "stop"), "parse_error"),
        (Reply("[" * 100_000, "stop"), "parse_error"),
        (Reply("", "stop"), "parse_error"),
        (Reply('{"t": "none"}', "length"), "cut"),
        (Reply('{"t": "none"}', "content_filter"), "filtered"),
        (Reply('{"t": "none"}', "stop", refusal="No."), "refusal"),
        (None, "provider_error"),
    ],
)
def test_statuses(reply, expected):
    """A label only where there is one, and never `none` for a failure."""
    (found,) = check_reply(reply, None, ["t"], "Away with the toll").values()
    assert found.status == expected
    assert found.status.has_label == (expected in ("ok", "evidence_not_found"))
    if not found.status.has_label:
        assert found.judgement is None


@pytest.mark.parametrize(
    ("given", "expected", "is_complete"),
    [
        (["the toll"], [(10, "the toll")], True),
        (["⟦Away with the toll"], [(0, "Away with the toll")], True),
        (["THE TOLL"], [(10, "the toll")], True),
        (['"robbery"'], [(22, "“robbery”")], True),
        (["Away … robbery"], [(0, "Away"), (23, "robbery")], True),
        (["Away with the tax"], [], False),
        (["the toll", "the tax"], [(10, "the toll")], False),
        ("the toll", [(10, "the toll")], True),
        ([], [], False),
        ([3], [], False),
        (None, [], False),
        (["…"], [], False),
        ([""], [], False),
    ],
)
def test_evidence_is_in_the_sentence_or_left_out(given, expected, is_complete):
    assert find_evidence(given, "Away with the toll: a “robbery”!") == (expected, is_complete)


@pytest.mark.full
def test_evidence_as_models_write_it_on_all_spans_of_the_shipped_judgements():
    """Found to the letter, with straight quotation marks and in capitals; never with another word in it."""
    data = ks.open()
    texts = {row.sentence_id: row.text for row in data.sentences}
    judged = {(row.sentence_id, span.start, span.end) for row in data.judgements for span in row.evidence or ()}
    spans = [(texts[name], texts[name][start:end]) for name, start, end in sorted(judged)]
    assert len(spans) > 1000
    straight = str.maketrans("“”‘’–", "\"\"''-")
    for text, words in spans:
        for said in (words, words.translate(straight), f'"{words}"'.strip('"')):
            ((start, found),), is_complete = find_evidence([said], text)
            assert is_complete
            assert text[start:].startswith(found)
        assert find_evidence([words], text)[0] == [(text.index(words), words)]
        parts = words.split()
        parts[len(parts) // 2] = "quuxly"
        found, is_complete = find_evidence([" ".join(parts)], text)
        assert not is_complete
        assert found == [] or "…" in words or "..." in words  # where the text itself leaves something out


def test_servers(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert find_server("ollama/qwen3")[:2] == ("http://127.0.0.1:11434/v1", "qwen3")
    assert find_server("org/model", "http://[::1]:80/v1/").url == "http://[::1]:80/v1"
    with pytest.raises(
        KazstanceError, match="'gpt-5' names no server; expected openai/NAME, ollama/NAME, or --base-url"
    ):
        find_server("gpt-5")
    with pytest.raises(
        KazstanceError, match="no key for https://api.openai.com/v1: set the environment variable OPENAI"
    ):
        find_server("openai/gpt-5")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1\n")
    assert find_server("openai/gpt-5").key == "sk-1"
    assert find_server("gpt-5", "https://elsewhere.example/v1").key is None
    for url in ("ftp://a.example", "http://", "http://me:secret@a.example/v1", "nothing", "http://a.example:x/"):
        with pytest.raises(KazstanceError, match="expected an address") as caught:
            find_server("m", url)
        assert "secret" not in str(caught.value)
    assert list(
        map(is_local, ("http://127.9.9.9/v1", "http://localhost:1/", "http://10.0.0.1/", "http://localhost.example/"))
    ) == [True, True, False, False]


def test_what_a_status_says():
    assert status_error(429, "slow", {"retry-after": "7"}).wait == 7
    assert [status_error(code, "", {}).fault for code in (401, 404, 429, 500, 529, 400)] == [
        Fault.denied, Fault.denied, Fault.busy, Fault.unreachable, Fault.unreachable, Fault.rejected,
    ]  # fmt: skip
    assert status_error(400, '{"code": "content_filter"}', {}).fault is Fault.filtered
    assert wait_of({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert status_error(429, "", {"retry-after": "86400"}).fault is Fault.denied
    assert [wait_of({"retry-after": said}) for said in ("soon", "nan", "-1", "")] == [None, None, 0, None]
    with pytest.raises(ModelError, match="not in the protocol"):
        as_reply('{"choices": []}')


def test_pairs_without_an_answer_are_not_none():
    assert check_reply(None, Fault.filtered, ["t"], "x") == {"t": PairAnswer(PairStatus.filtered)}
    assert INVENTED not in "Away with the toll"
