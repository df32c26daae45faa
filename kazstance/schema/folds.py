"""The folds of the cross protocols, from sources and the folds of targets."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from kazstance.schema.manifest import Fold


def protocol_folds(sources: Iterable[str], targets: Mapping[str, int]) -> dict[str, tuple[Fold, ...]]:
    """The folds of cross_source, cross_target and cross_both: what each leaves out of training and tests on.

    `targets` gives each target its fold; sources and targets are in the order of their tables.
    """
    names = list(sources)
    groups: dict[int, list[str]] = defaultdict(list)
    for target, fold in targets.items():
        groups[fold].append(target)
    by_target = {str(fold): tuple(groups[fold]) for fold in sorted(groups)}
    return {
        "cross_source": tuple(Fold(fold=s, test_sources=(s,), test_targets=None) for s in names),
        "cross_target": tuple(Fold(fold=f, test_sources=None, test_targets=t) for f, t in by_target.items()),
        "cross_both": tuple(
            Fold(fold=f"{s}/{f}", test_sources=(s,), test_targets=t) for s in names for f, t in by_target.items()
        ),
    }
