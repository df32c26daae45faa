"""The folder of a saved model: its header, `model.json`, and the files of what it has learned."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from kazstance.bench.identity import Sha256
from kazstance.errors import KazstanceError
from kazstance.models.fitted import LOADERS, NAMES
from kazstance.output.folders import FolderKind, replacing
from kazstance.paths import StrPath

HEADER: Final = "model.json"


class Header(BaseModel):
    """What `model.json` says about a saved model."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    kazstance_model: int
    """The version of the format: 1."""
    version: str
    """The version of kazstance that saved it."""
    system: str
    kind: str
    labels: list[str]
    targets: dict[str, str]
    """The name of each target it was trained on, by id."""
    has_sources: bool
    has_probabilities: bool
    language: str = ""
    """The language of the rows it was trained on, as a BCP 47 tag; empty if it is not known, or there were several."""
    trained_on: dict[str, str]
    """What it was trained on, such as the digest of the dataset."""
    files: dict[str, Sha256]
    """SHA-256 of each other file of the model."""


def read_header(folder: StrPath) -> Header:
    """The header of a saved model.

    Raises:
        KazstanceError: the folder does not hold a saved model of this version.
    """
    folder = Path(folder)
    file = folder / HEADER
    try:
        header = Header.model_validate_json(file.read_bytes())
    except OSError as error:
        raise KazstanceError(f"{file}: {error.strerror}; expected the folder of a saved model") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        found = ": ".join(filter(None, [str(file), ".".join(map(str, fault["loc"])), fault["msg"]]))
        raise KazstanceError(f"{found}; expected a saved model") from None
    if header.kazstance_model != 1:
        raise KazstanceError(f"{file}: format {header.kazstance_model}, expected 1; install a newer kazstance")
    if header.kind not in LOADERS or header.system not in NAMES.get(header.kind, (header.system,)):
        raise KazstanceError(f"{file}: {header.system!r} of kind {header.kind!r}, expected a system of this version")
    if bad := [name for name in header.files if Path(name).name != name or name in ("", ".", "..", HEADER)]:
        raise KazstanceError(f"{file}: files: {bad[0]!r}, expected the name of a file next to it")
    return header


def read_files(folder: StrPath, header: Header) -> dict[str, bytes]:
    """The other files of a saved model, by name.

    Raises:
        KazstanceError: one is missing, or has changed since it was saved.
    """
    return {name: _verified(Path(folder), name, digest) for name, digest in header.files.items()}


def write_model(header: Header, files: Mapping[str, bytes], out: StrPath) -> None:
    """Write a model as a folder; a saved model there is replaced.

    Args:
        header: its header.
        files: the content of its other files, by name.
        out: the folder to write.

    Raises:
        KazstanceError: the folder holds something else.
    """
    with replacing(out, SAVED) as fresh:
        for name, content in {**files, HEADER: header.model_dump_json(indent=1).encode() + b"\n"}.items():
            (fresh / name).write_bytes(content)


def _verified(folder: Path, name: str, digest: str) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise KazstanceError(f"{folder / name}: {error.strerror}; expected a file of the model") from None
    if (came := hashlib.sha256(content).hexdigest()) != digest:
        raise KazstanceError(
            f"{folder / name}: its SHA-256 begins with {came[:12]}, expected {digest[:12]}, as {HEADER} has it; "
            "save the model again"
        )
    return content


def _listed(folder: Path) -> dict[str, str | None] | None:
    """The files of a saved model."""
    try:
        return {**read_header(folder).files, HEADER: None}
    except KazstanceError:
        return None


SAVED: Final = FolderKind("saved model", HEADER, _listed)
