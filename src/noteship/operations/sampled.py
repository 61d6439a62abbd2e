"""`noteship monitor --sample`: rows that were kept, of windows before a change and of those since."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from noteship import monitor, reporting, store

__all__ = ["rows_of"]

# Windows that are put together; of more, the rows are no better a sample.
TOGETHER = 12
# Windows that are looked at for usual ones.
LOOKED_AT = 60


def rows_of(windows: monitor.Windows, profile: monitor.Profile, history: reporting.History) -> reporting.Rows | None:
    """What is kept of a version's windows, as far as it concerns how it stands; None where nothing is, or is told."""
    try:
        return _rows_of(windows, profile, history)
    except store.errors.StoreDenied:
        # Counts may be seen by more people than rows.
        return None


def _rows_of(windows: monitor.Windows, profile: monitor.Profile, history: reporting.History) -> reporting.Rows | None:
    kept = monitor.KeptRows(windows.objects, windows.place)
    known = {each.start: each for each in history.decisions}
    begun = reporting.begun(history)
    starts = kept.starts()
    since = [start for start in starts if begun is not None and begun <= start <= history.end]
    before = itertools.islice(_usual(windows, [start for start in starts if start not in since], known), TOGETHER)
    samples = [_read(kept, each) for each in (sorted(before), since[-TOGETHER:])]
    if not any(samples):
        return None
    return reporting.Rows.of(profile, history, *samples)


def _usual(windows: monitor.Windows, starts: Sequence[int], known: Mapping[int, monitor.Decision]) -> Iterator[int]:
    """Those that were decided to be so, the latest first."""
    for start in starts[: -LOOKED_AT - 1 : -1]:
        decision = known.get(start)
        if decision is None:
            ref = windows.read_decision(start)
            value = None if ref is None else ref.value["decision"]
            decision = None if value is None else monitor.Decision.from_json(value)
        if decision is not None and reporting.is_usual(decision):
            yield start


def _read(kept: monitor.KeptRows, starts: Sequence[int]) -> dict[int, monitor.Sample]:
    found = {start: kept.read(start) for start in starts}
    return {start: sample for start, sample in found.items() if sample is not None}
