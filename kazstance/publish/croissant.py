"""Croissant 1.1 metadata of a dataset: files with checksums, a record set for each split, responsible-AI fields."""

from collections.abc import Iterator
from enum import Enum, IntEnum
from typing import Any, Final

from pydantic.alias_generators import to_camel

from kazstance.dataset import DatasetFolder
from kazstance.output.plain_json import to_json
from kazstance.publish import rights
from kazstance.publish.card import overall
from kazstance.publish.citation import address, bibtex, is_citable, is_person
from kazstance.schema.columns import item_type, plain_type
from kazstance.schema.labels import Origin
from kazstance.schema.manifest import Manifest, SplitFile
from kazstance.schema.records import TABLES, Annotator, Record

SPECIFICATIONS: Final = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "containedIn": "cr:containedIn",
    "equivalentProperty": "cr:equivalentProperty",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
}
"""The context that Croissant 1.1 prescribes."""
TYPES: Final = {bool: "sc:Boolean", int: "sc:Integer", float: "sc:Float", str: "sc:Text"}
LANDING: Final = "README.md"
"""The page of a dataset that has no address: its card, which is next to the metadata."""


def croissant(folder: DatasetFolder, home: str | None = None) -> str:
    """The metadata of a dataset as JSON-LD, for the file croissant.json in its folder.

    With `home`, the address of its repository on a Hub, addresses are absolute and point to this version; without it,
    file paths are relative to the metadata, and the page of the dataset is its DOI, repository or card.
    """
    found = folder.manifest
    said = found.publication
    content = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": SPECIFICATIONS,
        "name": found.id,
        "alternateName": found.title,
        "description": said.abstract or f"{found.title}. {found.event}.",
        "url": home or address(said) or LANDING,
        "license": rights.url(found.license),
        "creator": [
            {"@type": "sc:Person" if is_person(name) else "sc:Organization", "name": name} for name in said.authors
        ],
        "datePublished": said.released and said.released.isoformat(),
        "version": found.version,
        "keywords": said.keywords,
        "inLanguage": sorted({source.language for source in folder.sources.records()}),
        "isLiveDataset": False,
        "citeAs": bibtex(found) if is_citable(found) else None,
        **{f"rai:{to_camel(key)}": text for key, text in said.responsible_ai.model_dump().items()},
        **_annotation(folder),
        "distribution": [
            _file(file, home and f"{home}/resolve/{to_tag(found.version)}") for _, _, file in _files(found)
        ],
        "recordSet": [*_enumerations(found), *(_record_set(*part) for part in _files(found))],
    }
    return to_json(_present(content)) + "\n"


def to_tag(version: str) -> str:
    """The tag of a version."""
    return f"v{version}"


def _present(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value not in (None, [], (), "")}


def _annotation(folder: DatasetFolder) -> dict[str, Any]:
    """What the responsible-AI vocabulary asks about annotators, as far as the tables tell."""
    makers = [row for row in folder.annotators.records() if row.role == "label"]
    models = [row for row in makers if row.origin is Origin.model]
    people = len(makers) - len(models)
    each = "; every sentence on every target" if all(row.complete for row in makers) else ""
    return {
        "rai:annotationsPerItem": f"{len(makers)} annotators make the labels: {len(models)} runs of a model, "
        f"{people} people{each}.",
        "rai:annotatorDemographics": None if people else "None: no person annotated.",
        "rai:machineAnnotationTools": sorted({_model(row) for row in models}),
        "rai:dataAnnotationAnalysis": overall(folder),
    }


def _model(row: Annotator) -> str:
    return " ".join(filter(None, [row.family, row.version])) or "language model, not stated"


def _files(found: Manifest) -> Iterator[tuple[str, str, SplitFile]]:
    """Table, split and file, except for empty files, from which no record set can be read."""
    for table, files in found.tables.items():
        yield from ((table, split, file) for split, file in files.items() if file.rows)


def _file(file: SplitFile, base: str | None) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": f"{base}/{file.path}" if base else file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": "application/x-parquet",
        "sha256": file.sha256,
    }


def _enumerations(found: Manifest) -> Iterator[dict[str, Any]]:
    """A record set for every closed vocabulary that a column of the tables uses."""
    kinds = {kind.__name__: kind for table in found.tables for kind in _vocabularies(TABLES[table].record)}
    for name, kind in sorted(kinds.items()):
        columns = {"number": int, "name": str} if issubclass(kind, IntEnum) else {"name": str}
        yield {
            "@type": "cr:RecordSet",
            "@id": name,
            "name": name,
            "description": kind.__doc__,
            "dataType": "sc:Enumeration",
            "key": {"@id": f"{name}/name"},
            "field": [
                {"@type": "cr:Field", "@id": f"{name}/{column}", "name": column, "dataType": TYPES[of]}
                for column, of in columns.items()
            ],
            "data": [
                {f"{name}/{column}": member.value if column == "number" else member.name for column in columns}
                for member in kind
            ],
        }


def _vocabularies(record: type[Record]) -> Iterator[type[Enum]]:
    for info in record.model_fields.values():
        kind = _inner(info.annotation)
        if issubclass(kind, Record):
            yield from _vocabularies(kind)
        elif issubclass(kind, Enum):
            yield kind


def _record_set(table: str, split: str, file: SplitFile) -> dict[str, Any]:
    """A split of a table; each split has its own record set, so that it can be loaded without the others."""
    record, _, key = TABLES[table]
    name = f"{table}/{split}"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"One row is: {record.__doc__} Split {split} of the table {table}, {file.rows} rows.",
        "key": [{"@id": f"{name}/{column}"} for column in key],
        "field": [_field(f"{name}/{column}", column, record, file) for column in record.model_fields],
    }


def _field(place: str, column: str, record: type[Record], file: SplitFile) -> dict[str, Any]:
    """A column: a value, a list of values, or a list of records with their own fields."""
    info = record.model_fields[column]
    item = item_type(plain_type(info.annotation))
    source = {"fileObject": {"@id": file.path}, "extract": {"column": column}}
    field: dict[str, Any] = {"@type": "cr:Field", "@id": place, "name": column, "description": info.description}
    field |= {"isArray": True, "arrayShape": "-1"} if item else {}
    kind = _inner(info.annotation)
    if issubclass(kind, Record):
        return field | {"subField": [_part(place, name, kind, source) for name in kind.model_fields]}
    return field | {"dataType": _type(kind), "source": source}


def _part(place: str, name: str, record: type[Record], source: dict[str, Any]) -> dict[str, Any]:
    """A field of the records in a list."""
    info = record.model_fields[name]
    return {
        "@type": "cr:Field",
        "@id": f"{place}/{name}",
        "name": name,
        "description": info.description,
        "dataType": _type(_inner(info.annotation)),
        "source": source | {"transform": {"jsonPath": f"$.{name}"}},
    }


def _inner(annotation: Any) -> type:
    """The type of a column's values, or of their items if they are lists."""
    kind = plain_type(annotation)
    return plain_type(item) if (item := item_type(kind)) else kind


def _type(kind: type) -> str:
    return next(name for python, name in TYPES.items() if issubclass(kind, python))
