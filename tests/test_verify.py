"""Verification: every changed byte is found, and so is all tampering that another table or digest contradicts."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kazstance import dataset
from kazstance.dataset import DatasetFolder
from kazstance.errors import IntegrityError, KazstanceError
from kazstance.publish.hub import stage
from tests import commands, tampering
from tests.commands import call
from tests.tampering import edit, edit_split, read, sign, sign_files, write


@pytest.fixture(scope="session")
def hub_folder(harbour_data, tmp_path_factory):
    """The small dataset as it goes to a Hub, with all pages."""
    out = tmp_path_factory.mktemp("verify") / "hub"
    stage(DatasetFolder(harbour_data), out)
    return out


@pytest.fixture
def data(hub_folder, tmp_path):
    """A copy of it, for a test to change."""
    return Path(shutil.copytree(hub_folder, tmp_path / "data"))


def problems(data):
    """What verify finds; fails if it finds nothing."""
    with pytest.raises(IntegrityError) as caught:
        dataset.verify(data=data)
    lines = str(caught.value).splitlines()
    assert lines
    assert all(line and line.isprintable() for line in lines)
    return lines


def test_signing_again_changes_nothing(data):
    """The helpers of these tests sign as a build does, so that what is found is the tampering and not the signature."""
    before = {file: file.read_bytes() for file in data.rglob("*") if file.is_file()}
    sign_files(data)
    edit(data, "grid", lambda rows: None)
    sign_files(data)
    assert dataset.verify(data=data).digest == json.loads(before[data / "manifest.json"])["digest"]
    assert read(data).keys() >= {"format_version", "pages", "manifest_sha256"}


# ---- one byte changed -------------------------------------------------------------------------------------------------


def one_byte_changes(folder, number, seed, only="*"):
    """Change one byte at a time, as often in small files as in large ones; yields undetected changes by file."""
    draw = random.Random(seed)
    files = sorted(file for file in folder.rglob(only) if file.is_file())
    missed = Counter()
    for i in range(number):
        file = files[i % len(files)]
        content = file.read_bytes()
        place, flip = draw.randrange(len(content)), draw.choice((1, 32, 128, draw.randrange(1, 256)))
        file.write_bytes(content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :])
        if not is_found(folder, file.name):
            missed[file.name, place, flip] += 1
        file.write_bytes(content)
    dataset.verify(data=folder)
    return missed


def is_found(folder, name):
    """Whether any problem is found with a file."""
    try:
        dataset.verify(data=folder)
    except IntegrityError as error:
        return name in str(error)
    return False


@pytest.mark.full
def test_a_changed_byte_is_found_in_every_file(data):
    assert one_byte_changes(data, 105, seed=1) == {}


@pytest.mark.full
def test_a_changed_byte_is_found_in_every_file_of_a_dataset_without_pages(harbour_data, tmp_path):
    assert one_byte_changes(Path(shutil.copytree(harbour_data, tmp_path / "data")), 34, seed=2) == {}


def test_a_changed_byte_is_found_anywhere_in_the_manifest(data):
    assert one_byte_changes(data, 60, seed=4, only="manifest.json") == {}


@pytest.mark.full
def test_every_one_of_3000_changed_bytes_is_found(data):
    assert one_byte_changes(data, 3000, seed=3) == {}


def test_bytes_that_say_the_same_are_a_change_too(data):
    file = data / "manifest.json"
    content = file.read_bytes()
    for changed in (content + b"\n", content.replace(b"\n ", b"\n\t", 1), json.dumps(read(data)).encode()):
        file.write_bytes(changed)
        assert any("manifest.json" in line and "different bytes" in line for line in problems(data))
    twice = content.replace(b'"title":', b'"title": "another",\n "title":', 1)
    file.write_bytes(twice)
    assert any("manifest.json" in line for line in problems(data))


# ---- the manifest edited, not signed ---------------------------------------------------------------------------------


def swap_train_and_test(data):
    """Rename files and entries alike: only the digest of the data reveals it."""
    manifest = read(data)
    for table in ("stances", "grid", "pairs"):
        train, test = (data / table / f"{split}.parquet" for split in ("train", "test"))
        train.rename(data / "other")
        test.rename(train)
        (data / "other").rename(test)
        files = manifest["tables"][table]
        files["train"], files["test"] = files["test"], files["train"]
        for split, file in files.items():
            file["path"] = f"{table}/{split}.parquet"
    write(data, manifest)


def manifest_edit(**changed):
    def change(data):
        write(data, read(data) | changed)

    return change


def a_fold_of_nobody(data):
    manifest = read(data)
    manifest["folds"]["cross_source"][0]["test_sources"] = ["nobody"]
    return manifest


UNSIGNED = {
    "digest": manifest_edit(digest="0" * 64),
    "title": manifest_edit(title="Another title"),
    "licence": manifest_edit(license="CC0-1.0-or-so"),
    "inputs": manifest_edit(inputs={}),
    "version": manifest_edit(version="9.9.9"),
    "a version that is a path": manifest_edit(version="../../x\n"),
    "folds emptied": manifest_edit(folds={}),
    "a fold of a source there is not": lambda data: write(data, a_fold_of_nobody(data)),
    "size of a file": lambda data: write(data, sized(data)),
    "tools": manifest_edit(tools={}),
    "pages": manifest_edit(pages={}),
    "train and test swapped": swap_train_and_test,
}


def sized(data):
    manifest = read(data)
    manifest["tables"]["grid"]["test"]["bytes"] += 1
    return manifest


@pytest.mark.parametrize("kind", UNSIGNED)
def test_an_edited_manifest(kind, data):
    UNSIGNED[kind](data)
    assert any("manifest.json" in line for line in problems(data))


# ---- signed again ----------------------------------------------------------------------------------------------------


def manifest_signed(change, *, digest_too=True):
    def tamper(data):
        manifest = read(data)
        change(manifest)
        sign(data, manifest, data=digest_too)

    return tamper


def without(*places):
    """Take tables or splits out of the manifest, and their files out of the folder."""

    def tamper(data):
        manifest = read(data)
        for table, *split in places:
            if split:
                file = manifest["tables"][table].pop(split[0])
                (data / file["path"]).unlink()
            else:
                manifest["tables"].pop(table)
                shutil.rmtree(data / table)
        sign(data, manifest)

    return tamper


SIGNED_MANIFESTS = {
    "folds emptied": manifest_signed(lambda m: m.update(folds={})),
    "a fold of a source there is not": manifest_signed(
        lambda m: m["folds"]["cross_source"][0].update(test_sources=["nobody"])
    ),
    "a target moved to another fold": manifest_signed(lambda m: m["folds"]["cross_target"][0].update(test_targets=[])),
    "inputs emptied": manifest_signed(lambda m: m.update(inputs={})),
    "digest of the data": manifest_signed(lambda m: m.update(digest="0" * 64), digest_too=False),
    "rows of a split": manifest_signed(lambda m: m["tables"]["grid"]["test"].update(rows=1)),
    "row digest of a split": manifest_signed(lambda m: m["tables"]["grid"]["test"].update(digest="0" * 64)),
    "size of a file": manifest_signed(lambda m: m["tables"]["grid"]["test"].update(bytes=1)),
    "digest of a page": manifest_signed(lambda m: m["pages"].update({"README.md": "0" * 64})),
    "a page that is not there": manifest_signed(lambda m: m["pages"].update({"CODEBOOK.md": "0" * 64})),
    "probes removed": without(["probes"]),
    "positions removed": without(["positions"]),
    "pairs removed": without(["pairs"]),
    "a split of pairs removed": without(["pairs", "test"]),
}


@pytest.mark.parametrize("kind", SIGNED_MANIFESTS)
def test_a_manifest_that_was_signed_again(kind, data):
    SIGNED_MANIFESTS[kind](data)
    problems(data)


def rows(table, change, where=lambda row: True, first=True):
    """Change the first row, or all rows, for which a condition holds."""

    def tamper(data):
        done = False

        def each(found):
            nonlocal done
            for row in found:
                if where(row) and not (first and done):
                    row.update(change(row) if callable(change) else change)
                    done = True

        edit(data, table, each)
        assert done, "no such row"

    return tamper


def both(*tampers):
    def tamper(data):
        for one in tampers:
            one(data)

    return tamper


def drop(table, where=lambda row: True, first=True):
    def tamper(data):
        done = False

        def each(found):
            nonlocal done
            kept = []
            for row in found:
                if where(row) and not (first and done):
                    done = True
                else:
                    kept.append(row)
            return kept

        for file in sorted((data / table).glob("*.parquet")):
            table_there = pq.ParquetFile(file).read()
            pq.write_table(pa.Table.from_pylist(each(table_there.to_pylist()), schema=table_there.schema), file)
        assert done, "no such row"

    return tamper


def on(sentence, target=None):
    return lambda row: row["sentence_id"] == sentence and target in (None, row.get("target_id"))


def named(label):
    return {"label": ("against", "neutral", "favor", "none").index(label), "label_name": label}


def is_against(row):
    return row["label_name"] == "against"


def first_rows_swapped(table):
    return lambda data: edit(data, table, lambda found: [found[1], found[0], *found[2:]] if len(found) > 1 else None)


def move_a_sentence(data):
    """Move the cells of one sentence of a paragraph of two to another split, in grid and stances."""
    for table in ("grid", "stances"):
        train, test = (data / table / f"{split}.parquet" for split in ("train", "test"))
        found = pq.ParquetFile(train).read()
        is_moved = pa.compute.equal(found["sentence_id"], "gazette/2/2")
        assert pa.compute.any(is_moved).as_py()
        pq.write_table(pa.concat_tables([pq.ParquetFile(test).read(), found.filter(is_moved)]), test)
        pq.write_table(found.filter(pa.compute.invert(is_moved)), train)


def swap_names_of_labels(data):
    """In the metadata of a file, from which `datasets` takes the names."""
    for file in sorted((data / "stances").glob("*.parquet")):
        table = pq.ParquetFile(file).read()
        features = table.schema.metadata[b"huggingface"].replace(
            b'["against", "neutral", "favor"', b'["favor", "neutral", "against"'
        )
        pq.write_table(table.replace_schema_metadata({"huggingface": features}), file)


TEXT = {"text": "No to the harbour toll?"}  # as long as the sentence it replaces
SEEN = {"explicitness": "explicit", "certainty": "sure", "evidence": [{"start": 0, "end": 2}]}
SIGNED_ROWS = {
    # what another table contradicts
    "a grid cell missing": (drop("grid", lambda row: row["label_name"] == "none"), "grid"),
    "a stance missing": (drop("stances"), "stances has no such row"),
    "a stance of which grid has none": (rows("grid", named("none"), is_against), "as in grid"),
    "a label of stances against grid": (rows("stances", named("favor"), is_against), "label_name is 'favor', expected 'against' as in grid"),
    "a label of grid and stances": (both(*(rows(t, named("favor"), on("dockers/1/1", "toll")) for t in ("grid", "stances"))), "as in stances"),
    "votes and judgements against the label": (
        both(
            rows("judgements", lambda row: {**named("favor"), **SEEN}, on("dockers/1/1", "strike"), first=False),
            rows("grid", lambda row: {"votes": [v | named("favor") for v in row["votes"]]}, on("dockers/1/1", "strike")),
        ),
        "label and origin do not follow from votes",
    ),
    "all labels flipped but those of judgements": (
        both(*(rows(t, named("favor"), is_against, first=False) for t in ("grid", "stances"))),
        "",
    ),
    "a vote": (
        rows("grid", lambda row: {"votes": [v | named("favor") for v in row["votes"]]}, on("dockers/1/1", "toll")),
        "votes",
    ),
    "votes emptied": (rows("grid", {"votes": []}, first=False), "votes"),
    "votes in another order": (rows("grid", lambda row: {"votes": row["votes"][::-1]}), "votes"),
    "a judgement": (rows("judgements", named("favor"), is_against), "votes has a vote without a row in judgements"),
    "a judgement missing": (drop("judgements"), "votes"),
    "an annotator who only checks": (rows("annotators", {"role": "check"}), "votes"),
    "an origin": (rows("grid", {"origin": "human"}), "origin"),
    "a rule without an adjudication": (rows("grid", {"rule": "1", "reason": "so"}, lambda row: not row["rule"]), "rule"),
    "a split vote": (both(*(rows(t, {"split_vote": True}, on("dockers/1/1", "toll")) for t in ("grid", "stances"))), "split_vote"),
    "a basis": (rows("grid", {"basis": "plurality"}, on("dockers/1/1", "toll")), "basis"),
    "unsure labels of a position": (rows("positions", lambda row: {"n_unsure": row["n_unsure"] + 1}), "n_unsure"),
    "endorsed quotations of a position": (
        rows("positions", lambda row: {"n_endorsed_favor": row["n_endorsed_favor"] + 1}), "n_endorsed_favor"
    ),
    "counts of a position": (rows("positions", lambda row: {"n_favor": row["n_favor"] + 1}), "n_favor"),
    "sentences of a position": (rows("positions", lambda row: {"n_sentences": row["n_sentences"] + 1}), "n_sentences"),
    "a position": (rows("positions", {"position": 3, "position_name": "mixed"}), "position is 3, expected 0"),
    "a net stance": (rows("positions", {"net_jeffreys": 0.5}, lambda row: row["net_jeffreys"]), "net_jeffreys"),
    "a net stance outside its interval": (rows("positions", {"net_high": -0.99}, lambda row: row["net"]), "net is not inside"),
    "a salience": (rows("positions", {"salience": 0.3}), "salience"),
    "a position missing": (drop("positions"), "positions"),
    "a position of a source there is not": (rows("positions", {"source_id": "nobody"}), "no such row in sources"),
    "a position on a target there is not": (rows("positions", {"target_id": "nothing"}), "no such row in targets"),
    "a pair of a sentence there is not": (rows("pairs", {"sentence_a": "dockers/99/1"}), "no such row in stances"),
    "a pair of a source there is not": (rows("pairs", {"source_a": "nobody"}), "source_a is 'nobody', expected"),
    "a pair on a target there is not": (rows("pairs", {"target_id": "nothing"}), "no such row in targets"),
    "the label in a pair": (rows("pairs", lambda row: {"label_a": (row["label_a"] + 1) % 3, "label_a_name": ("against", "neutral", "favor")[(row["label_a"] + 1) % 3]}), "label_a_name"),
    "the answer of a pair": (rows("pairs", lambda row: {"more_favorable": 2, "more_favorable_name": "same"}, lambda row: row["label_a"] != row["label_b"]), "more_favorable"),
    "the relation of a pair": (rows("pairs", {"relation": 0, "relation_name": "disagree"}, lambda row: row["relation"]), "relation"),
    "the id of a pair": (rows("pairs", {"pair_id": "toll:a:b"}), "pair_id"),
    "a pair missing": (drop("pairs"), "pairs on"),
    "a judgement of an annotator there is not": (rows("judgements", {"annotator_id": "nobody"}), "no such row in annotators"),
    "a judgement of a source there is not": (rows("judgements", {"source_id": "nobody"}), "source_id"),
    "a judgement on a target there is not": (rows("judgements", {"target_id": "nothing"}), "no such row in targets"),
    "all annotators removed": (drop("annotators", first=False), "no such row in annotators"),
    "a text of sentences": (rows("sentences", TEXT, on("dockers/1/1")), "text"),
    "a text everywhere, of another length": (
        both(
            *(
                rows(table, lambda row: {"text": row["text"] + " Yes!"}, on("gazette/2/1"), first=False)
                for table in ("sentences", "grid", "stances")
            ),
            *(
                rows("pairs", lambda row, s=side: {f"text_{s}": row[f"text_{s}"] + " Yes!"}, lambda row, s=side: row[f"sentence_{s}"] == "gazette/2/1", first=False)
                for side in "b"
            ),
        ),
        "text",
    ),
    "a text of grid": (rows("grid", TEXT, on("dockers/1/1")), "text is"),
    "a text of stances": (rows("stances", TEXT, on("dockers/1/1")), "text is"),
    "the words of a target": (rows("grid", {"target": "something else"}), "target is 'something else'"),
    "a paragraph of judgements": (rows("judgements", {"paragraph_id": "dockers/2"}, on("dockers/1/1")), "paragraph_id"),
    "a context": (rows("stances", {"context_after": "And so on."}), "context_after"),
    "a voice": (rows("stances", {"voice": "quoted", "speaker": "me", "endorsed": "no"}, lambda row: row["voice"] == "own"), "voice"),
    "a voice that the source does not have": (rows("sentences", {"speaker": "me"}, on("dockers/7/1")), "speaker"),
    "quoted without a speaker": (rows("sentences", {"voice": "quoted"}, lambda row: not row["annotated"]), "voice, speaker"),
    "complete without judging all": (
        both(rows("annotators", {"role": "check", "complete": True}), drop("judgements", lambda row: row["annotator_id"] == "a")),
        "complete",
    ),
    "evidence outside the sentence": (rows("stances", {"evidence": [{"start": 0, "end": 999}]}), "evidence"),
    "evidence that nobody gave": (rows("stances", {"evidence": [{"start": 0, "end": 1}]}, on("dockers/1/1", "toll")), "evidence"),
    "certainty that nobody gave": (rows("stances", {"certainty": "unsure"}, on("dockers/1/1", "toll")), "certainty"),
    "explicitness that nobody gave": (rows("stances", {"explicitness": "implicit"}, on("dockers/1/1", "toll")), "explicitness"),
    "a raw span": (rows("sentences", {"raw_start": 0, "raw_end": 999_999}, on("dockers/2/1")), "raw_start"),
    "a place in a text": (rows("sentences", {"position": 7}), "position"),
    "annotated": (rows("sentences", {"annotated": False}, on("dockers/1/1")), ""),
    "a copy of nothing": (rows("sentences", {"duplicate_of": "dockers/99/9"}, lambda row: row["duplicate_of"]), "duplicate_of"),
    "the label of a probe's row": (rows("probes", lambda row: {"row_label": 2, "row_label_name": "favor"}, lambda row: row["row_label"] != 2), "row_label_name"),
    "a probe of a row there is not": (rows("probes", {"sentence_id": "dockers/1/1"}, first=False), "probes"),
    "the label of a mask": (rows("probes", named("favor"), lambda row: row["probe"] == "mask"), "label_name"),
    "the id of a probe": (rows("probes", {"probe_id": "mask:x"}), "probe_id"),
    "a probe turned into a swap": (rows("probes", {"probe": "swap", "other_target_id": "toll"}, lambda row: row["target_id"] == "strike"), "probes"),
    "a text of a source": (rows("documents", {"raw_sha256": "0" * 64}), "inputs"),
    "a target's fold": (rows("targets", lambda row: {"fold": row["fold"] + 1}), "folds"),
    "a contested target": (rows("targets", lambda row: {"contested": not row["contested"]}), "contested"),
    "a sentence in another split than its paragraph": (move_a_sentence, "split"),
    "names of labels in the metadata": (swap_names_of_labels, "features"),
    # keys and order
    "a row twice": (lambda data: edit_split(data, "targets", "all", lambda found: [*found, found[0]]), "appears 2 times"),
    **{
        f"the first rows of {table} swapped": (first_rows_swapped(table), "order")
        for table in ("stances", "grid", "pairs", "probes", "judgements", "positions")
    },
    "the first sentences swapped": (first_rows_swapped("sentences"), "position"),
    # values that the schema rejects
    "a label and another name": (rows("grid", {"label_name": "favor"}, is_against), "label is 0, against, but label_name is favor"),
    "an id that is a path": (rows("sources", {"source_id": "../x"}), "source_id"),
}  # fmt: skip


@pytest.mark.full
@pytest.mark.parametrize("kind", SIGNED_ROWS)
def test_rows_that_were_changed_and_signed_again(kind, data):
    tamper, said = SIGNED_ROWS[kind]
    tamper(data)
    sign_files(data)
    found = problems(data)
    assert any(said in line for line in found), found


def test_many_wrong_rows_are_counted(data):
    edit(data, "grid", lambda found: [row.update(target="other words") for row in found] and None)
    sign_files(data)
    found = [line for line in problems(data) if "/grid" in line and ("target is" in line or "more like these" in line)]
    assert len(found) == 21
    assert found[-1].endswith("grid: and 49 more like these")


# ---- damage ----------------------------------------------------------------------------------------------------------

GRID = Path("grid", "test.parquet")


def replaced(content):
    return lambda data: (data / GRID).write_bytes(content)


def a_folder(data):
    (data / GRID).unlink()
    (data / GRID).mkdir()


def a_pipe(data):
    (data / GRID).unlink()
    os.mkfifo(data / GRID)


def an_endless_device(data):
    (data / GRID).unlink()
    (data / GRID).symlink_to("/dev/zero")


def a_link_to_itself(data):
    (data / GRID).unlink()
    (data / GRID).symlink_to(GRID.name)


def another_schema(data):
    pq.write_table(pa.table({"label": ["favor"]}), data / GRID)
    sign_files(data)


def no_parquet(data):
    (data / GRID).write_bytes(b"PAR1 not at all PAR1")
    sign_files(data)


def no_utf8(data):
    table = pq.ParquetFile(data / GRID).read()
    wrong = pa.array([b"\xff\xfe"] * len(table), pa.binary()).view(pa.string())
    pq.write_table(table.set_column(table.column_names.index("text"), "text", wrong), data / GRID)
    sign_files(data)


DAMAGE = {
    "truncated": lambda data: (data / GRID).write_bytes((data / GRID).read_bytes()[:-100]),
    "empty": replaced(b""),
    "missing": lambda data: (data / GRID).unlink(),
    "a folder": a_folder,
    "a pipe": a_pipe,
    "a device": an_endless_device,
    "a loop": a_link_to_itself,
    "another schema": another_schema,
    "no Parquet": no_parquet,
    "no UTF-8": no_utf8,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_and_never_crashes(kind, data):
    DAMAGE[kind](data)
    assert [line for line in problems(data) if "grid/test.parquet" in line]


@pytest.mark.parametrize("kind", ["no UTF-8", "a pipe"])
def test_damage_is_named_by_the_command(kind, data):
    DAMAGE[kind](data)
    found = commands.run("verify", data=data)
    assert (found.code, found.out) == (1, "")
    assert "grid/test.parquet" in found.err
    assert "Traceback" not in found.err


def test_rows_are_not_read_where_bytes_differ(data):
    content = (data / GRID).read_bytes()
    (data / GRID).write_bytes(content[:200] + bytes(len(content) - 200))
    (line,) = problems(data)
    assert "grid/test.parquet: SHA-256 is " in line


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"tables": {}}', b'{"rows": ' + b"9" * 5000 + b"}"],
)
def test_a_manifest_that_cannot_be_read(content, data):
    (data / "manifest.json").write_bytes(content)
    assert all("manifest.json" in line for line in problems(data))


def test_a_newer_format_is_refused_with_what_to_do(data):
    write(data, read(data) | {"format_version": 3})
    assert "upgrade kazstance" in problems(data)[0]


LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from kazstance import cli, dataset
dataset.verify(data=Path(sys.argv[1]))
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 64 * 2**20, resource.RLIM_INFINITY))
sys.argv = ["kazstance", "verify", "--data", sys.argv[2]]
cli.app()
"""


@pytest.mark.full
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to limit memory")
def test_too_little_memory_is_said_as_such(harbour_data, data):
    """A small file with one value that needs more memory than is left."""
    file = data / "sources" / "all.parquet"
    table = pq.ParquetFile(file).read()
    large = pa.array(["x" * 2**28, *[""] * (len(table) - 1)])
    pq.write_table(table.set_column(table.column_names.index("notes"), "notes", large), file, compression="zstd")
    manifest = read(data)
    content = file.read_bytes()
    manifest["tables"]["sources"]["all"] |= {"bytes": len(content), "sha256": tampering.sha256(content)}
    sign(data, manifest)
    command = [sys.executable, "-c", LITTLE_MEMORY, harbour_data, data]
    done = subprocess.run(command, capture_output=True, text=True, env=commands.environment(), check=False)
    assert "not enough memory" in done.stderr
    assert "sources/all.parquet" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


# ---- names and links -------------------------------------------------------------------------------------------------

NAMES = [
    "../../../escape",
    "/tmp/escape",
    "con",
    "nul",
    "..",
    ".",
    "",
    "Test",
    "a/b",
    "a\\b",
    "te st",
    "aux.x",
    "a" * 65,
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", ["table", "split"])
def test_a_name_of_a_table_or_split_is_never_a_path(name, part, data, tmp_path):
    manifest = read(data)
    tables = manifest["tables"] if part == "table" else manifest["tables"]["probes"]
    old = "probes" if part == "table" else "all"
    tables[name] = tables.pop(old)
    for file in tables[name].values() if part == "table" else [tables[name]]:
        file["path"] = f"{name}/all.parquet" if part == "table" else f"probes/{name}.parquet"
    write(data, manifest)
    table, split = (name, None) if part == "table" else ("probes", name)
    before = sorted(tmp_path.rglob("*"))
    for read_it in (dataset.load, dataset.table, dataset.path):
        with pytest.raises(IntegrityError, match="manifest.json: tables"):
            read_it(table, split, data=data)
    problems(data)
    with pytest.raises(IntegrityError):
        stage(DatasetFolder(data), tmp_path / "deep" / "er" / "out")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("path", ["../../secret", "/etc/passwd", "grid/train.parquet"])
def test_a_path_in_the_manifest_is_where_the_table_is(path, data, tmp_path):
    manifest = read(data)
    manifest["tables"]["grid"]["test"]["path"] = path
    write(data, manifest)
    with pytest.raises(IntegrityError, match="expected 'grid/test.parquet'"):
        dataset.load("grid", data=data)
    with pytest.raises(IntegrityError, match="expected 'grid/test.parquet'"):
        stage(DatasetFolder(data), tmp_path / "out")


@pytest.mark.parametrize("name", ["../README.md", "/etc/passwd", "manifest.json", "nul.md", ".git", "a/b", ""])
def test_a_name_of_a_page_is_never_a_path(name, data):
    manifest = read(data)
    manifest["pages"] |= {name: "0" * 64}
    write(data, manifest)
    assert "manifest.json" in problems(data)[0]


@pytest.mark.parametrize("place", ["LICENSE", "LICENSE-DATA", "README.md", "grid", "grid/test.parquet"])
def test_publishing_follows_no_link(place, data, tmp_path):
    secret = tmp_path / "secret"
    if (data / place).exists():
        (data / place).rename(secret)
    else:
        secret.write_text("a secret of this machine")
    (data / place).symlink_to(secret)
    with pytest.raises(KazstanceError, match="is a link, and links are not published"):
        stage(DatasetFolder(data), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_codebook_that_leads_out_of_the_corpus_is_not_handed_out(harbour, tmp_path):
    (tmp_path / "secret").write_text("a secret of this machine")
    (harbour / "CODEBOOK.md").symlink_to(tmp_path / "secret")
    found = commands.run("annotate export", corpus=harbour, annotator="c", out=tmp_path / "out")
    assert found.code == 1
    assert "CODEBOOK.md" in found.err
    assert not (tmp_path / "out").exists()


# ---- pages and other files ---------------------------------------------------------------------------------------------


def test_an_edited_page_is_found_and_published_with_the_edit(data, tmp_path):
    """The builder of a dataset writes its card; `publish` includes and signs it."""
    card = data / "README.md"
    card.write_text(card.read_text(encoding="utf-8") + "\nA word of my own.\n", encoding="utf-8")
    (line,) = problems(data)
    assert "README.md: SHA-256 is" in line
    stage(DatasetFolder(data), tmp_path / "out")
    assert "A word of my own." in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    dataset.verify(data=tmp_path / "out")


def test_notes_of_ones_own_are_named_and_do_no_harm(data):
    (data / "notes.txt").write_text("mine")
    (data / ".git").mkdir()
    (data / ".git" / "HEAD").write_text("ref")
    found = call("verify", data=data)
    assert found.exit_code == 0
    assert [line for line in found.stderr.splitlines() if "notes.txt" in line and "not part of the dataset" in line]
    assert "HEAD" not in found.stderr


def test_names_and_values_are_printed_without_control_characters(data):
    (data / "notes\x1b]0;title\x07.txt").write_text("mine")
    rows("pairs", {"pair_id": "a\x1b[31m\nb\u202e"})(data)
    sign_files(data)
    found = call("verify", data=data)
    assert found.exit_code == 1
    assert "notes\\x1b]0;title\\x07.txt" in found.stderr
    assert "a\\x1b[31m\\nb\\u202e" in found.stderr
    assert all(line.isprintable() for line in found.stderr.splitlines())


@pytest.mark.parametrize("place", ["grid/more.parquet", "grid/notes.txt", "more.parquet", "deep/er/more.PARQUET"])
def test_what_could_be_taken_for_rows_is_not_let_pass(place, data):
    (data / place).parent.mkdir(parents=True, exist_ok=True)
    (data / place).write_bytes(b"PAR1")
    (line,) = problems(data)
    assert place in line


@pytest.fixture
def older(tmp_path):
    """A copy of the small dataset as 0.3.0 built it, to be changed."""
    return Path(shutil.copytree(Path(__file__).parent / "fixtures" / "harbour_0_3_0", tmp_path / "older"))


def test_a_dataset_of_an_older_version_opens_and_says_what_is_not_covered(older):
    found = call("verify", data=older)
    assert found.exit_code == 0
    assert "covers neither pages nor itself" in found.stderr
    assert len(dataset.load("stances", data=older)) == 18
    rows("stances", named("favor"), is_against)(older)
    sign_files(older)
    assert any("as in grid" in line for line in problems(older))


def test_a_dataset_of_an_older_version_is_not_signed_as_if_it_were_of_this_one(older, tmp_path):
    with pytest.raises(KazstanceError, match=r"was built by kazstance 0\.3\.0 or older; build it again to publish it"):
        stage(DatasetFolder(older), tmp_path / "hub")
    assert not (tmp_path / "hub").exists()


@pytest.mark.full
def test_everything_reads_a_dataset_of_an_older_version(older, tmp_path):
    for name in ("info", "show", "compare", "agreement"):
        assert commands.run(name, data=older).code == 0, name
    assert commands.run("explore", data=older, out=tmp_path / "page.html").code == 0
    assert commands.run("export", table="documents", data=older, out=tmp_path / "documents.csv").code == 0


@pytest.mark.parametrize("table", tampering.TABLES)
def test_the_tables_of_an_older_version_are_those_that_are_built_today(table, older, harbour_data):
    """Except what is said otherwise now: of the sources' own voice, of sure labels, and null where a text is silent."""
    one, other = (dataset.table(table, data=folder) for folder in (older, harbour_data))
    assert one.schema.names == other.schema.names
    kept = [name for name in one.schema.names if name not in SAID_OTHERWISE.get(table, ())]
    assert one.select(kept).to_pylist() == other.select(kept).to_pylist()
    if table not in SAID_OTHERWISE:
        assert dataset.load(table, data=older) == dataset.load(table, data=harbour_data)


SAID_OTHERWISE = {
    "sources": {"translated"},
    "targets": {"contested"},
    "positions": set(dataset.table("positions").schema.names) - {"source_id", "target_id", "position", "position_name"},
}


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.full
def test_the_command_says_what_it_found(data, tmp_path):
    whole = commands.run("verify", data=data)
    assert (whole.code, whole.out, whole.err) == (
        0,
        "harbour 1.2.0: 292 rows in 12 tables are as the manifest says\n",
        "",
    )
    told = json.loads(call("verify", "--json", data=data).stdout)
    manifest = read(data)
    assert told == {
        "is_whole": True,
        "id": "harbour",
        "version": "1.2.0",
        "digest": manifest["digest"],
        "rows": 292,
        "problems": [],
        "notes": [],
    }
    (data / "eval.yaml").unlink()
    broken = call("verify", "--json", data=data)
    assert broken.exit_code == 1
    assert [line.rsplit("/", 1)[1] for line in json.loads(broken.stdout)["problems"]] == ["eval.yaml: is missing"]
    missing = call("verify", data=tmp_path / "nothing")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "expected a built dataset" in missing.stderr
    assert call("verify", data=tmp_path / "data" / "README.md").exit_code == 1
    assert call("verify", "--no-such-option", data=data).exit_code == 2


def test_a_damaged_file_leads_to_verify(data):
    (data / "stances" / "test.parquet").write_bytes(b"")
    with pytest.raises(IntegrityError, match="stances/test.parquet: .*expected a Parquet file") as caught:
        dataset.load("stances", data=data)
    assert caught.value.folder == data


def test_the_tables_of_these_tests_are_those_of_the_schema():
    from kazstance.schema.records import TABLES

    assert tuple(TABLES) == tampering.TABLES
