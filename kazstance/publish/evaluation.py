"""The file eval.yaml: how evaluation programs that read Hub repositories (Inspect AI) put the test rows to a model.

Such programs use columns as they are; they cannot look up a definition or leave out an empty context. So the questions
are published as a separate table, made by the same code as the tasks for other programs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
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
            items = [_item(row, by_sentence) for row in batch.to_pylist()]
            found = _questions(items, known, [dated.get(document_of(item.item_id)) for item in items])
            writer.write_table(found.append_column("canary", pa.repeat(mark, len(found))))
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _item(row: Mapping[str, Any], by_sentence: Mapping[str, str]) -> Item:
    """A test row as a system sees it."""
    return Item(
        item_id=f"{row['sentence_id']}:{row['target_id']}",
        split=SPLIT,
        cluster=by_sentence[row["sentence_id"]],
        label=row["label_name"],
        **{name: row[name] for name in SHOWN if name not in ("sentence_id", "label_name")},
    )


def _questions(items: Sequence[Item], known: Mapping[str, str], dated: Sequence[str | None]) -> pa.Table:
    """The table of questions, without the canary, for test rows and the dates of their texts: each with all prompts."""
    labels = get_task(TASK).labels
    orders = [prompt.order(labels) for prompt in PROMPTS]
    of_item = pa.array(np.repeat(np.arange(len(items)), len(PROMPTS)))
    of_prompt = pa.array(np.tile(np.arange(len(PROMPTS)), len(items)))
    columns = {
        "item_id": pa.array([item.item_id for item in items]).take(of_item),
        "prompt": pa.array([prompt.name for prompt in PROMPTS]).take(of_prompt),
        "question": pa.array([question(item, known, prompt) for item in items for prompt in PROMPTS]),
        "choices": pa.array([choices(order) for order in orders], COLUMNS.field("choices").type).take(of_prompt),
        "label": pa.array([order.index(item.label) for item in items for order in orders]),
        "label_name": pa.array([item.label for item in items]).take(of_item),
        "target_id": pa.array([item.target_id for item in items]).take(of_item),
        "cluster": pa.array([item.cluster for item in items]).take(of_item),
        "date": pa.array(dated, pa.string()).take(of_item),
    }
    return pa.table([columns[name] for name in COLUMNS.names[:-1]], schema=pa.schema(list(COLUMNS)[:-1]))


def _task(name: str) -> dict[str, Any]:
    return {
        "id": f"{name}_{TASK}",
        "config": CONFIG,
        "split": SPLIT,
        "field_spec": {"input": "question", "target": "label", "choices": "choices", "metadata": list(METADATA)},
        "solvers": [{"name": "multiple_choice"}],
        "scorers": [{"name": "choice"}],
    }
