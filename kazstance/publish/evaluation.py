"""The file eval.yaml: how evaluation programs that read Hub repositories (Inspect AI) put the test rows to a model.

Such programs use columns as they are; they cannot look up a definition or leave out an empty context. So the questions
are published as a separate table, made by the same code as the tasks for other programs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kazstance.bench.dataset_tasks import dates, definitions
from kazstance.bench.tasks import get_task
from kazstance.dataset import DatasetFolder, cluster_of_sentence
from kazstance.models.prompts import (
    PROMPTS,
    WORDINGS,
    TextKind,
    choices,
    document_of,
    heading,
    kind_of,
    shown_sentence,
)
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
    known, mark = _Known.of(dataset), canary(dataset.manifest.id)
    with pq.ParquetWriter(sink, COLUMNS, compression="zstd") as writer:
        for rows in dataset.batches(DEFAULT_TABLE, SPLIT, SHOWN, OF_SPEAKERS, coded=True):
            for begin in range(0, rows.num_rows, BATCH):
                found = _questions(rows.slice(begin, BATCH), known)
                writer.write_table(found.append_column("canary", pa.repeat(mark, len(found))))
    content: bytes = sink.getvalue().to_pybytes()
    return content


@dataclass(frozen=True)
class _Known:
    """What is known about sentences and targets."""

    cluster_of: Callable[[str], str]
    dates: Mapping[str, str]
    definitions: Mapping[str, str]

    @classmethod
    def of(cls, dataset: DatasetFolder) -> Self:
        """What a dataset tells."""
        return cls(cluster_of_sentence(dataset)[0], dates(dataset), definitions(dataset))


def _questions(rows: pa.RecordBatch, known: _Known) -> pa.Table:
    """The table of questions, without the canary, for test rows: each with all prompts."""
    labels = get_task(TASK).labels
    orders = [prompt.order(labels) for prompt in PROMPTS]
    of_row = pa.array(np.repeat(np.arange(len(rows)), len(PROMPTS)))
    of_prompt = pa.array(np.tile(np.arange(len(PROMPTS)), len(rows)))
    text = {name: rows[name].cast(pa.string()) for name in SHOWN}
    sentences = text["sentence_id"].to_pylist()
    answers = [[order.index(label) for order in orders] for label in labels]
    answer = np.array(answers)[pc.index_in(text["label_name"], pa.array(labels)).to_numpy()]
    columns = {
        "item_id": pc.binary_join_element_wise(text["sentence_id"], text["target_id"], ":").take(of_row),
        "prompt": pa.array([prompt.name for prompt in PROMPTS]).take(of_prompt),
        "question": _texts(text, known).take(_wordings(len(rows))),
        "choices": pa.array([choices(order) for order in orders], COLUMNS.field("choices").type).take(of_prompt),
        "label": pa.array(answer.ravel()),
        "label_name": text["label_name"].take(of_row),
        "target_id": text["target_id"].take(of_row),
        "cluster": pa.array([known.cluster_of(sentence) for sentence in sentences]).take(of_row),
        "date": pa.array([known.dates.get(document_of(name)) for name in sentences], pa.string()).take(of_row),
    }
    return pa.table([columns[name] for name in COLUMNS.names[:-1]], schema=pa.schema(list(COLUMNS)[:-1]))


def _texts(text: Mapping[str, pa.Array], known: _Known) -> pa.StringArray:
    """The questions about rows in all wordings, row by row."""
    heads: dict[tuple[str, str, TextKind], list[str]] = {}
    found = []
    around = ("text", "context_before", "context_after")
    for target, name, *parts in zip(
        *(text[name].to_pylist() for name in ("target_id", "target", *around)), strict=True
    ):
        shown = shown_sentence(*parts)
        key = target, name, kind_of(shown)
        if key not in heads:
            heads[key] = [f"{heading(wording, key[2], name, known.definitions.get(target))}\n" for wording in WORDINGS]
        lines = "\n".join(shown)
        found += [head + lines for head in heads[key]]
    return pa.array(found, pa.string())


def _wordings(n: int) -> pa.Array:
    """Where among the questions in all wordings those of each prompt are, row by row."""
    place = [list(WORDINGS).index(prompt.wording) for prompt in PROMPTS]
    return pa.array((np.arange(n)[:, None] * len(WORDINGS) + place).ravel())


def _task(name: str) -> dict[str, Any]:
    return {
        "id": f"{name}_{TASK}",
        "config": CONFIG,
        "split": SPLIT,
        "field_spec": {"input": "question", "target": "label", "choices": "choices", "metadata": list(METADATA)},
        "solvers": [{"name": "multiple_choice"}],
        "scorers": [{"name": "choice"}],
    }
