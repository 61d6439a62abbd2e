"""The page of a data set, in a real browser, from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship import tabular
from noteship.reporting import datasets
from noteship.tabular import problems, surveys
from surveys.planted import PLANTS, clean

from .chromium import chromium
from .test_browser_report import CUT, OVERLAPS

pytestmark = pytest.mark.debian

# Names below a matrix are turned, so that their boxes overlap while they do not.
CARDS = "figure svg[role=img]"


def test_the_page_of_a_data_set_fits_wide_and_narrow_by_day_and_by_night(tmp_path: Path) -> None:
    """Nothing overlaps, is cut or hangs out of the window; nothing is complained of; the paper is dark at night."""
    frame = clean()
    for name in ("one value", "missing together", "-999", "gives the target away", "mojibake", "copies of rows"):
        frame = PLANTS[name][0](frame)
    with tabular.opened(frame, name="orders.parquet") as table:
        looked = surveys.look(table, surveys.Asked("returned"))
        page = datasets.page(looked.survey, problems.find(looked))
    place = tmp_path / "page.html"
    place.write_text(page, encoding="utf-8")
    with chromium() as browser:
        browser.open(place.as_uri())
        papers = {}
        for scheme in ("light", "dark"):
            for width in (400, 1200):
                browser.look(width, 900, scheme)
                assert browser.value("document.documentElement.scrollWidth") <= width
                for faults in (OVERLAPS, CUT):
                    assert browser.value(faults.replace("svg[role=img]", CARDS)) == []
                papers[scheme] = browser.value("getComputedStyle(document.querySelector('.card')).backgroundColor")
        assert papers["light"] != papers["dark"]
        assert browser.complaints == []
