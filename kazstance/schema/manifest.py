"""The manifest of a built dataset: what it holds, whence, and how to tell that it is whole."""

from pydantic import BaseModel, ConfigDict

from kazstance.schema.publication import Publication
from kazstance.schema.records import Count, Name


class ManifestPart(BaseModel):
    """Base of the manifest's parts: frozen and without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SplitFile(ManifestPart):
    """One Parquet file: a table's split."""

    path: str
    """Its place below the dataset's folder."""
    rows: Count
    """Number of rows."""
    digest: str
    """Digest of the canonical rows: the identity of the data."""
    bytes: Count
    """Size of the file."""
    sha256: str
    """Digest of the file as it was written."""


class Fold(ManifestPart):
    """One fold of a protocol: test rows have both their source and their target below; null means all.

    A training row of a fold has neither a source nor a target of the fold's lists.
    """

    fold: str
    """Name of the fold."""
    test_sources: tuple[Name, ...] | None
    """Sources that are left out."""
    test_targets: tuple[Name, ...] | None
    """Targets that are left out."""


class Manifest(ManifestPart):
    """What a built dataset holds."""

    id: Name
    """Name of the dataset."""
    title: str
    """Title of the dataset."""
    version: str
    """Version of the data."""
    event: str
    """What the texts are about."""
    license: str
    """Licence of the annotations."""
    publication: Publication = Publication()
    """Who made it, when, and what a user should know before use."""
    digest: str
    """Digest over the row digests of all splits."""
    tables: dict[str, dict[str, SplitFile]]
    """Files by table and split."""
    folds: dict[str, tuple[Fold, ...]]
    """Folds by protocol; in_domain is given by the splits."""
    inputs: dict[str, str]
    """SHA-256 of every file of the corpus folder that was read."""
    tools: dict[str, str]
    """Versions of the tools that wrote the files."""
    pages: dict[str, str] = {}
    """SHA-256 of every page that was written beside the tables, by name."""
