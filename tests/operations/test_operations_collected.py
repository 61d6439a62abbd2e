"""What a release has collected as data of a project: fetched once, another run when more came, deleted by age."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy
import pytest

from cli.projects import Project
from noteship import collecting, models
from noteship.models.columns import Column
from noteship.operations.opened import OpenedProject

VERSION = "ab" * 32
# Of some minutes ago, so that what is asked at the same age is in the same five minutes.
BASE = time.time() // 300 * 300 - 200
SIGNATURE = models.Signature(
    (Column("text", "text", "object"),), models.Output("label", "classification", ("ham", "spam")), {}
)
READER = """
import pandas
table = pandas.read_parquet("data/seen.parquet")
table.dropna(subset=["label"]).to_csv("labelled.csv", index=False)
"""


def collect(
    project: Project, requests: Sequence[str], age_s: float = 60.0, labels: Sequence[str] = (), model: str = "mail"
) -> None:
    """Rows of these requests, asked so long ago, and labels for some."""
    opened = OpenedProject.at(project.root)
    moment = BASE - age_s
    one = collecting.Collector(opened.store, collecting.Settings("mail", 1.0), replica="pod")
    for request in requests:
        encoded = models.Rows.of_columns(SIGNATURE, [[f"text of {request}"]])
        of = (encoded, (request,), (0,), numpy.array([moment]), ("spam",), None, 100)
        one.add(model, VERSION, collecting.Taken(*of))
    for request in labels:
        one.label(model, VERSION, moment, collecting.KeptLabel(request, 0, "ham", time.time()))
    one.close(5)


def declare(project: Project, *lines: str, address: str = "collected:mail") -> None:
    text = "\n".join(["[data.seen]", f'from = "{address}"', 'to = "data/seen.parquet"', *lines])
    project.write("noteship.toml", text + "\n")
    project.write("use.py", READER)


def test_a_run_learns_from_what_was_collected(project: Project) -> None:
    """Rows with their labels are a file of the project; more rows, or a label that comes late, are another run."""
    declare(project)
    collect(project, ["r1", "r2"], labels=["r1"])
    assert project.states() == {"data.seen": "executed", "use": "executed"}
    assert project.text("labelled.csv").count("text of") == 1
    assert project.states() == {"data.seen": "reused", "use": "reused"}
    collect(project, ["r3"], labels=["r2"])
    assert project.states() == {"data.seen": "executed", "use": "executed"}
    assert project.text("labelled.csv").count("text of") == 2
    [found] = project.json("data", "sources")["sources"]
    assert (found["from"], found["state"]) == ("collected:mail", "fetched")
    assert (found["last"]["rows"], found["last"]["labels"], found["last"]["versions"]) == (3, 2, {VERSION: 3})


def test_a_time_is_a_part_of_what_is_asked(project: Project) -> None:
    """`last` and `labelled` choose rows, and changing them is another source."""
    declare(project, 'last = "1h"')
    collect(project, ["old"], age_s=7_200, labels=["old"])
    collect(project, ["new", "newer"], labels=["new"])
    project.states()
    assert [line.split(",")[0] for line in project.text("labelled.csv").splitlines()[1:]] == ["new"]
    declare(project, "labelled = true")
    assert project.states()["data.seen"] == "executed"
    [found] = project.json("data", "sources")["sources"]
    assert found["last"]["rows"] == 2


def test_several_models_have_to_be_named(project: Project) -> None:
    """The model of a release is found where it is the only one; else the message names them."""
    declare(project)
    collect(project, ["r1"])
    collect(project, ["r2"], model="other")
    answer = project.call("run")
    assert answer.code == 1 and "collected:mail/mail, collected:mail/other" in answer.err
    declare(project, address="collected:mail/other")
    assert project.states()["data.seen"] == "executed"


def test_nothing_collected_is_said(project: Project) -> None:
    """Under a name that is none of the project's own."""
    declare(project)
    answer = project.call("run")
    assert answer.code == 1 and "nothing was collected under that name; nor was anything under another" in answer.err


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['since = "soon"'], "a date or a time"),
        (["since = 2026-11-01", 'last = "1d"'], "either since or last"),
        (['credentials = { env = "X" }'], "no credentials"),
        (['query = "select 1"'], "postgresql:// only"),
    ],
)
def test_settings_that_do_not_fit_are_said(project: Project, lines: list[str], said: str) -> None:
    """In the section's own words."""
    declare(project, *lines)
    answer = project.call("data", "sources")
    assert answer.code == 2 and said in answer.err, answer.err


def test_a_period_is_for_what_was_collected_alone(project: Project) -> None:
    """Of another address it would have no effect."""
    declare(project, 'last = "1d"', address="s3://bucket/key.parquet")
    answer = project.call("data", "sources")
    assert answer.code == 2 and "with an address collected: only" in answer.err


def test_gc_deletes_what_was_kept_for_long_enough(project: Project) -> None:
    """By `[collect] keep`, rows and labels; also when nothing is collected any more."""
    project.write("noteship.toml", '[collect]\nkeep = "1h"\n')
    collect(project, ["old"], age_s=8_000, labels=["old"])
    collect(project, ["new"])
    assert project.json("gc", "--dry-run")["collected"] == 0
    assert project.json("gc")["collected"] == 2
    opened = OpenedProject.at(project.root)
    shelf = collecting.Shelf(opened.store, collecting.Place("mail", "mail"))
    assert len(list(shelf.pieces("rows"))) == 1 and not list(shelf.pieces("labels"))


def test_settings_of_collecting_are_checked(project: Project) -> None:
    """A share is from 0 to 1, and nothing is kept by default."""
    assert OpenedProject.at(project.root).settings.collect.share == 0
    project.write("noteship.toml", "[collect]\nshare = 1.5\n")
    answer = project.call("graph")
    assert answer.code == 2 and "from 0, for none, to 1" in answer.err
