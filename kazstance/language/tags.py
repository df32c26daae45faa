"""Language tags (BCP 47): whether one is valid, and what it says of script and direction."""

from functools import cache
from typing import Final

UNDETERMINED: Final = "und"
"""The tag of text whose language is not stated."""
RIGHT_TO_LEFT: Final = frozenset(
    {"Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Syre", "Syrj", "Syrn", "Thaa"}
    | {"Yezi"}
)
"""Scripts in present use that are written from right to left (ISO 15924)."""
EXAMPLES: Final = "such as en, pt-BR or zh-Hant"


def check_tag(tag: str) -> str:
    """A language tag as it came, if it is one (BCP 47) and the registry knows its parts.

    Raises:
        ValueError: it is not; the message says what was expected.
    """
    from langcodes import tag_is_valid  # noqa: PLC0415  # takes longer to load than most commands run

    if not tag_is_valid(tag):
        raise ValueError(f"{tag!r} is not a language tag; expected one of BCP 47, {EXAMPLES}")
    return tag


@cache
def base(tag: str) -> str:
    """The language of a tag without script, region and variants, in its shortest code: `pt` of `pt-BR`, `zh` of `cmn`.

    A tag that is not valid has an undetermined language.
    """
    from langcodes import Language  # noqa: PLC0415
    from langcodes.tag_parser import LanguageTagError  # noqa: PLC0415

    try:
        return Language.get(tag).prefer_macrolanguage().language or UNDETERMINED
    except LanguageTagError:
        return UNDETERMINED


@cache
def script(tag: str) -> str:
    """The script of a tag (ISO 15924), the likely one where it names none (CLDR); empty where nothing is known."""
    from langcodes import Language  # noqa: PLC0415
    from langcodes.tag_parser import LanguageTagError  # noqa: PLC0415

    if base(tag) == UNDETERMINED:
        return ""
    try:
        return Language.get(tag).maximize().script or ""
    except LanguageTagError:
        return ""


def is_right_to_left(tag: str) -> bool:
    """Whether a language is written from right to left in the script of its tag."""
    return script(tag) in RIGHT_TO_LEFT
