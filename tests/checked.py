"""A corpus that a model labelled, made up by a program, with the truth about it, and people who know the truth."""

import json
import random
from pathlib import Path

from kazstance.annotate.filled_sheet import import_answers
from kazstance.annotate.plan import Design, Request
from kazstance.annotate.sheet_folder import export_sheets
from tests.corpora import Made, said
from tests.sheets import fill, pairs_of, rows_of, write

SOURCES = ("north", "south", "west")
TARGETS = (
    {"id": "toll", "name": "the toll", "group": "money"},
    {"id": "tax", "name": "the tax", "group": "money"},
    {"id": "strike", "name": "the strike", "group": "work"},
)
LABELS = ("against", "neutral", "favor", None)
MODEL = "gpt"
Truth = dict[tuple[str, str], str | None]


def write_corpus(
    folder: Path, seed: int = 1, paragraphs: int = 20, *, right: float = 0.8, failed: float = 0.0
) -> Truth:
    """Write a corpus folder, of which half of the pairs are about the target; in `north` the model overlooks what is
    against. Returns the true label of every pair."""
    draw = random.Random(seed)
    words = [
        f"{draw.choice('bdfgklmnprst')}{a}{draw.choice('bdfgklmnprst')}{b}"
        for a in "aeiou"
        for b in "aeiou"
        for _ in range(8)
    ]
    texts = {
        source: "\n".join(
            " ".join(" ".join(draw.choices(words, k=7)).capitalize() + "." for _ in range(3)) for _ in range(paragraphs)
        )
        for source in SOURCES
    }
    truth: Truth = {}
    answers: dict[str, dict[str, str | None]] = {}
    for sentence in said(texts):
        source = sentence.split("/")[0]
        weights = {"north": (30, 5, 15, 50), "south": (10, 10, 30, 50), "west": (20, 10, 20, 50)}[source]
        for target in (row["id"] for row in TARGETS):
            label = truth[sentence, target] = draw.choices(LABELS, weights)[0]
            made = label if draw.random() < right else draw.choice(LABELS)
            if source == "north" and label == "against" and draw.random() < 0.4:
                made = "neutral"
            if draw.random() >= failed:
                answers.setdefault(sentence, {})[target] = made
    Made(texts, {MODEL: answers}, TARGETS, origin="model").write(folder)
    return truth


def add_run(folder: Path, name: str = "again", turned: float = 0.1, seed: int = 2) -> None:
    """Add another run of the model, which has another label in a share of the pairs, and says so of nothing."""
    draw, lines = random.Random(seed), []
    for line in (folder / f"annotations/{MODEL}.jsonl").read_text().splitlines():
        row = json.loads(line)
        for judgement in row["judgements"]:
            if draw.random() < turned:
                judgement["label"] = {"favor": "against"}.get(judgement["label"], "favor")
        lines.append(json.dumps(row) + "\n")
    (folder / f"annotations/{name}.jsonl").write_text("".join(lines))
    file = folder / "annotations/annotators.toml"
    own, other = (f'family = "Made (up)"\norder = "{order}"\n' for order in ("forward", "reversed"))
    file.write_text(f'{file.read_text()}{own}\n[[annotator]]\nid = "{name}"\norigin = "model"\nrole = "check"\n{other}')


def add_certainty(folder: Path, truth: Truth) -> None:
    """Have the model say unsure where it is mostly wrong."""
    file, lines = folder / f"annotations/{MODEL}.jsonl", []
    draw = random.Random(3)
    for line in file.read_text().splitlines():
        row = json.loads(line)
        for judgement in row["judgements"]:
            is_right = truth[row["sentence_id"], judgement["target_id"]] == judgement["label"]
            judgement["certainty"] = "sure" if draw.random() < (0.9 if is_right else 0.2) else "unsure"
        lines.append(json.dumps(row) + "\n")
    file.write_text("".join(lines))


def request(n: int, *people: str, **settings) -> Request:
    return Request(labels_only=True, design=Design(model=MODEL, judge=n, annotators=people), **settings)


def judge(
    folder: Path, place: Path, truth: Truth, n: int, *people: str, number: int = 1, **settings
) -> dict[str, list[tuple[str, str]]]:
    """Draw a sample, have it judged by people who know the truth, and import it; the pairs by annotator."""
    export_sheets(folder, people, place, request(n, *people, **settings), number=number, formats=("csv",))
    found = {}
    about = {pair: label for pair, label in truth.items() if label}
    for name in people:
        file = place / (f"{name}/sheet.csv" if people[1:] else "sheet.csv")
        rows = rows_of(file)
        import_answers(folder, write(file.with_name("filled.csv"), fill(rows, about)))
        found[name] = pairs_of(rows)
    return found


def plans_of(folder: Path) -> list[dict]:
    """The plans that a corpus keeps."""
    return [json.loads(file.read_text()) for file in sorted((folder / "annotations/sheets").glob("*.json"))]
