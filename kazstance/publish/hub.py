"""The folder that goes to a Hub: the dataset with its card and licence."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from kazstance.corpus.write import replacing
from kazstance.publish.card import plain_card


def stage(data: Path, out: Path, page: str | None = None, extra: Iterable[Path] = ()) -> None:
    """Put a dataset, its card as README.md and further files into a folder, which is replaced as a whole.

    Raises:
        KazstanceError: `out` is there and is no dataset.
    """
    page = page or plain_card(data)
    with replacing(out) as folder:
        shutil.copytree(data, folder, dirs_exist_ok=True)
        (folder / "README.md").write_text(page, encoding="utf-8")
        for file in extra:
            shutil.copy(file, folder / file.name)
