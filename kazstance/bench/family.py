"""Whether a system is of the family of the language model that made the labels: then it is judged by its own kind."""

import re
from pathlib import Path

from kazstance import dataset
from kazstance.schema.labels import Origin, Role


def warning(name: str | None, *, data: Path = dataset.SHIPPED) -> str | None:
    """A line that warns where a model's family is one that made the labels; None where it is not, or is not known.

    Families match by any word of three letters or more, whatever the case: `Claude`, `claude-3-opus` and `Anthropic`
    all match `Claude (Anthropic)`. So models of one maker match too; a false alarm costs less than a missed one.

    Args:
        name: the family, or the name, of the model that is scored.
        data: the dataset whose labels it is scored against.

    Raises:
        KazstanceError: `data` is no built dataset.
    """
    makers: dict[str, list[str]] = {}
    for annotator in dataset.load("annotators", data=data):
        if annotator.origin is Origin.model and annotator.role is Role.label and annotator.family:
            makers.setdefault(annotator.family, []).append(annotator.annotator_id)
    for family, annotators in makers.items():
        if _words(name or "") & _words(family):
            return (
                f"warning: {name} is of the family of {family}, which made the labels ({', '.join(annotators)}): "
                "agreement with them may be kinship, not skill"
            )
    return None


def _words(name: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", name.casefold()))
