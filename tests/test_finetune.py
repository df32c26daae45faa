"""Fine-tuning a local checkpoint: faults that are named here; learning on a tiny model in an environment with torch."""

import importlib.util
import json
import subprocess

import pytest

from kazstance.errors import KazstanceError
from kazstance.models.finetune import Settings
from kazstance.models.systems import find_system
from tests.benches import run
from tests.conftest import ROOT, environment
from tests.test_embeddings import PACKAGES

CHECKPOINT = ("config.json", "model.safetensors", "tokenizer.json")
TINY = """
import json, sys
from pathlib import Path
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
from transformers.utils import logging
import kazstance
from kazstance.bench.tasks import Item
from kazstance.models.systems import find_system

logging.disable_progress_bar()  # of saving
folder, out = Path(sys.argv[1]) / "tiny", Path(sys.argv[1])
bench = kazstance.open().bench("stance", "in_domain")
rows = [*bench.task.folds[0].train, *bench.rows]
words = sorted({word for row in rows for text in (row.text, row.target) for word in text.casefold().split()})
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words, *"abcdefghij"]
tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(dict.fromkeys(words))}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
ends = [("[CLS]", 2), ("[SEP]", 3)]
tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ends)
names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
torch.manual_seed(1)
sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "initializer_range": 0.1}
BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=128, **sizes)).save_pretrained(folder)
logging.enable_progress_bar()

def toy(number, split):
    word, target = "abcdefghij"[number % 10], "ab"[number // 10 % 2]
    label = "favor" if word < "f" else "against" if target == "a" else "neutral"
    return Item(str(number), split, f"{word} {number} {word}", target, target, "s", str(number), label)

found = {}
train = [toy(n, "validation" if n % 7 == 0 else "train") for n in range(300)]
test = [toy(n, "test") for n in range(300, 400)]
before, verbosity = torch.random.get_rng_state(), logging.get_verbosity()
learned = find_system(f"finetune:{folder}?epochs=15&lr=3e-3").predict(train, test)
found["toy"] = sum(label == item.label for label, item in zip(learned, test)) / len(test)
found["left"] = torch.equal(before, torch.random.get_rng_state()) and verbosity == logging.get_verbosity()
found["one label"] = find_system(f"finetune:{folder}?epochs=1").predict(train[:1] * 3, test[:2])
pair = [Item(str(n), "train", "a b", "a", "a", "s", "c", "ab"[n % 2], text_b="c d " * 100) for n in range(4)]
found["pairs"] = find_system(f"finetune:{folder}?epochs=1").predict(pair, pair)

def predicted(name, settings):
    result = bench.run(f"finetune:{folder}?{settings}", out / name, shortcuts=False)
    lines = (out / name / "predictions" / "test.jsonl").read_text().splitlines()
    return [json.loads(line)["label"] for line in lines], result.n

quick = "epochs=6&lr=3e-3&length=48"
found["runs"] = [predicted(name, f"{quick}&seed={seed}") for name, seed in (("1", 1), ("2", 2))]
again = find_system(f"finetune:{folder}?{quick}&seed=1")
found["again"] = again.predict([r for r in rows if r.split != "test"], [r for r in rows if r.split == "test"])

def refused(name, *args):
    try:
        find_system(name).predict(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

logging.disable_progress_bar()
weights = BertModel.from_pretrained(folder)
torch.nn.init.constant_(weights.embeddings.word_embeddings.weight, float("nan"))
weights.save_pretrained(folder)
found["nan"] = refused(f"finetune:{folder}", train, test)
config = json.loads((folder / "config.json").read_text())
hostile = {"model_type": "mine", "auto_map": {"AutoConfig": "code.C", "AutoModelForSequenceClassification": "code.M"}}
(folder / "config.json").write_text(json.dumps(hostile))
(folder / "code.py").write_text(f"open({str(out / 'was_run')!r}, 'w')")
found["code"] = refused(f"finetune:{folder}", train, test)
found["was run"] = (out / "was_run").exists()
(folder / "config.json").write_text(json.dumps(config))
(folder / "model.safetensors").write_bytes(b"no weights")
found["weights"] = refused(f"finetune:{folder}", train, test)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a tiny BERT with random weights did."""
    python = environment("torch", *PACKAGES)
    folder = tmp_path_factory.mktemp("tiny")
    done = subprocess.run([python, "-c", TINY, folder], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.full
def test_it_learns_what_hangs_on_text_and_target(found):
    assert found["toy"] >= 0.95


@pytest.mark.full
def test_a_run_on_the_shipped_data_is_the_same_again_and_another_under_another_seed(found):
    (one, n), (two, _) = found["runs"]
    assert len(one) == n
    assert len(set(one)) > 1
    assert found["again"] == one
    assert two != one


@pytest.mark.full
def test_torch_and_transformers_are_left_as_they_were(found):
    assert found["left"]


@pytest.mark.full
def test_one_label_alone_and_pairs_that_are_too_long(found):
    assert found["one label"] == ["favor"] * 2
    assert set(found["pairs"]) <= {"a", "b"}


@pytest.mark.full
def test_code_of_a_checkpoint_is_not_run_and_broken_weights_are_named(found):
    assert "expected a checkpoint that transformers knows" in found["code"]
    assert not found["was run"]
    assert "expected a checkpoint that transformers knows" in found["weights"]
    assert found["weights"].startswith("KazstanceError: ")
    assert found["nan"] == "KazstanceError: the loss is nan at a learning rate of 0.0003, expected a lower one"


@pytest.fixture
def checkpoint(tmp_path):
    """A folder with the files of a checkpoint, but for what is in them."""
    for name in CHECKPOINT:
        (tmp_path / name).touch()
    return tmp_path


def test_settings_are_those_of_the_name(checkpoint):
    system = find_system(f"finetune:{checkpoint}?epochs=2&lr=3e-5&batch=8&length=64&seed=7")
    assert system.predict.keywords["settings"] == Settings(epochs=2, lr=3e-5, batch=8, length=64, seed=7)
    assert find_system(f"finetune:{checkpoint}").predict.keywords["settings"] == Settings()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("epochs=0", "epochs: '0': Input should be greater than or equal to 1"),
        ("epochs=two", "epochs: 'two': Input should be a valid integer"),
        ("lr=nan", "lr: 'nan': Input should be less than or equal to 1"),
        ("dropout=1", "dropout: '1': Extra inputs are not permitted; there are epochs, lr, batch, length, seed"),
        ("epochs", "epochs: ''"),
    ],
)
def test_settings_that_are_wrong_are_named(settings, message, checkpoint):
    with pytest.raises(KazstanceError) as caught:
        find_system(f"finetune:{checkpoint}?{settings}")
    assert message in str(caught.value)


@pytest.mark.parametrize("name", CHECKPOINT)
def test_a_folder_that_is_no_checkpoint_says_what_is_missing(name, checkpoint):
    (checkpoint / name).unlink()
    (checkpoint / "pytorch_model.bin").touch()
    what = {"model.safetensors": "weights in safetensors", "tokenizer.json": "tokenizer.json or tokenizer_config.json"}
    with pytest.raises(KazstanceError) as caught:
        find_system(f"finetune:{checkpoint}")
    assert str(caught.value) == f"{checkpoint}: no {what.get(name, name)}, expected a checkpoint with it"


def test_a_name_of_the_hub_is_no_path():
    with pytest.raises(KazstanceError, match="no such folder, expected a checkpoint on this machine; nothing is downl"):
        find_system("finetune:bert-base-uncased")


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is here")
def test_without_torch_the_extra_is_named(checkpoint, tmp_path):
    with pytest.raises(KazstanceError, match=r"torch is not installed; run: pip install 'kazstance\[finetune\]'"):
        run(f"finetune:{checkpoint}", "stance", "in_domain", tmp_path / "run")
