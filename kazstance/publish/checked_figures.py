"""The part of the card that says which figures are silver, gold or corrected."""

from kazstance.comparison.checked import Checked, checked
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from kazstance.output.counted import counted
from kazstance.output.markdown import code, markdown_table, plain
from kazstance.stats.estimate import number_text


def checked_figures(folder: DatasetFolder) -> str:
    """What is silver, gold and corrected, and the figures of each source; empty if people judged no sample.

    Args:
        folder: the dataset.
    """
    models = dict.fromkeys(sample.model for sample in folder.manifest.samples)
    return "\n\n".join(_of_model(folder, model) for model in models)


def _of_model(folder: DatasetFolder, model: str) -> str:
    try:
        found = checked(folder, model=model)
    except KazstanceError as error:  # the labels are not those of the sample
        return f"Labels by {code(model)} are silver and cannot be corrected: {plain(error)}."
    judged = counted(len(found.sample.votes), "pair")
    return (
        f"Labels by {code(model)} are silver. {judged} of {found.sample.kind.size:,}, drawn at random by source and "
        f"label, were judged by {', '.join(map(code, found.people))}, whose judgements are gold. Figures elsewhere in "
        "this card take people's label where they judged and the model's everywhere else, and are not corrected. The "
        f"corrected ones are about {found.about}.\n\n{_table(found)}"
    )


def _table(found: Checked) -> str:
    rows = []
    for figure in found.figures:
        if figure.scope == "all targets":
            is_net = figure.measure == "net"
            shown = figure.corrected.text(signed=is_net, with_reason=False)
            corrected = shown if figure.corrected.is_defined else str(figure.corrected.reason)
            rows.append(
                [
                    code(figure.source),
                    figure.measure,
                    number_text(figure.silver, signed=is_net),
                    corrected,
                    figure.judged,
                ]
            )
    return markdown_table(["source", "all targets", "silver", "corrected", "judged"], rows)
