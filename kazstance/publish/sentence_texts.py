"""The texts of all sentences, by id and number, and what stands before and after each in its paragraph."""

from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import IntegrityError


class SentenceTexts:
    """The texts of the rows of sentences, in order."""

    def __init__(self, ids: pa.Array, paragraphs: pa.Array, texts: Sequence[str]) -> None:
        """Number the sentences.

        Args:
            ids: the id of each sentence.
            paragraphs: the paragraph of each.
            texts: the text of each.
        """
        self.texts = texts
        self._ids = ids
        coded = paragraphs.dictionary_encode()
        self._paragraph: list[int] = coded.indices.to_pylist()
        self._members: list[list[int]] = [[] for _ in coded.dictionary]
        for number, paragraph in enumerate(self._paragraph):
            self._members[paragraph].append(number)
        self._around = lru_cache(1024)(self._find_around)

    def numbers(self, ids: pa.Array) -> list[int]:
        """The numbers of sentences by their ids.

        Raises:
            IntegrityError: there is no such sentence.
        """
        found = pc.index_in(ids, value_set=self._ids)
        if found.null_count:
            first = ids.filter(found.is_null())[0].as_py()
            raise IntegrityError(f"sentence_id: {first!r} is not in the table sentences")
        numbers: list[int] = found.to_pylist()
        return numbers

    def paragraph(self, number: int) -> Sequence[int]:
        """The numbers of the sentences of the same paragraph, in order."""
        return self._members[self._paragraph[number]]

    def shown(self, number: int, place: int) -> str:
        """A sentence, by number, for place 0; the text before it in its paragraph for 1, after it for 2."""
        return self._around(number)[place - 1] if place else self.texts[number]

    def _find_around(self, number: int) -> tuple[str, str]:
        others = self.paragraph(number)
        at = others.index(number)
        before, after = (map(self.texts.__getitem__, part) for part in (others[:at], others[at + 1 :]))
        return " ".join(before), " ".join(after)
