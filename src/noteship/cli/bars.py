"""Small charts of letters, and lines of text with styles; no library draws them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

__all__ = ["Line", "folded", "line", "reach", "rising", "thinned", "widened"]

# Pieces of text with their styles: a colour as #rrggbb, "bold", "dim", or "".
Line = tuple[tuple[str, str], ...]

EIGHTHS = " ▁▂▃▄▅▆▇█"
FULL, FREE, BELL = "━", "╌", "┃"
# The bell stands at so much of a bar; what is beyond it is seen to be beyond.
BELL_AT = 0.75


def line(*pieces: str | tuple[str, str]) -> Line:
    """A line of pieces, those without a style plain."""
    return tuple((piece, "") if isinstance(piece, str) else piece for piece in pieces)


def rising(values: Sequence[float], most: float) -> str:
    """A bar of eighths for each value, from 0 to `most`; what is more than nothing is seen.

    >>> rising([0, 1, 4, 8], 8)
    ' ▁▄█'
    """
    levels = (0 if value <= 0 or most <= 0 else max(1, min(8, round(8 * value / most))) for value in values)
    return "".join(EIGHTHS[level] for level in levels)


def thinned(values: Sequence[float], width: int) -> list[float]:
    """As many values as fit: sums of as many neighbours each.

    >>> thinned([1, 2, 3, 4, 5], 3)
    [3, 7, 5]
    """
    step = -(-len(values) // max(1, width))
    return [sum(values[start : start + step]) for start in range(0, len(values), step)] if step > 1 else list(values)


def widened(bars: str, width: int) -> str:
    """Each bar as often as there is room for.

    >>> widened("▁█", 5)
    '▁▁██'
    """
    return "".join(bar * max(1, width // max(1, len(bars))) for bar in bars)


def reach(value: float | None, bell: float, width: int) -> str:
    """A bar of one logarithm next to the bell; empty for less than nothing, and for None.

    >>> reach(3.0, 6.0, 12), reach(8.0, 6.0, 12), reach(None, 6.0, 12)
    ('━━━━╌╌╌╌┃   ', '━━━━━━━━┃━━━', '╌╌╌╌╌╌╌╌┃   ')
    """
    at = max(1, int(width * BELL_AT) - 1)
    full = 0 if value is None or bell <= 0 else max(0, min(width - 1, round(at * value / bell)))
    if value is not None and value < bell:
        full = min(full, at - 1)
    before, beyond = min(full, at), max(0, full - at)
    return f"{FULL * before}{FREE * (at - before)}{BELL}{FULL * beyond}".ljust(width)


def folded(label: str, text: str, width: int, style: str = "", indent: int = 0) -> Iterator[Line]:
    """Prose behind a label, folded, the further lines under its beginning."""
    parts = textwrap.wrap(text, max(20, width - indent), break_on_hyphens=False) or [""]
    yield line((label.ljust(indent), "dim"), (parts[0], style))
    for part in parts[1:]:
        yield line(" " * indent, (part, style))
