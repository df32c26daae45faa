"""What was asked of whom: the plans of sheets, which the corpus folder keeps in `annotations/sheets`."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Hash, Holder, Input, Probability, RoundNumber
from kazstance.corpus.read import Corpus, raise_all
from kazstance.errors import InputError, KazstanceError
from kazstance.paths import StrPath
from kazstance.schema.digest import text_hash
from kazstance.schema.ids import Name, SentenceId
from kazstance.schema.records import Sentence

SHEETS: Final = "annotations/sheets"
LENGTH: Final = 12
"""The length of the id of a sheet."""
Triple = tuple[str, str, str | None]
"""Sentence, target and holder; without a holder, the stance is that of the sentence's speaker."""


class PlanItem(Input):
    """One question of a sheet."""

    item: Annotated[int, Field(ge=1)]
    sentence_id: SentenceId
    target_id: Name
    holder: Holder | None = None
    text_hash: Hash
    probability: Probability
    typed: bool = False
    """Whether an empty label is not taken for `none`: the answer has to be typed."""

    @property
    def key(self) -> Triple:
        """What is judged."""
        return self.sentence_id, self.target_id, self.holder


class Design(Input):
    """A random sample of what a model labelled, by strata of source and label, divided among some people."""

    model: Name
    """The annotator whose labels define the strata."""
    judge: Annotated[int, Field(ge=1)]
    """How many pairs are judged altogether, in all phases."""
    annotators: tuple[Name, ...]
    twice: Annotated[float, Field(ge=0, le=1)] = 0.2
    """The share that is judged by two people."""


class Strata(Input):
    """What a sample was drawn from."""

    frozen: str
    """A digest of what the labels depend on, see `kazstance.corpus.samples`."""
    pairs: dict[str, dict[str, int]]
    """Pairs by source and label of the model."""


class Request(Input):
    """What a sheet was asked to contain."""

    share: float = 1.0
    share_none: float | None = None
    part: tuple[int, int] = (1, 1)
    """Which of how many parts of the pairs."""
    typed: float = 0.0
    sources: tuple[Name, ...] = ()
    targets: tuple[Name, ...] = ()
    only_split: bool = False
    labels_only: bool = False
    """Whether explicitness, certainty and evidence may be left empty."""
    suggested_by: Name | None = None
    """Whose labels are shown."""
    design: Design | None = None
    """Which sample of a model's labels it is a part of."""

    @property
    def is_uniform(self) -> bool:
        """Whether all pairs had the same probability of being drawn."""
        return self.share_none is None and self.part[1] == 1 and not self.only_split and not self.design

    @property
    def is_random(self) -> bool:
        """Whether some of the pairs were left out by chance."""
        return self.share < 1 or (self.share_none is not None and self.share_none < 1) or self.part[1] > 1


class Frame(Input):
    """The sentences and targets that a random share was drawn from."""

    sentences: tuple[SentenceId, ...]
    targets: tuple[Name, ...]


class Plan(Input):
    """What was asked of whom; not for the annotator, since the probabilities may reveal labels."""

    corpus: Name
    annotator: Name
    seed: int
    round: RoundNumber = 1
    kind: Literal["annotation", "adjudication"] = "annotation"
    request: Request = Request()
    frame: Frame | None = None
    continues: tuple[Hash, ...] = ()
    """Sheets with a random share of the same pairs, of which this one asks for more."""
    strata: Strata | None = None
    """What the sample that it is a part of was drawn from."""
    items: tuple[PlanItem, ...]
    sheet: Hash | None = None
    """The id of the sheet; null if it was made by version 0.3."""

    @property
    def name(self) -> str:
        """How the rows of a sheet name it: corpus/id."""
        return f"{self.corpus}/{self.sheet}"

    def with_id(self) -> "Plan":
        """The plan with the id of its sheet, which follows from everything else in it."""
        said = self.model_copy(update={"sheet": None}).model_dump_json(exclude_defaults=True)
        return self.model_copy(update={"sheet": hashlib.sha256(said.encode()).hexdigest()[:LENGTH]})


def plan_file(sheet: str) -> str:
    """The file of a corpus folder that holds the plan of a sheet."""
    return f"{SHEETS}/{sheet}.json"


def plan_bytes(plan: Plan) -> bytes:
    """The content of the file of a plan."""
    return (plan.model_dump_json(exclude_defaults=True) + "\n").encode()


def read_plans(corpus: StrPath) -> dict[str, Plan]:
    """The plans that a corpus folder keeps, by the id of the sheet, in alphabetical order.

    Raises:
        InputError: one of them is invalid.
    """
    folder = Folder(corpus)
    names = sorted(path.name for path in (folder.root / SHEETS).glob("[!.]*.json"))
    found = {name: _read(folder, f"{SHEETS}/{name}") for name in names}
    for name, plan in found.items():
        if plan and plan.sheet != name.removesuffix(".json"):
            message = f"{plan.sheet!r}, expected {name.removesuffix('.json')!r}, the name of the file"
            folder.report(f"{SHEETS}/{name}", None, "sheet", message)
        elif plan and plan.with_id().sheet != plan.sheet:
            message = f"{plan.sheet!r} is not the id of this content, the plan was changed after the export"
            folder.report(f"{SHEETS}/{name}", None, "sheet", message)
    raise_all(folder.problems)
    return {plan.sheet: plan for plan in found.values() if plan and plan.sheet}


def read_plan(file: StrPath, corpus: Corpus) -> Plan:
    """A plan that the user names.

    Raises:
        InputError: it is invalid.
        KazstanceError: it is the plan of another corpus.
    """
    path = Path(file).resolve()
    folder = Folder(path.parent)
    plan = _read(folder, path.name)
    if plan is None:
        raise InputError(folder.problems)
    if plan.corpus != corpus.header.id:
        raise KazstanceError(f"{path}: corpus: {plan.corpus!r}, expected {corpus.header.id!r}")
    return plan


def _read(folder: Folder, name: str) -> Plan | None:
    text = folder.read_text(name)
    entry = None if text is None else folder.entry(name, 1, text, Plan)
    return entry.value if entry else None


def stale(plan: Plan, corpus: Corpus, sentences: Iterable[Sentence]) -> dict[int, str]:
    """What is wrong with items whose sentence or target is gone or has changed since a sheet was made, by item.

    Args:
        plan: the plan of the sheet.
        corpus: the corpus.
        sentences: its sentences.
    """
    targets = {entry.value.id for entry in corpus.targets}
    hashes = {s.sentence_id: text_hash(s.text) for s in sentences if s.annotated}
    found: dict[int, str] = {}
    for item in plan.items:
        if hashes.get(item.sentence_id) != item.text_hash:
            found[item.item] = (
                f"{item.sentence_id} has changed since the sheet was made, expected the text in the sheet"
            )
        if item.target_id not in targets:
            found[item.item] = f"target_id: {item.target_id!r} is not a target of the corpus, expected one that is"
    return found
