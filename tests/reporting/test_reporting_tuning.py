from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from noteship import tuning
from noteship.reporting import tuning as pages
from noteship.reporting.tuning import charts

SPACE = tuning.Space.from_json(
    {
        "04-train.C": {"low": 1e-3, "high": 100.0, "log": True},
        "04-train.depth": {"low": 2, "high": 12, "step": 2},
        "03-features.kind": ["<tfidf>", "counts"],
        "04-train.rate": {"low": 0.5, "high": 0.9, "log": True},
    }
)


def trials(count: int = 24) -> list[tuning.Trial]:
    """Done ones, every fifth pruned and every seventh failed."""
    made = []
    for number in range(count):
        kind = "<tfidf>" if number % 2 else "counts"
        point = {
            "04-train.C": 10 ** (number % 5 - 2.5),
            "04-train.depth": 2 + 2 * (number % 6),
            "03-features.kind": kind,
            "04-train.rate": 0.5 + 0.01 * number,
        }
        trial = tuning.Trial(number, point, "done", 0.8 + 0.004 * (number % 9), 0.01, seconds=2.0)
        if number % 5 == 4:
            trial = replace(trial, state="pruned", steps={0: 0.7}, value=0.7)
        if number % 7 == 6:
            trial = replace(trial, state="failed", value=None, why="ValueError: a < b & c")
        made.append(trial)
    return made


def told(listed: Sequence[tuning.Trial], before: float | None = 0.79) -> pages.Told:
    """A search of these trials."""
    began = tuning.Begun("2026", "id", "metrics.json:f1", "maximize", SPACE, "2026-11-23T08:58:05Z", before)
    return pages.Told("mail & more", began, listed, {"04-train.C": 0.7, "04-train.depth": 0.3})


def test_the_page_is_xml_with_foreign_text_escaped() -> None:
    """What notebooks and errors say stands in the page as text; it runs nothing and fetches nothing."""
    page = pages.page(told(trials()))
    ElementTree.fromstring(page.partition("\n")[2])
    assert "a &lt; b &amp; c" in page
    assert "&lt;tfidf&gt;" in page
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org/", "")


def test_equal_searches_give_equal_pages() -> None:
    """The same trials give the same bytes."""
    assert pages.page(told(trials())) == pages.page(told(trials()))


def test_the_page_says_what_was_found_and_what_it_was() -> None:
    """The best value with its error, the value as it is, what was pruned and failed, and every trial."""
    page = pages.page(told(trials()))
    assert "The best value is <b>0.832 ± 0.01</b>" in page
    assert "come to 0.79." in page
    assert "4 more" in page
    # What failed stands below its point, in an order that no notebook knows.
    assert "td.point small { display: block; }" in page
    assert "depth = 2, kind = " in page
    assert page.count('<figure class="card">') == 4
    for word in ("What mattered", "All together", "pruned", "failed"):
        assert word in page


def test_lines_meet_where_the_names_of_choices_stand() -> None:
    """The first choice is at the lower end of its axis, the last one at the upper end."""
    made = trials()
    shares = charts._shares(SPACE.dimensions["03-features.kind"], made, "03-features.kind")
    first = [each.parameters["03-features.kind"] == "<tfidf>" for each in made]
    assert all(0 <= share <= 1 for share in shares)
    assert all((share < 0.15) if is_first else (share > 0.85) for share, is_first in zip(shares, first, strict=True))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_trials_are_a_page_too(count: int) -> None:
    """A search of which next to nothing is known yet has a page, also where no trial came to a value."""
    page = pages.page(told(trials(count), before=None))
    assert ("No trial came to a value" in page) == (count == 0)
    failed = [replace(each, state="failed", value=None, why="no") for each in trials(count)]
    assert "No trial came to a value" in pages.page(told(failed))
