"""Alert rules for Prometheus: it rings the bell, and does not do the sums."""

from __future__ import annotations

from typing import Any

from noteship.alerting import accuracy, evidence, hearing, pace
from noteship.alerting.declared import Declared
from noteship.alerting.record import Record

__all__ = ["rules"]

# What looks at days changes slowly, and is read again before Prometheus forgets it, in five minutes.
SLOW = "2m"


def rules(declared: Declared) -> dict[str, Any]:
    """The content of a rules file, which is also the `spec` of a PrometheusRule.

    Thresholds come from the declaration: the tolerance, the bell, and the length of windows. Every rule is by release,
    model and version over all replicas and workers: each of these tells the same, and of several the worst counts.
    """
    every = [*evidence.rules(declared), *hearing.rules(declared), *accuracy.rules(declared), *pace.rules(declared)]
    name = f"noteship-{declared.release}-{declared.model}"
    slow = [each for each in every if isinstance(each, Record) and each.is_slow]
    others = [each for each in every if each not in slow]
    return {
        "groups": [
            {"name": name, "rules": [each.to_rule(declared) for each in others]},
            {"name": f"{name}-slow", "interval": SLOW, "rules": [each.to_rule(declared) for each in slow]},
        ]
    }
