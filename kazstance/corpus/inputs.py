"""What a corpus folder contains, line by line, before anything is built from it."""

import datetime
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Final, Generic, Literal, Self, TypeVar
from unicodedata import normalize

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from kazstance.corpus.stated import Attributes, DateText, as_text
from kazstance.errors import choose
from kazstance.language.tags import check_tag
from kazstance.schema.frozen import Frozen
from kazstance.schema.ids import DocumentId, Name, ParagraphId, SentenceId
from kazstance.schema.labels import (
    GRID_LABELS,
    Certainty,
    Deciding,
    Endorsed,
    Explicitness,
    NameKind,
    Origin,
    Role,
    Scheme,
    TargetKind,
    UnitKind,
)
from kazstance.schema.publication import FILLED, Publication
from kazstance.schema.records import Offset

GridLabelName = Literal["against", "neutral", "favor", "none"]
Paragraphs = Literal["line", "blank_line"]
SplitName = Literal["train", "validation", "test"]
LONGEST: Final = 20_000
"""Maximum length of a text, in characters."""
Text = Annotated[str, Field(min_length=1, max_length=LONGEST), FILLED]
Language = Annotated[Text, AfterValidator(check_tag)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Probability = Annotated[float, Field(gt=0, le=1)]
MOST: Final = 2**63 - 1
"""The largest number that an integer column can hold."""
Holder = Annotated[Text, AfterValidator(lambda name: normalize("NFC", name))]
"""Whose stance it is, in any words; two spellings that look the same are the same holder."""
RoundNumber = Annotated[int, Field(ge=1, le=MOST, strict=True)]
ELISION: Final = " […] "
MAP: Final = "; [labels] in annotations/annotators.toml maps the labels of another scheme"


class Input(Frozen):
    """Base of everything that is read: frozen, without unknown fields, and without type coercion."""


T = TypeVar("T", bound=Input)
T_co = TypeVar("T_co", bound=Frozen, covariant=True)


@dataclass(frozen=True, slots=True)
class Entry(Generic[T_co]):
    """An input and where it comes from, so that problems can be reported as file:line."""

    file: str
    line: int
    value: T_co


class UnitSettings(Input):
    """How texts become units: those of the corpus hold for every source that has none of its own."""

    segmenter: Text | None = None
    """`nupunkt`, `unicode`, `yasbd`, `lines`, `given` or `module:function`; without it, the language decides."""
    paragraphs: Paragraphs | None = None
    """What ends a paragraph: every line end (where nothing is said), or a blank line."""


class Header(UnitSettings):
    """The corpus as a whole."""

    id: Annotated[Name, Field(examples=["my_corpus"])]
    title: Annotated[Text, Field(examples=["The toll of Port Lenz"])]
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$", examples=["0.1.0"])]
    event: Annotated[Text, Field(examples=["the dispute over the toll"])]
    license: Annotated[Text, Field(examples=["CC-BY-4.0"])]
    deciding: Deciding = Deciding.majority
    scheme: Scheme = Scheme.multi
    publication: Publication = Publication()


class VoiceInput(Input):
    """A speaker whom a source quotes at length: one of its spokespeople, or somebody else."""

    speaker: Text
    speaks_for_source: bool = False
    """Whether the source quotes its own spokesperson, who then is its own voice."""
    endorsed: Endorsed | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _check_endorsed(self) -> Self:
        if self.speaks_for_source and self.endorsed is not None:
            raise ValueError("endorsed and speaks_for_source, expected only one of them")
        if not self.speaks_for_source and self.endorsed is None:
            raise ValueError(f"no endorsed, expected {', '.join(Endorsed)}, or speaks_for_source = true")
        return self


class StatedDocument(Input):
    """What is stated about a document; a field that is left out has the value of its source."""

    title: Text | None = None
    date: DateText | None = None
    date_stated: Text | None = None
    url: Text | None = None
    language: Language | None = None
    rights: Text | None = None
    attributes: Attributes = Field(default_factory=dict)


class DocumentInput(StatedDocument):
    """A text of a source, `texts/<source>/<name>.txt`."""

    name: Name


class UnitSpan(Input):
    """A unit that comes with a document, by its place in the raw text, in characters."""

    start: Offset
    end: Offset


class DocumentRow(StatedDocument):
    """A row of the table of documents; its id is that of its source, source/name, or only the name."""

    document_id: DocumentId
    source_id: Annotated[Name, BeforeValidator(as_text)]
    text: Annotated[str, Field(min_length=1)]
    split: SplitName | None = None
    """The split of all of its sentences; without it, the program assigns one to each paragraph."""
    units: tuple[str, ...] | tuple[UnitSpan, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _join_id(cls, row: dict[str, Any]) -> dict[str, Any]:
        """Put the source before an id that does not begin with it."""
        name, source = as_text(row.get("document_id")), as_text(row.get("source_id"))
        is_whole = name == source or str(name).startswith(f"{source}/")
        return {**row, "document_id": name if is_whole or not isinstance(name, str) else f"{source}/{name}"}


class SourceInput(UnitSettings):
    """A source, as far as its text describes itself."""

    id: Name
    title: Text | None = None
    speaker: Text | None = None
    tradition: Text | None = None
    date: DateText | None = None
    date_stated: Text | None = None
    url: Text | None = None
    language: Annotated[Language, Field(examples=["en"])]
    original_language: Text | None = None
    translated: bool | None = None
    rights: Annotated[Text, Field(examples=["not stated"])]
    voice: tuple[VoiceInput, ...] = ()
    notes: Text | None = None
    document: tuple[DocumentInput, ...] = ()
    attributes: Attributes = Field(default_factory=dict)


class TargetInput(Input):
    """A target of the codebook; one without a fold is assigned one."""

    id: Annotated[Name, Field(examples=["toll"])]
    name: Annotated[Text, Field(examples=["the harbour toll"])]
    kind: TargetKind | None = None
    group: Text | None = None
    fold: Annotated[int, Field(ge=1, le=MOST)] | None = None
    definition: Text | None = None
    by_kind: bool = True
    """Whether readings that cover its kind cover it; not if it was added after they were made."""


def is_quoted(quote: str, text: str) -> bool:
    """Whether a quotation is a text, of which it may leave out the middle."""
    begin, elided, end = quote.partition(ELISION)
    if not elided:
        return quote == text
    return text.startswith(begin) and text.endswith(end) and len(text) >= len(begin) + len(end)


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
        return is_quoted(self.raw, text[self.raw_start : self.raw_end])


class OriginalInput(Input):
    """Where a text comes from: the file that it was read from, and what read it."""

    document_id: DocumentId
    file: Text
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tool: str
    url: str
    added: datetime.date


class RepairInput(SpanInput):
    """A change to a raw text."""

    replacement: str
    kind: Literal["footnote_mark", "address", "space", "list_mark", "stray_sign"]
    reason: Text


class UnitInput(SpanInput):
    """What the segmenter cannot know about a span of text, or about the sentence with an id."""

    sentence_id: SentenceId | None = None
    action: Literal["kind", "join", "split", "voice", "note"]
    value: str
    reason: Text

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        if self.action == "kind" and self.value not in UnitKind.__members__:
            raise ValueError(f"value {self.value!r} is not a kind of unit; expected one of {', '.join(UnitKind)}")
        if bool(self.value) == (self.action in ("join", "split")):
            raise ValueError(f"value {self.value!r} is not allowed with the action {self.action}")
        if self.sentence_id is not None:
            if self.action in ("join", "split"):
                raise ValueError(f"sentence_id is not allowed with the action {self.action}, expected raw: its words")
        elif (self.action == "split") != (self.raw_start == self.raw_end):
            raise ValueError(f"raw_end - raw_start is {self.raw_end - self.raw_start}, expected 0 if split, else more")
        return self


class SplitInput(Input):
    """The split that a paragraph keeps, whatever its labels."""

    paragraph_id: ParagraphId
    split: SplitName


class RunInput(Input):
    """How a language model was asked: what its judgements depend on, and what became of the questions."""

    engine: Text
    address: Text
    """The address of the server."""
    model: Text
    """The model that was asked."""
    answered: tuple[Text, ...] = ()
    """The models that answered, as the server named them."""
    fingerprints: tuple[Text, ...] = ()
    """The marks of the server's configurations."""
    clients: tuple[Text, ...] = ()
    """What talked to the server, with its version."""
    first: Text | None = None
    """When the first answer came, in UTC."""
    last: Text | None = None
    """When the last answer came, in UTC."""
    seed: int | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Everything else that was sent, such as temperature."""
    most_tokens: int
    """The length of the longest answer, in tokens."""
    block: int
    """How many targets a question asked about at most."""
    order: Literal["forward", "reversed", "shuffled"]
    """The order of the targets."""
    prompt_digest: Text
    """SHA-256 of all words of the prompt that come neither from the codebook nor from targets or texts."""
    codebook_digest: Text | None = None
    """SHA-256 of the codebook."""
    targets_digest: Text
    """SHA-256 of the ids, names, kinds and definitions of the targets."""
    corpus_digest: Text
    """SHA-256 of the ids of the annotated sentences and of their hashes."""
    questions: int = 0
    """Questions with their answers, repeated ones included."""
    tries: int = 0
    """How often questions were sent until there was an answer."""
    lost: int = 0
    """Questions that were sent and whose answers were not kept, because the run was killed."""
    tokens_in: int = 0
    tokens_cached: int = 0
    """Those of the questions that the server had kept from earlier ones."""
    tokens_out: int = 0
    usd: float | None = None
    """What it cost by these prices; null without them."""
    prices: Text | None = None
    """US dollars for a million tokens of questions and of answers."""
    statuses: dict[str, int] = Field(default_factory=dict)
    """How many pairs of sentence and target have each status."""


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
    training: Text | None = None
    """How a person was trained for the task."""
    pay: Text | None = None
    """What a person was paid, and for how much work."""
    consent: Text | None = None
    """What a person has agreed to."""
    run: RunInput | None = None
    """How a language model was asked."""


class RoundInput(Input):
    """A round of annotation, and the file of the corpus folder that its annotators followed."""

    number: RoundNumber
    date: DateText | None = None
    codebook: Text | None = None


class EvidenceInput(Input):
    """A span of a sentence, by its start and its text."""

    start: Offset
    text: Text


class LabelledInput(Input):
    """A label, which may come from another scheme that the corpus maps; explicitness and others may be null.

    The mapping of the corpus is the context of validation.
    """

    target_id: Name
    holder: Holder | None = None
    label: GridLabelName
    original: Text | None = None
    explicitness: Explicitness | None = None
    certainty: Certainty | None = None
    evidence: tuple[EvidenceInput, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _map_label(cls, row: Any, info: ValidationInfo) -> Any:
        """Put the label that the corpus maps another one to in its place, and keep the other as the original."""
        mapping = info.context or {}
        label = as_text(row["label"]) if isinstance(row, dict) and "label" in row else None
        if not isinstance(label, str) or label not in mapping:
            return row
        return {**row, "label": mapping[label], "original": row.get("original") or label}

    @field_validator("label", mode="before")
    @classmethod
    def _check_label(cls, label: Any, info: ValidationInfo) -> Any:
        if label not in GRID_LABELS:
            other = f" or a label that [labels] maps: {choose(str(label), info.context)}" if info.context else MAP
            raise ValueError(f"{str(label)[:80]!r}, expected {', '.join(GRID_LABELS)}{other}")
        return label

    @model_validator(mode="after")
    def _check_explicitness(self) -> Self:
        if self.explicitness is not None and self.label in ("neutral", "none"):
            raise ValueError(f"explicitness {self.explicitness} is not allowed with the label {self.label}")
        if self.evidence is not None and bool(self.evidence) != (self.label != "none"):
            raise ValueError(f"evidence count {len(self.evidence)} is not allowed with the label {self.label}")
        return self


class JudgementInput(LabelledInput):
    """One label of a reading; `none` says that the sentence was found not to be about the target."""

    note: Text | None = None

    @model_validator(mode="after")
    def _check_certainty(self) -> Self:
        if self.certainty is not None and self.label == "none":
            raise ValueError(f"certainty {self.certainty} is not allowed with the label none")
        return self


class ReadingHead(Input):
    """Which sentence a reading is about, and on which targets."""

    sentence_id: SentenceId
    text_hash: Hash
    round: RoundNumber = 1
    covered: tuple[str, ...]
    """Kinds of targets, or targets, without a holder; one with a holder is judged only where that holder is named."""
    probability: Probability | dict[Name, Probability] = 1.0
    sheet: Hash | None = None
    """The sheet that it was written on."""


class ReadingInput(ReadingHead):
    """One annotator's judgements of one sentence in one round."""

    judgements: tuple[JudgementInput, ...]

    @model_validator(mode="after")
    def _check_covered(self) -> Self:
        if not self.covered and not any(judgement.holder for judgement in self.judgements):
            raise ValueError("covered is empty, expected at least one target, or a judgement with a holder")
        return self


class JudgementRow(LabelledInput):
    """A row of the table of judgements, which names its sentence by id, by place in the raw text, or by its text."""

    sentence_id: SentenceId | None = None
    document_id: DocumentId | None = None
    start: Offset | None = None
    text: Annotated[str, Field(min_length=1)] | None = None
    text_hash: Hash | None = None
    target_id: Annotated[Name, BeforeValidator(as_text)]
    annotator_id: Annotated[Name, BeforeValidator(as_text)]
    round: RoundNumber = 1
    note: Text | None = None
    probability: Probability = 1.0

    @model_validator(mode="after")
    def _check_sentence(self) -> Self:
        if (self.start is None or self.document_id is None) and self.sentence_id is None and self.text is None:
            raise ValueError("no sentence, expected sentence_id, or document_id and start, or text")
        return self


class AdjudicationInput(LabelledInput):
    """The decision on a sentence, a target and a holder that split the annotators."""

    sentence_id: SentenceId
    text_hash: Hash
    annotator_id: Name | None = None
    """Who decided: one of the annotators."""
    sheet: Hash | None = None
    """The sheet that it was written on."""
    rule: Text
    reason: Text


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
