"""Values with their intervals as rows over one axis: in a page at any width, and as a picture of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from noteship.reporting.scales import Scale
from noteship.reporting.words import escaped, shown

__all__ = ["Kind", "Lane", "Lanes", "Mark", "drawing", "table"]

Kind = Literal["main", "other", "good", "bad"]
# Points; what is drawn in a lane keeps its size, however wide the page is.
HEIGHT, AXIS = 24, 20
# Of a picture: the names' column, the axis', and each of the numbers'.
NAMES, AXIS_WIDTH, NUMBERS = 260, 300, 130
LONGEST_NAME = 40
COLOURS = {"main": "var(--window)", "other": "var(--quiet)", "good": "#009e73", "bad": "#d55e00"}
SHAPES = {
    "main": "M0 -4.5a4.5 4.5 0 1 0 .01 0z",
    "other": "M-4 -4h8v8h-8z",
    "good": "M0 -4.5a4.5 4.5 0 1 0 .01 0z",
    "bad": "M0 -6l6 6l-6 6l-6 -6z",
}


@dataclass(frozen=True)
class Mark:
    """A value, and the interval that it is known by; `kind` gives shape and colour, either of which is enough."""

    value: float
    low: float = math.nan
    high: float = math.nan
    kind: Kind = "main"

    @property
    def span(self) -> tuple[float, ...]:
        """What of it an axis has to hold."""
        return (self.value, self.low, self.high)


@dataclass(frozen=True)
class Lane:
    """A row: its name, a word on it, its numbers as text, and its marks, one below the other."""

    name: str
    numbers: tuple[str, ...]
    marks: tuple[Mark, ...]
    hint: str = ""
    # Where something begins to be otherwise: the value before, or a threshold. Over that of all rows.
    line: float = math.nan
    # Of a row that cannot be compared with its neighbours.
    scale: Scale | None = None


@dataclass(frozen=True)
class Lanes:
    """Rows over one axis, or each over its own. `heads`: of the names, of each column of numbers, and of the axis."""

    heads: tuple[str, ...]
    rows: tuple[Lane, ...]
    scale: Scale | None = None
    line: float = math.nan
    # Bars from the line, where what counts is how far it is to it.
    is_bars: bool = False
    # What these rows have in common, where there are others above or below.
    about: str = ""

    def first(self, count: int) -> Lanes:
        """So many rows, on the same axis."""
        return replace(self, rows=self.rows[:count])


def table(*groups: Lanes) -> str:
    """For a page: one group below the other, with the first one's heads; nothing of none. All text is foreign."""
    if not groups:
        return ""
    heads = [escaped(each) for each in groups[0].heads]
    row = "".join(f'<th class="{kind}">{head}</th>' for kind, head in zip(_kinds(groups[0]), heads, strict=True))
    bodies = "".join(_body(each, heads) for each in groups)
    return f'<table class="lanes"><thead><tr>{row}</tr></thead>{bodies}</table>'


def _body(lanes: Lanes, heads: Sequence[str]) -> str:
    lines = [_row(lanes, each, heads[1:-1]) for each in lanes.rows]
    if lanes.about:
        lines.insert(0, f'<tr class="about"><td colspan="{len(heads)}">{escaped(lanes.about)}</td></tr>')
    if lanes.scale is not None:
        empty = "<td></td>" * (len(heads) - 1)
        lines.append(f'<tr class="axis">{empty}<td class="lane">{_lane(AXIS, _axis(lanes.scale))}</td></tr>')
    return f"<tbody>{''.join(lines)}</tbody>"


def _row(lanes: Lanes, lane: Lane, heads: Sequence[str]) -> str:
    """On a small screen there is no row of heads, so numbers have theirs."""
    hint = f"<small>{escaped(lane.hint, 400)}</small>" if lane.hint else ""
    told = zip(heads, lane.numbers, strict=True)
    numbers = "".join(f'<td class="number" data-head="{head}">{escaped(each)}</td>' for head, each in told)
    drawn = _lane(_height(lane), _drawn(lanes, lane))
    return f'<tr><td class="what">{escaped(lane.name)}{hint}</td>{numbers}<td class="lane">{drawn}</td></tr>'


def _lane(height: int, body: str) -> str:
    return f'<svg class="lane" style="height: {height}px" aria-hidden="true">{body}</svg>'


def drawing(*groups: Lanes, told: str) -> str:
    """The same as an SVG element of its own size; `told`: what it shows, as plain text."""
    heads = groups[0].heads
    places = [10, *(10 + NAMES + NUMBERS * place for place in range(len(heads) - 2))]
    places.append(10 + NAMES + NUMBERS * (len(heads) - 2))
    body = [_text(place, 18, head, "var(--quiet)") for place, head in zip(places, heads, strict=True)]
    top = 28
    for each in groups:
        drawn, top = _group(each, places, top)
        body += drawn
    width = places[-1] + AXIS_WIDTH + 14
    head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + 4}" role="img"'
    return f'<svg {head} aria-label="{escaped(told, 400)}">{"".join(body)}</svg>'


def _group(lanes: Lanes, places: Sequence[int], top: int) -> tuple[list[str], int]:
    """What is drawn from a height on, and where it ends."""
    body = []
    if lanes.about:
        body.append(_text(places[0], top + 16, lanes.about, "var(--quiet)"))
        top += HEIGHT
    for each in lanes.rows:
        height = _height(each)
        middle = top + height // 2 + 4
        body.append(_text(places[0], middle, shown(each.name, LONGEST_NAME)))
        body += [_text(place, middle, number) for place, number in zip(places[1:-1], each.numbers, strict=True)]
        body.append(_nested(places[-1], top, height, _drawn(lanes, each)))
        top += height
    if lanes.scale is not None:
        body.append(_nested(places[-1], top, AXIS, _axis(lanes.scale)))
        top += AXIS
    return body, top


def _kinds(lanes: Lanes) -> list[str]:
    return ["what", *("number" for _ in lanes.heads[2:]), "lane"]


def _height(lane: Lane) -> int:
    return HEIGHT + 12 * max(0, len(lane.marks) - 1)


def _drawn(lanes: Lanes, lane: Lane) -> str:
    """The lines of the axis, the line, and the marks on it."""
    scale = lane.scale or lanes.scale
    if scale is None:
        return ""
    # Lines at round numbers help where these are written below.
    ticks = [] if lane.scale else scale.ticks
    drawn = [_upright(scale.place(tick), 'stroke="var(--grid)"') for tick in ticks]
    if lane.scale:
        drawn.append('<line x1="0" x2="100%" y1="50%" y2="50%" stroke="var(--grid)"/>')
    line = lane.line if math.isfinite(lane.line) else lanes.line
    if math.isfinite(line):
        drawn.append(_upright(scale.place(line), 'stroke="var(--ink)" stroke-width="1.2" stroke-dasharray="3 2"'))
    for place, mark in enumerate(lane.marks):
        if math.isfinite(mark.value):
            height = round(100 * (place + 0.5) / len(lane.marks), 1)
            drawn.append(_marked(scale, mark, height, line if lanes.is_bars else math.nan))
    return "".join(drawn)


def _marked(scale: Scale, mark: Mark, height: float, start: float) -> str:
    colour, at = COLOURS[mark.kind], scale.place(mark.value)
    drawn = ""
    if math.isfinite(start):
        ends = sorted((scale.place(start), at))
        drawn += (
            f'<rect x="{ends[0]}%" y="{height}%" width="{round(ends[1] - ends[0], 2)}%" height="10" '
            f'transform="translate(0 -5)" fill="{colour}" fill-opacity="0.35"/>'
        )
    if math.isfinite(mark.low) and math.isfinite(mark.high):
        low, high = scale.place(mark.low), scale.place(mark.high)
        drawn += (
            f'<line x1="{low}%" x2="{high}%" y1="{height}%" y2="{height}%" stroke="{colour}" stroke-width="2" '
            'stroke-linecap="round"/>'
        )
    paint = f'fill="var(--paper)" stroke="{colour}" stroke-width="1.8"' if mark.kind == "other" else f'fill="{colour}"'
    return f'{drawn}<svg x="{at}%" y="{height}%" overflow="visible"><path d="{SHAPES[mark.kind]}" {paint}/></svg>'


def _upright(place: float, paint: str) -> str:
    return f'<line x1="{place}%" x2="{place}%" y1="0" y2="100%" {paint}/>'


def _axis(scale: Scale) -> str:
    return "".join(
        f'<text x="{scale.place(tick)}%" y="14" text-anchor="middle" font-size="11" fill="var(--quiet)">{label}</text>'
        for tick, label in zip(scale.ticks, scale.labels, strict=True)
    )


def _nested(left: float, top: float, height: float, body: str) -> str:
    return f'<svg x="{left}" y="{top}" width="{AXIS_WIDTH}" height="{height}" overflow="visible">{body}</svg>'


def _text(left: float, base: float, text: str, colour: str = "var(--ink)") -> str:
    return f'<text x="{left}" y="{base}" font-size="12" fill="{colour}">{escaped(text)}</text>'
