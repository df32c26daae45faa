"""The check of a dataset: first its files, then each table, then all tables against each other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import pyarrow as pa

from kazstance.dataset.folder import DatasetFolder
from kazstance.dataset.verification.columns import Places, coded, plain
from kazstance.dataset.verification.copies import check_copies
from kazstance.dataset.verification.files import check_manifest, check_pages, check_split_file, find_strangers
from kazstance.dataset.verification.findings import Finding, Findings, Stages, printable, single
from kazstance.dataset.verification.layout import check_layout, check_layout_of_sentences
from kazstance.dataset.verification.ordered import Runs, Window, windows, with_split
from kazstance.dataset.verification.provenance import check_provenance
from kazstance.dataset.verification.recounts import Sums, check_probes, check_recounts
from kazstance.dataset.verification.references import check_references
from kazstance.dataset.verification.rows import UNREADABLE, check_keys, check_rows, is_earlier
from kazstance.dataset.verification.tables import Tables
from kazstance.dataset.verification.votes import check_votes
from kazstance.errors import KazstanceError
from kazstance.schema import MANIFEST, earlier
from kazstance.schema.columns import arrow_schema
from kazstance.schema.manifest import FORMAT
from kazstance.schema.records import ALL, TABLES

LARGE: Final = ("grid", "judgements", "stances", "probes")
"""The tables with rows about sentences, which are read for some sentences at a time."""
SMALL: Final = tuple(name for name in TABLES if name not in LARGE)
WINDOW: Final = 400_000
"""Number of rows about sentences that are compared at a time."""


class Stage(IntEnum):
    """What is checked, one after the other."""

    tables = 0
    keys = 1
    references = 2
    layout = 3
    content = 4


def check(folder: DatasetFolder, *, with_pages: bool = True) -> Findings:
    """Check a dataset, with or without the pages next to it.

    Bytes come first: a file that differs from the one written is named and not read further. Tables are compared
    with each other only if each of them is valid on its own.

    Raises:
        KazstanceError: not enough memory.
    """
    manifest, path = folder.manifest, folder.path
    strangers, notes = find_strangers(folder)
    problems = [*check_manifest(folder), *strangers]
    if with_pages:
        problems += check_pages(folder)
    if manifest.format_version < FORMAT:
        notes.append(
            f"{path / MANIFEST}: in the format of kazstance 0.3.0 or older, which covers neither pages nor itself"
        )
    try:
        problems += _Check(folder).lines()
    except MemoryError:
        raise KazstanceError(f"{path}: not enough memory to verify it; this says nothing about the dataset") from None
    return Findings(manifest, tuple(map(printable, problems)), tuple(map(printable, notes)))


@dataclass
class _Check:
    """The check of the tables of a dataset: each on its own, then all against each other if nothing was found."""

    folder: DatasetFolder
    stages: Stages = field(default_factory=lambda: Stages(max(Stage)))
    small: dict[str, pa.Table] = field(default_factory=dict)
    empty: dict[str, pa.Table] = field(default_factory=dict)
    """The large tables without rows, for their columns."""
    runs: list[Runs] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """All problems."""
        manifest = self.folder.manifest
        for table in earlier.tables(manifest.format_version):
            parts: list[pa.Table] = []
            for split in manifest.tables.get(table, ()):
                self.stages.add(Stage.tables, self._split(table, split, parts))
            if table in manifest.tables:
                self._keep(table, parts)
        if is_earlier(self.folder) and "sources" in self.small:
            derived = earlier.derived(self.small["sources"])
            self.small |= {name: with_split(rows, ALL[0]) for name, rows in derived.items()}
        if self.stages.reached > Stage.tables and self.small.keys() | self.empty.keys() == TABLES.keys():
            self._against_each_other()
        yield from self.stages.lines()

    def _split(self, table: str, split: str, parts: list[pa.Table]) -> Iterator[Finding]:
        """The problems of a split; its rows, or of a large table their order, are kept."""
        file = self.folder.file(table, split)
        runs = Runs(self.folder, table, split)

        def keep(rows: pa.Table) -> None:
            self.empty.setdefault(table, with_split(rows.slice(0, 0), split))
            if table in LARGE:
                runs.add(rows)
            else:
                parts.append(with_split(rows, split))

        try:
            problems = [*map(single, check_split_file(self.folder, table, split))]
            yield from problems or check_rows(self.folder, table, split, keep)
        except MemoryError:
            raise
        except UNREADABLE as error:
            yield single(f"{file}: {' '.join(str(error).split())}")
        if table in LARGE:
            self.runs.append(runs)

    def _keep(self, table: str, parts: list[pa.Table]) -> None:
        schema = arrow_schema(TABLES[table].record).remove_metadata()
        self.empty.setdefault(table, with_split(schema.empty_table(), TABLES[table].splits[0]))
        if table not in LARGE:
            rows = pa.concat_tables(parts or [self.empty.pop(table)]).combine_chunks()
            self.empty.pop(table, None)
            self.small[table] = _in_full(table, rows)
            self.stages.add(Stage.tables, check_keys(self.folder, table, self.small[table]))

    def _against_each_other(self) -> None:
        stages, whole = self.stages, Tables(self.folder, self.small)
        ids, strands = whole.column("sentences", "sentence_id"), []
        for runs in self.runs:
            found, findings = runs.strands(ids)
            strands += found
            stages.add(Stage.layout, findings)
        stages.add(Stage.references, check_references(whole, [name for name in SMALL if name != "pairs"]))
        stages.add(Stage.references, check_provenance(whole))
        sums = Sums(whole)
        for window in windows(strands, _paragraphs(whole), WINDOW, self.empty):
            self._check_window(window, sums)
        paired = Tables(self.folder, {**self.small, "stances": sums.paired_stances})
        stages.add(Stage.references, check_references(paired, ["pairs"]))
        stages.add(Stage.layout, check_layout(whole))
        stages.add(Stage.content, check_recounts(whole, sums))
        stages.add(Stage.content, check_copies(whole))

    def _check_window(self, window: Window, sums: Sums) -> None:
        """Check the rows about some sentences."""
        sentences = self.small["sentences"].slice(window.start, window.end - window.start)
        tables = Tables(self.folder, {**self.small, **window.rows, "sentences": sentences})
        self.stages.add(Stage.keys, _check_keys(tables))
        self.stages.add(Stage.references, check_references(tables, LARGE))
        sums.pick(tables, window.start)
        if self.stages.reached > Stage.references:
            sums.add(tables)
        self.stages.add(Stage.layout, check_layout_of_sentences(tables))
        self.stages.add(Stage.content, check_votes(tables))
        self.stages.add(Stage.content, check_probes(tables))


def _in_full(table: str, rows: pa.Table) -> pa.Table:
    """Sentences with their texts in full, since few are equal; the rows of other tables as they are."""
    if table != "sentences":
        return rows
    columns = {name: plain(rows[name].combine_chunks()) for name in rows.column_names}
    return pa.table(columns)


def _paragraphs(tables: Tables) -> Places:
    """A number for each paragraph, by sentence."""
    number: Places = coded(tables.column("sentences", "paragraph_id")).indices.to_numpy()
    return number


def _check_keys(tables: Tables) -> Iterator[Finding]:
    """No two rows of a large table have the same key."""
    for table in LARGE:
        yield from check_keys(tables.folder, table, tables.rows[table])
