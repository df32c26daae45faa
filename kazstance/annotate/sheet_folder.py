"""Write the sheets for an annotator: CSV, Label Studio, the codebook, and the plan."""

from kazstance.annotate.csv_sheet import SHEET, to_csv
from kazstance.annotate.label_studio import CONFIG, TASKS, to_config, to_tasks
from kazstance.annotate.sheet import PLAN, draw
from kazstance.corpus.read import CODEBOOK, read_codebook
from kazstance.output.folders import creating
from kazstance.paths import StrPath


def export_sheets(
    corpus: StrPath,
    annotator: str,
    out: StrPath,
    *,
    share: float = 1.0,
    share_none: float | None = None,
    seed: int = 1,
    number: int = 1,
) -> int:
    """Draw questions from a corpus folder, and write them as sheets into a new folder, all of them or nothing.

    If the folder already holds the same sheets, not filled in, it is not changed.

    Args:
        corpus: the corpus folder.
        annotator: the id of the annotator: a new one in round 1, otherwise one who has judged.
        out: the folder to write; new or empty.
        share: probability of drawing a pair, in [0, 1].
        share_none: probability of drawing a pair whose current label is none; by default, `share`.
        seed: seed of the draw.
        number: the round.

    Returns:
        The number of items.

    Raises:
        InputError: the corpus or its codebook is invalid.
        KazstanceError: the annotator's name is invalid or already taken, or the folder holds something else.
    """
    sheet = draw(corpus, annotator, share, share_none, seed, number=number)
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
