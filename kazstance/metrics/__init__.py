"""The metrics of stance: as functions of labels, for training loops, scikit-learn and the Hugging Face Trainer."""

from kazstance.metrics.functions import (
    accuracy,
    f_avg,
    f_avg_targets,
    macro_f1,
    macro_f1_targets,
    ss,
    wts,
    wts_ordinal,
    wts_polar,
)
from kazstance.metrics.names import (
    F_AVG,
    F_AVG_TARGETS,
    GRID_LABELS,
    HEADLINES,
    LABELS,
    METRICS,
    NO_TARGET,
    SIDES,
    SPELLED_OUT,
    STANCE_METRICS,
    TARGET_MEANS,
    WTS_ORDINAL,
    WTS_POLAR,
    get_metric,
)
from kazstance.metrics.scorer import scorer
from kazstance.metrics.trainer import compute_metrics

__all__ = [
    "F_AVG",
    "F_AVG_TARGETS",
    "GRID_LABELS",
    "HEADLINES",
    "LABELS",
    "METRICS",
    "NO_TARGET",
    "SIDES",
    "SPELLED_OUT",
    "STANCE_METRICS",
    "TARGET_MEANS",
    "WTS_ORDINAL",
    "WTS_POLAR",
    "accuracy",
    "compute_metrics",
    "f_avg",
    "f_avg_targets",
    "get_metric",
    "macro_f1",
    "macro_f1_targets",
    "scorer",
    "ss",
    "wts",
    "wts_ordinal",
    "wts_polar",
]
