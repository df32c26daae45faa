"""Keep the splits of a dataset in a corpus folder, so that new labels move no paragraph from one split to another."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kazstance.corpus.division import given_splits
from kazstance.corpus.editing import editing
from kazstance.corpus.progress import Progress
from kazstance.corpus.read import SPLITS_KEPT, open_corpus, raise_all
from kazstance.corpus.segment import segment_all
from kazstance.corpus.workers import Workers
from kazstance.paths import StrPath

Row = tuple[str, str, str]


@dataclass(frozen=True)
class KeptSplits:
    """What became of the paragraphs of a dataset whose splits are to be kept."""

    added: int
    """Paragraphs that were added to the file."""
    given: int
    """Paragraphs whose split the corpus gives already, which keep that."""
    changed: tuple[str, ...]
    """Paragraphs that the corpus does not have, or that share no sentence with that of the dataset."""


def keep_splits(corpus: StrPath, rows: Iterable[Row]) -> KeptSplits:
    """Write the splits of paragraphs into a corpus folder; those that it gives already stay.

    Args:
        corpus: the corpus folder.
        rows: paragraph, split and text of each sentence that was annotated.

    Raises:
        InputError: the corpus has problems; nothing is written.
        KazstanceError: there is no such folder.
    """
    with editing(corpus) as edit:
        found = open_corpus(corpus)
        with Workers(0) as workers:
            units, problems = segment_all(found, workers, Progress("segment", lambda _: None))
        given, wrong = given_splits(found, units)
        raise_all([*problems, *wrong])
        texts = list(zip(units["paragraph_id"].to_pylist(), units["text"].to_pylist(), strict=True))
        there, splits = set(texts), dict[str, str]()
        same: set[str] = set()
        for paragraph, split, text in rows:
            splits[paragraph] = split
            if (paragraph, text) in there:
                same.add(paragraph)
        listed = {entry.value.paragraph_id: entry.value.split for entry in found.splits}
        new = {name: split for name, split in splits.items() if name in same and name not in given}
        edit.put(SPLITS_KEPT, _as_csv(listed | new, dict.fromkeys(paragraph for paragraph, _ in texts)))
    changed = tuple(name for name in splits if name not in same)
    return KeptSplits(len(new), len(same) - len(new), changed)


def _as_csv(splits: Mapping[str, str], order: Iterable[str]) -> bytes:
    """The file, with paragraphs in the order of the texts."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(["paragraph_id", "split"])
    writer.writerows((name, splits[name]) for name in order if name in splits)
    return sink.getvalue().encode()
