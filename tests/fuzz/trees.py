"""Mutations of a folder: files that are gone, renamed, linked, of another kind, or changed inside."""

import os
import shutil
from pathlib import Path

from tests.fuzz import contents, values
from tests.fuzz.cases import Random

OUTSIDE = ("/etc/passwd", "/dev/null", "/", "/proc/self/mem", "/proc/self/environ")
ENDLESS = ("/dev/zero", "/dev/random")
STRANGE = (
    ".DS_Store",
    "Thumbs.db",
    "notes.txt",
    "a b.txt",
    "new\nline.txt",
    "esc\x1b[31m.txt",
    "é.txt",
    "e\u0301.txt",
    "-rf",
    "x" * 200,
    os.fsdecode(b"\xff.txt"),
    "manifest.json",
    ".git",
    "con.txt",
    "\u202etxt.exe",
)


def files_of(folder: Path) -> list[Path]:
    """What is no folder, in order."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())


def mutate(folder: Path, draw: Random, share_of_contents: float = 0.75, only: str = "*") -> str:
    """Change one thing in a folder, and say what.

    `only` is the name of a file that stands on the command line: it may be a pipe there, so that none is put in its place.
    """
    files = [path for path in files_of(folder) if path.match(only)]
    if not files:
        return "no file is left"
    path = draw.choice(files)
    name = ascii(str(path.relative_to(folder)))
    if draw.random() < share_of_contents and path.is_file() and not path.is_symlink():
        content, how = contents.mutate(path.read_bytes(), path.suffix, draw)
        path.write_bytes(content)
        return f"{name}: {how}"
    return f"{name}: {_rewire(path, files, folder, draw, is_named=only != '*')}"


def _rewire(path: Path, files: list[Path], folder: Path, draw: Random, *, is_named: bool) -> str:
    below = path.parent if path.parent != folder else None
    way = draw.randrange(6)
    if way == 0:
        return _remove(path, below, draw)
    if way == 1:
        return _rename(path, draw)
    if way == 2:
        return _replace(path, draw, is_named=is_named)
    if way == 3:
        return _add(path, draw.choice((path.parent, folder)), draw)
    if way == 4:
        return _swap(path, draw.choice(files))
    return _link(path, below, files, draw, OUTSIDE if is_named else OUTSIDE + ENDLESS)


def _swap(path: Path, other: Path) -> str:
    a, b = (x.read_bytes() if _readable(x) else b"" for x in (path, other))
    _put(path, b)
    _put(other, a)
    return f"swapped with {other.name!a}"


def _readable(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _put(path: Path, content: bytes) -> None:
    if _readable(path):
        path.write_bytes(content)


def _remove(path: Path, below: Path | None, draw: Random) -> str:
    if below and draw.random() < 0.3:
        shutil.rmtree(below)
        return "its folder removed"
    path.unlink()
    return "removed"


def _rename(path: Path, draw: Random) -> str:
    new = draw.choice((path.name.upper(), path.name + "~", path.stem, path.stem + ".txt", f" {path.name}", *STRANGE))
    if (path.parent / new).exists():
        return "kept, the new name is taken"
    path.rename(path.parent / new)
    return f"renamed to {new!a}"


def _replace(path: Path, draw: Random, *, is_named: bool) -> str:
    path.unlink()
    if draw.random() < 0.4 and not is_named:
        os.mkfifo(path)
        return "a FIFO instead"
    path.mkdir()
    if draw.random() < 0.5:
        (path / "inside.txt").write_text("inside\n")
    return "a folder instead"


def _add(path: Path, parent: Path, draw: Random) -> str:
    new = parent / draw.choice((*STRANGE, path.stem + "2" + path.suffix, "x.jsonl", "x.csv", "x.parquet"))
    if not new.exists() and not new.is_symlink():
        new.write_bytes(path.read_bytes() if _readable(path) and draw.random() < 0.5 else values.text(draw).encode())
    return f"{new.name!a} added"


def _link(path: Path, below: Path | None, files: list[Path], draw: Random, outside: tuple[str, ...]) -> str:
    way = draw.randrange(5)
    if way == 0:
        aim: str | Path = path.name
    elif way == 1:
        aim = "nowhere"
    elif way == 2:
        aim = draw.choice(outside)
    elif way == 3:
        aim = os.path.relpath(draw.choice(files), path.parent)
    else:
        aim = "../" * draw.choice((1, 3, 30)) + "outside.txt"
    if below and draw.random() < 0.1:
        shutil.rmtree(below)
        path = below
    else:
        path.unlink()
    path.symlink_to(aim)
    return f"{path.name!a} a link to {str(aim)!r}"
