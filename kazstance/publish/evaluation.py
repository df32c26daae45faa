"""The file eval.yaml: how evaluation programs that read Hub repositories (Inspect AI) put the test rows to a model.

Such programs use columns as they are; they cannot look up a definition or leave out an empty context. So the questions
are published as a separate table, made by the same code as the tasks for other programs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from kazstance.bench.dataset_tasks import dates, definitions
from kazstance.bench.tasks import Item, get_task
from kazstance.dataset import DatasetFolder
from kazstance.dataset.dependence import clusters
from kazstance.models.prompts import PROMPTS, choices, document_of, question
from kazstance.output.plain_yaml import to_yaml
from kazstance.schema.canary import canary
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import DEFAULT_TABLE

SPLIT: Final = "test"
TASK: Final = "stance"
CONFIG: Final = "questions"
"""The configuration of the table of questions."""
FILE: Final = f"{CONFIG}.parquet"
BATCH: Final = 2_000
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
        "prompt": pa.string(),
        "question": pa.string(),
        "choices": pa.list_(pa.string()),
        "label": pa.int64(),
        "label_name": pa.string(),
        "target_id": pa.string(),
        "cluster": pa.string(),
        "date": pa.string(),
        "canary": pa.string(),
    }
)
METADATA: Final = ("item_id", "prompt", "target_id", "cluster", "label_name", "date")


def is_evaluated(found: Manifest) -> bool:
    """Whether there are rows to ask about."""
    return found.tables[DEFAULT_TABLE][SPLIT].rows > 0


def evaluation(found: Manifest) -> str:
    """The file eval.yaml: one task, whose questions and choices are columns of the table of questions."""
    return to_yaml(
        {
            "name": found.title,
            "description": f"{found.event}: which side does a sentence take on a target? The card says who labelled. "
            + canary(found.id),
            "evaluation_framework": "inspect-ai",
            "tasks": [_task(found.id)],
        },
        width=100,
    )


def questions_table(dataset: DatasetFolder) -> bytes:
    """The table of questions as Parquet: for each test row and prompt the question, the choices and the answer.

    Each row has the date of its text, null where none is stated, and the canary of the dataset. The stances of holders
    other than the speaker are left out, since the question is about the speaker.
    """
    sink = pa.BufferOutputStream()
    known, dated, mark = definitions(dataset), dates(dataset), canary(dataset.manifest.id)
    sentences = dataset.read(DEFAULT_TABLE, SPLIT, OF_SPEAKERS, ["sentence_id"])["sentence_id"].unique().to_pylist()
    by_sentence = clusters(dataset, sentences)
    with pq.ParquetWriter(sink, COLUMNS, compression="zstd") as writer:
        for batch in dataset.read(DEFAULT_TABLE, SPLIT, OF_SPEAKERS, SHOWN).to_batches(BATCH):
            rows = [
                asked | {"date": dated.get(document_of(row["sentence_id"])), "canary": mark}
                for row in batch.to_pylist()
                for asked in _questions(row, known, by_sentence)
            ]
            writer.write_table(pa.Table.from_pylist(rows, COLUMNS))
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _questions(
    row: Mapping[str, Any], known: Mapping[str, str], by_sentence: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """The rows of the table of questions for a test row, one for each prompt."""
    item = Item(
        item_id=f"{row['sentence_id']}:{row['target_id']}",
        split=SPLIT,
        cluster=by_sentence[row["sentence_id"]],
        label=row["label_name"],
        **{name: row[name] for name in SHOWN if name not in ("sentence_id", "label_name")},
    )
    for prompt in PROMPTS:
        labels = prompt.order(get_task(TASK).labels)
        yield {
            "item_id": item.item_id,
            "prompt": prompt.name,
            "question": question(item, known, prompt),
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
