"""Messages, docstrings and comments use the usual words in the usual order."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import kazstance

PACKAGE = Path(kazstance.__file__).parent
PARTS = sorted(path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists())
"""The modules and packages of the package."""
SUFFIXES = {".py", ".js", ".html", ".j2", ".css", ".yaml"}
"""Files with texts that people read."""

PHRASES = (
    (r"\bstands? twice\b", "the id stands twice", "the id appears twice"),
    (r"\bstands? on line\b", "it stands on line 2 too", "it also appears on line 2"),
    (r"(?<!there )\bis no (?!longer\b)[a-z]+", "the folder is no dataset", "there is no such folder"),
    (r"\bthat (is|are) none\b", "labels that are none", "invalid labels; the label is none"),
    (r"\bbut for\b", "all columns but for the labels", "all columns except the labels"),
    (r"\b(is|was|are|if|where) but (a|one)\b", "there is but one cluster", "there is only one cluster"),
    (r"\bsay --", "say --yes to upload", "pass --yes to upload"),
    (r"\bdoubled\b", "3 rows doubled", "duplicate rows (3)"),
    (r"\b(one|two|three) (or more )?at least\b", "expected one at least", "expected at least one"),
    (r"\bin small letters\b", "the suffix, in small letters", "the suffix, in lower case"),
    (r"\bmakes? way\b", "the old folder makes way", "the old folder is removed"),
    (r"\bby itself\b", "every table by itself", "every table on its own"),
    (r"\bthose there are\b", "the message lists those there are", "the message lists the valid names"),
    (r"\bpassed over\b", "empty lines are passed over", "empty lines are skipped"),
    (r"\b(does|do) not go with\b", "it does not go with the label", "it is not allowed with the label"),
    (r"(?<!is )\bwhoever\b", "whoever opens the folder next", "the next program that opens the folder"),
    (r"\bseed: of\b", "seed: of the generator", "seed: seed of the random generator"),
    (r"\bis there already\b", "the folder is there already", "the folder already exists"),
    (r"\bas it was before\b", "put back as it was before", "restored to its earlier state"),
    (r"\bto be made\b", "it is to be made", "it will be created"),
    (r"\bgive[sn]? .* room\b", "sources give a target different room", "sources differ in salience"),
)
"""Phrases that are always wrong here, each with a text that contains it and a better text."""


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """The strings and comments of a module, or all lines of another file, each with its line."""
    source = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        yield from enumerate(source.splitlines(), 1)
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, " ".join(node.value.split())
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


@pytest.mark.parametrize("part", PARTS)
def test_no_text_has_a_phrase_that_is_always_wrong(part: str) -> None:
    path = PACKAGE / part
    files = [file for file in sorted(path.rglob("*")) if file.suffix in SUFFIXES] if path.is_dir() else [path]
    assert files
    found = [
        f"{file.relative_to(PACKAGE)}:{line}: {text}; write for example: {better}"
        for file in files
        for line, text in texts(file)
        for phrase, _, better in PHRASES
        if re.search(phrase, text, re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("phrase", "wrong", "better"), PHRASES)
def test_phrases_match_wrong_texts_and_not_better_ones(phrase: str, wrong: str, better: str) -> None:
    assert re.search(phrase, wrong, re.IGNORECASE)
    assert not any(re.search(other, better, re.IGNORECASE) for other, _, _ in PHRASES)
