"""Judgements in one table, with a row per judgement: read, and put into the form of readings of sentences."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import (
    AnnotatorInput,
    Entry,
    JudgementInput,
    JudgementRow,
    ReadingInput,
    RoundInput,
)
from kazstance.corpus.tabular import Columns, find_table, read_rows
from kazstance.errors import COLLECTED, Problem, choose
from kazstance.schema.digest import text_hash
from kazstance.schema.labels import Label
from kazstance.schema.records import Sentence

TABLE: Final = "annotations/judgements"
"""The name of the table of judgements, without its suffix."""


def _refuse_others(names: Collection[str]) -> None:
    """Raise a ValueError if there is any column besides the known ones."""
    for name in names:
        raise ValueError(f"{name[:80]!r} is not a column of this table; {choose(name, JudgementRow.model_fields)}")


COLUMNS: Final = Columns(
    known=JudgementRow.model_fields,
    check_others=_refuse_others,
    needed=("target_id", "annotator_id", "label"),
    aliases={"sentence": "sentence_id", "document": "document_id", "target": "target_id", "annotator": "annotator_id"},
    numbers=("start", "round", "probability"),
    nested=("evidence",),
)


def find_judgements(folder: Folder, annotators: Iterable[Entry[AnnotatorInput]]) -> str | None:
    """The table of judgements; a file that is named like it is that of an annotator if there is one of that name."""
    is_annotator = any(f"annotations/{entry.value.id}" == TABLE for entry in annotators)
    return None if is_annotator else find_table(folder, TABLE)


def read_judgements(
    folder: Folder,
    table: str,
    known: Mapping[str, Collection[str]],
    labels: Mapping[str, str],
    rounds: Sequence[Entry[RoundInput]],
) -> list[Entry[JudgementRow]]:
    """The rows of the table of judgements; what is not kept of them, or cannot be checked, causes a warning.

    Args:
        folder: the corpus folder.
        table: the file of the table in it.
        known: the ids that the corpus declares, by the columns that hold them.
        labels: the names of labels to which the corpus maps labels of another scheme.
        rounds: the rounds that the corpus declares.
    """
    numbers = [entry.value.number for entry in rounds]
    found: list[Entry[JudgementRow]] = []
    before = len(folder.problems)
    for line, cells in read_rows(folder, table, COLUMNS):
        if entry := folder.entry(table, line, cells, JudgementRow, labels):
            for name, ids in known.items():
                if (value := getattr(entry.value, name)) not in ids:
                    folder.report(table, line, name, f"{value!r} is not declared; {choose(value, ids)}")
            check_round(folder, (entry.file, entry.line), entry.value.round, numbers)
            found.append(entry)
        if len(folder.problems) - before >= COLLECTED:
            folder.report(table, line, None, f"{COLLECTED:,} problems up to here; the rest of the file was not checked")
            break
    _warn(folder, table, found)
    return found


def check_round(folder: Folder, where: tuple[str, int], number: int, numbers: Sequence[int]) -> None:
    """Report a round that the corpus does not declare, if it declares any.

    Args:
        folder: the corpus folder.
        where: the file and line of what was judged in the round.
        number: the number of the round.
        numbers: the numbers of the declared rounds.
    """
    if numbers and number not in numbers:
        expected = f"expected one of the declared rounds: {', '.join(map(str, numbers))}"
        folder.report(*where, "round", f"{number}, {expected}")


def as_readings(
    rows: Iterable[Entry[JudgementRow]], sentences: Iterable[Sentence]
) -> tuple[dict[str, list[Entry[ReadingInput]]], list[Problem]]:
    """The rows as readings by annotator, one for each row, and the problems found.

    A row without a hash of its text has that of its sentence. A row for a holder does not cover the pair without one.

    Args:
        rows: the rows of the table of judgements.
        sentences: the sentences that may be judged.
    """
    places = Places(sentences)
    readings: dict[str, list[Entry[ReadingInput]]] = defaultdict(list)
    seen: dict[tuple[str | int | None, ...], int] = {}
    problems = []
    for entry in rows:
        row = entry.value
        try:
            name, hashed = places.find(row)
        except LookupError as error:
            field, message = error.args
            problems.append(Problem(entry.file, entry.line, field, message))
            continue
        first = seen.setdefault((name, row.target_id, row.holder, row.annotator_id, row.round), entry.line)
        if first != entry.line:
            message = f"{row.annotator_id} also judges {name} on {row.target_id} on line {first}, expected once"
            problems.append(Problem(entry.file, entry.line, "target_id", message))
        readings[row.annotator_id].append(Entry(entry.file, entry.line, _reading(row, name, hashed)))
    return dict(readings), problems


class Places:
    """Sentences by the ways in which a row may name one: id, place in the raw text, or text."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self._by_id = {sentence.sentence_id: sentence for sentence in sentences}
        self._by_place = {(s.document_id, s.raw_start): s for s in self._by_id.values()}
        self._by_text: dict[str, list[Sentence]] = defaultdict(list)
        for sentence in self._by_id.values():
            self._by_text[sentence.text].append(sentence)

    def find(self, row: JudgementRow) -> tuple[str, str]:
        """The id of the sentence that a row names, and the hash of the text that was judged.

        Raises:
            LookupError: there is no such sentence, or more than one; its arguments are a field and a message.
        """
        if row.sentence_id is not None:
            sentence = self._by_id.get(row.sentence_id)
            if sentence is None:  # reported when the reading is judged
                return row.sentence_id, row.text_hash or text_hash(row.text or "")
        elif row.start is not None:
            sentence = self._by_place.get((row.document_id or "", row.start))
            if sentence is None:
                raise LookupError("start", f"no annotated sentence of {row.document_id} begins at {row.start}")
        else:
            sentence = self._by_words(row)
        if row.text is not None and row.text.strip() != sentence.text:
            raise LookupError("text", f"{row.text[:80]!r}, but {sentence.sentence_id} is now {sentence.text[:80]!r}")
        return sentence.sentence_id, row.text_hash or text_hash(sentence.text)

    def _by_words(self, row: JudgementRow) -> Sentence:
        """The only sentence with the text of a row."""
        there = self._by_text.get((row.text or "").strip(), [])
        found = [s for s in there if row.document_id in (None, s.document_id)]
        if len(found) == 1:
            return found[0]
        names = ", ".join(sentence.sentence_id for sentence in found[:3])
        several = f"is the text of {len(found)} sentences, as {names}; name one by sentence_id"
        why = several if found else "is not the text of an annotated sentence"
        raise LookupError("text", f"{(row.text or '')[:80]!r} {why}")


def _reading(row: JudgementRow, sentence_id: str, hashed: str) -> ReadingInput:
    """A row as a reading that covers its target, and no other."""
    fields = JudgementInput.model_fields.keys() & JudgementRow.model_fields.keys()
    said = {name: getattr(row, name) for name in fields}
    if row.label == Label.none.name:
        said["certainty"] = None
    judgement = JudgementInput.model_construct(**said)
    return ReadingInput.model_construct(
        sentence_id=sentence_id,
        text_hash=hashed,
        round=row.round,
        covered=() if row.holder else (row.target_id,),
        probability=row.probability,
        judgements=(judgement,),
    )


def _warn(folder: Folder, table: str, rows: Sequence[Entry[JudgementRow]]) -> None:
    """Warn of judgements that cannot be tied to the words that were read, and of what is not kept of them."""
    loose = sum(entry.value.text_hash is None and entry.value.text is None for entry in rows)
    if loose:
        folder.warn(
            f"{table}: {loose:,} of {len(rows):,} judgements have neither text_hash nor text, so that a later change "
            "of a sentence would go unnoticed"
        )
    sure = sum(entry.value.certainty is not None and entry.value.label == Label.none.name for entry in rows)
    if sure:
        folder.warn(f"{table}: the certainty of {sure:,} judgements with the label none is not kept")
