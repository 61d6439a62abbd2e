"""What each state looks like, by colour and by shape, so that either is enough; and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from noteship.reporting.history import Standing

__all__ = ["LOOKS", "Look", "icon", "meaning", "shape"]


@dataclass(frozen=True)
class Look:
    """colour: of Okabe and Ito (2008); marker: the plotting library's; outline: the same shape in a box of 20 by 20."""

    word: str
    meaning: str
    colour: str
    marker: str
    outline: str
    is_filled: bool = True


LOOKS: Mapping[Standing, Look] = {
    "unchanged": Look(
        "unchanged",
        "as the reference is, within the tolerance",
        "#009E73",
        "o",
        "M10 3a7 7 0 1 0 .01 0z",
    ),
    "learning": Look(
        "learning",
        "one of the first windows: how alike the rows of a request are is not known yet, so no sign of health",
        "#56B4E9",
        "s",
        "M4 4h12v12h-12z",
    ),
    "changing": Look(
        "changing",
        "there is evidence of a change, but less than an alarm takes",
        "#E69F00",
        "^",
        "M10 3l8 14h-16z",
    ),
    "alarm": Look(
        "alarm",
        "the evidence has reached the bell; it stays an alarm until somebody settles it",
        "#D55E00",
        "D",
        "M10 1l9 9l-9 9l-9 -9z",
    ),
    "not enough data": Look(
        "not enough data",
        "too few rows to judge; they are judged together with the next ones",
        "#777777",
        "x",
        "M4 4l12 12M16 4l-12 12",
        is_filled=False,
    ),
    "silent": Look(
        "nothing heard",
        "no window was closed: the service, or who closes its windows, was not running",
        "#777777",
        "",
        "M3 17l14 -14M3 11l8 -8M9 17l8 -8",
        is_filled=False,
    ),
    "none": Look(
        "no windows",
        "no window was closed yet",
        "#777777",
        "",
        "M3 17l14 -14M3 11l8 -8M9 17l8 -8",
        is_filled=False,
    ),
}


def meaning(state: Standing, of_alarm: str = "") -> str:
    """As a sentence. `of_alarm`: what an alarm means where nobody can settle it."""
    text = (of_alarm if state == "alarm" else "") or LOOKS[state].meaning
    return f"{text[0].upper()}{text[1:]}."


def icon(state: Standing) -> str:
    """The shape, as large as the text around it."""
    return shape(LOOKS[state])


def shape(look: Look) -> str:
    """Of a look that is no state of a model in production."""
    paint = f'fill="{look.colour}"' if look.is_filled else f'fill="none" stroke="{look.colour}" stroke-width="2.5"'
    path = f'<path fill-rule="evenodd" d="{look.outline}" {paint}/>'
    return f'<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">{path}</svg>'
