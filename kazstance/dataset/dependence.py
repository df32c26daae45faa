"""Which rows of a dataset are not independent of each other: copies, and the clusters of intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kazstance.dataset.folder import DatasetFolder
    from kazstance.schema.leaks import Leaks


def leaks(folder: DatasetFolder) -> Leaks:
    """The copies of a dataset, from which it follows which training rows are copies of a tested sentence."""
    from kazstance.schema.leaks import Leaks, Tie

    rows = folder.columns("copies", ["sentence_id", "copy_of", "kind", "formula"])
    return Leaks(Tie(**row) for row in rows.to_pylist())


def paragraph_clusters(folder: DatasetFolder, paragraphs: Iterable[str]) -> dict[str, str]:
    """The cluster of each paragraph, copies apart: its document if its source has many of them, otherwise itself."""
    cluster = cluster_of_paragraph(folder)
    return {paragraph: cluster(paragraph) for paragraph in paragraphs}


def cluster_of_paragraph(folder: DatasetFolder) -> Callable[[str], str]:
    """A function from a paragraph to its cluster, as `paragraph_clusters` has it."""
    from kazstance.schema.leaks import cluster_by_document

    rows = folder.columns("documents", ["document_id", "source_id"]).to_pylist()
    return cluster_by_document({row["document_id"]: row["source_id"] for row in rows})


def clusters(folder: DatasetFolder, sentences: Iterable[str] | None = None) -> dict[str, str]:
    """The cluster of each annotated sentence, by its id: what a bootstrap resamples as a whole.

    It is the sentence's document if its source has many of them, otherwise its paragraph; clusters with copies of each
    other's sentences are one.

    Args:
        folder: the dataset.
        sentences: the sentences that are needed; others may be there too. By default, all annotated ones.
    """
    cluster, copies = cluster_of_sentence(folder)
    if sentences is None:
        rows = folder.columns("sentences", ["sentence_id", "annotated"]).to_pylist()
        sentences = [row["sentence_id"] for row in rows if row["annotated"]]
    return {sentence: cluster(sentence) for sentence in (*sentences, *copies)}


def cluster_of_sentence(folder: DatasetFolder) -> tuple[Callable[[str], str], frozenset[str]]:
    """A function from a sentence to its cluster, as `clusters` has it, and the sentences that are copies of others."""
    copies, of_paragraph = leaks(folder), cluster_of_paragraph(folder)
    home = {sentence: of_paragraph(sentence.rpartition("/")[0]) for sentence in copies.sentences}
    merged = copies.merged(home)

    def cluster(sentence: str) -> str:
        name = of_paragraph(sentence.rpartition("/")[0])
        return merged.get(name, name)

    return cluster, copies.sentences
