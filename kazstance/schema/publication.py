"""What a dataset is published with: who made it, when, under which terms, and what a user should know before use."""

import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from kazstance.schema.frozen import Frozen


def is_filled(text: str) -> bool:
    """Whether a text is not blank: not all of its characters are white space or invisible."""
    return text[:1].isalnum() or any(sign.isprintable() and not sign.isspace() for sign in text)


def _check_filled(text: str) -> str:
    if not is_filled(text):
        raise ValueError(f"{text[:80]!r} is blank, expected some text")
    return text


FILLED: Final = AfterValidator(_check_filled)
"""Validates that a text is not blank: not all of its characters are white space or invisible."""
Prose = Annotated[str, Field(min_length=1, max_length=20_000), FILLED]
Word = Annotated[str, Field(min_length=1, max_length=200), FILLED]


class ResponsibleAI(Frozen):
    """Prose for those fields of Croissant's responsible-AI vocabulary (MLCommons, RAI 1.0) that cannot be computed."""

    data_collection: Prose | None = None
    """How the texts were chosen and gathered."""
    data_collection_type: Prose | None = None
    """What kind of collection it was."""
    data_collection_missing_data: Prose | None = None
    """What is unknown or missing."""
    data_collection_raw_data: Prose | None = None
    """What the raw data are, and where they are kept."""
    data_preprocessing_protocol: Prose | None = None
    """What was done to the texts before they were annotated."""
    data_manipulation_protocol: Prose | None = None
    """How splits and tables were made from the annotated texts."""
    data_annotation_protocol: Prose | None = None
    """How the labels were made."""
    data_annotation_platform: Prose | None = None
    """Which tools the annotators used."""
    data_use_cases: Prose | None = None
    """What the data are for, and what not."""
    data_biases: Prose | None = None
    """How the data may be biased."""
    data_limitations: Prose | None = None
    """What cannot be concluded from the data."""
    data_social_impact: Prose | None = None
    """Whom the use of the data may help or harm."""
    personal_sensitive_information: Prose | None = None
    """What personal information the data contain."""
    data_release_maintenance_plan: Prose | None = None
    """How versions are made, and how to have something removed."""


class Publication(Frozen):
    """Metadata entered once and reused in the card, the citation, and the metadata for Zenodo and Croissant."""

    released: datetime.date | None = None
    """The day of this version."""
    authors: tuple[Word, ...] = ()
    """Who made it: `Family, Given` for a person, a name without a comma for any other body."""
    abstract: Prose | None = None
    """What it is, in one paragraph."""
    keywords: tuple[Word, ...] = ()
    """Keywords to find it by."""
    repository: Annotated[str, Field(pattern=r"^https://[^\s\"<>]+$")] | None = None
    """The address of its home page; omitted if it has none."""
    doi: Annotated[str, Field(pattern=r"^10\.[0-9]{4,9}/[^\s\"<>]+$")] | None = None
    """Its DOI; omitted if it has none."""
    responsible_ai: ResponsibleAI = ResponsibleAI()
    """What a user should know before use."""
