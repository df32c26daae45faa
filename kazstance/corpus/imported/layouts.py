"""Files of public datasets in the layouts of their owners, as tables with a row for each judgement or text."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.input.frames import as_stream
from kazstance.input.tables import Form
from kazstance.input.text_files import open_text
from kazstance.paths import StrPath

Table = Any
Row = dict[str, Any]
UNLISTED: Final = "Not in the list"
"""What SEESAW has in place of an entity that its annotators could not name."""


def read_whole(path: StrPath, form: Form) -> Table:
    """A file that is a table.

    Raises:
        InputError: lines are invalid; all are named.
        KazstanceError: it is missing or damaged.
    """
    return as_stream(path, Path(path).name, form).table()


def read_tabs(path: StrPath, encoding: str) -> Table:
    """Lines with a tab between fields under a header; a line with too few or too many has only those that are there."""
    whole = b"".join(open_text(path, encoding).pieces()).decode("utf-8")
    header, *lines = whole.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    names = header.split("\t")
    cells = [line.split("\t") for line in lines]
    fitting = [
        [*row, *[None] * len(names)][: len(names)] if len(row) <= len(names) else [None] * len(names) for row in cells
    ]
    return pa.table({name: pa.array([row[at] for row in fitting], pa.string()) for at, name in enumerate(names)})


def read_lines(texts: StrPath, labels: StrPath) -> Table:
    """A file with a text on each line, and one with a label on each.

    Raises:
        InputError: they have different numbers of lines.
        KazstanceError: one of them is missing.
    """
    texts, labels = Path(texts), Path(labels)
    try:
        columns = {"text": texts.read_text(encoding="utf-8"), "label": labels.read_text(encoding="utf-8")}
    except (OSError, UnicodeError) as error:
        raise KazstanceError(f"{texts.parent}: {error}; expected {texts.name} and {labels.name}") from error
    found = {name: text.removesuffix("\n").split("\n") for name, text in columns.items()}
    if len(found["text"]) != len(found["label"]):
        message = f"{len(found['label'])} lines, expected as many as in {texts.name}: {len(found['text'])}"
        raise InputError([Problem(str(labels), None, None, message)])
    return pa.table(found)


def read_seesaw(folder: StrPath) -> Table:
    """SEESAW: articles, annotations and what is known of their stories, in a folder each; a row for each annotator."""
    return _table(row for file in _files(Path(folder), "annotations/*.json") for row in _of_seesaw(file))


def _of_seesaw(file: Path) -> Iterator[Row]:
    """The stances of an article, and its sentences without any."""
    home, name = file.parent.parent, file.stem
    article, stated = _json(home / "articles" / file.name), _json(file)
    story, _, number = name.rpartition("_DOCUMENT_")
    meta = _json(home / "meta" / f"{story}.json")
    about = meta.get(f"Meta info for article {number}", {})
    known = {
        "document": name,
        "story": story,
        "split": meta.get("Split"),
        "date": meta.get("story_time"),
        "topic": meta.get("story_topic"),
        "source": about.get("source"),
        "url": about.get("url"),
        "title": about.get("title") or article.get("title"),
        "leaning": about.get("bias_label"),
    }
    stances = stated.get("sentence-level stances", {})
    for sentence in article["text"]:
        row = known | {"text": sentence["text"]}
        found = stances.get(str(sentence["id"]), [])
        yield from (
            row
            | {
                "holder": stance["subject"],
                "target": None if stance["object"] == UNLISTED else stance["object"],
                "label": stance["sentiment"],
                "annotator": who,
            }
            for stance in found
            for who in stance["annotators"]
        )
        if not found:
            yield row


def read_basil(folder: StrPath) -> Table:
    """BASIL: articles and annotations in a folder each, by year; a row for each span, and for each other sentence."""
    return _table(row for file in _files(Path(folder), "annotations/*/*_ann.json") for row in _of_basil(file))


def _of_basil(file: Path) -> Iterator[Row]:
    """The spans of an article, and its sentences without any; a span without a sentence of its own is of the title."""
    year = file.parent.name
    article = _json(file.parents[2] / "articles" / year / file.name.replace("_ann.json", ".json"))
    known = {
        "document": file.name.removesuffix("_ann.json"),
        "article": article["uuid"],
        "story": article.get("triplet-uuid"),
        "event": article.get("main-event"),
        "date": article.get("date"),
        "url": article.get("url"),
        "title": article.get("title"),
        "source": article["source"].lower(),
    }
    sentences = {"title": article["title"]}
    flat = [sentence for paragraph in article["body-paragraphs"] for sentence in paragraph]
    sentences |= {f"p{at}": text for at, text in enumerate(flat)}
    spans: dict[str, list[Row]] = {}
    for span in _json(file)["phrase-level-annotations"]:
        spans.setdefault(span["id"], []).append(span)
    for name, text in sentences.items():
        found = spans.pop(name, [])
        yield from (known | {"text": text} | _span(span) for span in found)
        if not found:
            yield known | {"text": text}
    yield from (known | _span(span) for left in spans.values() for span in left)


def _span(span: Mapping[str, Any]) -> Row:
    """What is said of a span."""
    return {
        "evidence": json.dumps([{"text": span["txt"], "start": span["start"]}]),
        "target": (span["target"] or "").replace("_", " ") or None,
        "label": span["polarity"],
        "holder": span["speaker"].replace("_", " ") if span.get("quote") == "yes" and span.get("speaker") else None,
        "note": "; ".join(filter(None, [span.get("bias"), span.get("aim"), span.get("notes")])),
    }


def read_perspectrum(folder: StrPath) -> Table:
    """Perspectrum: claims with their perspectives, the pool of perspectives, and the split of each claim.

    The votes on a group of perspectives that mean the same are the votes on each of them.
    """
    claims = _json(_one(Path(folder), "perspectrum_with_answers_v*.json"))
    pool = {one["pId"]: one for one in _json(_one(Path(folder), "perspective_pool_v*.json"))}
    splits = _json(_one(Path(folder), "dataset_split_v*.json"))
    return _table(row for claim in claims for row in _of_claim(claim, pool, splits))


VOTES: Final = ("support", "mildly_support", "mildly_undermine", "undermine", "not_a_perspective")


def _of_claim(claim: Row, pool: Mapping[int, Row], splits: Mapping[str, str]) -> Iterator[Row]:
    """A row for each perspective on a claim."""
    for group in claim["perspectives"]:
        for number in group["pids"]:
            one = pool.get(number, {})
            yield {
                "text": one.get("text"),
                "source": one.get("source"),
                "perspective": number,
                "target": claim["text"],
                "topics": "; ".join(claim.get("topics", ())),
                "split": splits.get(str(claim["cId"])),
                **dict(zip(VOTES, map(str, group["voter_counts"]), strict=False)),
            }


LAYOUTS: Final[Mapping[str, Callable[[StrPath], Table]]] = {
    "seesaw": read_seesaw,
    "basil": read_basil,
    "perspectrum": read_perspectrum,
}


def _files(folder: Path, name: str) -> list[Path]:
    """All files of a name below a folder.

    Raises:
        KazstanceError: there are none.
    """
    found = sorted(file for file in folder.rglob(name) if file.is_file())
    if not found:
        raise KazstanceError(f"{folder}: no files {name}; expected the owners' folders")
    return found


def _one(folder: Path, name: str) -> Path:
    """The newest file of a name below a folder."""
    return _files(folder, name)[-1]


def _json(file: Path) -> Any:
    """The content of a JSON file, as the owners read it: some have a key twice, of which the last counts.

    Raises:
        KazstanceError: it is missing, or not JSON.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise KazstanceError(f"{file}: {' '.join(str(error).split())}; expected a JSON file of the dataset") from error


def _table(rows: Iterator[Row]) -> Table:
    """Rows as a table; a file in another layout is one problem.

    Raises:
        KazstanceError: something is missing in a file.
    """
    try:
        return pa.Table.from_pylist(_even(list(rows)))
    except (KeyError, TypeError, AttributeError, ValueError, pa.ArrowException) as error:
        line = " ".join(str(error).split())
        raise KazstanceError(f"not in the layout of this dataset ({type(error).__name__}: {line})") from error


def _even(rows: list[Row]) -> list[Row]:
    """Rows that all have the same keys."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]
