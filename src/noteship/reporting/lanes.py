"""Values with their intervals as rows over one axis: in a page at any width, and as a picture of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from noteship.reporting.scales import Scale
from noteship.reporting.words import escaped, shown

__all__ = ["Kind", "Lane", "Lanes", "Mark", "drawing", "table"]

Kind = Literal["main", "other", "good", "bad"]
# Points; what is drawn in a lane keeps its size, however wide the page is.
HEIGHT, AXIS = 24, 20
# Of a picture: the names' column, the axis', and each of the numbers'.
NAMES, AXIS_WIDTH, NUMBERS = 190, 300, 150
LONGEST_NAME = 30
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
    # Where something begins to be otherwise: the value before, or a threshold.
    line: float = math.nan


@dataclass(frozen=True)
class Lanes:
    """Rows over one axis. `heads`: of the names, of each column of numbers, and of the axis; `line`: for all rows."""

    heads: tuple[str, ...]
    rows: tuple[Lane, ...]
    scale: Scale
    line: float = math.nan
    # Bars from the line, where what counts is how far it is to it.
    is_bars: bool = field(default=False)


def table(lanes: Lanes) -> str:
    """For a page; all text in it is foreign."""
    heads = "".join(f'<th class="{kind}">{escaped(head)}</th>' for head, kind in zip(lanes.heads, _kinds(lanes)))
    lines = []
    for each in lanes.rows:
        hint = f"<small>{escaped(each.hint, 400)}</small>" if each.hint else ""
        numbers = "".join(f'<td class="number">{escaped(told)}</td>' for told in each.numbers)
        lane = f'<svg class="lane" height="{_height(each)}" aria-hidden="true">{_drawn(lanes, each)}</svg>'
        what = f'<td class="what">{escaped(each.name)}{hint}</td>'
        lines.append(f'<tr>{what}{numbers}<td class="lane">{lane}</td></tr>')
    empty = "<td></td>" * (len(lanes.heads) - 1)
    axis = f'<svg class="lane" height="{AXIS}" aria-hidden="true">{_axis(lanes.scale)}</svg>'
    foot = f'<tr class="axis">{empty}<td class="lane">{axis}</td></tr>'
    return f'<table class="lanes"><tr>{heads}</tr>{"".join(lines)}{foot}</table>'


def drawing(lanes: Lanes, told: str) -> str:
    """The same as an SVG element of its own size; `told`: what it shows, as plain text."""
    columns = len(lanes.heads) - 2
    width, top = NAMES + AXIS_WIDTH + NUMBERS * columns + 20, 26.0
    axis_at = width - AXIS_WIDTH - 10
    places = [10, *(10 + NAMES + NUMBERS * place for place in range(columns)), axis_at]
    body = [_text(place, 16, head, "var(--quiet)") for place, head in zip(places, lanes.heads, strict=True)]
    for each in lanes.rows:
        height = _height(each)
        middle = top + height / 2 + 4
        body.append(_text(places[0], middle, shown(each.name, LONGEST_NAME)))
        body += [_text(place, middle, number) for place, number in zip(places[1:], each.numbers, strict=False)]
        body.append(_nested(axis_at, top, height, _drawn(lanes, each)))
        top += height
    body.append(_nested(axis_at, top, AXIS, _axis(lanes.scale)))
    box = f"0 0 {width} {round(top + AXIS + 4)}"
    told = escaped(told, 400)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{told}">{"".join(body)}</svg>'


def _kinds(lanes: Lanes) -> list[str]:
    return ["what", *("number" for _ in lanes.heads[2:]), "lane"]


def _height(lane: Lane) -> int:
    return HEIGHT + 12 * max(0, len(lane.marks) - 1)


def _drawn(lanes: Lanes, lane: Lane) -> str:
    """The lines of the axis, the line, and the marks on it."""
    scale, drawn = lanes.scale, []
    for tick in scale.ticks:
        drawn.append(_upright(scale.place(tick), 'stroke="var(--grid)"'))
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
