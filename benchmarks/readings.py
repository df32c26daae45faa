"""python -m benchmarks.readings: every figure on the labels of 0.4.0: second readings, changes, drift and stability."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from scipy.stats import binomtest

import kazstance
from kazstance.dataset.dependence import paragraph_clusters
from kazstance.output.markdown import markdown_table
from kazstance.schema.labels import Basis, Certainty, Label
from kazstance.schema.records import Judgement
from kazstance.stats.agreement import addressed_pairs, draw_counts, mean_kappa
from kazstance.stats.counting import numbered

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE / "readings"
RESULTS: Final = HERE / "results" / "readings.md"
FIRST: Final = ("r1", "r2", "r3")
"""The readings of the first round, text by text."""
SECOND: Final = ("f1", "f2", "f3")
"""Those of the second round, target by target across the texts; f2 and f3 judged 1,088 pairs."""
LABELS: Final = tuple(label.name for label in Label)
SIDES: Final = {"favor", "against"}
Pair = tuple[str, str]
"""A sentence and a target."""
Said = Mapping[str, Judgement]
"""The judgements on a pair by annotator."""


PAGE: Final = """# The labels, read again

`python -m benchmarks.readings`, from the shipped dataset and `benchmarks/readings/`. All readers are runs of one
language model, so agreement is stability. Kappa is over the grid, where most pairs are `none`; beside it, addressed
pairs are those that at least one of the two did not judge `none`. Intervals are 95 %, from a bootstrap over
paragraphs, unless another method is named.

## A blind second reading of a quarter

check2 judged 91 sentences, drawn at random, on all targets by codebook 1.2, and took no other part.

{second}

### The labels of 0.3.0 beside the same reading

They were made by codebook 1.1, so the difference is not only due to the readers.

{second_of_earlier}

### The labels of 0.3.0 beside the second reading of its time

check judged 73 sentences by codebook 1.1.

{check_of_earlier}

## Which version a blind reader sides with

The reader judged single pairs by codebook 1.2, without any labels. 100 pairs were drawn among those whose labels
differed from 0.3.0, and 100 comparable ones among those whose labels did not: on the same targets, and first those of
which a reader was unsure. When they were drawn, the adjudicator still decided against majorities. Where the majority
was restored since, a pair drawn as changed has its old label again, or the other way round. Intervals by Wilson's
method, over pairs.

{blind_pairs}

### The adjudicator

{adjudicated}

## How the labels were decided

{votes}

## Changes since 0.3.0

{changes}

## Unsure labels

Intervals by Wilson's method, over labels.

{unsure}

## Drift

From r1, r2 and r3, which read text by text by codebook 1.0, to f1, which read target by target across the texts by
codebook 1.2: a shift may be due to either. Net stance is (F − A) / (F + A); net over addressed is (F − A) / (F + N +
A); salience is the share of addressed pairs. Relative is the shift of a source minus the mean shift of all sources.

{drift}

## Stability within texts and between them

r1, r2 and r3 each read within a text; f1 read across the texts, by a later codebook.

{stability}

{pairwise}

## The readings as they were written

{provenance}
"""


@dataclass(frozen=True)
class Version:
    """The labels of a version by pair, and the certainty of those that are not `none`."""

    name: str
    label: Mapping[Pair, str]
    certainty: Mapping[Pair, Certainty]


@cache
def dataset() -> kazstance.Dataset:
    """The shipped dataset."""
    return kazstance.open()


@cache
def said() -> dict[Pair, dict[str, Judgement]]:
    """All judgements by pair and annotator."""
    found: dict[Pair, dict[str, Judgement]] = {}
    for row in kazstance.load("judgements"):
        found.setdefault((row.sentence_id, row.target_id), {})[row.annotator_id] = row
    return found


def majority(votes: Iterable[str]) -> str | None:
    """The label that more than half of the votes are for, if there is one."""
    count = Counter(votes)
    label, n = count.most_common(1)[0]
    return label if 2 * n > count.total() else None


@cache
def current() -> Version:
    """The labels of the dataset."""
    sure = {(row.sentence_id, row.target_id): row.certainty for row in kazstance.load("stances") if row.certainty}
    labels = {(row.sentence_id, row.target_id): row.label_name or "undecided" for row in kazstance.load("grid")}
    return Version(kazstance.manifest().version, labels, sure)


@cache
def earlier() -> Version:
    """The labels of version 0.3.0: what a1 decided, and otherwise the majority of r1, r2 and r3.

    A label is sure if a1 was, or most of the three readers chose it and were.
    """
    labels, certainty = {}, {}
    for pair, by in said().items():
        votes = [by[name] for name in FIRST]
        label = by["a1"].label_name if "a1" in by else majority(vote.label_name for vote in votes)
        labels[pair] = label or "undecided"
        given = [by["a1"]] if "a1" in by else votes
        sure = sum(vote.label_name == label and vote.certainty is Certainty.sure for vote in given)
        if label != "none":
            certainty[pair] = Certainty.sure if 2 * sure > len(given) else Certainty.unsure
    return Version("0.3.0", labels, certainty)


@cache
def clusters() -> dict[Pair, str]:
    """The cluster of each pair."""
    paragraph = {(row.sentence_id, row.target_id): row.paragraph_id for row in kazstance.load("grid")}
    named = paragraph_clusters(dataset(), set(paragraph.values()))
    return {pair: named[name] for pair, name in paragraph.items()}


def sources() -> list[str]:
    """The sources in the order of the dataset."""
    return [source.source_id for source in dataset().sources.records()]


def source_of(pair: Pair) -> str:
    """The source of a pair."""
    return pair[0].split("/")[0]


def share(hits: int, n: int) -> str:
    """A share as `k of n`, with its 95 % interval by Wilson's method."""
    if not n:
        return "0 of 0"
    low, high = binomtest(hits, n).proportion_ci(method="wilson")
    return f"{hits} of {n}: {hits / n:.3f} [{low:.3f}, {high:.3f}]"


def compared(pairs: Sequence[Pair], one: Mapping[Pair, str], other: Mapping[Pair, str]) -> list[str]:
    """Kappa, and agreement on the pairs that at least one addressed, with intervals of a bootstrap over clusters."""
    names, line = numbered([clusters()[pair] for pair in pairs])
    cells = np.zeros((len(names), len(LABELS) ** 2))
    cell = [LABELS.index(one[pair]) * len(LABELS) + LABELS.index(other[pair]) for pair in pairs]
    np.add.at(cells, (line, np.array(cell, dtype=np.intp)), 1)
    total, draws = cells.sum(axis=0), draw_counts(cells, 1000)
    kept = [pair for pair in pairs if {one[pair], other[pair]} != {"none"}]
    equal = sum(one[pair] == other[pair] for pair in kept)
    same = addressed_pairs(total, draws, len(kept))
    kappa = mean_kappa(total, draws, len(pairs))
    return [kappa.text(3), str(len(pairs)), f"{equal} of {len(kept)}: {same.text(3)}"]


def groups(version: Version, pairs: Sequence[Pair]) -> Iterator[tuple[str, list[Pair]]]:
    """All pairs; and those of each kind of target, each source, and each certainty of the version's labels."""
    kinds = {target.target_id: target.kind for target in dataset().targets.records()}
    yield "all", list(pairs)
    for kind in dict.fromkeys(kinds.values()):
        yield f"kind: {kind}", [pair for pair in pairs if kinds[pair[1]] == kind]
    for source in sources():
        yield f"source: {source}", [pair for pair in pairs if source_of(pair) == source]
    for certainty in Certainty:
        yield f"labels that are {certainty}", [pair for pair in pairs if version.certainty.get(pair) is certainty]


def second_reading(version: Version, reader: str) -> str:
    """A version's labels beside those of a blind second reader."""
    pairs = [pair for pair, by in said().items() if reader in by]
    read = {pair: said()[pair][reader].label_name for pair in pairs}
    rows = [[name, *compared(some, version.label, read)] for name, some in groups(version, pairs)]
    return markdown_table(["over", "kappa", "n", "equal among the addressed pairs"], rows)


def lines(name: str) -> Iterator[list[str]]:
    """The fields of each line of a reading as it was written; the letters of texts are replaced by their sources."""
    sources_of = {letter: source for source, letter in json.loads((FOLDER / "letters.json").read_text()).items()}
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        fields = [field.strip(" |") for field in re.split(r" \|(?: |$)", line.strip())]
        if len(fields) > 5:  # noqa: PLR2004  # others say that a part was done
            yield [sources_of[fields[0][0]] + fields[0][1:], *fields[1:]]


def as_written(who: str) -> tuple[int, int]:
    """How many lines of an annotator's readings there are, and how many are rows of `judgements`, notes apart."""
    texts = {row.sentence_id: row.text for row in kazstance.load("sentences")}
    found = [line for file in sorted(FOLDER.glob(f"{who}_*.txt")) for line in lines(file.stem)]
    same = 0
    for sentence, target, label, explicitness, certainty, evidence, *_ in found:
        row = said()[sentence, target][who]
        marked = sorted(texts[sentence][span.start : span.end] for span in row.evidence or ())
        is_side = label != "none"
        same += (
            (label, explicitness) == (row.label_name, row.explicitness or "-")
            and (certainty == row.certainty or not is_side)
            and sorted(evidence.split(" ++ ") if is_side else []) == marked
        )
    return len(found), same


def blind_pairs() -> str:
    """With which version a blind reader of single pairs sides."""
    read = {(line[0], line[1]): line[2] for line in lines("b_1")}
    with (FOLDER / "versions.csv").open(encoding="utf-8", newline="") as stream:
        drawn = [(row["sample"], (row["sentence_id"], row["target_id"])) for row in csv.DictReader(stream)]
    new, old = current().label, earlier().label
    rows = []
    for sample in dict.fromkeys(name for name, _ in drawn):
        pairs = [pair for name, pair in drawn if name == sample]
        for changed, words in ((True, "label differs from 0.3.0"), (False, "label as in 0.3.0")):
            some = [pair for pair in pairs if (new[pair] != old[pair]) is changed]
            rows.append([f"drawn as {sample}, {words}", *_sides(some, read)])
    everything = [pair for _, pair in drawn]
    for changed, words in ((True, "all whose label differs"), (False, "all whose label is the same")):
        rows.append([words, *_sides([pair for pair in everything if (new[pair] != old[pair]) is changed], read)])
    return markdown_table(["pairs", "sides with this version", "with 0.3.0", "with neither"], rows)


def _sides(pairs: Sequence[Pair], read: Mapping[Pair, str]) -> list[str]:
    new, old = current().label, earlier().label
    neither = sum(read[pair] not in (new[pair], old[pair]) for pair in pairs)
    return [share(sum(read[pair] == version[pair] for pair in pairs), len(pairs)) for version in (new, old)] + [
        share(neither, len(pairs))
    ]


def adjudicated() -> str:
    """Where the adjudicator chose another label than a majority, and with whom the blind reader sides."""
    read = {(line[0], line[1]): line[2] for line in lines("b_1")}
    cases = {pair: by["a2"].label_name for pair, by in said().items() if "a2" in by}
    voted = {pair: majority(said()[pair][name].label_name for name in SECOND) for pair in cases}
    apart = [pair for pair in cases if voted[pair] not in (None, cases[pair])]
    hits = [sum(read[pair] == labels[pair] for pair in apart) for labels in (voted, cases)]
    return (
        f"The adjudicator read {len(cases)} pairs on which f1, f2 and f3 were split. On "
        f"{list(voted.values()).count(None)} of them there is no majority, and it decides. On {len(apart)} others it "
        f"chose another label than the majority: the blind reader sides with the majority on {hits[0]}, with the "
        f"adjudicator on {hits[1]}, and with neither on {len(apart) - sum(hits)}."
    )


def votes() -> str:
    """How the pairs that three readers judged were decided."""
    kinds = Counter(
        len({by[name].label_name for name in SECOND}) for by in said().values() if all(name in by for name in SECOND)
    )
    words = {1: "unanimous", 2: "two of three", 3: "no majority, adjudicated"}
    rows: list[list[object]] = [[words[n], kinds[n]] for n in sorted(kinds)]
    basis = Counter(row.basis for row in kazstance.load("grid"))
    rows += [["all three readers", kinds.total()], ["f1 alone", basis[Basis.single]]]
    return markdown_table(["pairs judged by", "pairs"], rows)


def changes() -> str:
    """How many labels differ from 0.3.0, by what they were and are, by source and by target."""
    new, old = current().label, earlier().label
    changed = [pair for pair in new if new[pair] != old[pair]]
    moved = Counter((old[pair], new[pair]) for pair in changed)
    reversed_ = sum(n for labels, n in moved.items() if set(labels) == SIDES)
    text = (
        f"{len(changed)} of {len(new)} labels differ; {reversed_} changed from one side to the other. "
        f"{_addressed(old)} pairs had a label other than `none`, and {_addressed(new)} have one now."
    )
    tables = [
        markdown_table(["0.3.0", *LABELS], [[a, *(moved[a, b] or "" for b in LABELS)] for a in LABELS]),
        _count("source", Counter(map(source_of, changed)), Counter(map(source_of, _labelled())), sources()),
        _count(
            "target", Counter(t for _, t in changed), Counter(t for _, t in _labelled()), dataset().ids["target_id"]
        ),
    ]
    return "\n\n".join([text, *tables])


def _addressed(labels: Mapping[Pair, str]) -> int:
    return sum(label != "none" for label in labels.values())


def _labelled() -> list[Pair]:
    """Pairs that either version has another label than `none` for."""
    return [pair for pair, label in current().label.items() if {label, earlier().label[pair]} != {"none"}]


def _count(what: str, changed: Counter[str], labelled: Counter[str], names: Sequence[str]) -> str:
    rows = [[name, changed[name], labelled[name]] for name in names]
    return markdown_table([what, "changed", "labelled by either version"], rows)


def pairwise() -> str:
    """Every two complete readings, by source: kappa, and agreement on addressed pairs."""
    by: dict[str, dict[Pair, str]] = {
        name: {pair: one[name].label_name for pair, one in said().items()} for name in (*FIRST, "f1")
    }
    three = {pair: majority(one[name].label_name for name in FIRST) for pair, one in said().items()}
    by["majority of r1, r2, r3"] = {pair: label for pair, label in three.items() if label}
    couples = [*combinations(FIRST, 2), *((name, "f1") for name in (*FIRST, "majority of r1, r2, r3"))]
    rows = []
    for one, other in couples:
        shared = [pair for pair in by[one] if pair in by[other]]
        for source in ["all", *sources()]:
            pairs = [pair for pair in shared if source in ("all", source_of(pair))]
            rows.append([f"{one} and {other}", source, *compared(pairs, by[one], by[other])])
    return markdown_table(["readings", "over", "kappa", "n", "equal among the addressed pairs"], rows)


def stability() -> str:
    """Mean kappa within the first round and between the rounds."""
    rows: list[list[Any]] = []
    for line in dataset().agreement(by="rounds").lines:
        same = f"{line.addressed.text(3)} of {line.addressed.n}" if line.addressed else ""
        rows.append([line.what, line.scope, line.figure.text(3), same])
    return markdown_table(["readings", "over", "mean kappa", "equal among the addressed pairs"], rows)


def drift() -> str:
    """The drift from the first round to the second, in the sources' own voice and in all voices."""
    parts = []
    voices: tuple[Literal["own", "all"], ...] = ("own", "all")
    for voice in voices:
        found = dataset().drift(FIRST, "f1", voice=voice)
        rows = [
            [shift.measure, shift.source or "all", f"{shift.first:.3f}", f"{shift.second:.3f}"]
            + [figure.text(3, signed=True) if figure else "" for figure in (shift.shift, shift.relative)]
            + [shift.shift.n]
            for shift in found.shifts
        ]
        header = ["measure", "over", "r1, r2, r3", "f1", "shift", "relative to the mean", "pairs"]
        parts.append(f"Voice: {voice}, {found.pairs} pairs.\n\n{markdown_table(header, rows)}")
    return "\n\n".join(parts)


def unsure() -> str:
    """The share of unsure labels by source, in both versions."""
    rows = []
    for source in ["all", *sources()]:
        row: list[object] = [source]
        for version in (earlier(), current()):
            there = [one for pair, one in version.certainty.items() if source in ("all", source_of(pair))]
            row.append(share(sum(one is Certainty.unsure for one in there), len(there)))
        rows.append(row)
    return markdown_table(["source", "unsure in 0.3.0", "unsure now"], rows)


def provenance() -> str:
    """Whether the readings as they were written are the rows of the dataset."""
    rows = [[who, *as_written(who)] for who in (*SECOND, "a2", "check2")]
    return markdown_table(["annotator", "lines written", "the same in the table judgements"], rows)


def page() -> str:
    """All figures."""
    return PAGE.format(
        second=second_reading(current(), "check2"),
        second_of_earlier=second_reading(earlier(), "check2"),
        check_of_earlier=second_reading(earlier(), "check"),
        blind_pairs=blind_pairs(),
        adjudicated=adjudicated(),
        votes=votes(),
        changes=changes(),
        unsure=unsure(),
        drift=drift(),
        stability=stability(),
        pairwise=pairwise(),
        provenance=provenance(),
    )


def main() -> None:
    """Print the page, and keep it."""
    text = page()
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
