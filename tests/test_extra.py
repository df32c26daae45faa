"""Every extra on its own: each command works, or names the extra that it needs.

`nox` has a session for each extra, with it and pytest alone; EXTRA is its name, empty for a plain install. Elsewhere the
packages of all extras are hidden, which comes near to a plain install.
"""

import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

import kazstance
from kazstance.cli import app
from kazstance.dataset import SHIPPED
from kazstance.extras import EXTRAS
from tests.commands import COMMANDS, environment, run

pytestmark = pytest.mark.extra
EXTRA = os.environ.get("EXTRA")
MODULES = sorted({module for modules in EXTRAS.values() for module in modules})
MISSING = re.compile(r"(\S+) is not installed; run: pip install 'kazstance\[(\w+)\]'\n")
FIXTURES = Path(__file__).parent / "fixtures"
ROOT = FIXTURES.parents[1]
HIDE = """
import sys
from importlib.machinery import PathFinder
class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in {} else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
"""
CHECKPOINT = """
import sys
from tokenizers import Tokenizer, models
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "text", "cats"]
tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(sys.argv[1])
sizes = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
BertModel(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(sys.argv[1])
"""


SHEET = """
import csv, sys
from openpyxl import Workbook
book = Workbook()
with open(sys.argv[1], newline="") as rows:
    for row in csv.reader(rows):
        book.active.append(row)
book.save(sys.argv[2])
"""


class Line(NamedTuple):
    """A command line, the modules of extras that it uses, and the extra that is promised to suffice for it."""

    name: str
    more: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    promised: str = ""


CHART = ("altair", "vl_convert")
BUILD = ("nupunkt", "tomlkit", "yaml")
COLUMNS = ("--id", "id", "--text", "text", "--target", "target", "--label", "label")
BASELINE = ("sklearn", "vaderSentiment")
LINES = {
    "help": Line("help"),
    "schema": Line("schema"),
    "info": Line("info"),
    "show": Line("show"),
    "why": Line("why"),
    "verify": Line("verify"),
    "license": Line("license"),
    "fit": Line("fit"),
    "fit baseline": Line("fit", (), ("sklearn",), "bench"),
    "predict": Line("predict"),
    "tasks-dir": Line("tasks-dir"),
    "agreement": Line("agreement"),
    "drift": Line("drift"),
    "diff": Line("diff"),
    "score": Line("score", ("--id", "id")),
    "score excel": Line("score", ("--id", "id"), ("openpyxl",), "sheets"),
    "export csv": Line("export", ("--format", "csv")),
    "export parquet": Line("export", ("--format", "parquet")),
    "export xlsx": Line("export", ("--format", "xlsx"), ("openpyxl",), "export"),
    "export dta": Line("export", ("--format", "dta"), ("pyreadstat",), "export"),
    "export sav": Line("export", ("--format", "sav"), ("pyreadstat",), "export"),
    "cite": Line("cite"),
    "cite bibtex": Line("cite", ("--format", "bibtex")),
    "cite zenodo": Line("cite", ("--format", "zenodo")),
    "cite cff": Line("cite", ("--format", "cff"), ("yaml",), "build"),
    "compare": Line("compare"),
    "compare disagreements": Line("compare disagreements"),
    "compare positions": Line("compare positions"),
    "compare distances": Line("compare distances"),
    "compare contrast": Line("compare contrast", ("uprising",)),
    "compare wording": Line("compare wording", ("uprising",)),
    "compare chart": Line("compare", ("--chart", "{scratch}/chart.svg"), CHART, "plots"),
    "explore": Line("explore"),
    "explore corpus": Line("explore", (), BUILD, "build"),
    "build": Line("build", (), BUILD, "build"),
    "new": Line("new", (), BUILD, "build"),
    "check": Line("check", (), BUILD, "build"),
    "add source": Line("add source", (), BUILD, "build"),
    "add splits": Line("add splits", (), BUILD, "build"),
    "add target": Line("add target", (), BUILD, "build"),
    "add text": Line("add text", (), BUILD, "build"),
    "import": Line("import", (), ("tomlkit", "yaml"), "build"),
    "annotate export": Line("annotate export", (), BUILD, "build"),
    "annotate export xlsx": Line("annotate export", ("--format", "xlsx"), (*BUILD, "openpyxl")),
    "annotate import": Line("annotate import", (), BUILD, "build"),
    "annotate adjudicate": Line("annotate adjudicate", (), BUILD, "build"),
    "annotate run": Line("annotate run", (), (*BUILD, "openai"), "models"),
    "annotate run inspect": Line("annotate run", ("--engine", "inspect"), (*BUILD, "inspect_ai")),
    "annotate status": Line("annotate status", (), BUILD, "build"),
    "annotate undo": Line("annotate undo", (), BUILD, "build"),
    "annotate validate": Line("annotate validate", (), BUILD, "build"),
    "bench run shortcut": Line("bench run"),
    "bench run baseline": Line("bench run", ("--protocol", "in_domain"), BASELINE, "bench"),
    "bench run checkpoint": Line("bench run", ("--protocol", "in_domain"), ("torch", "transformers"), "finetune"),
    "bench run on files": Line("bench run on files", COLUMNS),
    "bench compare": Line("bench compare", ("{run}", "{run}")),
    "bench report md": Line("bench report", ("{run}",)),
    "bench report json": Line("bench report", ("{run}",)),
    "bench report html": Line("bench report", ("{run}",), (*CHART, "jinja2"), "plots"),
    "publish": Line("publish", (), ("huggingface_hub", "yaml"), "hf"),
    "publish to a folder": Line("publish to a folder", (), ("yaml",), "build"),
    "publish stand-off": Line("publish to a folder", ("--stand-off",), ("yaml",), "build"),
    "rehydrate": Line("rehydrate", (), ("yaml",), "build"),
}
PLAIN = ("compare distances", "bench run shortcut", "bench compare", "bench report md")
"""What `make test` tries, too, of the commands that need no extra; the others are tried in every session."""
ENCODE = """
import json, sys
import numpy as np
from pathlib import Path
from kazstance.models.embeddings import Encoder
folder = Path(sys.argv[1])
Path(folder, "config.json").write_text(json.dumps(
    {"model_type": "bert", "hidden_act": "gelu", "num_attention_heads": 1, "num_hidden_layers": 0,
     "layer_norm_eps": 1e-12, "max_position_embeddings": 8}))
try:
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models
except ModuleNotFoundError:
    Encoder(folder)
Tokenizer(models.WordLevel({"cats": 0, "dogs": 1}, unk_token="cats")).save(str(folder / "tokenizer.json"))
names = [f"{kind}_embeddings.weight" for kind in ("word", "position", "token_type")] + ["LayerNorm.weight", "LayerNorm.bias"]
rows = [np.eye(8, dtype=np.float32)] * 3 + [np.ones(8, np.float32), np.zeros(8, np.float32)]
save_file({f"embeddings.{name}": part for name, part in zip(names, rows)}, folder / "model.safetensors")
print(Encoder(folder).embed(["cats", "dogs"]).shape)
"""
"""A BERT without layers, in the files that the encoder reads."""
CODE = {
    "datasets": Line("import kazstance; kazstance.to_hf('targets')", (), ("datasets",), "hf"),
    "charts": Line("import kazstance.plot.pictures, kazstance.plot.bench", (), CHART, "plots"),
    "baselines": Line(
        "from kazstance.models.systems import find_system as f; f('TF-IDF LR')", (), ("sklearn",), "bench"
    ),
    "encoder": Line(ENCODE, (), ("safetensors", "tokenizers"), "minilm"),
    "texts": Line(
        "from kazstance.corpus.extraction import extract; import pathlib as p; f = p.Path(sys.argv[1], 'a.html'); f.write_text("
        "'<html><body><article><p>A sentence that is long enough to be one.</p></article></body></html>'); extract(f)",
        (),
        ("trafilatura",),
        "texts",
    ),
    "lm-evaluation-harness": Line(
        "from kazstance.models.harness import load; load('stance')", (), ("datasets",), "eval"
    ),
    "inspect": Line("import kazstance.models.inspect_task as i; i.stance()", (), ("inspect_ai",), "eval"),
}
"""What is imported from Python, where the same is said."""


def is_there(module):
    return EXTRA is not None and find_spec(module) is not None


@pytest.fixture(scope="session")
def hidden(tmp_path_factory):
    """Variables of a process in which no extra is installed; in the session of an extra, nothing is hidden."""
    if EXTRA is not None:
        return environment()
    folder = tmp_path_factory.mktemp("hidden")
    (folder / "sitecustomize.py").write_text(HIDE.format(MODULES))
    return environment(PYTHONPATH=f"{folder}{os.pathsep}{environment()['PYTHONPATH']}")


@pytest.fixture(scope="session")
def files(tmp_path_factory, hidden):
    """What the commands take: tables of rows, a run, and a checkpoint where one can be made."""
    folder = tmp_path_factory.mktemp("files")
    shutil.copytree(FIXTURES / "harbour", folder / "harbour")
    (folder / "pilots.txt").write_text("We say nothing.")
    for name, first in (("train.csv", 0), ("test.csv", 20)):
        rows = (f"{n},text {n},cats,{'favor' if n % 2 else 'against'}\n" for n in range(first, first + 20))
        (folder / name).write_text("id,text,target,label\n" + "".join(rows))
    (folder / "test.xlsx").touch()
    if is_there("openpyxl"):
        subprocess.run([sys.executable, "-c", SHEET, folder / "test.csv", folder / "test.xlsx"], check=True, env=hidden)
    found = run("bench run", "--protocol", "in_domain", env=hidden, system="majority", out=folder / "run")
    assert found.code == 0, found.err
    found = run("fit", env=hidden, system="majority", out=folder / "model")
    assert found.code == 0, found.err
    if is_there("torch") and is_there("transformers"):
        subprocess.run([sys.executable, "-c", CHECKPOINT, folder / "checkpoint"], check=True, env=hidden)
    else:
        (folder / "checkpoint").mkdir()
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            (folder / "checkpoint" / name).touch()
    return folder


def places(name, files, scratch):
    """What is filled into the places of a command line."""
    out = {f"bench report {kind}": f"page.{kind}" for kind in ("md", "json", "html")}
    out |= {"explore": "page.html", "explore corpus": "page.html", "export csv": "x.csv", "export parquet": "x.parquet"}
    out |= {f"export {kind}": f"x.{kind}" for kind in ("xlsx", "dta", "sav")}
    systems = {"bench run baseline": "lexicon", "bench run checkpoint": f"finetune:{files / 'checkpoint'}?epochs=1"}
    systems["fit baseline"] = "TF-IDF LR"
    row = kazstance.load("stances", "test")[0]
    test = files / ("test.xlsx" if name == "score excel" else "test.csv")
    tables = {"train": files / "train.csv"} | dict.fromkeys(("gold", "pred", "test"), test)
    return tables | {
        "corpus": files / "harbour",
        "data": FIXTURES / "harbour" if name == "explore corpus" else SHIPPED,
        "old": SHIPPED,
        "new": SHIPPED,
        "out": scratch / out.get(name, "out"),
        "source": "pilots",
        "text": files / "pilots.txt",
        "system": systems.get(name, "majority"),
        "table": "targets",
        "model": "openai-api/local/tiny" if name == "annotate run inspect" else files / "model",
        "rows": SHIPPED / "stances" / "test.parquet",
        "annotator": "anna",
        "sentence": row.sentence_id,
        "target": row.target_id,
        "repo": "someone/something",
        "sheet": scratch / "filled.csv",
        "stand_off": scratch / "stand_off",
        "texts": ROOT / "raw",
        "url": "http://127.0.0.1:9/v1",
    }


def fill(scratch, corpus):
    """Sheets for a person, filled: nothing is about any target."""
    assert run("annotate export", corpus=corpus, annotator="anna", out=scratch / "sheets").code == 0
    with (scratch / "sheets" / "sheet.csv").open(encoding="utf-8-sig", newline="") as opened:
        rows = [row | {"label": "none", "certainty": "sure"} for row in csv.DictReader(opened)]
    with (scratch / "filled.csv").open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def check(line, code, out, err):
    """That it worked, or named a missing package and the extra that brings it."""
    missing = [module for module in line.uses if not is_there(module)]
    if not missing:
        assert code == 0, out + err
        return
    assert line.promised == "" or line.promised != EXTRA, f"{EXTRA} lacks {missing}"
    assert code == 1
    found = MISSING.fullmatch(err)
    assert found, err
    brings = {(modules[module], extra) for extra, modules in EXTRAS.items() for module in missing if module in modules}
    assert (found[1], found[2]) in brings


@pytest.mark.full
@pytest.mark.parametrize(
    "name", LINES if EXTRA is not None else [name for name in LINES if LINES[name].uses or name in PLAIN]
)
def test_a_command_works_or_names_its_extra(name, files, hidden, tmp_path):
    line, found = LINES[name], places(name, files, tmp_path)
    ready = all(map(is_there, line.uses))
    if name.startswith(("add ", "annotate ")):
        found["corpus"] = shutil.copytree(found["corpus"], tmp_path / "corpus")
    if ready and name in ("annotate import", "annotate undo"):
        fill(tmp_path, found["corpus"])
    if ready and name == "annotate undo":
        assert run("annotate import", **found).code == 0
        found["sheet"] = "anna"
    if ready and name == "annotate validate":
        from tests.checked import judge, write_corpus  # what it imports needs an extra

        found["corpus"] = tmp_path / "judged"
        truth = write_corpus(found["corpus"], paragraphs=4)
        judge(found["corpus"], tmp_path / "sheets", truth, 60, "anna")
    if name == "annotate adjudicate":
        (found["corpus"] / "annotations" / "adjudications.jsonl").unlink()
    if name == "rehydrate" and ready:
        assert run("publish to a folder", "--stand-off", data=SHIPPED, out=found["stand_off"]).code == 0
    more = [part.format(scratch=tmp_path, run=files / "run") for part in line.more]
    around = {"publish": hub, "annotate run": lambda: asked(found)}.get(line.name) if ready else None
    with around() if around else nullcontext({}) as here:
        done = run(line.name, *more, env=hidden | here, cwd=tmp_path, timeout=300, **found)
    check(line, done.code, done.out, done.err)


@contextmanager
def hub():
    """Variables that lead to a Hub on this machine."""
    from tests.hub_stand_in import WRITER, HubStandIn

    with HubStandIn() as running, tempfile.TemporaryDirectory() as home:
        yield {"HF_ENDPOINT": running.endpoint, "HF_HOME": home, "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": WRITER}


@contextmanager
def asked(found):
    """A server on this machine that answers like a language model."""
    from tests.chat_server import ChatServer

    with ChatServer() as server:
        found |= {"url": server.url}
        yield {}


@pytest.mark.full
@pytest.mark.parametrize("name", CODE)
def test_python_works_or_names_its_extra(name, hidden, tmp_path):
    line = CODE[name]
    code = "import sys, kazstance\ntry:\n    exec(sys.argv.pop(1))\nexcept kazstance.MissingExtraError as e:\n    sys.exit(str(e))"
    done = subprocess.run(
        [sys.executable, "-c", code, line.name, tmp_path], check=False, capture_output=True, env=hidden, text=True
    )
    check(line, done.returncode, done.stdout, done.stderr)


def test_every_command_is_tried():
    assert {line.name for line in LINES.values()} == COMMANDS.keys() - {"explore serve"}
    assert {line.split()[0] for line in COMMANDS} >= {info.name for info in app.registered_commands}
