"""Names of version 0.3 that are gone, and where what they stood for is now."""

from typing import Final

MOVED: Final = {
    "agreement": "kazstance.Dataset.agreement, and kazstance.stats for the statistics",
    "benchmark": "kazstance.bench and kazstance.models",
    "excerpt": "kazstance.Dataset.stances.where(…)",
    "export": "kazstance.Dataset.stances.to_pandas(), or `kazstance export`",
    "history": "kazstance.Dataset.why",
    "predictions": "kazstance.score",
    "reliability": "kazstance.Dataset.agreement",
    "review": "kazstance.annotate",
    "scoring": "kazstance.score, and kazstance.stats for the metrics",
    "tables": "kazstance.compare and kazstance.score, which take files",
    "tally": "kazstance.stats",
}
"""What each name became in version 0.4; the page "Coming from 0.3" lists the same."""


def moved(name: str) -> str:
    """What is said of a name that is not there."""
    if name in MOVED:
        return f"kazstance.{name} is gone since version 0.4; use {MOVED[name]}"
    return f"module 'kazstance' has no attribute {name!r}"
