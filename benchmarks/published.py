"""python -m benchmarks.published DATASET FOLDER: owners' files scored, beside the figures that are published for them.

FOLDER holds the user's own copies of the owners' files; without arguments, the datasets are listed with where to get
their files. Nothing of theirs is kept but the figures.
"""

import csv
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.owners import OWNED, Owned, Published, Rows
from kazstance import predictions
from kazstance.input.spelling import Spelling, spelling
from kazstance.metrics import F_AVG
from kazstance.output.files import write_file
from kazstance.output.markdown import markdown_table
from kazstance.stats.confusion import Confusion
from kazstance.stats.metrics import macro_f1, ss, wts

RESULTS: Final = Path(__file__).parent / "results"
ABOUT: Final = (
    "One row for each figure: as it was published, and as `kazstance score` has it. `python -m benchmarks.published "
    "DATASET FOLDER` computes the rows of a dataset anew from your own copies of the owners' files, which are read as "
    "they are. No data are kept here. Where no predictions are published, those of a rule are scored, and the figure "
    "is what the owners' scorer gives for them."
)
KINDS: Final = (
    "`f_avg` is the mean F1 of favor and against over the rows of all targets, as `eval.pl` of SemEval-2016 has it; "
    "StanceEval and P-Stance take the mean over targets. Skill within targets (`wts`) and over the best rule that "
    "reads no text (`ss`) are 0 for a rule that knows the target alone, whatever its F1."
)


def counts(gold: Rows, predicted: Rows, spelled: Spelling) -> Confusion:
    """Rows of target and label, in the same order, through the files and the code of `kazstance score`."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "gold.csv", Path(folder) / "pred.csv"
        for file, rows in zip(files, (gold, predicted), strict=True):
            with file.open("w", newline="", encoding="utf-8") as sheet:
                csv.writer(sheet).writerows([("id", "target", "label"), *((i, *row) for i, row in enumerate(rows))])
        columns = predictions.Columns(["id"], target="target")
        return predictions.match(*files, columns, spelled).confusion("target")


def scored(dataset: Owned, folder: Path) -> list[dict[str, Any]]:
    """Each system with its figures, published and computed, and further figures."""
    preset, pairs = dataset.spelled
    return [_system(published, folder, spelling(preset, pairs)) for published in dataset.systems]


def _system(published: Published, folder: Path, spelled: Spelling) -> dict[str, Any]:
    found = counts(*published.read(folder), spelled)
    more: dict[str, Callable[..., Any]] = {"f_avg": F_AVG.value, "macro_f1": macro_f1, "wts": wts, "ss": ss}
    return {
        "system": published.system,
        "source": published.source,
        "figures": [[one.name, one.published, *equal(one.published, one.ours(found))] for one in published.figures],
        "n": int(found.n),
        "targets": len(found.strata),
        "more": {name: f"{float(metric(found.total)):.4f}" for name, metric in more.items()},
    }


def equal(published: str, ours: float) -> tuple[str, str]:
    """Our figure to as many places, and whether it is theirs; of sixteen, the last may differ by the order of sums."""
    places = len(published.partition(".")[2])
    same = abs(ours - float(published)) <= max(0.5 * 10.0**-places, 1e-15)
    return f"{ours:.{places}f}", "yes" if same else "no"


def page(known: Mapping[str, list[dict[str, Any]]]) -> str:
    """The tables of all datasets that have been scored."""
    there = [(name, OWNED[name], known[name]) for name in OWNED if name in known]
    figures = [
        [dataset.title, system["system"], *figure]
        for _, dataset, systems in there
        for system in systems
        for figure in system["figures"]
    ]
    more = [
        [dataset.title, system["system"], str(system["n"]), str(system["targets"]), *system["more"].values()]
        for _, dataset, systems in there
        for system in systems
    ]
    sources = [
        f"- {dataset.title}, {system['system']}: {system['source']}" for _, dataset, found in there for system in found
    ]
    files = [f"- `{name}`: {OWNED[name].title}; {OWNED[name].files}" for name in OWNED]
    parts = [
        "# Published figures, recomputed",
        ABOUT,
        markdown_table(["dataset", "system", "figure", "published", "kazstance", "equal"], figures),
        "## What F does not show",
        KINDS,
        markdown_table(["dataset", "system", "n", "targets", "f_avg", "macro_f1", "wts", "ss"], more),
        "## Where the published figures are from",
        "\n".join(sources),
        "## Where to get the files",
        "The folder of a dataset has these files, under the names that their owners gave them:",
        "\n".join(files),
    ]
    return "\n\n".join(parts) + "\n"


def main(name: str, folder: Path) -> None:
    """Score the files of a dataset, keep its figures beside those of the others, and print the tables."""
    file = RESULTS / "published.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known[name] = scored(OWNED[name], folder)
    ordered = {one: known[one] for one in OWNED if one in known}
    write_file((json.dumps(ordered, indent=1, ensure_ascii=False) + "\n").encode(), file)
    write_file(page(ordered).encode(), RESULTS / "published.md")
    print(page({name: known[name]}))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in OWNED:  # noqa: PLR2004
        for one, dataset in OWNED.items():
            print(f"{one}: {dataset.title}; {dataset.files}")
        sys.exit(2 if sys.argv[1:] else 0)
    main(sys.argv[1], Path(sys.argv[2]))
