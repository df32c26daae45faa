"""python -m benchmarks.mirrored: how often a claim and its contradictory get opposite labels, judged apart."""

from collections import Counter
from pathlib import Path

from scipy.stats import binomtest

import kazstance
from kazstance.output.markdown import markdown_table
from kazstance.schema.labels import ProbeKind

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "mirrored.md"
MIRROR = {"favor": "against", "against": "favor", "neutral": "neutral"}


def counts() -> Counter[tuple[str, str]]:
    """Label of each row on a claim, and the label that a blind reader gave it on the contradictory."""
    rows = kazstance.load("probes")
    return Counter((row.row_label_name, row.label_name) for row in rows if row.probe is ProbeKind.mirror)


def main() -> None:
    """Print the table, and keep it."""
    found = counts()
    lines, flips, sided = [], 0, 0
    for label, mirrored in MIRROR.items():
        n = sum(count for (final, _), count in found.items() if final == label)
        hits = found[label, mirrored]
        flips, sided = (flips + hits, sided + n) if label != mirrored else (flips, sided)
        lines.append(
            [f"{label}, expected {mirrored}", n, *(found[label, x] for x in (*MIRROR, "none")), _rate(hits, n)]
        )
    page = [
        "# Mirrored claims",
        f"`python -m benchmarks.mirrored`: {sum(found.values())} pairs of a sentence and a claim, judged again by a "
        "blind reader (a language model) on the contradictory of the claim. A consistency track, no score.",
        markdown_table(["label on the claim", "n", *MIRROR, "none", "as expected, 95 % (Wilson)"], lines),
        f"Flip rate of the pairs with a side: {_rate(flips, sided)} of {sided}.",
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


def _rate(hits: int, n: int) -> str:
    low, high = binomtest(hits, n).proportion_ci(method="wilson")
    return f"{hits / n:.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main()
