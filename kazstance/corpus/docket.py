"""Checks of everything that names sentences and targets: that they exist, and that texts are those that were judged."""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from kazstance.corpus.read import FORMER, Corpus
from kazstance.corpus.reading import Quotation
from kazstance.errors import Problem
from kazstance.schema.digest import text_hash
from kazstance.schema.ids import document_of

REDO: Final = (
    "; undo the change, or withdraw the sheet with `kazstance annotate undo` and import it again with --partial"
)
KEPT: Final = (
    "the id of a target stays once somebody has judged it, and its name may change: put it back in targets.toml, or "
    "withdraw the sheets with `kazstance annotate undo`"
)
"""What to do if a target is named that is no longer there."""
Place = tuple[int, int]
"""The start and end of a part of a sentence, in characters."""


@dataclass
class Docket:
    """The annotated sentences and the targets that an input may name, and the problems found."""

    texts: Mapping[str, str]
    """The text of each annotated sentence."""
    kinds: Mapping[str, str | None]
    """The kind of each target, in the order of the targets."""
    newly_cut: Set[str] = frozenset()
    """Documents whose texts were cut into other units by version 0.3."""
    problems: list[Problem] = field(default_factory=list)
    _hashes: dict[str, str] = field(default_factory=dict)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The number of each target."""
        return {target: i for i, target in enumerate(self.kinds)}

    @cached_property
    def coverable(self) -> Set[str]:
        """What a reading may cover: targets and their kinds."""
        return self.kinds.keys() | set(filter(None, self.kinds.values()))

    def targets_of(self, names: Collection[str]) -> list[int]:
        """The numbers of the targets, in order, that are covered by names of targets and kinds."""
        return [i for i, (name, kind) in enumerate(self.kinds.items()) if name in names or kind in names]

    def check_sentence(self, file: str, line: int, sentence_id: str, hashed: str) -> str | None:
        """The text of an annotated sentence, or None with a problem if it is missing or its text has changed.

        Args:
            file: the file that names it.
            line: the line there, counted from 1.
            sentence_id: the name.
            hashed: the hash of the text that was judged.
        """
        text = self.texts.get(sentence_id)
        if text is None:
            expected = f"expected an annotated sentence{self._remedy(file, sentence_id)}"
            self.report(file, line, "sentence_id", f"{sentence_id!r}, {expected}")
        elif (now := self.hash_of(sentence_id)) != hashed:
            came = f"{hashed}, but the sentence is now {now}: {text[:60]!r}"
            expected = f"expected the text that was judged{self._remedy(file, sentence_id)}"
            self.report(file, line, "text_hash", f"{came}; {expected}")
        else:
            return text
        return None

    def hash_of(self, sentence_id: str) -> str:
        """The hash of an annotated sentence, which several annotators name."""
        if sentence_id not in self._hashes:
            self._hashes[sentence_id] = text_hash(self.texts[sentence_id])
        return self._hashes[sentence_id]

    def _remedy(self, file: str, sentence_id: str) -> str:
        """How to go on; or how to get the units of earlier versions back, if they have changed with the version."""
        redo = REDO if file.startswith("annotations/") else ""
        if document_of(sentence_id.rpartition("/")[0]) not in self.newly_cut:
            return redo
        return (
            f'{redo}; if it was judged with version 0.3, segmenter = "{FORMER}" under [corpus] keeps the units of then'
        )

    def check_target(self, file: str, line: int, name: str, target_id: str) -> bool:
        """Whether there is such a target.

        Args:
            file: the file that names it.
            line: the line there, counted from 1.
            name: the field there.
            target_id: the id of the target.
        """
        if target_id not in self.kinds:
            self.report(file, line, name, f"{target_id!r}, expected one of {', '.join(self.kinds)}", KEPT)
        return target_id in self.kinds

    def spans(self, file: str, line: int, name: str, text: str, quoted: Iterable[Quotation]) -> tuple[Place, ...]:
        """Evidence as parts of a sentence, in order.

        Args:
            file: the file that quotes it.
            line: the line there, counted from 1.
            name: the field there.
            text: the sentence that is quoted.
            quoted: each part that is quoted, with its start in the sentence, in characters.
        """
        spans = []
        for start, part in quoted:
            if not text.startswith(part, start):
                self.report(file, line, name, f"{part!r} at {start}, expected a part of {text[:80]!r}")
            spans.append((start, start + len(part)))
        return tuple(sorted(spans)) if len(spans) > 1 else tuple(spans)

    def report(self, file: str, line: int | None, name: str | None, message: str, remedy: str = "") -> None:
        """Record a problem.

        Args:
            file: the file.
            line: the line, counted from 1.
            name: the field.
            message: what was found, and what was expected.
            remedy: what would fix all problems of the kind.
        """
        self.problems.append(Problem(file, line, name, message, remedy=remedy))


def kinds_of(corpus: Corpus) -> dict[str, str | None]:
    """The kind of each target of a corpus, in order; None if readings that cover the kind do not cover it."""
    targets = [entry.value for entry in corpus.targets]
    return {target.id: target.kind.value if target.kind and target.by_kind else None for target in targets}
