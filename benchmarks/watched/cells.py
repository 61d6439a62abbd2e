"""What streams of one law and size say together: run lengths with their errors, delays, and both as Markdown."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from served.tables import Aim, markdown

from watched.laws import LAWS
from watched.streams import Outcome

__all__ = ["FOUND_WITHIN", "Delays", "RunLengths", "aims", "delay_table", "run_table"]

# "Found" is an alarm within so many windows of the change.
FOUND_WITHIN = 12
FOUND_SHARE = 0.9


@dataclass(frozen=True)
class RunLengths:
    """Streams that should not ring: the mean of windows until they did, or until they were given up, and its error."""

    law: str
    rows: int
    threshold: float
    streams: int
    rang: int
    cap: int
    mean: float
    error: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> RunLengths:
        """Of streams of one law and size. The mean is from below where some did not ring."""
        task = outcomes[0].task
        lengths = [each.windows for each in outcomes]
        rang = sum(each.rang for each in outcomes)
        error = statistics.stdev(lengths) / math.sqrt(len(lengths)) if len(lengths) > 1 else 0.0
        mean = statistics.fmean(lengths)
        return cls(task.law, task.rows, task.threshold, len(outcomes), rang, task.windows, mean, error)

    def __str__(self) -> str:
        if not self.rang:
            return f"over {self.cap:,}, {self.streams} streams"
        sign = "over " if self.rang < self.streams else ""
        return f"{sign}{self.mean:,.0f} ± {self.error:,.0f}, {self.rang} of {self.streams} rang"


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
        shortest = min(allowed, key=lambda cell: cell.mean + cell.error)
        met = shortest.mean + shortest.error >= shortest.threshold
        words = f"shortest mean run length within the tolerance ({shortest.law}, {shortest.rows:,} rows)"
        found.append(Aim(words, str(shortest), f"at least {shortest.threshold:g}", met))
    for cell in delays:
        if cell.rows == 2_000:
            wanted = f"{FOUND_SHARE:.0%} within {FOUND_WITHIN} windows"
            found.append(Aim(f"{cell.law}, {cell.rows:,} rows a window", str(cell), wanted, cell.is_found))
    return found
