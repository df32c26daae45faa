"""The manifest of a built dataset: what it holds, where that came from, and how to tell that it is intact."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from kazstance.errors import IntegrityError, KazstanceError, Problem
from kazstance.output.plain_json import to_json
from kazstance.paths import StrPath
from kazstance.schema import MANIFEST, STAND_OFF
from kazstance.schema.canary import canary
from kazstance.schema.frozen import Frozen
from kazstance.schema.ids import DEVICES, Name
from kazstance.schema.labels import Deciding, Scheme
from kazstance.schema.publication import Publication
from kazstance.schema.records import TABLES, Count

FORMAT: Final = 2
"""The format of the manifests that are written; format 1, written up to 0.3.0, has no pages and no digest of itself,
and tables as in `kazstance.schema.earlier`."""
MAX_BYTES: Final = 64 * 2**20
SHOWN: Final = 20
M = TypeVar("M", bound=Frozen)


def _not_a_device(name: str) -> str:
    if name.lower().split(".")[0] in DEVICES:
        raise ValueError("Windows reserves this name for a device")
    return name


def _known_format(number: int) -> int:
    if not 1 <= number <= FORMAT:
        raise ValueError(
            f"expected 1 to {FORMAT}; a newer version of kazstance wrote this dataset, so upgrade kazstance"
        )
    return number


PartName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$"), AfterValidator(_not_a_device)]
"""The name of a table, split or protocol: never a path."""
PageName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$", max_length=100)]
FileName = Annotated[PageName, AfterValidator(_not_a_device)]
"""The name of a page, which is a file directly in the dataset's folder."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SplitFile(Frozen):
    """One Parquet file: a table's split."""

    path: str
    """Its path relative to the dataset's folder: table/split.parquet."""
    rows: Count
    """Number of rows."""
    digest: Sha256
    """Digest of the canonical rows: the identity of the data."""
    bytes: Count
    """Size of the file."""
    sha256: Sha256
    """Digest of the file as it was written."""


class Round(Frozen):
    """A round of annotation."""

    number: Annotated[int, Field(ge=1)]
    """Its number, counted from 1."""
    date: str | None
    """When it began: YYYY, YYYY-MM or YYYY-MM-DD."""
    codebook_sha256: Sha256 | None
    """SHA-256 of the codebook that its annotators followed."""


class MappedLabel(Frozen):
    """A label of another scheme, and what became of it."""

    original: str
    """The label in the annotators' own scheme."""
    label: str
    """The name of the label that it was mapped to."""
    judgements: Count
    """The number of judgements with it."""


class Dropped(Frozen):
    """Rows of a table that are not in the dataset, and why."""

    reason: str
    """Why they were left out."""
    rows: Count
    """The number of rows."""


class Imported(Frozen):
    """How an annotated table became a dataset, and what was lost; `mapped_labels` has what became of its labels."""

    table: str
    """The name of the file or of the kind of object that held the rows."""
    recipe: str | None = None
    """The recipe by which it was read."""
    rows: Count
    """The number of rows of the table."""
    kept: Count
    """Rows with at least one judgement in the dataset; the others are in `dropped`."""
    judgements: Count
    """The number of judgements that the rows gave."""
    dropped: tuple[Dropped, ...] = ()
    """The other rows, by the reason why they were left out."""
    notes: tuple[str, ...] = ()
    """What else is not as it was in the table."""

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        if self.rows != (out := self.kept + sum(one.rows for one in self.dropped)):
            raise ValueError(f"rows is {self.rows}, but {out} rows were kept or dropped")
        return self


class PeoplesSample(Frozen):
    """Pairs that a model labelled and that were drawn at random for a person, on one sheet."""

    sheet: str
    """The id of the sheet."""
    model: Name
    """The annotator whose labels define the strata."""
    annotator: Name
    """The person who judged."""
    round: Annotated[int, Field(ge=1)]
    """The round in which the person did; what the same person judged in other rounds is not of the sample."""
    sources: tuple[Name, ...] = ()
    """The sources that it was drawn from; empty if from all."""
    targets: tuple[Name, ...] = ()
    """The targets that it was drawn from; empty if from all."""
    frozen: str
    """A digest of what the labels of the model depended on when the sample was drawn: prompt, codebook and others."""
    current: str
    """The same when the dataset was built; if it differs, the sample says nothing about the labels."""
    pairs: Count
    """The number of pairs on the sheet."""
    asked: str
    """A digest of all pairs that the person was asked in this round, on this and other sheets."""
    strata: dict[str, dict[str, Count]]
    """Pairs by source and label of the model when the sample was drawn."""


class Fold(Frozen):
    """One fold of a protocol: test rows have a listed source and a listed target; null means all.

    A training row of a fold has neither a source nor a target of the fold's lists.
    """

    fold: Annotated[str, Field(pattern=r"^[\p{L}\p{M}\p{N}_.+-]+(/[0-9]{1,19})?$", max_length=400)]
    """Name of the fold."""
    test_sources: tuple[Name, ...] | None
    """Sources that are left out."""
    test_targets: tuple[Name, ...] | None
    """Targets that are left out."""


class Manifest(Frozen):
    """What a built dataset holds."""

    format_version: Annotated[int, AfterValidator(_known_format)] = 1
    """The format of the manifest; 1 where the manifest does not state it."""
    id: Name
    """Name of the dataset."""
    title: str
    """Title of the dataset."""
    version: Annotated[str, Field(pattern=r"^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$")]
    """Version of the data."""
    event: str
    """What the texts are about."""
    license: str
    """Licence of the annotations."""
    deciding: Deciding = Deciding.majority
    """How votes decide if there is no adjudication."""
    scheme: Scheme = Field(default=Scheme.multi, exclude_if=lambda scheme: scheme is Scheme.multi)
    """How targets were judged; omitted if each was judged for itself."""
    publication: Publication = Publication()
    """Who made it, when, and what a user should know before use."""
    canary: str = ""
    """The line by which rows of the dataset can be told in training data; empty in format 1."""
    digest: Sha256
    """Digest over the row digests of all splits."""
    tables: dict[PartName, dict[PartName, SplitFile]]
    """Files by table and split."""
    rounds: tuple[Round, ...] = ()
    """The rounds of annotation, where a corpus declares them."""
    mapped_labels: tuple[MappedLabel, ...] = ()
    """Labels of another scheme; where several have the same label, their difference is lost except in `original`."""
    imported: tuple[Imported, ...] = Field(default=(), exclude_if=lambda found: not found)
    """The tables that the dataset was made from; omitted if it was made from texts."""
    samples: tuple[PeoplesSample, ...] = Field(default=(), exclude_if=lambda found: not found)
    """Random samples of a model's labels that people judged; omitted if there are none."""
    folds: dict[PartName, tuple[Fold, ...]]
    """Folds by protocol; in_domain is given by the splits."""
    inputs: dict[str, Sha256]
    """SHA-256 of every file of the corpus folder that was read."""
    tools: dict[str, str]
    """Versions of the tools that wrote the files."""
    pages: dict[FileName, Sha256] = Field(default_factory=dict)
    """SHA-256 of every page that was written next to the tables: card, licences, metadata."""
    manifest_sha256: Sha256 | None = None
    """SHA-256 of the manifest as it would be written without this field; null in format 1."""

    @property
    def n_rows(self) -> int:
        """Number of rows of all tables."""
        return sum(file.rows for files in self.tables.values() for file in files.values())

    @model_validator(mode="after")
    def _check_paths(self) -> Self:
        for table, files in self.tables.items():
            for split, file in files.items():
                if file.path != f"{table}/{split}.parquet":
                    raise ValueError(f"{table} {split}: path is {file.path!r}, expected '{table}/{split}.parquet'")
        return self

    @model_validator(mode="after")
    def _check_format(self) -> Self:
        is_old = self.format_version == 1
        if is_old != (self.manifest_sha256 is None) or (is_old and self.pages):
            raise ValueError(f"pages and manifest_sha256 are not allowed with format_version {self.format_version}")
        if MANIFEST in self.pages:
            raise ValueError(f"pages: {MANIFEST} is not a page")
        return self


def sign(manifest: Manifest, pages: Mapping[str, bytes] | None = None) -> Manifest:
    """A manifest in the current format with the digests of its pages (by default those it has) and of itself."""
    digests = manifest.pages if pages is None else {name: sha256(pages[name]).hexdigest() for name in sorted(pages)}
    signed = {"format_version": FORMAT, "pages": digests, "canary": canary(manifest.id)}
    changed = manifest.model_copy(update=signed)
    return changed.model_copy(update={"manifest_sha256": self_digest(changed)})


def self_digest(manifest: Manifest) -> str:
    """SHA-256 of a manifest as it would be written without `manifest_sha256`."""
    content = manifest.model_dump(mode="json", exclude={"manifest_sha256"})
    return sha256(_text(content)).hexdigest()


def data_digest(tables: Mapping[str, Mapping[str, SplitFile]]) -> str:
    """SHA-256 over the row digests of all splits, in the order of the tables and their splits."""
    files = (tables[table][split] for table, spec in TABLES.items() if table in tables for split in spec.splits)
    return sha256("".join(file.digest for file in files).encode()).hexdigest()


def to_bytes(manifest: Manifest) -> bytes:
    """The bytes of a manifest in their only valid form, so that any other byte is a change."""
    return _text(manifest.model_dump(mode="json"))


def _text(content: Mapping[str, object]) -> bytes:
    return (to_json(content) + "\n").encode()


def manifest_bytes(folder: StrPath) -> bytes:
    """The bytes of the manifest of a dataset.

    Raises:
        KazstanceError: it is missing or cannot be read.
        IntegrityError: it is far too large to be a manifest.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).exists() and (folder / STAND_OFF).exists():
        raise KazstanceError(
            f"{folder} is a stand-off dataset, which has no texts; run `kazstance rehydrate FOLDER --texts TEXTS "
            "--out DIR` to join it with your copy of the texts, and open DIR"
        )
    return read_manifest(folder / MANIFEST, "a built dataset")


def read_manifest(file: StrPath, expected: str) -> bytes:
    """The bytes of a manifest of any kind; `expected` is what its folder should be.

    Raises:
        KazstanceError: it is missing or cannot be read.
        IntegrityError: it is far too large to be a manifest.
    """
    file = Path(file)
    folder = file.parent
    try:
        if file.exists() and not file.is_file():
            raise KazstanceError(f"{file} is not a file; expected {expected}")
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise IntegrityError(f"{file}: {size} bytes, expected at most {MAX_BYTES}", folder)
        return file.read_bytes()
    except FileNotFoundError:
        raise KazstanceError(f"{file} is missing; expected {expected}") from None
    except NotADirectoryError:
        raise KazstanceError(f"{folder} is not a folder; expected {expected}") from None
    except OSError as error:
        raise KazstanceError(f"{file}: {error.strerror}; expected {expected}") from None


def parse_manifest(content: bytes, file: StrPath) -> Manifest:
    """A manifest from its bytes; `file` is named in errors.

    Raises:
        IntegrityError: it does not match the schema; the message lists the differences.
    """
    return parse(Manifest, content, file)


def parse(kind: type[M], content: bytes, file: StrPath) -> M:
    """A manifest of any kind from its bytes.

    Args:
        kind: the kind of manifest.
        content: its bytes.
        file: the file, which is named in errors.

    Raises:
        IntegrityError: it does not match the schema; the message lists the differences.
    """
    file = Path(file)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise IntegrityError("\n".join(_faults(error, file)), file.parent) from None


def _faults(error: ValidationError, file: Path) -> Iterable[str]:
    """What is wrong with a manifest, one line per fault."""
    faults = error.errors(include_url=False)
    for fault in faults[:SHOWN]:
        field = ".".join(_shown(part) for part in fault["loc"]) or None
        expected = "; expected JSON" if fault["type"] == "json_invalid" else ""
        found = "" if fault["type"] in ("missing", "json_invalid") or not field else f"{_shown(fault['input'])}: "
        yield str(Problem(str(file), None, field, found + fault["msg"].removeprefix("Value error, ") + expected))
    if len(faults) > SHOWN:
        yield f"{file}: and {len(faults) - SHOWN} more"


def _shown(value: object) -> str:
    """A value as Python writes it, shortened; a plain name without quotation marks."""
    text = value if isinstance(value, str) and value.isidentifier() else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"  # noqa: PLR2004  # columns
