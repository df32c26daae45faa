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
}
"""How published datasets spell the labels; case does not matter."""
NAMES: Final = {name: name for name in GRID_LABELS if name != "none"}
"""Words that mean the same label in every dataset; `none` is not one of them."""
WHOLE: Final = re.compile(r"([+-]?\d+)\.0+")
"""A whole number as a column of decimals spells it."""
TRUTH: Final = ("True", "False")
"""How some libraries spell truth values, and Arrow does in lower case."""
OWN: Final = "kazstance"
"""Where a table of a dataset keeps the names of its labels, in the metadata of Arrow and the attributes of pandas."""
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
        if _is_number(value):
            return f"{known}; numbers are labels only if a preset or a mapping says so; use {how}"
        hint = f"{known}; for another spelling use {how}"
        presets = [name for name, pairs in PRESETS.items() if Spelling(name, pairs, {}, self.labels).label(value)]
        return f"{hint}; {value!r} is in preset {' and '.join(presets)}" if presets else hint


def spelling(preset: str | None = None, mapping: Sequence[str] = (), labels: Sequence[str] = GRID_LABELS) -> Spelling:
    """A spelling from a preset and pairs like `theirs=ours`; without a preset, the names of the labels except `none`.

    Args:
        preset: the name of a preset.
        mapping: pairs as `theirs=ours`, which override the preset.
        labels: the labels there are.

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
    return _spelling(preset, pairs, labels)


def named(labels: Sequence[str]) -> Spelling:
    """The spelling of a task: its labels, by name."""
    return Spelling("kazstance", {name: name for name in labels}, {}, tuple(labels))


Labels = str | Mapping[Any, str] | Spelling | None
"""How an argument gives a spelling: the name of a preset, a mapping from values to labels, or neither."""


def given(labels: "str | Mapping[Any, str] | Spelling | None", known: Sequence[str] = GRID_LABELS) -> Spelling:
    """A spelling from an argument: the name of a preset, a mapping from values to the known labels, or neither.

    Raises:
        UnknownNameError: there is no such preset or label; the message lists the valid names.
        KazstanceError: two labels for one value, or the argument is something else.
    """
    if isinstance(labels, Spelling):
        return labels
    if isinstance(labels, Mapping):
        return _spelling(None, [(_spelled(theirs), ours) for theirs, ours in labels.items()], known)
    if not isinstance(labels, str | None):
        raise KazstanceError(f"labels: {type(labels).__name__}, expected the name of a preset, or a mapping")
    return _spelling(labels, [], known)


def _spelling(preset: str | None, pairs: Sequence[tuple[str, str]], labels: Sequence[str]) -> Spelling:
    own: dict[str, str] = {}
    for theirs, ours in pairs:
        if own.setdefault(theirs, ours) != ours:
            raise KazstanceError(f"{theirs!r} is mapped to {own[theirs]} and to {ours}; expected one label")
    if preset is not None and preset not in PRESETS:
        raise UnknownNameError(preset, "preset", PRESETS)
    for ours in own.values():
        if ours not in labels:
            raise UnknownNameError(ours, "label", labels)
    base = PRESETS[preset] if preset else NAMES if tuple(labels) == GRID_LABELS else {name: name for name in labels}
    digest = hashlib.sha256(json.dumps(sorted(own.items())).encode()).hexdigest()[:8]
    return Spelling((preset or "names") + (f"+{digest}" if own else ""), base, own, tuple(labels))


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


def _spelled(value: Any) -> str:
    """A value as a column of text would spell it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
