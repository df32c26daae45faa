"""Publishing on a Hub: real processes, the real huggingface_hub and datasets, and a Hub on 127.0.0.1."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kazstance import dataset
from kazstance.schema.records import TABLES
from tests.conftest import environment
from tests.hub_stand_in import READER, WRITER, HubStandIn

LOAD = """
import json, pathlib, sys
import datasets
from kazstance.schema.columns import features
from kazstance.schema.digest import row_digest
from kazstance.schema.records import HF_SPLITS, TABLES
repo, revision, manifest, streaming = sys.argv[1], sys.argv[2], json.loads(pathlib.Path(sys.argv[3]).read_text()), sys.argv[4] == "stream"
found = {}
for table, files in manifest["tables"].items():
    expected = datasets.Features.from_dict(features(TABLES[table].record))
    for split, file in files.items():
        if file["rows"]:
            part = datasets.load_dataset(repo, table, split=HF_SPLITS.get(split, split), revision=revision, streaming=streaming)
            found[f"{table}/{split}"] = row_digest(part) == file["digest"] and part.features == expected
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
    output = ModelOutput.from_content("mockllm/model", "It is plain.\\n\\nANSWER: against")
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
        done = subprocess.run(command, env=surroundings(hub, tmp_path, token), capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert not token or token not in done.stdout + done.stderr
        return done

    return run


def surroundings(hub, folder, token=WRITER):
    """The environment of a process with empty caches and this Hub."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    own = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(folder / "hf"), "HF_HUB_DISABLE_XET": "1", "PYTHONPATH": ":".join(sys.path)}
    return kept | own | ({"HF_TOKEN": token} if token else {})


def files_of(hub, revision="main"):
    repository = hub.repositories["org/name"]
    return repository.commits[repository.resolve(revision)]


def test_without_yes_nothing_is_sent(hub, publish):
    out = publish(token="").stdout
    assert "+ stances/train.parquet" in out
    assert "nothing was uploaded; say --yes to upload" in out
    assert hub.repositories == {}
    assert {method for method, _ in hub.log} == {"GET"}


def test_one_commit_holds_all_and_is_tagged_and_a_second_upload_transfers_nothing(hub, publish, harbour_data):
    assert "published v1.2.0, commit " in publish("--yes").stdout
    repository = hub.repositories["org/name"]
    assert repository.messages == ["initial commit", "Publish v1.2.0"]
    assert repository.tags == {"v1.2.0": repository.head}
    files = files_of(hub)
    tables = {f.path for splits in dataset.manifest(data=harbour_data).tables.values() for f in splits.values()}
    pages = {"README.md", "LICENSE-DATA", "croissant.json", "eval.yaml", "manifest.json", ".gitattributes"}
    assert files.keys() == tables | pages
    assert files["manifest.json"] == (harbour_data / "manifest.json").read_bytes()
    assert hub.validated == [files["README.md"].decode()]
    assert json.loads(files["croissant.json"])["url"] == f"{hub.endpoint}/datasets/org/name"
    hub.log.clear()
    assert "tagged v1.2.0; nothing to upload" in publish("--yes").stdout
    assert {method for method, _ in hub.log} == {"GET"}
    assert len(repository.order) == 2


def test_changes_are_told_by_hash_and_a_tag_is_never_moved(hub, publish):
    publish("--yes")
    repository = hub.repositories["org/name"]
    before = repository.head
    files = dict(files_of(hub)) | {"README.md": b"---\nlicense: mit\n---\n", "old.txt": b"left over"}
    del files["eval.yaml"]
    repository.commit(files, "somebody's")
    out = publish().stdout
    assert [line.split(" (")[0] for line in out.splitlines()[1:4]] == ["~ README.md", "+ eval.yaml", "- old.txt"]
    assert "3 files differ; the tag v1.2.0 is there" in out
    publish("--yes")
    assert files_of(hub) == repository.commits[before]
    repository.tags["v1.2.0"] = repository.order[-2]
    wrong = publish("--yes", code=1).stderr
    assert "the tag v1.2.0 is there and points to other content (3 files differ: README.md, eval.yaml, old.txt)" in wrong
    assert repository.tags["v1.2.0"] == repository.order[-2]


@pytest.mark.parametrize("cut", ["commit", "committed"])
def test_a_line_cut_at_the_commit_leaves_the_former_revision_and_a_rerun_completes(cut, hub, publish):
    publish(token="")
    hub.cut = cut
    assert "org/name: the connection failed (" in publish("--yes", code=1).stderr
    repository = hub.repositories["org/name"]
    assert repository.tags == {}
    assert len(repository.order) == (1 if cut == "commit" else 2)
    hub.cut = None
    hub.log.clear()
    publish("--yes")
    assert hub.count("PUT", "/lfs/") == 0
    assert repository.tags == {"v1.2.0": repository.head}
    assert len(repository.order) == 2


@pytest.mark.full
def test_a_line_cut_in_mid_upload_leaves_the_former_revision_and_a_rerun_sends_the_rest(hub, publish):
    publish("--yes")
    repository = hub.repositories["org/name"]
    former = repository.head
    repository.tags.clear()
    repository.commit({".gitattributes": b""}, "emptied")
    emptied = repository.head
    hub.blobs.clear()
    hub.cut, hub.puts_before_cut = "put", 5
    assert "the connection failed" in publish("--yes", code=1).stderr
    assert (repository.head, len(hub.blobs), repository.tags) == (emptied, 5, {})
    hub.cut = None
    hub.log.clear()
    publish("--yes")
    large = {content for path, content in files_of(hub).items() if path.endswith(".parquet")}
    assert hub.count("PUT", "/lfs/") == len(large) - 5
    kept = {path: content for path, content in repository.commits[former].items() if path != ".gitattributes"}
    assert {path: content for path, content in files_of(hub).items() if path != ".gitattributes"} == kept


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("hf_wrong", "org/name: the Hub refuses the token (401); expected one that is valid and may write there"),
        (READER, "org/name: the token may not write there (403); expected one with the right to write"),
        ("", "org/name: no token; set HF_TOKEN, say `hf auth login`, or give --token-file"),
    ],
)
def test_a_token_that_does_not_do(token, message, hub, publish):
    assert publish("--yes", token=token, code=1).stderr.startswith(message)
    assert hub.repositories == {}


def test_a_token_from_a_file(hub, publish, tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{WRITER}\n")
    assert WRITER not in publish("--yes", "--private", "--token-file", str(file), token="").stdout
    assert hub.repositories["org/name"].private
    missing = publish("--token-file", str(tmp_path / "none"), code=1).stderr
    assert missing.endswith("none: cannot be read or is empty; expected a token in it\n")


def test_a_hub_that_is_not_there_and_a_name_that_is_none(hub, publish):
    hub.endpoint = "http://127.0.0.1:9"
    assert publish(code=1).stderr.startswith("org/name: the connection failed (")
    command = [sys.executable, "-m", "kazstance", "publish", "--repo-id", "name"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "'name' is no repository; expected ORG/NAME" in done.stderr) == (2, True)


def test_a_dataset_that_is_not_whole_is_not_published(hub, publish, harbour_data, tmp_path):
    import shutil

    broken = Path(shutil.copytree(harbour_data, tmp_path / "broken"))
    text = (broken / "manifest.json").read_text()
    (broken / "manifest.json").write_text(text.replace('"path": "stances/test.parquet"', '"path": "../../secret"'))
    assert "path is '../../secret', expected 'stances/test.parquet'" in publish("--yes", data=broken, code=1).stderr
    (broken / "manifest.json").write_text(text.replace('"positions": {', '"stranger": {'))
    assert "'stranger' is no table; expected stances, " in publish("--yes", data=broken, code=1).stderr
    assert hub.repositories == {}


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
    done = subprocess.run([python, "-c", INSPECT, tmp_path / "logs"], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    accuracy, asked = json.loads(done.stdout.splitlines()[-1])
    rows = dataset.load("stances", "test", data=harbour_data)
    assert accuracy == pytest.approx(sum(row.label_name == "against" for row in rows) / len(rows))
    assert sum(f"Sentence: {row.text}\nTarget: {row.target}\n" in "".join(asked) for row in rows) == len(rows)
