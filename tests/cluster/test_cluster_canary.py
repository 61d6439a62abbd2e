"""A canary on a real cluster, by the numbers of pods, its windows in a real object store: a good one and a bad one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cli.projects import Project, project
from cluster.test_cluster_deploy import standing
from cluster.test_cluster_evaluator import asking, declare, deployable, objects
from cluster.test_cluster_images import place, trained
from contracts.cluster_places import Place
from noteship import store
from noteship.cluster import ObjectRef

__all__ = ["deployable", "objects", "place", "project", "trained"]

pytestmark = pytest.mark.cluster
TERMS = '[canary]\nsoonest = "20s"\nmissed = 0.2\nfalse_withdrawals = 0.05\nslower = 10\n'
# It says the other word.
SWAPPED = "'no' if n % 2 else 'yes'"


@pytest.fixture
def beside(deployable: Project, place: Place, objects: store.Store) -> Iterator[Project]:
    """A stable release that is asked again and again, and terms that decide within a minute or two."""
    declare(deployable, place, objects)
    with (deployable.root / "noteship.toml").open("a", encoding="utf-8") as file:
        file.write(TERMS)
    deployable.json("deploy")
    load = asking(place)
    yield deployable
    place.cluster.delete(load)


def learned(project: Project, rows: str) -> str:
    """Another bundle, from these rows."""
    project.write("rows.csv", "a,b,label\n" + rows)
    return str(project.json("run")["bundle"]["digest"])


def there(place: Place, name: str) -> Any:
    return place.cluster.get(ObjectRef("apps/v1", "Deployment", name))


def test_a_canary_planted_bad_is_withdrawn_by_itself(beside: Project, place: Place) -> None:
    """It answers otherwise than the stable release: it goes, that one's pods stay, and the record says why."""
    before = there(place, "mail")
    planted = learned(beside, "".join(f"{n},{n % 7},{'no' if n % 2 else 'yes'}\n" for n in range(60)))
    done = beside.json("deploy", "latest", "--canary", "0.5")
    assert (done["bundle"], done["share"]["possible"], done["ready"]) == (planted, 0.5, 1)
    answer = beside.call("canary", "--settle", "--timeout", "300", "--json")
    assert answer.code == 1, answer
    settlement = answer.document["settlement"]
    assert settlement["state"] == "withdrawn" and "joint" in settlement["why"], settlement
    compared = {each["what"]: each for each in settlement["evidence"]["compared"]}
    assert compared["joint"]["log_evidence"] >= compared["joint"]["log_needed"]
    assert there(place, "mail-canary") is None
    after = there(place, "mail")
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert standing(beside)["as_recorded"] is True
    assert "was withdrawn" in beside.call("canary").err


def test_a_good_canary_is_promoted_by_itself(beside: Project, place: Place) -> None:
    """One row more changes nothing that is compared: it becomes the stable release, and its pods go."""
    better = learned(beside, "".join(f"{n},{n % 7},{'yes' if n % 2 else 'no'}\n" for n in range(61)))
    done = beside.json("deploy", "latest", "--canary", "0.5")
    assert done["bundle"] == better
    listed = beside.json("status")["releases"]
    assert [(each["release"], bool(each["share"]), bool(each["canary"])) for each in listed] == [
        ("mail", False, True),
        ("mail-canary", True, False),
    ]
    answer = beside.call("canary", "--settle", "--timeout", "400", "--json")
    assert answer.code == 0, answer
    assert answer.document["settlement"]["state"] == "promoted"
    at = standing(beside)
    assert (at["bundle"], at["as_recorded"], at["canary"]) == (better, True, None)
    assert there(place, "mail-canary") is None
