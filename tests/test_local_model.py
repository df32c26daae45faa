"""A real language model on this machine annotates a small corpus, and the page about it is what happens."""

import json
import shutil
from collections import Counter

import pytest

from kazstance.annotate.by_model.model_answers import PairStatus
from kazstance.corpus.inputs import ReadingInput
from tests.commands import call
from tests.local_model import PAGE, bodies, local_model
from tests.pages import Page, make_checkout
from tests.test_model_run import contents, labels, readings, sentences_of

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with local_model(tmp_path_factory.mktemp("server")) as found:
        yield found


def test_the_page_is_what_happens(url, tmp_path, monkeypatch):
    monkeypatch.chdir(make_checkout(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    page = Page(PAGE)
    for body in bodies("console"):
        page.run("console", body)
    first = contents(tmp_path / "harbour")
    done = call(
        "annotate run", "--source", "gazette", "--max-tokens", "200", "--connections", "1", "--json",
        corpus=tmp_path / "harbour", model="smollm2", url=url,
    )  # fmt: skip
    said = json.loads(done.stdout)
    print(said["statuses"], said["run"])
    assert said["sent"] == 0
    assert said["run"]["answered"] == ["SmolLM2-135M-Instruct.Q4_1.gguf"]
    assert contents(tmp_path / "harbour") == first


def test_a_corpus_from_end_to_end(url, harbour, tmp_path):
    """Whatever the model says: every pair has a status, every label is one, and all evidence is in its sentence."""
    shutil.rmtree(harbour / "annotations")
    shutil.rmtree(harbour / "probes")
    (harbour / "annotations").mkdir()
    (harbour / "annotations/annotators.toml").touch()
    done = call(
        "annotate run", "--block", "3", "--max-tokens", "250", "--connections", "1", "--timeout", "300", "--json",
        corpus=harbour, model="smollm2", url=url,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    texts = sentences_of(harbour)
    found = labels(harbour, "smollm2")
    print(said["statuses"], Counter(found.values()), said["run"]["tokens_in"], said["run"]["tokens_out"])
    assert sum(said["statuses"].values()) == len(texts) * 3
    assert said["statuses"].keys() <= set(PairStatus)
    assert len(found) == sum(said["statuses"].get(name, 0) for name in PairStatus if name.has_label)
    assert found, "the model gave no label at all"
    assert said["run"]["tokens_out"] > 0
    for row in readings(harbour, "smollm2"):
        ReadingInput.model_validate(row)
        for judgement in row["judgements"]:
            for span in judgement["evidence"] or ():
                assert texts[row["sentence_id"]][span["start"] :].startswith(span["text"])
    assert call("build", corpus=harbour, out=tmp_path / "data").exit_code == 0
    again = call(
        "annotate run", "--block", "3", "--max-tokens", "250", "--json", corpus=harbour, model="smollm2", url=url
    )
    assert json.loads(again.stdout)["sent"] == 0
