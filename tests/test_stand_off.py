"""Stand-off datasets: no text in any file, and with the texts the same dataset, row for row; copies that differ; hostile folders."""

import codecs
import csv
import hashlib
import json
import os
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import kazstance as ks
from kazstance.cli import app
from kazstance.corpus.build import build
from kazstance.dataset import SHIPPED, DatasetFolder
from kazstance.dataset.verification.check import check
from kazstance.errors import InputError, IntegrityError, KazstanceError
from kazstance.publish.quotations import MARK, Quotations, find_runs, restore, words
from kazstance.publish.rehydration import rehydrate
from kazstance.publish.stand_off import stage_stand_off
from kazstance.schema.records import TABLES
from tests.commands import call, run
from tests.conftest import HARBOUR, ROOT, quiet
from tests.corpora import put
from tests.hub_stand_in import WRITER, HubStandIn

RUN = 8
LONG = "The council says that the quay must be paid for. We say: let the shipping line pay!"
"""Two sentences of a text, as they are after repairs."""


@pytest.fixture(scope="session")
def quoting(tmp_path_factory):
    """The small corpus, whose title, notes and attributes repeat its texts."""
    corpus = shutil.copytree(HARBOUR, tmp_path_factory.mktemp("quoting") / "corpus")
    text = (corpus / "texts/dockers.txt").read_text(encoding="utf-8")
    sources = (corpus / "sources.toml").read_text(encoding="utf-8")
    sources = sources.replace('event = "', f'event = "After they said “{LONG}”: ')
    sources = sources.replace('title = "No to', f'title = "{LONG} No to')
    own = f'[source.attributes]\nwhole = {json.dumps(text)}\nshort = "robbery"\n\n[[source.voice]]'
    (corpus / "sources.toml").write_text(sources.replace("[[source.voice]]", own, 1), encoding="utf-8")
    lines = (corpus / "annotations/a.jsonl").read_text(encoding="utf-8").splitlines()
    note = f"Cf. ({LONG.replace('. We', '; We')}) and {MARK}[0]"
    rows = [json.loads(line) for line in lines]
    rows[1]["judgements"][0]["note"] = note
    (corpus / "annotations/a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    folder = corpus.parent / "data"
    folder.mkdir()
    build(corpus, folder, quiet)
    assert note in DatasetFolder(folder).judgements.to_arrow()["note"].to_pylist()
    return folder


@pytest.fixture
def stand_off(harbour_data, tmp_path):
    stage_stand_off(DatasetFolder(harbour_data), tmp_path / "stand_off")
    return tmp_path / "stand_off"


@pytest.fixture
def copies(tmp_path):
    """Somebody's own copies of the texts."""
    return shutil.copytree(HARBOUR / "texts", tmp_path / "copies" / "texts").parent


def all_rows(folder):
    return {
        f"{table}/{split}": pq.read_table(folder / table / f"{split}.parquet").to_pylist()
        for table, spec in TABLES.items()
        for split in spec.splits
    }


def texts_in(value):
    """All texts in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in texts_in(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in texts_in(item))


def runs_of(text):
    found = text.split()
    return {" ".join(found[at : at + RUN]) for at in range(len(found) - RUN + 1)}


def repeated(data, folder, raw):
    """The runs of eight words of any text, raw or repaired, that occur in any file of a folder."""
    by_document = {}
    for row in pq.read_table(data / "sentences/all.parquet").to_pylist():
        by_document.setdefault(row["document_id"], []).append(row["text"])
    sought = {run for text in [*(" ".join(parts) for parts in by_document.values()), *raw] for run in runs_of(text)}
    assert sought
    texts = list(texts_in(all_rows(folder)))
    for file in folder.iterdir():
        if file.is_file():
            texts.append(file.read_text(encoding="utf-8"))
            texts += texts_in(json.loads(texts[-1])) if file.suffix == ".json" else []
    return {run for text in texts for run in runs_of(text)} & sought


@pytest.mark.parametrize("which", [pytest.param("shipped", marks=pytest.mark.full), "harbour", "quoting"])
def test_no_file_has_eight_words_of_a_text_and_the_same_rows_come_back(which, harbour_data, quoting, tmp_path):
    data, texts = {
        "shipped": (SHIPPED, ROOT / "raw"),
        "harbour": (harbour_data, HARBOUR),
        "quoting": (quoting, quoting.parent / "corpus"),
    }[which]
    call("publish to a folder", "--stand-off", data=data, out=tmp_path / "stand_off")
    raw = [file.read_text(encoding="utf-8") for file in (texts / "texts").rglob("*.txt")]
    assert repeated(data, tmp_path / "stand_off", raw) == set()
    if which != "harbour":
        shutil.copytree(data, tmp_path / "whole", ignore=shutil.ignore_patterns("*.html"))
        assert repeated(data, tmp_path / "whole", raw)
    done = call("rehydrate", "--json", stand_off=tmp_path / "stand_off", texts=texts, out=tmp_path / "again")
    assert done.exit_code == 0, done.output
    before, after = DatasetFolder(data), DatasetFolder(tmp_path / "again")
    assert json.loads(done.stdout)["digest"] == before.digest == after.digest
    assert all_rows(tmp_path / "again") == all_rows(data)
    assert check(after).problems == ()
    files = {"tables", "pages", "manifest_sha256"}
    assert after.manifest.model_dump(exclude=files) == before.manifest.model_dump(exclude=files)
    assert len(ks.open(tmp_path / "again").stances) == len(ks.open(data).stances)


def test_what_repeats_a_text_refers_to_it(quoting, tmp_path):
    stage_stand_off(DatasetFolder(quoting), tmp_path / "stand_off")
    rows = all_rows(tmp_path / "stand_off")
    dockers = next(row for row in rows["sources/all"] if row["source_id"] == "dockers")
    assert dockers["whole"].startswith(MARK)
    assert dockers["short"] == "robbery"
    assert {"text", "context_before", "context_after"} & set(rows["stances/train"][0]) == set()
    card = (tmp_path / "stand_off/README.md").read_text(encoding="utf-8")
    assert "The council says that the quay must…" in card
    assert "kazstance rehydrate" in card
    assert DatasetFolder(quoting).digest in card


WORD = st.sampled_from(["a", "b", "c", "d", "e", "f", "the", "toll", "—", ",", "x.", "“y”", "中", "文", "国"])
TEXT = st.lists(st.tuples(WORD, st.sampled_from([" ", "  ", "\n", ""])).map("".join), max_size=40).map("".join)


@settings(max_examples=300)
@given(st.lists(TEXT, max_size=6), st.lists(TEXT, max_size=3))
@example(["a a a a a a a —", "a a a a a a a b "], [])
@pytest.mark.full
def test_any_text_comes_back_and_no_run_of_words_remains(sentences, others):
    texts = [*others, " ".join(sentences), f"{MARK}x", "".join(sentences) + " z z z z z z z z z"]
    found = Quotations(find_runs(texts, [("document", text) for text in sentences]), sentences)
    told = [one.word for text in sentences for one in words(text)]
    runs = {tuple(told[at : at + RUN]) for at in range(len(told) - RUN + 1)}
    for text in texts:
        cut = found.cut(text)
        assert restore(cut, sentences) == text
        left = [part for part in json.loads(cut[len(MARK) :]) if isinstance(part, str)] if MARK in cut else [cut]
        for part in left:
            said = [one.word for one in words(part)]
            assert not runs & {tuple(said[at : at + RUN]) for at in range(len(said) - RUN + 1)}
        masked = text.replace("toll", "[org]")
        assert restore(found.hide(masked, range(len(sentences))), sentences) == masked


def test_names_are_hidden_without_the_words_between_them():
    sentences = ["The dockers of Port Lenz say no.", "They stand."]
    hidden = Quotations({}, sentences).hide("The [org] of [place] say no. They stand.", [0, 1])
    assert [part for part in json.loads(hidden.removeprefix(MARK)) if isinstance(part, str)] == [
        "[org]",
        "[place]",
        " ",
    ]


def test_a_few_references_cannot_become_a_text_of_any_length():
    with pytest.raises(KazstanceError, match="refers to more than"):
        restore(MARK + json.dumps([[0, 0, 10_000]] * 10_000), ["x" * 10_000])


def converted(change):
    def convert(copies):
        for file in (copies / "texts").iterdir():
            file.write_bytes(change(file.read_bytes()))

    return convert


def renamed(copies):
    """The texts under each other's names."""
    files = sorted((copies / "texts").iterdir())
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, contents[1:] + contents[:1], strict=True):
        file.write_bytes(content)


def moved(copies):
    """The texts next to each other in a folder, under names that say nothing."""
    for number, file in enumerate(sorted((copies / "texts").iterdir())):
        file.rename(copies / f"{number}.txt")
    (copies / "texts").rmdir()


def longer(copies):
    """Texts with a page before, between and after them that nobody annotated."""
    for file in (copies / "texts").iterdir():
        text = file.read_text(encoding="utf-8").replace("\n\n", "\n\n\n   \n")
        file.write_text("Menu\n\nImprint\n" + "x" * 3000 + "\n\n" + text + "\nComments\n", encoding="utf-8")


def as_table(form, **names):
    def convert(copies):
        rows = [
            {names.get("id", "document_id"): file.stem, "extra": 1, "text": file.read_bytes().decode()}
            for file in (copies / "texts").iterdir()
        ]
        shutil.rmtree(copies / "texts")
        put(copies, rows, form)

    return convert


CHANGES = {
    "windows": (converted(lambda text: text.replace(b"\n", b"\r\n")), 3),
    "mac": (converted(lambda text: text.replace(b"\n", b"\r")), 3),
    "mark": (converted(lambda text: codecs.BOM_UTF8 + text), 3),
    "windows and mark": (converted(lambda text: codecs.BOM_UTF8 + text.replace(b"\n", b"\r\n")), 3),
    "last line end": (converted(lambda text: text.rstrip(b"\n")), 3),
    "renamed": (renamed, 3),
    "moved": (moved, 3),
    "longer": (longer, 3),
    "csv": (as_table("csv"), 0),
    "jsonl": (as_table("jsonl", id="name"), 0),
    "parquet": (as_table("parquet"), 0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_copies_that_differ_in_form_give_the_same_dataset_with_a_note(name, stand_off, copies, harbour_data, tmp_path):
    change, notes = CHANGES[name]
    change(copies)
    found = rehydrate(stand_off, copies, tmp_path / "again")
    assert found.digest == DatasetFolder(harbour_data).digest
    assert len(found.notes) == notes, found.notes
    assert all_rows(tmp_path / "again") == all_rows(harbour_data)


def test_a_table_with_a_row_for_each_sentence_is_enough(stand_off, harbour_data, tmp_path):
    rows = pq.read_table(harbour_data / "sentences/all.parquet")["text"].to_pylist()
    with (tmp_path / "mine.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text", "coder"], *([f" {text}", "A"] for text in reversed(rows))])
    done = call("rehydrate", stand_off=stand_off, texts=tmp_path / "mine.csv", out=tmp_path / "again")
    assert done.exit_code == 0, done.output
    assert all_rows(tmp_path / "again") == all_rows(harbour_data)
    (tmp_path / "mine.csv").write_text("text\nAway with the toll!\n", encoding="utf-8")
    done = call("rehydrate", stand_off=stand_off, texts=tmp_path / "mine.csv", out=tmp_path / "again")
    assert done.exit_code == 1
    number = DatasetFolder(harbour_data).sentences.to_arrow()["document_id"].to_pylist().count("dockers")
    assert (
        f"mine.csv: dockers: is missing, expected texts/dockers.txt, or the same text under any name; 1 of {number} sent"
        in done.stderr
    )


def test_every_text_that_is_missing_or_changed_is_named_and_nothing_is_written(stand_off, copies, tmp_path):
    (copies / "texts/gazette.txt").unlink()
    merchants = copies / "texts/merchants.txt"
    text = merchants.read_text(encoding="utf-8")
    merchants.write_text(text.replace("harms", "helps").replace("Nobody forces", "Who forces"), encoding="utf-8")
    (copies / "texts/dockers.txt").write_bytes("caf\xe9".encode("latin-1"))
    done = run("rehydrate", stand_off=stand_off, texts=copies, out=tmp_path / "again")
    assert done.code == 1
    lines = done.err.splitlines()
    assert lines[0] == f"{copies}: 0 of 3 texts are complete; expected all of them"
    assert "dockers: cannot be read: texts/dockers.txt" in lines[1]
    assert (
        lines[2]
        == f"{copies}: gazette: is missing, expected texts/gazette.txt, or the same text under any name; 0 of 5 sentences are there"
    )
    assert "merchants: texts/merchants.txt is another version of the text; 8 of 10 sentences are there" in lines[3]
    assert lines[3].endswith("the first that is not is merchants/4/1")
    assert not (tmp_path / "again").exists()


@pytest.mark.full
def test_what_is_left_without_some_texts_is_a_dataset_that_says_so(quoting, copies, tmp_path):
    whole = DatasetFolder(quoting)
    stage_stand_off(whole, tmp_path / "stand_off")
    gone = copies / "texts/dockers.txt"
    gone.write_text(gone.read_text(encoding="utf-8").replace("robbery", "theft"), encoding="utf-8")
    places = {"stand_off": tmp_path / "stand_off", "texts": copies, "out": tmp_path / "part"}
    assert call("rehydrate", **places).exit_code == 1
    done = run("rehydrate", "--partial", **places)
    assert done.code == 0, done.err
    assert "left out: " in done.err
    assert "dockers: texts/dockers.txt is another version of the text" in done.err
    part = DatasetFolder(tmp_path / "part")
    assert f": incomplete, 1 of 3 texts left out; the whole dataset has the digest {whole.digest}" in done.out
    assert f"with the digest {part.digest}: " in done.out
    assert check(part).problems == ()
    missing = part.manifest.publication.responsible_ai.data_collection_missing_data
    assert missing.startswith(f"This copy lacks texts of the dataset with the digest {whole.digest}")
    assert "dockers" in missing
    assert part.manifest.title.endswith(" (incomplete)")
    assert "[…]" in part.manifest.event
    for table in ("sentences", "judgements", "grid", "stances", "positions"):
        rows, before = (found[table].to_arrow() for found in (part, whole))
        kept = before.filter(pc.not_equal(before["source_id"], "dockers"))
        names = [
            "source_id",
            *(name for name in ("sentence_id", "target_id", "label_name") if name in rows.column_names),
        ]
        assert rows.select(names).to_pylist() == kept.select(names).to_pylist()
    assert set(part.ids["source_id"]) == {"merchants", "gazette"}
    for file in (copies / "texts").iterdir():
        file.unlink()
    (copies / "texts/other.txt").write_text("Something else.\n")
    assert call("rehydrate", "--partial", **places).exit_code == 1


def test_a_dataset_in_the_way_stays_as_it_was(stand_off, copies, harbour_data, tmp_path):
    shutil.copytree(harbour_data, tmp_path / "again")
    (copies / "texts/gazette.txt").unlink()
    with pytest.raises(InputError):
        rehydrate(stand_off, copies, tmp_path / "again")
    assert check(DatasetFolder(tmp_path / "again")).problems == ()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("Mine.")
    with pytest.raises(KazstanceError, match=r"contains 'thesis\.txt' but no manifest\.json"):
        rehydrate(stand_off, HARBOUR, tmp_path / "mine")
    with pytest.raises(KazstanceError, match=r"but no stand_off\.json of a stand-off dataset"):
        stage_stand_off(DatasetFolder(harbour_data), tmp_path / "again")


def test_each_command_says_what_to_do_with_the_other_kind_of_dataset(stand_off, harbour_data, tmp_path):
    with pytest.raises(KazstanceError, match="is a stand-off dataset, which has no texts; run `kazstance rehydrate"):
        ks.open(stand_off)
    for command in ("info", "verify", "explore", "compare"):
        done = call(command, data=stand_off, out=tmp_path / "page.html")
        assert done.exit_code == 1
        assert "is a stand-off dataset" in done.stderr
    done = call("rehydrate", stand_off=harbour_data, texts=HARBOUR, out=tmp_path / "again")
    assert "is a dataset with its texts; expected a stand-off dataset" in done.stderr
    for args in ([], ["--repo-id", "a/b", "--out", str(tmp_path / "x")]):
        assert CliRunner().invoke(app, ["publish", *args]).exit_code == 2
    for texts in (tmp_path / "nowhere", HARBOUR / "curation", HARBOUR / "targets.toml"):
        done = call("rehydrate", stand_off=stand_off, texts=texts, out=tmp_path / "again")
        assert done.exit_code == 1
        assert len(done.stderr.splitlines()) == 1


def test_a_repair_that_inserts_a_sentence_is_refused(harbour, tmp_path):
    with (harbour / "curation/repairs.csv").open("a", encoding="utf-8") as file:
        file.write("dockers,27,28, , one two three four five six seven eight ,space,lost in scanning\n")
    (tmp_path / "data").mkdir()
    build(harbour, tmp_path / "data", quiet)
    with pytest.raises(InputError, match="a repair inserts 8 words, expected fewer than 8"):
        stage_stand_off(DatasetFolder(tmp_path / "data"), tmp_path / "stand_off")
    assert not (tmp_path / "stand_off").exists()


def forge(folder, table, change, split="all"):
    """Change the rows of a table, and its entry in the manifest, as somebody would who wants to deceive."""
    file = folder / table / f"{split}.parquet"
    rows = pq.read_table(file)
    pq.write_table(change(rows), file)
    manifest = json.loads((folder / "stand_off.json").read_text(encoding="utf-8"))
    content = file.read_bytes()
    manifest["files"][table][split] = {
        "rows": len(change(rows)),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (folder / "stand_off.json").write_text(json.dumps(manifest), encoding="utf-8")


def with_column(name, value):
    """A table in which one value of a column is another one."""

    def change(rows):
        at = rows.schema.get_field_index(name)
        values = rows[name].to_pylist()
        values[1] = value
        return rows.set_column(at, rows.schema.field(name), pa.array(values, rows.schema.field(name).type))

    return change


def with_manifest(change):
    def forged(folder):
        manifest = json.loads((folder / "stand_off.json").read_text(encoding="utf-8"))
        change(manifest)
        (folder / "stand_off.json").write_text(json.dumps(manifest), encoding="utf-8")

    return forged


def linked(name):
    def forged(folder):
        file = folder / name
        file.rename(folder.parent / "elsewhere")
        file.symlink_to(folder.parent / "elsewhere")

    return forged


def forged(table, change, split="all"):
    return lambda folder: forge(folder, table, change, split)


def longer_by_one(name):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b"x")


FORGERIES = {
    "byte": (longer_by_one("copies/all.parquet"), "bytes, expected"),
    "missing": (lambda folder: (folder / "copies/all.parquet").unlink(), "is missing"),
    "page": (longer_by_one("README.md"), "SHA-256 is"),
    "link": (linked("sentences/all.parquet"), "is a link"),
    "linked folder": (linked("sentences"), "is a link"),
    "linked page": (linked("LICENSE-DATA"), "is a link"),
    "pipe": (
        lambda folder: ((folder / "LICENSE-DATA").unlink(), os.mkfifo(folder / "LICENSE-DATA")),
        "is not a regular file",
    ),
    "not parquet": (lambda folder: (folder / "stand_off.json").write_text("{}"), "Field required"),
    "not json": (lambda folder: (folder / "stand_off.json").write_text("{"), "expected JSON"),
    "large manifest": (lambda folder: os.truncate(folder / "stand_off.json", 2**30), "expected at most"),
    "version": (with_manifest(lambda found: found.update(stand_off_version=2)), "upgrade kazstance"),
    "path of a page": (with_manifest(lambda found: found["pages"].update({"../x": "0" * 64})), "pages"),
    "path of a table": (with_manifest(lambda found: found["files"].update({"../x": {}})), "files"),
    "no table": (with_manifest(lambda found: found["files"].pop("copies")), "copies: missing"),
    "other digest": (with_manifest(lambda found: found["dataset"].update(digest="0" * 64)), "the digest is"),
    "title": (
        with_manifest(lambda found: found["dataset"].update(title=f"{MARK}[[99999, 0, 1]]")),
        "expected a text, or",
    ),
    "offset": (forged("sentences", with_column("raw_start", 2**62)), "does not have its hash"),
    "negative offset": (forged("sentences", with_column("raw_end", -5)), "does not have its hash"),
    "hash": (forged("sentences", with_column("text_hash", "0" * 12)), "does not have its hash"),
    "null": (forged("sentences", with_column("raw_start", None)), "a value is missing"),
    "no document": (forged("documents", with_column("document_id", None)), "a value is missing"),
    "no such document": (forged("sentences", with_column("document_id", "x")), "'x' is not in documents"),
    "no such sentence": (forged("grid", with_column("sentence_id", "x/1/1"), "train"), "is not in the table sentences"),
    "label": (forged("judgements", with_column("label", 1)), "the rows have the digest"),
    "fewer rows": (forged("targets", lambda rows: rows.slice(1)), "the rows have the digest"),
    "reference": (forged("judgements", with_column("note", f"{MARK}[[0, -1, 2]]")), "expected a text, or a sentence"),
    "reference to nothing": (forged("judgements", with_column("note", f"{MARK}[[0, 5, 4]]")), "expected a text, or"),
    "no reference": (forged("judgements", with_column("note", f"{MARK}{{}}")), "expected an array"),
    "no json": (forged("judgements", with_column("note", f"{MARK}[[[")), "expected JSON"),
    "long": (forged("judgements", with_column("note", f"{MARK}[{'0,' * 2_100_000}0]")), "expected at most"),
    "columns": (forged("targets", lambda rows: rows.append_column("more", rows["name"])), "the columns are"),
    "types": (
        forged(
            "targets", lambda rows: rows.set_column(0, "target_id", pc.fill_null(pa.nulls(len(rows), pa.int64()), 1))
        ),
        "the columns are",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_stand_off_dataset_is_refused_in_words(name, stand_off, tmp_path):
    forgery, said = FORGERIES[name]
    forgery(stand_off)
    done = call("rehydrate", stand_off=stand_off, texts=HARBOUR, out=tmp_path / "again")
    assert done.exit_code == 1, done.output
    assert said in done.stderr
    assert "kazstance verify" not in done.stderr
    assert not (tmp_path / "again").exists()


def test_copies_are_read_in_their_folder_only(stand_off, copies, tmp_path):
    secret = (copies / "texts/gazette.txt").rename(tmp_path / "secret.txt")
    (copies / "texts/gazette.txt").symlink_to(secret)
    with pytest.raises(InputError, match="gazette: cannot be read: .*leads outside"):
        rehydrate(stand_off, copies, tmp_path / "again")


def test_consistent_lies_do_not_pass_the_check_of_the_whole(stand_off, tmp_path):
    """Somebody who also recomputes the digest of rows still has to tell a consistent story."""
    forge(stand_off, "judgements", with_column("label_name", "neutral"))
    with pytest.raises(IntegrityError) as caught:
        rehydrate(stand_off, HARBOUR, tmp_path / "again")
    digest = str(caught.value).split("the digest ")[1].split(",")[0]

    def restate(manifest):
        manifest["dataset"]["tables"]["judgements"]["all"]["digest"] = digest
        tables = manifest["dataset"]["tables"]
        joined = "".join(tables[table][split]["digest"] for table, spec in TABLES.items() for split in spec.splits)
        manifest["dataset"]["digest"] = hashlib.sha256(joined.encode()).hexdigest()

    with_manifest(restate)(stand_off)
    with pytest.raises(IntegrityError, match="label_name"):
        rehydrate(stand_off, HARBOUR, tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.full
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_a_stand_off_dataset_is_uploaded_without_texts(harbour_data, tmp_path):
    with HubStandIn() as hub:
        env = {
            "HF_ENDPOINT": hub.endpoint,
            "HF_TOKEN": WRITER,
            "HF_HOME": str(tmp_path),
            "HF_HUB_DISABLE_XET": "1",
        }
        done = run("publish", "--stand-off", "--yes", repo="org/name", data=harbour_data, env=env)
        assert done.code == 0, done.err
        repository = hub.repositories["org/name"]
        files = repository.commits[repository.head]
    assert {"stand_off.json", "README.md", "sentences/all.parquet"} <= files.keys()
    assert {"manifest.json", "questions.parquet", "croissant.json"} & files.keys() == set()
    assert repository.tags == {"v1.2.0": repository.head}
