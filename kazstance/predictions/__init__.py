"""Read and check predictions, match them to gold labels row by row, and score them."""

from kazstance.input.spelling import given
from kazstance.input.tables import Form
from kazstance.predictions.distributions import PROBABILITY, VOTES, distribution_faults
from kazstance.predictions.labels import read_labels
from kazstance.predictions.matching import Matched, match
from kazstance.predictions.of_task import Predicted, predicted_labels
from kazstance.predictions.request import COMMAND, PYTHON, Columns
from kazstance.predictions.rules import RuleOptions, Rules
from kazstance.predictions.scores import Scores, score_rows, scores

__all__ = [
    "COMMAND",
    "PROBABILITY",
    "PYTHON",
    "VOTES",
    "Columns",
    "Form",
    "Matched",
    "Predicted",
    "RuleOptions",
    "Rules",
    "Scores",
    "distribution_faults",
    "given",
    "match",
    "predicted_labels",
    "read_labels",
    "score_rows",
    "scores",
]
