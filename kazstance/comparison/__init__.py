"""Compare sources: where they stand, where they differ and with what certainty, what they wrote, and in which words.

Positions, disagreements and distances are arithmetic on one count, of a dataset or of any rows with one source, target
and label each.
"""

from kazstance.comparison.comparison import Comparison, compare_dataset, compare_rows
from kazstance.comparison.counts import Counts, VoiceFilter, count
from kazstance.comparison.disagreements import Answer, Disagreement, Disagreements, Pairwise
from kazstance.comparison.distances import Clade, Distance, Distances, Feature, Place
from kazstance.comparison.pairs import PairCount
from kazstance.comparison.positions import Cell
from kazstance.comparison.verdicts import Side, Verdict
from kazstance.comparison.wording import Word
from kazstance.stats.estimate import Estimate

__all__ = [
    "Answer",
    "Cell",
    "Clade",
    "Comparison",
    "Counts",
    "Disagreement",
    "Disagreements",
    "Distance",
    "Distances",
    "Estimate",
    "Feature",
    "PairCount",
    "Pairwise",
    "Place",
    "Side",
    "Verdict",
    "VoiceFilter",
    "Word",
    "compare_dataset",
    "compare_rows",
    "count",
]
