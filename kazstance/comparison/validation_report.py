"""The report on a model's labels as tables with a sentence on each, for a terminal and as Markdown."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kazstance.comparison.validation import MOVED, RELIABLE, STABLE, Validation
from kazstance.output.counted import counted
from kazstance.output.markdown import Markdown, markdown_table, paragraph, plain
from kazstance.schema.labels import Label
from kazstance.stats.estimate import number_text
from kazstance.stats.weighted import FEW


class Part(NamedTuple):
    """A table of the report: its title, what it says, its header and its rows."""

    title: str
    about: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def headline(found: Validation) -> str:
    """Whose labels, and who judged how many of them.

    Args:
        found: the validation.
    """
    people = ", ".join(found.checked.people)
    judged = counted(len(found.checked.sample.votes), "pair")
    return f"Silver labels by {found.checked.model}; {judged} of {found.checked.sample.kind.size:,} judged by {people}"


def parts(found: Validation) -> Iterator[Part]:
    """The tables of the report, the verdicts last.

    Args:
        found: the validation.
    """
    yield _agreement(found)
    yield _labels(found)
    yield from _errors(found)
    yield _stability(found)
    rows = [(check.test, check.result, _passed(check.passed)) for check in found.checks]
    about = "Behavioural tests of Halterman and Keith (2025) that need no labels by people."
    yield Part("Label-free tests", about, ["test", "result", "passed"], rows)
    yield from _calibration(found)
    verdicts = [(verdict.use, verdict.finding, verdict.reason) for verdict in found.verdicts]
    yield Part("Verdicts", "What the labels are fit for.", ["use", "verdict", "reason"], verdicts)


def to_markdown(found: Validation) -> str:
    """The report as a page.

    Args:
        found: the validation.
    """
    pages = [f"# {plain(headline(found))}", paragraph(f"Corrected figures are about {found.checked.about}.")]
    for part in parts(found):
        pages += [f"## {plain(part.title)}", paragraph(part.about)]
        pages += [Markdown(markdown_table(part.header, part.rows))] if part.rows else []
    return "\n\n".join(pages) + "\n"


def _agreement(found: Validation) -> Part:
    among = f"Krippendorff's alpha among people: {found.people}" + (
        f" on {counted(found.people.n, 'pair')} that two of them judged (expected {RELIABLE:.2f} or more)."
        if found.people.is_defined
        else "."
    )
    about = (
        "Weighted by the inverse of the probability of being judged; accuracy with Wilson's interval for as many "
        f"equally weighted pairs as they are worth, n eff., of which fewer than {FEW} are too few. {among}"
    )
    rows = [
        (row.scope, str(row.n), f"{row.accuracy.n_eff:.0f}", row.accuracy.text(), number_text(row.alpha))
        for row in found.agreement
    ]
    return Part("Agreement with people", about, ["pairs of", "n", "n eff.", "accuracy", "alpha"], rows)


def _labels(found: Validation) -> Part:
    overall = found.agreement[0]
    rows = [(label.name, overall.recall[label.name].text(), overall.precision[label.name].text()) for label in Label]
    about = "Recall: how often what people call so is found; precision: how often what is called so is."
    return Part("Recall and precision by label", about, ["label", "recall", "precision"], rows)


def _errors(found: Validation) -> Iterator[Part]:
    rows = [
        (
            row.source,
            number_text(row.silver, signed=True),
            _given(row.corrected.text(signed=True)),
            _given(row.error.text(signed=True)),
        )
        for row in found.errors
    ]
    about = f"Error of net stance over all targets, silver minus corrected.{_test(found)}"
    yield Part("Error by source", about, ["source", "silver", "corrected", "error"], rows)
    pairs = [
        (row.first, row.second, f"{row.difference:+.2f}", row.error.text(signed=True), row.finding)
        for row in found.pairs
    ]
    about = (
        "How much of the difference of two sources by the labels alone is due to the model. Half of it or more makes "
        "the comparison unfit; if the interval stays below, it is fit."
    )
    about += "" if pairs else " There are no two sources whose errors are known."
    header = ["first", "second", "silver difference", "due to the model", "comparison"]
    yield Part("Differential error", about, header, pairs)


def _test(found: Validation) -> str:
    """Whether the errors of all sources are equal, in words; empty if fewer than two are known."""
    chi_square, freedom, p = found.test
    if not freedom:
        return ""
    if math.isinf(chi_square):
        return " Errors are not equal: sources of which every pair was judged have different ones."
    chance = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"  # noqa: PLR2004
    return f" Equal errors: chi-square {chi_square:.2f}, {counted(freedom, 'degree')} of freedom, {chance}."


def _stability(found: Validation) -> Part:
    about = (
        f"Other runs of the model, on the pairs that both labelled. Fewer than {STABLE:.0%} equal labels, or a shift "
        f"of net stance above {MOVED:.2f}, is unstable. This is stability, not agreement with anybody."
    )
    rows = [
        (
            run.annotator,
            ", ".join(run.differs).replace("_digest", "") or "nothing recorded",
            f"{run.pairs:,}",
            f"{run.same:.1%}",
            number_text(run.alpha),
            f"{run.source}: {run.shift.text(signed=True)}" if run.source else "",
        )
        for run in found.stability
    ]
    header = ["run", "differs in", "pairs", "same label", "alpha", "largest shift of net stance"]
    return Part("Stability", about if rows else f"{about} No other run is recorded.", header, rows)


def _calibration(found: Validation) -> Iterator[Part]:
    title, header = "Certainty", ["said", "wrong", "n"]
    if (known := found.calibration) is None:
        yield Part(title, "The model did not say both sure and unsure on judged pairs.", header, [])
        return
    is_told = known.difference.low > 0
    about = (
        f"Unsure labels are wrong more often by {known.difference.text(signed=True)}, so "
        f"{'certainty tells something' if is_told else 'nothing shows that certainty tells anything'}."
    )
    rows = [(said, row.text(), str(row.share.n)) for said, row in (("sure", known.sure), ("unsure", known.unsure))]
    yield Part(title, about, header, rows)


def _given(text: str) -> str:
    return text.removeprefix("undefined: ")


def _passed(passed: bool | None) -> str:
    return {True: "yes", False: "no", None: "not run"}[passed]
