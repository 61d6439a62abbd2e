"""Histories of windows, with sketches and without, for the tests of reports."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any

from monitor.streams_of_rows import Stream, observed, sketched
from noteship import monitor, reporting
from noteship.monitor.deciding import Gathered
from noteship.monitor.decision import Decision

START, SECONDS = 1_795_400_400, 300
SETTINGS = monitor.Settings()


def decision(place: int, state: Any = "unchanged", **more: Any) -> Decision:
    """One of a window by its number, as it would be without anything remarkable."""
    told = Decision(START + place * SECONDS, state, 1_000, 500, 1_000, 1, math.log(25_920), log_total=0.5, joint_p=0.3)
    if state == "not enough data":
        told = dataclasses.replace(told, rows=20, judged_rows=20, log_total=None, joint_p=None)
    return dataclasses.replace(told, **more)


def history(decisions: Sequence[Decision], later_s: float = 60) -> reporting.History:
    """Without sketches; looked at some seconds after the last window ended."""
    now = decisions[-1].start + SECONDS + later_s if decisions else START
    return reporting.History.of([reporting.Window(each) for each in decisions], SETTINGS, now)


@functools.cache
def streamed(*kinds: tuple[int, int, str]) -> reporting.History:
    """Windows with their sketches: so many, with so many rows, of a kind."""
    stream = Stream(3)
    stream.start = START
    windows = []
    for count, rows, kind in kinds:
        for _ in range(count):
            sketch = sketched(observed(rows, [3, stream.start], kind), f"3 {stream.start}", stream.state)
            windows.append(reporting.Window(stream.judge(Gathered(stream.start, sketch)), sketch.to_bytes()))
    return reporting.History.of(windows, SETTINGS, stream.start + 60)
