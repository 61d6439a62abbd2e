"""The report of a validation, in a real browser, from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship.reporting import validation
from noteship.validation.judgement import Judgement
from reporting import judged

from .chromium import chromium

pytestmark = pytest.mark.debian

# Texts of one chart, or of one axis, that lie on each other by more than the edge of a letter.
OVERLAPS = """[...document.querySelectorAll('svg')].flatMap(chart => {
  const boxes = [...chart.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], place) => boxes.slice(place + 1)
    .filter(([_, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
                     && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
    .map(([other]) => `${one} / ${other}`));
})"""
# Texts that a chart cuts off at its sides, or that hang out of the panel that an axis is in.
CUT = """[...document.querySelectorAll('svg')].flatMap(chart => {
  const frame = (chart.closest('.panel') || chart).getBoundingClientRect();
  return [...chart.querySelectorAll('text')].filter(text => {
    const box = text.getBoundingClientRect();
    return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 2;
  }).map(text => text.textContent);
})"""
# Cells of a table whose content is wider than they are, where nothing can be moved sideways.
NARROW = """[...document.querySelectorAll('td, th, dd, p')].filter(each => !each.closest('.wide, details')
  && each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'none')
  .map(each => each.textContent.slice(0, 40))"""


@pytest.mark.parametrize(
    "given",
    [judged.binary(), judged.many(5, 800), judged.many(20), judged.regression(), judged.tiny()],
    ids=["binary", "five", "twenty", "numbers", "tiny"],
)
def test_a_validation_is_readable_by_day_and_by_night_wide_and_narrow(tmp_path: Path, given: Judgement) -> None:
    """The browser has nothing to complain of, nothing is wider than the window, and no text is cut or covered."""
    (tmp_path / "report.html").write_text(validation.page(given), encoding="utf-8")
    with chromium() as page:
        page.open((tmp_path / "report.html").as_uri())
        page.value("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        grounds = []
        for width, scheme in ((1_280, "light"), (900, "light"), (400, "dark")):
            page.look(width, 1_000, scheme)
            assert page.value("document.documentElement.scrollWidth") <= width
            assert page.value(OVERLAPS) == []
            assert page.value(CUT) == []
            assert page.value(NARROW) == []
            grounds.append(page.value("getComputedStyle(document.body).backgroundColor"))
        assert grounds[0] != grounds[2]
    assert page.complaints == []


def test_pictures_of_a_card_are_shown_by_a_browser(tmp_path: Path) -> None:
    """Each has its size, and no text lies on another one."""
    made = validation.card(judged.binary(), "files")
    with chromium() as page:
        for name, text in made.pictures.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
            page.open((tmp_path / name).as_uri())
            assert page.value("document.documentElement.getBoundingClientRect().width") > 200
            assert page.value(OVERLAPS.replace("querySelectorAll('svg')", "querySelectorAll(':root')")) == []
