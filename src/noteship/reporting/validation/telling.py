"""The numbers of a judgement as text: as many digits as they are worth."""

from __future__ import annotations

import math

from noteship.reporting.words import number
from noteship.validation import measures
from noteship.validation.judgement import Calibration, Estimate, Judgement
from noteship.validation.measures import MEASURES

__all__ = ["LEAST", "chance", "estimated", "fitted", "interval", "is_of_one", "measured", "signed", "words_of"]

# Losses that are about one at most: as of shares, digits after the point are what is compared.
OF_ONE = ("brier", "log_loss", "mape")
NOTHING = "–"
# Of times.
LEAST = "Each call was made up to five times, and the least of its times counts: what else runs there only adds to it."


def is_of_one(name: str) -> bool:
    """Whether a metric is at most one, the more the better."""
    return name in MEASURES and MEASURES[name].better == "more"


def words_of(name: str, judgement: Judgement) -> str:
    """What a metric of a judgement is, for a person: also whether it is a mean over its classes."""
    return measures.words_of(name, judgement.classes, judgement.positive)


def measured(name: str, value: float) -> str:
    """A metric's value.

    >>> measured("f1", 0.95), measured("rmse", 1234.5), measured("mae", 0.7), measured("f1", math.nan)
    ('0.950', '1,230', '0.700', '–')
    """
    if not math.isfinite(value):
        return NOTHING
    if is_of_one(name) or name in OF_ONE:
        told = f"{value:.3f}"
    else:
        # As many digits each, as long as they are not before the point.
        told = f"{value:#.3g}" if 1e-3 <= abs(value) < 99.95 else number(value)
    # What is nothing in so many digits has no sign.
    return told.replace("-", "−") if told.strip("-0.") else told.lstrip("-")


def interval(name: str, estimate: Estimate) -> str:
    """From where to where.

    >>> interval("f1", Estimate(0.95, 0.9412, 0.961)), interval("f1", Estimate(0.95))
    ('0.941 to 0.961', '–')
    """
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return NOTHING
    return f"{measured(name, estimate.low)} to {measured(name, estimate.high)}"


def estimated(name: str, estimate: Estimate) -> str:
    """Both, in one text.

    >>> estimated("f1", Estimate(0.95, 0.94, 0.96)), estimated("f1", Estimate(0.95))
    ('0.950 (0.940 to 0.960)', '0.950')
    """
    between = interval(name, estimate)
    return measured(name, estimate.value) if between == NOTHING else f"{measured(name, estimate.value)} ({between})"


def signed(name: str, value: float) -> str:
    """A difference.

    >>> signed("f1", 0.0123), signed("f1", -0.5), signed("f1", -0.0001)
    ('+0.012', '−0.500', '0.000')
    """
    told = measured(name, value)
    return f"+{told}" if value > 0 and told != measured(name, 0.0) else told


def fitted(given: Calibration) -> str:
    """How far scores are from probabilities, and how far those of a calibrated model would be.

    >>> fitted(Calibration("spam", (), Estimate(0.021), shown=0.05, by_chance=0.029, p=0.0004))
    'error 0.050; a calibrated model: 0.029 on average (p < 0.001)'
    """
    if not math.isfinite(given.shown):
        return ""
    p = chance(given.p)
    beside = f"{measured('brier', given.by_chance)} on average{f' ({p})' if p else ''}"
    return f"error {measured('brier', given.shown)}; a calibrated model: {beside}"


def chance(p: float) -> str:
    """How likely something is by chance.

    >>> chance(0.00012), chance(0.0312), chance(math.nan)
    ('p < 0.001', 'p 0.031', '')
    """
    if not math.isfinite(p):
        return ""
    return "p < 0.001" if p < 0.001 else f"p {p:.2g}"
