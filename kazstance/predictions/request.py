"""What a user asks for: the columns that are used, how messages name options, and how rows are read and paired."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from kazstance.input.pairing import IGNORING
from kazstance.input.spelling import ARGUMENT, OPTIONS, Spelling
from kazstance.input.tables import PLAIN, Form
from kazstance.predictions.rules import CHOICES, NO_RULES, Rules


@dataclass(frozen=True)
class Columns:
    """The columns that are used; all except `ids` and `predicted` are columns of the gold rows.

    `ids` identify a row; intervals resample values of `cluster`; the rows with each value of `by` are scored separately
    too; `ignored` columns are not compared; `text` is compared with that of training rows.
    """

    ids: Sequence[str]
    gold: str = "label"
    predicted: str = "label"
    target: str | None = None
    cluster: str | None = None
    by: str | None = None
    ignored: Sequence[str] = ()
    text: str | None = None

    @property
    def kept(self) -> list[str]:
        """The columns of the gold rows that are needed in addition to the ids and the label."""
        return [name for name in self.grouping if name not in self.ids]

    @property
    def grouping(self) -> list[str]:
        """The columns whose values are kept, mostly to group rows by them; some may be ids."""
        return list(dict.fromkeys(filter(None, (self.target, self.cluster, self.by, self.text))))


class Remedies(NamedTuple):
    """How messages tell the user to give a spelling, to ignore a column, and to pass any other option."""

    spelling: str = OPTIONS
    ignoring: str = IGNORING
    option: str = "--{} {}"
    flag: str = "--by-line"
    annotator: str = "--annotator COLUMN"

    def pass_(self, name: str) -> str:
        """How to allow rows of a kind."""
        return " or ".join(self.option.format(name, choice) for choice in CHOICES[name])


COMMAND: Final = Remedies()
"""With the options of a command."""
PYTHON: Final = Remedies(ARGUMENT, "ignore=[{!r}]", "{}={!r}", "by_line=True", "annotator=…")
"""With the arguments of a function."""
EITHER: Final = Remedies("--preset or --map (in Python, labels=)", "--ignore-column {0} (in Python, ignored=[{0!r}])")
"""With both, where it is not known who asks."""


class Request(NamedTuple):
    """How two tables are matched."""

    columns: Columns
    spelling: Spelling
    form: Form = PLAIN
    remedies: Remedies = COMMAND
    rules: Rules = NO_RULES
