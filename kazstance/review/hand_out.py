"""Write the sheets for an annotator: CSV, Label Studio, the codebook, and the plan."""

from pathlib import Path

from kazstance.corpus.read import CODEBOOK, read_codebook
from kazstance.errors import KazstanceError
from kazstance.review.csv_sheet import SHEET, to_csv
from kazstance.review.label_studio import CONFIG, TASKS, to_config, to_tasks
from kazstance.review.sheet import PLAN, draw


def hand_out(
    corpus: Path, annotator: str, out: Path, *, share: float = 1.0, share_none: float | None = None, seed: int = 1
) -> int:
    """Draw questions from a corpus folder, and write them as sheets into a new folder.

    Returns:
        The number of items.

    Raises:
        InputError: the corpus or its codebook is not as it should be.
        KazstanceError: the folder is there already.
    """
    if out.exists():
        raise KazstanceError(f"{out} is there already; expected a new folder")
    sheet = draw(corpus, annotator, share, share_none, seed)
    codebook = read_codebook(corpus)
    out.mkdir(parents=True)
    (out / PLAN).write_text(sheet.plan.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (out / SHEET).write_text(to_csv(sheet), encoding="utf-8", newline="")
    (out / TASKS).write_text(to_tasks(sheet), encoding="utf-8")
    (out / CONFIG).write_text(to_config(codebook), encoding="utf-8")
    if codebook:
        (out / CODEBOOK).write_text(codebook, encoding="utf-8")
    return len(sheet.questions)
