"""A canary on a real cluster, by the numbers of pods, its windows in a real object store: a good one and a bad one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cli.projects import Project, project
from cluster.test_cluster_deploy import standing
from cluster.test_cluster_evaluator import declare, deployable, objects
from cluster.test_cluster_images import place, trained
from contracts import cluster_places
from contracts.cluster_places import Place
from noteship import store
from noteship.cluster import ObjectRef

__all__ = ["deployable", "objects", "place", "project", "trained"]

pytestmark = pytest.mark.cluster
TERMS = '[canary]\nsoonest = "20s"\nmissed = 0.2\nfalse_withdrawals = 0.05\nslower = 10\n'
# Asks with rows of every kind, each on a connection of its own.
LOAD = """
import json, random, sys, time, urllib.request
token = open('/token/token').read()
while True:
    rows = [{'a': random.randrange(60), 'b': random.randrange(7)}]
    body = json.dumps({'rows': rows}).encode()
    asked = urllib.request.Request(sys.argv[1], body, {'Authorization': 'Bearer ' + token})
    try:
        urllib.request.urlopen(asked, timeout=10).read()
    except Exception as error:
        print(repr(error), flush=True)
    time.sleep(0.01)
"""


@pytest.fixture
def beside(deployable: Project, place: Place, objects: store.Store) -> Iterator[Project]:
    """A stable release that is asked again and again, and terms that decide within a minute or two."""
    declare(deployable, place, objects)
    learned(deployable, 60)
    with (deployable.root / "noteship.toml").open("a", encoding="utf-8") as file:
        file.write(TERMS)
    deployable.json("deploy")
    load = asking(place)
    yield deployable
    place.cluster.delete(load)


def asking(place: Place) -> ObjectRef:
    """A pod that asks the release without an end."""
    url = f"http://mail.{place.cluster.namespace}.svc/predict"
    container = {
        "name": "main",
        "image": cluster_places.IMAGE,
        "command": ["python", "-c", LOAD, url],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "token", "mountPath": "/token"}],
    }
    spec = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [{"name": "token", "secret": {"secretName": "mail-load"}}],
    }
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "load"}, "spec": spec}
    return ObjectRef.of(place.cluster.apply(made).thing)


def learned(project: Project, rows: int, upper: str = "yes", lower: str = "no") -> str:
    """Another bundle, from so many rows."""
    told = (f"{n},{n % 7},{upper if n >= 30 else lower}\n" for n in range(rows))
    project.write("rows.csv", "a,b,label\n" + "".join(told))
    return str(project.json("run")["bundle"]["digest"])


def there(place: Place, name: str) -> Any:
    return place.cluster.get(ObjectRef("apps/v1", "Deployment", name))


def test_a_canary_planted_bad_is_withdrawn_by_itself(beside: Project, place: Place) -> None:
    """It answers otherwise than the stable release: it goes, that one's pods stay, and the record says why."""
    before = there(place, "mail")
    planted = learned(beside, 60, "no", "yes")
    done = beside.json("deploy", "latest", "--canary", "0.5")
    assert (done["bundle"], done["share"]["possible"], done["ready"]) == (planted, 0.5, 1)
    answer = beside.call("canary", "--settle", "--timeout", "300", "--json")
    assert answer.code == 1, answer.out
    settlement = answer.document["settlement"]
    assert settlement["state"] == "withdrawn" and "joint" in settlement["why"], settlement
    compared = {each["what"]: each for each in settlement["evidence"]["compared"]}
    assert compared["joint"]["log_evidence"] >= compared["joint"]["log_needed"]
    assert there(place, "mail-canary") is None
    after = there(place, "mail")
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert standing(beside)["as_recorded"] is True
    assert "was withdrawn" in beside.call("canary").err


def test_a_canary_that_fails_for_some_rows_is_withdrawn(beside: Project, place: Place) -> None:
    """It was never asked with such rows before; one in fifteen of its requests has no answer."""
    beside.write("helpers.py", "def prepare(frame):\n    assert (frame['a'] < 56).all()\n    return frame\n")
    settings = beside.text("noteship.toml").replace('["model.joblib"]', '["helpers:prepare", "model.joblib"]')
    beside.write("noteship.toml", settings)
    learned(beside, 56)
    beside.json("deploy", "latest", "--canary", "0.5")
    answer = beside.call("canary", "--settle", "--timeout", "300", "--json")
    assert answer.code == 1, answer.out
    settlement = answer.document["settlement"]
    assert settlement["state"] == "withdrawn" and "failures" in settlement["why"], settlement
    compared = {each["what"]: each for each in settlement["evidence"]["compared"]}
    assert compared["failures"]["stable"] < 0.01 < 0.03 < compared["failures"]["canary"]
    assert there(place, "mail-canary") is None and there(place, "mail")


def test_a_good_canary_is_promoted_by_itself(beside: Project, place: Place) -> None:
    """One row more changes nothing that is compared: it becomes the stable release, and its pods go."""
    better = learned(beside, 61)
    done = beside.json("deploy", "latest", "--canary", "0.5")
    assert done["bundle"] == better
    listed = beside.json("status")["releases"]
    assert [(each["release"], bool(each["share"]), bool(each["canary"])) for each in listed] == [
        ("mail", False, True),
        ("mail-canary", True, False),
    ]
    answer = beside.call("canary", "--settle", "--timeout", "400", "--json")
    assert answer.code == 0, answer.out
    assert answer.document["settlement"]["state"] == "promoted"
    at = standing(beside)
    assert (at["bundle"], at["as_recorded"], at["canary"]) == (better, True, None)
    assert there(place, "mail-canary") is None
