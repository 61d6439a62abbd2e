"""The page: whole, the same each time, safe with whatever names there are, and small."""

from __future__ import annotations

import dataclasses
import re
import sys
from xml.etree import ElementTree

import matplotlib
import numpy
import pytest

from monitor.streams_of_rows import PROFILE, observed
from noteship import monitor, reporting
from noteship.monitor.fields import Field, Observed, Predictions
from noteship.reporting.words import when
from reporting.told import START, decision, history, streamed

XHTML = "{http://www.w3.org/1999/xhtml}"
# What would break out of HTML, of SVG, of mathematics, or would be taken for what charts are rewritten by.
HOSTILE = ("<script>alert(1)</script>", "$x^2$ & \"'", '#010203 id="a"', "--> ]]> font-family: x", "two\nlines\x00")


def column_moved() -> reporting.History:
    return streamed((14, 700, "unchanged"), (3, 20, "unchanged"), (5, 1_000, "column"))


@pytest.fixture(scope="module")
def alarm() -> str:
    return reporting.page("mail", PROFILE, column_moved(), version="sha256:abc")


def classes(page: str, name: str) -> list[ElementTree.Element]:
    return [each for each in ElementTree.fromstring(page).iter() if name in each.get("class", "").split()]


def text_of(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def test_the_verdict_says_since_when_what_and_how_much(alarm: str) -> None:
    """The first sentence has the state, its beginning, the column, and its shares then and now."""
    (verdict,) = classes(alarm, "verdict")
    told = text_of(verdict)
    assert told.startswith("Alarm since 2026-11-23 0")
    assert re.search(r"“c5” most of all: “.*c5.*” holds for \d+ % of the rows, and for \d+(\.\d)? % in", told)


def test_every_feature_has_a_card_and_what_moved_comes_first(alarm: str) -> None:
    """Inputs, and what was answered; the culprit is marked in words."""
    cards = classes(alarm, "card")
    names = [text_of(next(card.iter(f"{XHTML}b"))) for card in cards]
    features = PROFILE.encoder.layout.features
    assert sorted(names) == sorted(each.name for each in features if each.group != "work")
    assert names[0] == "c5"
    assert "moved, evidence" in text_of(cards[0])
    assert [text_of(each).count("moved") for each in cards[1:]] == [0] * (len(cards) - 1)
    assert all(text_of(each).count("within the tolerance") for each in cards[1:])


def test_sections_are_in_order(alarm: str) -> None:
    """From the time line to how to read it; the bell is named on the time line."""
    heads = [text_of(each) for each in ElementTree.fromstring(alarm).iter(f"{XHTML}h2")]
    assert heads == [
        "Time line",
        "What the model was asked",
        "What it answered",
        "Work",
        "What goes together otherwise",
        "Rules that moved",
        "Expected accuracy",
        "Rows and requests",
        "Notes",
        "How to read this",
    ]
    assert ">the bell: 25,920<" in alarm
    assert ">multiplications a row<" in alarm


def test_it_needs_nothing_else(alarm: str) -> None:
    """No script, no link, no address but those that name XML's languages; and names within it are there once."""
    assert not re.findall(r"<(?:script|link|img|iframe|object)\b", alarm)
    assert set(re.findall(r"https?://[^\"' )]*", alarm)) == {
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/2000/svg",
    }
    defined = re.findall(r' id="([^"]*)"', alarm)
    assert len(set(defined)) == len(defined)
    assert set(re.findall(r'(?:href="#|url\(#)([^")]*)', alarm)) == set(defined)
    assert len(alarm) < 300_000


def test_equal_arguments_give_equal_bytes_whatever_the_users_style(alarm: str) -> None:
    """A style of the user's changes nothing, and is as it was after."""
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "path", "axes.grid": True}):
        assert reporting.page("mail", PROFILE, column_moved(), version="sha256:abc") == alarm
        assert matplotlib.rcParams["font.size"] == 20


def test_an_unchanged_model_is_called_so() -> None:
    """Nothing is marked, no correlation and no rule stand out, and nothing is noted."""
    page = reporting.page("mail", PROFILE, streamed((14, 700, "unchanged")))
    (verdict,) = classes(page, "verdict")
    assert text_of(verdict).startswith("Unchanged since 2026-11-23")
    assert not classes(page, "culprit")
    for told in ("No correlation stands out.", "No rule stands out.", "every replica told of every window"):
        assert told in page


def test_a_pair_and_a_rule_are_shown_then_and_now() -> None:
    """A correlation that came is in the table with both values, and work with the rule that moved."""
    page = reporting.page("mail", PROFILE, streamed((3, 1_000, "unchanged"), (4, 1_000, "correlation")))
    (table,) = (each for each in ElementTree.fromstring(page).iter(f"{XHTML}table") if "of ranks" in text_of(each))
    assert re.search(r"c3 with c4[-+]0\.0\d\+0\.[78]\d", text_of(table))
    page = reporting.page("mail", PROFILE, streamed((3, 1_000, "unchanged"), (4, 1_000, "work")))
    (table,) = (each for each in ElementTree.fromstring(page).iter(f"{XHTML}table") if "of rows with" in text_of(each))
    assert "<= work" in text_of(table)


def test_one_rule_has_one_number(alarm: str) -> None:
    """The card of a column says what the verdict says, though its chart is of more rows."""
    [said] = re.findall(r"“([^”]* c5[^”]*|c5[^”]*)” holds for (\d+ %) of", text_of(classes(alarm, "verdict")[0]))
    [most] = [text_of(each) for each in classes(alarm, "most")][:1]
    assert most.startswith(f"{said[0]}: ") and most.endswith(f"then, {said[1]} now")


def test_the_page_of_a_file_tells_of_every_alarm() -> None:
    """It names the file, no release and no time at which it was written, and says that nobody settles."""
    told = streamed((14, 700, "unchanged"), (3, 20, "unchanged"), (5, 1_000, "column"))
    rang = [place for place, each in enumerate(told.windows) if each.decision.state == "alarm"]
    windows = [
        dataclasses.replace(each, decision=dataclasses.replace(each.decision, since=each.decision.start))
        if place in rang
        else each
        for place, each in enumerate(told.windows)
    ]
    anew = reporting.History.of(windows, told.settings, told.end)
    page = reporting.page("mail", PROFILE, anew, rehearsal=reporting.Rehearsal("later <1>.csv", anew=True))
    [verdict] = classes(page, "verdict")
    first = when(windows[rang[0]].decision.start)
    assert text_of(verdict).startswith(f"{len(rang)} alarms, the first in the window of {first}; 22 windows with rows")
    assert "The first: single columns have moved, “c5” most of all" in text_of(verdict)
    assert "after each alarm it is gathered anew" in text_of(verdict)
    assert "until somebody settles it" not in page
    [head] = [text_of(each) for each in ElementTree.fromstring(page).iter(f"{XHTML}header")]
    assert "rows of later <1>.csv" in head and "release" not in head and "written" not in head
    [table] = (each for each in ElementTree.fromstring(page).iter(f"{XHTML}table") if "what moved" in text_of(each))
    assert len(list(table)) == len(rang) + 1
    # One that goes on has one beginning, and no table.
    page = reporting.page("mail", PROFILE, told, rehearsal=reporting.Rehearsal("later.csv"))
    assert "One alarm in the window of" in page and "the alarm goes on to the end" in page
    assert "<h2>Alarms</h2>" not in page


def test_work_that_is_all_alike_has_numbers_on_its_axis() -> None:
    """A model whose rows all take the same has one bar, with its ends."""
    given = observed(600, 5)
    alike = monitor.Observed(given.numbers, (), given.predictions, numpy.full(600, 700.0))
    fields = tuple(Field(f"c{place}", "number", is_plain=True) for place in range(6))
    profile = monitor.Profile.build(alike, fields, "5eed" * 16)
    sketch = profile.sketch()
    sketch.add(profile.encoder.encode(alike), profile.fourier, [str(each) for each in range(600)], [1] * 600)
    windows = [reporting.Window(decision(0, rows=600), sketch.to_bytes())]
    page = reporting.page("mail", profile, reporting.History.of(windows, monitor.Settings(), START + 400))
    [chart] = [each for each in ElementTree.fromstring(page).iter() if "multiplications" in each.get("aria-label", "")]
    numbers = [text_of(each) for each in chart.iter() if each.tag.endswith("text")]
    assert len([each for each in numbers if re.fullmatch(r"\d{3}|1,\d{3}", each)]) >= 2


def test_foreign_names_are_text() -> None:
    """Names of columns, levels, classes, models, replicas and notes come out as they are, whatever they hold."""
    fields = (
        *(Field(name, "number", is_plain=True) for name in HOSTILE[:2]),
        *(Field(name, "category") for name in HOSTILE[2:]),
    )
    random = numpy.random.default_rng(1)
    numbers = random.normal(size=(600, 2))
    labels = random.choice(HOSTILE, 600)
    others = tuple(random.choice(HOSTILE, 600).tolist() for _ in range(3))
    given = Observed(numbers, others, Predictions(labels, None, HOSTILE))
    profile = monitor.Profile.build(given, fields, "5eed" * 16)
    sketch = profile.sketch()
    sketch.add(profile.encoder.encode(given), profile.fourier, [str(each) for each in range(600)], [1] * 600)
    told = decision(0, missing=(HOSTILE[0],), notes=HOSTILE)
    windows = [reporting.Window(told, sketch.to_bytes())]
    page = reporting.page(HOSTILE[0], profile, reporting.History.of(windows, monitor.Settings(), START + 400))
    shown = text_of(ElementTree.fromstring(page))
    for name in (*HOSTILE[:4], "two·lines·"):
        assert shown.count(name) >= 2
    assert "<script>" not in page
    # A level within a chart is cut, and otherwise as it is.
    assert '#010203 id="a"' in [
        text_of(each) for each in ElementTree.fromstring(page).iter() if each.tag.endswith("text")
    ]


def test_it_is_drawn_before_there_are_windows() -> None:
    """The reference alone, and the words for it."""
    page = reporting.page("mail", PROFILE, history([]))
    assert "No window was closed yet" in text_of(classes(page, "verdict")[0])
    assert len(classes(page, "card")) == 7
    assert "no rows yet" in page


def test_windows_without_rows_are_no_sign_of_health() -> None:
    """They are not enough data, and nothing is said to be within the tolerance."""
    page = reporting.page("mail", PROFILE, history([decision(0, "not enough data", rows=0, requests=0)]))
    assert text_of(classes(page, "verdict")[0]).startswith("Not enough data")
    assert not [card for card in classes(page, "card") if "within the tolerance" in text_of(card)]


def test_a_sketch_of_another_profile_is_refused() -> None:
    """Its counts mean something else."""
    random = numpy.random.default_rng(2)
    numbers = random.normal(size=(500, 1))
    fields = (Field("other", "number", is_plain=True),)
    other = monitor.Profile.build(Observed(numbers, (), Predictions(numbers[:, 0])), fields, "5eed" * 16)
    with pytest.raises(monitor.errors.OtherEncoding):
        reporting.page("mail", other, column_moved())


def test_without_the_library_that_draws_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Production's environment has none."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(reporting.errors.PlottingMissing, match="pip install matplotlib"):
        reporting.page("mail", PROFILE, history([]))


@pytest.mark.slow
def test_a_hundred_columns_take_less_than_three_megabytes() -> None:
    """Each is drawn and named; so are a thousand windows."""
    random = numpy.random.default_rng(4)
    fields = tuple(Field(f"column {place}", "number", is_plain=True) for place in range(100))
    numbers = random.normal(size=(2_000, 100))
    given = Observed(numbers, (), Predictions(numbers[:, 0]), random.integers(100, 1_000, 2_000).astype(float))
    profile = monitor.Profile.build(given, fields, "5eed" * 16)
    sketch = profile.sketch()
    sketch.add(profile.encoder.encode(given), profile.fourier, [str(each) for each in range(2_000)], [1] * 2_000)
    windows = [
        reporting.Window(decision(place), sketch.to_bytes() if place == 2_999 else b"") for place in range(3_000)
    ]
    now = windows[-1].decision.start + 400.0
    page = reporting.page("wide", profile, reporting.History.of(windows, monitor.Settings(), now))
    assert len(page.encode()) < 3_000_000
    assert len(classes(page, "card")) == 101
    assert "Each mark stands for the worst of 3 windows" in page
