"""The manifest of a stand-off dataset: the labels of a dataset without its texts, and how to tell that it is intact."""

from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from kazstance.errors import IntegrityError
from kazstance.output.plain_json import to_json
from kazstance.paths import StrPath
from kazstance.schema import STAND_OFF
from kazstance.schema.frozen import Frozen
from kazstance.schema.manifest import FileName, Manifest, PartName, Sha256, parse, read_manifest
from kazstance.schema.records import TABLES, Count

STAND_OFF_FORMAT: Final = 1
"""The format of the stand-off datasets that are written."""
AROUND: Final = {"text": ("sentence_id", 0), "context_before": ("sentence_id", 1), "context_after": ("sentence_id", 2)}
REPEATED: Final[dict[str, dict[str, tuple[str, int]]]] = {
    "stances": AROUND,
    "grid": {"text": ("sentence_id", 0)},
    "pairs": {"text_a": ("sentence_a", 0), "text_b": ("sentence_b", 0)},
    "probes": AROUND,
    "sentences": {"text": ("sentence_id", 0)},
}
"""The columns that repeat a text: the column with the sentence, and 0 for itself, 1 for what is before it, 2 for after.

A stand-off dataset does not have them, except those of probes, which are null where they are as in sentences.
"""
HASH: Final = "text_hash"
"""The column of sentences that a stand-off dataset has instead of their text: the beginning of its SHA-256."""


def _known_format(number: int) -> int:
    if number != STAND_OFF_FORMAT:
        raise ValueError(
            f"expected {STAND_OFF_FORMAT}; a newer version of kazstance wrote this dataset, so upgrade kazstance"
        )
    return number


class StandOffFile(Frozen):
    """One Parquet file: a table's split, without texts."""

    rows: Count
    """Number of rows."""
    bytes: Count
    """Size of the file."""
    sha256: Sha256
    """Digest of the file as it was written."""


class StandOff(Frozen):
    """What a stand-off dataset holds, and which dataset it becomes with its texts."""

    stand_off_version: Annotated[int, AfterValidator(_known_format)]
    """The format of the stand-off dataset."""
    dataset: Manifest
    """The manifest of the dataset; where its values repeat a text, they refer to it."""
    files: dict[PartName, dict[PartName, StandOffFile]]
    """Files by table and split."""
    pages: dict[FileName, Sha256] = Field(default_factory=dict)
    """SHA-256 of every page next to the tables."""

    @model_validator(mode="after")
    def _check_tables(self) -> Self:
        for table, spec in TABLES.items():
            if (found := tuple(self.files.get(table, ()))) != spec.splits:
                shown = ", ".join(found) or "missing"
                raise ValueError(f"files: {table}: {shown}; expected the splits {', '.join(spec.splits)}")
        if more := self.files.keys() - TABLES.keys():
            raise ValueError(f"files: {min(more)!r} is not a table; expected {', '.join(TABLES)}")
        return self


def is_left_out(table: str, column: str) -> bool:
    """Whether a stand-off dataset does not have a column."""
    return table != "probes" and column in REPEATED.get(table, {})


def stand_off_bytes(found: StandOff) -> bytes:
    """The bytes of the manifest of a stand-off dataset."""
    return (to_json(found.model_dump(mode="json")) + "\n").encode()


def read_stand_off(folder: StrPath) -> StandOff:
    """The manifest of a stand-off dataset.

    Raises:
        KazstanceError: it is missing or cannot be read.
        IntegrityError: it does not match the schema; the message lists the differences.
    """
    file = Path(folder) / STAND_OFF
    try:
        return parse(StandOff, read_manifest(file, "a stand-off dataset"), file)
    except IntegrityError as error:
        raise IntegrityError(str(error)) from None  # without the folder, which `kazstance verify` could not check
