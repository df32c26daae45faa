"""The tasks of a dataset: their rows, folds and further fields."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Final

from kazstance.bench.family import makers
from kazstance.bench.protocols import folds, sentences_of
from kazstance.bench.record import read_record
from kazstance.bench.result import Result
from kazstance.bench.result_file import UnfinishedRunError, read_result
from kazstance.bench.run_folder import settle
from kazstance.bench.tasks import AnswerColumns, Item, Task, TaskKind, check_rows, get_task
from kazstance.dataset import DatasetFolder, clusters
from kazstance.schema.context import contexts
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.labels import Status
from kazstance.schema.records import SPLITS, GridCell, Pair, Probe, Stance

DIGEST: Final = "data"
"""The name of the digest of a dataset in the data of a task."""
SWAPPED: Final = {"a": "b", "b": "a", "same": "same"}


def dataset_task(folder: DatasetFolder, name: str, protocol: str) -> Task:
    """A task of a dataset under a protocol.

    Args:
        folder: the dataset.
        name: stance, stance4 or compare.
        protocol: in_domain, cross_source, cross_target or cross_both.

    Raises:
        UnknownNameError: there is no such task or protocol; the message lists the valid names.
        IntegrityError: rows of the dataset contradict each other.
    """
    kind = get_task(name)
    task = Task(
        kind=kind,
        protocol=protocol,
        folds=tuple(folds(protocol, items(kind, folder), folder)),
        data={DIGEST: folder.digest},
        columns=AnswerColumns({label: label for label in kind.labels}),
        probes=probes(folder) if kind.has_probes else (),
        votes=_votes(kind, folder),
        makers=makers(folder),
        left_out=_left_out(kind, folder),
        definitions=definitions(folder),
        dates=dates(folder),
    )
    check_rows(task)
    return task


def definitions(folder: DatasetFolder) -> dict[str, str]:
    """The codebook's definition of each target, by id; those that it does not define are left out."""
    return {target.target_id: target.definition for target in folder.targets.records() if target.definition}


def dates(folder: DatasetFolder) -> dict[str, str]:
    """The date of each document, by id, as YYYY, YYYY-MM, YYYY-MM-DD or as the text gives it, if it is stated."""
    found: dict[str, str | None] = {}
    for table, name in (("sources", "source_id"), ("documents", "document_id")):
        if table in folder.tables:
            rows = folder.columns(table, [name, "date", "date_stated"])
            found |= {row[name]: row["date"] or row["date_stated"] for row in rows.to_pylist()}
    return {name: date for name, date in found.items() if date}


def read_results(
    places: Iterable[Path], folder: DatasetFolder, leave_out: Callable[[str], None] | None = None
) -> list[Result]:
    """The results of finished runs from their folders; runs on a dataset must be on this one.

    Args:
        places: the folders.
        folder: the dataset.
        leave_out: called with a line for each run that is not finished, and is then left out; without it, and if no
            run is finished, that is an error.

    Raises:
        UnfinishedRunError: a run is not finished.
        KazstanceError: a folder holds no run, or a run on other data.
    """
    task = cache(partial(dataset_task, folder))
    found, unfinished = [], []
    for place in places:
        try:
            found.append(_read(place, task))
        except UnfinishedRunError as error:
            unfinished.append(error)
    if unfinished and (leave_out is None or not found):
        raise unfinished[0]
    for left in unfinished:
        if leave_out:
            leave_out(f"left out: {left}")
    return found


def _read(place: Path, task: Callable[[str, str], Task]) -> Result:
    """The result of a run from its folder."""
    settle(place)
    of = read_record(place).run
    is_of_dataset = of.data.keys() == {DIGEST}
    return read_result(place, task(of.task, of.protocol) if is_of_dataset else None)


@lru_cache(maxsize=8)
def items(kind: TaskKind, folder: DatasetFolder) -> tuple[Item, ...]:
    """All rows of a task, over all splits; a pair appears in both orders, so that preferring one does not help."""
    by_sentence = clusters(folder)
    return tuple(_clustered(item, by_sentence) for item in _items(kind, folder))


def _clustered(item: Item, by_sentence: Mapping[str, str]) -> Item:
    """An item with its cluster, which may be larger than the paragraph; for two sentences, that of the first one."""
    return replace(item, cluster=by_sentence[min(sentences_of(item))])


def probes(folder: DatasetFolder) -> tuple[Probe, ...]:
    """All items of probes of a dataset; empty if it has no such table."""
    return folder.probes.records() if "probes" in folder.tables else ()


def _items(kind: TaskKind, folder: DatasetFolder) -> Iterator[Item]:
    kinds = {target.target_id: target.kind or "" for target in folder.targets.records()}
    sentences = folder.sentences.records()
    voices = {sentence.sentence_id: sentence.voice.value for sentence in sentences}
    languages = _languages(folder)
    context = contexts(sentences)
    table = folder[kind.table]
    for split in SPLITS:
        for row in table.records(split):
            if isinstance(row, Stance | GridCell) and row.label is not None and row.holder is None:
                known = kinds[row.target_id], voices[row.sentence_id]
                item = _single(row, split, *known, context[row.sentence_id])
                yield replace(item, language=languages[row.sentence_id])
            elif isinstance(row, Pair):
                language = languages[row.sentence_a]
                yield from (replace(item, language=language) for item in _both_orders(row, split, kinds[row.target_id]))


def _languages(folder: DatasetFolder) -> dict[str, str]:
    """The language of each sentence: that of its document, or of its source in a dataset without documents."""
    sources = {source.source_id: source.language for source in folder.sources.records()}
    documents = folder.documents.records() if "documents" in folder.tables else ()
    of = sources | {document.document_id: document.language for document in documents}
    return {one.sentence_id: of.get(one.document_id, sources[one.source_id]) for one in folder.sentences.records()}


def _left_out(kind: TaskKind, folder: DatasetFolder) -> Mapping[str, int]:
    """Rows of the table that are not predicted: those of other holders than the speaker, and undecided ones."""
    if "holder" not in folder[kind.table].columns:
        return {}
    has_status = "status" in folder[kind.table].columns
    rows = folder.columns(kind.table, ["holder", *(["status"] if has_status else [])])
    own = rows.filter(OF_SPEAKERS)
    status = Counter(own["status"].to_pylist() if has_status else ())
    found = {
        "the stance is another holder's": len(rows) - len(own),
        "votes are split": status[Status.undecided],
        "the sentence has the code of another target": status[Status.other_target],
    }
    return {reason: n for reason, n in found.items() if n}


def _single(row: Stance | GridCell, split: str, kind: str, voice: str, context: tuple[str, str]) -> Item:
    return Item(
        item_id=f"{row.sentence_id}:{row.target_id}",
        split=split,
        text=row.text,
        target=row.target,
        target_id=row.target_id,
        source_id=row.source_id,
        cluster=row.paragraph_id,
        label=row.label_name or "",
        context_before=context[0],
        context_after=context[1],
        kind=kind,
        voice=voice,
    )


def _both_orders(row: Pair, split: str, kind: str) -> Sequence[Item]:
    cluster = min(row.sentence_a, row.sentence_b).rpartition("/")[0]
    shown = Item(
        item_id=row.pair_id,
        split=split,
        text=row.text_a,
        target=row.target,
        target_id=row.target_id,
        source_id=row.source_a,
        cluster=cluster,
        label=row.more_favorable.name,
        text_b=row.text_b,
        source_b=row.source_b,
        kind=kind,
    )
    other = replace(
        shown,
        item_id=f"{row.pair_id}:swapped",
        text=row.text_b,
        text_b=row.text_a,
        source_id=row.source_b,
        source_b=row.source_a,
        label=SWAPPED[shown.label],
    )
    return shown, other


def _votes(kind: TaskKind, folder: DatasetFolder) -> dict[str, tuple[int, ...]]:
    """How many annotators chose each label, by item; empty for pairs, which nobody judged as such."""
    found = {}
    for row in folder[kind.table].records():
        if isinstance(row, Stance | GridCell):
            chosen = Counter(vote.label_name for vote in row.votes)
            found[f"{row.sentence_id}:{row.target_id}"] = tuple(chosen[label] for label in kind.labels)
    return found
