"""Charts as SVG that stands in a page: text as text, colours of the page's, the same bytes each time."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

from noteship.reporting import errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
else:
    Axes = Any

__all__ = ["COLOURS", "DAY_S", "Axes", "Canvas", "Easel"]

# Inches; 72 points each, which are the units of the SVG. It is shown about 1.4 times as large.
FONT_SIZE = 8.0
# What is drawn in these, the page's style decides on: they differ by day and by night. No other colour may be equal.
COLOURS = {
    "ink": "#010203",
    "quiet": "#020304",
    "grid": "#030405",
    "reference": "#040506",
    "window": "#050607",
    "gap": "#060708",
    "paper": "#070809",
}
# The library counts in days.
DAY_S = 86_400.0
STYLE = {
    "axes.edgecolor": COLOURS["quiet"],
    "axes.facecolor": "none",
    "axes.labelcolor": COLOURS["ink"],
    "axes.labelsize": FONT_SIZE,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "font.size": FONT_SIZE,
    "font.family": "sans-serif",
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "noteship",
    "text.color": COLOURS["ink"],
    # Names are foreign text, in which a dollar is a dollar.
    "text.parse_math": False,
    "timezone": "UTC",
    "xtick.color": COLOURS["quiet"],
    "xtick.labelcolor": COLOURS["ink"],
    "xtick.labelsize": FONT_SIZE,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "xtick.minor.size": 0,
    "ytick.color": COLOURS["quiet"],
    "ytick.labelcolor": COLOURS["ink"],
    "ytick.labelsize": FONT_SIZE,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}
UNUSED = re.compile(r"<metadata>.*?</metadata>|<style type=\"text/css\">.*?</style>|<!--.*?-->", re.DOTALL)
IDENTIFIED = re.compile(r' id="([^"]*)"')
# Matplotlib names fonts one by one; the page has one of its own.
FONTS = re.compile(r"font-family:[^;\"]*;?|transform=\"rotate\(-0 [^\"]*\"")
# What is written within text is escaped, so that this is a tag. Foreign text is left as it is.
TAG = re.compile(r"<[^<>]*>")
BETWEEN = re.compile(r">\s+<")


class Easel:
    """Makes one chart after the other; what is set for them holds within the block only.

    Raises PlottingMissing where matplotlib is not installed.
    """

    def __init__(self) -> None:
        try:
            import matplotlib
        except ImportError as error:
            raise errors.PlottingMissing() from error
        self._library: Any = matplotlib
        self._numbers = itertools.count()

    @contextmanager
    def set_up(self) -> Iterator[Easel]:
        """With the page's style, whatever the user's own is."""
        with self._library.rc_context(), warnings.catch_warnings():
            self._library.rcdefaults()
            self._library.rcParams.update(STYLE)
            # Letters that its fonts do not have are measured wrongly and shown by the browser's.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            # Of few labels, and a span that has no round parts, it takes what it has.
            warnings.filterwarnings("ignore", message="AutoDateLocator was unable")
            yield self

    def canvas(self, width: float, height: float, rows: tuple[float, ...] = (1,)) -> Canvas:
        """A canvas of so many inches, with axes one below the other, `rows` being their heights' parts."""
        return Canvas(next(self._numbers), (width, height), rows)


class Canvas:
    """One chart. `axes`: from the top; they share the horizontal axis."""

    def __init__(self, number: int, size: tuple[float, float], rows: tuple[float, ...]) -> None:
        from matplotlib.figure import Figure

        self._number = number
        self.figure = Figure(figsize=size)
        grid = {"height_ratios": rows, "hspace": 0.12}
        made = self.figure.subplots(len(rows), 1, sharex=True, squeeze=False, gridspec_kw=grid)
        self.axes: list[Axes] = list(made[:, 0])

    def margins(self, left: float, right: float, bottom: float, top: float) -> None:
        """What is left free at each side, in inches."""
        width, height = self.figure.get_size_inches()
        self.figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)

    def over_time(self, start: float, end: float, most: int = 9) -> None:
        """Give the lowest axes times for its labels, `most` of them, in seconds since 1970."""
        from matplotlib import dates

        axis = self.axes[-1].xaxis
        axis.axis_date("UTC")
        self.axes[-1].set_xlim(start / DAY_S, end / DAY_S)
        library: Any = dates
        locator = library.AutoDateLocator(minticks=min(3, most // 2), maxticks=most)
        named = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
        whole = ["", "%Y", "%Y-%m-%d", "%m-%d", "%H:%M", "%H:%M"]
        known = ["", "%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d"]
        axis.set_major_locator(locator)
        axis.set_major_formatter(library.ConciseDateFormatter(locator, "UTC", named, known, zero_formats=whole))

    def fill(self, corners: Sequence[Sequence[tuple[float, float]]], colour: str, alpha: float) -> None:
        """Polygons of one colour on the lowest axes, as one path: there may be a thousand."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        library: Any = Path
        paths = [library([*each, each[0]], closed=True) for each in corners]
        self.axes[-1].add_patch(
            PathPatch(library.make_compound_path(*paths), facecolor=colour, alpha=alpha, linewidth=0)
        )

    def svg(self, told: str) -> str:
        """The element. `told`: what it shows, escaped, for who cannot see it."""
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        written = StringIO()
        facts = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        drawn: Any = FigureCanvasSVG(self.figure)
        drawn.print_svg(written, metadata=facts)
        text = UNUSED.sub("", written.getvalue())
        text = text[text.index("<svg") :]
        head, _, rest = text.partition(">")
        box = re.search(r'viewBox="[^"]*"', head)
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {box.group() if box else ""} role="img" aria-label="{told}"'
        return _adopted(BETWEEN.sub("><", f"{head}>{rest}"), self._number).strip()


def _adopted(text: str, number: int) -> str:
    """With the page's colours and font, and names that no other chart has; without names that nothing refers to."""
    used = {name for tag in TAG.findall(text) for name in re.findall(r'(?:href="#|url\(#)([^")]*)', tag)}

    def adopt(found: re.Match[str]) -> str:
        tag = FONTS.sub("", found.group()).replace("xlink:href", "href").replace("\n", "")
        for name, colour in COLOURS.items():
            tag = tag.replace(colour, f"var(--{name})")
        tag = IDENTIFIED.sub(lambda each: each.group() if each.group(1) in used else "", tag)
        return re.sub(r'(id="|href="#|url\(#)', rf"\g<1>c{number}-", tag)

    return TAG.sub(adopt, text)
