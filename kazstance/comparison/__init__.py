"""Compare sources: where they stand, where they differ and how surely, what they wrote, and in which words.

Positions, disagreements and distances are arithmetic on one count (`count`): of the shipped dataset, of another built
one, or of any table with columns of source, target and label.
"""

from kazstance.comparison.closeness import Clade, Distance, Distances, Feature, Place, distances
from kazstance.comparison.contests import Answer, Disagreement, Pairwise, disagreements
from kazstance.comparison.counts import Counts, Voice, count
from kazstance.comparison.estimates import Estimate, contested, net, position, salience
from kazstance.comparison.evidence import contrast, strength
from kazstance.comparison.matrix import Cell, positions
from kazstance.comparison.pairing import PairCount, pairs
from kazstance.comparison.vocabulary import Word, wording

__all__ = [
    "Answer",
    "Cell",
    "Clade",
    "Counts",
    "Disagreement",
    "Distance",
    "Distances",
    "Estimate",
    "Feature",
    "PairCount",
    "Pairwise",
    "Place",
    "Voice",
    "Word",
    "contested",
    "contrast",
    "count",
    "disagreements",
    "distances",
    "net",
    "pairs",
    "position",
    "positions",
    "salience",
    "strength",
    "wording",
]
