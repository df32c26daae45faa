"""python -m benchmarks.ngram_svm DATASET FOLDER: the built-in n-gram SVM on public data, beside the published figure.

FOLDER holds the user's own copies of the owners' files. No data are kept, and nothing is tuned on test rows.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import kazstance
from benchmarks.owners import tab_separated
from kazstance.bench.result import Result
from kazstance.output.files import write_file
from kazstance.output.markdown import markdown_table

RESULTS: Final = Path(__file__).parent / "results"
ABOUT: Final = (
    "`python -m benchmarks.ngram_svm DATASET FOLDER`: the built-in `n-gram SVM` with its fixed strength, trained on "
    "the owners' training rows and scored on their test rows, with the panel of one's own rows beside it. The best "
    "shortcut, which the lift is over, is chosen on held-out training rows."
)
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Task:
    """The training and test rows of a public dataset, and a published figure of the same kind of system."""

    title: str
    files: str
    language: str
    published: str
    read: Callable[[Path], tuple[Rows, Rows]]


def rows(lines: list[list[str]]) -> Rows:
    """Rows with a label, from fields in the order of SemEval-2016 Task 6; broken and unlabelled lines are left out."""
    return [
        {"target": line[1].strip(), "text": line[2], "label": line[3].strip()}
        for line in lines
        if len(line) > 3 and line[3].strip() in ("FAVOR", "AGAINST", "NONE")  # noqa: PLR2004
    ]


def semeval(folder: Path) -> tuple[Rows, Rows]:
    """The training and test rows of SemEval-2016 Task 6 A."""
    names = "trainingdata-all-annotations.txt", "testdata-taskA-all-annotations.txt"
    train, test = (rows(tab_separated(folder / name, "windows-1252")) for name in names)
    return train, test


def nlpcc(folder: Path) -> tuple[Rows, Rows]:
    """The labelled training rows and the test rows of NLPCC-2016 Task 4 A; two targets have other names in the test."""
    names = {"iPhone SE": "IphoneSE", "俄罗斯叙利亚反恐行动": "俄罗斯在叙利亚的反恐行动"}
    train = rows(tab_separated(folder / "evasampledata4-TaskAA.txt", "utf-8-sig"))
    test = rows(tab_separated(folder / "NLPCC_2016_Stance_Detection_Task_A_gold.utf8", "utf-8-sig"))
    return train, [row | {"target": names.get(row["target"], row["target"])} for row in test]


TASKS: Final = {
    "semeval-2016-a": Task(
        "SemEval-2016 Task 6 A",
        "`trainingdata-all-annotations.txt` and `testdata-taskA-all-annotations.txt`, from the owners (stance dataset "
        "with annotations for sentiment) or `data` of github.com/BinLiang-NLP/TPDG",
        "en",
        "0.6898 (SVM-ngrams, Mohammad et al. 2016)",
        semeval,
    ),
    "nlpcc-2016-a": Task(
        "NLPCC-2016 Task 4 A",
        "`evasampledata4-TaskAA.txt` and `NLPCC_2016_Stance_Detection_Task_A_gold.utf8` of "
        "github.com/JDwangmo/weiboStanceDetection",
        "zh",
        "none for this system",
        nlpcc,
    ),
}


def figures(task: Task, folder: Path) -> list[list[str]]:
    """A line for the system and for each shortcut."""
    train, test = task.read(folder)
    benchmark = kazstance.benchmark(train, test, labels="semeval", language=task.language)
    result = benchmark.run("n-gram SVM")
    return [_line(one, result) for one in (result, *result.shortcuts)]


def _line(one: Result, result: Result) -> list[str]:
    mark = " (best shortcut)" if one.system == result.best_shortcut else ""
    scores = [f"{one.scores[name].value:.4f}" for name in ("f_avg", "macro_f1", "wts", "ss")]
    return [f"{one.system}{mark}", *scores, result.lift_text if one is result else ""]


def page(known: dict[str, Any]) -> str:
    """The tables."""
    parts = ["# The n-gram SVM on public data", ABOUT]
    for name, task in TASKS.items():
        parts += [f"## {task.title}", f"Files: {task.files}. Published F_avg: {task.published}."]
        if name in known:
            parts.append(markdown_table(["system", "f_avg", "macro_f1", "wts", "ss", "lift"], known[name]))
    return "\n\n".join(parts) + "\n"


def main(name: str, folder: Path) -> None:
    """Run the system on a dataset, keep the figures beside those of the other, and print the tables."""
    file = RESULTS / "ngram_svm.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known[name] = figures(TASKS[name], folder)
    write_file((json.dumps(known, indent=1, ensure_ascii=False) + "\n").encode(), file)
    write_file(page(known).encode(), RESULTS / "ngram_svm.md")
    print(page(known))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in TASKS:  # noqa: PLR2004
        for one, task in TASKS.items():
            print(f"{one}: {task.title}; {task.files}")
        sys.exit(2 if sys.argv[1:] else 0)
    main(sys.argv[1], Path(sys.argv[2]))
