"""What several notebooks of this project share."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["INPUTS", "NUMBERS", "TARGET", "WORDS", "make_machines"]

NUMBERS = ["age_years", "hours_per_week", "temperature_c", "vibration_mm_s", "days_since_service"]
WORDS = ["kind", "site"]
INPUTS = NUMBERS + WORDS
TARGET = "outcome"

# How much likelier each kind of machine is to fail, in log-odds.
KINDS = {"pump": 0.0, "fan": -0.5, "compressor": 0.7, "conveyor": 0.2}
SITES = ["north", "harbour", "old mill"]


def make_machines(count: int, seed: int) -> pd.DataFrame:
    """Made-up machines with a month's readings, and whether they failed in the next. Replace this by your own data."""
    rng = np.random.default_rng(seed)
    machines = pd.DataFrame(
        {
            "machine": [f"M{number:05d}" for number in range(count)],
            "kind": rng.choice(list(KINDS), count, p=[0.4, 0.25, 0.15, 0.2]),
            "site": rng.choice(SITES, count),
            "age_years": rng.gamma(3.0, 2.5, count).round(1),
            "hours_per_week": rng.normal(70, 25, count).clip(5, 168).round(),
            "days_since_service": rng.integers(1, 400, count),
        }
    )
    machines["temperature_c"] = (45 + 0.15 * machines["hours_per_week"] + rng.normal(0, 6, count)).round(1)
    wear = 0.12 * machines["age_years"] + 0.004 * machines["days_since_service"]
    machines["vibration_mm_s"] = (0.6 + wear * rng.gamma(4.0, 0.35, count)).round(2)
    log_odds = (
        -7.4
        + machines["kind"].map(KINDS)
        + 1.1 * machines["vibration_mm_s"]
        + 0.008 * machines["days_since_service"]
        + 0.10 * (machines["temperature_c"] - 60).clip(lower=0)
        + 0.012 * machines["hours_per_week"]
    )
    failed = rng.random(count) < 1 / (1 + np.exp(-log_odds))
    machines[TARGET] = np.where(failed, "failed", "ran on")
    # Sensors are silent now and then.
    for column in ["temperature_c", "vibration_mm_s"]:
        machines.loc[rng.random(count) < 0.04, column] = np.nan
    return machines
