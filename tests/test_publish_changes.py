"""What differs between two versions of a dataset, told by the build itself: a corpus is changed, built, compared."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from kazstance import dataset
from kazstance.cli import app
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from kazstance.publish.changes import ChangeKind, Changes, Part, compare
from tests.conftest import HARBOUR, quiet
from tests.tampering import edit, edit_split, sign_files


@pytest.fixture
def rebuilt(harbour):
    """Change a file of the small corpus, and build it as another version."""

    def make(name="sources.toml", old="", new="", version="1.2.0"):
        file = harbour / name
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new, 1))
        sources = harbour / "sources.toml"
        sources.write_text(sources.read_text().replace('version = "1.2.0"', f'version = "{version}"'))
        out = harbour.parent / "new"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        build(harbour, out, quiet)
        return out

    return make


def test_a_version_does_not_differ_from_itself(harbour_data):
    found = compare(DatasetFolder(harbour_data), DatasetFolder(harbour_data))
    assert (found.rows, found.shape, found.part, found.is_enough) == ((), (), Part.none, True)


def test_a_changed_label_is_named_and_is_a_major_change(rebuilt, harbour_data):
    lines = (HARBOUR / "annotations" / "adjudications.jsonl").read_text().splitlines()
    (line,) = (line for line in lines if '"dockers/5/2"' in line)
    changed = rebuilt("annotations/adjudications.jsonl", line, line.replace('"favor"', '"against"'), "1.3.0")
    found = compare(DatasetFolder(harbour_data), DatasetFolder(changed))
    rows = [row for row in found.rows if row.table == "stances" and row.kind == "relabelled"]
    assert [(row.key, row.fields["label_name"]) for row in rows] == [(("dockers/5/2", "strike"), ("favor", "against"))]
    assert (found.part, found.least, found.is_enough) == (Part.major, "2.0.0", False)
    out = CliRunner().invoke(app, ["diff", str(harbour_data), str(changed), "--limit", "0"]).stdout
    split = rows[0].split
    assert f"stances/{split}: 1 relabelled\n" in out
    assert f"  relabelled stances/{split} dockers/5/2 strike: label_name favor -> against\n" in out
    assert out.endswith("1.2.0 -> 1.3.0: a major change, at least 2.0.0; 1.3.0 is not enough\n")


def test_a_changed_note_is_a_patch(rebuilt, harbour_data):
    changed = rebuilt(old='event = "A made-up strike', new='event = "A strike', version="1.2.1")
    assert compare(DatasetFolder(harbour_data), DatasetFolder(changed)).part is Part.none
    changed = rebuilt("targets.toml", 'definition = "', 'definition = "That is: ', version="1.2.1")
    found = compare(DatasetFolder(harbour_data), DatasetFolder(changed))
    assert {(row.table, row.kind, tuple(row.fields)) for row in found.rows} == {("targets", "changed", ("definition",))}
    assert (found.part, found.least, found.is_enough) == (Part.patch, "1.2.1", True)


def _without(data, out, table, drop):
    """A copy of a dataset without some rows, written as Parquet; its manifest is left alone."""
    shutil.copytree(data, out)
    for split in dataset.splits(table, data=data):
        rows = dataset.table(table, split, data=data)
        kept = [row for row in rows.to_pylist() if not drop(row)]
        pq.write_table(pa.Table.from_pylist(kept, schema=rows.schema), dataset.path(table, split, data=out))
    return out


def test_rows_that_are_new_are_minor_and_rows_that_are_gone_major(harbour_data, tmp_path):
    less = _without(harbour_data, tmp_path / "less", "stances", lambda row: row["sentence_id"] == "dockers/1/1")
    gone, new = (
        compare(DatasetFolder(harbour_data), DatasetFolder(less)),
        compare(DatasetFolder(less), DatasetFolder(harbour_data)),
    )
    n = sum(row.sentence_id == "dockers/1/1" for row in dataset.load("stances", data=harbour_data))
    assert {row.kind for row in gone.rows} == {"removed"}
    assert {row.kind for row in new.rows} == {"added"}
    assert len(gone.rows) == len(new.rows) == n
    assert (gone.part, new.part) == (Part.major, Part.minor)


def test_a_row_in_another_split_has_moved(harbour_data, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(harbour_data, moved)
    a, b = (dataset.path("stances", split, data=moved) for split in ("train", "test"))
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)
    found = compare(DatasetFolder(harbour_data), DatasetFolder(moved))
    n = sum(dataset.table("stances", split, data=harbour_data).num_rows for split in ("train", "test"))
    assert {row.kind for row in found.rows} == {"moved"}
    assert (len(found.rows), found.part) == (n, Part.major)


def test_fields_tables_and_folds(harbour_data, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(harbour_data, other)
    file = dataset.path("targets", "all", data=other)
    table = pq.read_table(file)
    pq.write_table(table.drop_columns("group").append_column("extra", table["name"]), file)
    manifest = json.loads((other / "manifest.json").read_text())
    del manifest["tables"]["positions"]
    manifest["folds"]["cross_source"] = manifest["folds"]["cross_source"][:1]
    (other / "manifest.json").write_text(json.dumps(manifest))
    assert compare(DatasetFolder(harbour_data), DatasetFolder(other)).shape == (
        (Part.major, "table positions is gone"),
        (Part.major, "field of targets group is gone"),
        (Part.minor, "field of targets extra is new"),
        (Part.major, "the folds of cross_source differ"),
    )
    found = json.loads(CliRunner().invoke(app, ["diff", str(other), str(harbour_data), "--json"]).stdout)
    assert "table positions is new" in found["shape"]
    assert (found["part"], found["rows"]) == ("major", [])


@pytest.mark.parametrize(
    ("old", "part", "least"),
    [
        ("1.2.3", Part.major, "2.0.0"),
        ("1.2.3", Part.minor, "1.3.0"),
        ("1.2.3", Part.patch, "1.2.4"),
        ("0.2.3", Part.major, "0.3.0"),
        ("0.2.3", Part.minor, "0.3.0"),
        ("0.2.3", Part.none, "0.2.3"),
    ],
)
def test_the_least_version(old, part, least):
    assert Changes(old, "9.9.9", ((part, ""),), ()).least == least


VERSION = st.tuples(*[st.integers(0, 30)] * 3).map(lambda numbers: ".".join(map(str, numbers)))


@given(VERSION, VERSION, st.sampled_from(Part))
def test_whatever_is_enough_for_a_greater_change_is_enough_for_a_smaller_one(old, new, part):
    enough = [Changes(old, new, ((smaller, ""),), ()).is_enough for smaller in Part if smaller <= part]
    assert enough == sorted(enough, reverse=True)


def test_an_upgrade_to_a_newer_format_explains_every_digest_and_changes_no_row(harbour_data):
    """What 0.3.0 built has other digests and fewer columns, but the same rows; figures are of the own voice now."""
    old, new = DatasetFolder(HARBOUR.parent / "harbour_0_3_0"), DatasetFolder(harbour_data)
    found = compare(old, new)
    assert {row.table for row in found.rows} == {"positions", "sources", "targets"}
    assert all(row.kind is ChangeKind.changed for row in found.rows)
    assert {name for row in found.rows if row.table != "positions" for name in row.fields} == {
        "translated",
        "contested",
    }
    explained = {line.split(":")[0] for line in found.digests}
    assert explained == {
        f"{t}/{s}"
        for t, files in old.manifest.tables.items()
        for s, file in files.items()
        if file.rows and t not in {"positions", "sources", "targets"}
    }
    assert all("no row differs; the digest does, since its format" in line for line in found.digests)
    assert (Part.minor, "field of grid status is new") in found.shape
    assert (Part.minor, "table documents is new") in found.shape
    out = CliRunner().invoke(app, ["diff", str(old.path), str(harbour_data)]).stdout
    assert "grid/train: no row differs; the digest does, since its format" in out


def test_rows_in_another_order_explain_a_digest(harbour_data, tmp_path):
    other = Path(shutil.copytree(harbour_data, tmp_path / "other"))
    edit_split(other, "targets", "all", lambda rows: rows[::-1])
    sign_files(other)
    found = compare(DatasetFolder(harbour_data), DatasetFolder(other))
    assert (found.rows, found.digests) == (
        (),
        ("targets/all: no row differs; the digest does, since the rows are in another order",),
    )


def test_a_row_with_a_holder_is_another_row(harbour_data, tmp_path):
    other = Path(shutil.copytree(harbour_data, tmp_path / "other"))
    edit(other, "stances", lambda rows: [*rows, {**rows[0], "holder": "The Mayor"}] if rows else rows)
    found = compare(DatasetFolder(harbour_data), DatasetFolder(other))
    assert {(row.kind, row.key[-1]) for row in found.rows} == {("added", "The Mayor")}


CELLS = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.sampled_from([None, "h"])),
    st.tuples(
        st.sampled_from(["train", "test"]),
        st.sampled_from(["favor", "against"]),
        st.sampled_from([None, [], [{"start": 0, "end": 1}], [{"start": 1, "end": 0}], [{"start": 0, "end": 1}] * 2]),
    ),
    max_size=10,
)


def _stances(cells, split):
    rows = [
        {"sentence_id": s, "target_id": t, "holder": h, "label_name": label, "evidence": spans}
        for (s, t, h), (home, label, spans) in cells.items()
        if home == split
    ]
    kind = pa.list_(pa.struct({"start": pa.int64(), "end": pa.int64()}))
    schema = {**dict.fromkeys(["sentence_id", "target_id", "holder", "label_name"], pa.string()), "evidence": kind}
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def _kinds(before, after):
    """What happened to each row, found by dictionaries."""
    for key in before.keys() | after.keys():
        if key not in after:
            yield "removed", key
        elif key not in before:
            yield "added", key
        elif before[key][0] != after[key][0]:
            yield "moved", key
        elif before[key][1] != after[key][1]:
            yield "relabelled", key
        elif before[key] != after[key]:
            yield "changed", key


@pytest.mark.full
@given(CELLS, CELLS)
def test_changed_rows_are_those_that_dictionaries_find(before, after):
    with TemporaryDirectory() as room:
        folders = []
        for name, cells in {"old": before, "new": after}.items():
            folder = Path(room, name)
            shutil.copytree(HARBOUR.parent / "harbour_0_3_0", folder)
            manifest = json.loads((folder / "manifest.json").read_text())
            manifest |= {"format_version": 2, "manifest_sha256": "0" * 64, "pages": {}}
            (folder / "manifest.json").write_text(json.dumps(manifest))
            for split in ("train", "test"):
                pq.write_table(_stances(cells, split), folder / "stances" / f"{split}.parquet")
            folders.append(DatasetFolder(folder))
        found = compare(*folders)
    keys = sorted((kind, tuple(part for part in key if part)) for kind, key in _kinds(before, after))
    assert sorted((str(row.kind), row.key) for row in found.rows) == keys
    assert sum(found.counts.values()) == len(keys)
    for row in found.rows:
        one, other = (
            next((v for k, v in cells.items() if tuple(p for p in k if p) == row.key), None)
            for cells in (before, after)
        )
        if row.kind == "relabelled":
            assert row.fields["label_name"] == (one[1], other[1])


def test_a_folder_that_is_no_dataset(harbour_data, tmp_path):
    with pytest.raises(KazstanceError, match="expected a built dataset"):
        compare(DatasetFolder(tmp_path), DatasetFolder(harbour_data))
    assert CliRunner().invoke(app, ["diff", str(tmp_path), str(harbour_data)]).exit_code == 1
