"""Rollouts and Jobs on a real cluster, waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts import cluster_places
from contracts.cluster_places import Place
from noteship.cluster import waiting
from noteship.cluster.cluster import ObjectRef, Until

pytestmark = pytest.mark.cluster
LONG = Until(timeout_s=90)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with cluster_places.opened("real", tmp_path) as opened:
        yield opened


def deployment(code: str, image: str = cluster_places.IMAGE, **spec: Any) -> dict[str, Any]:
    pods = cluster_places.pod("web", code, image)["spec"]
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {**pods, "restartPolicy": "Always"}}
    template["spec"]["terminationGracePeriodSeconds"] = 0
    spec |= {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def job(code: str) -> dict[str, Any]:
    spec = {"backoffLimit": 0, "template": {"spec": cluster_places.pod("train", code)["spec"]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train"}, "spec": spec}


def test_a_rollout_and_the_next_one(place: Place) -> None:
    """Both are told to their end; the second says how many old replicas are left."""
    ref = ObjectRef.of(deployment(""))
    for code in ("import time; time.sleep(600)", "import time; time.sleep(601)"):
        place.cluster.apply(deployment(code))
        told = list(waiting.for_rollout(place.cluster, ref, LONG))
        assert (told[-1].state, told[-1].ready, told[-1].old) == ("done", 2, 0)
    assert any(each.old for each in told)


def test_a_rollout_that_cannot_be_done_says_why(place: Place) -> None:
    """While the old replicas go on; and the way back is done at once."""
    ref, code = ObjectRef.of(deployment("")), "import time; time.sleep(600)"
    place.cluster.apply(deployment(code))
    list(waiting.for_rollout(place.cluster, ref, LONG))
    place.cluster.apply(deployment(code, "localhost:1/there/is:none", progressDeadlineSeconds=4))
    last = list(waiting.for_rollout(place.cluster, ref, LONG))[-1]
    assert (last.state, last.ready, last.old) == ("failed", 0, 2)
    assert last.reason in ("ErrImagePull", "ImagePullBackOff")
    place.cluster.apply(deployment(code))
    assert list(waiting.for_rollout(place.cluster, ref, LONG))[-1].state == "done"


def test_jobs_end_well_or_not(place: Place) -> None:
    """With how the pod ended."""
    place.cluster.apply(job("print(1)"))
    ref = ObjectRef.of(job(""))
    assert list(waiting.for_job(place.cluster, ref, LONG))[-1].state == "done"
    place.cluster.delete(ref, policy="foreground")
    while place.cluster.get(ref):
        time.sleep(0.1)
    place.cluster.apply(job("raise SystemExit(3)"))
    last = list(waiting.for_job(place.cluster, ref, LONG))[-1]
    assert (last.state, last.reason, last.message) == ("failed", "Error", "it ended with 3")


def test_waiting_is_stopped_while_nothing_happens(place: Place) -> None:
    """Within a moment, though the API server is silent."""
    place.cluster.apply({**job("print(1)"), "spec": {**job("print(1)")["spec"], "suspend": True}})
    stop = threading.Event()
    threading.Timer(1, stop.set).start()
    began = time.monotonic()
    told = list(waiting.for_job(place.cluster, ObjectRef.of(job("")), Until(stop)))
    assert told[-1].reason == "Suspended"
    assert time.monotonic() - began < 5
