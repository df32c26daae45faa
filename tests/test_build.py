"""The build: reproducible, complete or not at all, and every wrong input named by file, line and field."""

import hashlib
import json
import os
import re
import shutil
from importlib.metadata import version
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kazstance import dataset
from kazstance.bench.dataset_tasks import items
from kazstance.bench.protocols import folds, sentences_of
from kazstance.bench.tasks import get_task
from kazstance.cli import app
from kazstance.corpus.build import build, make
from kazstance.corpus.docket import KEPT
from kazstance.corpus.read import read
from kazstance.dataset import DatasetFolder
from kazstance.dataset.verification.check import check
from kazstance.errors import InputError, KazstanceError
from kazstance.language.sentences import VERSION
from tests.commands import messages
from tests.conftest import HARBOUR, quiet


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_give_the_same_bytes(tmp_path, harbour_data):
    build(HARBOUR, tmp_path, quiet)
    assert files(tmp_path) == files(harbour_data)


def test_the_shipped_dataset_is_what_its_corpus_gives(tmp_path, root):
    """Row digests, with any versions of the tools; the bytes too, if the tools are the same."""
    built, shipped = build(root / "raw", tmp_path, quiet), dataset.manifest()
    assert built.digest == shipped.digest
    assert built.inputs == shipped.inputs
    assert built.folds == shipped.folds
    if built.tools == shipped.tools:
        fresh = files(tmp_path)
        shipped_files = files(dataset.SHIPPED) | {"manifest.json": b""}  # it lists the pages of the wheel
        assert {name: shipped_files.get(name) for name in fresh} == fresh | {"manifest.json": b""}
        signed_by_pages = {"pages", "manifest_sha256"}
        assert built.model_dump(exclude=signed_by_pages) == shipped.model_dump(exclude=signed_by_pages)


def test_the_manifest_names_the_segmenters_that_were_used(harbour, tmp_path):
    edit(harbour, "sources.toml", 'id = "merchants"\n', 'id = "merchants"\nsegmenter = "unicode"\n')
    for name in ("out", "other"):
        (tmp_path / name).mkdir()
    tools = build(harbour, tmp_path / "out", quiet).tools
    assert tools["nupunkt"] == version("nupunkt")
    assert tools["unicode"] == f"{VERSION}, regex {version('regex')}"
    edit(harbour, "sources.toml", "[corpus]\n", '[corpus]\nsegmenter = "unicode"\nparagraphs = "line"\n')
    assert "nupunkt" not in build(harbour, tmp_path / "other", quiet).tools


def test_rows_are_ordered_and_keys_unique(harbour_data):
    for table, splits in make(HARBOUR, quiet).rows.items():
        for split, rows in splits.items():
            assert rows.equals(dataset.table(table, split, data=harbour_data))
            assert len(dataset.load(table, split, data=harbour_data)) == len(rows)


def test_features_stand_in_the_metadata_of_the_file(harbour_data):
    found = pq.read_schema(harbour_data / "stances" / "test.parquet").metadata
    assert json.loads(found[b"huggingface"])["info"]["features"]["label"]["_type"] == "ClassLabel"


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def change_text(folder: Path, old: str, new: str) -> None:
    """Change a text and its digest, so that only the hashes of the judgements reveal it."""
    edit(folder, "texts/gazette.txt", old, new)
    content = (folder / "texts/gazette.txt").read_bytes()
    sums = [line for line in (folder / "SHA256SUMS").read_text().splitlines() if "gazette" not in line]
    sums.append(f"{hashlib.sha256(content).hexdigest()}  texts/gazette.txt")
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n")


A = "annotations/a.jsonl"
NAMES, CONTRADICTORIES, MIRRORED = "probes/masks.jsonl", "probes/mirrored.toml", "probes/mirrored.jsonl"
WRONG = {
    "an unknown target": (
        lambda f: edit(f, A, '"target_id": "toll"', '"target_id": "tolls"'),
        "annotations/a.jsonl:1: judgements.0.target_id: 'tolls', expected one of toll, strike, line_pays",
    ),
    "an unknown label": (
        lambda f: edit(f, A, '"label": "against"', '"label": "contra"'),
        "annotations/a.jsonl:1: judgements.0.label: 'contra', expected against, neutral, favor, none; .*",
    ),
    "a judgement on a sentence that is not there": (
        lambda f: edit(f, A, "dockers/3/1", "dockers/3/9"),
        "annotations/a.jsonl:2: sentence_id: 'dockers/3/9', expected an annotated sentence; undo .* --partial",
    ),
    "a judgement on a date line": (
        lambda f: edit(f, A, "dockers/3/1", "dockers/2/1"),
        "annotations/a.jsonl:2: sentence_id: 'dockers/2/1', expected an annotated sentence; undo .* --partial",
    ),
    "evidence that is not in the sentence": (
        lambda f: edit(f, A, '"text": "No to"', '"text": "Yes to"'),
        "annotations/a.jsonl:1: judgements.0.evidence: 'Yes to' at 0, expected a part of 'No to the harbour toll!'",
    ),
    "evidence elsewhere": (
        lambda f: edit(f, A, '"start": 0', '"start": 1'),
        "annotations/a.jsonl:1: judgements.0.evidence: 'No to' at 1, expected a part of 'No to the harbour toll!'",
    ),
    "a text changed after it was judged": (
        lambda f: change_text(f, "Monday", "Sunday"),
        r"annotations/b.jsonl:21: text_hash: \w{12}, but the sentence is now \w{12}: 'The dockers .* on Sunday.'; expected .*",
    ),
    "a missing file": (
        lambda f: (f / "texts/gazette.txt").unlink(),
        "sources.toml:28: id: texts/gazette.txt is missing, expected a file; put it back, .*",
    ),
    "a missing annotation": (
        lambda f: (f / A).unlink(),
        "annotations/a.jsonl: annotations/a.jsonl is missing, expected a file",
    ),
    "a changed byte in a text": (
        lambda f: edit(f, "texts/gazette.txt", "Monday", "Sunday"),
        r"SHA256SUMS:2: texts/gazette.txt: the file's digest is \w+, expected \w+; if it was changed on purpose, .+",
    ),
    "a doubled row": (
        lambda f: (f / A).write_text((f / A).read_text() + (f / A).read_text().splitlines()[4] + "\n"),
        "annotations/a.jsonl:24: sentence_id: 'dockers/4/2' also appears on line 5, expected once with claim",
    ),
    "a doubled judgement": (
        lambda f: edit(f, A, '"judgements": [', '"judgements": [{"target_id": "toll", "label": "against", "explicitness":'
                       ' "explicit", "certainty": "sure", "evidence": [{"start": 0, "text": "No"}]}, '),
        "annotations/a.jsonl:1: judgements: 'toll' is judged 2 times, expected once",
    ),
    "bad UTF-8": (
        lambda f: (f / A).write_bytes((f / A).read_bytes().replace(b"robbery", b"robb\xffery")),
        r"annotations/a.jsonl:2: byte 0xff at \d+, expected UTF-8; this looks like .*",
    ),
    "bad UTF-8 in a text": (
        lambda f: (f / "texts/gazette.txt").write_bytes(b"\n\xe9"),
        "texts/gazette.txt:2: byte 0xe9 at 1, expected UTF-8; this looks like .*",
    ),
    "a path that leaves the folder": (
        lambda f: edit(f, "annotations/annotators.toml", "briefs/a.md", "../../secret.md"),
        "annotations/annotators.toml:1: brief: 'annotations/../../secret.md' leads outside the corpus folder, expected a file inside it",
    ),
    "a link that leaves the folder": (
        lambda f: ((f / "texts/gazette.txt").unlink(), (f / "texts/gazette.txt").symlink_to("/etc/hostname")),
        "sources.toml:28: id: 'texts/gazette.txt' leads outside the corpus folder, expected a file inside it",
    ),
    "a path in the digests": (
        lambda f: edit(f, "SHA256SUMS", "texts/gazette.txt", "../gazette.txt"),
        "SHA256SUMS:2: '../gazette.txt', expected texts/<source_id>.txt or .*; delete the line",
    ),
    "a repair of what does not stand there": (
        lambda f: edit(f, "curation/repairs.csv", ",1,,footnote_mark", ",2,,footnote_mark"),
        r"curation/repairs.csv:2: raw: '2', but the text has '1' there",
    ),
    "a repair of an unknown source": (
        lambda f: edit(f, "curation/repairs.csv", "dockers,", "doctors,"),
        "curation/repairs.csv:2: source_id: 'doctors', expected one of dockers, merchants, gazette",
    ),
    "a column too many": (
        lambda f: edit(f, "curation/repairs.csv", "footnote mark glued to a word", "a,b"),
        "curation/repairs.csv:2: 8 columns, expected 7",
    ),
    "an unknown column": (
        lambda f: edit(f, "curation/units.csv", "source_id,", "source,"),
        r"curation/units.csv:1: columns \['source', .*\], expected \['source_id', .*\]",
    ),
    "an unknown kind": (
        lambda f: edit(f, "curation/units.csv", "kind,title", "kind,caption"),
        "curation/units.csv:2: value 'caption' is not a kind of unit; expected one of title, .*",
    ),
    "no JSON": (
        lambda f: edit(f, A, "{", "["),
        "annotations/a.jsonl:1: .*, expected JSON",
    ),
    "no TOML": (
        lambda f: edit(f, "targets.toml", "fold = 1", "fold = "),
        r"targets.toml:6: Invalid value \(at line 6, column 8\), expected TOML",
    ),
    "an unknown field": (
        lambda f: edit(f, "targets.toml", "fold = 1", "fold = 1\nfoldd = 2"),
        "targets.toml:1: foldd: 2, unknown field; .* did you mean fold.*",
    ),
    "a number for a text": (
        lambda f: edit(f, "targets.toml", 'group = "measures"', "group = 5"),
        "targets.toml:1: group: 5, Input should be a valid string",
    ),
    "a missing field": (
        lambda f: edit(f, "targets.toml", 'name = "the harbour toll"', ""),
        "targets.toml:1: name: missing, expected a value such as .the harbour toll.",
    ),
    "a doubled target": (
        lambda f: edit(f, "targets.toml", 'id = "strike"', 'id = "toll"'),
        "targets.toml:9: id: 'toll' also appears on line 1, expected once",
    ),
    "a target id that is a path": (
        lambda f: edit(f, "sources.toml", 'id = "gazette"', 'id = "../gazette"'),
        "sources.toml:28: id: '../gazette' has '/', expected letters, marks and digits of any script, and _ - .",
    ),
    "explicitness of a label without a side": (
        lambda f: edit(f, A, '"label": "against"', '"label": "neutral"'),
        "annotations/a.jsonl:1: judgements.0: explicitness explicit is not allowed with the label neutral",
    ),
    "names of a sentence that is not there": (
        lambda f: edit(f, NAMES, "dockers/3/1", "dockers/3/9"),
        "probes/masks.jsonl:1: sentence_id: 'dockers/3/9', expected an annotated sentence",
    ),
    "a name that does not stand there": (
        lambda f: edit(f, NAMES, '"start": 12', '"start": 11'),
        "probes/masks.jsonl:1: masks.0: 'Port Lenz' at 11, expected a part of 'The toll of Port Lenz is robbery.'",
    ),
    "names that overlap": (
        lambda f: edit(f, NAMES, '"masks": [', '"masks": [{"start": 12, "text": "Port", "kind": "place"}, '),
        "probes/masks.jsonl:1: 'Port Lenz' at 12 lies before the end of 'Port' at 12",
    ),
    "an unknown kind of name": (
        lambda f: edit(f, NAMES, '"place"', '"port"'),
        "probes/masks.jsonl:1: masks.0.kind: 'port', Input should be 'org', 'place' or 'person'",
    ),
    "a text changed after its names were marked": (
        lambda f: edit(f, NAMES, '"text_hash": "5', '"text_hash": "0'),
        r"probes/masks.jsonl:1: text_hash: 0\w{11}, but the sentence is now \w{12}: 'The toll .*'; expected .*",
    ),
    "a sentence whose names are marked twice": (
        lambda f: (f / NAMES).write_text(2 * (f / NAMES).read_text()),
        "probes/masks.jsonl:7: sentence_id: 'dockers/3/1' also appears on line 1, expected once",
    ),
    "a contradictory of an issue": (
        lambda f: edit(f, CONTRADICTORIES, "line_pays", "toll"),
        "probes/mirrored.toml:6: statements: 'toll', expected one of line_pays",
    ),
    "a contradictory that is the claim": (
        lambda f: edit(f, CONTRADICTORIES, "does not pay", "pays"),
        "probes/mirrored.toml:6: line_pays: 'The shipping line pays its share.' is the claim itself, expected its contradictory",
    ),
    "contradictories of which nobody says who judged on them": (
        lambda f: edit(f, CONTRADICTORIES, 'origin = "human"', 'origin = "adjudicated"'),
        "probes/mirrored.toml:1: origin: 'adjudicated', Input should be .*",
    ),
    "no contradictories": (
        lambda f: (f / CONTRADICTORIES).unlink(),
        "probes/mirrored.toml: probes/mirrored.toml is missing, expected a file",
    ),
    "contradictories without judgements": (
        lambda f: (f / MIRRORED).unlink(),
        "probes/mirrored.jsonl: probes/mirrored.jsonl is missing, expected a file",
    ),
    "a mirrored label that is none of them": (
        lambda f: edit(f, MIRRORED, '"label": "favor"', '"label": "pro"'),
        "probes/mirrored.jsonl:2: label: 'pro', Input should be .*",
    ),
    "a mirrored target without a contradictory": (
        lambda f: edit(f, MIRRORED, '"target_id": "line_pays"', '"target_id": "strike"'),
        "probes/mirrored.jsonl:1: target_id: 'strike', expected one of probes/mirrored.toml: line_pays",
    ),
    "a mirrored pair judged twice": (
        lambda f: edit(f, MIRRORED, "dockers/7/2", "dockers/4/2"),
        "probes/mirrored.jsonl:3: sentence_id: 'dockers/4/2 on line_pays' also appears on line 2, expected once",
    ),
    "a text changed after it was mirrored": (
        lambda f: edit(f, MIRRORED, "dockers/7/2", "dockers/7/1"),
        r"probes/mirrored.jsonl:3: text_hash: \w{12}, but the sentence is now \w{12}: .*; expected .*",
    ),
    "a file that is too large": (
        lambda f: os.truncate(f / "texts/gazette.txt", 2**26 + 1),
        "sources.toml:28: id: texts/gazette.txt has 67108865 bytes, expected at most 67108864",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_wrong_input_is_named_and_the_old_output_stays(fault, harbour, tmp_path, harbour_data):
    out = Path(shutil.copytree(harbour_data, tmp_path / "out"))
    before = files(out)
    spoil, expected = WRONG[fault]
    spoil(harbour)
    result = CliRunner().invoke(app, ["build", str(harbour), "--out", str(out)])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert files(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["harbour", "out"]
    lines = messages(result.stderr)
    if expected is not None:
        assert any(re.fullmatch(expected, line) for line in lines), result.stderr
    assert all(re.match(r"[\w./]+(:\d+)?: ", line) or line == KEPT for line in lines)


def test_all_problems_are_said_at_once(harbour):
    edit(harbour, A, '"label": "against"', '"label": "contra"')
    edit(harbour, "targets.toml", "fold = 1", 'fold = "one"')
    (harbour / "texts/dockers.txt").unlink()
    with pytest.raises(InputError) as caught:
        read(harbour)
    assert {problem.file for problem in caught.value.problems} >= {A, "targets.toml", "sources.toml"}


def test_a_folder_that_is_no_corpus(tmp_path):
    with pytest.raises(KazstanceError, match="expected a corpus folder with sources.toml"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"sources.toml: sources.toml is missing"):
        read(tmp_path)


def test_a_corpus_without_probes_has_an_empty_table(harbour, tmp_path):
    shutil.rmtree(harbour / "probes")
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["build", str(harbour), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "probes   0 mask, 0 mirror, 0 swap" in result.stderr
    assert dataset.load("probes", data=out) == ()
    assert dataset.verify(data=out).tables["probes"]["all"].rows == 0
    assert "config_name: probes" not in (out / "README.md").read_text()


def test_a_mirrored_pair_that_is_none_now_is_left_out(harbour):
    for annotator in "ab":
        name = f"annotations/{annotator}.jsonl"
        rows = [json.loads(line) for line in (harbour / name).read_text().splitlines()]
        for row in rows:
            if row["sentence_id"] == "dockers/7/2":
                row["judgements"] = [found for found in row["judgements"] if found["target_id"] != "line_pays"]
        (harbour / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = []
    make(harbour, said.append)
    assert "probes   2 mask, 2 mirror, 0 swap" in said


def test_a_sentence_of_two_sources_is_a_copy_that_training_does_without(harbour, tmp_path):
    """A source that repeats another's sentence would leak the test of cross_source into training."""
    edit(harbour, "texts/gazette.txt", "By our reporter", "The toll of Port Lenz is robbery!\n\nBy our reporter")
    text = (harbour / "curation/units.csv").read_text()
    start = (harbour / "texts/gazette.txt").read_text().index("By our reporter")
    (harbour / "curation/units.csv").write_text(
        re.sub(r"gazette,\d+,\d+,By our", f"gazette,{start},{start + 15},By our", text)
    )
    sums = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  texts/{f.name}\n" for f in (harbour / "texts").iterdir()]
    (harbour / "SHA256SUMS").write_text("".join(sums))
    said = b"The toll of Port Lenz is robbery!"
    row = {"sentence_id": "gazette/4/1", "text_hash": hashlib.sha256(said).hexdigest()[:12]}
    row |= {"covered": ["issue", "claim"], "judgements": [{"target_id": "toll", "label": "against"}]}
    for annotator in "ab":
        with (harbour / f"annotations/{annotator}.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
    said, out = [], tmp_path / "out"
    out.mkdir()
    build(harbour, out, said.append)
    assert "copies   equal sentences 2 (groups 1, formulas 0), near-copies 0, shared quotations 0" in said
    rows = dataset.load("copies", data=out)
    assert [(row.sentence_id, row.copy_of, row.kind) for row in rows] == [
        ("dockers/3/1", "dockers/3/1", "equal"), ("gazette/4/1", "dockers/3/1", "equal")
    ]  # fmt: skip
    folder = DatasetFolder(out)
    parts = {part.name: part for part in folds("cross_source", items(get_task("stance"), folder), folder)}
    assert "gazette/4/1" not in {name for item in parts["dockers"].train for name in sentences_of(item)}
    assert "dockers/3/1" not in {name for item in parts["gazette"].train for name in sentences_of(item)}
    assert (parts["dockers"].dropped, parts["gazette"].dropped, parts["merchants"].dropped) == (1, 1, 0)
    assert check(folder).problems == ()
