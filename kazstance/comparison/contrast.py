"""What sources wrote on a target, side by side, the strongest evidence first."""

import re
from collections.abc import Sequence
from typing import Any

import narwhals as nw

from kazstance.comparison.counts import VoiceFilter, of_sources, spoken
from kazstance.errors import UnknownNameError
from kazstance.input.frames import as_frame
from kazstance.stats.counting import text_of

Row = dict[str, Any]


def contrast(
    target: str,
    frame: Any,
    *,
    source: str = "source_id",
    target_column: str = "target_id",
    sources: Sequence[str] = (),
    targets: Sequence[str] = (),
    voice: VoiceFilter = "all",
) -> dict[str, list[Row]]:
    """The sentences of each source on a target, as rows of the table, the strongest evidence first (`strength`).

    Args:
        target: the target.
        frame: rows with one sentence and one target each, as anything in `kazstance.input.frames.ACCEPTED`.
        source: the column of the source.
        target_column: the column of the target.
        sources: all sources, in order, a silent one with an empty list; by default, those that wrote on the target.
        targets: all targets; by default, those that occur.
        voice: whose sentences; `own` and `endorsed` require the columns voice and endorsed.

    Raises:
        UnknownNameError: there is no such target or voice; the message lists the valid names.
    """
    rows = of_sources(as_frame(frame), source).lazy()
    name = text_of(rows, target_column)
    targets = targets or sorted(rows.select(name.alias(target_column)).unique().collect()[target_column].to_list())
    if target not in targets:
        raise UnknownNameError(target, "target", targets)
    found = nw.from_native(spoken(rows.filter(name == target), voice)).lazy().collect()
    who = found.select(text_of(found, source).fill_null("").alias(source))[source].to_list()
    by_source: dict[str, list[Row]] = {key: [] for key in sources or sorted(set(who))}
    for key, row in sorted(zip(who, found.rows(named=True), strict=True), key=lambda pair: strength(pair[1])):
        by_source[key].append(row)
    return by_source


def strength(row: Row) -> tuple[Any, ...]:
    """The order of evidence, as a sort key; a column that the table lacks is ignored.

    Sentences that take a side come before neutral ones, explicit before implicit, sure before unsure, unanimous before
    split; then as in the text.
    """
    place = str(row.get("sentence_id", ""))
    return (
        row.get("label_name") == "neutral",
        row.get("explicitness") != "explicit",
        row.get("certainty") != "sure",
        bool(row.get("split_vote")),
        [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", place)],
        str(row.get("text", "")),
    )
