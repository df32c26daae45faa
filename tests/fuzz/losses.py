"""What a command was given, read without the package, against what it made of it: nothing is lost, and no figure is another."""

import csv
import hashlib
import io
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = list[dict[str, Any]]
FOLDERS = {"annotations": ".jsonl", "texts": ".txt", "curation": ".csv", "probes": ".jsonl"}
"""Folders of a corpus whose files of this kind hold somebody's work."""


class UnreadableError(Exception):
    """A file that the readers here do not take; whether the package should is not asked."""


def of_build(folder: Path) -> Iterator[str]:
    """What the corpus holds and the dataset built from it does not."""
    corpus, out, said = folder / "corpus", folder / "out", (folder / "run" / "stderr").read_text(errors="replace")
    yield from _unread(corpus, said)
    for table, file, key in (("targets", "targets.toml", "target"), ("sources", "sources.toml", "source")):
        given = [row["id"] for row in tomllib.loads(_text(corpus / file))[key]]
        built = [row[f"{key}_id"] for row in _table(out / table / "all.parquet")]
        if sorted(given) != sorted(built):
            yield f"{file} has {given}, the table {built}"
    for source in _table(out / "sources" / "all.parquet"):
        path = corpus / "texts" / f"{source['source_id']}.txt"
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != source["raw_sha256"]:
            yield f"{path.name} is not the text that was built"
    yield from _lost_judgements(corpus, out)
    yield from _lost_adjudications(corpus, out)


def _unread(corpus: Path, said: str) -> Iterator[str]:
    """Files of work that no message names and that the small corpus does not have."""
    from tests.conftest import HARBOUR

    for name, suffix in FOLDERS.items():
        for path in (corpus / name).glob(f"*{suffix}"):
            is_ours = (HARBOUR / name / path.name).is_file()
            if not is_ours and path.name.isascii() and path.name.isprintable() and path.name not in said:
                yield f"{name}/{path.name} is not read, and nothing says so"


def _lost_judgements(corpus: Path, out: Path) -> Iterator[str]:
    rows = _table(out / "judgements" / "all.parquet")
    built = {(row["annotator_id"], row["sentence_id"], row["target_id"]): row["label_name"] for row in rows}
    annotators = {row["annotator_id"] for row in _table(out / "annotators" / "all.parquet")}
    for annotator in sorted(annotators):
        for line in _lines(corpus / "annotations" / f"{annotator}.jsonl"):
            for judgement in line["judgements"]:
                key = (annotator, line["sentence_id"], judgement["target_id"])
                if built.get(key) != judgement["label"]:
                    yield f"{key} is {judgement['label']}, and {built.get(key)} in the table"


def _lost_adjudications(corpus: Path, out: Path) -> Iterator[str]:
    path = corpus / "annotations" / "adjudications.jsonl"
    rows = [row for file in sorted((out / "grid").glob("*.parquet")) for row in _table(file)]
    built = {(row["sentence_id"], row["target_id"]): (row["label_name"], row["origin"]) for row in rows}
    for line in _lines(path) if path.is_file() else []:
        key = (line["sentence_id"], line["target_id"])
        if built.get(key) != (line["label"], "adjudicated"):
            yield f"{key} is adjudicated to {line['label']}, and {built.get(key)} in the grid"


def of_alike(folder: Path) -> Iterator[str]:
    """Another digest than that of the corpus that says the same."""
    expected, found = (json.loads(_text(folder / name))["digest"] for name in ("expected.json", "out/manifest.json"))
    if found != expected:
        yield f"digest {found}, and {expected} before"


def of_import(folder: Path) -> Iterator[str]:
    """Labels of a filled sheet that the corpus, as it was built, has otherwise or not at all."""
    given = {pair: label for pair, label in _answers(folder / "sheets") if label}
    rows = _table(folder / "out" / "judgements" / "all.parquet")
    built = {(r["sentence_id"], r["target_id"]): r["label_name"] for r in rows if r["annotator_id"] == "p"}
    for pair, label in given.items():
        if built.get(pair) != label:
            yield f"{pair} is {label} in the sheet, and {built.get(pair)} in the table"


def _answers(sheets: Path) -> Iterable[tuple[tuple[str, str], str]]:
    """Sentence, target and label of the sheet that was named last on the command line."""
    if (sheets / "used").read_text() == "filled.csv":
        rows = _csv_rows(sheets / "filled.csv", ",")
        return [((row["sentence_id"], row["target_id"]), row["label"].strip()) for row in rows]
    tasks = json.loads(_text(sheets / "filled.json"))
    return [
        ((task["data"]["sentence_id"], task["data"]["target_id"]), choice)
        for task in tasks
        for annotation in task["annotations"]
        if not annotation.get("was_cancelled")
        for result in annotation["result"]
        if result["from_name"] == "label"
        for choice in result["value"]["choices"]
    ]


def of_run(folder: Path) -> Iterator[str]:
    """Predictions of the file that the folder of the run has otherwise or not at all."""
    path = next(iter(folder.glob("predictions.*")))
    given = {row["item_id"]: row["label"] for row in _rows(path) if row.get("label")}
    files = sorted((folder / "out" / "predictions").glob("*.jsonl"))
    taken = {line["item_id"]: line["label"] for file in files for line in _lines(file)}
    for item, label in given.items():
        if taken.get(item) != label:
            yield f"{item} is {label} in the file, and {taken.get(item)} in the run"


def of_score(folder: Path) -> Iterator[str]:
    """An accuracy that is another than that of the labels under the same id."""
    told = json.loads((folder / "run" / "stdout").read_text())["all"]
    reported = next((line["value"] for line in told if line["metric"] == "accuracy"), None)
    gold, predicted = (
        {row["id"]: row["label"].strip().lower() for row in _rows(next(iter(folder.glob(f"{name}.*"))))}
        for name in ("gold", "pred")
    )
    if not gold:
        yield f"accuracy {reported} of no rows"
        return
    right = sum(predicted.get(key) == label for key, label in gold.items()) / len(gold)
    if reported is None or abs(reported - right) > 1e-9:
        yield f"accuracy {reported}, and {right} as counted here"


CHECKS: Mapping[str, Callable[[Path], Iterator[str]]] = {
    "alike": of_alike,
    "build": of_build,
    "import": of_import,
    "run": of_run,
    "score": of_score,
}


def find(name: str, folder: Path) -> list[str]:
    """What a check finds; nothing where the inputs are such that only the package can tell what they mean."""
    try:
        return list(CHECKS[name](folder))
    except UnreadableError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise UnreadableError from error


def _lines(path: Path) -> Rows:
    try:
        return [json.loads(line) for line in _text(path).split("\n") if line.strip()]
    except ValueError as error:
        raise UnreadableError from error


def _table(path: Path) -> Rows:
    found: Rows = pq.ParquetFile(path).read().to_pylist()
    return found


def _csv_rows(path: Path, delimiter: str) -> Rows:
    quoting = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    try:
        return list(
            csv.DictReader(io.StringIO(_text(path), newline=""), delimiter=delimiter, quoting=quoting, strict=True)
        )
    except csv.Error as error:
        raise UnreadableError from error


def _rows(path: Path) -> Rows:
    """The rows of a table, where all it has are texts under the expected names."""
    if path.suffix == ".jsonl":
        rows = _lines(path)
    elif path.suffix == ".parquet":
        rows = _parquet_rows(path)
    else:
        rows = _csv_rows(path, "," if path.suffix == ".csv" else "\t")
    if not all(
        isinstance(value, str) for row in rows for key, value in row.items() if key in {"id", "item_id", "label"}
    ):
        raise UnreadableError
    return rows


def _parquet_rows(path: Path) -> Rows:
    try:
        table = pq.ParquetFile(path).read()
        return table.select([name for name in ("id", "item_id", "label") if name in table.column_names]).to_pylist()
    except (OSError, pa.ArrowException, ValueError) as error:
        raise UnreadableError from error
