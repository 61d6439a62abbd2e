"""What a window is compared with: shares by bin, with how far off they may be, and moments of products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy

from noteship.monitor import statistics
from noteship.monitor.profile import Profile
from noteship.monitor.streams import Array

__all__ = ["Reference", "mean_work", "radii_of"]


@dataclass(frozen=True, eq=False)
class Reference:
    """From the profile, or from the same hour of earlier weeks.

    - masses: by detector, (bins,); feature_masses: (features, width)
    - radii, feature_radii: how far a window's shares may be off, by detector, and (features,)
    - moments: of the products of pairs of dimensions
    - tolerance: which the radii have in them; hour: of the week, None for the profile
    """

    masses: Mapping[str, Array]
    radii: Mapping[str, float]
    feature_masses: Array
    feature_radii: Array
    moments: statistics.ReferenceMoments
    tolerance: float
    hour: int | None = None

    @classmethod
    def of_profile(cls, profile: Profile, tolerance: float) -> Self:
        """The profile's own rows."""
        masses = {name: profile.masses(name) for name in profile.encoder.bins}
        radii = {
            name: statistics.radius(int((each > 0).sum()), _rows(profile.counts(name)), tolerance)
            for name, each in masses.items()
        }
        first, second = profile.rows.tolist()
        moments = statistics.ReferenceMoments(
            (first, second), profile.pairs.means, profile.pairs.factor, profile.pairs.rest
        )
        feature_radii = radii_of(profile.feature_masses, float(first + second), tolerance)
        return cls(masses, radii, profile.feature_masses, feature_radii, moments, tolerance)


def radii_of(masses: Array, rows: float, tolerance: float) -> Array:
    """By feature, (features,), from the number of its bins that a row can be in."""
    sizes = (masses > 0).sum(axis=-1)
    by_size = {int(size): statistics.radius(int(size), max(1, int(rows)), tolerance) for size in numpy.unique(sizes)}
    return numpy.array([by_size[int(size)] for size in sizes])


def _rows(counts: Array) -> int:
    return max(1, int(counts.sum()))


def mean_work(profile: Profile) -> float | None:
    """The reference's mean work, within a few percent: from the ranks that the profile keeps; None without work."""
    layout = profile.encoder.layout
    if not layout.has_work:
        return None
    work, ranks = 2.0 ** layout.ranks.knots[-1], layout.ranks.middles[-1]
    between = ((work[1:] + work[:-1]) / 2 * numpy.diff(ranks)).sum()
    return float(between + work[0] * ranks[0] + work[-1] * (1 - ranks[-1]))
