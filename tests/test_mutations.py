"""What goes wrong with files of predictions: each fault is refused or warned of, and never another figure in silence."""

import json
import random
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from kazstance.cli import app

TARGETS = ["Bicycle Lanes", "Library Hours", "Harbour Toll"]
SUBJECTS = ["the mayor", "my neighbour", "the council", "everyone", "nobody", "the paper", "a driver"]
VERBS = ["likes it", "hates it", "saw it", "paid for it", "forgot it", "wants it – now", "calls it “naïve”"]


class Data:
    """Gold rows and predictions, with the layout of a public dataset, and how they are scored."""

    def __init__(self, name: str, suffix: str, delimiter: str, columns: list[str], labels: list[str], args: list[str]):
        self.name, self.suffix, self.delimiter, self.columns, self.labels, self.args = (
            name, suffix, delimiter, columns, labels, args
        )  # fmt: skip
        draw = random.Random(name)
        texts = [f"{a} {b}" for a in SUBJECTS for b in VERBS][:40]
        draw.shuffle(texts)
        self.gold = [[str(100 + i), TARGETS[i % 3], text, draw.choice(labels)] for i, text in enumerate(texts)]
        self.pred = [[*row[:3], row[3] if draw.random() < 0.6 else draw.choice(labels)] for row in self.gold]
        self.encoding = "utf-8"

    def rows(self, which: str) -> list[list[str]]:
        known = [["ID", "Target", "Text", "Label"], *getattr(self, which)]
        at = [["ID", "Target", "Text", "Label"].index(name) for name in self.columns]
        return [[row[i] for i in at] for row in known]


DATASETS = {
    "SemEval-2016": Data(
        "SemEval-2016", "txt", "\t", ["ID", "Target", "Text", "Label"], ["FAVOR", "AGAINST", "NONE"],
        ["--id", "ID", "--target", "Target", "--preset", "semeval"],
    ),
    "FNC-1": Data(
        "FNC-1", "csv", ",", ["Text", "ID", "Label"], ["agree", "disagree", "discuss", "unrelated"],
        ["--id", "Text", "--id", "ID", "--preset", "fnc"],
    ),
    "TweetEval": Data(
        "TweetEval", "txt", "\t", ["Label"], ["0", "1", "2"], ["--by-line", "--preset", "tweet_eval"],
    ),
}  # fmt: skip
Mutation = Callable[[Data, list[list[str]], list[str], random.Random], tuple[list[list[str]], list[str], str]]


def without_preset(data, rows, args, _):
    return rows, args[: args.index("--preset")], "utf-8"


def other_preset(data, rows, args, draw):
    others = {"semeval": ["pro_con", "fnc", "vast", "wtwt"], "fnc": ["semeval", "gwsd", "wtwt", "rumoureval"]}
    name = args[args.index("--preset") + 1]
    return rows, [*args[:-1], draw.choice(others.get(name, ["semeval", "pro_con", "fnc"]))], "utf-8"


def numbers_of_another(data, rows, args, draw):
    return rows, [*args[:-1], draw.choice(["vast", "kazstance"])], "utf-8"


def auto_preset(data, rows, args, _):
    return rows, [*args[:-1], "auto"], "utf-8"


def shifted_ids(data, rows, args, draw):
    step = draw.choice([-2, -1, 1, 2, 7])
    at = data.columns.index("ID")
    return [rows[0], *([*row[:at], str(int(row[at]) + step), *row[at + 1 :]] for row in rows[1:])], args, "utf-8"


def shifted_and_allowed(data, rows, args, draw):
    moved, args, encoding = shifted_ids(data, rows, args, draw)
    return moved, [*args, "--missing", draw.choice(["wrong", "ignore"]), "--extra", "ignore"], encoding


def ids_dealt_anew(data, rows, args, draw):
    at = data.columns.index("ID")
    ids = [row[at] for row in rows[1:]]
    draw.shuffle(ids)
    return [rows[0], *([*row[:at], i, *row[at + 1 :]] for i, row in zip(ids, rows[1:], strict=True))], args, "utf-8"


def shuffled_by_line(data, rows, args, draw):
    body = rows[1:]
    draw.shuffle(body)
    return [rows[0], *body], ["--by-line", *args[args.index("--preset") :]], "utf-8"


def labels_moved(data, rows, args, draw):
    """The labels of a file without ids or texts are in another order."""
    body = rows[1:]
    draw.shuffle(body)
    return [rows[0], *body], args, "utf-8"


def fewer(data, rows, args, draw):
    return [rows[0], *draw.sample(rows[1:], len(rows) - 1 - draw.randint(1, 5))], args, "utf-8"


def more(data, rows, args, draw):
    row = list(rows[1])
    return [*rows, [f"{value}9" if name == "ID" else value for name, value in zip(data.columns, row, strict=True)]], args, "utf-8"  # fmt: skip


def doubled(data, rows, args, draw):
    return [*rows, draw.choice(rows[1:])], args, "utf-8"


def other_encoding(data, rows, args, draw):
    return rows, args, draw.choice(["windows-1252", "utf-16", "utf-16-le", "mac-roman"])


def read_in_another(data, rows, args, draw):
    return rows, [*args, "--encoding", draw.choice(["windows-1252", "latin-1", "cp1251"])], "utf-8"


def misspelled(data, rows, args, draw):
    at = draw.randrange(1, len(rows))
    changed = [list(row) for row in rows]
    changed[at][-1] = draw.choice(["", "favour", "N/A", "5", "I cannot tell", "none "])
    return changed, args, "utf-8"


def misspelled_and_allowed(data, rows, args, draw):
    changed, args, encoding = misspelled(data, rows, args, draw)
    return changed, [*args, "--invalid", "wrong"], encoding


def cut_line(data, rows, args, draw):
    at = draw.randrange(1, len(rows))
    return [row[:-1] if i == at else row for i, row in enumerate(rows)], args, "utf-8"


def other_texts(data, rows, args, draw):
    at = data.columns.index("Text")
    changed = [list(row) for row in rows]
    for i in draw.sample(range(1, len(rows)), 3):
        changed[i][at] += " indeed"
    return changed, args, "utf-8"


MUTATIONS: dict[str, list[Mutation]] = {
    "all": [without_preset, other_preset, fewer, misspelled, misspelled_and_allowed, auto_preset],
    "SemEval-2016": [
        shifted_ids, shifted_and_allowed, ids_dealt_anew, shuffled_by_line, more, doubled, other_encoding,
        read_in_another, cut_line, other_texts,
    ],
    "FNC-1": [
        shifted_ids, shifted_and_allowed, ids_dealt_anew, shuffled_by_line, more, doubled, other_encoding, cut_line,
        other_texts,
    ],
    "TweetEval": [labels_moved, doubled, numbers_of_another],
}  # fmt: skip
CASES = [
    (name, mutation, seed)
    for seed in range(6)
    for name in DATASETS
    for mutation in (*MUTATIONS["all"], *MUTATIONS[name])
]


def write(data, rows, file, encoding="utf-8"):
    shown = rows if len(data.columns) > 1 else rows[1:]
    file.write_bytes("".join(data.delimiter.join(row) + "\n" for row in shown).encode(encoding, "replace"))
    return str(file)


def score(data, folder, rows, args, encoding="utf-8"):
    """The figures and warnings, or None if the files are refused."""
    gold = write(data, data.rows("gold"), folder / f"gold.{data.suffix}")
    pred = write(data, rows, folder / f"pred.{data.suffix}", encoding)
    names = ["--gold-label", "Label", "--pred-label", "Label", "--resamples", "10", "--json"]
    done = CliRunner().invoke(app, ["score", "--gold", gold, "--pred", pred, *names, *args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    if done.exit_code:
        assert done.stderr.strip()
        return None
    found = json.loads(done.stdout)
    return {line["metric"]: line["value"] for line in found["all"]}, [note["message"] for note in found["notes"]]


def check(name, mutation, seed, folder):
    data, draw = DATASETS[name], random.Random(f"{name} {mutation.__name__} {seed}")
    expected, usual = score(data, folder, data.rows("pred"), data.args)
    rows, args, encoding = mutation(data, [list(row) for row in data.rows("pred")], list(data.args), draw)
    outcome = score(data, folder, rows, args, encoding)
    if outcome is None:
        return
    figures, notes = outcome
    warned = set(notes) - set(usual) or any("by their number alone" in note for note in notes)
    if mutation is numbers_of_another:
        warned = any("tweet_eval" in note and "would read them differently" in note for note in notes)
    assert figures == expected or warned, (mutation.__name__, args)


SAMPLE = CASES[:: max(1, len(CASES) // 24)]


@pytest.mark.parametrize(("name", "mutation", "seed"), SAMPLE, ids=lambda part: getattr(part, "__name__", str(part)))
def test_no_fault_gives_another_figure_in_silence(name, mutation, seed, tmp_path):
    check(name, mutation, seed, tmp_path)


@pytest.mark.full
def test_no_fault_of_two_hundred_gives_another_figure_in_silence(tmp_path):
    assert len(CASES) >= 200
    for case in CASES:
        check(*case, tmp_path)


@pytest.mark.parametrize("name", DATASETS)
def test_the_files_themselves_are_scored(name, tmp_path):
    data = DATASETS[name]
    figures, _ = score(data, tmp_path, data.rows("pred"), data.args)
    right = [one[3] == other[3] for one, other in zip(data.gold, data.pred, strict=True)]
    assert figures["accuracy"] == pytest.approx(sum(right) / len(right))
