"""The metrics of stance by name: those of `kazstance.stats`, bound to against, neutral and favor, in this order."""

from typing import Final

from kazstance.errors import UnknownNameError
from kazstance.schema.labels import GRID_LABELS as GRID_LABELS  # noqa: PLC0414  # re-exported
from kazstance.schema.labels import LABELS as LABELS  # noqa: PLC0414
from kazstance.schema.labels import SIDES as SIDES  # noqa: PLC0414
from kazstance.stats.metrics import ACCURACY, MACRO_F1, SOMERS_D, SS, WTS, Metric, among, mean_f1_of, ordinal
from kazstance.stats.target_means import MACRO_F1_TARGETS as MACRO_F1_TARGETS  # noqa: PLC0414
from kazstance.stats.target_means import f1_target_mean

WTS_ORDINAL: Final = ordinal("wts_ordinal", (-1, 0, 1))
"""Ordinal within-target skill, with against -1, neutral 0, favor +1; rows whose gold label is none are left out."""
WTS_POLAR: Final = among("wts_polar", SIDES)
"""Within-target skill on rows whose gold label is favor or against; any other prediction is an error."""
F_AVG: Final = mean_f1_of("f_avg", SIDES)
"""Mean of the F1 of favor and of against (SemEval-2016 Task 6); undefined if either is."""
F_AVG_TARGETS: Final = f1_target_mean("f_avg_targets", SIDES)
"""Mean over targets of F_avg; the F1 of a side that no row of a target has is 0 (SemEval-2016, StanceEval-2024)."""
STANCE_METRICS: Final = (WTS, SS, WTS_ORDINAL, WTS_POLAR, F_AVG, MACRO_F1, ACCURACY)
TARGET_MEANS: Final = (F_AVG_TARGETS, MACRO_F1_TARGETS)
"""Means over targets, for strata that are targets."""
NO_TARGET: Final = "no column of the target was named"
"""Why there is no mean over targets."""
METRICS: Final = {metric.name: metric for metric in (*STANCE_METRICS, *TARGET_MEANS, SOMERS_D)}
HEADLINES: Final = (WTS.name, SS.name)
"""The headline is a pair."""
SPELLED_OUT: Final = (
    "wts: within-target skill; ss: skill over the best text-blind rule. A system reads only if both are above 0."
)
"""The names of the headlines, for their first mention."""


def get_metric(name: str) -> Metric:
    """A metric by name.

    Raises:
        UnknownNameError: there is no such metric; the message lists the valid names.
    """
    if name not in METRICS:
        raise UnknownNameError(name, "metric", METRICS)
    return METRICS[name]
