"""The file eval.yaml: how evaluation programs that read Hub repositories (Inspect AI) put the test rows to a model.

Such programs use columns as they are; they cannot look up a definition or leave out an empty context. So the questions
are published as a separate table, made by the same code as the tasks for other programs.
"""

from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from kazstance.bench.tasks import get_task
from kazstance.dataset import DatasetFolder
from kazstance.models.prompts import questions
from kazstance.output.plain_yaml import to_yaml
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import DEFAULT_TABLE

SPLIT: Final = "test"
TASK: Final = "stance"
CONFIG: Final = "questions"
"""The configuration of the table of questions."""
FILE: Final = f"{CONFIG}.parquet"
METADATA: Final = ("item_id", "target_id", "cluster", "label_name")


def is_evaluated(found: Manifest) -> bool:
    """Whether there are rows to ask about."""
    return found.tables[DEFAULT_TABLE][SPLIT].rows > 0


def evaluation(found: Manifest) -> str:
    """The file eval.yaml: one task, whose questions and choices are columns of the table of questions."""
    return to_yaml(
        {
            "name": found.title,
            "description": f"{found.event}: which side does a sentence take on a target? The card says who labelled.",
            "evaluation_framework": "inspect-ai",
            "tasks": [_task(found.id)],
        },
        width=100,
    )


def questions_table(dataset: DatasetFolder) -> bytes:
    """The table of questions as Parquet: for each test row the question, the choices and the answer."""
    rows = [
        {
            "item_id": asked.item.item_id,
            "question": asked.text,
            "choices": asked.choices,
            "label": asked.answer,
            "label_name": asked.item.label,
            "target_id": asked.item.target_id,
            "cluster": asked.item.cluster,
        }
        for asked in questions(dataset, get_task(TASK), SPLIT)
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _task(name: str) -> dict[str, Any]:
    return {
        "id": f"{name}_{TASK}",
        "config": CONFIG,
        "split": SPLIT,
        "field_spec": {"input": "question", "target": "label", "choices": "choices", "metadata": list(METADATA)},
        "solvers": [{"name": "multiple_choice"}],
        "scorers": [{"name": "choice"}],
    }
