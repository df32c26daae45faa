"""python -m build_scripts.release: check that a version is ready for release, and build it reproducibly."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Final

from build_scripts.__main__ import ROOT, check, text_of
from kazstance import dataset
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from kazstance.publish.changes import compare
from kazstance.publish.croissant import to_tag
from kazstance.publish.row_changes import ChangeKind
from kazstance.schema.records import DEFAULT_TABLE

DATA: Final = "kazstance/data"
CHANGELOG: Final = "CHANGELOG.md"
VERSIONS: Final = {
    "kazstance/__init__.py": r'(?m)^__version__ = "(\S+)"$',
    "kazstance/data/manifest.json": r'(?m)^ "version": "(\S+)",$',
    "raw/sources.toml": r'(?m)^version = "(\S+)"$',
    CHANGELOG: r"(?m)^## (\S+)",
    "CITATION.cff": r"(?m)^version: (\S+)$",
}
"""Where the version appears, and in which form."""


def disagreements(root: Path) -> list[str]:
    """Places whose version differs from that of the code, and tags of the current commit that do."""
    found = {place: re.search(pattern, text_of(root / place)) for place, pattern in VERSIONS.items()}
    said = {place: match[1] if match else "missing" for place, match in found.items()}
    said |= {f"tag {tag}": tag.removeprefix("v") for tag in git(root, "tag", "--points-at", "HEAD", "v*").split()}
    expected = said["kazstance/__init__.py"]
    return [
        f"{place}: version {version}, expected {expected}" for place, version in said.items() if version != expected
    ]


def unsaid(root: Path) -> list[str]:
    """Changes since the last release that require a higher version or an entry in the changelog.

    A row of the default table that was removed, moved to another split or relabelled must be named in the entry.
    """
    tags = git(root, "tag", "--merged", "HEAD", "--no-contains", "HEAD", "--sort=-version:refname", "v*").split()
    if not tags:
        return []
    with tempfile.TemporaryDirectory() as old:
        archive = _git(root, "archive", "--format=tar", tags[0], DATA)
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(old, filter="data")
        found = compare(DatasetFolder(Path(old, DATA)), DatasetFolder(root / DATA))
    entry = re.split(r"(?m)^## ", text_of(root / CHANGELOG))[1:2]
    version = f"version {found.new}, expected at least {found.least}: a {found.part.name} change since {tags[0]}"
    return [
        *([] if found.is_enough else [version]),
        *(
            f"{CHANGELOG}: not mentioned: {row}"
            for row in found.rows
            if row.table == DEFAULT_TABLE and row.kind in (ChangeKind.removed, ChangeKind.moved, ChangeKind.relabelled)
            if not all(part in "".join(entry) for part in row.key)
        ),
    ]


def build(root: Path, out: Path) -> list[Path]:
    """Build sdist and wheel; all timestamps in them are that of the last commit."""
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(out.resolve())]
    epoch = git(root, "log", "-1", "--format=%ct").strip()
    environment = os.environ | {"SOURCE_DATE_EPOCH": epoch}
    subprocess.run(command, cwd=root, check=True, env=environment, capture_output=True)  # noqa: S603  # our own arguments
    return sorted(out.iterdir())


def git(root: Path, *words: str) -> str:
    """The output of git."""
    return _git(root, *words).decode()


def _git(root: Path, *words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True).stdout  # noqa: S603, S607


def _digests(files: list[Path]) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def main() -> None:
    """Check, build twice into dist/, and print the digests of the results."""
    try:
        problems = [*disagreements(ROOT), *unsaid(ROOT), *check()]
    except KazstanceError as error:
        sys.exit(str(error))
    if changed := git(ROOT, "status", "--porcelain"):
        problems.append(f"not committed:\n{changed}")
    if problems:
        sys.exit("\n".join(["not ready for release:", *problems]))
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    first = _digests(build(ROOT, ROOT / "dist"))
    with tempfile.TemporaryDirectory() as scratch:
        if first != _digests(build(ROOT, Path(scratch))):
            sys.exit("two builds differ")
    print(*(f"{digest}  dist/{name}" for name, digest in first.items()), sep="\n")
    print(f"ready for release as {to_tag(dataset.manifest().version)}; tag it, and push the tag")


if __name__ == "__main__":
    main()
