"""What a page knows before it fetches any sentence: the dataset, its sources and targets, and the positions."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from kazstance.comparison import Comparison, Disagreement, Disagreements, Pairwise, compare_dataset
from kazstance.comparison.disagreements import disagreements
from kazstance.comparison.verdicts import chance_in_words, tallied
from kazstance.dataset import DatasetFolder, Table
from kazstance.explorer.filters import FILTERS
from kazstance.explorer.variants import similar, variants
from kazstance.schema.labels import Certainty, Explicitness, Label, Origin, Position, Voice
from kazstance.schema.records import SourcePosition

POSITION: Final = tuple(SourcePosition.model_fields)
"""Columns of a position on the page: those of its table."""
DIFFERENCE: Final = (
    "target",
    "verdict",
    "words",
    "side",
    "opposite",
    "p",
    "chance",
    "reason",
    "silent",
    "not_asked",
    "undecided",
    "answers",
    "same",
    "more",
)
"""Columns of a row of differences: sources and targets are numbers; for each pair of sources the first letter of its
answer, o for opposed, n if one takes no side, and its probabilities in thousandths."""
NAMES: Final = {
    "labels": [label.name for label in reversed(Label)],
    "positions": [position.name for position in Position],
    "explicitness": list(Explicitness),
    "certainties": list(Certainty),
    "voices": list(Voice),
}


def overview(folder: DatasetFolder) -> dict[str, Any]:
    """Dataset, sources, targets, annotators, the complete grid of positions and the differences, as plain values.

    Raises:
        IntegrityError: a row does not match the schema.
    """
    compared = compare_dataset(folder)
    return overview_of(compared, disagreements(compared.counts, with_salience=False), folder)


def overview_of(
    compared: Comparison, ranked: Disagreements, folder: DatasetFolder, *, pending: bool = False
) -> dict[str, Any]:
    """The same of sources that are compared already.

    Args:
        compared: the sources of the dataset.
        ranked: what can be said of its targets.
        folder: the dataset.
        pending: whether their permutation tests are still running, which the page then says.

    Raises:
        IntegrityError: a row does not match the schema.
    """
    manifest = folder.manifest
    header = manifest.model_dump(include={"id", "title", "version", "event", "license", "digest"})
    return {
        "dataset": header | {"made_by": manifest.tools.get("kazstance"), "origins": _origins(folder)},
        "names": NAMES,
        "sources": _records(folder.sources),
        "targets": _records(folder.targets),
        "annotators": _records(folder.annotators),
        "position_columns": POSITION,
        "positions": [list(row.values()) for row in _records(folder.positions)],
        "differences": differences(ranked, folder, pending=pending),
        "variants": variants(folder),
        "similar": similar(compared.positions(), len(folder.ids["source_id"])),
        "filters": [one._asdict() for one in FILTERS],
    }


def differences(found: Disagreements, folder: DatasetFolder, *, pending: bool = False) -> dict[str, Any]:
    """What can be said of each target, in the sources' own voice: rows in the order of `compare disagreements`.

    Args:
        found: what can be said.
        folder: the dataset.
        pending: whether the permutation tests are still running, so that p values are missing.
    """
    return {
        "pending": pending,
        "summary": found.summary,
        "verdicts": tallied([line.verdict for line in found]),
        "columns": DIFFERENCE,
        "rows": _rows(found, folder.ids["source_id"], folder.ids["target_id"]),
    }


def _rows(found: Disagreements, sources: Sequence[str], targets: Sequence[str]) -> list[list[Any]]:
    """The rows of differences, with the numbers of sources and targets in place of their ids."""
    number = {name: i for i, name in enumerate(sources)}
    place = {name: i for i, name in enumerate(targets)}
    return [_row(line, number, place) for line in found]


def _row(line: Disagreement, number: dict[str, int], place: dict[str, int]) -> list[Any]:
    names = (line.silent, line.not_asked, line.undecided)
    said = (line.verdict, line.verdict_in_words, line.side, line.opposite, line.corrected)
    unheard = ([number[name] for name in each] for each in names)
    pairs = ([_thousandths(getattr(pair, name)) for pair in line.pairs] for name in ("same", "more"))
    answers = "".join(map(_letter, line.pairs))
    return [place[line.target], *said, chance_in_words(line.corrected), line.reason, *unheard, answers, *pairs]


def _letter(pair: Pairwise) -> str:
    """The answer about a pair of sources, as one letter."""
    return "n" if pair.same is None else "o" if pair.opposed else pair.answer[0]


def _thousandths(share: float | None) -> int | None:
    return None if share is None else round(1000 * share)


def _records(table: Table[Any]) -> list[dict[str, Any]]:
    return [row.model_dump(mode="json") for row in table]


def _origins(folder: DatasetFolder) -> dict[str, int]:
    """The numbers of silver and gold labels; an adjudicated label is silver unless a person has judged.

    Also the number of sheets with a sample of silver labels that people judged, if there are any.
    """
    count = Counter(folder.columns("stances", ["origin"])["origin"].to_pylist())
    gold = count[Origin.human]
    sampled = len(folder.manifest.samples)
    return {"silver": count.total() - gold, "gold": gold} | ({"sampled": sampled} if sampled else {})
