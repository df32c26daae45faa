"""Sentences by Unicode's sentence ends, with the abbreviations, initials and ordinals of each language."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import regex

from kazstance.language.tags import base, script

VERSION: Final = "1"
"""The version of these rules; another one may cut elsewhere."""
MARKS: Final = r"[\p{Sentence_Terminal}…‥--[\u104a]]"
"""Ends of sentences; the little section of Burmese (U+104A) parts phrases, as a comma does."""
SPACED: Final = frozenset(".!?…‥‼‽⁇⁈⁉;")
"""Ends that need a space behind them, since they also stand inside addresses, names and numbers."""
FULL_STOPS: Final = frozenset(".۔．")
"""Ends that also mark abbreviations."""
ASKING: Final = frozenset("؟！？՞՜")
"""Ends of a script's own that may stand inside a sentence, in a quotation."""
ELLIPSES: Final = frozenset("…‥")
CLOSERS: Final = r"""(?:[\p{{Pe}}\p{{Pf}}"'”’]|\p{{Pi}}(?=\s|$)|[\u00a0\u202f{space}]»|\[\d{{1,3}}\]|[¹²³⁰⁴-⁹])*"""
"""What stands behind the end of a sentence and belongs to it: brackets, quotation marks, numbers of notes."""
EMOJI: Final = r"(?:\s?[\p{Emoji_Presentation}\p{Emoji_Modifier}\ufe0f\u200d]+)*"
UNSPACED: Final = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Yi}]")
OPENERS: Final = regex.compile(r"""[\p{Ps}\p{Pi}\p{Pf}\p{Dash}"'\s¿¡„‚]*""")
CONTINUING: Final = regex.compile(r"[,;:،؛、，；：)\]}]")
LOWER: Final = regex.compile(r"\p{Sentence_Break=Lower}")
CAMEL: Final = regex.compile(r"\p{Ll}+\p{Lu}")
"""The beginning of a name such as iPad, which may begin a sentence too."""
TOKEN: Final = regex.compile(r"[\p{L}\p{M}\p{N}.'’׳״\"\u200c\u200d\-]+$")
LATIN: Final = regex.compile(r"(?<![\p{Latin}])[\p{Latin}.\-]*\p{Latin}[\p{Latin}\p{N}.'’\-]*$")
REACH: Final = 200
"""Characters before and behind an end that are looked at."""
WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}'’]+")
NUMERAL: Final = regex.compile(r"\p{Nd}+|[IVXLCDM]+|[ІХVI]+")
AFTER_NUMERAL: Final = regex.compile(r"(?:\p{Nd}|\b[IVXLCDMІХ]+)[\s\u00a0]*$")
LISTED: Final = regex.compile(
    r"\(?(?:\p{Nd}{1,3}(?:\.\p{Nd}{1,3})*|[IVXLC]{1,5}|[一二三四五六七八九十]{1,3}|\p{L}\p{M}*)"
)
"""What numbers a heading or an item of a list."""
LETTER: Final = regex.compile(r"\p{L}\p{M}*")
INITIAL: Final = regex.compile(r"\p{L}\p{M}*[.۔]")
PRECEDING: Final = regex.compile(r"(\p{L}{1,3})\.[ \u00a0\u202f]$")
FORWARD: Final = regex.compile(r"(\p{L}{1,3})\.")
DOTTED: Final = regex.compile(r"\p{L}{1,2}\p{M}*(?:\.-?\p{L}{1,2}\p{M}*)+")
YEAR: Final = 4
"""Digits from which a number is a year rather than an ordinal."""
OPENING: Final = 4
"""Words up to which a date or the like opens a sentence rather than ends it."""
QUOTING: Final = {
    "zh": regex.compile(r"[^，。？！“”「」\s]{0,6}[说說问問道喊答叫]"),
    "ja": regex.compile(r"と(?!て)|って|など|[をが]|は(?!い)|の(?!ち)"),
}
"""How a sentence goes on behind a quotation that has an end of its own."""
ROUND: Final = str.maketrans("（）", "()")
BRACKET: Final = regex.compile(r"[()（）]")
QUOTES: Final = regex.compile(r"[\p{Pi}\p{Pf}\"'„‚「『»]")
Span = tuple[int, int]


@dataclass(frozen=True)
class Rules:
    """What a full stop means in a language; words are in small letters and without their last full stop."""

    bound: frozenset[str] = frozenset()
    either: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    starters: frozenset[str] = frozenset()
    ordinals: bool = False


@dataclass(frozen=True)
class Stop:
    """A possible end of a sentence: the last of the sentence so far, its marks and what closes it, and what follows.

    `quotes` says whether the sentence began with a quotation mark.
    """

    sofar: str
    quotes: bool
    marks: str
    closers: str
    more: str
    space: str
    rest: str

    @property
    def following(self) -> str:
        """What follows, without the signs that open it."""
        return self.rest[OPENERS.match(self.rest).end() :]


def has_rules(language: str) -> bool:
    """Whether there are rules for a language."""
    return base(language) in _table()


def sentences(text: str, language: str) -> Iterator[Span]:
    """The spans of the sentences of a paragraph, in code points; white space between them belongs to none.

    Args:
        text: the paragraph; line ends in it are white space.
        language: its language, as a BCP 47 tag; one without rules has only Unicode's sentence ends (UAX 29) and the
            rules for initials and numbers.
    """
    start = len(text) - len(text.lstrip())
    name = base(language)
    for found in _ends(name).finditer(text, start):
        end = found.end("closed")
        if found.end() == len(text):
            break
        stop = Stop(
            sofar=text[max(start, found.start() - REACH) : found.start()],
            quotes=QUOTES.match(text, start) is not None,
            marks=found["marks"],
            closers=found["closers"],
            more=found["more"],
            space=found["space"],
            rest=text[found.end() : found.end() + REACH],
        )
        if _is_end(stop, language):
            yield start, end
            start = found.end()
    if last := text[start:].rstrip():
        yield start, start + len(last)


@cache
def _ends(name: str) -> "regex.Pattern[str]":
    marks = MARKS if name != "el" else rf"(?:{MARKS}|;)"
    closers = CLOSERS.format(space=" " if name == "fr" else "")
    closed = rf"(?P<closed>(?P<marks>{marks}+)(?P<closers>{closers})(?P<more>{marks}*){EMOJI})"
    return regex.compile(closed + r"(?P<space>\s*)", regex.V1)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("sentence_rules.toml").read_text(encoding="utf-8"))


@cache
def _rules(name: str) -> Rules:
    found = _table().get(name, {})
    lists = {key: frozenset(value.split()) for key, value in found.items() if isinstance(value, str)}
    return Rules(**lists, ordinals=found.get("ordinals", False))


def _is_end(stop: Stop, language: str) -> bool:
    """Whether a sentence ends."""
    if not _may_end(stop) or _is_inside(stop, language):
        return False
    last, following = (stop.more or stop.marks)[-1], stop.following
    if last not in SPACED | ASKING | FULL_STOPS:
        return True
    if LOWER.match(following) and not CAMEL.match(following):
        return False
    is_plain = stop.marks + stop.more in FULL_STOPS and not stop.closers
    return not is_plain or _is_full_stop(stop, following, language)


def _may_end(stop: Stop) -> bool:
    """Whether a sentence has words so far, and what follows neither continues it nor stands too close."""
    if not WORD.search(stop.sofar) or not stop.following or CONTINUING.match(stop.rest):
        return False
    last = (stop.more or stop.marks)[-1]
    return bool(stop.space or last not in SPACED or (last not in ELLIPSES and UNSPACED.match(stop.rest)))


def _is_inside(stop: Stop, language: str) -> bool:
    """Whether an end is that of a remark in brackets, or of a quotation, inside the sentence."""
    before, bracket, inside = stop.sofar.translate(ROUND).rpartition("(")
    if bracket and ")" not in inside and WORD.search(before):
        return not stop.more if ")" in stop.closers.translate(ROUND) else _closes(stop.rest)
    if not stop.closers or stop.more:
        return False
    quoting = QUOTING.get(base(language))
    if quoting:
        return not stop.space and quoting.match(stop.rest) is not None and (stop.quotes or base(language) == "ja")
    return stop.quotes and stop.marks[-1] not in FULL_STOPS and not _has_case(stop.following[:1])


def _closes(rest: str) -> bool:
    """Whether a bracket closes that was open before."""
    found = BRACKET.search(rest)
    return found is not None and found[0] in ")）"


def _is_full_stop(stop: Stop, following: str, language: str) -> bool:
    """Whether a single full stop ends a sentence, rather than an abbreviation, initial or ordinal."""
    found = TOKEN.search(stop.sofar[-REACH:])
    if not found or found[0][-1] in "'’׳":
        return True
    if LISTED.fullmatch(stop.sofar):
        return False
    latin = LATIN.search(found[0]) if script(language) not in ("Latn", "") else None
    token = (latin or found)[0].lstrip("'\"’-")
    before = stop.sofar[: len(stop.sofar) - len(token)]
    rules = _rules(base(language)) if latin is None else _latin_rules()
    known = rules.bound | rules.ends
    if (joined := FORWARD.match(following)) and f"{token}.{joined[1]}".casefold() in known:
        return False
    if (joined := PRECEDING.search(before)) and (whole := f"{joined[1]}.{token}".casefold()) in known:
        token = whole
    return _is_end_of_token(token, before, following, rules)


def _is_end_of_token(token: str, before: str, following: str, rules: Rules) -> bool:
    """Whether a sentence ends with a word or number that has a full stop behind it."""
    word = WORD.match(following)
    starts = bool(word and word[0].casefold() in rules.starters and not INITIAL.match(following))
    forms = {token.casefold(), regex.split(r"['’\-]", token.casefold())[-1]}
    if forms & rules.ends:
        return _ends_here(token, before, following, starts=starts)
    if forms & rules.bound or (forms & rules.numbers and following[0].isdigit()):
        return False
    if forms & rules.either:
        return starts
    if NUMERAL.fullmatch(token) and (not LETTER.fullmatch(token) or rules.ordinals):
        return not rules.ordinals or _ends_with_number(token, following, starts=starts)
    if LETTER.fullmatch(token):
        is_era = not _has_case(token) and AFTER_NUMERAL.search(before) is not None
        return not INITIAL.match(following) and (starts or is_era)
    return starts or not DOTTED.fullmatch(token)


def _ends_here(token: str, before: str, following: str, *, starts: bool) -> bool:
    """Whether an abbreviation that may end a sentence does: a unit behind its number only, a date not at the outset."""
    if following[0].isdigit():
        return False
    if len(set(token)) > 1:
        return True
    return bool(AFTER_NUMERAL.search(before)) and (starts or len(before.split()) >= OPENING)


def _ends_with_number(token: str, following: str, *, starts: bool) -> bool:
    """Whether a sentence ends with a number, where a full stop may make it an ordinal."""
    return starts or (len(token) >= YEAR and token.isdigit() and not following[0].isdigit())


@cache
def _latin_rules() -> Rules:
    """The rules for Latin words in a text of another script: English, whose abbreviations end nothing there."""
    english = _rules("en")
    return Rules(bound=english.bound | english.either | english.ends, numbers=english.numbers)


def _has_case(letter: str) -> bool:
    return letter.lower() != letter.upper()
