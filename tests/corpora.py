"""Corpora made up by a program, written as folders that a build reads: any texts, any answers."""

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kazstance.corpus.read import read
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


def put(folder: Path, rows: Sequence[Mapping[str, Any]], form: str, stem: str = "documents") -> Path:
    """Write rows as a table of a corpus folder."""
    file = folder / f"{stem}.{form}"
    names = list(dict.fromkeys(name for row in rows for name in row))
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist([dict.fromkeys(names) | row for row in rows]), file)
    elif form == "jsonl":
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    else:
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, names)
        table.writeheader()
        nested = {dict, list}
        table.writerows({k: json.dumps(v) if type(v) in nested else v for k, v in row.items()} for row in rows)
        file.write_text(text.getvalue(), encoding="utf-8", newline="")
    return folder


def take_readings(folder: Path) -> list[dict[str, Any]]:
    """The rows of a table that say what the readings of a folder say, which are removed."""
    rows, kinds = [], {entry.value.id: entry.value.kind for entry in read(folder).targets}
    for name, readings in read(folder).readings.items():
        for reading in (entry.value for entry in readings):
            told = {judgement.target_id: judgement for judgement in reading.judgements}
            for target in (t for t, kind in kinds.items() if {t, kind} & set(reading.covered)):
                row = {
                    "sentence_id": reading.sentence_id,
                    "text_hash": reading.text_hash,
                    "target_id": target,
                    "annotator_id": name,
                }
                said = told[target].model_dump(mode="json", exclude_none=True) if target in told else {"label": "none"}
                rows.append(row | said)
        (folder / f"annotations/{name}.jsonl").unlink()
    return rows


def take_texts(folder: Path) -> list[dict[str, Any]]:
    """The rows of a table with the texts of a corpus folder, which are removed."""
    rows = [
        {"document_id": name, "source_id": name.partition("/")[0], "text": text}
        for name, text in read(folder).texts.items()
    ]
    shutil.rmtree(folder / "texts")
    (folder / "SHA256SUMS").unlink()
    return rows


def _tables(key: str, rows: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"[[{key}]]\n" + "".join(f"{k} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in row.items()) for row in rows
    )


def _reading(sentence: str, text: str, answer: Answer) -> str:
    judged = [{"target_id": target, "label": label} for target, label in answer.items() if label]
    row = {"sentence_id": sentence, "text_hash": text_hash(text), "covered": list(answer), "judgements": judged}
    return json.dumps(row, ensure_ascii=False) + "\n"
