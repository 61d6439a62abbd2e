"""The charts of a judgement as pictures in files, for a text that stands outside of any page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from noteship.reporting import lanes
from noteship.reporting.canvas import Easel
from noteship.reporting.standalone import picture
from noteship.reporting.validation import curves, errors_of_numbers, estimates, parts
from noteship.validation.judgement import Judgement

__all__ = ["pictures"]

# A picture is looked at whole.
MOST_SLICES = 25


def pictures(judgement: Judgement) -> Mapping[str, str]:
    """SVG files by name, in the colours of the day; of what the judgement has nothing on there is none."""
    with Easel().set_up() as easel:
        drawn = {name: picture(svg) for name, svg in _plots(easel, judgement)}
    return {**{name: picture(svg, is_plot=False) for name, svg in _lanes(judgement)}, **drawn}


def _lanes(judgement: Judgement) -> Iterator[tuple[str, str]]:
    beside = judgement.champion.metrics if judgement.champion else {}
    measured = estimates.groups(judgement, ("value", "champion"), beside)
    if measured:
        yield "metrics", lanes.drawing(*measured, told="metrics")
    apart = estimates.differences(judgement)
    if apart:
        yield "champion", lanes.drawing(*apart, told="differences to the champion")
    by_slice = parts.slices(judgement)
    if by_slice is not None:
        yield "slices", lanes.drawing(by_slice.first(MOST_SLICES), told="slices")
    shifted = parts.robustness(judgement.robustness)
    if shifted is not None:
        yield "robustness", lanes.drawing(shifted.first(MOST_SLICES), told="robustness")


def _plots(easel: Easel, judgement: Judgement) -> Iterator[tuple[str, str]]:
    if judgement.calibration is not None and judgement.calibration.bins:
        yield "calibration", curves.calibration(easel, judgement.calibration)
    given = judgement.thresholds
    if given is not None and given.points:
        yield "thresholds", curves.thresholds(easel, given)
        yield "roc", curves.receiver(easel, given)
        yield "precision", curves.precision_and_recall(easel, given, curves.share_of(judgement.split, given.positive))
    if judgement.regression is not None:
        yield "predicted", errors_of_numbers.predicted_and_true(easel, judgement.regression, judgement.target)
        yield "errors", errors_of_numbers.residuals(easel, judgement.regression)
