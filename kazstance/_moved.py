"""Names of version 0.3 that are gone, and where what they stood for is now."""

from typing import Final

MOVED: Final = {
    "agreement": "kazstance.Dataset.agreement, or kazstance.stats.agreement for the coefficients",
    "excerpt": "kazstance.Dataset.stances.where(…)",
    "export": "kazstance.Dataset.stances.to_pandas(), or `kazstance export`",
    "history": "kazstance.Dataset.why",
    "reliability": "kazstance.Dataset.agreement",
    "scoring": "kazstance.score, or kazstance.stats.scores and kazstance.stats.metrics for counts",
    "tables": "kazstance.compare and kazstance.score, which take files",
    "tally": "kazstance.stats.counting, or kazstance.stats.resampling for intervals",
}
"""What takes the place of each name."""


def moved(name: str) -> str:
    """What is said of a name that is not there."""
    if name in MOVED:
        return f"kazstance.{name} has moved since version 0.3; use {MOVED[name]}"
    return f"module 'kazstance' has no attribute {name!r}"
