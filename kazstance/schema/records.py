"""The rows of every table as frozen records. A column is a field; the sentence below it says what it means."""

from typing import Annotated, Any, ClassVar, Final, NamedTuple, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from kazstance.docstrings import keep_docstring
from kazstance.schema.frozen import Frozen
from kazstance.schema.ids import DocumentId, Name, ParagraphId, SentenceId
from kazstance.schema.labels import (
    OF_STANCES,
    Basis,
    Certainty,
    CopyKind,
    Endorsed,
    Explicitness,
    Label,
    MoreFavorable,
    Origin,
    Position,
    ProbeKind,
    Relation,
    Role,
    Status,
    TargetKind,
    UnitKind,
    Voice,
)

Offset = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Net = Annotated[float, Field(ge=-1, le=1)]

StanceLabel = Annotated[Label, OF_STANCES, AfterValidator(OF_STANCES.check)]
"""The label of a sentence that is about the target."""

NAME_SUFFIX: Final = "_name"


class Record(Frozen):
    """A row: frozen, without unknown fields, and with the name of each label next to its number."""

    label_columns: ClassVar[tuple[tuple[str, str], ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Note the label columns and the columns of their names; keep the docstring that describes a row."""
        keep_docstring(cls)
        named = ((column, column + NAME_SUFFIX) for column in cls.model_fields)
        cls.label_columns = tuple((column, name) for column, name in named if name in cls.model_fields)

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        row = self.__dict__
        for column, name in self.label_columns:
            label = row[column]
            if (None if label is None else label._name_) != row[name]:
                shown = "null" if label is None else f"{label:d}, {label.name},"
                raise ValueError(f"{column} is {shown} but {name} is {row[name]}")
        return self


class Span(Record):
    """A part of a sentence that shows the label."""

    start: Offset
    """First character, counted from 0 in the sentence's text."""
    end: Offset
    """One past the last character."""


class Vote(Record):
    """What one annotator chose for a sentence and a target."""

    annotator_id: Name
    """Who judged; a row of the table annotators."""
    label: Label
    """The label chosen; none where the annotator read the sentence and found it not to be about the target."""
    label_name: str
    """Name of the label."""


class Repair(Record):
    """One change between the raw text and a sentence's text."""

    raw_start: Offset
    """First character replaced, counted from 0 in the raw text."""
    raw_end: Offset
    """One past the last character replaced; equal to raw_start if text was only inserted."""
    replacement: str
    """The text that replaces it."""
    reason: str
    """Why it was changed."""


class QuotedVoice(Record):
    """A speaker whom a source quotes at length."""

    speaker: str
    """Who is quoted, as far as the source says."""
    speaks_for_source: bool
    """Whether it is one of the source's own spokespeople, whose sentences are its own voice."""
    endorsed: Endorsed | None
    """Whether the source makes the quotation its own; null for spokespeople."""
    note: str | None
    """What shows this."""


class SentenceTarget(Record):
    """A sentence and a target."""

    sentence_id: SentenceId
    """The sentence: document/paragraph/sentence."""
    target_id: Name
    """The target; a row of the table targets."""
    source_id: Name
    """The source of the sentence; a row of the table sources."""
    paragraph_id: ParagraphId
    """The paragraph of the sentence: document/paragraph. Paragraphs are the clusters of splits."""
    text: str
    """The sentence, repaired."""
    target: str
    """The target in words: a noun phrase for an issue, a statement for a claim."""


class Stance(SentenceTarget):
    """A sentence and a target that it is about."""

    holder: str | None
    """Whose stance it is; null for the speaker of the sentence."""
    label: StanceLabel
    """The side that the holder takes on the target."""
    label_name: str
    """Name of the label."""
    explicitness: Explicitness | None
    """Whether words in the sentence evaluate the target; null if the label is neutral, or it was not recorded."""
    certainty: Certainty | None
    """Whether a careful reader could have chosen another label; null if that was not recorded."""
    evidence: tuple[Span, ...] | None
    """The spans of the text that show the label; null if they were not recorded."""
    votes: tuple[Vote, ...]
    """What each annotator chose, ordered by annotator."""
    split_vote: bool
    """Whether the annotators were split over the label."""
    origin: Origin
    """Who made the label: model (silver), human (gold) or adjudicated."""
    voice: Voice
    """own: the source itself speaks, or one of its spokespeople; quoted: somebody else."""
    speaker: str | None
    """Who is quoted, spokespeople included; null where nobody is."""
    endorsed: Endorsed | None
    """Whether the source makes the quotation its own; null in the source's own voice."""
    context_before: str
    """The text before the sentence in its paragraph; empty for the first sentence."""
    context_after: str
    """The text after the sentence in its paragraph; empty for the last sentence."""


class GridCell(SentenceTarget):
    """An annotated sentence and a target that it was judged on, whether the sentence is about it or not."""

    holder: str | None
    """Whose stance was asked for; null for the speaker of the sentence."""
    status: Status
    """decided; undecided if the votes are split and nothing decides between them; or other_target if a sentence has one
    code, which most gave to another target."""
    label: Label | None
    """The side that the holder takes; none where the sentence is not about it; null if not decided."""
    label_name: str | None
    """Name of the label."""
    votes: tuple[Vote, ...]
    """What each annotator chose, ordered by annotator."""
    split_vote: bool
    """Whether the annotators were split over the label."""
    origin: Origin | None
    """Who made the label: model (silver), human (gold) or adjudicated; null if not decided."""
    basis: Basis | None
    """What the label rests on: single (one judgement), majority, plurality, adjudication, or overruling (of a majority
    by an adjudication); null if not decided."""
    adjudicator: Name | None
    """Who adjudicated, a row of the table annotators; null where nobody did, or it is not stated."""
    rule: str | None
    """The codebook rule by which it was adjudicated; null where it was not."""
    reason: str | None
    """The reason given for the adjudication."""


class Pair(Record):
    """Two sentences of different sources about one target."""

    pair_id: str
    """The target and both sentences in alphabetical order: target:sentence:sentence."""
    target_id: Name
    """The target; a row of the table targets."""
    target: str
    """The target in words."""
    sentence_a: SentenceId
    """The sentence shown first."""
    source_a: Name
    """Its source."""
    text_a: str
    """Its text."""
    label_a: StanceLabel
    """The side it takes on the target."""
    label_a_name: str
    """Name of that label."""
    sentence_b: SentenceId
    """The sentence shown second."""
    source_b: Name
    """Its source."""
    text_b: str
    """Its text."""
    label_b: StanceLabel
    """The side it takes on the target."""
    label_b_name: str
    """Name of that label."""
    more_favorable: MoreFavorable
    """Which of the two is more favorable to the target, in the order against, neutral, favor."""
    more_favorable_name: str
    """Name of the answer: a, b or same."""
    relation: Relation
    """agree: the same side; disagree: opposite sides; mixed: at least one takes no side."""
    relation_name: str
    """Name of the relation."""


class Probe(Record):
    """A row of stances shown in another form: with names hidden, on the negated claim, or on another target."""

    probe_id: str
    """The probe and its row, probe:sentence:target; for a swap also the target shown, swap:sentence:target:other."""
    probe: ProbeKind
    """mask: names hidden in the text; mirror: the claim's contradictory; swap: another target of the same sentence."""
    sentence_id: SentenceId
    """The sentence of the row; with target_id, the key of a row of the table stances."""
    target_id: Name
    """The target of the row; a row of the table targets."""
    other_target_id: Name | None
    """For a swap, the target that is shown instead, on which the sentence has another label; otherwise null."""
    source_id: Name
    """The source of the sentence; a row of the table sources."""
    paragraph_id: ParagraphId
    """The paragraph of the sentence: the cluster of intervals."""
    text: str
    """The sentence as shown; for a mask with [org], [place] or [person] in place of each name."""
    target: str
    """The target in words as shown; for a mirror the contradictory of the claim, for a swap the other target."""
    label: Label
    """The label expected for what is shown: for a mask the row's own, for a mirror the one a blind reader gave."""
    label_name: str
    """Name of the label."""
    row_label: StanceLabel
    """The label of the row itself."""
    row_label_name: str
    """Name of the row's label."""
    origin: Origin
    """Who made the expected label: model (silver), human (gold) or adjudicated."""
    certainty: Certainty | None
    """Whether a careful reader could have chosen another expected label; null if that was not recorded."""
    context_before: str
    """The text before the sentence in its paragraph, as shown; for a mask with its names hidden too."""
    context_after: str
    """The text after the sentence in its paragraph, as shown; for a mask with its names hidden too."""


class Sentence(Record):
    """A unit of a text."""

    sentence_id: SentenceId
    """document/paragraph/sentence, counted from 1; never changes."""
    source_id: Name
    """The source of the text; a row of the table sources."""
    document_id: DocumentId
    """The text it belongs to; a row of the table documents."""
    paragraph_id: ParagraphId
    """document/paragraph; a paragraph is a line of the repaired text."""
    position: Offset
    """Its place among the units of the text, counted from 0."""
    text: str
    """The unit as annotated: the raw slice with its repairs applied."""
    raw_start: Offset
    """First character in the raw text, decoded as UTF-8."""
    raw_end: Offset
    """One past the last character in the raw text."""
    kind: UnitKind
    """What the unit is: title, heading, sentence, list_item, date, byline, navigation, address or author_note."""
    annotated: bool
    """Whether it was annotated: titles, headings, sentences and list items that are not copies."""
    voice: Voice
    """own: the source itself speaks, or one of its spokespeople; quoted: somebody else."""
    speaker: str | None
    """Who is quoted, spokespeople included; null where nobody is."""
    endorsed: Endorsed | None
    """Whether the source makes the quotation its own; null in the source's own voice."""
    duplicate_of: SentenceId | None
    """The first sentence of the same document with the same text, where this one is a copy."""
    repairs: tuple[Repair, ...]
    """The changes between raw slice and text, in order."""
    note: str | None
    """The curator's note on it."""


class Judgement(Record):
    """One annotator's label for a sentence and a target."""

    sentence_id: SentenceId
    """The sentence that was judged."""
    target_id: Name
    """The target it was judged on."""
    holder: str | None
    """Whose stance was judged; null for the speaker of the sentence."""
    annotator_id: Name
    """Who judged; a row of the table annotators."""
    round: Annotated[int, Field(ge=1)]
    """The round of annotation; of one annotator's judgements on a pair, the one of the latest round counts."""
    source_id: Name
    """The source of the sentence."""
    paragraph_id: ParagraphId
    """The paragraph of the sentence: the cluster of intervals."""
    label: Label
    """The label chosen; none where the sentence was read and found not to be about the target."""
    label_name: str
    """Name of the label."""
    original: str | None
    """The label in the annotators' own scheme, if it was mapped from another one."""
    explicitness: Explicitness | None
    """Whether words in the sentence evaluate the target; null for neutral and none, or if it was not recorded."""
    certainty: Certainty | None
    """Whether a careful reader could have chosen another label; null for none, or if it was not recorded."""
    evidence: tuple[Span, ...] | None
    """The spans of the text that show the label; empty for none, null if they were not recorded."""
    note: str | None
    """The annotator's note."""
    probability: Annotated[float, Field(gt=0, le=1)]
    """The probability with which the pair was drawn for this annotator; 1 if all pairs were judged."""


class SourcePosition(Record):
    """A source and a target: a cell of the complete grid of both."""

    source_id: Name
    """The source; a row of the table sources."""
    target_id: Name
    """The target; a row of the table targets."""
    n_favor: Count
    """Sentences in the source's own voice that favor the target."""
    n_neutral: Count
    """Sentences about it that take no side."""
    n_against: Count
    """Sentences against it."""
    n_unsure: Count | None
    """Those of these three whose annotators were unsure; null in datasets of earlier formats."""
    n_endorsed_favor: Count
    """Sentences that favor it in quotations that the source makes its own; like the next two, in no other column."""
    n_endorsed_neutral: Count
    """Sentences of such quotations that take no side."""
    n_endorsed_against: Count
    """Sentences of such quotations against it."""
    n_sentences: Count
    """Annotated sentences in the source's own voice."""
    n_asked: Count
    """The number of them that were judged on the target."""
    n_undecided: Count
    """The number of these whose votes are split: nobody can say whether they are about the target."""
    position: Position
    """favor, against or mixed, by the sides taken; neutral if no side is; not_addressed if none of the sentences that
    were judged is about it; not_asked if none has a decided judgement."""
    position_name: str
    """Name of the position."""
    net: Net | None
    """Net stance in [-1, 1] among the sentences that take a side, pooled over sources; null where not addressed."""
    net_low: Net | None
    """Lower end of its 95 % interval."""
    net_high: Net | None
    """Upper end of its 95 % interval."""
    net_jeffreys: Net | None
    """Net stance from this cell alone, under Jeffreys' prior; null where not addressed."""
    net_jeffreys_low: Net | None
    """Lower end of its 95 % interval."""
    net_jeffreys_high: Net | None
    """Upper end of its 95 % interval."""
    salience: Share | None
    """Share of the sentences with a decided judgement on the target that are about it; null if there are none."""
    salience_low: Share | None
    """Lower end of its 95 % interval."""
    salience_high: Share | None
    """Upper end of its 95 % interval; where not addressed, how much may have been missed."""


class Source(Record):
    """An organisation, party, outlet or person that speaks; attributes of a corpus are further columns."""

    model_config = ConfigDict(extra="allow")

    source_id: Name
    """Its name in all tables."""
    title: str | None
    """The title of its text; null if it has no title."""
    speaker: str | None
    """Who speaks, as stated; null where the text does not say."""
    tradition: str | None
    """The political tradition it argues from, read off the text."""
    date: str | None
    """When it was published: YYYY, YYYY-MM or YYYY-MM-DD; null where that is not stated."""
    date_stated: str | None
    """The date as the text gives it."""
    url: str | None
    """Its address, where the text gives one."""
    language: str
    """Its language, as a BCP 47 tag."""
    original_language: str | None
    """The language it was translated from."""
    translated: bool | None
    """Whether it is a translation; null where that is not stated."""
    rights: str
    """Who holds the rights in the text."""
    voices: tuple[QuotedVoice, ...]
    """Whom it quotes at length."""
    notes: str | None
    """What is not known, and what a reader should know."""
    raw_sha256: str | None
    """SHA-256 of the bytes of the text with the source's name; null if there is no such text."""
    raw_characters: Count | None
    """Its length in characters."""


class Document(Record):
    """One text of a source; attributes of a corpus are further columns."""

    model_config = ConfigDict(extra="allow")

    document_id: DocumentId
    """The source's id for the text with its name, otherwise source/name."""
    source_id: Name
    """The source of the text; a row of the table sources."""
    title: str | None
    """Its title; null if it has no title."""
    date: str | None
    """When it was published: YYYY, YYYY-MM or YYYY-MM-DD; null where that is not stated."""
    year: Count | None
    """The year of the date."""
    date_stated: str | None
    """The date as the text gives it."""
    url: str | None
    """Its address, if known."""
    language: str
    """Its language, as a BCP 47 tag."""
    rights: str
    """Who holds the rights in the text."""
    raw_sha256: str
    """SHA-256 of the raw text's bytes."""
    raw_characters: Count
    """Length of the raw text in characters."""


class Target(Record):
    """Something that sources can take sides on."""

    target_id: Name
    """Its name in all tables; never changes."""
    name: str
    """The target in words: a noun phrase for an issue, a statement for a claim."""
    kind: TargetKind | None
    """issue or claim; null where the codebook does not say."""
    group: str | None
    """Its group in the codebook."""
    fold: Count
    """The fold of cross_target and cross_both in which it is left out."""
    definition: str | None
    """Its definition in the codebook."""
    contested: bool
    """Whether two sources take opposite sides in their own voice, each in two or more sentences with a sure label."""


class Annotator(Record):
    """Who or what judged."""

    model_config = ConfigDict(extra="allow")

    annotator_id: Name
    """Its name in all tables."""
    origin: Origin
    """model or human."""
    role: Role
    """label: its judgements make the labels; check: they are only compared with the labels that others made; earlier:
    they are by an earlier codebook, and kept; adjudicator: it decides what splits the others."""
    complete: bool
    """Whether it is declared to have judged every annotated sentence on every target, which the build checks."""
    name: str | None
    """The name of a model; null for people, who are known by their pseudonyms alone."""
    family: str | None
    """For a language model, its family and maker."""
    version: str | None
    """For a language model, its version; null if unknown."""
    date: str | None
    """When it judged, as YYYY-MM-DD."""
    order: str | None
    """The order in which it judged sentences and targets."""
    brief: str | None
    """The brief it was given: a file of the corpus folder."""
    brief_sha256: str | None
    """SHA-256 of the brief's bytes."""
    note: str | None
    """Anything else worth knowing."""


class Copy(Record):
    """A sentence in a group of equal ones, or the first sentence of a group that resembles another group."""

    sentence_id: SentenceId
    """The sentence; every sentence in a group of equal ones has a row."""
    copy_of: SentenceId
    """For equal sentences, the first of the group, which also has a row; otherwise the first of the other group."""
    kind: CopyKind
    """equal: the same words; near: half of their runs of three words, or more, in common; quotation: a run of eight."""
    share: Share
    """Share of common runs of three words; 1 for equal sentences."""
    formula: bool
    """Whether it is an equal sentence of five words or fewer, which does not keep paragraphs together."""


class TableSpec(NamedTuple):
    """The definition of a table: the record of its rows, its splits, and the columns that identify a row."""

    record: type[Record]
    splits: tuple[str, ...]
    key: tuple[str, ...]


SPLITS: Final = ("train", "validation", "test")
ALL: Final = ("all",)
DEFAULT_TABLE: Final = "stances"
HF_SPLITS: Final = {"all": "full"}
"""Splits that have another name in `datasets`, where `all` is a keyword for the union of all splits."""

TABLES: Final[dict[str, TableSpec]] = {
    "stances": TableSpec(Stance, SPLITS, ("sentence_id", "target_id", "holder")),
    "grid": TableSpec(GridCell, SPLITS, ("sentence_id", "target_id", "holder")),
    "pairs": TableSpec(Pair, SPLITS, ("pair_id",)),
    "probes": TableSpec(Probe, ALL, ("probe_id",)),
    "sentences": TableSpec(Sentence, ALL, ("sentence_id",)),
    "judgements": TableSpec(Judgement, ALL, ("sentence_id", "target_id", "holder", "annotator_id", "round")),
    "positions": TableSpec(SourcePosition, ALL, ("source_id", "target_id")),
    "sources": TableSpec(Source, ALL, ("source_id",)),
    "targets": TableSpec(Target, ALL, ("target_id",)),
    "annotators": TableSpec(Annotator, ALL, ("annotator_id",)),
    "documents": TableSpec(Document, ALL, ("document_id",)),
    "copies": TableSpec(Copy, ALL, ("sentence_id", "copy_of")),
}
"""New tables come last, so that the digest of a dataset without them does not change."""
