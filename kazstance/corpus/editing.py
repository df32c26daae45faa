"""Changes to a corpus folder: all of them or none, and only if the folder can be read afterwards."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from kazstance.corpus.folder import Folder
from kazstance.corpus.read import read
from kazstance.errors import CorpusWarning, KazstanceError
from kazstance.output.files import put_file
from kazstance.output.staging import destination, staging
from kazstance.paths import StrPath

ANNOTATIONS: Final = "annotations"
_held: Final[dict[Path, Path]] = {}
"""Corpus folders that this process holds, each with the place where its files are prepared."""


@contextmanager
def holding(corpus: StrPath) -> Iterator[Path]:
    """Hold a corpus folder, so that nobody changes it between reading and editing.

    Raises:
        KazstanceError: there is no such folder, or another process is writing to it.
    """
    folder = destination(Path(corpus) / ANNOTATIONS)
    if folder in _held:
        yield _held[folder]
        return
    with staging(folder) as place:
        _held[folder] = place
        try:
            yield place
        finally:
            del _held[folder]


def edit(corpus: StrPath, files: Mapping[str, bytes | None]) -> None:
    """Change files of a corpus folder, all of them or none, after reading the folder as it will be.

    Args:
        corpus: the corpus folder.
        files: the new content of each file, by its name in the folder; None to delete it.

    Raises:
        InputError: the folder could no longer be read.
        KazstanceError: a name leads outside the folder, another process is writing to it, or the system refuses.
    """
    root = Path(corpus)
    with holding(corpus) as place, ExitStack() as undoing:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CorpusWarning)
            read(root, {name: content or b"" for name, content in files.items()})
        for name, content in files.items():
            _put(root, name, content, place, undoing)
        undoing.pop_all()


def _put(root: Path, name: str, content: bytes | None, place: Path, undoing: ExitStack) -> None:
    """Write or delete a file, and note how to undo that."""
    file = root / name
    if not destination(file).is_relative_to(destination(root)):
        raise KazstanceError(f"{name!r} leads outside the corpus folder, expected a file inside it")
    old = file.read_bytes() if Folder(root).exists(name) else None
    if old == content:
        return
    if content is None:
        file.unlink()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        put_file(content, file, place)
    undoing.callback(file.unlink) if old is None else undoing.callback(put_file, old, file, place)
