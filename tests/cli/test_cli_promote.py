"""What `noteship promote` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.projects import Project
from noteship.operations.opened import OpenedProject
from operations.judged_bundles import bundle_of, judge


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def opened(project: Project) -> OpenedProject:
    return OpenedProject.at(project.root)


def test_promotions_and_their_history_are_told(project: Project, opened: OpenedProject) -> None:
    """Which bundle took whose place, who did it and why; overrides stand out in the list."""
    one = bundle_of(opened, "one")
    judge(opened, one)
    first = project.call("promote", "latest", "--reason", "reads long mails")
    assert first.out.splitlines()[0] == f"mail {one[:12]} is the champion now, the first one"
    assert ": reads long mails\n  passed: f1 >= 0.95 (f1 0.962 >= 0.95)\n" in first.out
    assert project.call("promote", one).out == f"mail {one[:12]} is the champion already\n"
    two = bundle_of(opened, "two")
    judge(opened, two, passed=False)
    assert project.call("promote", "latest").code == 1
    second = project.call("promote", two[:8], "--override", "new fields")
    assert f"is the champion now, in the place of {one[:12]}" in second.out
    assert "marked as an override: new fields\n    against it: its judgement failed\n" in second.out
    header, last, before = project.call("promote", "--history").out.splitlines()
    assert header.split("  ")[0] == "when (UTC)"
    assert f"{two[:12]}  champion" in last and last.endswith("OVERRIDE: new fields")
    assert f"{one[:12]}  replaced" in before and before.endswith("reads long mails")


def test_documents_have_the_whole_record(project: Project, opened: OpenedProject) -> None:
    """Programs get the digest, whether anything changed, and the record; the history has each one's state."""
    bundle = bundle_of(opened, "one")
    judge(opened, bundle)
    document = project.json("promote", "latest")
    assert (document["champion"], document["changed"]) == (bundle, True)
    assert document["promotion"]["bundle"] == bundle
    again = project.json("promote", "latest")
    assert (again["changed"], again["promotion"]) == (False, None)
    [past] = project.json("promote", "--history")["promotions"]
    assert past == {**document["promotion"], "state": "champion"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "needs a bundle"),
        (["latest", "--history"], "--history promotes nothing"),
        (["latest", "--override", " "], "an override needs a reason"),
        (["latest"], "no bundle yet"),
    ],
)
def test_calls_that_make_no_sense_are_told(project: Project, words: list[str], told: str) -> None:
    """Wrong usage is exit code 2, with what to write instead."""
    answer = project.call("promote", *words)
    assert answer.code == 2 and told in answer.err and "  do: " in answer.err
    assert project.call("promote", "--history").out == "nothing was promoted yet\n"


def test_without_gates_there_is_a_note(project: Project, opened: OpenedProject) -> None:
    """A judgement that asks for nothing lets a bundle pass, and that is said."""
    judge(opened, bundle_of(opened, "one"), gates=())
    assert "note: no gates are declared" in project.call("promote", "latest").err
