"""The closed vocabularies. Label columns hold the numbers; their names are the members' names."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from kazstance.docstrings import keep_docstring


@keep_docstring
class Label(IntEnum):
    """The side that a sentence's speaker takes on a target; the numbers are the same in every table."""

    against = 0
    neutral = 1
    favor = 2
    none = 3


LABELS: Final = (Label.against.name, Label.neutral.name, Label.favor.name)
"""The names of the labels of stances, by number."""


@dataclass(frozen=True)
class Among:
    """The only members that a column may hold, of a vocabulary that has more."""

    members: tuple[IntEnum, ...]

    def check(self, value: IntEnum) -> IntEnum:
        """The value.

        Raises:
            ValueError: it is not among the members.
        """
        if value not in self.members:
            raise ValueError(f"{value.name}, expected {', '.join(member.name for member in self.members)}")
        return value


OF_STANCES: Final = Among((Label.against, Label.neutral, Label.favor))
"""The labels of sentences that are about the target."""
GRID_LABELS: Final = (*LABELS, Label.none.name)
"""The names of all labels, by number."""
SIDES: Final = (Label.favor, Label.against)
"""The labels that take a side."""


@keep_docstring
class Position(IntEnum):
    """Where a source stands on a target, over all its sentences about it."""

    against = 0
    neutral = 1
    favor = 2
    mixed = 3
    not_addressed = 4
    not_asked = 5


@keep_docstring
class MoreFavorable(IntEnum):
    """Which sentence of a pair is more favorable to the target."""

    a = 0
    b = 1
    same = 2


@keep_docstring
class Relation(IntEnum):
    """How the sentences of a pair relate: the same side, opposite sides, or at least one takes no side."""

    disagree = 0
    mixed = 1
    agree = 2


@keep_docstring
class Explicitness(StrEnum):
    """Whether words of the sentence itself evaluate the target, or its side has to be inferred."""

    explicit = "explicit"
    implicit = "implicit"


@keep_docstring
class Certainty(StrEnum):
    """Whether a careful reader could have chosen another label."""

    sure = "sure"
    unsure = "unsure"


@keep_docstring
class Origin(StrEnum):
    """Who made a label: a language model (silver), people (gold), or an adjudication of split judgements."""

    model = "model"
    human = "human"
    adjudicated = "adjudicated"


@keep_docstring
class Status(StrEnum):
    """Whether there is a label, or the annotators are split and nothing decides between them.

    `other_target` occurs where a sentence has one code: it is that of another target, and says nothing of this one.
    """

    decided = "decided"
    undecided = "undecided"
    other_target = "other_target"


@keep_docstring
class Deciding(StrEnum):
    """How votes decide: by more than half of them, or, if no label has as many, by the most votes."""

    majority = "majority"
    plurality = "plurality"


@keep_docstring
class Scheme(StrEnum):
    """How targets were judged: each for itself, or a sentence has one code, that of one target or of none."""

    multi = "multi"
    exclusive = "exclusive"


@keep_docstring
class CopyKind(StrEnum):
    """What two copies have in common: all words, half of their runs of three words, or a run of eight."""

    equal = "equal"
    near = "near"
    quotation = "quotation"


@keep_docstring
class Role(StrEnum):
    """What an annotator's judgements are for.

    To make the labels; only to check labels made by others; to record what was said by an earlier codebook, which makes
    no labels any more; or to decide the pairs that split the others.
    """

    label = "label"
    check = "check"
    earlier = "earlier"
    adjudicator = "adjudicator"


@keep_docstring
class Basis(StrEnum):
    """What a label rests on.

    A single judgement; more than half of several; the most of several; an adjudication where there was no majority, or
    one annotator saw the opposite side; or an adjudication against a majority.
    """

    single = "single"
    majority = "majority"
    plurality = "plurality"
    adjudication = "adjudication"
    overruling = "overruling"


@keep_docstring
class Voice(StrEnum):
    """Who speaks in a sentence: the source itself, with its spokespeople, or somebody else whom it quotes."""

    own = "own"
    quoted = "quoted"


@keep_docstring
class Endorsed(StrEnum):
    """Whether a source makes a quotation its own."""

    yes = "yes"
    no = "no"
    unclear = "unclear"


@keep_docstring
class TargetKind(StrEnum):
    """An issue is something to be for or against; a claim is a statement to assert or deny."""

    issue = "issue"
    claim = "claim"


@keep_docstring
class ProbeKind(StrEnum):
    """What a probe changes in a row: its names are hidden, its claim is negated, or another target is shown."""

    mask = "mask"
    mirror = "mirror"
    swap = "swap"


@keep_docstring
class NameKind(StrEnum):
    """What a name refers to: an organisation or current, a place or people, a person."""

    org = "org"
    place = "place"
    person = "person"


@keep_docstring
class UnitKind(StrEnum):
    """What a unit of a text is."""

    title = "title"  # type: ignore[assignment]  # the member hides a method of str that nobody calls here
    heading = "heading"
    sentence = "sentence"
    list_item = "list_item"
    date = "date"
    byline = "byline"
    navigation = "navigation"
    address = "address"
    author_note = "author_note"


ANNOTATED_KINDS: Final = frozenset({UnitKind.title, UnitKind.heading, UnitKind.sentence, UnitKind.list_item})
