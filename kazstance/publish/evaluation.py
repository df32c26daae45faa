"""The file eval.yaml: how evaluation programs that read Hub repositories (Inspect AI) put the test rows to a model.

Such programs use columns as they are; they cannot look up a definition or leave out an empty context. So the questions
are published as a separate table, made by the same code as the tasks for other programs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from kazstance.bench.tasks import Item, get_task
from kazstance.dataset import DatasetFolder
from kazstance.dataset.dependence import clusters
from kazstance.models.prompts import choices, definitions, question
from kazstance.output.plain_yaml import to_yaml
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import DEFAULT_TABLE

SPLIT: Final = "test"
TASK: Final = "stance"
CONFIG: Final = "questions"
"""The configuration of the table of questions."""
FILE: Final = f"{CONFIG}.parquet"
BATCH: Final = 10_000
SHOWN: Final = [
    "sentence_id",
    "target_id",
    "source_id",
    "text",
    "target",
    "label_name",
    "context_before",
    "context_after",
]
"""The columns of test rows that make questions."""
COLUMNS: Final = pa.schema(
    {
        "item_id": pa.string(),
        "question": pa.string(),
        "choices": pa.list_(pa.string()),
        "label": pa.int64(),
        "label_name": pa.string(),
        "target_id": pa.string(),
        "cluster": pa.string(),
    }
)
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
    """The table of questions as Parquet: for each test row the question, the choices and the answer.

    The stances of holders other than the speaker are left out, since the question is about the speaker.
    """
    sink = pa.BufferOutputStream()
    known, labels = definitions(dataset), get_task(TASK).labels
    sentences = dataset.read(DEFAULT_TABLE, SPLIT, OF_SPEAKERS, ["sentence_id"])["sentence_id"].unique().to_pylist()
    by_sentence = clusters(dataset, sentences)
    with pq.ParquetWriter(sink, COLUMNS, compression="zstd") as writer:
        for batch in dataset.read(DEFAULT_TABLE, SPLIT, OF_SPEAKERS, SHOWN).to_batches(BATCH):
            rows = [_question(row, known, labels, by_sentence) for row in batch.to_pylist()]
            writer.write_table(pa.Table.from_pylist(rows, COLUMNS))
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _question(
    row: Mapping[str, Any], known: Mapping[str, str], labels: Sequence[str], by_sentence: Mapping[str, str]
) -> dict[str, Any]:
    """A row of the table of questions."""
    item = Item(
        item_id=f"{row['sentence_id']}:{row['target_id']}",
        split=SPLIT,
        cluster=by_sentence[row["sentence_id"]],
        label=row["label_name"],
        **{name: row[name] for name in SHOWN if name not in ("sentence_id", "label_name")},
    )
    return {
        "item_id": item.item_id,
        "question": question(item, known),
        "choices": choices(labels),
        "label": labels.index(item.label),
        "label_name": item.label,
        "target_id": item.target_id,
        "cluster": item.cluster,
    }


def _task(name: str) -> dict[str, Any]:
    return {
        "id": f"{name}_{TASK}",
        "config": CONFIG,
        "split": SPLIT,
        "field_spec": {"input": "question", "target": "label", "choices": "choices", "metadata": list(METADATA)},
        "solvers": [{"name": "multiple_choice"}],
        "scorers": [{"name": "choice"}],
    }
