"""Which rows a change is about: those that fall where a window has more rows than the reference."""

from __future__ import annotations

import numpy

from noteship.monitor.decision import Decision
from noteship.monitor.fields import Observed
from noteship.monitor.profile import Profile
from noteship.monitor.streams import Array

__all__ = ["gains"]


def gains(profile: Profile, decision: Decision, window: Observed, rows: Observed) -> Array:
    """By row, how much likelier its bins are in the window than in the reference, in logarithms, (n,).

    Looked at are the bins of the columns that the decision names, or, if it names none, of its trees. Above 0 are rows
    where the window gained, below 0 those where it lost. It orders rows for a person who looks at them: columns are
    taken for independent, so it is no evidence. Raises UnfitRows.
    """
    encoder = profile.encoder
    sizes = [profile.feature_masses.shape[1]] * len(encoder.layout.features) + list(encoder.bins.values())
    then = numpy.concatenate([profile.feature_masses.ravel(), *map(profile.masses, encoder.bins)])
    counts = numpy.bincount(encoder.encode(window).bins.ravel(), minlength=encoder.total + 1)[:-1] + 0.5
    groups = numpy.split(counts, numpy.cumsum(sizes)[:-1])
    now = numpy.concatenate([group / group.sum() for group in groups])
    # One more, for work that was not counted.
    ratios = numpy.zeros(encoder.total + 1)
    ratios[:-1] = numpy.log(now / numpy.where(then > 0, then, now))
    moved: Array = ratios[encoder.encode(rows).bins[:, _columns(profile, decision)]].sum(axis=1)
    return moved


def _columns(profile: Profile, decision: Decision) -> list[int]:
    """Of the columns of bins, those that the decision names."""
    encoder = profile.encoder
    places = {(str(each.name), str(each.group)): place for place, each in enumerate(encoder.layout.features)}
    culprits = [places[each.feature, each.group] for each in decision.culprits]
    return culprits or [len(places) + place for place, name in enumerate(encoder.bins) if name in decision.drives]
