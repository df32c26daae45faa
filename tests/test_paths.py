"""Paths: wherever one is expected, text will do."""

import ast
from pathlib import Path

import pytest

import kazstance as ks
from kazstance.corpus.build import build, make
from kazstance.corpus.read import read, read_codebook
from kazstance.input.files import read_object
from kazstance.input.frames import as_frame
from kazstance.input.parquet import read_columns, read_parquet
from kazstance.input.tables import read_table
from kazstance.output.files import write_file
from kazstance.publish.card import read_page
from kazstance.publish.hub import build_dataset, stage
from kazstance.publish.upload import read_token
from kazstance.schema.manifest import manifest_bytes
from tests.conftest import HARBOUR, quiet

PACKAGE = Path(ks.__file__).parent
EXEMPT = ("cli", "errors.py", "staging.py", "exchange.py")
"""Commands, whose paths come from the command line; machinery below `write_file` and `replacing`."""
MACHINERY = {"filling", "put_file", "own"}


@pytest.mark.parametrize(
    "use",
    [
        lambda data, corpus: ks.open(data).verify(),
        lambda data, corpus: ks.open(data).explore("page.html"),
        lambda data, corpus: ks.build(corpus, "built").verify(),
        lambda data, corpus: [ks.load(data=data), ks.table(data=data), ks.path(data=data), ks.splits(data=data)],
        lambda data, corpus: [ks.to_hf(data=data), ks.manifest(data=data), ks.verify(data=data)],
        lambda data, corpus: ks.compare(f"{data}/stances"),
        lambda data, corpus: as_frame(f"{data}/stances/test.parquet"),
        lambda data, corpus: [
            read_parquet(f"{data}/stances/test.parquet"),
            read_columns(f"{data}/stances/test.parquet"),
        ],
        lambda data, corpus: read_table(f"{data}/stances/test.parquet"),
        lambda data, corpus: [read_object(f"{data}/manifest.json"), manifest_bytes(data)],
        lambda data, corpus: [read(corpus), read_codebook(corpus), make(corpus, quiet), build(corpus, "empty", quiet)],
        lambda data, corpus: build_dataset(corpus, "built", quiet),
        lambda data, corpus: stage(ks.open(data), "hub"),
        lambda data, corpus: [write_file(b"hf_abc", "file"), read_page("file"), read_token("file")],
        lambda data, corpus: ks.open(data).compare().plot.positions().save("chart.svg"),
    ],
)
def test_text_is_a_path(use, harbour_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    use(str(harbour_data), str(HARBOUR))


def test_no_public_function_asks_for_a_path_object():
    asking = []
    for file in PACKAGE.rglob("*.py"):
        if set(file.relative_to(PACKAGE).parts) & set(EXEMPT):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
                kinds = [
                    ast.unparse(arg.annotation) for arg in [*node.args.args, *node.args.kwonlyargs] if arg.annotation
                ]
                asking += [f"{file.name}: {node.name}" for kind in kinds if kind in ("Path", "Path | None")]
    assert sorted({found.split(": ")[1] for found in asking} - MACHINERY) == []
