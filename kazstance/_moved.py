"""Names and commands of version 0.3 that no longer exist, and what replaces them."""

import sys
from importlib.machinery import ModuleSpec
from typing import Final

MOVED: Final = {
    "agreement": "kazstance.Dataset.agreement, or kazstance.stats.agreement for the coefficients",
    "benchmark": "kazstance.bench and kazstance.models",
    "comparison.closeness": "kazstance.comparison.distances",
    "comparison.clustering": "kazstance.stats.clustering",
    "comparison.contests": "kazstance.comparison.disagreements",
    "comparison.evidence": "kazstance.comparison.contrast",
    "comparison.matrix": "kazstance.comparison.positions",
    "comparison.pairing": "kazstance.comparison.pairs",
    "comparison.permutation": "kazstance.stats.permutation",
    "comparison.pooling": "kazstance.stats.pooling",
    "comparison.vocabulary": "kazstance.comparison.wording",
    "excerpt": "kazstance.Dataset.stances.where(…)",
    "export": "kazstance.Dataset.stances.to_pandas(), or `kazstance export`",
    "history": "kazstance.Dataset.why",
    "plot.sources": "kazstance.Comparison.plot",
    "reliability": "kazstance.Dataset.agreement",
    "review": "kazstance.annotate, or `kazstance annotate`",
    "scoring": "kazstance.score, or kazstance.stats.scores and kazstance.stats.metrics for counts",
    "tables": "kazstance.compare and kazstance.score, which take files",
    "tally": "kazstance.stats.counting, or kazstance.stats.resampling for intervals",
}
"""The replacement of each name."""
COMMANDS: Final = {
    "kazstance compare --distances": "kazstance compare distances --feature FEATURE",
    "kazstance compare --pairs": "kazstance compare disagreements",
    "kazstance compare --target": "kazstance compare contrast TARGET",
    "kazstance review": "kazstance annotate",
}
"""The replacement of each command and option of the command line."""


def moved(name: str) -> str:
    """The message about a name that does not exist or has moved."""
    if name in MOVED:
        return f"kazstance.{name} has moved since version 0.3; use {MOVED[name]}"
    return f"module 'kazstance' has no attribute {name!r}"


def moved_command(name: str) -> str | None:
    """The message about a command or option that has moved, such as `kazstance review`; None for any other."""
    return f"{name} has become {COMMANDS[name]}" if name in COMMANDS else None


class MovedModules:
    """An import finder, consulted last, that says where a module has moved."""

    @staticmethod
    def find_spec(fullname: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """None, or an error for a module that has moved.

        Args:
            fullname: the dotted name of the module.
            _path: the search path of its package; not used.
            _target: a module to reload; not used.

        Raises:
            ModuleNotFoundError: the module has moved; without `name`, so that `from kazstance import` shows it too.
        """
        package, _, name = fullname.partition(".")
        if package == "kazstance" and name in MOVED:
            raise ModuleNotFoundError(moved(name))
        return None


def watch_imports() -> None:
    """Make importing a module under its old name say where it has moved."""
    if MovedModules not in sys.meta_path:
        sys.meta_path.append(MovedModules)
