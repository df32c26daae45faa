"""python -m benchmarks.overlap [DATASET]: the targets that share sentences and evidence, and their folds."""

import sys
from pathlib import Path

from kazstance.comparison.overlap import CLOSE, COLUMNS, FEWEST, overlaps
from kazstance.dataset import SHIPPED, DatasetFolder
from kazstance.output.markdown import markdown_table

RESULTS = Path(__file__).parent / "results" / "overlap.md"
HALF = CLOSE / 2
"""The share of evidence from which pairs are shown."""


def render(folder: DatasetFolder) -> str:
    """The page on the targets of a dataset."""
    stances = folder.stances.to_arrow()
    folds = {row.target_id: row.fold for row in folder.targets.records()}
    found = overlaps([stances.select(list(COLUMNS))], list(folds))
    near = [pair for pair in found if pair.n_shared >= FEWEST and pair.evidence >= HALF]
    pairs = [
        [
            *pair.targets,
            pair.n_shared,
            f"{pair.sentences:.2f}",
            f"{pair.evidence:.2f}",
            "yes" if pair.is_close else "",
            ", ".join(map(str, sorted({folds[name] for name in pair.targets}))),
        ]
        for pair in near
    ]
    homes = [folds[name] for name in stances["target_id"].to_pylist()]
    members = [
        [fold, homes.count(fold), ", ".join(name for name, its in folds.items() if its == fold)]
        for fold in sorted(set(folds.values()))
    ]
    header = ["target", "other target", "sentences with both", "of the fewer", "evidence", "close", "folds"]
    return f"""# The overlap of targets

`python -m benchmarks.overlap`: pairs of targets with stances in {FEWEST} or more of the same sentences. *Of the fewer*:
the share of the sentences of the target with fewer. *Evidence*: of the evidence for the target with less, in
characters, the share that is evidence for the other as well. Pairs from {CLOSE:.2f} on are close, and share a fold;
those from {HALF:.2f} on are shown.

{markdown_table(header, pairs)}

{markdown_table(["fold", "rows", "targets"], members)}
"""


def main() -> None:
    """Print the page, and keep it if it is on the shipped dataset."""
    page = render(DatasetFolder(sys.argv[1] if sys.argv[1:] else SHIPPED))
    print(page)
    if not sys.argv[1:]:
        RESULTS.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
