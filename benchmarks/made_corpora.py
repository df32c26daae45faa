"""Corpora of any size whose text repeats itself like real text: stock phrases, formulas and quotations."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np

from kazstance.schema.digest import text_hash

SYLLABLES: Final = [a + b for a, b in product("bdfgklmnprstvz", ("a", "e", "i", "o", "u", "an", "er", "il", "os"))]
WORDS: Final = 30_000
PHRASES: Final = 900
"""Stock phrases of three words."""
STOCK: Final = 0.85
"""Share of the sentences with a stock phrase."""
FORMULAS: Final = 0.01
"""Share of the sentences that are one of few short formulas, such as greetings."""
QUOTATIONS: Final = 0.005
"""Share of the sentences that quote eight words or more of an earlier sentence."""
ODD: Final = 0.1
"""Share of the labels that are drawn anew for each annotator."""
PARAGRAPH: Final = 5
DOCUMENT: Final = 1_000
"""Sentences of a document, at most."""
LABELS: Final = ("favor", "against", "neutral")


@dataclass(frozen=True)
class Shape:
    """The size of a corpus and what is said about its sentences."""

    sentences: int
    sources: int
    targets: int
    annotators: int
    stances: float
    """Stances a sentence, by each annotator."""


def write_corpus(folder: Path, shape: Shape, seed: int = 0) -> None:
    """Write a corpus folder.

    Args:
        folder: an empty folder.
        shape: its size.
        seed: seed of the random generator.
    """
    draw = np.random.default_rng(seed)
    for name in ("texts", "annotations"):
        (folder / name).mkdir(parents=True)
    text = Text(draw)
    names = [f"annotator_{i + 1}" for i in range(shape.annotators)]
    files = [(folder / f"annotations/{name}.jsonl").open("w", encoding="utf-8") for name in names]
    sums = []
    for document, sentences in _documents(text, shape):
        content = "\n".join(" ".join(paragraph) for paragraph in _paragraphs(sentences)) + "\n"
        path = folder / "texts" / f"{document}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
        sums.append(f"{hashlib.sha256(content.encode()).hexdigest()}  texts/{document}.txt\n")
        _annotate(files, document, sentences, shape, draw)
    for file in files:
        file.close()
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    _write_tables(folder, shape, names)


def _documents(text: "Text", shape: Shape) -> Iterator[tuple[str, list[str]]]:
    """The documents of all sources, each with its sentences."""
    sizes = np.diff(np.linspace(0, shape.sentences, shape.sources + 1).astype(int))
    for source, size in enumerate(sizes.tolist()):
        for number, begin in enumerate(range(0, size, DOCUMENT), 1):
            yield f"source_{source + 1}/text_{number}", text.sentences(min(DOCUMENT, size - begin))


def _paragraphs(sentences: Sequence[str]) -> Iterator[Sequence[str]]:
    return (sentences[begin : begin + PARAGRAPH] for begin in range(0, len(sentences), PARAGRAPH))


class Text:
    """Sentences of made-up words, with the frequencies of words and phrases of real text."""

    def __init__(self, draw: np.random.Generator) -> None:
        self._draw = draw
        made = {"".join(parts) for parts in draw.choice(SYLLABLES, (2 * WORDS, 3)).tolist()}
        self._words = np.array(sorted(made)[:WORDS], dtype=object)
        draw.shuffle(self._words)
        self._phrases = [" ".join(row) for row in self._words[draw.integers(0, 400, (PHRASES, 3))].tolist()]
        self._formulas = [self._sentence(4) for _ in range(40)]
        self._said: list[str] = []

    def sentences(self, n: int) -> list[str]:
        """The next sentences."""
        lengths = np.clip(self._draw.normal(17, 6, n), 7, 45).astype(int)
        words = iter(self._words[self._zipf(int(lengths.sum()), WORDS)].tolist())
        kinds, phrases = self._draw.random(n), self._zipf(n, PHRASES).tolist()
        found = []
        for length, kind, phrase in zip(lengths.tolist(), kinds.tolist(), phrases, strict=True):
            said = [next(words) for _ in range(length)]
            if kind < FORMULAS:
                found.append(self._formulas[int(self._draw.integers(len(self._formulas)))])
                continue
            if kind < FORMULAS + QUOTATIONS and self._said:
                quoted = self._said[int(self._draw.integers(len(self._said)))].rstrip(".").lower().split()
                said[2:2] = quoted[: max(8, len(quoted) // 2)]
            elif kind > 1 - STOCK:
                said[3:3] = [self._phrases[phrase]]
            found.append(f"{' '.join(said).capitalize()}.")
        self._said = [*self._said[-2_000:], *found[::20]]
        return found

    def _sentence(self, length: int) -> str:
        return f"{' '.join(self._words[self._zipf(length, WORDS)].tolist()).capitalize()}."

    def _zipf(self, n: int, size: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Ranks with the frequencies of Zipf's law."""
        places: np.ndarray[Any, np.dtype[np.int64]] = np.exp(self._draw.random(n) * np.log(size)).astype(np.int64) - 1
        return places


def _annotate(
    files: Sequence[TextIO], document: str, sentences: Sequence[str], shape: Shape, draw: np.random.Generator
) -> None:
    """Write what every annotator says of a document; most agree, and repeated sentences are annotated once."""
    seen: set[str] = set()
    targets = [f"target_{i + 1}" for i in range(shape.targets)]
    head = json.dumps(["claim"])
    counts = draw.poisson(shape.stances, len(sentences)).tolist()
    for i, (sentence, n) in enumerate(zip(sentences, counts, strict=True)):
        if sentence in seen:
            continue
        seen.add(sentence)
        first = (
            f'{{"sentence_id":"{document}/{i // PARAGRAPH + 1}/{i % PARAGRAPH + 1}","text_hash":"{text_hash(sentence)}"'
        )
        about = draw.choice(shape.targets, min(n, shape.targets), replace=False).tolist()
        end = sentence.index(" ")
        marked = f'"evidence":[{{"start":0,"text":"{sentence[:end]}"}}]'
        labels = draw.integers(0, 3, (len(about), 1)).repeat(len(files), axis=1)
        odd = draw.random(labels.shape) < ODD
        labels = np.where(odd, draw.integers(0, 3, labels.shape), labels).tolist()
        for at, file in enumerate(files):
            judged = ",".join(
                f'{{"target_id":"{targets[t]}","label":"{LABELS[row[at]]}","certainty":"sure",{marked}}}'
                for t, row in zip(about, labels, strict=True)
            )
            file.write(f'{first},"covered":{head},"judgements":[{judged}]}}\n')


def _write_tables(folder: Path, shape: Shape, names: Sequence[str]) -> None:
    head = '[corpus]\nid = "made"\ntitle = "Made"\nversion = "1.0.0"\nevent = "none"\nlicense = "CC0-1.0"\n'
    sources = (f'\n[[source]]\nid = "source_{i + 1}"\nlanguage = "en"\nrights = "made"\n' for i in range(shape.sources))
    targets = (
        f'[[target]]\nid = "target_{i + 1}"\nname = "claim {i + 1}"\nkind = "claim"\n\n' for i in range(shape.targets)
    )
    annotators = (f'[[annotator]]\nid = "{name}"\norigin = "model"\n\n' for name in names)
    (folder / "sources.toml").write_text(head + "".join(sources), encoding="utf-8")
    (folder / "targets.toml").write_text("".join(targets), encoding="utf-8")
    (folder / "annotations/annotators.toml").write_text("".join(annotators), encoding="utf-8")


def share_of_pairs(sentences: Sequence[str], draws: int = 200_000) -> float:
    """The share of pairs of sentences that have a trigram in common, from pairs drawn at random."""
    sets = [set(zip(words, words[1:], words[2:])) for words in (s.rstrip(".").lower().split() for s in sentences)]  # noqa: B905
    pairs = np.random.default_rng(1).integers(0, len(sets), (draws, 2))
    return sum(not sets[i].isdisjoint(sets[j]) for i, j in pairs.tolist() if i != j) / draws
