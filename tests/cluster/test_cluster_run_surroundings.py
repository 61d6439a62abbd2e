"""What runs on a real cluster find around them: queues, volumes, rights, data, and a model to make a bundle of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project, project
from cluster import run_places
from cluster.run_places import Away
from cluster.test_cluster_images import LOCKED, SETTINGS, TRAIN
from cluster.test_cluster_runs import states
from noteship.cluster import ObjectRef, Selection, rights
from noteship.cluster.manifests import Platform, driver
from noteship.operations import reaching, releasing, run
from noteship.operations.opened import OpenedProject
from noteship.operations.remote import following, queued, submitting
from noteship.operations.render import NO_IMAGE
from noteship.operations.surroundings import Surroundings

__all__ = ["project"]

pytestmark = pytest.mark.cluster
QUEUES = "kueue.x-k8s.io/v1beta1"


@pytest.fixture
def away(project: Project, tmp_path: Path) -> Iterator[Away]:
    with run_places.opened(project, tmp_path) as found:
        yield found


@pytest.fixture
def queue(away: Away, request: pytest.FixtureRequest) -> Iterator[str]:
    """One that lets in one stage at a time; or such as it is asked for, by resource."""
    cluster = away.place.cluster
    if "kueue.x-k8s.io" not in cluster.groups():
        pytest.skip("the cluster has no Kueue")
    name = cluster.namespace
    given = getattr(request, "param", {"cpu": "500m", "memory": "600Mi", "ephemeral-storage": "10Gi"})
    quota = [{"name": resource, "nominalQuota": most} for resource, most in given.items()]
    group = {"coveredResources": list(given), "flavors": [{"name": name, "resources": quota}]}
    admitting = {"namespaceSelector": {}, "resourceGroups": [group]}
    made: list[dict[str, Any]] = [
        {"kind": "ResourceFlavor", "metadata": {"name": name}, "spec": {}},
        {"kind": "ClusterQueue", "metadata": {"name": name}, "spec": admitting},
        {"kind": "LocalQueue", "metadata": {"name": "team"}, "spec": {"clusterQueue": name}},
    ]
    for each in made:
        cluster.apply({"apiVersion": QUEUES, **each})
    yield "team"
    for each in reversed(made):
        cluster.delete(ObjectRef(QUEUES, each["kind"], each["metadata"]["name"]))


def declare(away: Away, settings: str, more: str = "") -> None:
    """With lines of `[kubernetes.run]`, and tables."""
    away.declare(more)
    text, header = away.project.text("noteship.toml"), "[kubernetes.run.resources]"
    away.project.write("noteship.toml", text.replace(header, f"[kubernetes.run]\n{settings}\n{header}"))


def test_stages_wait_in_a_queue(away: Away, queue: str) -> None:
    """Two that are ready at once, and a queue with room for one: each gets its turn, by a Workload of its own."""
    declare(away, f'queue = "{queue}"')
    away.project.notebook("a", "open('a.txt', 'w').write('a')")
    away.project.notebook("b", "open('b.txt', 'w').write('b')")
    assert set(states(away.run()).values()) == {"executed"}
    jobs = away.jobs()
    version = next(each for each in queued.VERSIONS if away.place.cluster.resources(each))
    workloads = away.place.cluster.list(Selection(version, "Workload"))
    owners = [each["metadata"]["ownerReferences"][0]["name"] for each in workloads]
    assert sorted(owners) == sorted(jobs) and len(jobs) == 2


def test_a_queue_that_is_not_there(away: Away, queue: str) -> None:
    """The stage fails after a while with that sentence, and does not wait for ever."""
    declare(away, 'queue = "nowhere"')
    away.chain(0)
    answer = away.project.call("run", "--on", "kubernetes")
    assert answer.code == 1 and "the queue 'nowhere', which is not there" in answer.err, answer.err


@pytest.mark.parametrize("queue", [{"cpu": "1", "memory": "4Gi"}], indirect=True)
def test_a_queue_that_counts_no_storage(away: Away, queue: str) -> None:
    """Stages ask it for none, and are let in."""
    declare(away, f'queue = "{queue}"')
    away.chain(0)
    assert set(states(away.run()).values()) == {"executed"}


@pytest.mark.parametrize("queue", [{"cpu": "1"}], indirect=True)
def test_a_queue_that_lacks_a_resource(away: Away, queue: str) -> None:
    """One that knows nothing of memory would never let a stage in: it fails, and says what to have done."""
    declare(away, f'queue = "{queue}"')
    away.chain(0)
    answer = away.project.call("run", "--on", "kubernetes")
    assert answer.code == 1 and "memory" in answer.err and "coveredResources" in answer.err, answer.err


def test_volumes_and_secrets_are_folders(away: Away) -> None:
    """A claim is read and written, a Secret is a file; the driver has both, so that keys know what was read there."""
    cluster = away.place.cluster
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Mi"}}}
    cluster.apply(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "team-data"}, "spec": spec}
    )
    cluster.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop"}, "stringData": {"word": "swordfish"}}
    )
    declare(away, 'volumes = { "/data" = "team-data:rw" }\nsecrets = { "/secrets/shop" = "shop" }')
    code = "open('/data/seen', 'w').write('1'); open('f.txt', 'w').write(str(len(open('/secrets/shop/word').read())))"
    away.project.notebook("s", code)
    document = away.run()
    assert document["state"] == "done" and "swordfish" not in str(document)
    assert states(away.run("--force", "s")) == {"s": "executed"}


def test_data_that_the_image_has_not(away: Away) -> None:
    """A file of two megabytes reaches the stage that reads it, and the keys are those of here."""
    away.project.write("rows.csv", "a\n" + "1234567\n" * 270_000)
    away.project.notebook("s", "n = len(open('rows.csv').read())", "open('n.txt', 'w').write(str(n))")
    assert states(away.run()) == {"s": "executed"}
    assert away.project.text("n.txt") == str(2 + 8 * 270_000)
    assert away.project.states() == {"s": "reused"}


def test_who_submits_needs_what_the_role_says(away: Away) -> None:
    """With just the rights that `render --rights` prints a run is handed over, and goes to its end."""
    away.chain(0)
    # They may not look where the cluster's API is, so that it is named.
    address = reaching.api(away.place.cluster)
    away.declare(f'[kubernetes.access]\napi = "{address.addresses[0]}:{address.ports[0]}"\n')
    opened = OpenedProject.at(away.project.root)
    named = releasing.named_release(opened)
    around = Surroundings(opened, named.name, away.place.cluster)
    made = submitting.of_pods(opened, named, around, NO_IMAGE.image, "any")
    (role,) = rights.rights(driver(made, (), Platform()), "run-mail")
    limited = away.place.limited(role["rules"])
    telling = submitting.Telling(lambda _: None, lambda _: None, threading.Event())
    request = run.RunRequest()
    submitted = submitting.submit(run.prepared(opened, request), request, named, limited, telling)
    assert away.project.json("runs", "--follow", submitted.record.id)["state"] == "done"
    assert following.look_at(submitted.record, limited) is None


def test_a_model_becomes_a_bundle(away: Away) -> None:
    """Made by the driver, it is the one that a run here finds up to date."""
    locked = (*LOCKED, "ipykernel")
    away.project.write("requirements.lock", "".join(f"{name}=={metadata.version(name)}\n" for name in locked))
    away.project.write("rows.csv", "a,b,label\n" + "".join(f"{n},{n % 7},{'yn'[n % 2]}\n" for n in range(60)))
    away.project.write("helpers.py", "text = 'from the project'\n")
    away.project.notebook("train", TRAIN)
    away.declare(SETTINGS + '[stage.train]\nresources = { memory = "1Gi" }\n')
    document = away.run()
    assert document["bundle"] and document["delivered"], document
    again = away.project.json("run")
    assert again["bundle"]["digest"] == document["bundle"]["digest"] and again["bundle"]["again"]
    assert (away.project.root / "model.joblib").exists()
