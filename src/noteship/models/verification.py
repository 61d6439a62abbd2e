"""Whether the composed scorer gives what the notebooks stored: their features and their predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy
import pandas

from noteship.models import columnwise, errors
from noteship.models.composition import Composition
from noteship.models.row_matching import Match, match
from noteship.models.stored_predictions import Expected, expected_predictions, may_be_predictions

__all__ = ["Differs", "Finding", "NotChecked", "Stored", "Verified", "raise_difference", "verify"]

# As many rows at once as a thousand dense features of them, in a few copies, may cost: 4096 * 1024 * 8 bytes = 32 MiB.
PIECE_ROWS = 4096


@dataclass(frozen=True, eq=False)
class Stored:
    """A table that the notebooks stored, and where they made it.

    `kind` None means that nobody knows whether it is one: then only a match counts. `named`: the user named it.
    """

    path: str
    table: pandas.DataFrame
    kind: Literal["features", "predictions"] | None = None
    made_by: str = ""
    named: bool = False


@dataclass(frozen=True)
class Verified:
    """The scorer gives what is stored, for `rows` rows, up to `difference`."""

    path: str
    what: str
    rows: int
    difference: float
    how: str

    def __str__(self) -> str:
        nearly = f"up to {self.difference:.1e}" if self.difference else "exactly"
        return f"{self.path}: {self.what} reproduced for {self.rows:,} rows, {self.how}, {nearly}"


@dataclass(frozen=True)
class Differs:
    """The scorer gives something else in `columns`; `row` is the first such row of the stored table."""

    path: str
    what: str
    columns: tuple[str, ...]
    difference: str
    row: int
    made_by: str


@dataclass(frozen=True)
class NotChecked:
    """The table is no counterpart of anything the scorer gives."""

    path: str
    reason: str


Finding = Verified | Differs | NotChecked


@dataclass
class _Comparison:
    """One candidate counterpart, compared piece by piece."""

    what: str
    columns: dict[str, columnwise.Gap] = field(default_factory=dict)

    @property
    def bad(self) -> tuple[str, ...]:
        return tuple(name for name, gap in self.columns.items() if gap.rows)


def verify(composition: Composition, raw: pandas.DataFrame, stored: Stored, target: str | None = None) -> Finding:
    """Compare one stored table with what the composition makes of the raw rows. Labels equal, numbers within 1e-6.

    Cost: one pass of the shared rows through the steps, in pieces of 4096.
    """
    matched = match(raw, stored.table, inputs=composition.inputs, target=target)
    if isinstance(matched, str):
        if stored.kind != "predictions" or not _named_as_target(composition, raw, stored, target):
            return NotChecked(stored.path, matched)
        # Predictions need not be the target's values.
        matched = match(raw, stored.table.rename(columns={target: ""}), inputs=composition.inputs, target=target)
        if isinstance(matched, str):
            return NotChecked(stored.path, matched)
    findings = []
    if stored.kind != "features":
        findings.append(_predictions(composition, raw, stored, matched, target))
    if stored.kind != "predictions":
        findings.append(_features(composition, raw, stored, matched, target))
    for wanted in (Verified, Differs):
        for finding in findings:
            if isinstance(finding, wanted):
                return finding
    return findings[0]


def raise_difference(findings: Sequence[Finding], made_at: Mapping[str, str] | None = None) -> None:
    """Raise DoesNotReproduce for the first that differs."""
    for finding in findings:
        if isinstance(finding, Differs):
            raise errors.DoesNotReproduce(
                path=finding.path,
                made_by=finding.made_by,
                what=finding.what,
                columns=finding.columns,
                difference=finding.difference,
                row=finding.row,
                made_at={name: place for name, place in (made_at or {}).items() if name in finding.columns},
            )


def _pieces(raw: pandas.DataFrame, stored: pandas.DataFrame, matched: Match) -> Iterator[tuple[Any, Any, Any]]:
    for start in range(0, len(matched.raw), PIECE_ROWS):
        here = matched.stored[start : start + PIECE_ROWS]
        yield raw.iloc[matched.raw[start : start + PIECE_ROWS]], stored.iloc[here], here


def _predictions(
    composition: Composition, raw: pandas.DataFrame, stored: Stored, matched: Match, target: str | None
) -> Finding:
    wanted = expected_predictions(stored.table, composition.predictor.classes, list(raw.columns), target, stored.path)
    if not wanted and stored.kind == "predictions" and _named_as_target(composition, raw, stored, target):
        if _is_target(raw, stored.table, matched, str(target)):
            return NotChecked(stored.path, f"its column {target} holds what is known of the target")
        wanted = [Expected(str(target))]
    if not wanted:
        return NotChecked(stored.path, "none of its columns is a prediction of the model")
    comparison = _Comparison("predictions")
    for rows, table, places in _pieces(raw, stored.table, matched):
        scores = composition.score(rows)
        for expected in wanted:
            _compare_expected(comparison, expected, scores, table, places)
    return _conclude([comparison], stored, matched)


def _named_as_target(composition: Composition, raw: pandas.DataFrame, stored: Stored, target: str | None) -> bool:
    """Whether the predictions are in a column of the target's name, since no other is named like one."""
    if target is None or target not in stored.table.columns:
        return False
    classes = composition.predictor.classes
    if expected_predictions(stored.table, classes, list(raw.columns), target, stored.path):
        return False
    return may_be_predictions(stored.table[target], classes)


def _is_target(raw: pandas.DataFrame, table: pandas.DataFrame, matched: Match, target: str) -> bool:
    """Whether a stored column has the target's known values, where it has any."""
    if target not in raw.columns:
        return False
    ours, theirs = raw[target].iloc[matched.raw], table[target].iloc[matched.stored]
    known = ours.notna().to_numpy() & theirs.notna().to_numpy()
    if not known.any():
        return False
    places = numpy.arange(int(known.sum()))
    return not columnwise.compare(ours.to_numpy()[known], theirs.to_numpy()[known], places).rows


def _compare_expected(comparison: _Comparison, expected: Expected, scores: Any, table: Any, places: Any) -> None:
    gap = columnwise.compare(expected.of(scores), table[expected.column].to_numpy(), places)
    before = comparison.columns.get(expected.column)
    comparison.columns[expected.column] = gap if before is None else before.plus(gap)


def _features(
    composition: Composition, raw: pandas.DataFrame, stored: Stored, matched: Match, target: str | None
) -> Finding:
    comparisons: dict[int, _Comparison] = {}
    own = [name for name in stored.table.columns if name not in raw.columns and name != target]
    for rows, table, places in _pieces(raw, stored.table, matched):
        for number, layer in enumerate(composition.layers(rows)):
            columns = columnwise.counterparts(layer, list(stored.table.columns), own)
            if columns:
                comparison = comparisons.setdefault(number, _Comparison("features"))
                for name, gap in columnwise.gaps(layer, columns, table, places):
                    before = comparison.columns.get(name)
                    comparison.columns[name] = gap if before is None else before.plus(gap)
    if not comparisons:
        return NotChecked(stored.path, "none of its columns is a feature or prediction of the model")
    return _conclude(list(comparisons.values()), stored, matched)


def _conclude(comparisons: list[_Comparison], stored: Stored, matched: Match) -> Finding:
    best = min(comparisons, key=lambda comparison: len(comparison.bad) / len(comparison.columns))
    rows = len(matched.raw)
    if not best.bad:
        difference = max(gap.largest for gap in best.columns.values())
        return Verified(stored.path, best.what, rows, difference, matched.how)
    if stored.kind is None:
        return NotChecked(stored.path, f"the steps give other {best.what}, and nothing shows that it came of them")
    worst = max(best.bad, key=lambda name: best.columns[name].rows)
    first = min(best.columns[name].first for name in best.bad)
    return Differs(stored.path, best.what, best.bad, best.columns[worst].said(worst, rows), first, stored.made_by)
