"""How a run was begun: what must stay the same until it is complete, and which pairs it was to ask."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from kazstance.annotate.by_model.calls import Order, Scope
from kazstance.annotate.by_model.spending import Prices
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Input, RoundNumber
from kazstance.errors import InputError, KazstanceError
from kazstance.schema.ids import Name

RUNS: Final = "annotations/runs"
"""The folder of a corpus folder with what was sent and what came back, by annotator."""
STATE, JOURNAL, PROMPTS, STATUSES = "run.json", "answers.jsonl", "prompts.jsonl", "statuses.jsonl"
OPTIONS: Final = {
    "model": "--model",
    "address": "--base-url",
    "engine": "--engine",
    "seed": "--seed",
    "parameters": "--set",
    "most_tokens": "--max-tokens",
    "block": "--block",
    "order": "--order",
    "round": "--round",
    "brief": "--brief",
    "codebook": "--codebook",
    "prompt_digest": "the wording of the prompt",
    "codebook_digest": "the codebook",
}
"""Where each setting comes from, for messages."""


class RunState(Input):
    """How a run was begun."""

    annotator: Name
    model: str
    """The model that is asked, as the server names it."""
    address: str
    engine: str
    seed: int | None
    parameters: dict[str, Any]
    most_tokens: int
    block: Annotated[int, Field(ge=1)]
    order: Order
    round: RoundNumber
    brief: str | None
    """The file with the instructions, below `annotations`; None for those of the program."""
    codebook: str | None = None
    """The file with the codebook, below `annotations`; None for that of the round."""
    prompt_digest: str
    codebook_digest: str | None
    prices: Prices | None = None
    """The prices as they were said last."""
    scopes: tuple[Scope, ...]
    """Which pairs were to be asked, in the order in which that was said."""

    def going_on(self, now: "RunState") -> "RunState":
        """The same with what a later command adds: pairs to ask, and prices.

        Args:
            now: what the later command says.
        """
        new = tuple(scope for scope in now.scopes if scope not in self.scopes)
        return self.model_copy(update={"scopes": (*self.scopes, *new), "prices": now.prices or self.prices})


def state_file(corpus: Path, annotator: str) -> Path:
    """The file that says how the run of an annotator was begun."""
    return corpus / RUNS / annotator / STATE


def read_run_state(corpus: Path, annotator: str) -> RunState | None:
    """How the run of an annotator was begun; None if there is none.

    Raises:
        InputError: the file is damaged.
    """
    folder, name = Folder(corpus), f"{RUNS}/{annotator}/{STATE}"
    if not folder.exists(name):
        return None
    text = folder.read_text(name)
    entry = None if text is None else folder.entry(name, 1, text, RunState)
    if entry is None:
        raise InputError(folder.problems)
    return entry.value


def state_bytes(state: RunState) -> bytes:
    """The content of that file."""
    return (state.model_dump_json(indent=1) + "\n").encode()


def check_same(there: RunState, now: RunState) -> None:
    """Check that a run goes on as it was begun: judgements under one name are made in one way.

    Args:
        there: how it was begun.
        now: how it is to go on.

    Raises:
        KazstanceError: something differs.
    """
    changed = [name for name in OPTIONS if getattr(there, name) != getattr(now, name)]
    if changed:
        told = "; ".join(f"{OPTIONS[name]}: {_shown(there, now, name)}" for name in changed)
        raise KazstanceError(f"{there.annotator!r} was begun otherwise; {told}; choose another name with --as")


def _shown(there: RunState, now: RunState, name: str) -> str:
    if name.endswith("_digest"):
        return "it has changed since"
    return f"{_value(getattr(now, name))}, expected {_value(getattr(there, name))} as before"


def _value(value: Mapping[str, Any] | str | int | None) -> str:
    return "nothing" if value is None or value == {} else repr(value)
