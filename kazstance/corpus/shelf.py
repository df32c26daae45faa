"""Rows that are set aside until it is known where they belong: in memory while they are few, otherwise in files."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.corpus.compact import compacted, has_large_dictionary
from kazstance.paths import StrPath

IN_MEMORY: Final = 2**26
"""Bytes of rows that are kept in memory."""


class Shelf:
    """Tables in the order in which they were added; they can be read more than once."""

    def __init__(self, folder: StrPath | None) -> None:
        """Begin with nothing; `folder` is made if there are so many rows that files are needed, None allows none."""
        self._folder = None if folder is None else Path(folder)
        self._parts: list[pa.Table | Path] = []
        self._bytes = 0

    def add(self, rows: pa.Table) -> None:
        """Add rows."""
        self._bytes += rows.nbytes
        if self._folder is None or self._bytes <= IN_MEMORY:
            self._parts.append(rows)
            return
        self._folder.mkdir(exist_ok=True, parents=True)
        path = self._folder / f"{len(self._parts)}.arrow"
        sink = io.BytesIO()  # Arrow cannot open a path that is not UTF-8
        with pa.ipc.new_file(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            writer.write_table(rows)
        path.write_bytes(sink.getbuffer())
        self._parts.append(path)

    def __iter__(self) -> Iterator[pa.Table]:
        for part in self._parts:
            yield part if isinstance(part, pa.Table) else pa.ipc.open_file(part.read_bytes()).read_all()


def by_split(rows: pa.Table, home: pa.Table, splits: tuple[str, ...]) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each split.

    Args:
        rows: rows with the column paragraph_id.
        home: the columns `paragraph_id` and `split`, with a row for each paragraph.
        splits: the splits, in order.
    """
    paragraph = rows["paragraph_id"].combine_chunks()
    coded = paragraph if isinstance(paragraph, pa.DictionaryArray) else paragraph.dictionary_encode()
    split = home["split"].take(pc.index_in(coded.dictionary, value_set=home["paragraph_id"])).take(coded.indices)
    for name in splits:
        found = rows.filter(pc.equal(split, name))
        yield name, compacted(found) if has_large_dictionary(found) else found
