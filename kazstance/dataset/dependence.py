"""Which rows of a dataset are not independent of each other: copies, and the clusters of intervals."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from kazstance.dataset.folder import SHIPPED, DatasetFolder

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from kazstance.schema.leaks import Leaks


def leaks(*, data: str | os.PathLike[str] = SHIPPED) -> Leaks:
    """The copies of a dataset, to be asked which training rows copy a tested sentence.

    Raises:
        KazstanceError: `data` is not a built dataset.
    """
    from kazstance.schema.leaks import Leaks, Tie

    rows = DatasetFolder(data).columns("copies", ["sentence_id", "copy_of", "kind", "formula"])
    return Leaks(Tie(**row) for row in rows.to_pylist())


def clusters(*, data: str | os.PathLike[str] = SHIPPED) -> Mapping[str, str]:
    """The cluster of each annotated sentence, by its id: what a bootstrap resamples as a whole.

    It is the sentence's document where its source has many of them, else its paragraph; clusters with copies of each
    other's sentences are one.

    Raises:
        KazstanceError: `data` is not a built dataset.
    """
    folder = DatasetFolder(data)
    return _clusters(folder.path, folder.digest)


@lru_cache(4)
def _clusters(data: Path, _digest: str) -> Mapping[str, str]:
    from kazstance.schema.leaks import cluster_names

    folder = DatasetFolder(data)
    homes = folder.columns("documents", ["document_id", "source_id"]).to_pylist()
    rows = folder.columns("sentences", ["sentence_id", "paragraph_id", "annotated"]).to_pylist()
    paragraphs = {row["sentence_id"]: row["paragraph_id"] for row in rows if row["annotated"]}
    named = cluster_names(set(paragraphs.values()), {row["document_id"]: row["source_id"] for row in homes})
    return leaks(data=data).clusters({sentence: named[paragraph] for sentence, paragraph in paragraphs.items()})
