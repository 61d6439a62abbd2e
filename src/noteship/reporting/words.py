"""Numbers, times and foreign text, as a person reads them."""

from __future__ import annotations

import datetime
import html
import math

__all__ = [
    "LONGEST",
    "day",
    "duration",
    "escaped",
    "evidence",
    "exact",
    "factor",
    "number",
    "percent",
    "power",
    "shown",
    "when",
    "within",
]

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# The longest name that is shown whole.
LONGEST = 120
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def shown(text: str, most: int = LONGEST) -> str:
    r"""Foreign text in one line of at most so many letters, without what cannot be seen or written.

    >>> shown("two\nlines"), shown("a" * 20, most=5)
    ('two·lines', 'aaaa…')
    """
    visible = "".join(letter if letter.isprintable() else "·" for letter in text)
    return visible if len(visible) <= most else f"{visible[: most - 1]}…"


def escaped(text: str, most: int = LONGEST) -> str:
    """The same for a page.

    >>> escaped("<b>")
    '&lt;b&gt;'
    """
    return html.escape(shown(text, most))


def number(value: float) -> str:
    """Three digits.

    >>> number(1234.5), number(-0.0001234), number(2.5e9)
    ('1,230', '-0.000123', '2.5e9')
    """
    if not math.isfinite(value):
        return str(value)
    if value and not 1e-4 <= abs(value) < 1e6:
        mantissa, _, exponent = f"{value:.3g}".partition("e")
        return f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return f"{float(f'{value:.3g}'):,.10g}"


def exact(value: float) -> str:
    """All digits, as a file has them: years and codes are numbers, too, and are not read in groups of three.

    >>> exact(1961.0), exact(53113.5), exact(2.0**60)
    ('1961', '53113.5', '1.15e18')
    """
    return f"{value:.15g}" if abs(value) < 1e15 else number(value)


def within(value: float, spread: float) -> str:
    """Three digits, or as many as a hundredth of the spread needs that it is one of several numbers of.

    >>> within(53113.2, 100.0), within(1234.5, 3000.0), within(0.1, 0.0)
    ('53,113', '1,230', '0.1')
    """
    told = number(value)
    if not spread or not math.isfinite(value) or abs(float(told.replace(",", "")) - value) <= spread / 100:
        return told
    return f"{round(value, 2 - math.floor(math.log10(spread))):,.15g}"


def percent(share: float) -> str:
    """A share.

    >>> percent(0.1234), percent(0.0123), percent(0.0001), percent(0.0), percent(0.9999)
    ('12 %', '1.2 %', '< 0.1 %', '0 %', '> 99.9 %')
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    hundred = 100 * share
    return f"{hundred:.1f} %" if 0.05 < hundred < 9.95 or 90.05 < hundred < 99.95 else f"{hundred:.0f} %"


def power(exponent: float) -> str:
    """A power of ten.

    >>> power(3), power(-2), power(6)
    ('1,000', '0.01', '10⁶')
    """
    if -3 <= exponent < 5:
        return f"{10.0**exponent:,.6g}"
    return f"10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def evidence(logarithm: float | None) -> str:
    """R, from its natural logarithm; None for none.

    >>> evidence(None), evidence(0.0), evidence(4.60517), evidence(100.0)
    ('0', '1', '100', '2.7 × 10⁴³')
    """
    if logarithm is None:
        return "0"
    exponent = logarithm / math.log(10)
    if exponent < -2:
        return "< 0.01"
    if exponent < 5:
        value = math.exp(logarithm)
        # Of two digits, 99.99 would be 1e+02.
        return f"{value:,.0f}" if value >= 99.5 else f"{value:.2g}"
    whole = math.floor(exponent)
    return f"{10 ** (exponent - whole):.1f} × {power(max(whole, 5))}"


def factor(ratio: float) -> str:
    """How many times as much.

    >>> factor(1.499), factor(0.97)
    ('1.50 ×', '0.97 ×')
    """
    return f"{ratio:.2f} ×" if ratio < 10 else f"{number(ratio)} ×"


def when(moment: float) -> str:
    """A moment, in UTC, to the second where it is within a minute.

    >>> when(0), when(61)
    ('1970-01-01 00:00 UTC', '1970-01-01 00:01:01 UTC')
    """
    clock = "%H:%M:%S" if int(moment) % 60 else "%H:%M"
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime(f"%Y-%m-%d {clock} UTC")


def day(moment: float) -> str:
    """The day of a moment, in UTC.

    >>> day(86_400)
    '1970-01-02'
    """
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%d")


def duration(seconds: float) -> str:
    """In the unit that fits.

    >>> duration(300), duration(5400), duration(1)
    ('5 minutes', '90 minutes', '1 second')
    """
    # Less than two of the larger unit is told in the smaller one.
    unit, size = next((each for each in UNITS if seconds >= 2 * each[1]), ("second", 1))
    exact = next((each for each in UNITS if seconds == each[1]), None)
    if exact is not None:
        unit, size = exact
    count = round(seconds / size)
    return f"{count:,} {unit}{'' if count == 1 else 's'}"
