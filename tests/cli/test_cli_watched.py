"""What `monitor` shows, line by line, where names are long and windows short."""

from __future__ import annotations

import numpy

from monitor.streams_of_rows import observed
from noteship import monitor, reporting
from noteship.cli import watched
from noteship.monitor.decision import Share
from noteship.operations.monitor import Watched
from reporting.told import START, decision

CLASSES = ("it ran hot", "it ran without a fault")
SETTINGS = monitor.Settings(window_s=1)


def shown(**more: object) -> list[str]:
    """Of a window of a second."""
    given = observed(600, 3)
    labels = numpy.array(CLASSES, object)[(given.numbers[:, 0] > 0).astype(int)]
    probabilities = given.predictions.probabilities
    asked = monitor.Observed(given.numbers, (), monitor.fields.Predictions(labels, probabilities, CLASSES))
    fields = tuple(monitor.Field(f"c{place}", "number", is_plain=True) for place in range(6))
    profile = monitor.Profile.build(asked, fields, "5eed" * 16)
    sketch = profile.sketch()
    sketch.add(profile.encoder.encode(asked), profile.fourier, [str(each) for each in range(600)], [1] * 600)
    windows = [reporting.Window(decision(0, start=START + 7, **more), sketch.to_bytes())]
    history = reporting.History.of(windows, SETTINGS, START + 8)
    place = monitor.Place("local", "mail", "sha256:abc")
    lines = watched.in_full(Watched(place, (), history, profile, 0, 0), SETTINGS, 100, 12)
    return ["".join(text for text, _ in each).rstrip() for each in lines]


def test_names_are_whole_and_times_have_seconds() -> None:
    """A name that is wider than its column has a line of its own; windows of a second are told to the second."""
    lines = shown()
    assert "probability of 'it ran without a fault'" in lines
    assert lines[1].startswith("● Unchanged since 2026-11-23 02:20:07 UTC")


def test_r_and_the_bell_are_explained() -> None:
    """In one line below the windows, which points to the report."""
    lines = shown()
    assert max(map(len, lines)) <= 100
    assert [each for each in lines if each.startswith("R: evidence") and each.endswith("--report explains it all")]


def test_what_moved_in_ranks_has_no_minus_nought() -> None:
    """A variance is no pair, and a correlation of about nothing has no sign."""
    pairs = (Share("variance of c1", 1.04, 1.62), Share("c3 with c4", -0.004, 0.8))
    lines = shown(state="changing", drives=("correlations",), pairs=pairs)
    assert "ranks that moved      variance of c1: +1.04 → +1.62" in lines
    assert "ranks that moved      c3 with c4: 0.00 → +0.80" in lines
