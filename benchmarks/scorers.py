"""python -m benchmarks.scorers [EVAL_PL]: `kazstance score` beside a script with scikit-learn, and eval.pl, in one run.

EVAL_PL is the scorer of SemEval-2016 Task 6, which comes with the task's data (github.com/sheffieldnlp/
stance-semeval2016 has it too); without it, its rows are missing. All read the same files, made up in the format of the
task, each in a process of its own, and their F_avg has to be the same.
"""

import json
import platform
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.timing import keep
from kazstance.output.markdown import markdown_table

SIZES: Final = {"5 (the start-up)": (5, 1), "1,249": (1_249, 5), "25,413": (25_413, 904)}
"""Rows and targets of each pair of files: few, as many as the test rows of SemEval-2016, and as those of FNC-1."""
RUNS: Final = 5
LABELS: Final = ("FAVOR", "AGAINST", "NONE")
HEADER: Final = ("ID", "Target", "Tweet", "Stance")
WORDS: Final = ("the", "tram", "is", "late", "again", "and", "who", "pays", "for", "a", "ferry", "nobody", "wants")
IMPORTS: Final = "import typer, rich.table, numpy, pyarrow.csv"
OPTIONS: Final = ("--id", "ID", "--gold-label", "Stance", "--pred-label", "Stance", "--target", "Target")
SKLEARN: Final = """
import sys
import pandas as pd
from sklearn.metrics import accuracy_score, f1_score

gold, pred = (pd.read_csv(file, sep="\\t", quoting=3) for file in sys.argv[1:])
assert (gold.ID == pred.ID).all()
sides = ["FAVOR", "AGAINST"]

def figures(true, said):
    return f1_score(true, said, labels=sides, average="macro", zero_division=0), f1_score(true, said, average="macro")

whole = figures(gold.Stance, pred.Stance)
each = [figures(rows.Stance, pred.Stance[rows.index]) for _, rows in gold.groupby("Target")]
print("F_avg", *whole, accuracy_score(gold.Stance, pred.Stance), *pd.DataFrame(each).mean())
"""
"""F_avg, macro-F1, accuracy and both means over targets, without intervals."""


def write(folder: Path, rows: int, targets: int) -> tuple[str, str]:
    """A file of gold labels and one of predictions, 60 % of which are right."""
    draw = random.Random(rows)  # a sample, not a secret
    files = folder / f"gold{rows}.txt", folder / f"pred{rows}.txt"
    lines: tuple[list[str], list[str]] = (["\t".join(HEADER)], ["\t".join(HEADER)])
    for number in range(rows):
        gold, row = (
            draw.choice(LABELS),
            f"{number}\ttarget {draw.randrange(targets)}\t{' '.join(draw.choices(WORDS, k=18))}",
        )
        lines[0].append(f"{row}\t{gold}")
        lines[1].append(f"{row}\t{gold if draw.random() < 0.6 else draw.choice(LABELS)}")  # noqa: PLR2004
    for file, content in zip(files, lines, strict=True):
        file.write_text("\n".join(content) + "\n", encoding="utf-8")
    return str(files[0]), str(files[1])


def spent(command: Sequence[str]) -> tuple[float, str]:
    """CPU seconds of a process, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def f_avg_of_json(text: str) -> float:
    """F_avg in what `kazstance score --json` prints."""
    return float(next(score["value"] for score in json.loads(text)["all"] if score["metric"] == "f_avg"))


def f_avg_of_line(text: str) -> float:
    """F_avg in what the others print."""
    found = re.search(r"(?:Macro F:|F_avg) ([\d.]+)", text)
    return float(found[1]) if found else float("nan")


def ways(perl: str | None, files: tuple[str, str]) -> dict[str, tuple[list[str], Callable[[str], float]]]:
    """The command of each way to score two files, and how F_avg is found in what it prints."""
    own = [sys.executable, "-m", "kazstance", "score", "--gold", files[0], "--pred", files[1], *OPTIONS, "--json"]
    found: dict[str, tuple[list[str], Callable[[str], float]]] = {
        "kazstance score: 9 figures, each with two intervals": ([*own, "--preset", "semeval"], f_avg_of_json),
        "scikit-learn, pandas: 5 figures": ([sys.executable, "-c", SKLEARN, *files], f_avg_of_line),
    }
    if perl:
        found["eval.pl: F_avg"] = (["perl", perl, *files], f_avg_of_line)
    return found


def medians(perl: str | None, files: tuple[str, str]) -> Mapping[str, float]:
    """The CPU seconds of each way, in turns, beside those of the imports.

    Raises:
        AssertionError: two ways differ in F_avg.
    """
    times: dict[str, list[float]] = {}
    for _ in range(RUNS):
        times.setdefault(IMPORTS, []).append(spent([sys.executable, "-c", IMPORTS])[0])
        values = {}
        for name, (command, read) in ways(perl, files).items():
            seconds, text = spent(command)
            times.setdefault(name, []).append(seconds)
            values[name] = round(read(text), 3)
        assert len(set(values.values())) == 1, values
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    """Measure, print the table, and keep it."""
    perl = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        found = {name: medians(perl, write(Path(folder), *size)) for name, size in SIZES.items()}
    names = next(iter(found.values()))
    own = next(name for name in names if "kazstance" in name)
    above = [f"{times[own] - times[IMPORTS]:.2f}" for times in found.values()]
    lines = [[name, *(f"{times[name]:.2f}" for times in found.values())] for name in names]
    packages = ", ".join(f"{name} {version(name)}" for name in ("typer", "numpy", "pyarrow", "scikit-learn", "pandas"))
    page = [
        "# `kazstance score` beside scikit-learn and eval.pl",
        f"`python -m benchmarks.scorers EVAL_PL`: CPU seconds of a process each, medians of {RUNS} runs in turns, on "
        "made-up files in the format of SemEval-2016 Task 6: 5 rows, 1,249 rows on 5 targets, and 25,413 rows on 904 "
        f"targets. F_avg was the same each time. Python {platform.python_version()}, {packages}.",
        markdown_table(["rows", *found], [*lines, ["kazstance score above the imports", *above]]),
        "The intervals of `kazstance score` rest on 1,000 resamples each; the others have none.",
    ]
    keep("scorers", page)


if __name__ == "__main__":
    main()
