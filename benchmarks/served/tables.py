"""Medians over the repetitions, the aims, and both as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from served.servers import PEERS
from served.wrk import Load

__all__ = ["MANY", "ONE", "Aim", "Key", "Medians", "aims", "load_rows", "markdown", "medians"]

TIMES_FASTER = 8
SHARE_OF_P50 = 1 / 5
ONE, MANY = 1, 32

# The model's kind, the server's name, the number of connections.
Key = tuple[str, str, int]
Medians = Mapping[Key, Load]


@dataclass(frozen=True)
class Aim:
    """One aim: what was found, what is wanted, and whether the one is the other."""

    what: str
    found: str
    wanted: str
    is_met: bool


def medians(loads: Mapping[Key, Sequence[Load]]) -> Medians:
    """Median of each number; refused and broken requests are added up, for none is allowed."""
    return {
        key: Load(
            statistics.median(each.rps for each in some),
            statistics.median(each.p50_ms for each in some),
            statistics.median(each.p99_ms for each in some),
            sum(each.refused for each in some),
            sum(each.broken for each in some),
        )
        for key, some in loads.items()
    }


def aims(found: Medians, kind: str) -> list[Aim]:
    """The three aims for one model, where noteship and at least one peer were measured."""
    ours = {connections: found.get((kind, "noteship", connections)) for connections in (ONE, MANY)}
    theirs = {
        connections: {name: found[kind, name, connections] for name in PEERS if (kind, name, connections) in found}
        for connections in (ONE, MANY)
    }
    one, many = ours[ONE], ours[MANY]
    if one is None or many is None or not theirs[ONE] or not theirs[MANY]:
        return []
    fastest = max(theirs[MANY], key=lambda name: theirs[MANY][name].rps)
    soonest = min(theirs[ONE], key=lambda name: theirs[ONE][name].p50_ms)
    shortest = min(theirs[MANY], key=lambda name: theirs[MANY][name].p50_ms)
    ratio = many.rps / theirs[MANY][fastest].rps
    share = one.p50_ms / theirs[ONE][soonest].p50_ms
    limit = theirs[MANY][shortest].p50_ms
    return [
        Aim(
            f"{kind}, {MANY} connections: requests/s, times {fastest}'s",
            f"{ratio:.1f}",
            f"at least {TIMES_FASTER}",
            ratio >= TIMES_FASTER,
        ),
        Aim(
            f"{kind}, {ONE} connection: p50, share of {soonest}'s",
            f"{share:.2f}",
            f"at most {SHARE_OF_P50:.2f}",
            share <= SHARE_OF_P50,
        ),
        Aim(
            f"{kind}, {MANY} connections: p99",
            _ms(many.p99_ms),
            f"below {shortest}'s p50, {_ms(limit)}",
            many.p99_ms < limit,
        ),
    ]


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with aligned columns."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"

    return "\n".join([line(header), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, rows)])


def load_rows(found: Medians) -> list[list[str]]:
    """A line for each model and server, one connection and many side by side."""
    lines = dict.fromkeys((kind, name) for kind, name, _ in found)
    return [
        [kind, name, *(cell for connections in (ONE, MANY) for cell in _cells(found.get((kind, name, connections))))]
        for kind, name in lines
    ]


def _cells(load: Load | None) -> list[str]:
    if load is None:
        return [""] * 3
    failed = "".join(f", {n} {word}" for n, word in ((load.refused, "refused"), (load.broken, "broken")) if n)
    return [f"{load.rps:,.0f}{failed}", _ms(load.p50_ms), _ms(load.p99_ms)]


def _ms(value: float) -> str:
    return f"{value:.2f} ms" if value < 10 else f"{value:.0f} ms"
