"""How columns go together, as a matrix that stays readable for thirty of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from noteship.reporting.words import escaped, shown
from noteship.tabular.surveys.relations import Pair, Relations

__all__ = ["MOST", "chosen", "matrix", "pairs"]

MOST = 30
# With so many columns at most, cells hold their numbers.
WRITTEN = 12
# In pixels.
CELL, WIDE_CELL, LETTER, GAP = 21, 36, 6.6, 4
LONGEST = 22
# Weaker pairs are none to look at; one percent of what is spread is explained.
LEAST = 0.1


def chosen(relations: Relations, first: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns that are shown, in their order: all, or of many those that go most with another one."""
    if len(relations.columns) <= MOST:
        return relations.columns
    strength = {
        name: max(
            (abs(value) for other, value in enumerate(row) if other != place and not math.isnan(value)), default=0
        )
        for place, (name, row) in enumerate(zip(relations.columns, relations.matrix, strict=True))
    }
    order = sorted(relations.columns, key=lambda name: (name not in first, -strength[name]))
    kept = set(order[:MOST])
    return tuple(name for name in relations.columns if name in kept)


def matrix(relations: Relations, names: Sequence[str]) -> str:
    """The lower half. The stronger, the more colour; orange where one falls while the other rises."""
    if len(names) < 2:
        return ""
    place = {name: number for number, name in enumerate(relations.columns)}
    cell = WIDE_CELL if len(names) <= WRITTEN else CELL
    labels = [shown(name, LONGEST) for name in names]
    left = max(map(_width, labels[1:])) + GAP
    # Names below are turned by forty-five degrees.
    below = max(map(_width, labels[:-1])) * 0.75 + 14
    count = len(names) - 1
    parts = []
    for row in range(1, len(names)):
        y = (row - 1) * cell
        parts.append(
            f'<text x="{left - GAP:.0f}" y="{y + cell / 2 + 4:.1f}" text-anchor="end">{escaped(labels[row])}</text>'
        )
        for column in range(row):
            value = relations.matrix[place[names[row]]][place[names[column]]]
            parts.append(_cell(left + column * cell, y, cell, value, f"{names[row]} and {names[column]}", len(names)))
    for column in range(count):
        x, y = left + column * cell + cell / 2, count * cell + 10
        parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="end" transform="rotate(-45 {x:.1f} {y:.1f})">'
            f"{escaped(labels[column])}</text>"
        )
    # The first name below hangs out to the left.
    width, height = left + count * cell + 2, count * cell + below
    out = max(0.0, below - left)
    return (
        f'<div class="matrix"><svg viewBox="{-out:.0f} 0 {width + out:.0f} {height:.0f}" width="{width + out:.0f}" '
        f'height="{height:.0f}" '
        f'role="img" aria-label="how columns go together" font-size="11" fill="var(--ink)">{"".join(parts)}</svg></div>'
    )


def _width(label: str) -> float:
    """In pixels, about: the letter m is twice as wide as the others are on average."""
    return LETTER * (len(label) + sum(0.7 for letter in label if letter in "mwMWQO@%_"))


def _cell(x: float, y: float, size: int, value: float, what: str, count: int) -> str:
    side = size - 1
    box = f'x="{x:.0f}" y="{y:.0f}" width="{side}" height="{side}"'
    if math.isnan(value):
        return f'<rect {box} fill="none" stroke="var(--grid)"><title>{escaped(what)}: not known</title></rect>'
    colour = "--window" if value >= 0 else "--alarm"
    strength = abs(value)
    told = f"<title>{escaped(what)}: {value:+.2f}</title>"
    made = f'<rect {box} fill="var(--grid)" fill-opacity=".55">{told}</rect>'
    made += f'<rect {box} fill="var({colour})" fill-opacity="{strength:.2f}">{told}</rect>'
    if count <= WRITTEN:
        ink = "var(--paper)" if strength > 0.6 else "var(--ink)"
        text = f"{value:z.2f}".replace("0.", ".") if strength < 0.995 else f"{value:.0f}"
        made += (
            f'<text x="{x + side / 2:.1f}" y="{y + side / 2 + 4:.1f}" text-anchor="middle" fill="{ink}">{text}</text>'
        )
    return made


def pairs(given: Sequence[Pair]) -> str:
    """The strongest pairs, and by which measure."""
    lines = []
    for each in given:
        if abs(each.value) < LEAST:
            continue
        linear = f"; Pearson {each.pearson:+.2f}" if each.pearson is not None and not math.isnan(each.pearson) else ""
        # Only what has a Pearson's correlation beside it has a direction.
        value = f"{each.value:.2f}" if each.pearson is None else f"{each.value:+.2f}"
        lines.append(
            f'<tr><td class="what">{escaped(each.one, 40)}<br/>{escaped(each.other, 40)}</td>'
            f'<td class="number"><b>{value}</b></td>'
            f'<td class="what measure"><small class="quiet">{each.measure}{linear}</small></td></tr>'
        )
    if not lines:
        return f'<p class="quiet">No two columns go together by {LEAST} or more.</p>'
    return f'<table class="pairs">{"".join(lines)}</table>'
