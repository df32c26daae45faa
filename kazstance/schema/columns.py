"""Records as columns: the Arrow schema of a table, and its features as `datasets` writes them."""

import json
from enum import IntEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import pyarrow as pa

from kazstance.schema.records import Record

SCALARS = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}


def arrow_schema(record: type[Record]) -> pa.Schema:
    """The columns of a table, with its features under the metadata key `huggingface`.

    All columns are nullable and label columns int64, since `datasets` drops the features of other columns.
    """
    fields = [pa.field(name, _arrow(info.annotation)) for name, info in record.model_fields.items()]
    metadata = {"huggingface": json.dumps({"info": {"features": features(record)}})}
    return pa.schema(fields, metadata=metadata)


def features(record: type[Record]) -> dict[str, Any]:
    """The features of a table, spelled so that old and new versions of `datasets` read them alike."""
    return {name: _feature(info.annotation) for name, info in record.model_fields.items()}


def card_features(record: type[Record]) -> list[dict[str, Any]]:
    """The features of a table, spelled for the front matter of a dataset card."""
    return [_card(name, feature) for name, feature in features(record).items()]


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


def _feature(annotation: Any) -> Any:
    kind = plain_type(annotation)
    if item := item_type(kind):
        inner = _feature(item)
        return [inner] if issubclass(item, Record) else {"feature": inner, "_type": "Sequence"}
    if issubclass(kind, Record):
        return features(kind)
    if issubclass(kind, IntEnum):
        return {"names": [member.name for member in kind], "_type": "ClassLabel"}
    return {"dtype": str(_scalar(kind)).replace("double", "float64"), "_type": "Value"}


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
