"""What makes two runs the same run: who answers, which rows are asked in which folds, and the versions of packages."""

import hashlib
import platform
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

import kazstance
from kazstance.bench.code_digest import code_of
from kazstance.bench.protocols import TrainTest
from kazstance.bench.state_digest import state_of
from kazstance.bench.tasks import Item, Task

PACKAGES: Final = ("numpy", "pyarrow", "narwhals", "scikit-learn", "tokenizers", "torch", "transformers")
"""What a system may depend on without importing it itself, where it is installed."""
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class SystemIdentity(BaseModel):
    """Digests of all that a system's answers follow from; `unseen` says what they cannot cover."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    code: dict[str, Sha256] = {}
    """SHA-256 of the source of each module that it consists of."""
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
        environment={**_environment(), **code.versions},
        unseen=(*code.unseen, *state.unseen),
    )


def identity_of_model(folder: Path, settings: Mapping[str, object]) -> SystemIdentity:
    """The identity of a checkpoint: the bytes of all files in its folder, and the settings it is used with."""
    files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
    state = {f"file {name}": file_digest(file) for name, file in files.items()}
    state |= {f"setting {name}": _text_digest(str(value)) for name, value in settings.items()}
    code = code_of(["kazstance.models.local_models"])
    return SystemIdentity(code=dict(code.modules), state=state, environment={**_environment(), **code.versions})


def identity_of_predictions(file: Path) -> SystemIdentity:
    """The identity of a file of predictions: its bytes."""
    return SystemIdentity(state={"file of predictions": file_digest(file)}, environment=_versions(()))


def file_digest(file: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def rows_digest(task: Task, parts: Sequence[TrainTest], probes: Iterable[object]) -> str:
    """SHA-256 over a task, the rows of all folds with all that a system sees of them, and the items of probes."""
    digest = hashlib.sha256(repr(task).encode())
    lines: dict[str, bytes] = {}
    for part in parts:
        digest.update(f"\nfold {part.name}\n".encode())
        for rows in (part.train, part.test):
            for row in rows:
                if row.item_id not in lines:
                    lines[row.item_id] = _line(row)
            digest.update(b"\n".join(lines[row.item_id] for row in rows) + b"\n\n")
    for probe in probes:
        digest.update(repr(probe).encode())
    return digest.hexdigest()


def _line(row: Item) -> bytes:
    return "\x1f".join(vars(row).values()).encode(errors="surrogatepass")


def _text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _environment() -> dict[str, str]:
    return _versions(PACKAGES)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {"python": platform.python_version(), "kazstance": kazstance.__version__}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
