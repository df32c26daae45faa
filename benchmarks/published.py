"""python -m benchmarks.published TWEETEVAL TWEET_STANCE: published predictions scored, beside their published figures.

The folders are checkouts of two public repositories, github.com/cardiffnlp/tweeteval and
github.com/prrao87/tweet-stance-prediction; both predict the test set of SemEval-2016 Task 6A.
"""

import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from kazstance import predictions
from kazstance.input.spelling import spelling
from kazstance.metrics import F_AVG, LABELS
from kazstance.output.files import write_file
from kazstance.output.markdown import markdown_table
from kazstance.stats.confusion import Confusion
from kazstance.stats.counting import Floats
from kazstance.stats.metrics import f1, macro_f1, precision, recall, ss, wts

RESULTS: Final = Path(__file__).parent / "results" / "published.md"
TARGETS: Final = ("abortion", "atheism", "climate", "feminist", "hillary")
BLIND: Final = "For comparison: the majority of each target in TweetEval's training set, which reads nothing"
Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Published:
    """Predictions, where their figures stand, and the figures: F_avg; precision, recall and F1 of favor and against."""

    system: str
    source: str
    f_avg: str
    favor: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


TRANSFORMER: Final = Published(
    "OpenAI transformer, five targets",
    "`eval.pl` of the task's organisers, as printed in tweet-stance-prediction, transformer.ipynb (f12cf92)",
    "0.6915",
    ("0.5899", "0.6908", "0.6364"),
    ("0.7990", "0.7007", "0.7466"),
)
ULMFIT: Final = Published(
    "ULMFiT, Feminist Movement",
    "`eval.pl` of the task's organisers, as printed in tweet-stance-prediction, ulmfit.ipynb (f12cf92)",
    "0.5133",
    ("0.3265", "0.5517", "0.4103"),
    ("0.7259", "0.5355", "0.6164"),
)
ROBERTA: Final = Published(
    "RoBERTa retrained on Twitter, five targets",
    "evaluation_script.py of tweeteval (4fbd22c), as it prints them on these files",
    "0.7243628109019552",
    ("0.6200527704485488", "0.7730263157894737", "0.6881405563689604"),
    ("0.8458904109589042", "0.6909090909090909", "0.76058506543495"),
)


def counts(gold: Rows, predicted: Rows, preset: str) -> Confusion:
    """Rows of target and label, in the same order, through the files and the code of `kazstance score`."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "gold.csv", Path(folder) / "pred.csv"
        for file, rows in zip(files, (gold, predicted), strict=True):
            with file.open("w", newline="", encoding="utf-8") as sheet:
                csv.writer(sheet).writerows([("id", "target", "label"), *((i, *row) for i, row in enumerate(rows))])
        columns = predictions.Columns(["id"], target="target")
        return predictions.match(*files, columns, spelling(preset)).confusion("target")


def tab_separated(file: Path) -> Rows:
    """Target and label of each row of a file of SemEval-2016 Task 6; quotes are text there."""
    lines = file.read_text(encoding="latin-1").splitlines()[1:]
    return [(line.split("\t")[1], line.split("\t")[3]) for line in lines if line.strip()]


def tweeteval(folder: Path, place: str) -> Rows:
    """Target and label of each row of TweetEval's stance test sets, in the order of its evaluation script."""
    files = ((target, folder / place.format(target)) for target in TARGETS)
    return [(target, label) for target, file in files for label in file.read_text(encoding="utf-8").split()]


def figures(total: Floats, published: Published) -> list[list[str]]:
    """A row for each figure: published, ours, and whether they are equal to the last digit that was published."""
    of = {"precision": precision(total), "recall": recall(total), "F1": f1(total)}
    rows = [("F_avg", published.f_avg, F_AVG.value(total))]
    for label, theirs in (("favor", published.favor), ("against", published.against)):
        for (name, ours), figure in zip(of.items(), theirs, strict=True):
            rows.append((f"{name} of {label}", figure, float(ours[LABELS.index(label)])))
    return [[published.system, name, figure, *_equal(figure, ours)] for name, figure, ours in rows]


def _equal(figure: str, ours: float) -> tuple[str, str]:
    """Our figure to as many places, and whether it is theirs; of sixteen, the last may differ by the order of sums."""
    places = len(figure.partition(".")[2])
    return f"{ours:.{places}f}", "yes" if abs(ours - float(figure)) <= max(0.5 * 10.0**-places, 1e-15) else "no"


def by_target(found: Confusion) -> list[list[str]]:
    """F_avg and macro-F1 of each target, their means, and all rows taken together."""
    single = [found.total[i : i + 1] for i in range(len(found.strata))]
    rows = [[name, *_scores(total)] for name, total in zip(found.strata, single, strict=True)]
    means = [f"{np.mean([metric(total) for total in single]):.4f}" for metric in (F_AVG, macro_f1)]
    if not rows[1:]:
        return rows
    return [*rows, ["mean of the targets", "", *means, "", ""], ["all rows", *_scores(found.total)]]


def _scores(total: Floats) -> list[str]:
    return [f"{total.sum():.0f}", *(f"{metric(total):.4f}" for metric in (F_AVG, macro_f1, wts, ss))]


def majority(folder: Path, gold: Rows) -> Rows:
    """For each row the most frequent label of its target in TweetEval's training set, whatever the text."""
    train = Counter(tweeteval(folder, "datasets/stance/{}/train_labels.txt"))
    best = {target: max("012", key=lambda label: train[target, label]) for target in TARGETS}
    return [(target, best[target]) for target, _ in gold]


def page(found: Sequence[tuple[Published, Confusion]], blind: Confusion) -> str:
    """The tables."""
    parts = [
        "# Published figures, recomputed",
        "`python -m benchmarks.published TWEETEVAL TWEET_STANCE`: gold labels and predictions from checkouts of "
        "github.com/cardiffnlp/tweeteval and github.com/prrao87/tweet-stance-prediction, read and scored by the code "
        "of `kazstance score`. Nothing of theirs is kept here but the figures.",
        markdown_table(
            ["system", "figure", "published", "kazstance", "equal"],
            [row for published, counted in found for row in figures(counted.total, published)],
        ),
        "Where the published figures stand:",
        "\n".join(f"- {published.system}: {published.source}" for published, _ in found),
        "Both scripts pool the rows of all targets and take the mean F1 of favor and against; so does `f_avg`. A "
        "mean over targets is another figure. TweetEval's leaderboard gives RoBERTa retrained on Twitter 69.3; that is "
        "not the figure of the predictions it publishes, by its own script either.",
    ]
    for name, counted in [*((published.system, counted) for published, counted in found), (BLIND, blind)]:
        table = markdown_table(["target", "n", "f_avg", "macro_f1", "wts", "ss"], by_target(counted))
        parts += [f"## {name}", table]
    return "\n\n".join(parts) + "\n"


def main(tweeteval_folder: Path, stance_folder: Path) -> None:
    """Read, score, print the tables, and keep them."""
    data = stance_folder / "data" / "eval"
    transformer = (
        tab_separated(data / "gold.txt"),
        tab_separated(stance_folder / "results" / "transformer_predicted_2.txt"),
    )
    ulmfit = tab_separated(data / "gold_feminism.txt"), tab_separated(data / "predicted.txt")
    roberta = (
        tweeteval(tweeteval_folder, "datasets/stance/{}/test_labels.txt"),
        tweeteval(tweeteval_folder, "predictions/stance/{}.txt"),
    )
    text = page(
        [
            (TRANSFORMER, counts(*transformer, "semeval")),
            (ULMFIT, counts(*ulmfit, "semeval")),
            (ROBERTA, counts(*roberta, "tweet_eval")),
        ],
        counts(roberta[0], majority(tweeteval_folder, roberta[0]), "tweet_eval"),
    )
    print(text)
    write_file(text.encode(), RESULTS)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
