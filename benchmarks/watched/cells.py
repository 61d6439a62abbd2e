"""What streams of one law and size say together: run lengths with their bounds, delays, and both as Markdown."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scipy.stats import chi2
from served.tables import Aim, markdown

from watched.laws import LAWS
from watched.streams import Outcome

__all__ = ["FOUND_WITHIN", "Delays", "RunLengths", "aims", "delay_table", "run_table"]

# "Found" is an alarm within so many windows of the change.
FOUND_WITHIN = 12
FOUND_SHARE = 0.9


@dataclass(frozen=True)
class RunLengths:
    """Streams that should not ring, each followed to its alarm or until it was given up.

    - windows: of all streams together; rang: the streams that did
    - mean: windows by alarm, and error, its standard error; none without alarms
    - low: with a probability of 95 % the mean is not below, if alarms come at one rate (Garwood 1936, for Poisson)
    """

    law: str
    rows: int
    threshold: float
    streams: int
    rang: int
    cap: int
    windows: int
    mean: float | None
    error: float | None
    low: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> RunLengths:
        """Of streams of one law and size."""
        task = outcomes[0].task
        windows, rang = sum(each.windows for each in outcomes), sum(each.rang for each in outcomes)
        mean = windows / rang if rang else None
        error = mean / math.sqrt(rang) if mean is not None else None
        low = windows / float(chi2.ppf(0.95, 2 * (rang + 1)) / 2)
        of_task = task.law, task.rows, task.threshold, len(outcomes), rang, task.windows
        return cls(*of_task, windows, mean, error, low)

    def __str__(self) -> str:
        """The mean, its error and its bound; without alarms the bound."""
        if self.mean is None:
            return f"none in {self.windows:,}: over {self.low:,.0f}"
        return f"{self.mean:,.0f} ± {self.error:,.0f}, over {self.low:,.0f}; {self.rang} of {self.streams} rang"


@dataclass(frozen=True)
class Delays:
    """Streams that changed: how many rang within twelve windows, and after how many; those too early are apart."""

    law: str
    rows: int
    threshold: float
    streams: int
    found: int
    early: int
    median: float
    drivers: dict[str, int]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Delays:
        """Of streams of one law and size. The median counts what was not found as infinite."""
        task = outcomes[0].task
        early = sum(each.is_early for each in outcomes)
        found = [each for each in outcomes if each.rang and not each.is_early]
        delays = [float(each.windows) if each in found else math.inf for each in outcomes]
        drivers = dict(Counter(each.driver for each in found).most_common())
        return cls(
            task.law, task.rows, task.threshold, len(outcomes), len(found), early, statistics.median(delays), drivers
        )

    @property
    def is_found(self) -> bool:
        """Whether enough of them were."""
        return self.found >= FOUND_SHARE * self.streams

    def __str__(self) -> str:
        after = f", after {self.median:g}" if math.isfinite(self.median) else ""
        early = f", {self.early} too early" if self.early else ""
        return f"{self.found} of {self.streams}{after}{early}"

    def to_json(self) -> dict[str, Any]:
        """As plain values; no median where most were not found."""
        return asdict(self) | {"median": self.median if math.isfinite(self.median) else None}


def run_table(cells: Sequence[RunLengths]) -> str:
    """A line a law, a column a size."""
    return _table(cells, "law")


def delay_table(cells: Sequence[Delays]) -> str:
    """The same, with the detectors that had most to say."""
    drivers = {cell.law: Counter[str]() for cell in cells}
    for cell in cells:
        drivers[cell.law].update(cell.drivers)
    named = {law: ", ".join(name for name, _ in some.most_common(2)) for law, some in drivers.items()}
    return _table(cells, "change", named)


def _table(cells: Sequence[RunLengths | Delays], first: str, last: dict[str, str] | None = None) -> str:
    sizes = sorted({cell.rows for cell in cells})
    by_place = {(cell.law, cell.rows): str(cell) for cell in cells}
    header = [first, *(f"{size:,} rows" for size in sizes), *(["found by"] if last else [])]
    laws = [law for law in LAWS if any(cell.law == law for cell in cells)]
    rows = [
        [LAWS[law].words, *(by_place.get((law, size), "") for size in sizes), *([last[law]] if last else [])]
        for law in laws
    ]
    return markdown(header, rows)


def aims(runs: Sequence[RunLengths], delays: Sequence[Delays]) -> list[Aim]:
    """What is promised of them: run lengths within their standard error, and what has to be found."""
    allowed = [cell for cell in runs if LAWS[cell.law].kind == "allowed" and cell.cap > cell.threshold]
    found = []
    if allowed:
        shortest = min(allowed, key=lambda cell: cell.low)
        met = shortest.low >= shortest.threshold
        words = f"least bound of a mean run length within the tolerance ({shortest.law}, {shortest.rows:,} rows)"
        found.append(Aim(words, str(shortest), f"at least {shortest.threshold:g}", met))
    for cell in delays:
        if cell.rows == 2_000:
            wanted = f"{FOUND_SHARE:.0%} within {FOUND_WITHIN} windows"
            found.append(Aim(f"{cell.law}, {cell.rows:,} rows a window", str(cell), wanted, cell.is_found))
    return found
