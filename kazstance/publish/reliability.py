"""The part of a card that says how far its labels can be relied on: what they rest on, stability, drift, certainty."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import pyarrow.compute as pc

from kazstance.comparison.agreement import CHECK, Agreement, Line
from kazstance.comparison.drift import Drift, Shift, drift_between_rounds
from kazstance.dataset import DatasetFolder
from kazstance.dataset.counting import counts
from kazstance.output.markdown import code, markdown_table, plain
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.labels import Basis, Certainty, Label, Role
from kazstance.stats.estimate import Estimate

RESTS_ON: Final = {
    Basis.single: "a single reading",
    Basis.majority: "a majority of split readings",
    Basis.plurality: "the most votes, but not more than half",
    Basis.adjudication: "an adjudication",
    Basis.overruling: "an adjudication against a majority",
}
ALIKE: Final = "several readings, all alike"
ROLES: Final = {
    Role.label: "makes labels",
    Role.check: "is compared with the labels",
    Role.earlier: "no longer counts, kept",
    Role.adjudicator: "adjudicates",
}
ADDRESSED: Final = ("equal if addressed", "95 % interval", "addressed")


def reliability(folder: DatasetFolder, report: Agreement) -> str:
    """What the labels rest on, stability within and between rounds, drift, and certainty; without what is not known.

    Args:
        folder: the dataset.
        report: the figures on its annotators.
    """
    parts: dict[str, Callable[[], str]] = {
        "What each label rests on": lambda: _bases(folder),
        f"{report.name.capitalize()} within and between rounds": lambda: _rounds(report),
        "Drift": lambda: _drift(drift_between_rounds(folder)),
        "What `certainty` predicts": lambda: _certainty(folder, report),
        "The second reading, by source and kind of target": lambda: _second_reading(report),
    }
    made = ((title, make()) for title, make in parts.items())
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in made if text)


def annotators(folder: DatasetFolder) -> str:
    """Who or what judged, how much, in which order, and where they departed from it."""
    found = counts(folder, "judgements", ["annotator_id", "round"])
    rows = []
    for a in folder.annotators.records():
        rounds = sorted(number for name, number in found if name == a.annotator_id)
        judged = sum(found[a.annotator_id, number] for number in rounds)
        who = " ".join(filter(None, [a.name, a.family, a.version]))
        rows.append(
            [
                code(a.annotator_id),
                a.origin,
                who,
                ROLES[a.role],
                a.date or "",
                ", ".join(map(str, rounds)),
                judged,
                a.order or "",
                a.note or "",
            ]
        )
    header = ["annotator", "origin", "who or what", "role", "date", "round", "pairs judged", "order", "note"]
    return markdown_table(header, rows)


def cells(figure: Estimate | None, digits: int) -> list[object]:
    """A figure, its interval and its n, as cells of a table; empty without a figure."""
    if figure is None:
        return ["", "", ""]
    return [figure.value_text(digits, with_reason=True), figure.interval_text(digits, in_words=True), figure.n]


def _bases(folder: DatasetFolder) -> str:
    """How many labels rest on a single reading, a majority or an adjudication."""
    found = counts(folder, "grid", ["basis", "split_vote", "label"], pc.field("label").is_valid())
    rows: dict[str, list[int]] = {ALIKE: [0, 0]} | {words: [0, 0] for words in RESTS_ON.values()}
    for (basis, is_split, label), n in found.items():
        is_alike = basis == Basis.majority and not is_split
        rows[ALIKE if is_alike else RESTS_ON[basis]][label == Label.none] += n
    header = ["the label rests on", "against, neutral or favor", "none"]
    return markdown_table(header, [[words, *row] for words, row in rows.items() if any(row)])


def _rounds(report: Agreement) -> str:
    """Mean kappa of those who judged everything, within and between rounds."""
    lines = [line for line in report.lines if line.by == "rounds" and line.measure.startswith("mean ")]
    if not lines:
        return ""
    rows = [[line.what, line.scope, *_figures(line)] for line in lines]
    text = (
        "Of the annotators who judged all pairs, every two are compared: those of one round, and those of different "
        "rounds, which may also differ in codebook and in the order of reading. Kappa is over the whole grid, where "
        "most pairs are `none`; beside it is the share of equal labels among the pairs that at least one of the two "
        "did not judge `none`, over all comparisons."
    )
    return f"{text}\n\n{markdown_table(['between', 'over', 'kappa', '95 % interval', 'n', *ADDRESSED], rows)}"


def _figures(line: Line) -> list[object]:
    return [*cells(line.figure, 3), *cells(line.addressed, 3)]


def _drift(found: Drift | None) -> str:
    """The shift of each source from the first round to the last."""
    if found is None:
        return ""
    rows: dict[str, list[object]] = {}
    for shift in found.shifts:
        rows.setdefault(code(shift.source) if shift.source else "all", []).extend(_shift(shift))
    text = (
        f"From {plain(', '.join(found.first))} to {plain(', '.join(found.second))}, on the {found.pairs} pairs that "
        f"all of them judged ({found.voice} voice): how much higher the later reading's figure is. Net stance is "
        "(F − A) / (F + A), among the pairs on which a side is taken; net over addressed is (F − A) / (F + N + A), "
        "among all that the reading addresses; salience is the share of pairs that it addresses. A pair on which one "
        "reading is silent counts in the other. *Relative* is the shift of a source minus the mean shift of all "
        "sources, which is what matters where sources are compared. Intervals (95 %) are from a bootstrap over "
        "clusters."
    )
    header = [part for name in dict.fromkeys(shift.measure for shift in found.shifts) for part in (name, "relative")]
    return f"{text}\n\n{markdown_table(['source', *header], [[name, *row] for name, row in rows.items()])}"


def _shift(shift: Shift) -> list[object]:
    return [figure.text(3, signed=True) if figure else "" for figure in (shift.shift, shift.relative)]


def _certainty(folder: DatasetFolder, report: Agreement) -> str:
    """How many labels are unsure, by source, and how often a second reading gives sure and unsure labels again."""
    found = counts(folder, "stances", ["source_id", "certainty"], OF_SPEAKERS & pc.field("certainty").is_valid())
    if not found:
        return ""
    sources = [name for name in folder.ids["source_id"] if any(source == name for source, _ in found)]
    rows = [[code(name), *_shares(found[name, Certainty.sure], found[name, Certainty.unsure])] for name in sources]
    sure, unsure = (sum(n for (_, named), n in found.items() if named == certainty) for certainty in Certainty)
    table = markdown_table(["source", "sure", "unsure", "share unsure"], [*rows, ["all", *_shares(sure, unsure)]])
    text = "`unsure` means that a careful reader could well have chosen another label."
    checks = [line for line in report.lines if line.what == CHECK and line.by == "certainty"]
    return "\n\n".join([text, *(_predicted(checks) if checks else ()), table])


def _shares(sure: int, unsure: int) -> Iterable[object]:
    return sure, unsure, f"{unsure / (sure + unsure):.2f}"


def _predicted(checks: Iterable[Line]) -> Iterator[str]:
    yield (
        "How often an annotator who took no other part gave the label again (kappa is over the rows of `stances` "
        "alone, some of which this annotator may have judged `none`):"
    )
    rows = [[line.scope, *cells(line.addressed, 3), *cells(line.figure, 3)[:2]] for line in checks]
    yield markdown_table(["over", "equal", "95 % interval", "n", "kappa", "95 % interval"], rows)


def _second_reading(report: Agreement) -> str:
    """Final labels and an annotator who checks."""
    lines = [line for line in report.lines if line.what == CHECK and line.by in ("annotators", "source", "kind")]
    if not lines:
        return ""
    rows = [[line.scope, *_figures(line)] for line in lines]
    return markdown_table(["over", "kappa", "95 % interval", "n", *ADDRESSED], rows)
