"""Publishing on a Hub: real processes, the real huggingface_hub and datasets, and a Hub on 127.0.0.1."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kazstance import dataset
from kazstance.cli import app
from kazstance.dataset import DatasetFolder
from kazstance.errors import HubError, IntegrityError
from kazstance.publish import upload
from kazstance.publish.hub import stage
from kazstance.schema.records import TABLES
from tests.conftest import environment
from tests.hub_stand_in import READER, WRITER, HubStandIn

# huggingface_hub calls httpx so.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

LOAD = """
import json, pathlib, sys
import datasets
import pyarrow as pa
from kazstance.schema.columns import arrow_schema, features
from kazstance.schema.digest import table_digest
from kazstance.schema.records import HF_SPLITS, TABLES
repo, revision, manifest, streaming = sys.argv[1], sys.argv[2], json.loads(pathlib.Path(sys.argv[3]).read_text()), sys.argv[4] == "stream"
found = {}
for table, files in manifest["tables"].items():
    expected = datasets.Features.from_dict(features(TABLES[table].record))
    for split, file in files.items():
        if file["rows"]:
            part = datasets.load_dataset(repo, table, split=HF_SPLITS.get(split, split), revision=revision, streaming=streaming)
            found[f"{table}/{split}"] = table_digest(pa.Table.from_pylist(list(part), arrow_schema(TABLES[table].record))) == file["digest"] and part.features == expected
print(json.dumps(found))
"""
INSPECT = """
import json, sys
from inspect_ai import eval
from inspect_ai._eval.task.hf import task_create_from_hf
from inspect_ai.model import ModelOutput, ModelUsage, get_model
asked = []
def say(messages, *_):
    asked.append(messages[-1].text)
    output = ModelOutput.from_content("mockllm/model", "It is plain.\\n\\nANSWER: A")
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return output
(log,) = eval(task_create_from_hf("hf/org/name"), model=get_model("mockllm/model", custom_outputs=say), display="none", log_dir=sys.argv[1])
assert log.status == "success", log.error
print(json.dumps([log.results.scores[0].metrics["accuracy"].value, asked]))
"""


@pytest.fixture
def hub():
    with HubStandIn() as running:
        yield running


@pytest.fixture
def publish(hub, harbour_data, tmp_path):
    """Run `kazstance publish` as a user does, against the Hub."""

    def run(*args, token=WRITER, data=harbour_data, code=0):
        command = [sys.executable, "-m", "kazstance", "publish", "--repo-id", "org/name", "--data", str(data), *args]
        done = subprocess.run(
            command, env=surroundings(hub, tmp_path, token), capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert not token or token not in done.stdout + done.stderr
        return done

    return run


def surroundings(hub, folder, token=WRITER):
    """The environment of a process with empty caches and this Hub."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    own = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(folder / "hf"),
        "HF_HUB_DISABLE_XET": "1",
        "PYTHONPATH": ":".join(sys.path),
    }
    return kept | own | ({"HF_TOKEN": token} if token else {})


@pytest.fixture(scope="module")
def small(harbour_data, tmp_path_factory):
    """The small dataset as it goes to a Hub."""
    out = tmp_path_factory.mktemp("staged") / "hub"
    stage(DatasetFolder(harbour_data), out, "https://hub.example/datasets/org/name")
    return out


@pytest.fixture
def send(hub, small, monkeypatch):
    """Plan and upload in this process; gives the plan."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)

    def run(version="1.2.0"):
        there = upload.connect(WRITER, hub.endpoint)
        todo = upload.plan(there, small, "org/name", version)
        if not todo.is_done:
            upload.upload(there, todo)
        return todo

    return run


def files_of(hub, revision="main"):
    repository = hub.repositories["org/name"]
    return repository.commits[repository.resolve(revision)]


@pytest.mark.full
def test_what_a_user_sees(hub, publish, harbour_data):
    out = publish(token="").stdout
    assert "+ stances/train.parquet" in out
    assert "nothing was uploaded; pass --yes to upload" in out
    assert hub.repositories == {}
    assert {method for method, _ in hub.log} == {"GET"}
    assert "published v1.2.0, commit " in publish("--yes").stdout
    repository = hub.repositories["org/name"]
    assert repository.messages == ["initial commit", "Publish v1.2.0"]
    assert repository.tags == {"v1.2.0": repository.head}
    files = files_of(hub)
    tables = {f.path for splits in dataset.manifest(data=harbour_data).tables.values() for f in splits.values()}
    pages = {"README.md", "LICENSE-DATA", "croissant.json", "eval.yaml", "questions.parquet"}
    pages |= {"manifest.json", ".gitattributes"}
    assert files.keys() == tables | pages
    sent, built = (
        json.loads(content) for content in (files["manifest.json"], (harbour_data / "manifest.json").read_bytes())
    )
    assert {name for name in built if sent[name] != built[name]} == {"pages", "manifest_sha256"}
    assert sent["pages"] == {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(sent["pages"])}
    assert sent["pages"].keys() == pages - {"manifest.json", ".gitattributes"}
    assert hub.validated == [files["README.md"].decode()]
    assert json.loads(files["croissant.json"])["url"] == f"{hub.endpoint}/datasets/org/name"
    hub.log.clear()
    assert "tagged v1.2.0; nothing to upload" in publish("--yes").stdout
    assert {method for method, _ in hub.log} == {"GET"}
    assert len(repository.order) == 2


@pytest.mark.full
def test_changes_are_told_by_hash_and_a_tag_is_never_moved(hub, send):
    send()
    repository = hub.repositories["org/name"]
    before = repository.head
    files = dict(files_of(hub)) | {"README.md": b"---\nlicense: mit\n---\n", "old.txt": b"left over"}
    del files["eval.yaml"]
    repository.commit(files, "somebody's")
    todo = send()
    assert [f"{change.kind} {change.path}" for change in todo.changes] == ["~ README.md", "+ eval.yaml", "- old.txt"]
    assert todo.is_tagged
    assert files_of(hub) == repository.commits[before]
    repository.tags["v1.2.0"] = repository.order[-2]
    with pytest.raises(HubError) as caught:
        send()
    told = "v1.2.0 exists and points to other content (3 files differ: README.md, eval.yaml, old.txt); expected a new"
    assert told in str(caught.value)
    assert repository.tags["v1.2.0"] == repository.order[-2]
    send("1.2.1")
    assert repository.tags["v1.2.1"] == repository.head == repository.order[-1]


def test_somebody_else_commits_meanwhile(hub, small, send):
    send()
    repository = hub.repositories["org/name"]
    repository.commit(files_of(hub) | {"more.txt": b"1"}, "theirs")
    there = upload.connect(WRITER, hub.endpoint)
    todo = upload.plan(there, small, "org/name", "1.2.0")
    repository.commit(files_of(hub) | {"more.txt": b"2"}, "theirs again")
    with pytest.raises(HubError, match="the repository has changed in the meantime"):
        upload.upload(there, todo)
    assert files_of(hub)["more.txt"] == b"2"


def test_a_card_that_the_hub_refuses(hub, small, send, monkeypatch):
    readme = small / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text("---\npretty_name: x\n---\n")
    try:
        with pytest.raises(
            HubError, match='the Hub rejects the request .400.: Invalid metadata in README.md. - "license" is'
        ):
            send()
    finally:
        readme.write_text(text, encoding="utf-8")
    assert hub.repositories["org/name"].messages == ["initial commit"]


@pytest.mark.parametrize("cut", ["commit", "committed"])
def test_a_line_cut_at_the_commit_leaves_the_former_revision_and_a_rerun_completes(cut, hub, send):
    hub.cut = cut
    with pytest.raises(HubError, match="org/name: the connection failed "):
        send()
    repository = hub.repositories["org/name"]
    assert repository.tags == {}
    assert len(repository.order) == (1 if cut == "commit" else 2)
    hub.cut = None
    hub.log.clear()
    send()
    assert hub.count("PUT", "/lfs/") == 0
    assert repository.tags == {"v1.2.0": repository.head}
    assert len(repository.order) == 2


@pytest.mark.full
def test_a_line_cut_in_mid_upload_leaves_the_former_revision_and_a_rerun_sends_the_rest(hub, send):
    send()
    repository = hub.repositories["org/name"]
    former = files_of(hub)
    repository.tags.clear()
    repository.commit({".gitattributes": former[".gitattributes"]}, "emptied")
    emptied = repository.head
    hub.blobs.clear()
    hub.cut, hub.puts_before_cut = "put", 5
    with pytest.raises(HubError, match="the connection failed .* run the command again to resume"):
        send()
    assert (repository.head, len(hub.blobs), repository.tags) == (emptied, 5, {})
    hub.cut = None
    hub.log.clear()
    send()
    large = {content for path, content in former.items() if path.endswith(".parquet")}
    assert hub.count("PUT", "/lfs/") == len(large) - 5
    assert files_of(hub) == former


@pytest.mark.full
def test_tokens_that_do_not_do(hub, small, publish, monkeypatch):
    wrong = "org/name: the Hub rejects the token (401); expected a valid token with write access to this repository\n"
    assert publish("--yes", token="hf_wrong", code=1).stderr == wrong
    todo = upload.plan(upload.connect(READER, hub.endpoint), small, "org/name", "1.2.0")
    with pytest.raises(HubError, match="org/name: the token has no write access .403.; expected one with write access"):
        upload.upload(upload.connect(READER, hub.endpoint), todo)
    monkeypatch.setattr(upload, "get_token", lambda: None)
    with pytest.raises(HubError, match="org/name: no token; set HF_TOKEN, run `hf auth login`, or pass --token-file"):
        upload.upload(upload.connect(None, hub.endpoint), todo)
    assert hub.repositories == {}


@pytest.mark.full
def test_a_token_from_a_file(hub, publish, tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{WRITER}\n")
    assert WRITER not in publish("--yes", "--private", "--token-file", str(file), token="").stdout
    assert hub.repositories["org/name"].private


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--repo-id", "name"], 2, "'name' is not the name of a repository"),
        (
            ["--repo-id", "org/name", "--token-file", "none"],
            1,
            "none: cannot be read as UTF-8 or is empty; expected a file with a token",
        ),
    ],
)
def test_wrong_usage(args, code, message):
    result = CliRunner().invoke(app, ["publish", *args])
    assert result.exit_code == code
    assert message in result.stderr


def test_a_hub_that_is_not_there(small):
    with pytest.raises(HubError, match="org/name: the connection failed .*refused"):
        upload.plan(upload.connect(WRITER, "http://127.0.0.1:9"), small, "org/name", "1.2.0")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"path": "stances/test.parquet"',
            '"path": "../../secret"',
            "path is '../../secret', expected 'stances/test.p",
        ),
        (
            '"positions": {',
            '"stranger": {',
            "stranger all: path is 'positions/all.parquet', expected 'stranger/all.parquet'",
        ),
    ],
)
def test_a_dataset_that_is_not_whole_is_not_staged(old, new, message, harbour_data, tmp_path):
    broken = Path(shutil.copytree(harbour_data, tmp_path / "broken"))
    manifest = broken / "manifest.json"
    manifest.write_text(manifest.read_text().replace(old, new))
    with pytest.raises(IntegrityError) as caught:
        stage(DatasetFolder(broken), tmp_path / "out")
    assert message in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.full
@pytest.mark.parametrize("way", ["download", "stream"])
def test_every_table_and_split_loads_by_commit_from_a_fresh_cache(way, hub, publish, tmp_path):
    publish("--yes", data=dataset.SHIPPED)
    first = hub.repositories["org/name"].head
    hub.repositories["org/name"].commit({"README.md": b"---\nlicense: mit\n---\n"}, "a later one, without tables")
    manifest = str(dataset.SHIPPED / "manifest.json")
    env = surroundings(hub, tmp_path / "fresh", token="")
    command = [sys.executable, "-W", "error", "-c", LOAD, "org/name", first, manifest, way]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name.split("/")[0] for name in found} == set(TABLES)
    assert len(found) == sum(len(TABLES[table].splits) for table in TABLES)
    assert all(found.values()), found


@pytest.mark.full
def test_inspect_reads_the_evaluation_from_the_hub(hub, publish, harbour_data, tmp_path):
    publish("--yes")
    python = environment("eval", "--editable", ".[eval]")
    env = surroundings(hub, tmp_path / "fresh", token="")
    env.pop("PYTHONPATH")
    done = subprocess.run(
        [python, "-c", INSPECT, tmp_path / "logs"], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    accuracy, asked = json.loads(done.stdout.splitlines()[-1])
    rows = dataset.load("stances", "test", data=harbour_data)
    first = [row.label_name in ("against", "favor") for row in rows]  # of either order of the labels
    assert accuracy == pytest.approx(sum(first) / 2 / len(rows))
    for row in rows:
        parts = (f"Target: {row.target}\n", f"Sentence: {row.text}", "A) against: ")
        assert any(all(part in text for part in parts) for text in asked), row
