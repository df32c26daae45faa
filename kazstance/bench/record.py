"""The record of a run, `run.json`: what was run, when, and the digest of each file of answers."""

from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic.dataclasses import dataclass

import kazstance
from kazstance.bench.identity import Sha256, SystemIdentity
from kazstance.errors import KazstanceError
from kazstance.input.files import read_regular
from kazstance.output.files import write_file
from kazstance.paths import StrPath

RECORD: Final = "run.json"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Run:
    """The description of a run: which system on which task."""

    system: str
    task: str
    protocol: str
    data: dict[str, str]
    """Digests of the data, by name."""
    family: str | None = None
    spelling: str = "kazstance"
    per_target: bool = False
    prompts: int = 0
    """How many prompts a language model was asked under; 0 if the predictions do not say."""

    @property
    def signature(self) -> dict[str, object]:
        """The fields that its scores print in addition to their own figures."""
        facts: dict[str, object] = {
            "task": self.task,
            "protocol": self.protocol,
            "system": self.system.replace(" ", "_"),
            **({"per_target": True} if self.per_target else {}),
            **({"prompts": self.prompts} if self.prompts else {}),
            "spelling": self.spelling,
        }
        return facts | {name: digest[:12] for name, digest in self.data.items()} | {"version": kazstance.__version__}


class Record(BaseModel):
    """The record in the folder of a run. A file of answers that it does not name is not part of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    run: Run
    """The description of the run."""
    rows: Sha256
    """Digest of the rows to predict and to train on."""
    system: SystemIdentity
    """The identity of the system, as far as digests can tell."""
    begun: AwareDatetime
    """When the run began."""
    finished: AwareDatetime | None = None
    """When the last answers were scored."""
    scores: Sha256 | None = None
    """SHA-256 of the file of scores."""
    answers: dict[str, Sha256] = {}
    """SHA-256 of each file of answers, by its path in the folder."""


class Earlier(BaseModel):
    """The record of version 0.3.0 or earlier."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    run: dict[str, str | None]
    environment: dict[str, str]


def read_record(folder: StrPath) -> Record:
    """The record of a run.

    Raises:
        KazstanceError: the folder has no record, or it is invalid; the message is one line.
    """
    file = Path(folder) / RECORD
    try:
        return Record.model_validate_json(read_regular(file))
    except OSError as error:
        raise KazstanceError(f"{file}: {error.strerror}; expected the folder of a run") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        found = ": ".join(filter(None, [str(file), where, fault["msg"]]))
        hint = "; a run of an earlier version must be run again, with --again" if is_earlier(folder) else ""
        raise KazstanceError(f"{found}; expected the folder of a run{hint}") from None


def is_earlier(folder: StrPath) -> bool:
    """Whether a folder holds a run of version 0.3.0 or earlier, which did not record what its answers depend on."""
    try:
        Earlier.model_validate_json(read_regular(Path(folder) / RECORD))
    except (OSError, ValidationError):
        return False
    return True


def write_record(record: Record, folder: StrPath) -> None:
    """Write a record, which makes the answers that it names part of the run."""
    write_file(record.model_dump_json(indent=1).encode() + b"\n", Path(folder) / RECORD)
