"""Publish a staged dataset on a Hub: plan what would change there, and change it in one commit and tag."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.tqdm import disable_progress_bars

from kazstance.errors import HubError
from kazstance.paths import StrPath
from kazstance.publish.croissant import to_tag

KIND: Final = "dataset"
BRANCH: Final = "main"
KEPT: Final = frozenset({".gitattributes"})
"""Files that the Hub maintains itself, which are left alone."""
TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""What may follow `Bearer` in a request (RFC 6750, b64token)."""
SHOWN: Final = 5
FAILURES: Final[tuple[type[Exception], ...]] = (
    *(kind for kind in HfHubHTTPError.__bases__ if issubclass(kind, Exception)),
    OSError,
    RuntimeError,
    ValueError,
)
"""What a request may raise; the bases include the error of whichever HTTP library huggingface_hub uses."""


class Action(StrEnum):
    """What happens to a file."""

    added = "+"
    changed = "~"
    removed = "-"


@dataclass(frozen=True)
class FileChange:
    """A file that differs from the one on the Hub; the size is the new one, or the old one if it is removed."""

    kind: Action
    path: str
    bytes: int


@dataclass(frozen=True)
class UploadPlan:
    """What publishing a folder would do; `head` is the parent commit, None if there is no repository yet."""

    repo_id: str
    folder: Path
    tag: str
    head: str | None
    changes: tuple[FileChange, ...]
    is_tagged: bool

    @property
    def is_done(self) -> bool:
        """Whether everything is already published."""
        return self.is_tagged and not self.changes


@dataclass(frozen=True)
class Hub:
    """A Hub, and whether there is a token for it."""

    api: HfApi
    has_token: bool

    def home(self, repo_id: str) -> str:
        """The address of a repository."""
        return f"{self.api.endpoint}/{KIND}s/{repo_id}"


def connect(token: str | None = None, endpoint: str | None = None) -> Hub:
    """The Hub at an address, by default the one in HF_ENDPOINT, else huggingface.co; nothing is sent yet.

    Raises:
        HubError: the token, or the one that huggingface_hub knows, is malformed, or the address contains a password.
    """
    disable_progress_bars()
    known = token or _known_token()
    if known:
        _check_token(known, "--token-file" if token else "HF_TOKEN, or the token that `hf` has stored")
    api = HfApi(endpoint, token=known or None)
    if "@" in api.endpoint:
        raise HubError(
            "HF_ENDPOINT: the address has a user name or password, which would be printed; expected one without them"
        )
    return Hub(api, bool(known))


def read_token(file: StrPath) -> str:
    """The token in a file; no message contains any part of it.

    Raises:
        HubError: the file cannot be read, or does not hold exactly one token.
    """
    file = Path(file)
    try:
        token = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError, ValueError):
        token = ""
    if not token:
        raise HubError(f"{file}: cannot be read as UTF-8 or is empty; expected a file with a token")
    _check_token(token, str(file))
    return token


def _known_token() -> str | None:
    """The token that huggingface_hub knows, from HF_TOKEN or its own file."""
    try:
        return get_token()
    except (OSError, UnicodeDecodeError):
        raise HubError("the token that `hf` has stored cannot be read; run `hf auth login` again") from None


def _check_token(token: str, place: str) -> None:
    if not TOKEN.fullmatch(token):
        raise HubError(
            f"{place}: spaces, line ends or other characters that a token cannot contain; expected one token, such as "
            "hf_ followed by letters and digits"
        )


def plan(hub: Hub, folder: StrPath, repo_id: str, version: str) -> UploadPlan:
    """Compare a staged folder with a repository, by the hashes of their files; nothing is uploaded.

    Args:
        hub: the Hub.
        folder: the staged folder.
        repo_id: the repository, as ORG/NAME.
        version: the version of the dataset; the tag is `v` followed by the version.

    Raises:
        HubError: the Hub cannot be reached or refuses, or the tag of the version already points to other content.
    """
    folder = Path(folder)
    tag = to_tag(version)
    with _told(hub, repo_id):
        try:
            refs = hub.api.list_repo_refs(repo_id, repo_type=KIND)
        except RepositoryNotFoundError:
            return UploadPlan(repo_id, folder, tag, None, _changes(folder, {}), is_tagged=False)
        head = next((ref.target_commit for ref in refs.branches if ref.name == BRANCH), None)
        changes = _changes(folder, _there(hub, repo_id, head) if head else {})
        tagged = next((ref.target_commit for ref in refs.tags if ref.name == tag), None)
        if tagged:
            _check_tag(repo_id, tag, _changes(folder, _there(hub, repo_id, tagged)))
    return UploadPlan(repo_id, folder, tag, head, changes, is_tagged=tagged is not None)


def upload(hub: Hub, todo: UploadPlan, *, private: bool = False) -> str:
    """Carry out a plan: at most one commit, then the tag. Files from an interrupted upload are not sent again.

    Args:
        hub: the Hub, with a token.
        todo: the result of `plan`.
        private: whether to make a new repository private.

    Returns:
        The commit that holds the dataset.

    Raises:
        HubError: the Hub cannot be reached or refuses, or there is no token.
    """
    if not hub.has_token:
        raise HubError(f"{todo.repo_id}: no token; set HF_TOKEN, run `hf auth login`, or pass --token-file")
    with _told(hub, todo.repo_id):
        if todo.head is None:
            hub.api.create_repo(todo.repo_id, repo_type=KIND, private=private, exist_ok=True)
        commit = _commit(hub, todo) if todo.changes else str(todo.head)
        if not todo.is_tagged:
            hub.api.create_tag(todo.repo_id, tag=todo.tag, revision=commit, repo_type=KIND)
    return commit


def _commit(hub: Hub, todo: UploadPlan) -> str:
    removed = [change.path for change in todo.changes if change.kind is Action.removed]
    sent = [change.path for change in todo.changes if change.kind is not Action.removed]
    done = hub.api.create_commit(
        todo.repo_id,
        [
            *(CommitOperationAdd(path, todo.folder / path) for path in sent),
            *(CommitOperationDelete(path) for path in removed),
        ],
        commit_message=f"Publish {todo.tag}",
        repo_type=KIND,
        parent_commit=todo.head,
    )
    return str(done.oid)


def _there(hub: Hub, repo_id: str, revision: str) -> dict[str, RepoFile]:
    tree = hub.api.list_repo_tree(repo_id, recursive=True, revision=revision, repo_type=KIND)
    return {file.path: file for file in tree if isinstance(file, RepoFile)}


def _changes(folder: Path, there: Mapping[str, RepoFile]) -> tuple[FileChange, ...]:
    """The files that differ, by path."""
    here = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    new = [FileChange(Action.added, path, here[path].stat().st_size) for path in here.keys() - there.keys()]
    old = [FileChange(Action.removed, path, there[path].size) for path in there.keys() - here.keys() - KEPT]
    other = [
        FileChange(Action.changed, path, here[path].stat().st_size)
        for path in here.keys() & there.keys()
        if not _is_same(here[path].read_bytes(), there[path])
    ]
    return tuple(sorted([*new, *old, *other], key=lambda change: change.path))


def _is_same(content: bytes, there: RepoFile) -> bool:
    """Whether a file equals one on the Hub: by SHA-256 for large files, by Git's own hash for others."""
    if there.lfs:
        return hashlib.sha256(content).hexdigest() == there.lfs.sha256
    blob = b"blob %d\0" % len(content) + content
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest() == there.blob_id


def _check_tag(repo_id: str, tag: str, changes: tuple[FileChange, ...]) -> None:
    if changes:
        named = ", ".join(change.path for change in changes[:SHOWN]) + (", …" if len(changes) > SHOWN else "")
        raise HubError(
            f"{repo_id}: the tag {tag} exists and points to other content ({len(changes)} files differ: {named}); "
            "expected a new version, since a tag is never moved"
        )


@contextmanager
def _told(hub: Hub, repo_id: str) -> Iterator[None]:
    """Report a failed request in one line, without the token."""
    try:
        yield
    except FAILURES as error:
        reason = f"{repo_id}: {_reason(list(_chain(error)))}"
        raise HubError(reason.replace(str(hub.api.token), "<token>") if hub.api.token else reason) from None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what caused it, the cause last."""
    while error:
        yield error
        error = error.__cause__


def _reason(errors: Sequence[BaseException]) -> str:
    answers = [error.response for error in errors if isinstance(error, HfHubHTTPError)]
    status = answers[0].status_code if answers else None
    match status:
        case None if isinstance(errors[0], ValueError):
            return f"the Hub rejects the request: {_line(errors[0])}"
        case None:
            return f"the connection failed ({_line(errors[-1])}); run the command again to resume"
        case 401:
            return "the Hub rejects the token (401); expected a valid token with write access to this repository"
        case 403:
            return "the token has no write access (403); expected one with write access to this repository"
        case 412:
            return "the repository has changed in the meantime (412); review the changes again"
        case _:
            return f"the Hub rejects the request ({status}): {_line(errors[0])}"


def _line(error: BaseException) -> str:
    """The message of an error, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
