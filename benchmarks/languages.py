"""python -m benchmarks.languages: sentences, words and planted copies in 18 languages, beside other programs."""

import json
import platform
import random
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from icu4py.breakers import SentenceBreaker, WordBreaker

from kazstance.corpus.copies import NEAR, QUOTED, SHINGLE
from kazstance.corpus.encoded import encode
from kazstance.corpus.resemblance import resembling, sharing
from kazstance.errors import KazstanceError
from kazstance.input.text import comparable
from kazstance.language.segmenters import choose_segmenter
from kazstance.language.sentences import sentences
from kazstance.language.words import normal, tokens, words
from kazstance.output.markdown import markdown_table

HERE: Final = Path(__file__).parent
REFERENCE: Final = HERE.parent / "tests" / "languages"
RESULTS: Final = HERE / "results" / "languages.md"
LANGUAGES: Final = [
    "en",
    "de",
    "fr",
    "tr",
    "ru",
    "kk",
    "uk",
    "es",
    "pl",
    "ar",
    "fa",
    "he",
    "hi",
    "th",
    "zh",
    "ja",
    "ko",
    "ur",
]
SIGNS: Final = {"th": 5, "zh": 2, "ja": 2.5}
"""About how many characters a word has where no space ends it."""
LONG, PASSAGE, CARRIER = 16, 10, 4
"""Words of a sentence that is copied, at least; of a passage that is quoted; and of what stands on its sides."""
SENTENCES: Final = 30_000
Cut = Callable[[str, str], Iterable[tuple[int, int]]]
Find = Callable[[str, str], list[str]]


def paragraphs(language: str) -> Iterator[tuple[list[str], list[str]]]:
    """The paragraphs of the reference, which end at a line end: their sentences, and what stands between these."""
    for paragraph in _reference(language)["paragraphs"]:
        found, joins = paragraph["sentences"][:1], list[str]()
        for join, sentence in zip(paragraph["joins"], paragraph["sentences"][1:], strict=True):
            if join == "\n":
                yield found, joins
                found, joins = [], []
            else:
                joins.append(join)
            found.append(sentence)
        yield found, joins


def boundaries(parts: list[str], joins: list[str]) -> tuple[str, set[int]]:
    """A paragraph as text, and where its sentences begin, but for the first."""
    text, found = parts[0], set[int]()
    for join, sentence in zip(joins, parts[1:], strict=True):
        found.add(len(text) + len(join))
        text += join + sentence
    return text, found


def sentence_f1(cut: Cut, language: str) -> float:
    """F1 of the inner boundaries over all paragraphs of a language, each cut by itself."""
    hits = found = expected = 0
    for paragraph in paragraphs(language):
        text, right = boundaries(*paragraph)
        begins = {start for start, _ in list(cut(text, language))[1:]}
        hits, found, expected = hits + len(begins & right), found + len(begins), expected + len(right)
    return 2 * hits / (found + expected)


def word_f1(find: Find, language: str) -> float:
    """F1 of the words over all texts of a language, as multisets, in the form in which they are counted."""
    hits = found = expected = 0
    for row in _reference(language)["words"]:
        right = Counter(normal(word, language) for word in row["words"])
        given = Counter(normal(word, language) for word in find(row["text"], language))
        hits, found, expected = hits + (right & given).total(), found + given.total(), expected + right.total()
    return 2 * hits / (found + expected)


def one_line(text: str, _: str) -> Iterator[tuple[int, int]]:
    """A sentence ends at . ! ? … with a space behind, or at an end of another script."""
    start = 0
    for found in re.finditer(r"(?<=[.!?…؟])[\"”’»)]*\s+|(?<=[。！？।۔])\s*", text):
        if found.end() < len(text):
            yield start, found.end()
            start = found.end()
    yield start, len(text)


def _icu_sentences(text: str, language: str) -> list[tuple[int, int]]:
    units = text.encode("utf-16-le")
    ends = [len(units[: 2 * end].decode("utf-16-le")) for _, end in SentenceBreaker(text, language).segments()]
    return list(zip([0, *ends], ends, strict=False))


def _icu_words(text: str, language: str) -> list[str]:
    units = text.encode("utf-16-le")
    found = (units[2 * a : 2 * b].decode("utf-16-le") for a, b in WordBreaker(text, language).segments())
    return [word for word in found if any(sign.isalpha() for sign in word)]


def _old_words(text: str, _: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text.casefold())


def _old_tokens(text: str, _: str) -> list[str]:
    return re.findall(r"\w+", comparable(text))


def _by(name: str) -> Cut:
    """A segmenter by name; one that does not know a language cuts it as English."""

    def cut(text: str, language: str) -> list[tuple[int, int]]:
        try:
            return choose_segmenter(name, language, HERE).spans(text, language)
        except KazstanceError:
            return choose_segmenter(name, "en", HERE).spans(text, "en")

    return cut


def planted(language: str) -> dict[str, list[tuple[str, str]]]:
    """Sentences with copies: exact but for their form, with a word changed, and a passage of them in another."""
    rng = random.Random(f"planted {language}")  # a sample, not a secret
    joint, width = ("", SIGNS[language]) if language in SIGNS else (" ", 1)
    long, passage, side = (round(width * words) for words in (LONG, PASSAGE, CARRIER))
    texts = [sentence for paragraph in paragraphs(language) for sentence in paragraph[0]]
    parts = [list(text) if joint == "" else text.split() for text in texts]
    parts = [one + other + third for one, other, third in zip(parts, parts[1:], parts[2:], strict=False)]
    found: dict[str, list[tuple[str, str]]] = {"exact": [], "one word": [], "quotation": []}
    for i, part in enumerate(part for part in parts if len(part) >= long):
        text, other, at = joint.join(part[:long]), rng.choice(parts), long // 2
        form = unicodedata.normalize("NFD", text)
        found["exact"].append((text, f"«{form.upper() if i % 2 and language != 'tr' else form}»"))
        changed = [*part[:at], *other[: round(width)], *part[at + round(width) : long]]
        found["one word"].append((text, joint.join(changed)))
        quoting = [*other[:side], *part[2 : 2 + passage], *other[-side:]]
        found["quotation"].append((text, joint.join(quoting)))
    return found


def found_copies(find: Find, language: str) -> dict[str, tuple[int, int]]:
    """Of each kind, how many planted copies are found by words, and how many there are."""
    result = {}
    for kind, pairs in planted(language).items():
        texts = [find(text, language) for pair in pairs for text in pair]
        near = {(one, other) for one, other, _ in resembling(encode(texts), SHINGLE, NEAR)} | set(
            sharing(encode(texts), QUOTED)
        )
        hits = [(i, i + 1) in near or texts[i] == texts[i + 1] for i in range(0, len(texts), 2)]
        result[kind] = (sum(hits), len(pairs))
    return result


def growth() -> list[list[str]]:
    """Processor time for the copies among sentences of which a fifth begin alike."""
    rng = np.random.default_rng(0)
    lines = []
    for n in (SENTENCES // 3, SENTENCES):
        vocabulary = np.char.add("w", np.minimum(rng.zipf(1.3, n * 15), 50_000).astype(str)).tolist()
        texts = [vocabulary[15 * i : 15 * i + 15] for i in range(n)]
        for i in range(0, n, 5):
            texts[i][:3] = ["the", "government", "has"]
        for i in range(0, n, 100):
            texts[i] = [*texts[i - 7][:14], "changed"]
        started = time.process_time()
        near = sum(1 for _ in resembling(encode(texts), SHINGLE, NEAR))
        quoted = sum(1 for _ in sharing(encode(texts), QUOTED))
        lines.append([f"{n:,}", f"{near:,}", f"{quoted:,}", f"{time.process_time() - started:.2f}"])
    return lines


def _reference(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REFERENCE / f"{language}.json").read_text(encoding="utf-8"))
    return found


def _table(row_of: Callable[[str], list[float]], names: list[str]) -> str:
    rows = {language: [100 * value for value in row_of(language)] for language in LANGUAGES}
    means = [f"{np.mean(column):.1f}" for column in zip(*rows.values(), strict=True)]
    lines = [[language, *(f"{value:.0f}" for value in row)] for language, row in rows.items()]
    return markdown_table(["language", *names], [*lines, ["mean", *means]])


def main() -> None:
    """Measure, print the tables, and keep them."""
    nupunkt = _by("nupunkt")
    cuts: dict[str, Cut] = {
        "by language": lambda text, language: (nupunkt if language == "en" else sentences)(text, language),
        "unicode": sentences,
        "nupunkt": nupunkt,
        "one line": one_line,
        "ICU": _icu_sentences,
        "yasbd": _by("yasbd"),
    }
    finds: dict[str, Find] = {"words": words, "0.3.0": _old_words, "ICU": _icu_words}
    kinds = ["exact", "one word", "quotation"]
    copies = {language: [found_copies(find, language) for find in (tokens, _old_tokens)] for language in LANGUAGES}
    rows = [
        [lang, *(f"{way[kind][0]} of {way[kind][1]}" for way in ways for kind in kinds)]
        for lang, ways in copies.items()
    ]
    versions = ", ".join(f"{name} {version(name)}" for name in ("regex", "nupunkt", "icu4py", "yasbd-lib"))
    page = [
        "# Languages",
        "`python -m benchmarks.languages`: the reference in `tests/languages`, which a language model wrote before "
        "there were rules. The rules were revised once after reading their errors in it, so that it flatters them: "
        "before that, `unicode` had 89.2 in the mean, not 94.6, and French words were not parted from elided articles. "
        f"Python {platform.python_version()}, {versions}.",
        "## Sentences",
        "F1 × 100 of the boundaries inside paragraphs. `by language` is what a corpus gets that names no segmenter "
        "(Thai is refused then; its row shows the rules all the same). yasbd cuts Hebrew as English, since it has no "
        "rules for it.",
        _table(lambda language: [sentence_f1(cut, language) for cut in cuts.values()], list(cuts)),
        "## Words",
        "F1 × 100 of the words that have letters. Where words are not separated by spaces, ours are ICU's.",
        _table(lambda language: [word_f1(find, language) for find in finds.values()], list(finds)),
        "## Planted copies",
        "Found by the words of the language, and by those of 0.3.0: sentences in another normal form, half of them in "
        "capitals, in quotation marks; with one word changed; and ten words of a text inside another sentence. Of "
        "Chinese, Japanese and Thai, about as many characters.",
        markdown_table(["language", *kinds, *(f"{kind} (0.3.0)" for kind in kinds)], rows),
        "## Time for copies",
        "Made-up sentences of 15 words, a fifth of which begin alike.",
        markdown_table(["sentences", "near-copies", "shared quotations", "s of processor"], growth()),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
