"""How datasets spell the labels: presets and mappings to read values by. Nothing is guessed or dropped."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.schema.labels import GRID_LABELS

if TYPE_CHECKING:
    import pyarrow as pa

PRESETS: Final[dict[str, dict[str, str]]] = {
    "kazstance": {name: name for name in GRID_LABELS} | {str(number): name for number, name in enumerate(GRID_LABELS)},
    "semeval": {"FAVOR": "favor", "AGAINST": "against", "NONE": "neutral"},
    "pro_con": {"pro": "favor", "con": "against", "neutral": "neutral"},
    "wtwt": {"support": "favor", "refute": "against", "comment": "neutral", "unrelated": "none"},
    "tweet_eval": {"0": "neutral", "1": "against", "2": "favor"},
    "vast": {"0": "against", "1": "favor", "2": "neutral"},
    "fnc": {"agree": "favor", "disagree": "against", "discuss": "neutral", "unrelated": "none"},
    "rumoureval": {"support": "favor", "deny": "against", "query": "neutral", "comment": "none"},
    "gwsd": {"agree": "favor", "disagree": "against", "neutral": "neutral"},
    "perspectrum": {
        "support": "favor",
        "mildly_support": "favor",
        "mildly-support": "favor",
        "undermine": "against",
        "mildly_undermine": "against",
        "mildly-undermine": "against",
        "not-a-perspective": "none",
    },
}
"""How published datasets spell the labels; case does not matter."""
AUTO: Final = "auto"
"""Given in place of a preset: it is recognised by the values that occur."""
NAMES: Final = {name: name for name in GRID_LABELS if name != "none"}
"""Words that mean the same label in every dataset; `none` is not one of them."""
WHOLE: Final = re.compile(r"([+-]?\d+)\.0+")
"""A whole number as a column of decimals spells it."""
TRUTH: Final = ("True", "False")
"""How some libraries spell truth values, and Arrow does in lower case."""
OWN: Final = "kazstance"
"""Where a table of a dataset keeps the names of its labels, in the metadata of Arrow and the attributes of pandas."""
SHOWN: Final = 10
"""How many values a message names."""
OPTIONS, ARGUMENT = "--preset or --map", "labels="
"""How to give a spelling on the command line, and to a function."""


@dataclass(frozen=True)
class Spelling:
    """How labels are spelled, by a preset and the user's own pairs; `name` identifies both in signatures.

    Case does not matter in `preset`; `own` is taken literally and has priority.
    """

    name: str
    preset: Mapping[str, str]
    own: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = GRID_LABELS

    def label(self, theirs: str | None) -> str | None:
        """The label that a value stands for, or None if it stands for no label; a missing value counts as empty."""
        found = self._meant(theirs or "")
        return found if found in self.labels else None

    def _meant(self, theirs: str) -> str | None:
        if theirs in self.own:
            return self.own[theirs]
        folded = {spelled.casefold(): ours for spelled, ours in self.preset.items()}
        if theirs.casefold() in folded:
            return folded[theirs.casefold()]
        plain = theirs.lower() if theirs in TRUTH else plain_number(theirs)
        return self._meant(plain) if plain != theirs else None

    @property
    def pairs(self) -> dict[str, str]:
        """All spellings and their labels."""
        return {theirs: ours for theirs, ours in {**self.preset, **self.own}.items() if ours in self.labels}

    @property
    def is_auto(self) -> bool:
        """Whether the preset is still to be recognised, see `recognise`."""
        return self.name.partition("+")[0] == AUTO

    def is_ambiguous(self, value: str | None) -> bool:
        """Whether a value that is not a label might be one if the user named a preset: a number, or `none`."""
        is_named = self.name.partition("+")[0] in PRESETS
        return not is_named and value is not None and (value.casefold() == "none" or is_number(value))

    def fault(self, value: str | None, how: str = OPTIONS) -> str:
        """What is expected in place of a value that is not a label."""
        known = f"expected one of {', '.join(dict.fromkeys(self.pairs))}"
        if value is None or not value.strip():
            return f"{known}; if an empty value means a label, use {how}"
        if value.casefold() == "none":
            return (
                f"{known}; {value!r} could mean a text that takes no side (preset semeval) or one that is not about "
                f"the target (preset kazstance); specify which with {how}"
            )
        if is_number(value):
            return f"{known}; numbers are labels only if a preset or a mapping says so; use {how}"
        hint = f"{known}; for another spelling use {how}"
        presets = [name for name, pairs in PRESETS.items() if Spelling(name, pairs, {}, self.labels).label(value)]
        return f"{hint}; {value!r} is in preset {' and '.join(presets)}" if presets else hint


def spelling(
    preset: str | None = None,
    mapping: Sequence[str] = (),
    labels: Sequence[str] = GRID_LABELS,
    *,
    is_auto: bool = False,
) -> Spelling:
    """A spelling from a preset and pairs like `theirs=ours`; without a preset, the names of the labels except `none`.

    Args:
        preset: the name of a preset.
        mapping: pairs as `theirs=ours`, which override the preset.
        labels: the labels there are.
        is_auto: whether the preset may be `auto`, to be recognised.

    Raises:
        UnknownNameError: there is no such preset or label; the message lists the valid names.
        KazstanceError: a pair without `=`, or two labels for one value.
    """
    pairs: list[tuple[str, str]] = []
    for pair in mapping:
        theirs, sign, ours = pair.rpartition("=")
        if not sign:
            raise KazstanceError(f"{pair!r} is not a mapping; expected a pair such as THEIRS=favor")
        pairs.append((theirs, ours))
    return _spelling(preset, pairs, labels, is_auto=is_auto)


def named(labels: Sequence[str]) -> Spelling:
    """The spelling of a task: its labels, by name."""
    return Spelling("kazstance", {name: name for name in labels}, {}, tuple(labels))


Labels = str | Mapping[Any, str] | Spelling | None
"""How an argument gives a spelling: the name of a preset, a mapping from values to labels, or neither."""


def given(
    labels: "str | Mapping[Any, str] | Spelling | None", known: Sequence[str] = GRID_LABELS, *, is_auto: bool = False
) -> Spelling:
    """A spelling from an argument: the name of a preset, a mapping from values to the known labels, or neither.

    Args:
        labels: the argument.
        known: the labels there are.
        is_auto: whether the preset may be `auto`, to be recognised.

    Raises:
        UnknownNameError: there is no such preset or label; the message lists the valid names.
        KazstanceError: two labels for one value, or the argument is something else.
    """
    if isinstance(labels, Spelling):
        return labels
    if isinstance(labels, Mapping):
        return _spelling(None, [(spelled(theirs), ours) for theirs, ours in labels.items()], known)
    if not isinstance(labels, str | None):
        raise KazstanceError(f"labels: {type(labels).__name__}, expected the name of a preset, or a mapping")
    return _spelling(labels, [], known, is_auto=is_auto)


def _spelling(
    preset: str | None, pairs: Sequence[tuple[str, str]], labels: Sequence[str], *, is_auto: bool = False
) -> Spelling:
    own: dict[str, str] = {}
    for theirs, ours in pairs:
        if own.setdefault(theirs, ours) != ours:
            raise KazstanceError(f"{theirs!r} is mapped to {own[theirs]} and to {ours}; expected one label")
    if preset is not None and preset not in PRESETS and not (is_auto and preset == AUTO):
        raise UnknownNameError(preset, "preset", [*PRESETS, *([AUTO] if is_auto else [])])
    for ours in own.values():
        if ours not in labels:
            raise UnknownNameError(ours, "label", labels)
    base = (
        PRESETS.get(preset, {})
        if preset
        else NAMES
        if tuple(labels) == GRID_LABELS
        else {name: name for name in labels}
    )
    digest = hashlib.sha256(json.dumps(sorted(own.items())).encode()).hexdigest()[:8]
    return Spelling((preset or "names") + (f"+{digest}" if own else ""), base, own, tuple(labels))


def recognise(spelling: Spelling, values: Sequence[str], how: str = OPTIONS) -> tuple[Spelling, str]:
    """The spelling of values by the one preset that knows all of them, and a sentence that says which and why.

    Several presets are one if they read these values alike. Between presets that do not, one that has their capitals
    too is preferred: NONE is how SemEval spells it, while none says nothing.

    Args:
        spelling: the spelling so far, with the user's own pairs.
        values: the values that occur, which are neither blank nor known to be no label.
        how: how the user can give a spelling, for messages.

    Raises:
        KazstanceError: no preset knows all values, or several do that read them differently.
    """
    rest = sorted({value for value in values if value not in spelling.own})
    fitting = _readings(rest, spelling.labels)
    shown = ", ".join(rest[:SHOWN]) + (", …" if len(rest) > SHOWN else "")
    if not rest or not fitting:
        raise KazstanceError(f"labels: no preset has all of {shown or 'no values'}; name a spelling with {how}")
    chosen = _with_capitals(rest, fitting)
    if len(set(chosen.values())) > 1:
        each = "; ".join(f"{name}: {_reading(rest, chosen[name])}" for name in chosen)
        raise KazstanceError(f"labels: {shown} could be of several presets ({each}); name one with {how}")
    name = next(iter(chosen))
    also = [other for other in chosen if other != name]
    others = [other for other in fitting if other not in chosen]
    why = "it has all of these" + (f", with these capitals, unlike {' and '.join(others)}" if others else "")
    why += f"; {' and '.join(also)} would read them alike" if also else ""
    known = replace(spelling, name=spelling.name.replace(AUTO, name, 1), preset=PRESETS[name])
    return known, f"labels are read by the preset {name} ({_reading(rest, chosen[name])}), since {why}"


def settled(spelling: Spelling, values: Sequence[str], how: str = OPTIONS) -> tuple[Spelling, str | None]:
    """A spelling with its preset recognised, if that is still to be done, and a sentence to note, if there is one.

    Args:
        spelling: the spelling so far.
        values: the values that occur, which are not blank.
        how: how the user can give a spelling, for messages.

    Raises:
        KazstanceError: no preset is recognised, or several are.
    """
    if spelling.is_auto:
        return recognise(spelling, values, how)
    return spelling, other_readings(spelling, [value for value in values if spelling.label(value)])


def other_readings(spelling: Spelling, values: Sequence[str]) -> str | None:
    """A sentence on the presets that know the same values and read them differently; None if there are none.

    Args:
        spelling: a preset, without pairs of the user's own.
        values: the values that occur, which are neither blank nor known to be no label.
    """
    rest = sorted(set(values))
    mine = tuple(map(spelling.label, rest))
    others = [
        name for name, reading in _with_capitals(rest, _readings(rest, spelling.labels)).items() if reading != mine
    ]
    if spelling.name not in PRESETS or None in mine or not rest or not others:
        return None
    which = f"{' and '.join(others)} would read them differently"
    return f"labels are read by the preset {spelling.name} ({_reading(rest, mine)}); {which}"


Readings = dict[str, tuple[str | None, ...]]
"""The labels that some values stand for in each preset, by name."""


def _readings(values: Sequence[str], labels: tuple[str, ...]) -> Readings:
    """The labels of some values in each of the presets that know all of them."""
    found: Readings = {}
    for name, pairs in PRESETS.items():
        preset = Spelling(name, pairs, {}, labels)
        reading = tuple(map(preset.label, values))
        if None not in reading:
            found[name] = reading
    return found


def _with_capitals(values: Sequence[str], readings: Readings) -> Readings:
    """Of presets that read values differently, those that also have their capitals, if there are such values."""
    if len(set(readings.values())) < 2 or all(value == value.lower() for value in values):  # noqa: PLR2004
        return readings
    return {name: reading for name, reading in readings.items() if set(values) <= PRESETS[name].keys()} or readings


def _reading(values: Sequence[str], labels: Sequence[str | None]) -> str:
    pairs = [f"{value} = {label}" for value, label in zip(values, labels, strict=True)]
    return ", ".join(pairs[:SHOWN]) + (", …" if len(pairs) > SHOWN else "")


def of_column(base: Spelling, schema: "pa.Schema", column: str) -> Spelling:
    """A spelling extended by what the schema of a table says about the labels of a column, as `datasets` writes it.

    The names of a class label stand for its numbers. A table whose labels have kazstance's names is one of its own,
    in which `none` is a text that is not about the target.

    Args:
        base: the spelling so far.
        schema: the schema of the table.
        column: the column of the label.

    Raises:
        KazstanceError: the schema contradicts the spelling.
    """
    classes = class_names(schema)
    is_own = GRID_LABELS in classes.values()
    known = Spelling(base.name, {**NAMES, **({"none": "none"} if is_own else {})})
    found: dict[str, str] = {}
    for number, name in enumerate(classes.get(column, ())):
        meant = {spelled for spelled in (base.label(name), base.label(str(number)), known.label(name)) if spelled}
        if len(meant) > 1:
            raise KazstanceError(
                f"column {column!r}: {number} is {name} in the schema of the table, but the spelling {base.name} makes "
                f"it {' and '.join(sorted(meant - {name}))}; expected a spelling that matches the schema"
            )
        found |= dict.fromkeys((str(number), *([name] if name not in base.pairs else [])), meant.pop()) if meant else {}
    if is_own and base.label("none") is None:
        found["none"] = "none"
    return replace(base, own={**found, **base.own})


def class_names(schema: "pa.Schema") -> dict[str, tuple[str, ...]]:
    """The names of the labels in columns of labels, from what `datasets` or a table of a dataset keeps in a schema."""
    for described in (_of_datasets, _of_table, _of_pandas):
        try:
            return {name: tuple(map(str, names)) for name, names in described(schema.metadata or {}).items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return {}


def _of_datasets(metadata: Mapping[bytes, bytes]) -> dict[str, Any]:
    features = json.loads(metadata[b"huggingface"])["info"]["features"]
    return {name: f["names"] for name, f in features.items() if isinstance(f, dict) and "names" in f}


def _of_table(metadata: Mapping[bytes, bytes]) -> Any:
    return json.loads(metadata[OWN.encode()])


def _of_pandas(metadata: Mapping[bytes, bytes]) -> Any:
    """From the attributes of a data frame, which Arrow keeps."""
    return json.loads(metadata[b"pandas"])["attributes"][OWN]


def plain_number(value: str) -> str:
    """A whole number without the decimals that it has in columns with gaps; any other value as is."""
    whole = WHOLE.fullmatch(value)
    return whole[1] if whole else value


def spelled(value: Any) -> str:
    """A value as a column of text would spell it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def is_number(value: str) -> bool:
    """Whether a value is a number."""
    try:
        float(value)
    except ValueError:
        return False
    return True
