"""The dataset card: its front matter, and the blocks of figures that are generated into prose."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kazstance.comparison import Cell, compare_dataset
from kazstance.comparison.agreement import Agreement, Line, agreement
from kazstance.comparison.signs import sign
from kazstance.dataset import DatasetFolder
from kazstance.dataset.counting import counts
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.output.markdown import Markdown, address, code, code_block, markdown_table, paragraph, plain
from kazstance.output.plain_yaml import to_yaml
from kazstance.paths import StrPath
from kazstance.publish import evaluation
from kazstance.publish.checked_figures import checked_figures
from kazstance.publish.citation import Style, cite
from kazstance.publish.loss import loss
from kazstance.publish.reliability import ADDRESSED, annotators, cells, reliability
from kazstance.schema.canary import canary
from kazstance.schema.columns import attribute_types, card_features
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.labels import CopyKind, Label, Origin, Status, UnitKind, Voice
from kazstance.schema.manifest import Fold, Manifest, SplitFile
from kazstance.schema.records import DEFAULT_TABLE, HF_SPLITS, SPLITS, TABLES, SourcePosition
from kazstance.stats.estimate import number_text

FRONT: Final = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)
GENERATED: Final = re.compile(r"(<!-- generated: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
ORDER: Final = (Label.favor, Label.neutral, Label.against)
IN_MATRIX: Final = 12
"""How many targets the matrix shows."""
SIZES: Final = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}
_REPORTS: Final[WeakKeyDictionary[DatasetFolder, Agreement]] = WeakKeyDictionary()
PLAIN_CARD: Final = """---
---

# {title}

Made with kazstance from a folder of texts, codebook and annotations. The labels are of the origin that is stated below.

<!-- generated: canary -->
<!-- end -->

## Tables

<!-- generated: tables -->
<!-- end -->

## Labels

<!-- generated: labels -->
<!-- end -->

<!-- generated: asked -->
<!-- end -->

## Copies

<!-- generated: copies -->
<!-- end -->

## Who or what judged

<!-- generated: annotators -->
<!-- end -->

## How far the labels can be relied on

Labels that a language model made are silver, and agreement between runs of one model is stability: it does not show
that they are right.

<!-- generated: reliability -->
<!-- end -->

## Targets

<!-- generated: targets -->
<!-- end -->
"""
CHECKED: Final = """
## Which figures are silver, gold or corrected

<!-- generated: checked -->
<!-- end -->
"""
"""What the card has of a dataset of which people judged a sample of a model's labels."""
LOSS: Final = """
## What was lost on the way

<!-- generated: loss -->
<!-- end -->
"""
"""What the card has of a dataset whose labels come from another scheme, or which was made from a table."""


def render(text: str, folder: DatasetFolder, *, questions: bool = False) -> str:
    """A page with its front matter, if any, and all its generated blocks renewed from a dataset.

    Args:
        text: the page.
        folder: the dataset.
        questions: whether the table of questions is beside the card, as where it is published.

    Raises:
        UnknownNameError: a block has an unknown name.
    """
    if FRONT.match(text):
        text = FRONT.sub(lambda _: f"---\n{front_matter(folder, questions=questions)}---\n", text)
    return GENERATED.sub(lambda found: found[1] + _generate(found["name"], folder) + "\n" + found[3], text)


def plain_card(folder: DatasetFolder, *, questions: bool = False) -> str:
    """The default card of a dataset; `questions` as for `render`."""
    found = folder.manifest
    page = PLAIN_CARD.format(title=plain(found.title))
    page += CHECKED if found.samples else ""
    return render(page + LOSS if found.imported or found.mapped_labels else page, folder, questions=questions)


def front_matter(folder: DatasetFolder, *, texts: bool = True, questions: bool = False) -> str:
    """What the Hub and `load_dataset` read from a card: metadata, configurations, features and splits.

    Args:
        folder: the dataset.
        texts: whether the files hold the texts; without them, features are left out.
        questions: whether the table of questions is beside the card.
    """
    found = folder.manifest
    tables = _readable(found)
    sources = folder.sources.records()
    rows = sum(file.rows for file in found.tables[DEFAULT_TABLE].values())
    origins = {annotator.origin for annotator in folder.annotators.records()}
    creators = {Origin.model: "machine-generated", Origin.human: "expert-generated"}
    matter: dict[str, Any] = {
        "pretty_name": found.title,
        "language": sorted({source.language for source in sources}),
        "license": "other",
        "license_name": f"annotations-{found.license.lower()}",
        "license_link": "LICENSE-DATA",
        "annotations_creators": sorted(creators[origin] for origin in origins),
        "language_creators": ["found"],
        "multilinguality": ["monolingual" if len({source.language for source in sources}) == 1 else "multilingual"],
        "size_categories": [next((size for limit, size in SIZES.items() if rows < limit), "1M<n<10M")],
        "source_datasets": ["original"],
        "task_categories": ["text-classification"],
        "task_ids": ["multi-class-classification", "multi-input-text-classification"],
        "tags": list(dict.fromkeys(["stance-detection", *map(_tag, found.publication.keywords), "text"])),
        "configs": [_config(table, files) for table, files in tables.items()],
    }
    if questions:
        matter["configs"] += _questions(found)
    if texts:
        matter["dataset_info"] = [_info(table, files, folder) for table, files in tables.items()]
    return to_yaml(matter, width=1000)


def _tag(keyword: str) -> str:
    """A keyword in the Hub's spelling of tags."""
    return re.sub(r"[^a-z0-9]+", "-", keyword.lower()).strip("-")


def _readable(found: Manifest) -> dict[str, dict[str, SplitFile]]:
    """The tables and splits that have rows: `datasets` fails to read an empty file."""
    tables = {table: {split: f for split, f in files.items() if f.rows} for table, files in found.tables.items()}
    return {table: files for table, files in tables.items() if files}


def _config(table: str, files: dict[str, SplitFile]) -> dict[str, Any]:
    places = [{"split": HF_SPLITS.get(split, split), "path": file.path} for split, file in files.items()]
    return {"config_name": table, "data_files": places} | ({"default": True} if table == DEFAULT_TABLE else {})


def _questions(found: Manifest) -> list[dict[str, Any]]:
    """The configuration of the questions for evaluation programs, if there are any."""
    places = [{"split": evaluation.SPLIT, "path": evaluation.FILE}]
    return [{"config_name": evaluation.CONFIG, "data_files": places}] if evaluation.is_evaluated(found) else []


def _info(table: str, files: dict[str, SplitFile], folder: DatasetFolder) -> dict[str, Any]:
    sizes = {split: _bytes_in_memory(folder, table, split) for split in files}
    return {
        "config_name": table,
        "features": card_features(TABLES[table].record, _attributes(table, folder)),
        "splits": [
            {"name": HF_SPLITS.get(s, s), "num_bytes": sizes[s], "num_examples": file.rows} for s, file in files.items()
        ],
        "download_size": sum(file.bytes for file in files.values()),
        "dataset_size": sum(sizes.values()),
    }


def _bytes_in_memory(folder: DatasetFolder, table: str, split: str) -> int:
    """The size of a split in memory; of one with many groups of rows, as if all were like the first."""
    with folder.file(table, split).open("rb") as stream, pq.ParquetFile(stream) as file:
        groups = file.metadata.num_row_groups
        if groups <= 1:
            return int(file.read().nbytes)
        first = file.read_row_group(0)
        return round(int(first.nbytes) * int(file.metadata.num_rows) / len(first))


def _attributes(table: str, folder: DatasetFolder) -> dict[str, pa.DataType]:
    """The columns of a table that its record does not name."""
    return attribute_types(TABLES[table].record, folder.schema(table))


def _generate(name: str, folder: DatasetFolder) -> str:
    makers: dict[str, Callable[[DatasetFolder], str]] = {
        "agreement": _agreement,
        "agreement_parts": _agreement_parts,
        "annotators": annotators,
        "asked": _asked,
        "canary": _canary,
        "checked": checked_figures,
        "citation": _citation,
        "copies": _copies,
        "doubts": _doubts,
        "folds": _folds,
        "labels": _labels,
        "loss": loss,
        "matrix": _matrix,
        "provenance": _provenance,
        "reliability": lambda folder: reliability(folder, _report(folder)),
        "sources": _sources,
        "tables": _tables,
        "targets": _targets,
        "units": _units,
    }
    if name not in makers:
        raise UnknownNameError(name, "generated block", makers)
    return makers[name](folder)


def _canary(folder: DatasetFolder) -> str:
    """The canary, and what it is for."""
    return (
        f"{code(canary(folder.manifest.id))}\n\nThis line is in the card, the manifest, `eval.yaml` and each row of "
        f"`{evaluation.FILE}`. Leave documents that contain it out of pretraining; a model that can complete the GUID "
        "has seen some of them."
    )


def _tables(folder: DatasetFolder) -> str:
    found = folder.manifest.tables
    rows = [
        [
            code(table),
            (TABLES[table].record.__doc__ or "").rstrip("."),
            ", ".join(f"{s} {f.rows}" for s, f in files.items()),
        ]
        for table, files in found.items()
    ]
    return markdown_table(["table", "one row is", "rows"], rows)


def _labels(folder: DatasetFolder) -> str:
    """Labels by split and origin."""
    rows = []
    for split in SPLITS:
        count, origins, paragraphs = (
            counts(folder, "stances", [name], pc.field("label").is_valid(), [split])
            for name in ("label", "origin", "paragraph_id")
        )
        silver = origins[Origin.model,] + origins[Origin.adjudicated,]
        by_label = [count[side,] for side in ORDER]
        rows.append([split, count.total(), *by_label, len(paragraphs), silver, origins[Origin.human,]])
    total = ["all", *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True))]
    return markdown_table(["split", "rows", *(s.name for s in ORDER), "paragraphs", "silver", "gold"], [*rows, total])


def _asked(folder: DatasetFolder) -> str:
    """How many pairs were judged, and how many of them have no label."""
    annotated = pc.sum(folder.columns("sentences", ["annotated"])["annotated"]).as_py() or 0
    own, others = Counter[str](), 0
    for (status, holder), n in counts(folder, "grid", ["status", "holder"]).items():
        own[status] += n if holder is None else 0
        others += n if holder is not None else 0
    targets = len(folder.ids["target_id"])
    every = f"{annotated * targets} pairs of an annotated sentence and a target"
    return (
        f"Of {every}, {own.total()} were judged; the others are not in the table `grid` and are not counted, not even "
        f"as `none`. {own[Status.undecided]} of those judged are undecided: their votes are split, and they have no "
        "label."
        + _of_other_targets(own[Status.other_target])
        + (f" Rows about the stance of another holder than the speaker: {others}." if others else "")
    )


def _of_other_targets(others: int) -> str:
    """How many pairs have no label since their sentence has one code, that of another target."""
    if not others:
        return ""
    return (
        f" A sentence has one code: of {others} of the pairs, the code is that of another target, so that they are "
        "neither labelled nor `none`; they count among the sentences that were judged."
    )


def _copies(folder: DatasetFolder) -> str:
    """Copies by kind."""
    rows = folder.columns("copies", ["copy_of", "kind", "formula"]).to_pylist()
    groups = {row["copy_of"]: row["formula"] for row in rows if row["kind"] == CopyKind.equal}
    count = Counter(row["kind"] for row in rows)
    lines = [
        ["equal sentences", count[CopyKind.equal], f"groups: {len(groups)}, of them formulas: {sum(groups.values())}"],
        ["near-copies", count[CopyKind.near], "pairs of groups"],
        ["shared quotations", count[CopyKind.quotation], "pairs of groups"],
    ]
    table = markdown_table(["kind", "rows", "what they are"], lines)
    return f"{table}\n\nTraining rows whose sentence is a copy of a tested one are left out under every protocol."


def _sources(folder: DatasetFolder) -> str:
    count = counts(folder, "stances", ["source_id", "label"], OF_SPEAKERS)
    annotated = counts(folder, "sentences", ["source_id", "voice"], pc.field("annotated"))
    rows = []
    for source in folder.sources.records():
        name = source.source_id
        own, quoted = (annotated[name, voice.value] for voice in (Voice.own, Voice.quoted))
        who = source.speaker or "not stated"
        date = source.date or source.date_stated or "not stated"
        rows.append(
            [
                code(source.source_id),
                who,
                source.tradition or "",
                date,
                own + quoted,
                quoted,
                *(count[name, s] for s in ORDER),
            ]
        )
    header = [
        "source",
        "who speaks",
        "tradition",
        "date",
        "sentences",
        "of them quoted",
        *(s.name for s in ORDER),
    ]
    return markdown_table(header, rows)


def _provenance(folder: DatasetFolder) -> str:
    """Where each text comes from, and what is known and not known about it."""
    rows = [
        [
            code(source.source_id),
            source.title or "not stated",
            address(source.url or "not stated"),
            f"translated from {source.original_language or 'a language not stated'}" if source.translated else "",
            source.notes or "",
        ]
        for source in folder.sources.records()
    ]
    return markdown_table(["source", "title", "address", "translation", "what is known and not known"], rows)


def _units(folder: DatasetFolder) -> str:
    """How each text was segmented: its units by kind, those without annotation, and repairs."""
    count = counts(folder, "sentences", ["source_id", "kind"])
    copied = counts(folder, "sentences", ["source_id"], pc.field("duplicate_of").is_valid())
    kinds = [kind for kind in UnitKind if any(kind == found for _, found in count)]
    listed = folder.columns("sentences", ["source_id", "repairs"])
    changes = pc.fill_null(pc.list_value_length(listed["repairs"]), 0)
    repaired = pa.table({"source": listed["source_id"], "n": changes}).group_by("source").aggregate([("n", "sum")])
    repairs = dict(zip(*(repaired[name].to_pylist() for name in ("source", "n_sum")), strict=True))
    rows = []
    for source in folder.sources.records():
        name = source.source_id
        own = [count[name, kind.value] for kind in kinds]
        shown = [n or "" for n in own]
        rows.append([code(name), sum(own), *shown, copied[name,] or "", repairs.get(name, 0)])
    return markdown_table(["source", "units", *(kind.name for kind in kinds), "copies", "repairs"], rows)


def _targets(folder: DatasetFolder) -> str:
    count = counts(folder, "stances", ["target_id", "label"], OF_SPEAKERS)
    rows = [
        [
            code(t.target_id),
            t.name,
            t.kind or "",
            t.fold,
            *(count[t.target_id, s] for s in ORDER),
            "yes" if t.contested else "",
        ]
        for t in folder.targets.records()
    ]
    return markdown_table(["target", "in words", "kind", "fold", *(s.name for s in ORDER), "contested"], rows)


def _matrix(folder: DatasetFolder) -> str:
    """Where sources stand on the targets that they most probably take opposite sides of, and whether they differ."""
    compared = compare_dataset(folder)
    cells = {(cell.source, cell.target): cell for cell in compared.positions()}
    rows_of = {(p.source_id, p.target_id): p for p in folder.positions.records()}
    names = {target.target_id: target.name for target in folder.targets.records()}
    rows = []
    for line in compared.disagreements()[:IN_MATRIX]:
        if line.opposite is not None:
            found = [
                _sign(cells[source, line.target], rows_of[source, line.target]) for source in compared.counts.sources
            ]
            name = f"{names[line.target]}{' (contested)' if line.contested else ''}"
            figures = (line.opposite, line.corrected, line.salience_corrected)
            rows.append([name, *found, *("" if figure is None else number_text(figure) for figure in figures)])
    header = ["target", *map(code, compared.counts.sources), "opposite", "p", "salience p"]
    return markdown_table(header, rows) if rows else "No two sources take a side of the same target."


def _sign(cell: Cell, row: SourcePosition) -> str:
    """A cell as in the terminal, with its counts and what endorsed quotations add; of a silent source, the most.

    Args:
        cell: the cell.
        row: the same in the table of positions, which has the endorsed quotations.
    """
    endorsed = (row.n_endorsed_favor, row.n_endorsed_neutral, row.n_endorsed_against)
    quoted = f" ”{'/'.join(map(str, endorsed))}" if any(endorsed) else ""
    if not cell.about:
        return f"≤ {cell.salience.high:.0%}{quoted}" if cell.salience else f"{sign(cell)}{quoted}"
    unsure = f" ~{cell.unsure}" if cell.unsure else ""
    return f"{sign(cell)} {cell.favor}/{cell.neutral}/{cell.against}{unsure}{quoted}"


def _folds(folder: DatasetFolder) -> str:
    rows = [
        [code(protocol), len(folds), _all_left_out(folds)]
        for protocol, folds in folder.manifest.folds.items()
        if protocol != "cross_both"
    ]
    both = len(folder.manifest.folds["cross_both"])
    return markdown_table(
        ["protocol", "folds", "left out"],
        [*rows, [code("cross_both"), both, "every fold of the one with every fold of the other"]],
    )


def _report(folder: DatasetFolder) -> Agreement:
    """The report on a dataset, computed once."""
    if folder not in _REPORTS:
        _REPORTS[folder] = agreement(folder)
    return _REPORTS[folder]


def overall(folder: DatasetFolder) -> list[str]:
    """How well the annotators agree overall, a sentence for each measure."""
    found = _report(folder)
    return [
        f"{found.name} of {line.what}, {line.measure}: {line.figure.value_text(3)} (95 % interval "
        f"{line.figure.interval_text(3, in_words=True)}, n = {line.figure.n}){_if_addressed(line)}."
        for line in found.lines
        if line.by == line.scope == "all" and line.figure.has_interval
    ]


def _if_addressed(line: Line) -> str:
    """Beside a figure over the whole grid, the agreement on what somebody addressed."""
    if line.addressed is None:
        return ""
    return (
        f"; equal among the pairs that an annotator did not judge none: {line.addressed.value_text(3)} (95 % interval "
        f"{line.addressed.interval_text(3, in_words=True)}, n = {line.addressed.n})"
    )


def _agreement(folder: DatasetFolder) -> str:
    """Agreement of all annotators, on evidence, and with those who check."""
    scopes = {"all", "pairs of equal labels"} | {a.annotator_id for a in folder.annotators.records()}
    found = _report(folder)
    rows = [
        [line.what, line.scope, line.measure, *cells(line.figure, 3), *cells(line.addressed, 3)]
        for line in found.lines
        if line.scope in scopes or line.what in ("people", "people and model")
    ]
    return markdown_table(["what", "over", "measure", found.name, "95 % interval", "n", *ADDRESSED], rows)


def _agreement_parts(folder: DatasetFolder) -> str:
    """By pair of annotators, source and target: all four labels, and stance if all found the target relevant."""
    parts: dict[str, list[object]] = {}
    for line in _report(folder).lines:
        if line.what in ("four labels", "stance") and line.measure == "alpha, nominal" and line.scope != "all":
            row = parts.setdefault(line.scope, [])
            row += cells(line.figure, 2)
            row += cells(line.addressed, 2) if line.addressed else []
    rows = [[scope, *row] for scope, row in parts.items()]
    header = ["over", "four labels", "95 % interval", "n", *ADDRESSED, "stance", "95 % interval", "n"]
    return markdown_table(header, rows)


def _doubts(folder: DatasetFolder) -> str:
    rows = [[d.rule, d.noted, d.adjudicated] for d in _report(folder).doubts]
    return markdown_table(["rule", "named in notes of annotators", "ground of adjudications"], rows)


def _all_left_out(folds: Sequence[Fold]) -> Markdown:
    return Markdown("; ".join(_left_out(fold.test_sources, fold.test_targets) for fold in folds))


def _left_out(sources: Sequence[str] | None, targets: Sequence[str] | None) -> str:
    return ", ".join(map(code, sources or targets or ()))


def _citation(folder: DatasetFolder) -> str:
    found = folder.manifest
    return f"{paragraph(cite(found))}\n\n{code_block(cite(found, Style.bibtex), 'bibtex')}"


def read_page(file: StrPath) -> str:
    """A page as text.

    Raises:
        KazstanceError: it is missing or not UTF-8.
    """
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KazstanceError(f"{file}: {error}; expected a page in UTF-8") from None
