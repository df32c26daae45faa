"""Compare sources: where they stand, where they differ and how surely, what they wrote, and in which words.

All is arithmetic on one count (`count`): of the shipped dataset, of another built one, or of any table with columns of
source, target and label.
"""

from kazstance.comparison.counts import Counts, Voice, count
from kazstance.comparison.estimates import Estimate, contested, net, position, salience
from kazstance.comparison.matrix import Cell, positions

__all__ = ["Cell", "Counts", "Estimate", "Voice", "contested", "count", "net", "position", "positions", "salience"]
