"""A report, in a real browser, from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.streams_of_rows import PROFILE
from noteship import reporting
from reporting.told import streamed

from .chromium import chromium

pytestmark = pytest.mark.debian

# Texts of one chart that lie on each other, by more than the edge of a letter.
OVERLAPS = """[...document.querySelectorAll('svg[role=img]')].flatMap(chart => {
  const boxes = [...chart.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], place) => boxes.slice(place + 1)
    .filter(([_, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
                     && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
    .map(([other]) => `${one} / ${other}`));
})"""
# Texts that a chart cuts off at its sides.
CUT = """[...document.querySelectorAll('svg[role=img]')].flatMap(chart => {
  const frame = chart.getBoundingClientRect();
  return [...chart.querySelectorAll('text')].filter(text => {
    const box = text.getBoundingClientRect();
    return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 2;
  }).map(text => text.textContent);
})"""


def test_a_report_is_readable_by_day_and_by_night_wide_and_narrow(tmp_path: Path) -> None:
    """The browser has nothing to complain of, nothing is wider than the window, and no label is cut or covered."""
    told = streamed((14, 700, "unchanged"), (3, 20, "unchanged"), (5, 1_000, "column"))
    (tmp_path / "report.html").write_text(reporting.page("mail", PROFILE, told), encoding="utf-8")
    with chromium() as page:
        page.open((tmp_path / "report.html").as_uri())
        inks = []
        for width, scheme in ((1_200, "light"), (420, "dark")):
            page.look(width, 1_000, scheme)
            assert page.value("document.documentElement.scrollWidth") <= width
            assert page.value(OVERLAPS) == []
            assert page.value(CUT) == []
            inks.append(page.value("getComputedStyle(document.querySelector('svg[role=img] text')).fill"))
            page.picture(tmp_path / f"{scheme}.png")
        assert inks[0] != inks[1]
        assert page.value("document.querySelector('.verdict p').textContent").startswith("Alarm since")
        assert page.value("document.querySelectorAll('svg[role=img]').length") > 10
    assert page.complaints == []
