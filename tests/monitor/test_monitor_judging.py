"""Rows judged in one go."""

from __future__ import annotations

import pytest

from monitor.streams_of_rows import PROFILE, observed
from noteship.monitor.judging import judge
from noteship.monitor.settings import Settings


@pytest.mark.parametrize("kind", ["unchanged", "harmless"])
def test_rows_that_did_not_change_are_said_to_be_unchanged(kind: str) -> None:
    """Ten files of rows within the tolerance are, and name no column."""
    for seed in range(10):
        decision = judge(PROFILE, observed(3_000, [seed, 3], kind), Settings())
        assert (decision.state, decision.culprits, decision.drives) == ("unchanged", (), ())


@pytest.mark.parametrize(
    ("kind", "detector"),
    [("correlation", "correlations"), ("predictions", "predictions"), ("work", "work"), ("column", "columns")],
)
def test_rows_that_changed_are_found_with_what_changed(kind: str, detector: str) -> None:
    """5,000 rows are enough for the detector of the change; a column is the only culprit."""
    decision = judge(PROFILE, observed(5_000, 1, kind), Settings())
    assert decision.state == "alarm"
    assert detector in decision.drives
    assert decision.joint_p is not None
    if kind == "column":
        assert [each.feature for each in decision.culprits] == ["c5"]
    if kind == "correlation":
        assert decision.pairs[0].what == "c3 with c4"


def test_few_rows_are_not_enough() -> None:
    """A hundred rows are not judged; their accuracy and work are told."""
    decision = judge(PROFILE, observed(100, 1, "column"), Settings())
    assert (decision.state, decision.rows) == ("not enough data", 100)
    assert decision.accuracy is not None
