"""What a run scored: typed, in memory or read back from its folder."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from pydantic import PlainValidator

from kazstance.bench.breakdowns import Breakdown
from kazstance.bench.contrast import GroupScore
from kazstance.bench.over_prompts import NOT_LINEAR, OverPrompts
from kazstance.bench.probes import ProbeScore
from kazstance.bench.record import Run
from kazstance.bench.shortcuts import SHORTCUTS
from kazstance.bench.tasks import TARGET
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.extras import naming_extras
from kazstance.input.overlap import Overlap
from kazstance.metrics import F_AVG_TARGETS, HEADLINES, METRICS, SPELLED_OUT
from kazstance.metrics.lacking import lacking_sides
from kazstance.output import plain_json
from kazstance.output.listing import Listing
from kazstance.output.markdown import emphasis, markdown_table, plain
from kazstance.stats.confusion import Confusion
from kazstance.stats.paired import Difference, compare
from kazstance.stats.scores import Score
from kazstance.stats.strata import OTHER, OTHER_STRATA, Strata, are_comparable, share_text

if TYPE_CHECKING:
    import pandas as pd

NO_SHORTCUT: Final = "no shortcut among the runs"
"""Shown instead of a lift if there is nothing to compare with."""
BEST_SHORTCUT: Final = "best shortcut"
"""Shown instead of a lift for the shortcut that the others are compared with."""


def _confusion(counts: Any) -> Confusion:
    """Counts, which may also be given as plain values."""
    if isinstance(counts, Confusion):
        return counts
    cluster, cell = (np.array(counts[name], dtype=np.intp) for name in ("cluster", "cell"))
    clusters, strata, labels = (tuple(map(str, counts[name])) for name in ("clusters", "strata", "labels"))
    return Confusion(cluster, cell, np.array(counts["rows"], dtype=np.float64), clusters, strata, labels)


@dataclass(frozen=True, eq=False)
class Result:
    """The scores of a system on a task under a protocol, with those of the shortcuts that were run too."""

    run: Run
    rows: str
    """Digest of the rows to predict and to train on."""
    headline: str
    """The headline metric."""
    sizes: Mapping[str, float]
    """D, the effective size behind the headline, by the strata that it is computed within."""
    scores: Mapping[str, Score]
    """Scores by metric, within targets."""
    within: Mapping[str, Score]
    """The headline within other strata."""
    contrast: Mapping[str, GroupScore]
    """Share of the groups of the contrast set that are entirely correct, by kind of group."""
    soft: Mapping[str, Score]
    """Scores of probabilities, if the system gave them for every row."""
    breakdowns: tuple[Breakdown, ...]
    probes: tuple[ProbeScore, ...]
    warning: str | None
    """A warning if the system belongs to the family of the model that made the labels."""
    counts: Annotated[Confusion, PlainValidator(_confusion)]
    """The counts of labels within targets by cluster, for paired comparisons."""
    shortcuts: tuple["Result", ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    """Shortcuts that failed, and why."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Shortcuts that were not run because they do not suit the rows, and why."""
    held_out: float | None = None
    """For a shortcut, its headline on held-out training rows, by which the best is chosen; None if not defined."""
    best_shortcut: str | None = None
    """The best shortcut, from which lift is computed."""
    chosen_on: str | None = None
    """What the best shortcut was chosen on: `validation`, which is held-out training rows, or `test`."""
    lift: Difference | None = None
    """How far the headline is above that of the best shortcut, with a paired interval; None without one."""
    lift_over: str | None = None
    """SHA-256 of the counts of the shortcut that the lift is over."""
    overlap: Overlap | None = None
    """How many rows have the text of a row that was trained on; None in files written before it was counted."""
    prompts: OverPrompts | None = None
    """For a language model that was asked under several prompts, the scores under each; all others are means."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the counts: two runs with the same digest have the same scores."""
        parts = (self.counts.cluster, self.counts.cell, self.counts.rows)
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()

    @property
    def system(self) -> str:
        """The name of the system."""
        return self.run.system

    @property
    def is_shortcut(self) -> bool:
        """Whether the system does not read, or does not look at the target."""
        return self.run.system in SHORTCUTS

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.counts.n

    @property
    def D(self) -> float:  # noqa: N802  # as in formulas
        """The effective size that the headline rests on."""
        return self.sizes[TARGET]

    @property
    def signature(self) -> str:
        """The headline with everything that it depends on."""
        return str(self.scores[self.headline])

    @property
    def lines(self) -> list[Score]:
        """All scores in order: of labels, the headline within other strata, of probabilities."""
        return [*self.scores.values(), *self.within.values(), *self.soft.values()]

    @property
    def strata(self) -> dict[str, Strata]:
        """The strata that the headline is computed within, by name, as far as they were recorded."""
        scores = {TARGET: self.scores[self.headline], **self.within}
        return {name: score.strata for name, score in scores.items() if score.strata}

    def is_comparable(self, name: str) -> bool:
        """Whether the headline within these strata, by name, can be compared with that within targets."""
        found = self.strata
        return are_comparable([found.get(TARGET), found.get(name)])

    @property
    def facts(self) -> list[str]:
        """What the scores rest on: the names of the headlines, the strata of the rows, and the overlap of texts."""
        strata = self.strata.get(TARGET)
        has_both = set(HEADLINES) <= set(self.scores)
        spelled, caution = (SPELLED_OUT, strata and strata.caution) if has_both else (None, None)
        found = [spelled, strata and str(strata), caution, self.overlap and f"{self.overlap}."]
        return [fact for fact in found if fact]

    @property
    def facts_within(self) -> dict[str, str]:
        """What the headline within other strata rests on, by their name, with a mark if it is not comparable."""
        marks = {name: "" if self.is_comparable(name) else f" {OTHER}" for name in self.within}
        return {name: f"within {name}{marks[name]}: {self.strata[name]}" for name in self.within if name in self.strata}

    @property
    def printed(self) -> list[str]:
        """All scores as lines for a terminal, with what they rest on."""
        lines = [*self.facts, *map(str, self.scores.values())]
        if F_AVG_TARGETS.name in self.scores:
            lines += [f"note: {text}" for text, *_ in lacking_sides(self.counts)]
        for name, score in self.within.items():
            lines += [*filter(None, [self.facts_within.get(name)]), str(score)]
        legend = [] if all(map(self.is_comparable, self.within)) else [OTHER_STRATA]
        return [*lines, *map(str, self.soft.values()), *legend, *self._over_prompts()]

    def _over_prompts(self) -> Iterator[str]:
        """The spread over prompts as lines for a terminal."""
        if found := self.prompts:
            yield f"over {len(found.prompts)} prompts, mean (lowest to highest):"
            yield from (f"{name} {found.text(name, 3)}" for name in self.scores)
            yield f"{share_text(found.same_answer)} of the rows have the same answer under all of them"

    def by(self, name: str) -> Listing[Breakdown]:
        """The scores for each target, source, kind of target or voice.

        Raises:
            UnknownNameError: the rows are not broken down by this field.
        """
        known = list(dict.fromkeys(part.by for part in self.breakdowns))
        if name not in known:
            raise UnknownNameError(name, "breakdown", known)
        return Listing(part for part in self.breakdowns if part.by == name)

    @property
    def reasons(self) -> dict[str, str]:
        """Why figures are undefined, by the name of the figure."""
        given: dict[str, str | None] = {
            **{name: score.reason for name, score in self.scores.items()},
            "interval over targets": self.scores[self.headline].over_targets.reason,
            **{f"{self.headline} within {strata}": score.reason for strata, score in self.within.items()},
            **{f"contrast by {kind}": group.reason for kind, group in self.contrast.items()},
            **{name: score.reason for name, score in self.soft.items()},
            "lift": self.lift.reason if self.lift else None,
        }
        for part in self.breakdowns:
            given |= {f"{name} by {part.by} {part.name}": reason for name, reason in part.reasons.items()}
        return {name: reason for name, reason in given.items() if reason}

    @property
    def remarks(self) -> list[str]:
        """How the best shortcut was chosen, if not on the test rows, and which shortcuts are missing and why."""
        chosen = [f"{self.best_shortcut} is the best shortcut on held-out training rows"]
        return [
            *(chosen if self.chosen_on == "validation" else []),
            *(f"{name} is left out: {why}" for name, why in self.left_out.items()),
            *(f"{name} failed: {why}" for name, why in self.failed.items()),
        ]

    def as_row(self) -> dict[str, Any]:
        """The result as plain values; each figure has its value, the ends of its interval and its numbers of units."""
        over = self.scores[self.headline].over_targets
        return {
            "system": self.system,
            "task": self.run.task,
            "protocol": self.run.protocol,
            "shortcut": self.is_shortcut,
            "family": self.run.family,
            "warning": self.warning,
            "n": self.n,
            "D": self.D,
            "scores": {name: (s.value, s.low, s.high) for name, s in self.scores.items()},
            "within": {name: (s.value, s.low, s.high, self.sizes[name]) for name, s in self.within.items()},
            "strata": {
                name: strata.as_row() | {"comparable": self.is_comparable(name)} for name, strata in self.strata.items()
            },
            "overlap": self.overlap and self.overlap.as_row(),
            "target_interval": (over.low, over.high),
            "best_shortcut": self.best_shortcut,
            "best_shortcut_chosen_on": self.chosen_on,
            "contrast": {kind: (g.value, g.low, g.high, g.n) for kind, g in self.contrast.items()},
            "lift": self.lift and (self.lift.value, self.lift.low, self.lift.high),
            "lift_p": self.lift and self.lift.p,
            "soft": {name: (s.value, s.low, s.high, s.n) for name, s in self.soft.items()},
            "parts": self._parts(),
            "probes": [probe.as_row() for probe in self.probes],
            "prompts": self.prompts and self.prompts.as_row(),
            "reasons": self.reasons,
            "failed": dict(self.failed),
            "left_out": dict(self.left_out),
            "signature": self.signature,
        }

    def _parts(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The breakdowns, by field and by value."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for part in self.breakdowns:
            headline = part.headline.value, part.headline.low, part.headline.high
            figures = {"f_avg": part.f_avg.value, "accuracy": part.accuracy.value}
            strata = part.strata.as_row() if part.strata else {}
            comparable = {"comparable": are_comparable([part.strata, self.strata.get(TARGET)])}
            row = {"n": part.n, "D": part.D, self.headline: headline}
            found.setdefault(part.by, {})[part.name] = row | figures | strata | comparable
        return found

    def to_json(self) -> str:
        """The result and those of the shortcuts as JSON; undefined figures are null."""
        return plain_json.to_json([result.as_row() for result in (self, *self.shortcuts)]) + "\n"

    def to_markdown(self, *, with_facts: bool = True) -> str:
        """A table of the system and its shortcuts by metric, with the lift; below it, what the scores rest on."""
        lines = [[_styled(result), *result._cells()] for result in (self, *self.shortcuts)]
        table = markdown_table(["system", *self.scores, "lift"], lines)
        return "\n\n".join([table, *map(plain, self.facts if with_facts else [])])

    @naming_extras()
    def to_frame(self) -> "pd.DataFrame":
        """The scores of the system and its shortcuts as a pandas data frame, a row for each score.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        import pandas as pd  # noqa: PLC0415  # needs an extra

        rows = [
            {"system": result.system}
            | score.as_row()
            | {"within": score.signature.get("within", TARGET)}
            | (score.strata.as_row() if score.strata else {})
            for result in (self, *self.shortcuts)
            for score in result.lines
        ]
        return pd.DataFrame(rows).drop(columns="signature")

    def _repr_html_(self) -> str:
        """The table for a notebook."""
        from html import escape  # noqa: PLC0415

        rows = [["system", *self.scores, "lift"]]
        rows += [[result.system, *result._cells()] for result in (self, *self.shortcuts)]
        cells = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
        below = "".join(f"<p><small>{escape(fact)}</small></p>" for fact in self.facts)
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>{below}"

    def __repr__(self) -> str:
        return (
            f"<Result of {self.system} on {self.run.task} · {self.run.protocol}: {self.scores[self.headline].text(3)}>"
        )

    def _cells(self) -> list[str]:
        return [*(score.text(with_reason=False) for score in self.scores.values()), self.lift_text]

    @property
    def lift_text(self) -> str:
        """The lift, or words if this is the best shortcut or there is no shortcut to compare with."""
        if self.lift:
            return self.lift.text(with_reason=False)
        return BEST_SHORTCUT if self.best_shortcut == self.system else NO_SHORTCUT


def _styled(result: Result) -> str:
    return emphasis(result.system) if result.is_shortcut else plain(result.system)


def difference(one: Result, other: Result, metric: str) -> Difference:
    """The difference of a metric between two results on the same rows, with a paired interval.

    Args:
        one: the first result.
        other: the result that is subtracted.
        metric: the name of the metric.

    Raises:
        KazstanceError: one was asked under several prompts, and the metric of the mean counts is not the mean.
    """
    if metric in NOT_LINEAR and (one.prompts or other.prompts):
        raise KazstanceError(
            f"{metric}: not compared for a model that was asked under several prompts, since F1 is not linear in the "
            "answers; expected another metric"
        )
    if len(one.counts.clusters) < 2:  # noqa: PLR2004
        return Difference(float("nan"), float("nan"), float("nan"), one.n, "one cluster", p=float("nan"))
    return compare(one.counts, other.counts, METRICS[metric])


def with_lift(result: Result, others: Sequence[Result]) -> Result:
    """A result with its lift over the best shortcut among some results on the same rows, itself included.

    The best is the one with the highest headline on held-out training rows. If no shortcut was scored on these, it is
    the one with the highest headline on the test rows, which favours the shortcut.
    """
    peers = [peer for peer in others if peer.is_shortcut and peer.rows == result.rows]
    known = [peer for peer in peers if peer.scores[result.headline].is_defined]
    validated = [(peer.held_out, peer) for peer in known if peer.held_out is not None]
    ranked = validated or [(peer.scores[result.headline].value, peer) for peer in known]
    if not ranked:
        return replace(result, best_shortcut=None, chosen_on=None, lift=None, lift_over=None)
    best = max(ranked, key=lambda pair: pair[0])[1]
    result = replace(result, chosen_on="validation" if validated else "test")
    if result.lift and (best.system, best.fingerprint) == (result.best_shortcut, result.lift_over):
        return result
    lift = None if best.system == result.system else difference(result, best, result.headline)
    return replace(result, best_shortcut=best.system, lift=lift, lift_over=best.fingerprint)
