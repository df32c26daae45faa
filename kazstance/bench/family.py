"""Whether a system belongs to the family of the language model that made the labels: then it judges its own kind."""

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
    """A line that warns where a model's family is one that made the labels; None where it is not, or is not known.

    Families match by any word of three letters or more, whatever the case: `Claude`, `claude-3-opus` and `Anthropic`
    all match `Claude (Anthropic)`. So models of one maker match too; a false alarm costs less than a missed one.

    Args:
        name: the family, or the name, of the model that is scored.
        families: those that made the labels, as `makers` gives them.
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
