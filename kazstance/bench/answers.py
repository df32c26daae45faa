"""Check the answers of a system: a label for each item, or the probability of every label."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

import numpy as np

from kazstance.bench.code_digest import is_own
from kazstance.bench.shortcuts import Predict
from kazstance.bench.tasks import AnswerColumns, Item
from kazstance.errors import KazstanceError, MissingExtraError
from kazstance.input.strict_json import load_object
from kazstance.output.plain_json import to_line
from kazstance.predictions import PROBABILITY, distribution_faults

PACKAGE: Final = Path(__file__).parents[1]
PROMPT: Final = "prompt"
"""The column of predictions that names the prompt under which a language model gave an answer."""


@dataclass(frozen=True)
class Answer:
    """The label of an item, and the probability of each label of the task, if given.

    For a language model that was asked in several ways, `by_prompt` has the label under each prompt, in one order for
    all items, and `label` is the first of them.
    """

    label: str
    probabilities: tuple[float, ...] | None = None
    by_prompt: tuple[tuple[str, str], ...] = ()


def ask(
    predict: Predict, train: Sequence[Item], test: Sequence[Item], labels: Sequence[str], where: str
) -> list[Answer]:
    """A system's answers to some items, checked.

    Args:
        predict: the system.
        train: the rows to train on.
        test: the rows to label.
        labels: the labels that an answer may have.
        where: what messages call the system and the fold.

    Raises:
        MissingExtraError: the system needs a package that is not installed.
        KazstanceError: the system raises an error, or its answers are invalid (see `check_answers`).
    """
    try:
        given = predict(train, test)
        given = list(given) if is_sequence(given) else given
    except MissingExtraError:
        raise
    except Exception as error:  # a system may raise anything
        untrained = "" if train else "; this fold has no rows to train on: choose another protocol"
        raise KazstanceError(f"{where}: {where_raised(error)}{untrained}") from error
    return check_answers(given, test, labels, where)


def where_raised(error: Exception) -> str:
    """An error in one line, with the file, line and function in the user's code that it comes from, if any."""
    if isinstance(error, KazstanceError):
        return str(error)
    frames = [frame for frame in extract_tb(error.__traceback__) if _is_users(frame.filename)]
    place = f" ({frames[-1].filename}:{frames[-1].lineno}, in {frames[-1].name})" if frames else ""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' * bool(message)}{message}{place}"


def _is_users(file: str) -> bool:
    return is_own(file) and PACKAGE not in Path(file).parents


def check_answers(given: Any, items: Sequence[Item], labels: Sequence[str], where: str) -> list[Answer]:
    """A system's answers to some items, checked; for probabilities, the label is the most probable, the first in ties.

    Args:
        given: what the system returned.
        items: the rows it was asked to label.
        labels: the labels that an answer may have, in the order of arrays of probabilities.
        where: what messages call the system and the fold.

    Raises:
        KazstanceError: the answers are not a sequence of this length, an answer is neither a label nor the probability
            of every label, or its probabilities are negative, not finite or do not sum to 1 within 1e-6.
    """
    if not is_sequence(given):
        raise KazstanceError(f"{where}: {type(given).__name__}, expected a sequence of {len(items)} answers")
    if len(given) != len(items):
        raise KazstanceError(f"{where}: {len(given)} labels, expected {len(items)}")
    return [_answer(one, labels, f"{where}: {item.item_id}") for one, item in zip(given, items, strict=True)]


def is_sequence(given: Any) -> bool:
    """Whether something can hold an answer for each item, in order: a list, a tuple, an array or a column."""
    return (
        hasattr(given, "__len__") and hasattr(given, "__iter__") and not isinstance(given, str | bytes | Mapping | Set)
    )


def _answer(given: Any, labels: Sequence[str], where: str) -> Answer:
    if isinstance(given, Mapping):
        return most_probable(_probabilities(given, labels, where), labels, where)
    if not isinstance(given, str) or given not in labels:
        raise KazstanceError(f"{where}: {given!r}, expected one of {', '.join(labels)}")
    return Answer(str(given))


def _probabilities(given: Mapping[Any, Any], labels: Sequence[str], where: str) -> list[float]:
    if unknown := [name for name in given if name not in labels]:
        raise KazstanceError(f"{where}: probability of {unknown[0]!r}, expected those of {', '.join(labels)}")
    if missing := [label for label in labels if label not in given]:
        raise KazstanceError(f"{where}: no probability of {', '.join(missing)}, expected one for each label")
    for label in labels:
        if not isinstance(given[label], Real):
            raise KazstanceError(f"{where}: probability of {label}: {given[label]!r}, expected a number")
    return [float(given[label]) for label in labels]


def most_probable(probabilities: Sequence[float], labels: Sequence[str], where: str) -> Answer:
    """Probabilities, checked, with the most probable label.

    Args:
        probabilities: one for each label, shape (labels,).
        labels: the labels, in that order.
        where: what messages call the row.

    Raises:
        KazstanceError: they are not probabilities.
    """
    for _, fault in distribution_faults(np.array([probabilities])):
        raise KazstanceError(f"{where}: {fault}")
    return Answer(labels[int(np.argmax(probabilities))], tuple(probabilities))


def to_lines(items: Iterable[Item], answers: Iterable[Answer], columns: AnswerColumns) -> bytes:
    """Answers as JSON Lines, which can be read back as a file of predictions.

    Args:
        items: the rows.
        answers: their answers, in the same order.
        columns: the names of the columns and the spelling of the labels.
    """
    lines = []
    for item, answer in zip(items, answers, strict=True):
        ids = dict(zip(columns.ids, columns.values.get(item.item_id, (item.item_id,)), strict=True))
        lines += [to_line(ids | {PROMPT: p, columns.label: columns.spelled[given]}) for p, given in answer.by_prompt]
        if answer.by_prompt:
            continue
        row = ids | {columns.label: columns.spelled[answer.label]}
        chances = zip(_probability_columns(columns), answer.probabilities or (), strict=False)
        lines.append(to_line(row | dict(chances)))
    return "".join(lines).encode()


def from_lines(content: bytes, items: Iterable[Item] | None, columns: AnswerColumns, file: str) -> dict[str, Answer]:
    """The answers of a fold, by item.

    Args:
        content: the bytes of the file.
        items: the rows of the fold; None to accept any.
        columns: the names of the columns and the spelling of the labels.
        file: what messages call the file.

    Raises:
        KazstanceError: the file does not hold exactly one answer to each item.
    """
    labels = {theirs: ours for ours, theirs in columns.spelled.items()}
    found: dict[str, Answer] = {}
    try:
        for row in map(load_object, content.decode().split("\n")[:-1]):
            name = " ".join(row[column] for column in columns.ids)
            answer = _from_row(row, labels, columns, file)
            by_prompt = dict(found[name].by_prompt) if name in found else {}
            if name in found and (not answer.by_prompt or answer.by_prompt[0][0] in by_prompt):
                raise ValueError(f"{name} appears twice")
            found[name] = replace(found.get(name, answer), by_prompt=(*by_prompt.items(), *answer.by_prompt))
    except (ValueError, KeyError, TypeError) as error:
        raise KazstanceError(f"{file}: {error}; expected the predictions of a fold") from None
    if items is not None and found.keys() != {item.item_id for item in items}:
        raise KazstanceError(f"{file}: expected a label for each item; remove the file to run the fold again")
    if len({tuple(dict(answer.by_prompt)) for answer in found.values()}) > 1:
        raise KazstanceError(
            f"{file}: expected each item under the same prompts; remove the file to run the fold again"
        )
    return found


def _from_row(row: Mapping[str, Any], labels: Mapping[object, str], columns: AnswerColumns, where: str) -> Answer:
    chances = _probability_columns(columns)
    if any(column in row for column in chances):
        return most_probable([float(row[column]) for column in chances], list(columns.spelled), where)
    if row[columns.label] not in labels:
        raise ValueError(f"{row[columns.label]!r} is not a label")
    label = labels[row[columns.label]]
    has_prompt = PROMPT in row and PROMPT not in (*columns.ids, columns.label)
    return Answer(label, by_prompt=((str(row[PROMPT]), label),) if has_prompt else ())


def _probability_columns(columns: AnswerColumns) -> list[str]:
    return [f"{PROBABILITY}{theirs}" for theirs in columns.spelled.values()]
