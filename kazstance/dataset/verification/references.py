"""Ids refer to existing rows, and what one table repeats from another matches it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from kazstance.dataset.table import SPLIT
from kazstance.dataset.verification.columns import differs, equals, find, is_valid, take
from kazstance.dataset.verification.findings import Finding
from kazstance.dataset.verification.tables import HOLDER, Tables
from kazstance.schema.labels import Label, Status


class Reference(NamedTuple):
    """Columns of a table that identify a row of another, and what they repeat from it."""

    table: str
    key: tuple[str, ...]
    other: str
    other_key: tuple[str, ...]
    repeated: Mapping[str, str] = {}
    """Columns of the table, and the columns of the other one that they repeat."""
    probe: str | None = None
    """Only the probes of this kind."""


SENTENCE: Final = ("sentence_id",)
TARGET: Final = ("target_id",)
PAIR: Final = ("sentence_id", "target_id", "holder")
"""What a label is about; pairs and probes are of labels without a holder."""
HOME: Final = {"source_id": "source_id", "paragraph_id": "paragraph_id"}
TEXT: Final = {"text": "text"}
SPOKEN: Final = {"voice": "voice", "speaker": "speaker", "endorsed": "endorsed"}
AROUND: Final = {"context_before": "context_before", "context_after": "context_after"}
DECIDED: Final = {"label_name": "label_name", "origin": "origin"}
JUDGED: Final = {**DECIDED, "split_vote": "split_vote", "votes": "votes"}

REFERENCES: Final = (
    Reference("documents", ("source_id",), "sources", ("source_id",)),
    Reference("sentences", ("source_id",), "sources", ("source_id",)),
    Reference("sentences", ("document_id",), "documents", ("document_id",), {"source_id": "source_id"}),
    Reference("sentences", ("duplicate_of",), "sentences", SENTENCE, {**TEXT, "document_id": "document_id"}),
    Reference("copies", SENTENCE, "sentences", SENTENCE),
    Reference("copies", ("copy_of",), "sentences", SENTENCE),
    Reference("judgements", SENTENCE, "sentences", SENTENCE, HOME),
    Reference("judgements", TARGET, "targets", TARGET),
    Reference("judgements", ("annotator_id",), "annotators", ("annotator_id",)),
    Reference("judgements", PAIR, "grid", PAIR),
    Reference("grid", SENTENCE, "sentences", SENTENCE, {**HOME, **TEXT}),
    Reference("grid", TARGET, "targets", TARGET, {"target": "name"}),
    Reference("grid", ("adjudicator",), "annotators", ("annotator_id",)),
    Reference("stances", SENTENCE, "sentences", SENTENCE, {**HOME, **TEXT, **SPOKEN}),
    Reference("stances", TARGET, "targets", TARGET, {"target": "name"}),
    Reference("stances", PAIR, "grid", PAIR, {SPLIT: SPLIT, **JUDGED}),
    Reference("positions", ("source_id",), "sources", ("source_id",)),
    Reference("positions", TARGET, "targets", TARGET),
    Reference("pairs", TARGET, "targets", TARGET, {"target": "name"}),
    *(
        Reference(
            "pairs",
            (f"sentence_{side}", "target_id", "holder"),
            "stances",
            PAIR,
            {
                SPLIT: SPLIT,
                f"source_{side}": "source_id",
                f"text_{side}": "text",
                f"label_{side}_name": "label_name",
            },
        )
        for side in "ab"
    ),
    Reference("probes", TARGET, "targets", TARGET),
    Reference("probes", ("other_target_id",), "targets", TARGET, {"target": "name"}),
    Reference("probes", PAIR, "stances", PAIR, {**HOME, "row_label_name": "label_name"}),
    Reference("probes", PAIR, "stances", PAIR, {**DECIDED, "target": "target", "certainty": "certainty"}, "mask"),
    Reference("probes", PAIR, "stances", PAIR, {**TEXT, **AROUND}, "mirror"),
    Reference("probes", PAIR, "stances", PAIR, {**TEXT, **AROUND}, "swap"),
    Reference(
        "probes",
        ("sentence_id", "other_target_id", "holder"),
        "stances",
        PAIR,
        {**DECIDED, "certainty": "certainty"},
        "swap",
    ),
)


def check_references(tables: Tables, referring: Collection[str]) -> Iterator[Finding]:
    """Check every reference of some tables; if grid is one of them, also that stances has all of its labels.

    Args:
        tables: these tables, and all that they refer to.
        referring: the names of these tables.
    """
    for reference in REFERENCES:
        if reference.table in referring:
            yield from _check(tables, reference)
    if "grid" in referring:
        yield from _check_stances_of_grid(tables)


def _check(tables: Tables, reference: Reference) -> Iterator[Finding]:
    table, key, other, other_key, repeated, probe = reference
    keys = tables.key(table, key)
    places = find(keys, tables.key(other, other_key))
    meant = equals(tables.column(table, "probe"), probe) if probe else np.ones(len(keys), dtype=bool)
    named = meant & np.logical_and.reduce([is_valid(tables.column(table, name)) for name in key if name != HOLDER])
    if not probe:
        what = " and ".join(name for name in key if name != HOLDER)
        yield from tables.faults(table, named & (places < 0), f"{what}: there is no such row in {other}")
    there = named & (places >= 0)
    for column, source in repeated.items():
        expected = take(tables.column(other, source), places)
        wrong = there & differs(tables.column(table, column), expected)
        yield from tables.differences(table, column, wrong, expected, f"as in {other}")


def _check_stances_of_grid(tables: Tables) -> Iterator[Finding]:
    """Every cell of the grid with a label has its stance."""
    places = find(tables.key("grid", PAIR), tables.key("stances", PAIR))
    label = tables.column("grid", "label_name")
    is_about = equals(tables.column("grid", "status"), Status.decided) & ~equals(label, Label.none.name)
    yield from tables.faults("grid", is_about & (places < 0), "has a label, but stances has no such row")
