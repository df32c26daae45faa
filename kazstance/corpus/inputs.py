"""What a corpus folder contains, line by line, before anything is built from it."""

import datetime
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from kazstance.corpus.stated import Attributes, DateText
from kazstance.language.tags import check_tag
from kazstance.schema.frozen import Frozen
from kazstance.schema.ids import DocumentId, Name, SentenceId
from kazstance.schema.labels import (
    Certainty,
    Deciding,
    Endorsed,
    Explicitness,
    NameKind,
    Origin,
    Role,
    TargetKind,
    UnitKind,
)
from kazstance.schema.publication import FILLED, Publication
from kazstance.schema.records import Offset

LabelName = Literal["against", "neutral", "favor"]
GridLabelName = Literal["against", "neutral", "favor", "none"]
Paragraphs = Literal["line", "blank_line"]
Text = Annotated[str, Field(min_length=1, max_length=20_000), FILLED]
Language = Annotated[Text, AfterValidator(check_tag)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Probability = Annotated[float, Field(gt=0, le=1)]
ELISION: Final = " […] "
MOST: Final = 2**63 - 1
"""The largest number that an integer column can hold."""


class Input(Frozen):
    """Base of everything that is read: frozen, without unknown fields, and without type coercion."""


T = TypeVar("T", bound=Input)
T_co = TypeVar("T_co", bound=Input, covariant=True)


@dataclass(frozen=True)
class Entry(Generic[T_co]):
    """An input and where it comes from, so that problems can be reported as file:line."""

    file: str
    line: int
    value: T_co


class UnitSettings(Input):
    """How texts become units: those of the corpus hold for every source that has none of its own."""

    segmenter: Text | None = None
    """`nupunkt`, `unicode`, `yasbd`, `lines` or `module:function`; without it, the language decides."""
    paragraphs: Paragraphs | None = None
    """What ends a paragraph: every line end (where nothing is said), or a blank line."""


class Header(UnitSettings):
    """The corpus as a whole."""

    id: Name
    title: Text
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    event: Text
    license: Text
    deciding: Deciding = Deciding.majority
    publication: Publication = Publication()


class VoiceInput(Input):
    """A speaker whom a source quotes at length."""

    speaker: Text
    endorsed: Endorsed
    note: Text | None = None


class DocumentInput(Input):
    """A text of a source, `texts/<source>/<name>.txt`; a field that is left out has the value of its source."""

    name: Name
    title: Text | None = None
    date: DateText | None = None
    date_stated: Text | None = None
    url: Text | None = None
    language: Language | None = None
    rights: Text | None = None
    attributes: Attributes = Field(default_factory=dict)


class SourceInput(UnitSettings):
    """A source, as far as its text describes itself."""

    id: Name
    title: Text | None = None
    speaker: Text | None = None
    tradition: Text | None = None
    date: DateText | None = None
    date_stated: Text | None = None
    url: Text | None = None
    language: Language
    original_language: Text | None = None
    translated: bool = False
    rights: Text
    voice: tuple[VoiceInput, ...] = ()
    notes: Text | None = None
    document: tuple[DocumentInput, ...] = ()
    attributes: Attributes = Field(default_factory=dict)


class TargetInput(Input):
    """A target of the codebook; one without a fold is assigned one."""

    id: Name
    name: Text
    kind: TargetKind | None = None
    group: Text | None = None
    fold: Annotated[int, Field(ge=1, le=MOST)] | None = None
    definition: Text | None = None


class SpanInput(Input):
    """A span of a raw text and its content; a long one may give only its beginning and end, around an elision."""

    source_id: DocumentId
    raw_start: Offset
    raw_end: Offset
    raw: str

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.raw_end < self.raw_start:
            raise ValueError(f"raw_end {self.raw_end} lies before raw_start {self.raw_start}")
        return self

    def matches(self, text: str) -> bool:
        """Whether the span of a raw text has the content that the row gives."""
        stands, (begin, elided, end) = text[self.raw_start : self.raw_end], self.raw.partition(ELISION)
        if not elided:
            return len(text) >= self.raw_end and stands == self.raw
        return stands.startswith(begin) and stands.endswith(end) and len(stands) >= len(begin) + len(end)


class RepairInput(SpanInput):
    """A change to a raw text."""

    replacement: str
    kind: Literal["footnote_mark", "address", "space", "list_mark", "stray_sign"]
    reason: Text


class UnitInput(SpanInput):
    """What the segmenter cannot know about a span of text."""

    action: Literal["kind", "join", "split", "voice", "note"]
    value: str
    reason: Text

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        if self.action == "kind" and self.value not in UnitKind.__members__:
            raise ValueError(f"value {self.value!r} is not a kind of unit; expected one of {', '.join(UnitKind)}")
        if bool(self.value) == (self.action in ("join", "split")):
            raise ValueError(f"value {self.value!r} is not allowed with the action {self.action}")
        if (self.action == "split") != (self.raw_start == self.raw_end):
            raise ValueError(f"raw_end - raw_start is {self.raw_end - self.raw_start}, expected 0 if split, else more")
        return self


class AnnotatorInput(Input):
    """Who or what judged."""

    id: Name
    origin: Literal[Origin.model, Origin.human]
    role: Role = Role.label
    complete: bool = False
    name: Text | None = None
    family: Text | None = None
    version: Text | None = None
    date: datetime.date | None = None
    order: Text | None = None
    brief: Text | None = None
    note: Text | None = None


class EvidenceInput(Input):
    """A span of a sentence, by its start and its text."""

    start: Offset
    text: Text


class JudgementInput(Input):
    """A label; explicitness, certainty and evidence are null if they were not recorded."""

    target_id: Name
    label: LabelName
    explicitness: Explicitness | None = None
    certainty: Certainty | None = None
    evidence: Annotated[tuple[EvidenceInput, ...], Field(min_length=1)] | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _check_explicitness(self) -> Self:
        if self.explicitness is not None and self.label == "neutral":
            raise ValueError(f"explicitness {self.explicitness} is not allowed with the label {self.label}")
        return self


class ReadingInput(Input):
    """One annotator's judgements of one sentence."""

    sentence_id: SentenceId
    text_hash: Hash
    covered: Annotated[tuple[str, ...], Field(min_length=1)]
    probability: Probability | dict[Name, Probability] = 1.0
    judgements: tuple[JudgementInput, ...]


class AdjudicationInput(Input):
    """The decision on a sentence and a target that split the annotators."""

    sentence_id: SentenceId
    text_hash: Hash
    target_id: Name
    label: GridLabelName
    explicitness: Explicitness | None = None
    certainty: Certainty | None = None
    evidence: tuple[EvidenceInput, ...] | None = None
    rule: Text
    reason: Text

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if self.explicitness is not None and self.label in ("neutral", "none"):
            raise ValueError(f"explicitness {self.explicitness} is not allowed with the label {self.label}")
        if self.evidence is not None and bool(self.evidence) != (self.label != "none"):
            raise ValueError(f"evidence count {len(self.evidence)} is not allowed with the label {self.label}")
        return self


class NameInput(Input):
    """A name in a sentence, by its start and its text."""

    start: Offset
    text: Text
    kind: NameKind


class NamesInput(Input):
    """All names of a sentence, in order."""

    sentence_id: SentenceId
    text_hash: Hash
    masks: tuple[NameInput, ...]

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for one, other in pairwise(self.masks):
            if other.start < one.start + len(one.text):
                raise ValueError(f"{other.text!r} at {other.start} lies before the end of {one.text!r} at {one.start}")
        return self


class ContradictoriesInput(Input):
    """The contradictories of claims, and who judged sentences on them."""

    origin: Literal[Origin.model, Origin.human]
    statements: Annotated[dict[Name, Text], Field(min_length=1)]


class MirrorInput(Input):
    """The label of a sentence on the contradictory of a claim."""

    sentence_id: SentenceId
    text_hash: Hash
    target_id: Name
    label: GridLabelName
    certainty: Certainty | None = None
    note: Text | None = None
