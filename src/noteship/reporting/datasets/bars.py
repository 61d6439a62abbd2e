"""Bars that lie beside their names, in HTML, so that long names are cut and nothing is too small on a telephone."""

from __future__ import annotations

from collections.abc import Iterable

from noteship.reporting.words import LONGEST, escaped, percent

__all__ = ["bars", "number_of", "value_of"]

EMPTY = '<i class="none">empty</i>'


def bars(given: Iterable[tuple[str, float, str]], *, most: float = 1.0, is_broad: bool = False) -> str:
    """Names, lengths as parts of `most`, and what is said of each."""
    lines = "".join(
        f'<li><span class="name" title="{escaped(name)}">{value_of(name)}</span>'
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


def value_of(text: str, most: int = LONGEST) -> str:
    """A foreign text for a page; in quotes where it begins or ends with blanks, which nobody would see.

    >>> value_of("Basic"), value_of(" Basic"), value_of("")
    ('Basic', '&#x27; Basic&#x27;', '<i class="none">empty</i>')
    """
    return escaped(text if text == text.strip() else f"'{text}'", most) or EMPTY
