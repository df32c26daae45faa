"""Releases: versions that agree, changes that are named, the same bytes twice."""

import json
import os
import shutil
import subprocess
import zipfile

import pytest

import kazstance
from kazstance import dataset
from tests.conftest import ROOT

if not (ROOT / "build_scripts").is_dir():
    pytest.skip("the recipe is no part of the wheel", allow_module_level=True)
release = pytest.importorskip("build_scripts.release")


def git(folder, *words):
    who = ["-c", "user.name=kazstance developers", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    """A repository with all places where a version appears, committed."""
    root = tmp_path / "checkout"
    for name in [*release.VERSIONS, "pyproject.toml", "README.md", "DATASET_CARD.md", "LICENSE", "LICENSE-DATA"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(dataset.SHIPPED, root / "kazstance" / "data", dirs_exist_ok=True)
    git(root, "init", "--quiet")
    commit(root, "all")
    return root


def commit(root, message):
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_versions_agree_here():
    assert release.disagreements(ROOT) == []


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        ("CHANGELOG.md", "## {version}", "## 99.0.0"),
        ("CITATION.cff", "version: {version}", "version: 99.0.0"),
        ("raw/sources.toml", 'version = "{version}"', 'version = "99.0.0"'),
        ("kazstance/data/manifest.json", '"version": "{version}"', '"version": "99.0.0"'),
    ],
)
def test_a_version_that_differs_is_named(place, old, new, checkout):
    version = kazstance.__version__
    edit(checkout / place, old.format(version=version), new)
    assert release.disagreements(checkout) == [f"{place}: version 99.0.0, expected {version}"]


def test_a_missing_file_and_a_wrong_tag_are_named(checkout):
    (checkout / "CITATION.cff").unlink()
    git(checkout, "tag", "v99.0.0")
    assert release.disagreements(checkout) == [
        f"CITATION.cff: version missing, expected {kazstance.__version__}",
        f"tag v99.0.0: version 99.0.0, expected {kazstance.__version__}",
    ]


def test_without_a_former_tag_nothing_is_unsaid(checkout):
    assert release.unsaid(checkout) == []


def test_a_label_changed_since_the_last_tag_asks_for_a_version_and_a_name(checkout):
    import pyarrow as pa
    import pyarrow.parquet as pq

    git(checkout, "tag", "v0.0.1")
    data = checkout / "kazstance" / "data"
    rows = dataset.table("stances", "test", data=data)
    entry = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    changed = sorted(rows.to_pylist(), key=lambda row: row["sentence_id"] in entry)
    changed[0] |= {"label": 2 - changed[0]["label"] or 1, "label_name": "changed"}
    pq.write_table(pa.Table.from_pylist(changed, schema=rows.schema), dataset.path("stances", "test", data=data))
    commit(checkout, "one label")
    version, name = release.unsaid(checkout)
    now = kazstance.__version__
    assert version.startswith(f"version {now}, expected at least ")
    assert version.endswith(": a major change since v0.0.1")
    key = f"{changed[0]['sentence_id']} {changed[0]['target_id']}"
    assert name.startswith(f"CHANGELOG.md: not mentioned: relabelled stances/test {key}: label_name ")
    edit(checkout / "CHANGELOG.md", f"## {now}\n", f"## {now}\n\nRelabelled: {key}.\n")
    assert release.unsaid(checkout) == [version]
    manifest = data / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"version": "99.0.0"}))
    assert release.unsaid(checkout) == []


@pytest.mark.full
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="builds from a checkout")
def test_two_builds_have_the_same_bytes_and_the_wheel_is_small(tmp_path):
    first = release.build(ROOT, tmp_path / "first")
    os.umask(os.umask(0o077))
    second = release.build(ROOT, tmp_path / "second")
    assert [file.suffix for file in first] == [".whl", ".gz"]
    assert [file.name for file in first] == [file.name for file in second]
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert first[0].stat().st_size < 1_500_000
    with zipfile.ZipFile(first[0]) as wheel:
        names = wheel.namelist()
        for page, source in {
            "README.md": "DATASET_CARD.md",
            "LICENSE": "LICENSE",
            "LICENSE-DATA": "LICENSE-DATA",
        }.items():
            assert wheel.read(f"kazstance/data/{page}") == (ROOT / source).read_bytes()
    assert not [name for name in names if name.startswith(("tests", "raw", "build_scripts"))]
