"""What makes two systems the same: their code, their parameters, and the versions of packages."""

import hashlib
import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

import kazstance
from kazstance.bench.code_digest import code_of
from kazstance.bench.state_digest import state_of
from kazstance.paths import StrPath

PACKAGES: Final = ("numpy", "pyarrow", "narwhals", "scikit-learn", "tokenizers", "torch", "transformers")
"""Packages that a system may depend on without importing them itself, if installed."""
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class SystemIdentity(BaseModel):
    """Digests of everything that a system's answers depend on; `unseen` names what they cannot cover."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    code: dict[str, Sha256] = {}
    """SHA-256 of the source of each of its modules."""
    state: dict[str, Sha256] = {}
    """Digests of its parameters, attributes and the globals it uses; of the files of a model or of predictions."""
    environment: dict[str, str] = {}
    """Versions of Python and of the packages that it may depend on."""
    unseen: tuple[str, ...] = ()
    """Modules and values that no digest covers."""


def identity_of_object(found: Any, module: str) -> SystemIdentity:
    """The identity of a function or object that was found in a module."""
    state = state_of(found)
    code = code_of([module], state.modules)
    return SystemIdentity(
        code=dict(code.modules),
        state=dict(state.parts),
        environment={**versions(), **code.versions},
        unseen=(*code.unseen, *state.unseen),
    )


def identity_of_model(folder: StrPath, settings: Mapping[str, object], module: str) -> SystemIdentity:
    """The identity of a checkpoint: the bytes of its files, the settings it is used with, and the module it runs in.

    Args:
        folder: the checkpoint.
        settings: the settings, by name.
        module: the dotted name of the module.
    """
    folder = Path(folder)
    files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
    state = {f"file {name}": file_digest(file) for name, file in files.items()}
    state |= {f"setting {name}": _text_digest(str(value)) for name, value in settings.items()}
    code = code_of([module])
    return SystemIdentity(code=dict(code.modules), state=state, environment={**versions(), **code.versions})


def identity_of_predictions(what: str, digest: str) -> SystemIdentity:
    """The identity of predictions made elsewhere: the digest of their file or rows, by its name."""
    return SystemIdentity(state={what: digest}, environment=_versions(()))


def file_digest(file: StrPath) -> str:
    """The SHA-256 of a file's bytes."""
    with Path(file).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def versions() -> dict[str, str]:
    """The versions of Python, of this package, and of packages that a system may depend on without importing them."""
    return _versions(PACKAGES)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {"python": platform.python_version(), "kazstance": kazstance.__version__}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
