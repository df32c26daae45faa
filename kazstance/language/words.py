"""Words of a text, as they are counted and compared: by the rules of its language, and however they are typed."""

import re
import unicodedata
from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

import regex

from kazstance.language.icu import dictionary_words
from kazstance.language.tags import UNDETERMINED, base, script

LETTERS: Final = r"\p{L}[\p{L}\p{M}\u200c\u200d]*"
WORD: Final = regex.compile(
    rf"{LETTERS}(?:(?:[-'·׳״]|(?<=\p{{Hebrew}})\"(?=\p{{Hebrew}})){LETTERS})*(?:(?<=\p{{Hebrew}})׳)?"
)
"""A word: letters with their marks, joined by apostrophes, hyphens, the Catalan dot and the Hebrew signs."""
WORD_OR_NUMBER: Final = regex.compile(rf"{LETTERS}|\p{{N}}+")
"""The parts of words, and numbers: what texts are compared by."""
IN_ASCII: Final = re.compile(r"[a-z]+|[0-9]+")
"""The same in a text of these characters alone, in which no letter is a capital; it is faster."""
DOTLESS: Final = frozenset({"tr", "az"})
"""Languages in which small I is ı, and capital i is İ."""
UNSPACED: Final = frozenset({"Hani", "Hans", "Hant", "Jpan", "Hira", "Kana", "Hrkt", "Thai", "Laoo", "Khmr", "Mymr"})
"""Scripts that put no spaces between words (ISO 15924)."""
IN_UNSPACED: Final = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
ELIDED: Final = {
    "fr": regex.compile(r"(?:(?:[cdjlmnst]|(?:jus|lors|puis|quoi)?qu)')(?=\p{L})"),
    "it": regex.compile(r"(?:(?:[cdlmnstv]|un|quest|quell|sant|(?:[dn]|su|da)?ell|[ad]all|sull)')(?=\p{L})"),
    "ca": regex.compile(r"(?:[dlmnst]')(?=\p{L})"),
}
"""Articles, pronouns and the like that lose their vowel before another word, and are words still."""
JOINERS: Final = "\u200c\u200d"
"""Signs without width that decide how letters join; Persian words have them inside."""
PLAIN: Final = str.maketrans({**dict.fromkeys("’‘ʼʻ", "'"), **dict.fromkeys("\u2010\u2011", "-")})
"""Apostrophes and hyphens in their plain form."""
WITHOUT_JOINERS: Final = str.maketrans(dict.fromkeys(JOINERS, ""))
VOWELS: Final = (("\u0e4d\u0e32", "\u0e33"), ("\u0ecd\u0eb2", "\u0eb3"))
"""Vowels of Thai and Lao that the form NFKC takes apart, and no dictionary has in parts."""


def normal(text: str, language: str = UNDETERMINED) -> str:
    """A text in the form in which its words are counted.

    Compatible characters (such as full-width letters and ligatures), case, the forms of apostrophes and hyphens, how
    accents are composed, and invisible characters make no difference.
    """
    text = unicodedata.normalize("NFKC", text)
    for parts, vowel in VOWELS:
        text = text.replace(parts, vowel)
    if base(language) in DOTLESS:
        text = text.replace("İ", "i").replace("I", "ı")
    if not text.isascii():
        text = text.translate(PLAIN)
        text = "".join(sign for sign in text if sign in JOINERS or unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFC", text.casefold())


def word_tools(language: str) -> dict[str, str]:
    """The packages, with versions, that the words of a language rest on beyond the base install.

    Raises:
        MissingExtraError: the language is written without spaces between words, and icu4py is not installed.
    """
    if script(language) not in UNSPACED:
        return {}
    list(dictionary_words("", language))
    return {"icu4py": version("icu4py")}


def words(text: str, language: str = UNDETERMINED) -> list[str]:
    """The lower-cased words of a text, with straight apostrophes; digits and punctuation are dropped.

    Args:
        text: the text.
        language: its language, as a BCP 47 tag.

    Raises:
        MissingExtraError: the language is written without spaces between words, and icu4py is not installed.
    """
    found = _found(WORD, normal(text, language), language)
    elided = ELIDED.get(base(language))
    return [part for word in found for part in _parts(word, elided)] if elided else list(found)


def tokens(text: str, language: str = UNDETERMINED) -> list[str]:
    """What texts are compared by: the parts of words between hyphens and apostrophes, and numbers.

    Raises:
        MissingExtraError: the language is written without spaces between words, and icu4py is not installed.
    """
    plain = normal(text, language)
    if plain.isascii() and script(language) not in UNSPACED:
        return IN_ASCII.findall(plain)
    found = _found(WORD_OR_NUMBER, plain, language)
    is_joined = any(sign in plain for sign in JOINERS)
    return [token.translate(WITHOUT_JOINERS) for token in found] if is_joined else list(found)


def _found(pattern: "regex.Pattern[str]", text: str, language: str) -> Iterator[str]:
    """What a pattern finds, runs of letters of an unspaced script cut into their words."""
    if script(language) not in UNSPACED:
        return iter(pattern.findall(text))
    return (word for run in pattern.findall(text) for word in _cut(run, language))


def _parts(word: str, elided: "regex.Pattern[str]") -> Iterator[str]:
    """A word, parted from what is elided before it."""
    while found := elided.match(word):
        yield found[0]
        word = word[found.end() :]
    yield word


def _cut(run: str, language: str) -> Iterator[str]:
    return dictionary_words(run, language) if IN_UNSPACED.search(run) else iter((run,))
