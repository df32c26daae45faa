"""The dataset card: its front matter, and the blocks of figures that are generated into prose."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from kazstance import dataset
from kazstance.comparison.agreement import Agreement, agreement
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.parquet import read_parquet
from kazstance.output.markdown import Markdown, address, code, code_block, markdown_table, paragraph, plain
from kazstance.output.plain_yaml import to_yaml
from kazstance.publish.citation import Style, cite
from kazstance.schema.columns import attribute_types, card_features
from kazstance.schema.labels import CopyKind, Label, Origin, Position, Status, UnitKind
from kazstance.schema.manifest import Fold, Manifest, SplitFile
from kazstance.schema.records import DEFAULT_TABLE, HF_SPLITS, SPLITS, TABLES
from kazstance.stats.estimate import Estimate

FRONT: Final = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)
BLOCK: Final = re.compile(r"(<!-- generated: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
SIDES: Final = (Label.favor, Label.neutral, Label.against)
SIZES: Final = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}
SIGNS: Final = {
    Position.favor: "+",
    Position.against: "−",
    Position.mixed: "±",
    Position.neutral: "○",
    Position.not_addressed: "",
    Position.not_asked: "·",
}
PLAIN_CARD: Final = """---
---

# {title}

Made with kazstance from a folder of texts, codebook and annotations. The labels are of the origin that is stated below.

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

## Targets

<!-- generated: targets -->
<!-- end -->
"""


def render(text: str, data: Path = dataset.SHIPPED) -> str:
    """A page with its front matter, where it has one, and all its generated blocks made anew from a dataset.

    Raises:
        UnknownNameError: a block has a name that nothing generates.
    """
    if FRONT.match(text):
        text = FRONT.sub(lambda _: f"---\n{front_matter(data)}---\n", text)
    return BLOCK.sub(lambda found: found[1] + _generate(found["name"], data) + "\n" + found[3], text)


def plain_card(data: Path) -> str:
    """The card of a dataset for which nobody has written one."""
    return render(PLAIN_CARD.format(title=plain(dataset.manifest(data=data).title)), data)


def front_matter(data: Path = dataset.SHIPPED) -> str:
    """What the Hub and `load_dataset` read of a card: metadata, configurations, features and splits."""
    found = dataset.manifest(data=data)
    tables = _readable(found)
    sources = dataset.load("sources", data=data)
    rows = sum(file.rows for file in found.tables[DEFAULT_TABLE].values())
    origins = {annotator.origin for annotator in dataset.load("annotators", data=data)}
    creators = {Origin.model: "machine-generated", Origin.human: "expert-generated"}
    matter = {
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
        "dataset_info": [_info(table, files, data) for table, files in tables.items()],
    }
    return to_yaml(matter, width=1000)


def _tag(keyword: str) -> str:
    """A keyword as the Hub spells tags."""
    return re.sub(r"[^a-z0-9]+", "-", keyword.lower()).strip("-")


def _readable(found: Manifest) -> dict[str, dict[str, SplitFile]]:
    """The tables and splits that have rows: `datasets` fails to read an empty file."""
    tables = {table: {split: f for split, f in files.items() if f.rows} for table, files in found.tables.items()}
    return {table: files for table, files in tables.items() if files}


def _config(table: str, files: dict[str, SplitFile]) -> dict[str, Any]:
    places = [{"split": HF_SPLITS.get(split, split), "path": file.path} for split, file in files.items()]
    return {"config_name": table, "data_files": places} | ({"default": True} if table == DEFAULT_TABLE else {})


def _info(table: str, files: dict[str, SplitFile], data: Path) -> dict[str, Any]:
    sizes = {split: read_parquet(data / file.path).nbytes for split, file in files.items()}
    return {
        "config_name": table,
        "features": card_features(TABLES[table].record, _attributes(table, files, data)),
        "splits": [
            {"name": HF_SPLITS.get(s, s), "num_bytes": sizes[s], "num_examples": file.rows} for s, file in files.items()
        ],
        "download_size": sum(file.bytes for file in files.values()),
        "dataset_size": sum(sizes.values()),
    }


def _attributes(table: str, files: dict[str, SplitFile], data: Path) -> dict[str, pa.DataType]:
    """The columns of a table that its record does not name."""
    file = next(iter(files.values()))
    return attribute_types(TABLES[table].record, read_parquet(data / file.path).schema)


def _generate(name: str, data: Path) -> str:
    makers: dict[str, Callable[[Path], str]] = {
        "agreement": _agreement,
        "agreement_parts": _agreement_parts,
        "annotators": _annotators,
        "asked": _asked,
        "citation": _citation,
        "copies": _copies,
        "doubts": _doubts,
        "folds": _folds,
        "labels": _labels,
        "matrix": _matrix,
        "provenance": _provenance,
        "sources": _sources,
        "tables": _tables,
        "targets": _targets,
        "units": _units,
    }
    if name not in makers:
        raise UnknownNameError(name, "generated block", makers)
    return makers[name](data)


def _tables(data: Path) -> str:
    found = dataset.manifest(data=data).tables
    rows = [
        [
            code(table),
            (TABLES[table].record.__doc__ or "").rstrip("."),
            ", ".join(f"{s} {f.rows}" for s, f in files.items()),
        ]
        for table, files in found.items()
    ]
    return markdown_table(["table", "one row is", "rows"], rows)


def _labels(data: Path) -> str:
    """Labels by split, with what they come from."""
    rows = []
    for split in SPLITS:
        stances = dataset.load("stances", split, data=data)
        count = Counter(stance.label for stance in stances)
        origins = Counter(stance.origin for stance in stances)
        silver = origins[Origin.model] + origins[Origin.adjudicated]
        paragraphs = len({stance.paragraph_id for stance in stances})
        rows.append([split, len(stances), *(count[side] for side in SIDES), paragraphs, silver, origins[Origin.human]])
    total = ["all", *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True))]
    return markdown_table(["split", "rows", *(s.name for s in SIDES), "paragraphs", "silver", "gold"], [*rows, total])


def _asked(data: Path) -> str:
    """How many pairs were judged, and how many of them have no label."""
    folder = dataset.DatasetFolder(data)
    annotated = pc.sum(folder.columns("sentences", ["annotated"])["annotated"]).as_py() or 0
    grid = folder.columns("grid", ["status"])["status"]
    undecided = pc.sum(pc.equal(grid, Status.undecided.value)).as_py() or 0
    targets = len(folder.ids["target_id"])
    every = f"{annotated * targets} pairs of an annotated sentence and a target"
    return (
        f"Of {every}, {len(grid)} were judged; the others are not in the table `grid`, and count neither as `none` nor "
        f"otherwise. {undecided} of those judged are undecided: their votes are split, and they have no label."
    )


def _copies(data: Path) -> str:
    """Copies by kind."""
    rows = dataset.DatasetFolder(data).columns("copies", ["copy_of", "kind", "formula"]).to_pylist()
    groups = {row["copy_of"]: row["formula"] for row in rows if row["kind"] == CopyKind.equal}
    count = Counter(row["kind"] for row in rows)
    lines = [
        ["equal sentences", count[CopyKind.equal], f"groups: {len(groups)}, of them formulas: {sum(groups.values())}"],
        ["near-copies", count[CopyKind.near], "pairs of groups"],
        ["shared quotations", count[CopyKind.quotation], "pairs of groups"],
    ]
    table = markdown_table(["kind", "rows", "what they are"], lines)
    return f"{table}\n\nTraining rows whose sentence copies a tested one are left out under every protocol."


def _sources(data: Path) -> str:
    stances = dataset.load("stances", data=data)
    sentences = [sentence for sentence in dataset.load("sentences", data=data) if sentence.annotated]
    rows = []
    for source in dataset.load("sources", data=data):
        own = [sentence for sentence in sentences if sentence.source_id == source.source_id]
        count = Counter(stance.label for stance in stances if stance.source_id == source.source_id)
        quoted = sum(sentence.speaker is not None for sentence in own)
        who = source.speaker or "not stated"
        date = source.date or source.date_stated or "not stated"
        rows.append(
            [code(source.source_id), who, source.tradition or "", date, len(own), quoted, *(count[s] for s in SIDES)]
        )
    header = ["source", "who speaks", "tradition", "date", "sentences", "of them quoted", *(s.name for s in SIDES)]
    return markdown_table(header, rows)


def _provenance(data: Path) -> str:
    """Where each text comes from, as far as it says, and what is not known of it."""
    rows = [
        [
            code(source.source_id),
            source.title or "not stated",
            address(source.url or "not stated"),
            f"translated from {source.original_language or 'a language not stated'}" if source.translated else "",
            source.notes or "",
        ]
        for source in dataset.load("sources", data=data)
    ]
    return markdown_table(["source", "title", "address", "translation", "what is known and not known"], rows)


def _units(data: Path) -> str:
    """How each text was taken apart: its units by kind, those without annotation, and what was repaired."""
    sentences = dataset.load("sentences", data=data)
    kinds = [kind for kind in UnitKind if any(sentence.kind is kind for sentence in sentences)]
    rows = []
    for source in dataset.load("sources", data=data):
        own = [sentence for sentence in sentences if sentence.source_id == source.source_id]
        count = Counter(sentence.kind for sentence in own)
        copies = sum(sentence.duplicate_of is not None for sentence in own)
        repairs = sum(len(sentence.repairs) for sentence in own)
        rows.append([code(source.source_id), len(own), *(count[kind] or "" for kind in kinds), copies or "", repairs])
    return markdown_table(["source", "units", *(kind.name for kind in kinds), "copies", "repairs"], rows)


def _targets(data: Path) -> str:
    count = Counter((stance.target_id, stance.label) for stance in dataset.load("stances", data=data))
    rows = [
        [
            code(t.target_id),
            t.name,
            t.kind or "",
            t.fold,
            *(count[t.target_id, s] for s in SIDES),
            "yes" if t.contested else "",
        ]
        for t in dataset.load("targets", data=data)
    ]
    return markdown_table(["target", "in words", "kind", "fold", *(s.name for s in SIDES), "contested"], rows)


def _matrix(data: Path) -> str:
    """The positions of all sources on the contested targets."""
    cells = {(p.source_id, p.target_id): p for p in dataset.load("positions", data=data)}
    sources = [source.source_id for source in dataset.load("sources", data=data)]
    rows = []
    for target in dataset.load("targets", data=data):
        if target.contested:
            found = [cells[source, target.target_id] for source in sources]
            signs = [
                f"{SIGNS[p.position]} {p.n_favor}/{p.n_neutral}/{p.n_against}" if p.salience else "" for p in found
            ]
            rows.append([target.name, *signs])
    return markdown_table(["contested target", *(code(source) for source in sources)], rows)


def _folds(data: Path) -> str:
    rows = [
        [code(protocol), len(folds), _all_left_out(folds)]
        for protocol, folds in dataset.manifest(data=data).folds.items()
        if protocol != "cross_both"
    ]
    both = len(dataset.manifest(data=data).folds["cross_both"])
    return markdown_table(
        ["protocol", "folds", "left out"],
        [*rows, [code("cross_both"), both, "every fold of the one with every fold of the other"]],
    )


@cache
def _made(data: Path, _digest: str) -> Agreement:
    return agreement(dataset.DatasetFolder(data))


def _report(data: Path) -> Agreement:
    """The report on a dataset, made once."""
    return _made(data, dataset.manifest(data=data).digest)


def overall(data: Path) -> list[str]:
    """How far the annotators agree over all that they judged, a sentence for each measure."""
    found = agreement(dataset.DatasetFolder(data), by="all")
    return [
        f"{found.name} of {line.what}, {line.measure}: {line.figure.value_text(3)} (95 % interval "
        f"{line.figure.interval_text(3, in_words=True)}, n = {line.figure.n})."
        for line in found.lines
        if line.scope == "all" and line.figure.has_interval
    ]


def _agreement(data: Path) -> str:
    """All annotators, the evidence, and those who check."""
    scopes = {"all", "pairs of equal labels"} | {a.annotator_id for a in dataset.load("annotators", data=data)}
    found = _report(data)
    rows = [
        [line.what, line.scope, line.measure, *_cells(line.figure, 3)]
        for line in found.lines
        if line.scope in scopes or line.what in ("people", "people and model")
    ]
    return markdown_table(["what", "over", "measure", found.name, "95 % interval", "n"], rows)


def _agreement_parts(data: Path) -> str:
    """By pair of annotators, source and target: all four labels, and stance where all found the target relevant."""
    parts: dict[str, list[Estimate]] = {}
    for line in _report(data).lines:
        if line.what in ("four labels", "stance") and line.measure == "alpha, nominal" and line.scope != "all":
            parts.setdefault(line.scope, []).append(line.figure)
    rows = [[scope, *(cell for f in figures for cell in _cells(f, 2))] for scope, figures in parts.items()]
    header = ["over", "four labels", "95 % interval", "n", "stance", "95 % interval", "n"]
    return markdown_table(header, rows)


def _doubts(data: Path) -> str:
    rows = [[d.rule, d.noted, d.adjudicated] for d in _report(data).doubts]
    return markdown_table(["rule", "named in notes of annotators", "ground of adjudications"], rows)


def _cells(figure: Estimate, digits: int) -> list[object]:
    return [figure.value_text(digits, with_reason=True), figure.interval_text(digits, in_words=True), figure.n]


def _all_left_out(folds: Sequence[Fold]) -> Markdown:
    return Markdown("; ".join(_left_out(fold.test_sources, fold.test_targets) for fold in folds))


def _left_out(sources: Sequence[str] | None, targets: Sequence[str] | None) -> str:
    return ", ".join(map(code, sources or targets or ()))


def _annotators(data: Path) -> str:
    rows = [
        [
            code(a.annotator_id),
            a.origin,
            " ".join(filter(None, [a.name, a.family, a.version])),
            a.date or "",
            a.order or "",
        ]
        for a in dataset.load("annotators", data=data)
    ]
    return markdown_table(["annotator", "origin", "who or what", "date", "order"], rows)


def _citation(data: Path) -> str:
    found = dataset.manifest(data=data)
    return f"{paragraph(cite(found))}\n\n{code_block(cite(found, Style.bibtex), 'bibtex')}"


def read_page(file: Path) -> str:
    """A page as text.

    Raises:
        KazstanceError: it is missing or no UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KazstanceError(f"{file}: {error}; expected a page in UTF-8") from None
