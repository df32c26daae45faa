"""Models trained on a dataset, or on rows of the user's own."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from kazstance.bench.dataset_tasks import DIGEST, dataset_task
from kazstance.bench.file_tasks import Layout, log, training_items
from kazstance.bench.identity import file_digest
from kazstance.dataset import DatasetFolder
from kazstance.errors import UnknownNameError
from kazstance.models.model import Model, fit_model

TASKS: Final = ("stance", "stance4")


def fit_dataset(system: Any, folder: DatasetFolder, task: str) -> Model:
    """A model trained on the training and validation rows of a dataset, without copies of test rows.

    Args:
        system: as in `fit_model`.
        folder: the dataset.
        task: stance or stance4.

    Raises:
        UnknownNameError: there is no such system, or no such task for single texts.
        KazstanceError: the system fails, or there are no rows.
    """
    if task not in TASKS:
        raise UnknownNameError(task, "task", TASKS)
    train = [item for fold in dataset_task(folder, task, "in_domain").folds for item in fold.train]
    return fit_model(system, train, {DIGEST: folder.digest, "task": task})


def fit_rows(
    system: Any, rows: Any, layout: Layout, dev: Any = None, *, say: Callable[[str], None] = log.info
) -> Model:
    """A model trained on rows of the user's own.

    Args:
        system: as in `fit_model`.
        rows: the rows to train on, in any form listed in `kazstance.input.frames.ACCEPTED`.
        layout: columns and spelling.
        dev: rows to choose settings on; without them, a share of the training rows.
        say: called with each note on how files were read.

    Raises:
        InputError: rows are invalid; all problems are listed.
        UnknownNameError: there is no such system or column.
        KazstanceError: the system fails, or there are no rows.
    """
    items = training_items(rows, layout, dev=dev, say=say)
    if isinstance(rows, str | os.PathLike) and Path(rows).is_file():
        return fit_model(system, items, {"train": file_digest(rows)})
    return fit_model(system, items, {"train": hashlib.sha256(repr(items).encode(errors="surrogatepass")).hexdigest()})
