"""A chart of a page as a picture in a file of its own, for where no page's style reaches."""

from __future__ import annotations

import re

from noteship.reporting.canvas import TAG
from noteship.reporting.style import DAY

__all__ = ["picture"]

VARIABLE = re.compile(r"var\(--(\w+)\)")
BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
# Points of a plot are shown as in a page: letters of eight points as of eleven.
LARGER = 1.4


def picture(svg: str, *, is_plot: bool = True) -> str:
    """An SVG file from the element of a page, in the colours of the day on white: viewers differ in what they take.

    `is_plot`: it counts in points, as plots do. Guarantee: the same element gives the same bytes, and no text changes.
    """
    element = TAG.sub(lambda tag: VARIABLE.sub(lambda name: DAY[name.group(1)], tag.group()), svg)
    box = BOX.search(element)
    if box is None:
        return element
    width, height = (float(each) * (LARGER if is_plot else 1) for each in box.groups())
    size = f'width="{width:.0f}" height="{height:.0f}" font-family="system-ui, sans-serif"'
    head, _, rest = element.partition(">")
    ground = f'<rect width="100%" height="100%" fill="{DAY["paper"]}"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head} {size}>{ground}{rest}\n'
