"""Records reject unknown fields; columns survive in datasets and Arrow."""

import hashlib

import datasets
import pyarrow as pa
import pytest
from pydantic import ValidationError

from kazstance.schema import earlier
from kazstance.schema.columns import arrow_schema, card_features, features
from kazstance.schema.digest import text_hash
from kazstance.schema.labels import Label, Position
from kazstance.schema.records import TABLES, Record, Span, Vote


def test_label_numbers_are_fixed():
    assert {label.name: label.value for label in Label} == {"against": 0, "neutral": 1, "favor": 2, "none": 3}
    assert [position.name for position in Position][:3] == [label.name for label in Label][:3]


def test_records_are_frozen_and_closed():
    span = Span(start=1, end=2)
    with pytest.raises(ValidationError, match="frozen"):
        span.start = 3
    with pytest.raises(ValidationError, match="extra"):
        Span(start=1, end=2, middle=1)
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Span(start=-1, end=2)


def test_name_and_number_of_a_label_agree():
    assert Vote(annotator_id="a", label=2, label_name="favor").label is Label.favor
    with pytest.raises(ValidationError, match="label is 2, favor, but label_name is against"):
        Vote(annotator_id="a", label=2, label_name="against")


WRONG_NAMES = [
    "a/b",
    "",
    "../x",
    "a b",
    "a:b",
    ".a",
    "a.",
    "CON",
    "nul.txt",
    "a\u0308",
    "x" * 101,
    "ж" * 51,
    "a\n",
    "a\u200b",
]


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_names_keep_to_their_grammar(name):
    with pytest.raises(ValidationError, match="annotator_id"):
        Vote(annotator_id=name, label=Label.none, label_name="none")


@pytest.mark.parametrize(
    "name", ["NYT", "cdu-csu", "1984", "Q42", "партия", "सरकार", "政府", "x" * 100, "ж" * 50, "a.b", "_", "-"]
)
def test_names_of_any_script_are_names(name):
    assert Vote(annotator_id=name, label=Label.none, label_name="none").annotator_id == name


@pytest.mark.parametrize("table", TABLES)
def test_every_field_is_documented(table):
    for name, info in TABLES[table].record.model_fields.items():
        assert info.description, name
        assert info.description.endswith("."), name


@pytest.mark.parametrize("table", TABLES)
def test_label_columns_have_their_names_beside_them(table):
    spelled = features(TABLES[table].record)
    labels = [
        name for name, feature in spelled.items() if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    ]
    schema = arrow_schema(TABLES[table].record)
    for name in labels:
        assert schema.field(name).type == pa.int64()
        assert schema.field(f"{name}_name").type == pa.string()


@pytest.mark.parametrize("table", TABLES)
def test_datasets_reads_the_features_from_schema_and_card_alike(table):
    record = TABLES[table].record
    from_schema = datasets.Features.from_arrow_schema(arrow_schema(record))
    from_card = datasets.Features._from_yaml_list(card_features(record))
    assert from_schema == from_card
    assert from_schema.arrow_schema.remove_metadata() == arrow_schema(record).remove_metadata()
    assert all(
        isinstance(from_schema[name], datasets.ClassLabel) for name in from_schema if f"{name}_name" in from_schema
    )


def test_the_digest_of_rows_in_format_1_is_what_it_says():
    rows = pa.table({"b": [1, None], "a": ["ä", None]})
    spelled = '{"a":"ä","b":1}\n{"a":null,"b":null}\n'
    assert earlier.row_digest(rows) == hashlib.sha256(spelled.encode()).hexdigest()


def test_text_hash_is_short_and_of_the_text():
    assert text_hash("The Old Mole") == hashlib.sha256(b"The Old Mole").hexdigest()[:12]
    assert text_hash("a") != text_hash("a ")


def test_nested_records_name_their_labels():
    class Outer(Record):
        """A record with votes."""

        votes: tuple[Vote, ...]

    row = Outer(votes=(Vote(annotator_id="a", label=Label.none, label_name="none"),)).model_dump(mode="json")
    assert row == {"votes": [{"annotator_id": "a", "label": 3, "label_name": "none"}]}
