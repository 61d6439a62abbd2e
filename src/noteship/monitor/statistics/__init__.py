"""What counts and sums say of a change: tolerant e-values, one alarm budget, culprits; numpy alone."""

from __future__ import annotations

from noteship.monitor.statistics.accuracy import ExpectedAccuracy, expected_accuracy
from noteship.monitor.statistics.alarm import AlarmState, e_benjamini_hochberg
from noteship.monitor.statistics.besides import (
    Evidence,
    Known,
    Sure,
    log_e_apart,
    log_e_more,
    rows_to_tell,
    rows_to_tell_more,
)
from noteship.monitor.statistics.bins import bets, log_e_before, log_e_bins
from noteship.monitor.statistics.products import PRODUCTS, fold, pairs_of, products, unfold, with_one
from noteship.monitor.statistics.saddlepoint import joint_distance, tail_probability
from noteship.monitor.statistics.tolerance import DEFAULT_TOLERANCE, allowance, bins_for, radius
from noteship.monitor.statistics.witness import ReferenceMoments, Witness, log_e_witness

__all__ = [
    "DEFAULT_TOLERANCE",
    "PRODUCTS",
    "AlarmState",
    "Evidence",
    "ExpectedAccuracy",
    "Known",
    "ReferenceMoments",
    "Sure",
    "Witness",
    "allowance",
    "bets",
    "bins_for",
    "e_benjamini_hochberg",
    "expected_accuracy",
    "fold",
    "joint_distance",
    "log_e_apart",
    "log_e_before",
    "log_e_bins",
    "log_e_more",
    "log_e_witness",
    "pairs_of",
    "products",
    "radius",
    "rows_to_tell",
    "rows_to_tell_more",
    "tail_probability",
    "unfold",
    "with_one",
]
