"""Match gold labels and predictions row by row, whatever they are stored in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import InputError, Problem
from kazstance.input.arrays import coded_array
from kazstance.input.pairing import Note, Shared, Side, check_shared, is_id
from kazstance.input.spelling import Spelling
from kazstance.input.tables import PLAIN, Form
from kazstance.metrics import GRID_LABELS, LABELS
from kazstance.predictions.distributions import most_probable, read_probabilities, read_votes, votes_left_out
from kazstance.predictions.labels import label_test
from kazstance.predictions.pairing import Paired, pair
from kazstance.predictions.request import COMMAND, Columns, Remedies, Request
from kazstance.predictions.rules import NO_RULES, Rules
from kazstance.predictions.sides import Labels, Sides, Table, read_sides
from kazstance.stats.confusion import Confusion, confusion
from kazstance.stats.counting import Floats

NONE: Final = GRID_LABELS.index("none")


@dataclass(frozen=True, eq=False)
class Matched:
    """Rows with a gold and a predicted label each, in the order of the gold rows.

    `gold`, `predicted` and each of the kept `columns`, by name, have shape (rows,); `predicted` is missing where there
    is no answer, or none that is a label. `probabilities` and `votes` have shape (rows, labels), in the order of
    `labels`, or are None; votes without probabilities also count `none`, and probabilities are NaN where there is no
    answer. `spelling` is the name of the spelling, `counts` says how many rows a rule applied to, and `facts` which
    rules, for signatures.
    """

    gold: pa.Array
    predicted: pa.Array
    columns: Mapping[str, pa.Array]
    labels: tuple[str, ...]
    probabilities: Floats | None = None
    votes: Floats | None = None
    notes: list[Note] = field(default_factory=list)
    spelling: str = "kazstance"
    counts: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)

    def where(self, rows: pa.Array) -> "Matched":
        """Some of the rows: `rows` is a mask of shape (rows,)."""
        chosen = rows.to_numpy(zero_copy_only=False)
        columns = {name: values.filter(rows) for name, values in self.columns.items()}
        votes, chances = (None if found is None else found[chosen] for found in (self.votes, self.probabilities))
        gold, predicted = self.gold.filter(rows), self.predicted.filter(rows)
        is_hard = chances is None and votes is None
        labels = labels_of([gold, predicted]) if is_hard else self.labels
        return Matched(gold, predicted, columns, labels, chances, votes, spelling=self.spelling, facts=self.facts)

    def confusion(self, target: str | None = None, cluster: str | None = None) -> Confusion:
        """The counts of gold and predicted labels, by target and cluster.

        Args:
            target: the column of the target, the strata; without it, there is one stratum.
            cluster: the column of the cluster; without it, there is one cluster.
        """
        by = {role: self.columns[name] for role, name in (("target", target), ("cluster", cluster)) if name}
        return confusion(
            pa.table({"gold": self.gold, "predicted": self.predicted, **by}),
            "gold",
            "predicted",
            strata=["target"] if target else [],
            cluster="cluster" if cluster else None,
            labels=self.labels,
            has_gaps=self.predicted.null_count > 0,
        )


def match(
    gold: Any,
    predicted: Any,
    columns: Columns,
    spelling: Spelling,
    *,
    form: Form = PLAIN,
    remedies: Remedies = COMMAND,
    rules: Rules = NO_RULES,
) -> Matched:
    """The gold rows with the prediction of each.

    Args:
        gold: the gold rows, as anything in `kazstance.input.frames.ACCEPTED`.
        predicted: the predicted rows, in any of the same forms; may be the same rows.
        columns: the columns that are used; others that both tables share are compared, see `check_shared`. The column
            of the predicted label may be missing if there are probabilities of all labels.
        spelling: how both tables spell labels.
        form: how text files are written.
        remedies: what messages tell the user to do.
        rules: how rows are paired, and what is done with those that do not pair or have no label.

    Raises:
        InputError: rows do not match, shared columns differ, labels are unknown, or fields are empty; all problems
            are listed.
        UnknownNameError: a column or rule does not exist.
        KazstanceError: a file cannot be read, or an argument does not hold rows.
    """
    rules.check(has_ids=bool(columns.ids))
    request = Request(columns, spelling, form, remedies, rules)
    problems: list[Problem] = []
    sides = read_sides(gold, predicted, request, problems)
    paired = pair(sides, request, problems)
    sides = sides.without_keys()
    shared = _compare(sides, paired, request, problems)
    soft = _read_soft(sides, paired, problems)
    if problems:
        raise InputError(problems)
    notes = [*sides.notes, *paired.notes, *shared.notes, *soft.notes]
    are_same = sides.gold.stream is sides.predicted.stream or not all(map(is_id, columns.ids))  # such as a text
    if not (shared.confirming or are_same):
        notes.append(_unconfirmed(sides, request))
    return _matched(sides, paired, soft, request, notes)


def parts(matched: Matched, by: str) -> dict[str, Matched]:
    """Matched rows by the values of a column."""
    column = matched.columns[by]
    return {value: matched.where(pc.equal(column, value)) for value in sorted(pc.unique(column).to_pylist())}


def labels_of(columns: Sequence[pa.Array]) -> tuple[str, ...]:
    """The labels that rows are scored on; `none` is one of them only if it occurs."""
    has_none = any(pc.any(pc.equal(values, "none")).as_py() for values in columns)
    return GRID_LABELS if has_none else LABELS


def _compare(sides: Sides, paired: Paired, request: Request, problems: list[Problem]) -> Shared:
    """Compare the columns that both tables share."""
    columns, one, other = request.columns, sides.gold, sides.predicted
    known = list(columns.kept)
    if request.rules.by_line:  # where ids that differ show that rows are in another order
        known += [name for name in one.stream.columns if is_id(name)]
    return check_shared(
        Side(one.stream, one.label),
        Side(other.stream, other.label),
        paired.pairs,
        ids=columns.ids,
        named=known,
        ignored=columns.ignored,
        is_label=label_test(sides.spelling),
        problems=problems,
        ignoring=request.remedies.ignoring,
    )


def _unconfirmed(sides: Sides, request: Request) -> Note:
    how = "their number" if request.rules.by_line else ", ".join(request.columns.ids)
    message = f"rows are paired by {how} alone: the two tables share no text or target that would confirm it"
    return Note(message, "", 0, sides.gold.read.rows)


class _Soft(NamedTuple):
    """Votes and probabilities of the scored rows, if there are any, their predicted labels, and notes."""

    votes: Floats | None
    probabilities: Floats | None
    predicted: Labels
    width: int
    notes: list[Note]


def _read_soft(sides: Sides, paired: Paired, problems: list[Problem]) -> _Soft:
    """Votes and probabilities, and the predicted label of each scored row, which may be the most probable one."""
    votes, chances = sides.votes, sides.chances
    has_none = "none" in chances.labels.values() or paired.predicts_none or bool((paired.labels == NONE).any())
    known = GRID_LABELS if has_none else LABELS
    notes = [*votes.notes, *chances.notes]
    voted, probabilities = paired.votes, None
    if votes.has_labels:
        voted = read_votes(votes, known, problems)
        voted = None if voted is None else voted[paired.rows]
        notes += votes_left_out(votes, known)
    if chances.has_labels:
        probabilities = read_probabilities(chances, known, problems)
    elif paired.votes is None:
        voted = None  # counts of votes are compared with probabilities alone
    labels = sides.predicted.labels
    if probabilities is not None:
        given = None if labels is None else coded_array(labels, GRID_LABELS).dictionary_decode()
        most_probable(probabilities, given, known, chances.side, problems)
        if labels is None:
            labels = probabilities.argmax(axis=1).astype(np.int8)
            notes.append(_without_label(sides.predicted))
        probabilities = np.vstack([probabilities, np.full(len(known), np.nan)])[paired.at]
    answers = (
        np.full(len(paired.rows), -1, dtype=np.int8) if labels is None else np.append(labels, np.int8(-1))[paired.at]
    )
    if probabilities is not None and voted is not None:
        notes += _none_left_out(voted, known)
        voted = voted[:, : len(known)]
    return _Soft(voted, probabilities, answers, len(known), notes)


def _none_left_out(votes: Floats, labels: Sequence[str]) -> list[Note]:
    """A note on annotators' votes for `none` if there are no probabilities of it."""
    rows = int((votes[:, len(labels) :].sum(axis=1) > 0).sum())
    message = f"votes for none are left out of the scores of probabilities, in {rows} of {len(votes)} items"
    return [Note(message, "none", rows, len(votes))] if rows else []


def _without_label(side: Table) -> Note:
    message = f"{side.stream.name}: no column {side.label}; the most probable label is used"
    return Note(message, side.label, 0, side.read.rows)


def _matched(sides: Sides, paired: Paired, soft: _Soft, request: Request, notes: list[Note]) -> Matched:
    """The scored rows."""
    found = sides.gold.read.columns
    columns = {
        name: coded_array(found[name].codes[paired.rows], found[name].values) for name in request.columns.grouping
    }
    gold, predicted = (coded_array(labels, GRID_LABELS) for labels in (paired.labels, soft.predicted))
    return Matched(
        gold,
        predicted,
        columns,
        GRID_LABELS[: soft.width],
        soft.probabilities,
        soft.votes,
        notes,
        sides.spelling.name,
        paired.counts,
        paired.facts,
    )
