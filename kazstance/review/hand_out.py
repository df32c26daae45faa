"""Write the sheets for an annotator: CSV, Label Studio, the codebook, and the plan."""

from pathlib import Path

from kazstance.corpus.read import CODEBOOK, read_codebook
from kazstance.output.folders import creating
from kazstance.review.csv_sheet import SHEET, to_csv
from kazstance.review.label_studio import CONFIG, TASKS, to_config, to_tasks
from kazstance.review.sheet import PLAN, draw


def hand_out(
    corpus: Path, annotator: str, out: Path, *, share: float = 1.0, share_none: float | None = None, seed: int = 1
) -> int:
    """Draw questions from a corpus folder, and write them as sheets into a new folder, all of them or none.

    Where the folder holds the same sheets already, unfilled, it stays as it is.

    Returns:
        The number of items.

    Raises:
        InputError: the corpus or its codebook is not as it should be.
        KazstanceError: the annotator's name is not a name or is taken, or the folder holds something else.
    """
    sheet = draw(corpus, annotator, share, share_none, seed)
    codebook = read_codebook(corpus)
    files = {
        PLAN: sheet.plan.model_dump_json(indent=1) + "\n",
        SHEET: to_csv(sheet),
        TASKS: to_tasks(sheet),
        CONFIG: to_config(codebook, right_to_left=sheet.right_to_left),
    }
    with creating(out) as folder:
        for name, content in (files | ({CODEBOOK: codebook} if codebook else {})).items():
            (folder / name).write_text(content, encoding="utf-8", newline="")
    return len(sheet.questions)
