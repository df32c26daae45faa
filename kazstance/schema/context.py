"""The context of a sentence: the text around it in its paragraph."""

from collections import defaultdict
from collections.abc import Iterable

from kazstance.schema.records import Sentence


def contexts(sentences: Iterable[Sentence]) -> dict[str, tuple[str, str]]:
    """The text before and after each sentence in its paragraph, by sentence id; sentences are given in order."""
    paragraphs: dict[str, list[Sentence]] = defaultdict(list)
    for sentence in sentences:
        paragraphs[sentence.paragraph_id].append(sentence)
    return {
        sentence.sentence_id: (" ".join(s.text for s in units[:i]), " ".join(s.text for s in units[i + 1 :]))
        for units in paragraphs.values()
        for i, sentence in enumerate(units)
    }
