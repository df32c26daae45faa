"""Several datasets as one: their tables one after the other, and everything that follows from all of them anew."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.comparison.counts import Counts
from kazstance.corpus.copy_groups import named_rows
from kazstance.corpus.judge import Stances
from kazstance.corpus.pairs import make_pairs
from kazstance.corpus.tables import counts_of, position_rows
from kazstance.dataset import DatasetFolder
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.schema.columns import arrow_schema, attribute_types, to_arrow
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.ids import check_id
from kazstance.schema.labels import ProbeKind
from kazstance.schema.manifest import MappedLabel, Round
from kazstance.schema.records import ALL, TABLES, Copy, Pair, SourcePosition

Rows = dict[str, dict[str, pa.Table]]
OWN_IDS: Final = ("source_id", "document_id", "paragraph_id", "sentence_id", "duplicate_of", "annotator_id")
"""Columns of ids that belong to one dataset; those of targets are shared."""
SAME_TARGET: Final = ("name", "kind", "group", "definition")
"""What two targets with one id must have in common."""


@dataclass(frozen=True)
class Part:
    """One of the datasets.

    `label` is its id, with a number if an earlier one has the same; `prefix` stands before its ids, and `later` is by
    how much the numbers of its rounds rise.
    """

    folder: DatasetFolder
    label: str
    prefix: str = ""
    later: int = 0

    def table(self, name: str, split: str) -> pa.Table:
        """The rows of a split, with the ids and rounds that they have in the joined dataset."""
        stored = self.folder.read(name, split)
        schema = arrow_schema(TABLES[name].record, attribute_types(TABLES[name].record, stored.schema))
        rows = stored.select(schema.names).cast(schema)
        for column in OWN_IDS if self.prefix else ():
            if column in schema.names:
                rows = _changed(rows, column, partial(_prefixed, self.prefix))
        if self.prefix and "votes" in schema.names:
            rows = _changed(rows, "votes", self._votes)
        if self.prefix and "brief" in schema.names:
            rows = _changed(rows, "brief", partial(_prefixed, self.brief_prefix))
        if self.later and "round" in schema.names:
            rows = _changed(rows, "round", lambda values: pc.add(values, self.later))
        return rows

    def name(self, name: str) -> str:
        """An id of its own as it is in the joined dataset."""
        return f"{self.prefix}{name}"

    @property
    def brief_prefix(self) -> str:
        """What stands before the path of a brief."""
        return f"{self.label}/" if self.prefix else ""

    def _votes(self, votes: pa.ListArray) -> pa.ListArray:
        """Votes of annotators whose ids have the prefix."""
        cast = votes.flatten()
        names = [field.name for field in cast.type]
        columns = dict(zip(names, cast.flatten(), strict=True))
        columns["annotator_id"] = _prefixed(self.prefix, columns["annotator_id"])
        inner = pa.StructArray.from_arrays([columns[name] for name in names], fields=list(cast.type))
        lengths = pc.fill_null(pc.list_value_length(votes), 0).to_numpy(zero_copy_only=False)
        ends = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        return pa.ListArray.from_arrays(ends, inner, type=votes.type)


def parts_of(folders: Sequence[DatasetFolder], *, prefix: bool) -> list[Part]:
    """The datasets, with prefixes if asked, and rounds that follow each other unless they are the same.

    Raises:
        KazstanceError: there are fewer than two, they decide differently, or ids are not allowed or occur twice.
    """
    if len(folders) < 2:  # noqa: PLR2004
        raise KazstanceError(f"{len(folders)} datasets, expected two or more to join")
    if len(rules := {str(folder.manifest.deciding) for folder in folders}) > 1:
        raise KazstanceError(f"the datasets decide by {' and '.join(sorted(rules))}; expected one way of deciding")
    if len(schemes := {str(folder.manifest.scheme) for folder in folders}) > 1:
        raise KazstanceError(f"the datasets have the schemes {' and '.join(sorted(schemes))}; expected one")
    rounds, parts = tuple[Round, ...](), []
    for folder, label in zip(folders, _labels(folders), strict=True):
        own = folder.manifest.rounds
        later = 0 if own in ((), rounds) else max((one.number for one in rounds), default=0)
        parts.append(Part(folder, label, f"{label}." if prefix else "", later))
        rounds += () if own == rounds else tuple(one.model_copy(update={"number": one.number + later}) for one in own)
    _check_ids(parts)
    return parts


def _labels(folders: Sequence[DatasetFolder]) -> list[str]:
    """The id of each dataset, with a number after it where an earlier one has the same."""
    ids, labels = [folder.manifest.id for folder in folders], list[str]()
    for name in ids:
        numbered = (f"{name}-{number}" for number in count(2))
        other = next(label for label in numbered if label not in ids and label not in labels)
        labels.append(other if name in labels else name)
    return labels


def rounds_of(parts: Iterable[Part]) -> tuple[Round, ...]:
    """The rounds of all datasets, each once."""
    found = {
        one.number + part.later: one.model_copy(update={"number": one.number + part.later})
        for part in parts
        for one in part.folder.manifest.rounds
    }
    return tuple(found.values())


def mapped_labels_of(parts: Iterable[Part]) -> tuple[MappedLabel, ...]:
    """The labels that were mapped, with their judgements in all datasets."""
    counts: Counter[tuple[str, str]] = Counter()
    for part in parts:
        for one in part.folder.manifest.mapped_labels:
            counts[one.original, one.label] += one.judgements
    return tuple(MappedLabel(original=o, label=name, judgements=n) for (o, name), n in counts.items())


def joined(parts: Sequence[Part], seed: str) -> Rows:
    """The tables of all datasets as one; splits are kept.

    Copies are looked for in all texts, and pairs, positions and contested targets follow from all rows.

    Args:
        parts: the datasets.
        seed: the id of the joined dataset, which chooses pairs.

    Raises:
        InputError: targets with the same id differ; all are listed.
    """
    rows: Rows = {
        name: {split: _concat(part.table(name, split) for part in parts) for split in spec.splits}
        for name, spec in TABLES.items()
        if name not in ("pairs", "copies", "targets", "annotators", "positions")
    }
    targets = _targets(parts)
    places = {
        "sentence_id": rows["sentences"]["all"]["sentence_id"],
        "target_id": targets["target_id"],
        "other_target_id": targets["target_id"],
        "probe": pa.chunked_array([list(ProbeKind)]),
    }
    order = ("sentence_id", "target_id")
    for name in ("stances", "grid", "judgements"):
        rows[name] = {split: _sorted(table, order, places) for split, table in rows[name].items()}
    probes = _changed(rows["probes"]["all"], "probe_id", lambda _: _probe_ids(rows["probes"]["all"]))
    rows["probes"]["all"] = _sorted(probes, ("probe", *order, "other_target_id"), places)
    rows["targets"] = {"all": targets}
    own, endorsed = _counts(rows)
    rows["targets"] = {"all": _contested(targets, own)}
    rows["annotators"] = {"all": _annotators(parts, rows)}
    rows["positions"] = {"all": to_arrow(SourcePosition, list(position_rows(own, endorsed)))}
    rows["pairs"] = _pairs(rows, seed)
    rows["copies"] = {"all": _copies(rows)}
    return {name: rows[name] for name in TABLES}


def inputs_of(parts: Sequence[Part]) -> dict[str, str]:
    """SHA-256 of the files that all datasets were built from: texts and briefs by name, the rest by dataset."""
    found: dict[str, str] = {}
    for part in parts:
        folder = part.folder
        texts = {
            f"texts/{name}.txt": f"texts/{part.name(name)}.txt"
            for name in folder.columns("documents", ["document_id"])["document_id"].to_pylist()
        }
        briefs = {
            f"annotations/{name}": f"annotations/{part.brief_prefix}{name}"
            for name in folder.columns("annotators", ["brief"])["brief"].to_pylist()
        }
        for name, digest in folder.manifest.inputs.items():
            kept = texts.get(name) or briefs.get(name) or f"{part.label}/{name}"
            if found.setdefault(kept, digest) != digest:
                raise KazstanceError(f"{folder.path}: {name} differs from that of another dataset; rename the file")
    return found


def tools_of(parts: Sequence[Part]) -> dict[str, str]:
    """The tools of all datasets, with each version that was used."""
    found: dict[str, list[str]] = {}
    for part in parts:
        for tool, number in part.folder.manifest.tools.items():
            found.setdefault(tool, [])
            found[tool] += [number] if number not in found[tool] else []
    return {tool: ", ".join(versions) for tool, versions in found.items()}


def _check_ids(parts: Sequence[Part]) -> None:
    """Check that ids of different datasets are different, also if their case is ignored, and allowed."""
    for table, column in (("sources", "source_id"), ("annotators", "annotator_id")):
        seen: dict[str, Part] = {}
        for part in parts:
            names = part.folder.columns(table, [column])[column].to_pylist()
            for name in names:
                new = part.name(name)
                try:
                    check_id(new)
                except ValueError as error:
                    raise KazstanceError(f"{part.folder.path}: {table}: {new!r}: {error}") from None
                other = seen.setdefault(new.casefold(), part)
                if other is not part and not (table == "annotators" and _is_same_annotator(other, part, name)):
                    raise KazstanceError(
                        f"{part.folder.path}: {table}: {name!r} is also in {other.folder.path}; "
                        "pass prefix=True to put the id of each dataset before its ids"
                    )


def _is_same_annotator(one: Part, other: Part, name: str) -> bool:
    """Whether an annotator has judged for two datasets, as the same in all that is said of it."""
    rows = [part.folder.read("annotators", ALL[0]).drop(["complete"]) for part in (one, other)]
    found = [rows.filter(pc.equal(rows["annotator_id"], name)).to_pylist() for rows in rows]
    return not one.prefix and found[0] == found[1]


def _targets(parts: Sequence[Part]) -> pa.Table:
    """All targets, each once, in the order of the datasets.

    Raises:
        InputError: targets with the same id differ.
    """
    known: dict[str, dict[str, Any]] = {}
    problems = []
    for part in parts:
        for row in part.table("targets", ALL[0]).to_pylist():
            there = known.setdefault(row["target_id"], row)
            for field in SAME_TARGET:
                if there[field] != row[field]:
                    message = f"{row['target_id']}: {row[field]!r}, expected {there[field]!r}, as in the dataset before"
                    problems.append(Problem(str(part.folder.path / "targets"), None, field, message))
    if problems:
        raise InputError(problems)
    return pa.Table.from_pylist(list(known.values()), arrow_schema(TABLES["targets"].record))


def _contested(targets: pa.Table, own: Counts) -> pa.Table:
    """Targets, each with whether it is contested in all datasets together."""
    return _changed(targets, "contested", lambda _: pa.array(own.contested, pa.bool_()))


def _annotators(parts: Sequence[Part], rows: Rows) -> pa.Table:
    """All annotators, each once; one is complete if it has judged every sentence on every target of all datasets."""
    table = _concat(part.table("annotators", ALL[0]) for part in parts)
    names = table["annotator_id"].to_pylist()
    first = sorted({name: at for at, name in reversed(list(enumerate(names)))}.values())
    kept = table.take(pa.array(first, pa.int64()))
    judged = Counter(rows["judgements"]["all"]["annotator_id"].to_pylist())
    every = pc.sum(rows["sentences"]["all"]["annotated"]).as_py() * len(rows["targets"]["all"])
    whole = pa.array([judged[name] == every for name in kept["annotator_id"].to_pylist()])
    return _changed(kept, "complete", lambda stated: pc.and_(stated, whole))


def _counts(rows: Rows) -> tuple[Counts, Counts]:
    """The counts in the sources' own voice, and with the quotations that they make their own."""
    sentences, documents = rows["sentences"]["all"], rows["documents"]["all"]
    grid = _of_speakers(rows["grid"].values())
    at = pc.index_in(grid["sentence_id"], value_set=sentences["sentence_id"].combine_chunks())
    for name in ("voice", "endorsed"):
        grid = grid.append_column(name, sentences[name].take(at))
    return counts_of(
        _of_speakers(rows["stances"].values()),
        sentences,
        grid,
        dict(zip(documents["document_id"].to_pylist(), documents["source_id"].to_pylist(), strict=True)),
        sources=rows["sources"]["all"]["source_id"].to_pylist(),
        targets=rows["targets"]["all"]["target_id"].to_pylist(),
    )


def _pairs(rows: Rows, seed: str) -> dict[str, pa.Table]:
    """The pairs of each split, of the stances of speakers."""
    units, targets = rows["sentences"]["all"], rows["targets"]["all"]
    own = {split: _of_speakers([table]) for split, table in rows["stances"].items()}
    whole = pa.concat_tables(own.values())
    unit, target = (
        pc.index_in(whole[name], value_set=among[name].combine_chunks()).to_numpy().astype(np.int64)
        for name, among in (("sentence_id", units), ("target_id", targets))
    )
    every = np.ones(len(whole), np.bool_)
    stances = Stances(unit, target, whole["label"].to_numpy(), every, ~every)
    split = np.repeat(np.arange(len(own)), [len(table) for table in own.values()])
    words = dict(zip(targets["target_id"].to_pylist(), targets["name"].to_pylist(), strict=True))
    found: dict[str, list[pa.Table]] = {name: [arrow_schema(Pair).empty_table()] for name in own}
    for name, pairs in make_pairs(units, stances, split, splits=list(own), targets=words, seed=seed):
        found[name].append(pairs.cast(found[name][0].schema))
    return {name: pa.concat_tables(parts) for name, parts in found.items()}


def _copies(rows: Rows) -> pa.Table:
    """The copies among the annotated sentences of all datasets."""
    sentences = rows["sentences"]["all"]
    annotated = sentences.select(["sentence_id", "document_id", "text"]).filter(sentences["annotated"])
    names, homes, texts = (column.to_pylist() for column in annotated.columns)
    documents = rows["documents"]["all"].select(["document_id", "language"]).to_pylist()
    languages = {row["document_id"]: row["language"] for row in documents}
    return to_arrow(Copy, named_rows(names.__getitem__, texts, map(languages.__getitem__, homes)))


def _of_speakers(tables: Iterable[pa.Table]) -> pa.Table:
    """The rows of the speakers of sentences, without those of other holders."""
    return pa.concat_tables(tables).filter(OF_SPEAKERS)


def _prefixed(prefix: str, values: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(prefix), values, "")


def _probe_ids(probes: pa.Table) -> pa.Array:
    parts = (probes[name] for name in ("probe", "sentence_id", "target_id", "other_target_id"))
    return pc.binary_join_element_wise(*parts, ":", null_handling="skip")


def _concat(tables: Iterable[pa.Table]) -> pa.Table:
    """Rows with the columns of all tables; attributes that others lack are missing, those of two types are text."""
    found = list(tables)
    metadata = found[0].schema.metadata
    try:
        whole = pa.concat_tables(found, promote_options="permissive")
    except pa.ArrowException:
        kinds = {
            name: {table.schema.field(name).type for table in found if name in table.column_names}
            for table in found
            for name in table.column_names
        }
        mixed = [name for name, types in kinds.items() if len(types) > 1]
        whole = pa.concat_tables(
            [_as_text(table, [name for name in mixed if name in table.column_names]) for table in found],
            promote_options="permissive",
        )
    return whole.replace_schema_metadata(metadata)


def _as_text(table: pa.Table, names: Iterable[str]) -> pa.Table:
    for name in names:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.string()))
    return table


def _changed(rows: pa.Table, column: str, change: Callable[[pa.Array], Any]) -> pa.Table:
    """Rows with one column changed, of the same type."""
    at = rows.schema.get_field_index(column)
    return rows.set_column(at, rows.schema.field(at), change(rows[column].combine_chunks()))


def _sorted(rows: pa.Table, columns: Sequence[str], places: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    """Rows in the order of the places of their values; rows with the same values keep their order."""
    keys = [
        pc.fill_null(pc.index_in(rows[name], value_set=places[name].combine_chunks()), -1).to_numpy()
        for name in columns
    ]
    return rows.take(pa.array(np.lexsort(keys[::-1])))
