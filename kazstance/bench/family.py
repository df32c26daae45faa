"""Whether a system is of the model family that made the labels: agreement may then reflect kinship, not skill."""

import re
from collections.abc import Mapping, Sequence

from kazstance.dataset import DatasetFolder
from kazstance.schema.labels import Origin, Role


def makers(folder: DatasetFolder) -> dict[str, tuple[str, ...]]:
    """The families of the models that made the labels of a dataset, each with its annotators."""
    found: dict[str, tuple[str, ...]] = {}
    for annotator in folder.annotators.records():
        if annotator.origin is Origin.model and annotator.role is Role.label and annotator.family:
            found[annotator.family] = (*found.get(annotator.family, ()), annotator.annotator_id)
    return found


def warning(name: str | None, families: Mapping[str, Sequence[str]]) -> str | None:
    """A warning if a model's family is one that made the labels; None if it is not, or is unknown.

    Families match if they share any word of three or more letters, ignoring case: `Claude`, `claude-3-opus` and
    `Anthropic` all match `Claude (Anthropic)`. So models of one maker match too: a false alarm costs less than a miss.

    Args:
        name: the family, or the name, of the model that is scored.
        families: the families that made the labels, from `makers`.
    """
    for family, annotators in families.items():
        if _words(name or "") & _words(family):
            return (
                f"warning: {name} is of the family of {family}, which made the labels ({', '.join(annotators)}): "
                "agreement with them may be kinship, not skill"
            )
    return None


def _words(name: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", name.casefold()))
