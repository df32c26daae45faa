"""Public stance datasets as their owners publish them: where the files are, how they are read, and published figures.

Nothing of the data is kept here. Each reader takes a folder with the user's own copies, named as by their owners.
Where no predictions are published, those of a rule that reads no text are made, and the figure is what the owners' own
scorer printed for them.
"""

import csv
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from kazstance.metrics import F_AVG
from kazstance.stats.confusion import Confusion
from kazstance.stats.metrics import accuracy, f1, macro_f1, precision, recall

Row = tuple[str, str]
"""A target and a label."""
Rows = list[Row]
Read = Callable[[Path], tuple[Rows, Rows]]
"""Gold and predicted labels from a folder, row by row."""
Measure = Callable[[Confusion], float]
SEMEVAL: Final = ("semeval", ())
"""Labels as in SemEval-2016 Task 6, in any case."""


@dataclass(frozen=True)
class Figure:
    """A figure as it was published, and how it is computed here."""

    name: str
    published: str
    ours: Measure


@dataclass(frozen=True)
class Published:
    """Predictions with their published figures, and where these are published."""

    system: str
    source: str
    read: Read
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Owned:
    """A public dataset: where its files are, and how they spell the labels (a preset, and pairs)."""

    title: str
    files: str
    """The files that the folder must hold, and where to get them."""
    spelled: tuple[str | None, tuple[str, ...]]
    systems: tuple[Published, ...]


def f_avg(found: Confusion) -> float:
    """The mean of the F1 of favor and against over all rows."""
    return float(F_AVG.value(found.total))


def mean_f_avg(found: Confusion) -> float:
    """The mean over targets of the mean F1 of favor and against."""
    return float(np.mean([F_AVG.value(found.total[at : at + 1]) for at in range(len(found.strata))]))


def of_all(metric: Callable[..., object]) -> Measure:
    """A metric of all rows."""
    return lambda found: float(metric(found.total))  # type: ignore[arg-type]


def of_label(metric: Callable[..., object], label: str) -> Measure:
    """A metric of one label."""
    return lambda found: float(np.asarray(metric(found.total))[found.labels.index(label)])


def tab_separated(file: Path, encoding: str = "latin-1") -> list[list[str]]:
    """The fields of each line under the header; quotes are text."""
    lines = file.read_text(encoding=encoding).split("\n")[1:]
    return [line.rstrip("\r").split("\t") for line in lines if line.strip()]


def table(file: Path, delimiter: str = ",", *, quoted: bool = True) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with file.open(newline="", encoding="utf-8-sig") as opened:
        if quoted:
            return list(csv.DictReader(opened, delimiter=delimiter))
        return list(csv.DictReader(opened, delimiter=delimiter, quoting=csv.QUOTE_NONE))


def paired(gold: Rows, predicted: Rows) -> tuple[Rows, Rows]:
    """Gold and predicted rows in the same order.

    Raises:
        ValueError: they are not about the same targets.
    """
    if [target for target, _ in gold] != [target for target, _ in predicted]:
        raise ValueError("the targets of gold and predictions differ: expected the same rows in the same order")
    return gold, predicted


def constant(rows: Rows, label: str) -> tuple[Rows, Rows]:
    """The same answer to every row."""
    return rows, [(target, label) for target, _ in rows]


def majority(train: Iterable[Row], test: Rows) -> tuple[Rows, Rows]:
    """For each row the most frequent label of its target in training; of several, the alphabetically first."""
    counted = Counter(train)
    labels = sorted({label for _, label in counted})
    return test, [(target, max(labels, key=lambda label: counted[target, label])) for target, _ in test]


def task6(gold: str, predicted: str) -> Read:
    """Two files in the format of SemEval-2016 Task 6, with rows in the same order."""

    def read(folder: Path) -> tuple[Rows, Rows]:
        found = [[(row[1], row[3].strip()) for row in tab_separated(folder / name)] for name in (gold, predicted)]
        return paired(*found)

    return read


TARGETS: Final = ("abortion", "atheism", "climate", "feminist", "hillary")


def tweeteval(folder: Path, place: str) -> Rows:
    """The rows of TweetEval's stance files, in the order of its evaluation script."""
    files = ((target, folder / place.format(target)) for target in TARGETS)
    return [(target, label) for target, file in files for label in file.read_text(encoding="utf-8").split()]


def tweeteval_roberta(folder: Path) -> tuple[Rows, Rows]:
    """TweetEval's test set, and the predictions that it publishes."""
    return paired(
        tweeteval(folder, "datasets/stance/{}/test_labels.txt"), tweeteval(folder, "predictions/stance/{}.txt")
    )


def tweeteval_majority(folder: Path) -> tuple[Rows, Rows]:
    """TweetEval's test set, and the majority of each target in training and validation, the original training set."""
    train = [row for part in ("train", "val") for row in tweeteval(folder, f"datasets/stance/{{}}/{part}_labels.txt")]
    return majority(train, tweeteval(folder, "datasets/stance/{}/test_labels.txt"))


def nlpcc(folder: Path) -> tuple[Rows, Rows]:
    """The gold rows of NLPCC-2016 Task 4 A, and the labels that a submission has for the same target and text.

    Ids are not used: those of the two files are not of the same rows. The gold file has question marks for characters
    outside GBK, which are left out on both sides.
    """
    gold = tab_separated(folder / "NLPCC_2016_Stance_Detection_Task_A_gold.txt", "gb18030")
    given = tab_separated(folder / "NLPCC2016_Stance_Detection_Task_A_Result.txt", "utf-8-sig")
    known = {(row[1], _in_gbk(row[2])): row[3].strip() for row in given}
    return [(row[1], row[3].strip()) for row in gold], [(row[1], known[row[1], _in_gbk(row[2])]) for row in gold]


def _in_gbk(text: str) -> str:
    known = text.replace("?", "").encode("gbk", "ignore").decode("gbk")
    return unicodedata.normalize("NFKC", known).encode("gbk", "ignore").decode("gbk")  # a yen sign has two forms


def rumoureval_2019(folder: Path) -> tuple[Rows, Rows]:
    """The gold labels of RumourEval 2019 as an array, and answers by id."""
    names = ("support", "comment", "deny", "query")
    ids = (folder / "test_ids.txt").read_text(encoding="utf-8").split()
    gold = [names[code] for code in np.load(folder / "test_labels.npy")]
    answers = json.loads((folder / "answer.json").read_text(encoding="utf-8"))["subtaskaenglish"]
    return [("rumour", label) for label in gold], [("rumour", answers[name]) for name in ids]


def rumoureval_2017(folder: Path) -> tuple[Rows, Rows]:
    """The gold labels of RumourEval 2017, and `comment` for every row."""
    gold = json.loads((folder / "subtaskA.json").read_text(encoding="utf-8"))
    return constant([("rumour", label) for label in gold.values()], "comment")


def fnc(submission: str) -> Read:
    """The gold labels of FNC-1 and a submission, row by row; the owners' ids are doubled."""

    def read(folder: Path) -> tuple[Rows, Rows]:
        files = [table(folder / name) for name in ("competition_test_stances.csv", submission)]
        keys = [[(row["Headline"], row["Body ID"]) for row in rows] for rows in files]
        if keys[0] != keys[1]:
            raise ValueError(f"{submission}: its rows are not those of the gold file")
        gold, predicted = ([("headline", row["Stance"]) for row in rows] for rows in files)
        return gold, predicted

    return read


def of_table(test: str, target: str, label: str, train: str | None = None, **form: object) -> Read:
    """A table of gold labels, and the majority of each target in a table of training rows.

    Args:
        test: the file of gold labels.
        target: the column of the target, or a name for all rows if there is no such column.
        label: the column of the label.
        train: the file of training rows; by default, that of the gold labels.
        form: how the files are written, see `table`.
    """

    def rows(file: Path) -> Rows:
        return [(row.get(target, target), row[label] or "None") for row in table(file, **form)]  # type: ignore[arg-type]

    return lambda folder: majority(rows(folder / (train or test)), rows(folder / test))


def stance_eval(folder: Path) -> tuple[Rows, Rows]:
    """The gold file of StanceEval 2024, without a header, and the majority of each target in Mawqif's training set."""
    train = [(row["target"], row["stance"] or "None") for row in table(folder / "Mawqif_AllTargets_Train.csv")]
    lines = (folder / "gold.txt").read_text(encoding="utf-8-sig").splitlines()
    return majority(train, [(fields[1], fields[3]) for fields in (line.split("\t") for line in lines if line.strip())])


def sides(favor: tuple[str, ...], against: tuple[str, ...]) -> tuple[Figure, ...]:
    """Precision, recall and F1 of both sides."""
    return tuple(
        Figure(f"{name} of {label}", figure, of_label(metric, label))
        for label, figures in (("favor", favor), ("against", against))
        for (name, metric), figure in zip(
            (("precision", precision), ("recall", recall), ("F1", f1)), figures, strict=True
        )
    )


EVAL_PL: Final = "`eval.pl` of the task's organisers, as it prints them on these files"
SDQC: Final = ("support=favor", "deny=against", "query=neutral", "comment=none")
FNC: Final = ("agree=favor", "disagree=against", "discuss=neutral", "unrelated=none")
RULE: Final = "the majority of each target, which reads nothing"

OWNED: Final = {
    "semeval-2016-a": Owned(
        "SemEval-2016 Task 6 A",
        "`data/eval` and `results` of github.com/prrao87/tweet-stance-prediction",
        SEMEVAL,
        (
            Published(
                "OpenAI transformer",
                "`eval.pl` of the task's organisers, as printed in transformer.ipynb (f12cf92)",
                task6("data/eval/gold.txt", "results/transformer_predicted_2.txt"),
                (
                    Figure("F_avg", "0.6915", f_avg),
                    *sides(("0.5899", "0.6908", "0.6364"), ("0.7990", "0.7007", "0.7466")),
                ),
            ),
            Published(
                "ULMFiT, Feminist Movement",
                "`eval.pl` of the task's organisers, as printed in ulmfit.ipynb (f12cf92)",
                task6("data/eval/gold_feminism.txt", "data/eval/predicted.txt"),
                (
                    Figure("F_avg", "0.5133", f_avg),
                    *sides(("0.3265", "0.5517", "0.4103"), ("0.7259", "0.5355", "0.6164")),
                ),
            ),
        ),
    ),
    "tweeteval": Owned(
        "TweetEval, stance",
        "`datasets/stance` and `predictions/stance` of github.com/cardiffnlp/tweeteval",
        ("tweet_eval", ()),
        (
            Published(
                "RoBERTa retrained on Twitter",
                "`evaluation_script.py` of the owners (4fbd22c), as it prints them on these files; their leaderboard "
                "gives 69.3, which is not the figure of the predictions that they publish",
                tweeteval_roberta,
                (
                    Figure("F_avg", "0.7243628109019552", f_avg),
                    *sides(
                        ("0.6200527704485488", "0.7730263157894737", "0.6881405563689604"),
                        ("0.8458904109589042", "0.6909090909090909", "0.76058506543495"),
                    ),
                ),
            ),
            Published(
                RULE,
                "the baseline `Majority class` of the task, Mohammad et al. 2016",
                tweeteval_majority,
                (Figure("F_avg", "0.6522", f_avg),),
            ),
        ),
    ),
    "semeval-2016-b": Owned(
        "SemEval-2016 Task 6 B",
        "`SemEval2016-Task6-subtaskB-testdata-gold.txt` and `predictions.txt` of "
        "github.com/borislavmavrin/stance-detection; `usfd_trump_final.txt` of "
        "github.com/sheffieldnlp/stance-semeval2016, from `output`",
        SEMEVAL,
        (
            Published(
                "LSTM with attention",
                EVAL_PL,
                task6("SemEval2016-Task6-subtaskB-testdata-gold.txt", "predictions.txt"),
                (
                    Figure("F_avg", "0.5536", f_avg),
                    *sides(("0.6131", "0.6959", "0.6519"), ("0.6846", "0.3411", "0.4554")),
                ),
            ),
            Published(
                "submission of the team USFD",
                EVAL_PL,
                task6("SemEval2016-Task6-subtaskB-testdata-gold.txt", "usfd_trump_final.txt"),
                (Figure("F_avg", "0.3270", f_avg), Figure("F1 of against", "0.5446", of_label(f1, "against"))),
            ),
        ),
    ),
    "nlpcc-2016-a": Owned(
        "NLPCC-2016 Task 4 A",
        "`NLPCC_2016_Stance_Detection_Task_A_gold.txt` and `NLPCC2016_Stance_Detection_Task_A_Result.txt` of "
        "github.com/JDwangmo/weiboStanceDetection",
        SEMEVAL,
        (
            Published(
                "submission of the team SCAU",
                "the organisers' report of the task",
                nlpcc,
                (Figure("F_avg", "0.667", f_avg),),
            ),
        ),
    ),
    "rumoureval-2017": Owned(
        "RumourEval 2017 A",
        "`data/test-annotations/subtaskA.json` of github.com/autoreleasefool/rumoureval",
        (None, SDQC),
        (
            Published(
                "comment for every row",
                "`scorerA.py` of the organisers, as it prints it on these answers",
                rumoureval_2017,
                (Figure("accuracy", "0.7416587225929456", of_all(accuracy)),),
            ),
        ),
    ),
    "rumoureval-2019": Owned(
        "RumourEval 2019 A",
        "`Baseline_Results/answer.json` of github.com/kochkinaelena/RumourEval2019; `test_ids.txt` and "
        "`test_labels.npy` of github.com/MFajcik/RumourEval2019, from `predictions/numpy_final_all_TEST`",
        (None, SDQC),
        (
            Published(
                "branchLSTM of the organisers",
                "`Baseline_Results/readme.md` of the organisers",
                rumoureval_2019,
                (
                    Figure("macro-F1", "0.493", of_all(macro_f1)),
                    Figure("accuracy", "0.841", of_all(accuracy)),
                    Figure("F1 of support", "0.438", of_label(f1, "favor")),
                    Figure("F1 of deny", "0.071", of_label(f1, "against")),
                    Figure("F1 of query", "0.55", of_label(f1, "neutral")),
                    Figure("F1 of comment", "0.913", of_label(f1, "none")),
                ),
            ),
        ),
    ),
    "fnc-1": Owned(
        "Fake News Challenge FNC-1",
        "`competition_test_stances.csv` of github.com/FakeNewsChallenge/fnc-1; the submissions of "
        "github.com/UKPLab/coling2018_fake-news-challenge, from `data/fnc-1/fnc_results/manual_copied`",
        (None, FNC),
        tuple(
            Published(
                f"submission of {name}",
                "`scorer.py` of the owners, as it prints it on these files",
                fnc(f"{file}_submission.csv"),
                (Figure("accuracy", figure, of_all(accuracy)),),
            )
            for name, file, figure in (
                ("Athene", "athene", "0.896"),
                ("Talos", "talos", "0.891"),
                ("UCL Machine Reading", "riedel", "0.886"),
            )
        ),
    ),
    "arc": Owned(
        "Argument Reasoning Comprehension, stance",
        "`arc_stances_test.csv` and `arc_stances_train.csv` of github.com/UKPLab/coling2018_fake-news-challenge, from "
        "`data/fnc-1/corpora/ARC`",
        (None, FNC),
        (
            Published(
                RULE,
                "`f1_score` and `accuracy_score` of scikit-learn, which the owners' code calls, on these answers",
                of_table("arc_stances_test.csv", "headline", "Stance", "arc_stances_train.csv"),
                (
                    Figure("macro-F1", "0.2145034493823199", of_all(macro_f1)),
                    Figure("F1 of unrelated", "0.8580", of_label(f1, "none")),
                    Figure("accuracy", "0.7513346445630795", of_all(accuracy)),
                ),
            ),
        ),
    ),
    "p-stance": Owned(
        "P-Stance",
        "`raw_test_all.csv` and `raw_train_all.csv`, from the owners on request, or `data` of "
        "github.com/kayzhou/PStance",
        SEMEVAL,
        (
            Published(
                RULE,
                "`compute_f1` of the owners' `model_eval.py`, on these answers",
                of_table("raw_test_all.csv", "Target", "Stance", "raw_train_all.csv"),
                (Figure("F_avg", "0.5204547303610679", f_avg), Figure("mean over targets", "0.3527", mean_f_avg)),
            ),
        ),
    ),
    "stance-eval-2024": Owned(
        "StanceEval 2024 (Mawqif)",
        "`gold.txt` and `Mawqif_AllTargets_Train.csv` of github.com/gufranSabri/StanceDetection-MultiTaskLearning, "
        "from `data`",
        SEMEVAL,
        (
            Published(
                RULE,
                "`StanceEval.py` of the organisers, as it prints it on these answers",
                stance_eval,
                (Figure("mean over targets", "0.3760", mean_f_avg),),
            ),
        ),
    ),
    "sardistance-2020": Owned(
        "SardiStance 2020",
        "`gold/TEST-GOLD.csv` of github.com/mirkolai/evalita-sardistance",
        SEMEVAL,
        (
            Published(
                "against for every row",
                "`Evaluation script.py` of the organisers, as it prints it on these answers",
                of_table("TEST-GOLD.csv", "sardines", "label"),
                (
                    Figure("F_avg", "0.4006479481641469", f_avg),
                    Figure("F1 of against", "0.8013", of_label(f1, "against")),
                ),
            ),
        ),
    ),
    "cic-catalan": Owned(
        "Catalonia Independence Corpus, Catalan",
        "`catalan_test.csv` and `catalan_train.csv`, in `01_CIC_CA.zip` of "
        "github.com/ixa-ehu/catalonia-independence-corpus",
        ("semeval", ("NEUTRAL=neutral",)),
        (
            Published(
                RULE,
                "`f1_score` of scikit-learn, as in the owners' `svm_tfidf.py`, on these answers",
                of_table(
                    "catalan_test.csv", "independence", "LABEL", "catalan_train.csv", delimiter="\t", quoted=False
                ),
                (
                    Figure("macro-F1", "0.18151098237991792", of_all(macro_f1)),
                    Figure("accuracy", "0.37412935323383084", of_all(accuracy)),
                ),
            ),
        ),
    ),
}
"""The datasets by name."""
