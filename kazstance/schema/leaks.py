"""What copies reveal: which training rows are copies of a tested sentence, and which rows are not independent."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from kazstance.schema.ids import document_of
from kazstance.schema.labels import CopyKind

MANY = 5
"""The number of documents at which a source has many, so that they are its clusters instead of its paragraphs."""


class Tie(NamedTuple):
    """A row of the table copies."""

    sentence_id: str
    copy_of: str
    kind: str
    formula: bool


class Leaks:
    """The copies of a dataset."""

    def __init__(self, ties: Iterable[Tie]) -> None:
        self._group: dict[str, str] = {}
        self._linked: dict[str, set[str]] = defaultdict(set)
        self.ties = tuple(ties)
        for tie in self.ties:
            if tie.kind == CopyKind.equal:
                self._group[tie.sentence_id] = tie.copy_of
        for tie in self.ties:
            if tie.kind != CopyKind.equal:
                self._linked[tie.sentence_id].add(tie.copy_of)
                self._linked[tie.copy_of].add(tie.sentence_id)

    @property
    def sentences(self) -> frozenset[str]:
        """The sentences that are copies of others."""
        return frozenset(self._group.keys() | self._linked.keys())

    def closed(self, tested: Iterable[str]) -> frozenset[str]:
        """All sentences that are copies of a tested one."""
        groups = {self._group.get(name, name) for name in tested if name in self._group or name in self._linked}
        groups |= {other for name in groups for other in self._linked.get(name, ())}
        return frozenset(name for name in self.sentences if self._group.get(name, name) in groups)

    def merged(self, home: Mapping[str, str]) -> dict[str, str]:
        """The cluster of all those together that share copies, unless these are formulas, by the name of each.

        Args:
            home: the cluster of each sentence that is a copy.
        """
        return merged_names((home[tie.sentence_id], home[tie.copy_of]) for tie in self.ties if not tie.formula)


def merged_names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each name that is tied to others, the alphabetically first of all names tied together."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := parent.setdefault(name, name)) != name:
            parent[name] = name = parent[above]
        return name

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return {name: root(name) for name in list(parent)}


def cluster_names(paragraphs: Iterable[str], source_of_document: Mapping[str, str]) -> dict[str, str]:
    """The cluster of each paragraph: its document if its source has many of them, otherwise the paragraph itself."""
    cluster = cluster_by_document(source_of_document)
    return {paragraph: cluster(paragraph) for paragraph in paragraphs}


def cluster_by_document(source_of_document: Mapping[str, str]) -> Callable[[str], str]:
    """A function from a paragraph to its cluster: its document if its source has many of them, otherwise itself."""
    documents = Counter(source_of_document.values())
    has_many = {name: documents[source] >= MANY for name, source in source_of_document.items()}

    def cluster(paragraph: str) -> str:
        document = document_of(paragraph)
        return document if has_many[document] else paragraph

    return cluster
