"""What has been judged of a corpus so far: who judged which pairs, and which pairs the votes leave open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.annotate.plan import Plan, Triple, read_plans
from kazstance.corpus.decisions import PairKey
from kazstance.corpus.judge import judge
from kazstance.corpus.read import Corpus, raise_all, read
from kazstance.corpus.segment import segment
from kazstance.corpus.workers import Workers
from kazstance.errors import Problem
from kazstance.paths import StrPath
from kazstance.schema.columns import arrow_schema, to_arrow
from kazstance.schema.labels import Label
from kazstance.schema.records import GridCell, Judgement, Record, Sentence


@dataclass(frozen=True)
class State:
    """A corpus with its sheets, its sentences, and the rows of the tables judgements and grid that it would give."""

    corpus: Corpus
    plans: Mapping[str, Plan]
    sentences: Sequence[Sentence]
    judgements: pa.Table
    grid: pa.Table

    def pairs(self) -> Iterator[PairKey]:
        """All pairs of annotated sentence and target, in the order of texts and targets."""
        for sentence in self.sentences:
            for target in self.corpus.targets if sentence.annotated else ():
                yield sentence.sentence_id, target.value.id

    def judged_by(self, annotator: str, number: int) -> set[PairKey]:
        """The pairs that an annotator has judged in a round, for the speaker of the sentence."""
        rows = self.judgements.filter((pc.field("annotator_id") == annotator) & (pc.field("round") == number))
        return _pairs(rows.filter(pc.field("holder").is_null()))

    def silent(self) -> set[PairKey]:
        """The pairs whose label is none."""
        return _pairs(self.grid.filter((pc.field("label") == int(Label.none)) & pc.field("holder").is_null()))

    def split(self) -> list[Triple]:
        """What the votes leave undecided, in the order of the texts and targets."""
        rows = self.grid.filter(pc.field("label").is_null())
        return list(zip(*(rows[name].to_pylist() for name in ("sentence_id", "target_id", "holder")), strict=True))

    def rows_on(self, keys: Sequence[Triple]) -> dict[Triple, list[dict[str, Any]]]:
        """The rows of judgements on some pairs, by pair."""
        names = pa.array({key[0] for key in keys}, pa.string())
        found: dict[Triple, list[dict[str, Any]]] = {key: [] for key in keys}
        for row in self.judgements.filter(pc.field("sentence_id").isin(names)).to_pylist():
            key = (row["sentence_id"], row["target_id"], row["holder"])
            if key in found:
                found[key].append(row)
        return found


def read_state(path: StrPath) -> State:
    """The state of a corpus folder.

    Raises:
        InputError: the corpus is invalid.
        KazstanceError: there is no such folder.
    """
    corpus = read(path)
    sentences, problems = segment(corpus)
    raise_all(problems)
    return state_of(corpus, sentences, read_plans(Path(path)))


def state_of(corpus: Corpus, sentences: Sequence[Sentence], plans: Mapping[str, Plan]) -> State:
    """The state of a corpus that has been read and segmented.

    Args:
        corpus: the corpus.
        sentences: its sentences, in order.
        plans: the plans of its sheets.

    Raises:
        InputError: what was judged does not fit the texts.
    """
    schemas = {"judgements": _plain(Judgement), "grid": _plain(GridCell)}
    tables = {name: [schema.empty_table()] for name, schema in schemas.items()}
    problems: list[Problem] = []
    if any(corpus.readings.values()) or corpus.judgements or corpus.adjudications:
        with Workers(0) as workers:
            for chunk in judge(corpus, to_arrow(Sentence, sentences), workers):
                problems += [*chunk.faults, *chunk.problems]
                for name in tables.keys() & chunk.tables.keys():
                    tables[name].append(chunk.tables[name].cast(schemas[name]))
    raise_all(problems)
    return State(corpus, plans, sentences, **{name: pa.concat_tables(parts) for name, parts in tables.items()})


def _plain(record: type[Record]) -> pa.Schema:
    """The columns of a record, none of which is coded by a dictionary, so that parts can be joined."""
    return arrow_schema(record).remove_metadata()


def _pairs(rows: pa.Table) -> set[PairKey]:
    return set(zip(rows["sentence_id"].to_pylist(), rows["target_id"].to_pylist(), strict=True))
