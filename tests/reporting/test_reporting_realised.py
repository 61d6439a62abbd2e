"""What labels say of predictions, beside what was expected of these."""

from __future__ import annotations

import dataclasses
import re

import pytest

from monitor.streams_of_rows import PROFILE
from noteship import reporting
from noteship.monitor.decision import Accuracy
from noteship.monitor.labels import Judgement, Labels
from reporting.told import SECONDS, SETTINGS, START, decision, streamed


def classes(labels: int, right: int) -> Labels:
    judgements = [Judgement("spam", "spam" if place < right else "<ham>", place < right) for place in range(labels)]
    return Labels.of("classification", judgements)


def labelled(labels: dict[int, Labels], *expected: float | None) -> reporting.History:
    """Windows of which so much was expected, and labels by their numbers."""
    windows = [
        reporting.Window(decision(place, accuracy=None if each is None else Accuracy(each, 0.01)))
        for place, each in enumerate(expected)
    ]
    by_start = {START + place * SECONDS: each for place, each in labels.items()}
    history = reporting.History.of(windows, SETTINGS, START + 10 * SECONDS)
    return dataclasses.replace(history, labels=by_start)


def test_the_latest_labels_are_told_beside_what_was_expected_of_their_windows() -> None:
    """Back to a thousand labels; each window's expectation counts as often as it has labels."""
    found = reporting.realised(
        labelled({0: classes(500, 0), 1: classes(300, 280), 3: classes(900, 800)}, 0.5, 0.8, 1, 0.9)
    )
    assert found is not None
    assert (found.windows, found.since, found.labels.labels) == (2, START + SECONDS, 1_200)
    assert found.expected == pytest.approx((300 * 0.8 + 900 * 0.9) / 1_200)
    assert str(found) == ("90 % (88 % to 91.6 %) of 1,200 labels for windows since 2026-11-23 02:25 UTC; expected 88 %")


def test_without_labels_nothing_is_said_and_without_expectation_none() -> None:
    """Neither is made up; windows that nobody closed may have labels."""
    assert reporting.realised(labelled({}, 0.9)) is None
    assert reporting.realised(labelled({0: Labels("classification")}, 0.9)) is None
    found = reporting.realised(labelled({0: classes(1, 1), 7: classes(9, 9)}, 0.9))
    assert found is not None
    assert (found.expected, found.windows) == (None, 2)
    assert "expected" not in str(found)
    before = dataclasses.replace(labelled({7: classes(9, 9)}, 0.9), expected={START + 7 * SECONDS: 0.7})
    found = reporting.realised(before)
    assert found is not None
    assert found.expected == 0.7


def test_programs_get_it_by_window() -> None:
    """With what was expected, the interval, and the table of classes; of numbers, the errors."""
    history = labelled({1: classes(4, 3)}, 0.9, 0.8)
    [told] = reporting.by_window(history)
    assert (told["start"], told["expected"], told["labels"], told["right"]) == ("20261123T022500Z", 0.8, 4, 3)
    assert told["accuracy"] == 0.75
    assert told["table"][0] == {"label": "spam", "prediction": "<ham>", "count": 1}
    numbers = Labels.of("regression", [Judgement(1.0, 3.0, False), Judgement(1.0, 1.0, True)])
    [told] = reporting.by_window(labelled({0: numbers}, None))
    assert (told["mean_absolute_error"], told["root_mean_square"]) == (1.0, pytest.approx(2**0.5))
    assert str(reporting.realised(labelled({0: numbers}, None))).startswith("mean absolute error 1 (0 to 2.39), root")


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_the_page_draws_what_labels_say(kind: str) -> None:
    """Beside the expected accuracy, with a legend; of numbers, their error; the verdict stays as it is."""
    history = streamed((6, 400, "unchanged"))
    start = history.windows[2].decision.start
    numbers = Labels.of("regression", [Judgement(1.0, 3.0, False)] * 9)
    labels = {start: classes(40, 36) if kind == "classification" else numbers}
    plain = reporting.page("shop", PROFILE, history)
    page = reporting.page("shop", PROFILE, dataclasses.replace(history, labels=labels))
    assert "Realised accuracy" in plain and "Realised: " not in plain
    words = "expected and realised accuracy by window" if kind == "classification" else "mean absolute error by window"
    assert words in page and words not in plain
    assert "Realised: 90" in page if kind == "classification" else "Realised: mean absolute error 2 (2 to 2)" in page
    assert ("4 of 40" in page and "&lt;ham&gt;" in page) == (kind == "classification")
    verdicts = [re.search('<div class="panel verdict.*', each) for each in (plain, page)]
    assert verdicts[0] and verdicts[1] and verdicts[0].group() == verdicts[1].group()


def test_labels_of_windows_that_share_a_mark_add_up() -> None:
    """And those of windows that are not on the page are not drawn; the page stands."""
    history = labelled({**{place: classes(2, 1) for place in range(1_500)}, 9_999: classes(5, 5)}, *[0.9] * 1_500)
    page = reporting.page("shop", PROFILE, history)
    assert page.count("<svg") > 3
