"""Spans of a sentence, united."""

from collections.abc import Iterable

from kazstance.schema.records import Span


def united(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of starts and ends, overlapping and touching parts as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The union of spans, overlapping and touching ones as one."""
    return tuple(Span(start=start, end=end) for start, end in united((span.start, span.end) for span in spans))
