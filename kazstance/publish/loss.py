"""The loss record of a dataset: what became of the rows of a table, and of the labels of another scheme."""

from collections import Counter
from collections.abc import Iterator, Sequence

from kazstance.dataset import DatasetFolder
from kazstance.output.counted import counted
from kazstance.output.markdown import code, markdown_table, paragraph
from kazstance.schema.labels import GRID_LABELS, SIDES
from kazstance.schema.manifest import Imported, MappedLabel


def loss(folder: DatasetFolder) -> str:
    """What was collapsed, inverted or dropped on the way to a dataset, and how often."""
    found = folder.manifest
    parts = [part for record in found.imported for part in _of_rows(record)]
    if found.mapped_labels:
        parts.append(_of_labels(found.mapped_labels))
    return "\n\n".join(parts) or "Nothing: the labels are those of the annotators."


def _of_rows(record: Imported) -> Iterator[str]:
    """What became of the rows of a table."""
    read = f" by the recipe {record.recipe}" if record.recipe else ""
    yield paragraph(
        f"The table {record.table} was read{read}. It has {counted(record.rows, 'row')}, of which {record.kept} gave "
        f"{counted(record.judgements, 'judgement')}; dropped: {record.rows - record.kept}."
    )
    if record.dropped:
        yield markdown_table(["why rows were dropped", "rows"], [[one.reason, one.rows] for one in record.dropped])
    if record.notes:
        yield markdown_table(["what else is not as in the table"], [[note] for note in record.notes])


def _of_labels(mapped: Sequence[MappedLabel]) -> str:
    """What became of each label."""
    several = Counter(one.label for one in mapped)
    rows = [[code(one.original), one.label, one.judgements, change(one, several[one.label])] for one in mapped]
    return markdown_table(["label of the annotators", "became", "judgements", "what is lost"], rows)


def change(one: MappedLabel, several: int) -> str:
    """What is lost of a label: it is inverted, or one of several that became the same one.

    Args:
        one: the label.
        several: how many labels became the same one.
    """
    sides = {side.name for side in SIDES}
    is_inverted = {one.original.casefold(), one.label} == sides
    is_other = not is_inverted and one.original.casefold() in GRID_LABELS and one.original.casefold() != one.label
    return ", ".join(
        filter(
            None,
            [
                "inverted" if is_inverted else "",
                "another meaning of the word" if is_other else "",
                f"collapsed: one of {several} labels" if several > 1 else "",
            ],
        )
    )
