"""The rows behind the page, as plain lists: all of them for a file, or those that match a query for a server."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, ValidationError

from kazstance.comparison import compare_dataset
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.explorer.filters import matching, narrows
from kazstance.explorer.keyed import Ints, Keyed, Mask
from kazstance.explorer.splits import shared_judgements, split_judgements
from kazstance.explorer.words import most_used
from kazstance.schema.frozen import Frozen
from kazstance.schema.labels import LABELS, Certainty, Explicitness, Label, Voice

AROUND: Final = 2
"""Number of sentences of the same paragraph that are shown before and after one."""
LIMIT: Final = 5_000
"""Maximum number of sentences in one response."""
KEYS: Final = ("n", "target")
"""Instead of ids: the number of a unit, ordered by source and position, and the number of a target."""
UNIT: Final = (
    "sentence_id",
    "paragraph_id",
    "text",
    "kind",
    "annotated",
    "voice",
    "speaker",
    "endorsed",
    "duplicate_of",
    "note",
)
STANCE: Final = ("label_name", "explicitness", "certainty", "evidence", "origin", "split_vote", "holder")
JUDGEMENT: Final = ("annotator_id", "label_name", "explicitness", "certainty", "evidence", "note", "holder", "round")
SETTLED: Final = ("label_name", "status", "origin", "split_vote", "basis", "adjudicator", "rule", "reason", "holder")
STRIP: Final = ".anmfmmm"
"""The letter of a unit by its labels, as bits: against 1, neutral 2, favor 4."""
COLUMNS: Final = {
    "unit": ("n", "source", *UNIT),
    "stance": KEYS + STANCE,
    "judgement": KEYS + JUDGEMENT,
    "settled": KEYS + SETTLED,
}
"""Order of the values in each row that goes to the page."""


class Query(Frozen):
    """What a view of the page asks for; fields left at None do not filter."""

    source: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    label: Literal["against", "neutral", "favor"] | None = None
    explicitness: Explicitness | None = None
    certainty: Certainty | None = None
    voice: Voice | None = None
    split_vote: bool | None = None
    q: Annotated[str, Field(max_length=1000)] = ""
    whole: bool = False
    at: str | None = None
    offset: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 50

    @classmethod
    def parse(cls, fields: dict[str, list[str]]) -> "Query":
        """A query from the fields of an address.

        Raises:
            KazstanceError: a field is unknown or has an invalid value.
        """
        several = {"source", "target"}
        try:
            return cls.model_validate({key: val if key in several else val[-1] for key, val in fields.items()})
        except ValidationError as error:
            said = (f"{'.'.join(map(str, e['loc']))}: {e['input']!r}: {e['msg']}" for e in error.errors())
            raise KazstanceError("; ".join(said)) from None

    def asked(self) -> dict[str, Any]:
        """The values that its filters ask for; if it asks for a whole text, a search leaves nothing out."""
        return self.model_dump() | ({"q": ""} if self.whole else {})


class Rows:
    """The tables of a dataset, read once, with whole numbers in place of ids."""

    def __init__(self, folder: DatasetFolder) -> None:
        self.sources, self.targets = folder.ids["source_id"], folder.ids["target_id"]
        self._annotators = [row.annotator_id for row in folder.annotators.records()]
        self.compared = compare_dataset(folder)
        self._words: dict[str, list[list[Any]]] = {}
        units = folder.columns("sentences", ["source_id", "position", *UNIT])
        source = _places(units.column("source_id"), self.sources)
        order = np.lexsort((units.column("position").to_numpy(), source))
        self.units = units.take(order).select(UNIT)
        self.source = source[order]
        self.paragraph = self.units.column("paragraph_id").combine_chunks().dictionary_encode().indices.to_numpy()
        self.lower = pc.utf8_lower(self.units.column("text"))
        self.stances = self._keyed(folder, "stances", STANCE)
        self.label = _places(self.stances.rows.column("label_name"), LABELS)
        self.judgements = self._judgements(folder)
        settled = pc.field("split_vote") | pc.field("rule").is_valid() | pc.field("label").is_null()
        self.settled = self._keyed(folder, "grid", SETTLED, where=settled)

    def everything(self) -> dict[str, Any]:
        """All rows."""
        tables = {"stances": self.stances, "judgements": self.judgements, "settled": self.settled}
        found = {"units": self._units(np.arange(len(self.units)))} | {
            name: rows.lists() for name, rows in tables.items()
        }
        return found | {"words": [self.words(target) for target in self.targets], "agreement": self.agreement()}

    def sentences(self, query: Query) -> dict[str, Any]:
        """A page of the sentences that match a query, with their context and their matching stances.

        If the query does not filter by label, sentences without stances are included. `whole` asks for a complete text;
        the query then only selects its stances.

        Raises:
            UnknownNameError: there is no such source, target or sentence.
        """
        units = self._ask_units(query)
        chosen = self._ask_stances(query) & units[self.stances.n]
        if query.whole:
            hits = np.flatnonzero(np.isin(self.source, self._numbers(query.source, "source", self.sources)))
        else:
            hits = np.unique(self.stances.n[chosen]) if narrows(query.asked()) else np.flatnonzero(units)
        offset = self._offset(query, hits)
        page = hits[offset : offset + query.limit]
        shown = np.flatnonzero(chosen)
        shown = shown[np.isin(self.stances.n[shown], page)]
        return {
            "total": len(hits),
            "stances_total": int(np.count_nonzero(chosen)),
            "offset": offset,
            "hits": page.tolist(),
            "units": self._units(self._around(page)),
            "stances": self.stances.at(shown).lists(),
        }

    def each(self, query: Query) -> list[dict[str, Any]]:
        """A page of the sentences that match a query for each of its sources, as `sentences` gives them.

        Raises:
            UnknownNameError: there is no such source, target or sentence.
        """
        return [self.sentences(query.model_copy(update={"source": (source,)})) for source in query.source]

    def counts(self, query: Query) -> list[int]:
        """The number of stances that match a query, by source, target and label: against, neutral, favor.

        The complete grid, source by source. Stances of other holders are not the source's, and do not count.

        Raises:
            UnknownNameError: there is no such source or target.
        """
        own = self.stances.rows.column("holder").is_null().to_numpy()
        chosen = own & self._ask_stances(query) & self._ask_units(query)[self.stances.n]
        cell = self.source[self.stances.n[chosen]] * len(self.targets) + self.stances.target[chosen]
        place = cell * len(LABELS) + self.label[chosen]
        size = len(self.sources) * len(self.targets) * len(LABELS)
        return cast(list[int], np.bincount(place, minlength=size).tolist())

    def words(self, target: str) -> list[list[Any]]:
        """The words that each source uses more than the others on a target, in its own voice, the highest z first.

        A row has the number of the source, the word, how often it and the others use it, and the difference of
        log-odds with the ends of its 95 % interval.

        Raises:
            UnknownNameError: there is no such target.
        """
        self._numbers([target], "target", self.targets)
        if target not in self._words:
            self._words[target] = most_used(self.compared, target, self.sources)
        return self._words[target]

    def agreement(self) -> list[list[int]]:
        """For each two annotators, what both judged and at least one found about the target, and how often they agree.

        A row has the numbers of both among the annotators, of the pairs that they judged the same, and of all.
        """
        return shared_judgements(self.judgements, self._annotators)

    def splits(self, one: str, other: str) -> dict[str, Any]:
        """The first pairs of sentence and target that two annotators judged differently, with both labels.

        Raises:
            UnknownNameError: there is no such annotator.
        """
        for name in (one, other):
            if name not in self._annotators:
                raise UnknownNameError(name, "annotator", self._annotators)
        rows, total = split_judgements(self.judgements, one, other)
        near = self._units(np.unique(np.array([row[0] for row in rows], np.int64)))
        return {"total": total, "rows": rows, "units": near, "stances": []}

    def strip(self, query: Query) -> dict[str, Any]:
        """All units of the sources of a query in order, with a letter for the side of each on its targets.

        f, n and a for favor, neutral and against, m for several; s for any stances, if the query has no target or more
        than one; `.` for none, and `_` if the unit is not annotated.

        Raises:
            UnknownNameError: there is no such source or target.
        """
        units = np.flatnonzero(np.isin(self.source, self._numbers(query.source, "source", self.sources)))
        chosen = self._ask_stances(query) & self._ask_units(query)[self.stances.n]
        bits = np.zeros(len(self.units), np.int64)
        np.bitwise_or.at(bits, self.stances.n[chosen], 1 << self.label[chosen])
        letters = STRIP if len(query.target) == 1 else STRIP[:1] + "s" * (len(STRIP) - 1)
        annotated = self.units.column("annotated").take(units).to_pylist()
        sides = [letters[bits[n]] if read or bits[n] else "_" for n, read in zip(units, annotated, strict=True)]
        return {"ids": self.units.column("sentence_id").take(units).to_pylist(), "sides": "".join(sides)}

    def history(self, sentence: str) -> dict[str, Any]:
        """All judgements of a sentence on targets that any annotator found it to be about, and the final labels.

        Raises:
            UnknownNameError: there is no such sentence.
        """
        n = self._number(sentence)
        tables = {"stances": self.stances, "judgements": self.judgements, "settled": self.settled}
        found = {name: rows.where(rows.n == n).lists() for name, rows in tables.items()}
        return {"hits": [n], "units": self._units(self._around(np.array([n])))} | found

    def _keyed(
        self, folder: DatasetFolder, table: str, columns: Sequence[str], where: pc.Expression | None = None
    ) -> Keyed:
        """Some columns of a table; `where` selects rows."""
        rows = folder.columns(table, ["sentence_id", "target_id", *columns], where)
        return self._ordered(rows.select(list(columns)), self._pairs(rows))

    def _pairs(self, rows: pa.Table) -> Ints:
        """The pair of unit and target of each row, as one number."""
        n = _places(rows.column("sentence_id"), self.units.column("sentence_id"))
        return n * len(self.targets) + _places(rows.column("target_id"), self.targets)

    def _ordered(self, rows: pa.Table, pair: Ints) -> Keyed:
        order = np.argsort(pair, kind="stable")
        return Keyed(rows.take(order), *np.divmod(pair[order], len(self.targets)))

    def _judgements(self, folder: DatasetFolder) -> Keyed:
        """Judgements of pairs that any annotator found to be about the target, read a batch at a time."""
        said = folder.columns("judgements", ["sentence_id", "target_id"], pc.field("label_name") != Label.none.name)
        about = np.unique(self._pairs(said))
        wanted = pc.unique(said.column("sentence_id"))
        names = ["sentence_id", "target_id", *JUDGEMENT]
        kept, pairs = [folder.schema("judgements").empty_table().select(names)], [np.zeros(0, np.int64)]
        for split in folder.judgements.splits:
            for batch in folder.batches("judgements", split, names, pc.field("sentence_id").isin(wanted)):
                rows = pa.Table.from_batches([batch])
                pair = self._pairs(rows)
                chosen = _among(pair, about)
                kept.append(rows.filter(pa.array(chosen)))
                pairs.append(pair[chosen])
        return self._ordered(pa.concat_tables(kept).select(list(JUDGEMENT)), np.concatenate(pairs))

    def _ask_units(self, query: Query) -> Mask:
        asked = query.asked() | {"source": self._numbers(query.source, "source", self.sources)}
        columns = {"source": self.source, "voice": self.units.column("voice"), "lower": self.lower}
        return matching("unit", asked, columns, len(self.units))

    def _ask_stances(self, query: Query) -> Mask:
        asked = query.asked() | {"target": self._numbers(query.target, "target", self.targets)}
        columns = {name: self.stances.rows.column(name) for name in STANCE} | {"target": self.stances.target}
        return matching("stance", asked, columns, len(self.stances.n))

    def _numbers(self, names: Iterable[str], kind: str, known: Sequence[str]) -> tuple[int, ...]:
        for name in names:
            if name not in known:
                raise UnknownNameError(name, kind, known)
        return tuple(known.index(name) for name in names)

    def _number(self, sentence: str) -> int:
        n = pc.index(self.units.column("sentence_id"), sentence).as_py()
        if n < 0:
            raise UnknownNameError(sentence, "sentence", [f"{self.units.column('sentence_id')[0]} and so on"])
        return cast(int, n)

    def _offset(self, query: Query, hits: Ints) -> int:
        """Where the page begins: at the offset, or so that it contains the sentence `at`."""
        if query.at is None:
            return query.offset
        place = int(np.searchsorted(hits, self._number(query.at)))
        return place // query.limit * query.limit

    def _around(self, hits: Ints) -> Ints:
        """Units and their neighbours in the paragraph, one more than is shown, to tell whether there are more."""
        near = (hits[:, None] + np.arange(-AROUND - 1, AROUND + 2)).clip(0, len(self.units) - 1)
        return np.unique(near[self.paragraph[near] == self.paragraph[hits][:, None]])

    def _units(self, n: Ints) -> list[list[Any]]:
        rows = self.units.take(n).to_pylist()
        keys = zip(n.tolist(), self.source[n].tolist(), rows, strict=True)
        return [[i, source, *row.values()] for i, source, row in keys]


def _among(values: Ints, known: Ints) -> Mask:
    """Which values are among those known, which are in order; several times as fast as np.isin for many batches."""
    place = np.searchsorted(known, values).clip(max=max(len(known) - 1, 0))
    found: Mask = known[place] == values if len(known) else np.zeros(len(values), dtype=bool)
    return found


def _places(values: pa.ChunkedArray, known: pa.ChunkedArray | Sequence[str]) -> Ints:
    """The place of each value among those known."""
    value_set = known if isinstance(known, pa.ChunkedArray) else pa.array(known, pa.string())
    return cast(Ints, pc.index_in(values, value_set=value_set).to_numpy().astype(np.int64))
