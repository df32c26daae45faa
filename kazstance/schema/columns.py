"""Records as columns: the Arrow schema of a table, and its features as `datasets` writes them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import pyarrow as pa

from kazstance.schema.labels import Among
from kazstance.schema.records import Record

SCALARS = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}


def arrow_schema(record: type[Record], attributes: Mapping[str, pa.DataType] | None = None) -> pa.Schema:
    """The columns of a table, with its features under the metadata key `huggingface`; attributes come last.

    All columns are nullable and label columns int64, since `datasets` drops the features of other columns.
    """
    fields = [pa.field(name, _arrow(info.annotation)) for name, info in record.model_fields.items()]
    added = [pa.field(name, kind) for name, kind in (attributes or {}).items()]
    described = features(record) | {field.name: _value(field.type) for field in added}
    return pa.schema([*fields, *added], metadata={"huggingface": json.dumps({"info": {"features": described}})})


def to_arrow(
    record: type[Record], rows: Sequence[Record], attributes: Mapping[str, pa.DataType] | None = None
) -> pa.Table:
    """Records as an Arrow table, column by column.

    Args:
        record: the type of the records.
        rows: the records.
        attributes: further columns and their types.
    """
    schema = arrow_schema(record, attributes)
    columns = [pa.array(_column(record, rows, field.name), field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(record: type[Record], rows: Iterable[Record], name: str) -> list[Any]:
    """The values of a column; records in it as dictionaries."""
    values = [getattr(row, name, None) for row in rows]
    if name in record.model_fields and item_type(plain_type(record.model_fields[name].annotation)):
        return [found and [dict(item) for item in found] for found in values]
    return values


def attribute_types(record: type[Record], schema: pa.Schema) -> dict[str, pa.DataType]:
    """The columns of a schema that are attributes: those that the record does not define, if it allows others."""
    if record.model_config.get("extra") != "allow":
        return {}
    return {f.name: f.type for f in schema if f.name not in record.model_fields and f.type in SCALARS.values()}


def attribute_type(values: Iterable[Any]) -> pa.DataType:
    """The type of an attribute's column: the type that its values have in common, otherwise text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return pa.float64()
    return SCALARS.get(kinds.pop(), pa.string()) if len(kinds) == 1 else pa.string()


def features(record: type[Record]) -> dict[str, Any]:
    """The features of a table, spelled so that old and new versions of `datasets` read them alike."""
    return {name: _feature(info.annotation, info.metadata) for name, info in record.model_fields.items()}


def card_features(record: type[Record], attributes: Mapping[str, pa.DataType] | None = None) -> list[dict[str, Any]]:
    """The features of a table, spelled for the front matter of a dataset card."""
    described = features(record) | {name: _value(kind) for name, kind in (attributes or {}).items()}
    return [_card(name, feature) for name, feature in described.items()]


def plain_type(annotation: Any) -> type:
    """The type inside an optional one."""
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (arg for arg in get_args(annotation) if arg is not NoneType)
    found: type = annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation
    return found


def item_type(annotation: Any) -> type | None:
    """The type of the items of a tuple, or None if the type is not a tuple."""
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None


def _scalar(kind: type) -> pa.DataType:
    return next(arrow for python, arrow in SCALARS.items() if issubclass(kind, python))


def _arrow(annotation: Any) -> pa.DataType:
    kind = plain_type(annotation)
    if item := item_type(kind):
        return pa.list_(_arrow(item))
    if issubclass(kind, Record):
        return pa.struct([pa.field(name, _arrow(info.annotation)) for name, info in kind.model_fields.items()])
    return _scalar(kind)


def _feature(annotation: Any, metadata: Sequence[Any] = ()) -> Any:
    kind = plain_type(annotation)
    if item := item_type(kind):
        inner = _feature(item)
        return [inner] if issubclass(item, Record) else {"feature": inner, "_type": "Sequence"}
    if issubclass(kind, Record):
        return features(kind)
    if issubclass(kind, IntEnum):
        among = next((given.members for given in metadata if isinstance(given, Among)), tuple(kind))
        return {"names": [member.name for member in among], "_type": "ClassLabel"}
    return _value(_scalar(kind))


def _value(kind: pa.DataType) -> dict[str, str]:
    return {"dtype": str(kind).replace("double", "float64"), "_type": "Value"}


def _card(name: str, feature: Any) -> dict[str, Any]:
    if isinstance(feature, list):
        return {"name": name, "list": [_card(key, inner) for key, inner in feature[0].items()]}
    if feature["_type"] == "Sequence":
        return {"name": name, "list": feature["feature"]["dtype"]}
    if feature["_type"] == "ClassLabel":
        names = {str(number): label for number, label in enumerate(feature["names"])}
        return {"name": name, "dtype": {"class_label": {"names": names}}}
    return {"name": name, "dtype": feature["dtype"]}


def label_names(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    """The names of the labels of each label column, by number, as the metadata of a Parquet file gives them."""
    metadata = (schema.metadata or {}).get(b"huggingface")
    described = json.loads(metadata)["info"]["features"] if metadata else {}
    return {
        column: tuple(feature["names"])
        for column, feature in described.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }
