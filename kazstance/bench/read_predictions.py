"""Read predictions made elsewhere, in any form: a file, a frame, a mapping, or a list in the order of the rows."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.bench.answers import PROMPT, Answer, is_sequence
from kazstance.bench.identity import SystemIdentity, file_digest, identity_of_predictions
from kazstance.bench.probes import ASKED, check_asked, probe_items
from kazstance.bench.protocols import sentences_of
from kazstance.bench.systems import Predictions
from kazstance.bench.tasks import AnswerColumns, Item, Task
from kazstance.errors import KazstanceError, one_line
from kazstance.input.frames import as_stream, as_table
from kazstance.input.spelling import Spelling, class_names, named, settled
from kazstance.input.streams import Stream, stream_table
from kazstance.input.tables import PLAIN, Form, Names
from kazstance.output.terminal import echo
from kazstance.predictions import PROBABILITY, predicted_labels

ID, LABEL = "item_id", "label"
UNDER: Final = " under prompt "
"""What joins the id of a row and the name of a prompt."""
ZERO_SHOT: Final = frozenset({"labels", "scores"})
"""The keys of the output of a zero-shot classification pipeline for each text."""


def read_predictions(
    given: Any,
    name: str,
    task: Task,
    *,
    with_probes: bool = False,
    spelling: Spelling | None = None,
    ignored: Sequence[str] = (),
    form: Form = PLAIN,
    say: Callable[[str], None] = echo,
) -> Predictions:
    """Predictions for all rows of a task: a label, or the probability of each label, for each row.

    Files and frames have the columns `item_id` (or those that identify a row in a user's own files) and `label`, or
    `p_<label>` for each label. Rows of the probes mask and mirror may be included by `probe_id`, all of a probe
    or not any. Columns shared with the task, such as text or target, must agree, except those `ignored`. With a column
    `prompt`, there is a prediction for every row under each prompt, and none for probes.

    Args:
        given: a path; anything that holds rows; a mapping from ids; or, in the order of `task.test`, a sequence of
            labels, of mappings from labels to probabilities, or of the outputs of a zero-shot pipeline.
        name: what the system is called.
        task: the rows.
        with_probes: whether the probes must be included.
        spelling: how labels are spelled; by default, as the task spells them.
        ignored: columns that are not compared.
        form: the format of a text file.
        say: called with each note.

    Raises:
        InputError: rows are missing, duplicate or unknown, or labels are invalid; all problems are listed.
        KazstanceError: `given` does not hold predictions, or the file cannot be read.
    """
    if with_probes:
        check_asked(task)
    stream = _open(given, task, form)
    table = _with_ids(stream.table(), task)
    spelled, why = settled(spelling or task.spelled or named(task.labels), _values(table))
    for note in (*stream.notes, *([why] if why and spelling else [])):
        say(one_line(f"note: {note}"))
    prompts = _prompts(table, task, ignored)
    if prompts and with_probes:
        raise KazstanceError("probes are not scored under several prompts; expected predictions without --probes")
    shown = [] if prompts else _shown(task)
    known = _known((*task.test, *shown), task.columns)
    found = predicted_labels(
        _under_prompts(table) if prompts else table,
        pa.concat_tables([_under(known, prompt) for prompt in prompts]) if prompts else known,
        task.labels,
        () if with_probes else _by_probe(shown),
        name=stream.name or "predictions",
        spelling=spelled,
        ignored=ignored,
        first_line=stream.first_line,
        say=say,
    )
    if prompts:
        answers = {item.item_id: _by_prompt(item.item_id, prompts, found.labels) for item in task.test}
        return Predictions(name, answers, _identity(given, answers), spelled.name)
    chances = found.probabilities or {}
    answers = {item: Answer(label, chances.get(item)) for item, label in found.labels.items()}
    return Predictions(name, answers, _identity(given, answers), spelled.name)


def _open(given: Any, task: Task, form: Form) -> Stream:
    """Predictions as rows, under the name of their file if they are in one."""
    if not isinstance(given, str | os.PathLike):
        return stream_table("", _as_table(given, task))
    names = Names(task.columns.ids[0] if len(task.columns.ids) == 1 else ID, task.columns.label)
    return as_stream(given, str(given), form, names)


def _values(table: pa.Table) -> list[str]:
    """How labels are spelled in predictions: as labels, and in the names of columns of probabilities."""
    found = [name.removeprefix(PROBABILITY) for name in table.column_names if name.startswith(PROBABILITY)]
    labels = table[LABEL].unique().to_pylist() if LABEL in table.column_names else []
    return found + [str(label) for label in labels if label is not None and str(label).strip()]


def _prompts(table: pa.Table, task: Task, ignored: Sequence[str]) -> list[str]:
    """The prompts that a table names, in order; none without such a column, or if the task's rows have one too.

    Raises:
        KazstanceError: rows do not say under which prompt they were made.
    """
    own = (task.columns.label, *task.columns.ids, *(task.columns.repeated or ()))
    if PROMPT not in table.column_names or PROMPT in (*own, *ignored):
        return []
    if pa.types.is_nested(table[PROMPT].type):
        raise KazstanceError(f"predictions: {PROMPT}: {table[PROMPT].type}, expected the name of a prompt in each row")
    found = pc.cast(table[PROMPT], pa.string())
    if missing := pc.sum(pc.equal(pc.utf8_trim_whitespace(pc.fill_null(found, "")), "")).as_py():
        raise KazstanceError(
            f"predictions: {PROMPT}: nothing in {missing} of {len(found)} rows, expected the name of the "
            "prompt under which the answer was given; remove the column if there was only one"
        )
    return list(dict.fromkeys(found.to_pylist()))


def _under_prompts(table: pa.Table) -> pa.Table:
    """A table with the prompt as part of the id of each row."""
    joined = pc.binary_join_element_wise(pc.cast(table[ID], pa.string()), pc.cast(table[PROMPT], pa.string()), UNDER)
    return table.set_column(table.column_names.index(ID), ID, joined).drop_columns([PROMPT])


def _under(known: pa.Table, prompt: str) -> pa.Table:
    """The rows of a task as they are asked under a prompt."""
    return _under_prompts(known.append_column(PROMPT, pa.array([prompt] * len(known), pa.string())))


def _by_prompt(name: str, prompts: Sequence[str], labels: Mapping[str, str]) -> Answer:
    """The answer to an item under all prompts."""
    found = tuple((prompt, labels[f"{name}{UNDER}{prompt}"]) for prompt in prompts)
    return Answer(found[0][1], by_prompt=found)


def _shown(task: Task) -> list[Item]:
    """The items of the probes of all folds."""
    return [item for fold in task.folds for item in probe_items(fold, task.probes)]


def _by_probe(shown: Sequence[Item]) -> list[list[str]]:
    """The ids of the items of each probe."""
    return [[item.item_id for item in shown if item.item_id.startswith(f"{kind}:")] for kind in ASKED]


def _identity(given: Any, answers: Mapping[str, Answer]) -> SystemIdentity:
    """The identity of predictions: the digest of their file, or of their content."""
    if isinstance(given, str | os.PathLike) and Path(given).is_file():
        return identity_of_predictions("file of predictions", file_digest(Path(given)))
    text = repr(sorted((name, vars(answer)) for name, answer in answers.items()))
    return identity_of_predictions("predictions", hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest())


def _as_table(given: Any, task: Task) -> pa.Table:
    """Predictions in memory as a table."""
    if isinstance(given, Mapping):
        return _from_answers(list(given), list(given.values()))
    is_list = is_sequence(given) and not hasattr(given, "columns")
    answers = list(given) if is_list else []
    if is_list and (all(map(_is_value, answers)) or _are_unnamed(answers, task)):
        ids = [item.item_id for item in task.test]
        if len(ids) != len(answers):
            raise KazstanceError(f"predictions: {len(answers)}, expected {len(ids)}, one for each row in order")
        return _from_answers(ids, answers)
    return as_table(given, "predictions")


def _is_value(answer: Any) -> bool:
    """Whether an answer is a label itself, as it is spelled: text, a number, or nothing."""
    return not (isinstance(answer, Mapping) or is_sequence(answer) or hasattr(answer, "model_dump"))


def _are_unnamed(answers: Sequence[Any], task: Task) -> bool:
    """Whether answers are mappings without an id: probabilities, or the output of a zero-shot pipeline."""
    ids = {ID, *task.columns.ids}
    return all(isinstance(one, Mapping) and not ids & set(one) for one in answers)


def _from_answers(ids: Sequence[str], answers: Sequence[Any]) -> pa.Table:
    """A table of ids with labels or probabilities."""
    rows = []
    for name, answer in zip(ids, answers, strict=True):
        if not isinstance(answer, Mapping):
            rows.append({ID: name, LABEL: answer})
            continue
        chances = dict(zip(answer["labels"], answer["scores"], strict=True)) if set(answer) >= ZERO_SHOT else answer
        rows.append({ID: name} | {f"{PROBABILITY}{label}": value for label, value in chances.items()})
    return as_table(rows, "predictions")


def _with_ids(table: pa.Table, task: Task) -> pa.Table:
    """A table with the ids and labels of a user's own files under the column names of a dataset.

    Raises:
        KazstanceError: it has both names of the label, so that either could be the prediction.
    """
    columns = task.columns
    if ID not in table.column_names and all(name in table.column_names for name in columns.ids):
        parts = [pc.cast(table[name], pa.string()) for name in columns.ids]
        table = table.append_column(ID, pc.binary_join_element_wise(*parts, " "))
        table = table.drop_columns(list(columns.ids))
    if columns.label != LABEL and {LABEL, columns.label} <= set(table.column_names):
        both = f"{LABEL} and {columns.label}"
        raise KazstanceError(f"predictions: columns {both}; expected one of them: remove the other")
    if columns.label != LABEL and columns.label in table.column_names:
        table = _with_names(table, columns.label).rename_columns({columns.label: LABEL})
    return table


def _with_names(table: pa.Table, column: str) -> pa.Table:
    """A table with class labels by name, where the schema has their names; a number without one is missing."""
    names, found = class_names(table.schema).get(column), table[column]
    if not names or not pa.types.is_integer(found.type):
        return table
    number = pc.if_else(pc.and_(pc.greater_equal(found, 0), pc.less(found, len(names))), found, None)
    named = pa.chunked_array([pa.array(names, pa.string()).take(chunk) for chunk in number.chunks], pa.string())
    return table.set_column(table.column_names.index(column), column, named)


def _known(asked: Iterable[Item], columns: AnswerColumns) -> pa.Table:
    """What predictions may repeat of the rows of a task: the user's own columns, or all that a dataset has."""
    if columns.repeated is not None:
        fields = {ID: "item_id", **columns.repeated}
        return pa.Table.from_pylist([{name: getattr(item, f) for name, f in fields.items()} for item in asked])
    rows = []
    for item in asked:
        row = {name: value for name, value in asdict(item).items() if name != LABEL}
        pair = {"text_a": item.text, "source_a": item.source_id} if item.text_b else {}
        rows.append(row | {"paragraph_id": min(sentences_of(item)).rpartition("/")[0]} | pair)
    return pa.Table.from_pylist(rows)
