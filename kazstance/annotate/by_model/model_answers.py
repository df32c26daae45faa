"""Check what a model answered, pair by pair: a judgement in the form of people's, or the reason why there is none."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from kazstance.annotate.by_model.language_model import Fault, Reply
from kazstance.annotate.by_model.prompts import MARKS
from kazstance.annotate.evidence import find_words
from kazstance.corpus.inputs import JudgementInput
from kazstance.input.strict_json import StrictError, load_object
from kazstance.schema.labels import GRID_LABELS, Certainty, Explicitness, Label

FENCE: Final = re.compile(r"\s*```(?:json)?\s*\n(.*)\n\s*```\s*", re.DOTALL)
"""An answer within a block of code, as models give it that were not told by the schema."""
LEFT_OUT: Final = re.compile(r"\s*(?:\[?(?:\.\.\.|…)\]?)\s*")
"""What a model writes where it leaves words out."""


class PairStatus(StrEnum):
    """What became of a pair that a model was asked about."""

    ok = "ok"
    """There is a label, and its evidence is in the sentence."""
    evidence_not_found = "evidence_not_found"
    """There is a label, and its evidence, or a part of it, is not in the sentence: only what is there is kept."""
    parse_error = "parse_error"
    """The answer is not the JSON object that was asked for."""
    missing_target = "missing_target"
    """The answer leaves the target out."""
    bad_label = "bad_label"
    """The answer has something else in place of a label."""
    refusal = "refusal"
    """The model declined to answer."""
    filtered = "filtered"
    """A filter of the server withheld the answer."""
    cut = "cut"
    """The answer ended at the limit of its length."""
    provider_error = "provider_error"
    """No answer came."""

    @property
    def has_label(self) -> bool:
        """Whether the pair has a label; without one, it is not `none`, it is not judged."""
        return self in (PairStatus.ok, PairStatus.evidence_not_found)


class PairAnswer(NamedTuple):
    """What became of a pair, and its judgement as a corpus folder states it; there is none for the label `none`."""

    status: PairStatus
    judgement: Mapping[str, Any] | None = None


def check_reply(
    reply: Reply | None, fault: Fault | None, targets: Sequence[str], sentence: str
) -> dict[str, PairAnswer]:
    """What became of each target of a question.

    Args:
        reply: the answer; None if there was none.
        fault: why there was none.
        targets: the ids of the targets that were asked.
        sentence: the sentence.
    """
    if reply is None:
        status = PairStatus.filtered if fault is Fault.filtered else PairStatus.provider_error
        return dict.fromkeys(targets, PairAnswer(status))
    if (failed := _failed(reply)) is not None:
        return dict.fromkeys(targets, PairAnswer(failed))
    fenced = FENCE.fullmatch(reply.text)
    try:
        given = load_object(fenced[1] if fenced else reply.text)
    except StrictError:
        return dict.fromkeys(targets, PairAnswer(PairStatus.parse_error))
    return {
        name: _pair(name, given[name], sentence) if name in given else PairAnswer(PairStatus.missing_target)
        for name in targets
    }


def _failed(reply: Reply) -> PairStatus | None:
    """Why an answer cannot be used, as far as the server says so."""
    if reply.refusal:
        return PairStatus.refusal
    return {"content_filter": PairStatus.filtered, "length": PairStatus.cut}.get(reply.finish)


def _pair(target: str, given: Any, sentence: str) -> PairAnswer:
    """The judgement of a target; details that are not of the form are left out, a label that is none of ours is not."""
    said = given if isinstance(given, dict) else {"label": given}
    label = said.get("label")
    label = label.strip().casefold() if isinstance(label, str) else None
    if label not in GRID_LABELS:
        return PairAnswer(PairStatus.bad_label)
    if label == Label.none.name:
        return PairAnswer(PairStatus.ok)
    spans, is_complete = find_evidence(said.get("evidence"), sentence)
    judgement = {
        "target_id": target,
        "label": label,
        "explicitness": _member(said.get("explicitness"), Explicitness) if label != Label.neutral.name else None,
        "certainty": _member(said.get("certainty"), Certainty),
        "evidence": [{"start": start, "text": words} for start, words in spans] or None,
    }
    JudgementInput.model_validate(judgement | {"evidence": tuple(judgement["evidence"] or ()) or None})
    return PairAnswer(PairStatus.ok if is_complete else PairStatus.evidence_not_found, judgement)


def _member(value: Any, kind: type[StrEnum]) -> str | None:
    """A value of an enumeration; None if it is none."""
    name = value.strip().casefold() if isinstance(value, str) else None
    return name if name in kind.__members__ else None


def find_evidence(given: Any, sentence: str) -> tuple[list[tuple[int, str]], bool]:
    """The places of the evidence in the sentence, in order, and whether all of it is there and is any at all.

    Words that are there more than once are taken at their first place. Words that are not there as they stand are
    looked for without typographic differences and differences of case, and in pieces where some were left out. What is
    only similar is not found.

    Args:
        given: the texts that the model gave, or a single one.
        sentence: the sentence.
    """
    texts = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    found: set[tuple[int, str]] = set()
    is_complete = bool(texts)
    for text in texts:
        places = _places(text, sentence) if isinstance(text, str) else []
        found.update(place for place in places if place)
        is_complete = is_complete and bool(places) and None not in places
    return sorted(found), is_complete


def _places(text: str, sentence: str) -> list[tuple[int, str] | None]:
    """Where a text is in the sentence, in one piece or in several; None for a piece that is not.

    Marks that a question puts around the sentence may be copied with it.
    """
    text = text if any(mark in sentence for mark in MARKS) else text.strip().strip("".join(MARKS))
    whole = find_words(text.strip(), sentence)
    if whole:
        return [whole]
    pieces = [piece for piece in LEFT_OUT.split(text) if piece.strip()]
    return [find_words(piece.strip(), sentence) for piece in pieces] if pieces else [None]
