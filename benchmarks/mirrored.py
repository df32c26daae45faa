"""python -m benchmarks.mirrored: how often a claim and its contradictory get opposite labels, judged apart."""

import json
from collections import Counter
from pathlib import Path

from scipy.stats import binomtest

import kazstance
from kazstance.publish.card import markdown_table
from kazstance.schema.digest import text_hash

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "mirrored.md"
MIRROR = {"favor": "against", "against": "favor", "neutral": "neutral"}


def counts() -> Counter[tuple[str, str]]:
    """Final label of each pair on a claim, and the label that a blind reader gave it on the contradictory.

    Raises:
        ValueError: a sentence has changed since it was judged.
    """
    final = {(row.sentence_id, row.target_id): row for row in kazstance.load("grid")}
    found: Counter[tuple[str, str]] = Counter()
    for line in (ROOT / "raw" / "probes" / "mirrored.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        cell = final[row["sentence_id"], row["target_id"]]
        if text_hash(cell.text) != row["text_hash"]:
            raise ValueError(f"{row['sentence_id']} has changed since it was judged")
        found[cell.label_name, row["label"]] += 1
    return found


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
