"""Scores of predictions: all metrics of matched rows, with a signature that says how they were computed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from html import escape
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import kazstance
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.overlap import Overlap
from kazstance.input.pairing import Note
from kazstance.input.spelling import Spelling
from kazstance.input.tables import PLAIN, Form
from kazstance.metrics import NO_TARGET, SPELLED_OUT, STANCE_METRICS, TARGET_MEANS
from kazstance.metrics.lacking import lacking_sides
from kazstance.output.characters import safe_line
from kazstance.output.listing import Listing
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import echo_page
from kazstance.predictions.matching import Matched, labels_of, match, parts
from kazstance.predictions.request import COMMAND, Columns, Remedies
from kazstance.predictions.rules import NO_RULES, Rules
from kazstance.predictions.training import train_overlap
from kazstance.stats.estimate import Estimate
from kazstance.stats.resampling import RESAMPLES, SEED
from kazstance.stats.scores import Score, score_all
from kazstance.stats.soft import label_scores, soft_scores
from kazstance.stats.strata import OTHER, OTHER_STRATA, Strata, are_comparable

FEWEST: Final = 10
"""Minimum number of resamples of an interval."""
SHOWN: Final = 3
"""Number of scores in the short form."""
ALL: Final = "all"
"""The name of all rows, next to those of their parts."""


class Scores(Listing[Score]):
    """The scores of predictions, one for each metric, such as `scores["wts"]`.

    `parts` are the scores of the rows with each value of the column `by`, if there is one; `notes` are remarks on how
    gold and predicted rows were matched, `counts` the rows that did not pair or had no label, by rule, and `overlap`
    the rows whose text is in training, if it was compared.
    """

    def __init__(
        self,
        results: Iterable[Score],
        notes: Iterable[Note] = (),
        by: str | None = None,
        parts: Mapping[str, "Scores"] | None = None,
        counts: Mapping[str, int] | None = None,
        *,
        overlap: Overlap | None = None,
    ) -> None:
        """Wrap some scores.

        Args:
            results: the scores.
            notes: what to know about the rows that were scored.
            by: the column that the scores are broken down by; None if they are not.
            parts: the scores of each part, by the value of `by`.
            counts: how many rows each rule applied to, by its name.
            overlap: how many rows have the text of a training row; None if there were none to compare with.
        """
        super().__init__(results)
        self.notes = tuple(notes)
        self.by = by
        self.parts = dict(parts or {})
        self.counts = dict(counts or {})
        self.overlap = overlap

    @overload
    def __getitem__(self, at: int | str) -> Score: ...
    @overload
    def __getitem__(self, at: slice) -> Listing[Score]: ...
    def __getitem__(self, at: int | str | slice) -> Score | Listing[Score]:
        """The score of a metric, the score at an index, or the scores of a slice.

        Raises:
            UnknownNameError: there is no such metric; the message lists the valid names.
        """
        if not isinstance(at, str):
            return super().__getitem__(at)
        if at not in self.metrics:
            raise UnknownNameError(at, "metric", self.metrics)
        return super().__getitem__(self.metrics.index(at))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, in order."""
        return tuple(score.metric for score in self)

    @property
    def signature(self) -> Mapping[str, object]:
        """What all scores have in common: how they were computed, from how many rows."""
        first, *rest = (score.signature for score in self)
        return {key: value for key, value in first.items() if all(other.get(key) == value for other in rest)}

    @property
    def strata(self) -> Strata | None:
        """The strata of the scores; None without scores."""
        return next((score.strata for score in self if score.strata), None)

    def is_comparable(self, part: "Scores") -> bool:
        """Whether the scores of a part are over the same strata as these, so that they can be compared."""
        return are_comparable([self.strata, part.strata])

    def rows(self) -> list[dict[str, Any]]:
        """The scores as plain values by column.

        If there are parts, their scores are included, and the columns `part` and `comparable`: whether a score is over
        the same strata as that of all rows.
        """
        if not self.parts:
            return super().rows()
        return [
            {"part": name, **score.as_row(), "comparable": self.is_comparable(scores)}
            for name, scores in ((None, self), *self.parts.items())
            for score in scores
        ]

    def to_json(self) -> str:
        """The scores of all rows and of the parts, the notes, and what was counted of the rows, as JSON."""
        lists = {
            name: [score.as_row() | {"comparable": self.is_comparable(scores)} for score in scores]
            for name, scores in self._named()
        }
        counts = {"counts": self.counts} if self.counts else {}
        overlap = {"overlap": self.overlap.as_row()} if self.overlap else {}
        return to_json(lists | {"notes": [asdict(note) for note in self.notes]} | counts | overlap)

    def show(self) -> None:
        """Print the scores and the notes."""
        echo_page("\n".join([str(self), *(safe_line(str(note)) for note in self.notes)]))

    def __str__(self) -> str:
        """A line for each score, with its interval and signature, below its strata; parts follow their names."""
        lines: list[object] = [SPELLED_OUT]
        for name, scores in self._named():
            lines += [*([self._marked(name, scores)] if self.by else []), *scores._facts(), *scores]
        return "\n".join(safe_line(str(line)) for line in [*lines, *self._legend()])

    def __repr__(self) -> str:
        more = [f"{len(self) - SHOWN} more"] if len(self) > SHOWN else []
        shown = [f"{score.metric} {score.text(3, with_reason=False)}" for score in self[:SHOWN]]
        return f"<Scores: {', '.join([*shown, *more])}>"

    def _repr_html_(self) -> str:
        """A table for a notebook: metrics with their intervals, for all rows and for the parts."""
        head = "".join(f"<th>{name}</th>" for name in (*(["part"] if self.by else []), "metric", "value", "interval"))
        body = "".join(
            _html_row(self._marked(name, scores) if self.by else None, score)
            for name, scores in self._named()
            for score in scores
        )
        facts = [SPELLED_OUT, *self._facts(), *self._legend(), *map(str, self.notes)]
        below = [*facts, "|".join(f"{key}:{value}" for key, value in self.signature.items())]
        return f"<table><tr>{head}</tr>{body}</table>" + "".join(
            f"<p><small>{escape(line)}</small></p>" for line in below
        )

    def _facts(self) -> Iterator[str]:
        """What the scores rest on."""
        if strata := self.strata:
            yield str(strata)
            if strata.caution:
                yield strata.caution
        if self.overlap:
            yield f"{self.overlap}."

    def _marked(self, name: str, scores: "Scores") -> str:
        """The name of a part, with a mark if its scores are not comparable with those of all rows."""
        return name if self.is_comparable(scores) else f"{name} {OTHER}"

    def _legend(self) -> list[str]:
        return [] if all(map(self.is_comparable, self.parts.values())) else [OTHER_STRATA]

    def _named(self) -> list[tuple[str, "Scores"]]:
        return [(ALL, self), *((f"{self.by} {name}", scores) for name, scores in self.parts.items())]


def score_rows(
    gold: Any,
    pred: Any,
    columns: Columns,
    spelling: Spelling,
    *,
    form: Form = PLAIN,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    remedies: Remedies = COMMAND,
    rules: Rules = NO_RULES,
    train: Any = None,
) -> Scores:
    """Score predictions on any stance dataset.

    Args:
        gold: the gold rows, in any form listed in `kazstance.input.frames.ACCEPTED`.
        pred: the predicted rows, in any of the same forms, one for each gold row; may be the same rows.
        columns: the columns that are used.
        spelling: how both tables spell labels.
        form: how text files are written.
        resamples: number of bootstrap resamples, at least 10.
        seed: seed of the bootstrap, 0 or more.
        remedies: what messages tell the user to do.
        rules: how rows are paired, and what is done with those that do not pair or have no label.
        train: rows that the system was trained on, whose texts are compared with `columns.text`.

    Raises:
        InputError: rows do not match, values are not labels, or anything else is wrong; all problems are listed.
        UnknownNameError: a column does not exist.
        KazstanceError: an argument does not hold rows, a file cannot be read, or there are too few resamples.
    """
    check_resampling(resamples, seed)
    matched = match(gold, pred, columns, spelling, form=form, remedies=remedies, rules=rules)
    score_part = partial(_scores, target=columns.target, cluster=columns.cluster, n=resamples, seed=seed)
    found = parts(matched, columns.by) if columns.by else {}
    single = {name: Scores(score_part(part)) for name, part in found.items()}
    notes = list(matched.notes)
    if columns.target:
        notes += [
            Note(text, columns.target, *sizes) for text, *sizes in lacking_sides(matched.confusion(columns.target))
        ]
    shared = None
    if train is not None and columns.text:
        shared = train_overlap(train, matched.columns, columns.text, columns.target, form)
    return Scores(score_part(matched), notes, columns.by, single, matched.counts, overlap=shared)


def check_resampling(resamples: int, seed: int = SEED) -> None:
    """See that there are enough resamples for an interval, and that the seed is one.

    Raises:
        KazstanceError: there are not, or it is not.
    """
    for name, number, least in (("resamples", resamples, FEWEST), ("seed", seed, 0)):
        if number < least:
            raise KazstanceError(f"{name}: {number}, expected {least} or more")


def scores(
    table: pa.Table, target: str | None, cluster: str | None, n: int, seed: int, *, spelling: str = "kazstance"
) -> list[Score]:
    """All metrics of a table with the columns `gold` and `predicted`, labels by name.

    Args:
        table: the rows.
        target: the column of the target; without it, there is one stratum.
        cluster: the column of the cluster; without it, rows are resampled.
        n: number of resamples.
        seed: seed of the random generator.
        spelling: the name of the spelling, for signatures.
    """
    gold, predicted = (table.column(name).combine_chunks() for name in ("gold", "predicted"))
    columns = {name: table.column(name) for name in (target, cluster) if name}
    matched = Matched(gold, predicted, columns, labels_of([gold, predicted]), spelling=spelling)
    return _scores(matched, target, cluster, n, seed)


def _scores(matched: Matched, target: str | None, cluster: str | None, n: int, seed: int) -> list[Score]:
    """All metrics of matched rows, with intervals over clusters and over targets."""
    facts = {
        "labels": len(matched.labels),
        "spelling": matched.spelling,
        **matched.facts,
        "target": target or "-",
        "cluster": cluster or "-",
        "version": kazstance.__version__,
    }
    metrics = (*STANCE_METRICS, *TARGET_MEANS)
    hard = [_with_target(one, target) for one in score_all(matched.confusion(target, cluster), metrics, n, seed, facts)]
    if matched.probabilities is None and matched.votes is None:
        return hard
    return hard + _soft_scores(matched, cluster, n, seed, facts)


def _soft_scores(matched: Matched, cluster: str | None, n: int, seed: int, facts: Mapping[str, object]) -> list[Score]:
    """Scores of probabilities, over the rows that have them, or of labels against the votes of annotators."""
    known = pa.array(matched.labels, pa.string())
    gold, predicted = (pc.index_in(side, value_set=known) for side in (matched.gold, matched.predicted))
    homes = np.array(matched.columns[cluster].to_pylist(), dtype=str) if cluster else None
    settings: dict[str, Any] = {"n": n, "seed": seed, "signature": facts}
    if matched.probabilities is None:
        return [] if matched.votes is None else label_scores(_numbers(predicted), matched.votes, homes, **settings)
    has = ~np.isnan(matched.probabilities).any(axis=1)
    votes = None if matched.votes is None else matched.votes[has]
    names = None if homes is None else homes[has].tolist()
    return soft_scores(matched.probabilities[has], _numbers(gold)[has], votes, names, **settings)


def _numbers(found: pa.Array) -> npt.NDArray[np.int64]:
    """The number of each label, -1 where there is none."""
    return np.asarray(pc.fill_null(found, -1)).astype(np.int64)


def _with_target(found: Score, target: str | None) -> Score:
    """A score; if it is a mean over targets and there is no column of them, it is undefined."""
    if target or found.metric not in {metric.name for metric in TARGET_MEANS}:
        return found
    none = Estimate.undefined(NO_TARGET, found.n)
    return replace(found, **vars(none), over_targets=none)


def _html_row(part: str | None, score: Score) -> str:
    value = score.value_text(3, with_reason=True)
    cells = [*([] if part is None else [part]), score.metric, value, score.interval_text(3)]
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
