"""Corpora made up by a program, written as folders that a build reads: any texts, any answers."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kazstance.schema.digest import text_hash

Answer = Mapping[str, str | None]
"""For each target that was asked its label, or None for a sentence that is not about it."""


@dataclass
class Made:
    """A corpus: texts by their path below `texts`, without suffix; answers by annotator and sentence id."""

    texts: dict[str, str]
    answers: dict[str, dict[str, Answer]]
    targets: Sequence[Mapping[str, Any]]
    sources: Mapping[str, str] = field(default_factory=dict)
    """What else is said of a source, as lines of TOML."""
    header: str = ""
    origin: str = "human"

    def write(self, folder: Path) -> Path:
        """Write the corpus folder."""
        for name, text in self.texts.items():
            file = folder / "texts" / f"{name}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        sums = (f"{hashlib.sha256(text.encode()).hexdigest()}  texts/{name}.txt\n" for name, text in self.texts.items())
        (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
        head = f'[corpus]\nid = "made"\ntitle = "Made up"\nversion = "1.0.0"\nevent = "none"\nlicense = "CC0-1.0"\n{self.header}\n'
        names = dict.fromkeys(name.split("/")[0] for name in self.texts)
        blocks = [
            f'[[source]]\nid = "{name}"\nlanguage = "en"\nrights = "made up"\n{self.sources.get(name, "")}\n'
            for name in names
        ]
        (folder / "sources.toml").write_text(head + "\n".join(blocks), encoding="utf-8")
        (folder / "targets.toml").write_text(_tables("target", self.targets), encoding="utf-8")
        (folder / "annotations").mkdir(exist_ok=True)
        who = [{"id": name, "origin": self.origin} for name in self.answers]
        (folder / "annotations/annotators.toml").write_text(_tables("annotator", who), encoding="utf-8")
        texts = said(self.texts)
        for name, answers in self.answers.items():
            lines = (_reading(sentence, texts[sentence], answer) for sentence, answer in answers.items())
            (folder / f"annotations/{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        return folder


def sentences_of(line: str) -> list[str]:
    """The sentences of a line; none here has a full stop but at its end."""
    return [f"{part.strip()}." for part in line.split(".") if part.strip()]


def said(texts: Mapping[str, str]) -> dict[str, str]:
    """All sentences by their ids; paragraphs are lines."""
    found = {}
    for name, text in texts.items():
        for i, line in enumerate((line for line in text.split("\n") if line.strip()), 1):
            found |= {f"{name}/{i}/{j}": sentence for j, sentence in enumerate(sentences_of(line), 1)}
    return found


def ids_of(texts: Mapping[str, str]) -> list[str]:
    """The ids of all sentences."""
    return list(said(texts))


def _tables(key: str, rows: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"[[{key}]]\n" + "".join(f"{k} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in row.items()) for row in rows
    )


def _reading(sentence: str, text: str, answer: Answer) -> str:
    judged = [{"target_id": target, "label": label} for target, label in answer.items() if label]
    row = {"sentence_id": sentence, "text_hash": text_hash(text), "covered": list(answer), "judgements": judged}
    return json.dumps(row, ensure_ascii=False) + "\n"
