"""The file eval.yaml: how evaluation programs that read Hub repositories (Inspect AI) put the test rows to a model."""

from typing import Any, Final

from kazstance.output.plain_yaml import to_yaml
from kazstance.schema.labels import Label
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import DEFAULT_TABLE

SPLIT: Final = "test"
QUESTION: Final = """Which side does the speaker of this sentence take on the target?

Sentence: {{prompt}}
Target: {{target}}

Choose one of: {labels}. Answer with a last line of the form "ANSWER: LABEL".
"""


def evaluation(found: Manifest) -> str | None:
    """The task of the default table, or None where its test split has no rows.

    The columns are taken as they are: the sentence is the prompt, the target goes in as metadata, and the answer is
    compared with the name of the label.
    """
    if not found.tables[DEFAULT_TABLE][SPLIT].rows:
        return None
    return to_yaml(
        {
            "name": found.title,
            "description": f"{found.event}: which side does a sentence take on a target? The card says who labelled.",
            "evaluation_framework": "inspect-ai",
            "tasks": [_task(found.id)],
        },
        width=100,
    )


def _task(name: str) -> dict[str, Any]:
    labels = ", ".join(label.name for label in Label if label is not Label.none)
    return {
        "id": f"{name}_stance",
        "config": DEFAULT_TABLE,
        "split": SPLIT,
        "field_spec": {"input": "text", "target": "label_name", "metadata": ["target"]},
        "solvers": [
            {"name": "prompt_template", "args": {"template": QUESTION.format(labels=labels)}},
            {"name": "generate"},
        ],
        "scorers": [{"name": "answer", "args": {"pattern": "word"}}],
    }
