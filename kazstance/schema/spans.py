"""Spans of a sentence, united."""

from collections.abc import Iterable

from kazstance.schema.records import Span


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The union of spans, overlapping and touching ones as one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(start=merged[-1].start, end=max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return tuple(merged)
