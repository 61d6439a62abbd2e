"""Bars that lie beside their names, in HTML, so that long names are cut and nothing is too small on a telephone."""

from __future__ import annotations

from collections.abc import Iterable

from noteship.reporting.words import escaped, percent

__all__ = ["EMPTY", "bars", "number_of"]

EMPTY = '<i class="none">empty</i>'


def bars(given: Iterable[tuple[str, float, str]], *, most: float = 1.0, is_broad: bool = False) -> str:
    """Names, lengths as parts of `most`, and what is said of each."""
    lines = "".join(
        f'<li><span class="name" title="{escaped(name)}">{escaped(name) or EMPTY}</span>'
        f'<span class="bar"><i style="width: {100 * min(1.0, max(0.0, length / most)):.1f}%"></i></span>'
        f'<span class="value">{escaped(told)}</span></li>'
        for name, length, told in given
    )
    return f'<ul class="bars{" broad" if is_broad else ""}">{lines}</ul>'


def number_of(count: int, of: int) -> str:
    """A count as a share, and the count itself where it is small.

    >>> number_of(250, 1000), number_of(3, 1000), number_of(0, 0)
    ('25 %', '3', '0')
    """
    return f"{count:,}" if count < 10 or not of else percent(count / of)
