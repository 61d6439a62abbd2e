"""The names that gates may ask for, before anything is judged, and their values afterwards. Standard library only.

f1                      a measure of the judged model; f1.low and f1.high are the ends of its interval
p99_ms                  what scoring costs
ece                     the expected calibration error above that of a calibrated model
worst_slice.f1          the worst value in any slice that is not small; worst_slice.f1.high is the worst such end
slice.sender.f1         the worst value among the slices of one column that are not small
slice.sender.'a@b'.f1   the value in one slice
champion.f1             the champion's value on the same rows
difference.f1           the judged model's value less the champion's, on the same resamples
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from noteship.nearest import nearest
from noteship.validation.errors import GateUnknown
from noteship.validation.gate_reckoning import ABOUT_CHAMPION
from noteship.validation.gate_terms import Name
from noteship.validation.gates import Gate
from noteship.validation.judgement import Estimate, Judgement, Slice
from noteship.validation.measures import COSTS, MEASURES, goodness

__all__ = ["Known", "values_of"]

ENDS = ("low", "high")
CALIBRATION = "ece"


@dataclass(frozen=True)
class Known:
    """What will be known of a model: its measures, and the columns that its rows are sliced by."""

    measures: tuple[str, ...]
    columns: tuple[str, ...] = ()
    is_calibrated: bool = False

    def check(self, gates: Iterable[Gate]) -> None:
        """Look at every name of every gate. Raises GateUnknown."""
        for gate in gates:
            for name in gate.names:
                why = self._fault(name)
                if why:
                    raise GateUnknown(gate.text, str(name), why, gate.where, self._near(name), self._all)

    def _near(self, name: Name) -> str:
        if name.parts[0] == "slice" and len(name.parts) > 2 and self._of_column(name.parts[1]):
            column = nearest(name.parts[1], self.columns)
            return str(Name(("slice", column, *name.parts[2:]))) if column else ""
        return nearest(name.parts[-1], self._plain) or nearest(str(name), self._all)

    @property
    def _plain(self) -> tuple[str, ...]:
        return (*self.measures, *((CALIBRATION,) if self.is_calibrated else ()), *COSTS)

    @property
    def _all(self) -> tuple[str, ...]:
        one = self.measures[0]
        slices = (f"worst_slice.{one}", *(f"slice.{Name((column,))}.{one}" for column in self.columns))
        return (*self._plain, f"{one}.low", f"champion.{one}", f"difference.{one}", *(slices if self.columns else ()))

    def _fault(self, name: Name) -> str:
        """Why there is no such name; nothing where there is."""
        parts = name.parts
        if len(parts) > 1 and parts[-1] in ENDS:
            parts = parts[:-1]
            if parts[-1] in COSTS:
                return "what scoring costs has no interval"
            if parts == (CALIBRATION,):
                return "it has no interval: what chance shows is taken off already"
        match parts:
            case (plain,):
                return "" if plain in self._plain else self._unknown(plain)
            case ("champion" | "difference" | "worst_slice", measure):
                return self._of_measure(measure)
            case ("slice", column, *_, measure) if len(parts) <= 4:
                return self._of_column(column) or self._of_measure(measure)
            case _:
                return "there is nothing of that kind"

    def _of_column(self, column: str) -> str:
        return "" if column in self.columns else f"rows are not sliced by {column!r}, unless [validate] slices names it"

    def _of_measure(self, measure: str) -> str:
        if measure in COSTS or measure == CALIBRATION:
            return f"{measure} is known of the judged model alone"
        return "" if measure in self.measures else self._unknown(measure)

    def _unknown(self, measure: str) -> str:
        if measure in MEASURES:
            return f"{MEASURES[measure].words} is not measured of this model"
        return f"there is no measure {measure}"


def values_of(judgement: Judgement) -> dict[str, float | Estimate]:
    """Every value that gates may ask for, by its name as `str` of a `Name` has it."""
    return {str(Name(parts)): value for parts, value in _values(judgement)}


def _values(judgement: Judgement) -> Iterator[tuple[tuple[str, ...], float | Estimate]]:
    for measure, estimate in judgement.metrics.items():
        yield (measure,), estimate
    if judgement.calibration:
        yield (CALIBRATION,), judgement.calibration.ece
    cost = judgement.cost
    if cost:
        yield from (((name,), getattr(cost.one, name)) for name in ("p50_ms", "p95_ms", "p99_ms"))
        yield ("rows_per_second",), cost.rows_per_second
        for name in ("work_mean", "work_p99"):
            value = getattr(cost, name)
            yield (name,), math.nan if value is None else value
    if judgement.champion:
        for of, found in zip(ABOUT_CHAMPION, (judgement.champion.metrics, judgement.champion.differences), strict=True):
            yield from (((of, measure), estimate) for measure, estimate in found.items())
    yield from _of_slices(judgement.slices)


def _of_slices(slices: Iterable[Slice]) -> Iterator[tuple[tuple[str, ...], Estimate]]:
    by: dict[tuple[str, ...], dict[str, list[tuple[Estimate, bool]]]] = {}
    for each in slices:
        for measure, estimate in each.metrics.items():
            yield ("slice", each.column, each.value, measure), estimate
            if not each.is_small:
                of: tuple[str, ...]
                for of in (("worst_slice",), ("slice", each.column)):
                    by.setdefault(of, {}).setdefault(measure, []).append((estimate, measure in each.few))
    for of, measures in by.items():
        for measure, several in measures.items():
            yield (*of, measure), _worst(measure, several)


def _worst(measure: str, several: Iterable[tuple[Estimate, bool]]) -> Estimate:
    """The worst value where it rests on enough rows, and the worst ends of all.

    A slice without any cases has no recall, and is none the worse for it; one with few has a value that says little,
    and an interval that says how little.
    """
    listed = list(several)

    def good(value: float) -> float:
        return float(goodness(measure, value))

    if measure in MEASURES and MEASURES[measure].better == "zero":
        values = [each for each, few in listed if not few and math.isfinite(each.value)]
        return min(values, key=lambda each: good(each.value), default=Estimate(math.nan))

    def worst(ends: Iterable[float]) -> float:
        return min(filter(math.isfinite, ends), key=good, default=math.nan)

    return Estimate(
        worst(each.value for each, few in listed if not few),
        worst(each.low for each, _ in listed),
        worst(each.high for each, _ in listed),
    )
