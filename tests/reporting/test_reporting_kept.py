"""Rows that were kept, in the order in which a person looks at them, and as tables of the page."""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from monitor.streams_of_rows import PROFILE, observed
from noteship import monitor, reporting
from noteship.monitor.decision import Culprit, Share
from noteship.monitor.sample import Kept, Sample
from noteship.reporting.kept import Rows, begun, is_usual
from noteship.reporting.rows import in_words, rows_kept
from reporting.told import SECONDS, START, decision, history

LAYOUT = PROFILE.encoder.layout
C5 = [each.name for each in LAYOUT.features].index("c5")
LAST = LAYOUT.bin_in_words("c5", int(LAYOUT.ranks.bins[C5][-2]))
FIRST = LAYOUT.bin_in_words("c5", int(LAYOUT.ranks.bins[C5][0]))


def moved(*shares: tuple[str, float, float], **more: Any) -> Any:
    """An alarm because of a column."""
    culprit = Culprit("c5", "input", 20.0, tuple(Share(*each) for each in shares))
    return decision(1, "alarm", drives=("columns",), culprits=(culprit,), since=START + SECONDS, **more)


@functools.cache
def sample(place: int, kind: str = "unchanged", most: int = 40, leave_out: tuple[str, ...] = ()) -> Sample:
    """Of the window with this number."""
    rows, ids = observed(100, [place, 3], kind), [f"{place} {number}" for number in range(100)]
    one = monitor.Sampling(PROFILE, most, leave_out)
    encoded = PROFILE.encoder.encode(rows)
    return one.taken(one.empty.ceiling, START + place * SECONDS, rows, encoded, ids, [1] * 100)


def rows(decided: Any, before: Sample, after: Sample) -> Rows:
    return Rows.of(PROFILE, history([decision(0), decided]), {START: before}, {START + SECONDS: after})


def test_rows_where_something_moved_come_first() -> None:
    """After a change those in bins that gained rows, before it those in bins that lost them, and what they are told."""
    decided = moved((LAST, 0.06, 0.2), (FIRST, 0.06, 0.01))
    found = rows(decided, sample(0, most=100), sample(1, "column", most=100))
    for group, words in ((found.after, LAST), (found.before, FIRST)):
        assert len(group.rows) == group.requests == 100
        falls = [LAYOUT.bin_in_words("c5", each.row.bins[C5] or 0) == words for each in group.rows]
        assert [each.why for each in group.rows] == [(words,) if fell else () for fell in falls]
        assert falls == sorted(falls, reverse=True)
        assert any(falls)
    assert (found.columns[0], found.moved, len(found.columns)) == ("c5", 1, 6)


def test_a_rule_that_moved() -> None:
    """Rows that a rule holds for come first; the columns that it speaks of, in its order."""
    leaf = 0
    rule = " and ".join(PROFILE.encoder.rule("inputs", leaf))
    decided = moved(moved=(Share(rule, 0.06, 0.3),))
    found = rows(dataclasses.replace(decided, culprits=()), sample(0), sample(1, most=100))
    fell = [each.row.leaves["inputs"] == leaf for each in found.after.rows]
    assert any(fell) and fell == sorted(fell, reverse=True)
    assert {each.why for each in found.after.rows} == {(rule,), ()}
    assert list(found.columns[: found.moved]) == list(dict.fromkeys(re.findall(r"c\d", rule)))
    assert found.moved


def test_a_column_that_is_left_out_says_nothing() -> None:
    """Even where it is the one that moved, no row is told to fall into its bins."""
    found = rows(moved((LAST, 0.06, 0.2)), sample(0), sample(1, "column", leave_out=("c5",)))
    assert (found.left_out, "c5" in found.columns) == (("c5",), False)
    assert not any(each.why for each in found.after.rows)
    # Of windows in which it was kept, it is not shown, either.
    assert not any("c5" in each.row.inputs for each in (*found.before.rows, *found.after.rows))


@pytest.mark.parametrize(
    "change", [{"bins": [99] * 9}, {"bins": [-3] * 9}, {"bins": []}, {"leaves": {"inputs": 99, "none": 1}}]
)
def test_bins_of_another_profile(change: dict[str, Any]) -> None:
    """What is in no bin falls nowhere."""
    row = {"inputs": {}, "prediction": 1, "probability": None, "bins": [], "leaves": {}}
    foreign = Sample.of(5, (), [Kept.of(1, "id", START, [row | change], 0)])
    found = rows(moved((LAST, 0.06, 0.2), moved=(Share("a", 0.1, 0.2),)), foreign, foreign)
    assert [each.why for each in found.after.rows] == [()]


def test_windows_are_put_together() -> None:
    """Of several windows so many requests are shown as one keeps, of all of them."""
    samples = {START + place * SECONDS: sample(place) for place in range(4)}
    found = Rows.of(PROFILE, history([decision(place) for place in range(4)]), samples, {})
    assert (found.before.requests, len(found.before.windows), found.after.rows) == (40, 4, ())
    assert len({each.start for each in found.before.rows}) == 4


def test_when_a_change_began() -> None:
    """With its alarm, or where evidence began to gather; without it nothing has begun."""
    assert begun(history([])) is None
    assert begun(history([decision(0)])) is None
    assert begun(history([decision(0), decision(1, "changing"), decision(2, "changing")])) == START + SECONDS
    assert begun(history([decision(0), moved()])) == START + SECONDS
    usual = [is_usual(decision(0, state)) for state in ("learning", "unchanged", "changing", "alarm")]
    assert usual == [True, True, False, False]


def test_foreign_text_is_escaped_and_cut() -> None:
    """What was asked is never read as markup, and no value is longer than a few lines."""
    fields = (monitor.Field("<b>&", "category"),)
    row = {
        "inputs": {"<b>&": "<script>" + "x" * 900},
        "prediction": "<i>",
        "probability": 0.5,
        "bins": [],
        "leaves": {},
    }
    hostile = Sample.of(5, ("<u>",), [Kept.of(1, "id", START, [row], 0)])
    profile = monitor.Profile.build(
        monitor.Observed(observed(50, 1).numbers[:, :0], (["a"] * 50,), observed(50, 1).predictions),
        fields,
        "5eed" * 16,
    )
    told = history([decision(0), moved()])
    made = rows_kept(Rows.of(profile, told, {}, {START + SECONDS: hostile}))
    assert "<script>" not in made and "&lt;script&gt;" in made and "<i>" not in made and "<u>" not in made
    assert "x" * 250 not in made
    ElementTree.fromstring(f"<div>{made}</div>")
    page = reporting.page("m", profile, told, rows=Rows.of(profile, told, {}, {START + SECONDS: hostile}))
    ElementTree.fromstring(page.partition("\n")[2])
    assert "Rows that were kept" not in reporting.page("m", profile, told)


@pytest.mark.parametrize(("value", "words"), [(None, "–"), (True, "true"), (3, "3"), (1234.5678, "1,230"), ("a", "a")])
def test_values_in_words(value: Any, words: str) -> None:
    """As a person reads them."""
    assert in_words(value) == words
