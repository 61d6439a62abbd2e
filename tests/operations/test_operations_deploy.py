"""Releases on the cluster in memory: deployed, refused, failed and back, rolled back, looked at, taken away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project
from noteship import cluster
from noteship.cluster.cluster import ObjectRef, Selection, Until
from noteship.cluster.manifests import BadRelease
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.operations import patience, releases, releasing, rolling
from noteship.operations.carrying import Carrier
from noteship.operations.errors import (
    ImageWithoutBundle,
    NoNamespace,
    NoRelease,
    NotDeployable,
    NothingBefore,
    ReleaseFailed,
    ReleaseMoved,
)
from noteship.operations.gc import gc
from noteship.operations.rollback import RollbackRequest, RolledBack, rollback
from noteship.operations.status import status
from noteship.operations.undeploy import undeploy
from operations.deployments import LAST_WORDS, NAMESPACE, SETTINGS, Deployments, deployments, secret

NAMED = releasing.Named("mail", NAMESPACE)
PLACE = releases.Place("memory", NAMESPACE, "mail")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Deployments]:
    with deployments(tmp_path) as found:
        yield found


def image_of(at: Deployments) -> Any:
    return at.live()["spec"]["template"]["spec"]["containers"][0]["image"]


def states(at: Deployments) -> list[str]:
    return [past.state for past in releases.history(at.opened.store, PLACE)]


def back(at: Deployments, **more: Any) -> RolledBack:
    return rollback(at.opened, RollbackRequest(**more), at.cluster, lambda _: None, threading.Event())


def test_a_bundle_is_deployed_and_on_record(made: Deployments) -> None:
    """Its pods are ready, the record says who, why and with what, and the end tells how it is called."""
    bundle = made.bundle("one")
    image = made.image(bundle)
    done = made.deploy(image, reason="the first")
    assert done.carried is not None and done.carried.is_up and done.carried.ready == 2
    assert image_of(made) == image
    [past] = releases.history(made.opened.store, PLACE)
    assert (past.state, past.record.bundle, past.record.image) == ("present", bundle, image)
    assert (past.record.reason, past.record.manifests) == ("the first", done.made.digest)
    assert releases.manifests_of(made.opened.store, past.record) == done.made.rendered.manifests
    assert done.calling is not None
    assert done.calling.urls == ("http://mail.team-a.svc",)
    assert '-d \'{"rows": [{"text": "one"}]}\'' in done.calling.commands[-1]
    assert "create secret generic mail-tokens" in done.calling.token
    document = done.to_json()
    assert (document["state"], document["sent"], document["bundle"]) == ("done", True, bundle)
    settings = made.live("ConfigMap", "v1", done.made.release.files_name)["data"]["noteship.toml"]
    assert settings == '[project]\nname = "mail"\n\n[monitor]\nwindow = "10m"\nrelease = "mail"\n'


def test_the_same_again_is_no_new_release(made: Deployments) -> None:
    """It is sent again, and the record stays as it is."""
    image = made.image(made.bundle("one"))
    first, second = made.deploy(image), made.deploy(image)
    assert first.carried and second.carried
    assert (second.carried.is_new, second.carried.record) == (False, first.carried.record)
    assert states(made) == ["present"]


def test_what_a_release_no_longer_has_is_pruned(made: Deployments) -> None:
    """The budget of several pods goes with one; an object of somebody else's stays, whatever it is called."""
    image = made.image(made.bundle("one"))
    made.deploy(image)
    alien = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mail-files", "labels": {"app": "mail"}}}
    made.cluster.apply_as("helm", alien)
    made.declare(SETTINGS.replace("replicas = 2", "replicas = 1"))
    done = made.deploy(image)
    assert done.carried and done.carried.pruned == ("PodDisruptionBudget mail in team-a",)
    assert made.live("ConfigMap", "v1", "mail-files") and not made.live("PodDisruptionBudget", "policy/v1")


def test_everything_in_the_way_is_told_at_once(made: Deployments) -> None:
    """A Secret that is not there, a name that is taken, and rights: and nothing was sent."""
    image = made.image(made.bundle("one"))
    made.declare(SETTINGS + '[kubernetes.access]\ntokens = "callers/file"\n')
    made.cluster.apply_as("helm", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mail"}})
    made.cluster._rights = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch", "create", "patch"]}
    ]
    with pytest.raises(NotDeployable) as raised:
        made.deploy(image)
    told = "\n".join(raised.value.faults)
    assert "the Secret callers is not there" in told and "--from-file=file=FILE" in told
    assert "Service mail in team-a is there and belongs to somebody else" in told
    assert "you may not delete deployments.apps in team-a" in told
    assert made.live() is None and states(made) == []


def test_a_missing_namespace_is_told_once(made: Deployments) -> None:
    """Nothing else is said of a namespace that is not there."""
    with pytest.raises(NotDeployable) as raised:
        made.deploy(made.image(made.bundle("one")), namespace="nowhere")
    [fault] = raised.value.faults
    assert "nowhere" in fault


def test_too_small_a_quota_is_told_before(made: Deployments) -> None:
    """The first deployment needs room for all its pods."""
    quota: dict[str, Any] = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}}
    made.cluster.apply_as("admin", {**quota, "spec": {"hard": {"requests.memory": "1536Mi", "pods": "10"}}})
    with pytest.raises(NotDeployable, match=r"quota small leaves too little requests\.memory: 0 of 1536Mi are used"):
        made.deploy(made.image(made.bundle("one")))


def test_a_dry_run_sends_nothing(made: Deployments) -> None:
    """It looks at all that would be in the way, and is no release."""
    done = made.deploy(made.image(made.bundle("one")), is_dry_run=True)
    assert done.carried is None and done.to_json()["sent"] is False
    assert made.live() is None and states(made) == []


def test_a_release_that_crashes_goes_back(made: Deployments, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the pod's reason and last words; the release before is what is to run, and on the cluster."""
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    good = made.image(made.bundle("one"))
    first = made.deploy(good)
    bad = made.image(made.bundle("two"))
    made.bad.add(bad)
    with pytest.raises(ReleaseFailed) as raised:
        made.deploy(bad)
    error = raised.value
    assert error.why == "noteship in pod mail-2 says: the model cannot be loaded; it was begun again 1 time"
    assert error.said == LAST_WORDS and "do: build it with its modules; then deploy again" in str(error)
    assert first.carried and first.carried.record.id in error.back and "serves as it did all the time" in error.back
    assert image_of(made) == good and states(made) == ["failed", "present"]
    now = releases.present(made.opened.store, PLACE)
    assert now and now.id == first.carried.record.id


def test_a_first_release_that_crashes_has_none_to_go_back_to(
    made: Deployments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left to be looked at, and said so."""
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    bad = made.image(made.bundle("one"))
    made.bad.add(bad)
    with pytest.raises(ReleaseFailed, match="there is no release before it to go back to"):
        made.deploy(bad)
    with pytest.raises(NothingBefore):
        back(made)


def test_waiting_ends_when_its_time_is_over(made: Deployments) -> None:
    """What is under way goes on without a verdict, and is none to go back to."""
    made.deploy(made.image(made.bundle("one")))
    bad = made.image(made.bundle("two"))
    made.bad.add(bad)
    done = made.deploy(bad, timeout_s=0.3)
    assert done.carried and not done.carried.is_up
    assert states(made) == ["present", "replaced"] and image_of(made) == bad
    assert back(made).to.bundle != done.made.release.bundle.digest


def test_rolling_back_sends_exactly_what_was_sent(made: Deployments) -> None:
    """To the release before, then to a named one; each is a release of its own."""
    images = [made.image(made.bundle(text)) for text in ("one", "two")]
    ids = []
    for image in images:
        done = made.deploy(image)
        assert done.carried
        ids.append(done.carried.record.id)
    first = back(made, reason="slow")
    assert image_of(made) == images[0]
    assert first.carried and first.carried.record.of == ids[0] and first.carried.record.reason == "slow"
    back(made, to=ids[1])
    assert image_of(made) == images[1]
    assert states(made) == ["present", "replaced", "replaced", "replaced"]
    with pytest.raises(NoRelease):
        back(made, to="1999")


def test_of_two_at_once_one_is_told(made: Deployments) -> None:
    """The name moves by compare-and-swap: who comes second sends nothing."""
    done = made.deploy(made.image(made.bundle("one")))
    assert done.carried
    objects = made.opened.store
    before = releases.present(objects, PLACE)
    other = replace(done.carried.record, id="another", by="ada", before=done.carried.record.id)
    releases.begin(objects, PLACE, other, done.made.rendered.manifests, before)
    carrier = Carrier(made.cluster, objects, NAMED, lambda _: None, Until())
    mine = replace(done.carried.record, id="mine", manifests=done.made.release.bundle.digest)
    with pytest.raises(ReleaseMoved, match="ada"):
        carrier.carry(mine, done.made.rendered.manifests, before)


def test_status_says_whether_it_is_as_recorded(made: Deployments) -> None:
    """A change by somebody else's hand, and a thing that was deleted, are told."""
    made.deploy(made.image(made.bundle("one")))
    [standing] = status(made.opened, made.cluster, NAMESPACE)
    assert (standing.name, standing.differs, standing.pods and standing.pods.ready) == ("mail", (), 2)
    scaled: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mail"}}
    made.cluster.apply_as("kubectl", {**scaled, "spec": {"replicas": 5}}, force=True)
    made.cluster.delete(ObjectRef("v1", "Service", "mail"))
    [standing] = status(made.opened, made.cluster, NAMESPACE, "mail")
    assert standing.differs is not None and len(standing.differs) == 2
    assert "Deployment mail was changed by somebody else" in standing.differs[0]
    assert standing.differs[1] == "Service mail is not there"
    with pytest.raises(NoRelease, match="there are mail"):
        status(made.opened, made.cluster, NAMESPACE, "other")


def test_undeploying_leaves_what_is_others(made: Deployments) -> None:
    """By its labels: the Secret and another release stay, and so does the record."""
    image = made.image(made.bundle("one"))
    made.deploy(image)
    made.cluster.apply_as("kubectl", secret("other-tokens", "tokens"))
    made.deploy(image, name="other")
    would = undeploy(made.opened, NAMED, made.cluster, lambda _: None, is_dry_run=True)
    assert made.live() is not None
    gone = undeploy(made.opened, NAMED, made.cluster, lambda _: None, is_dry_run=False)
    assert gone.objects == would.objects and "Deployment mail in team-a" in gone.objects
    assert made.live() is None and made.live(name="other") and made.live("Secret", "v1", "mail-tokens")
    assert states(made) == ["replaced"]
    with pytest.raises(NoRelease, match="there are other"):
        undeploy(made.opened, NAMED, made.cluster, lambda _: None, is_dry_run=False)


def test_undeploying_waits_for_who_cleans_up(made: Deployments, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a controller holds until it has cleaned up after it is waited for; and told of, where that takes long."""
    image = made.image(made.bundle("one"))
    owned = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mail", "namespace": NAMESPACE}}
    held = {**owned, "metadata": {**owned["metadata"], "finalizers": ["example.org/cleaning"]}}
    moments: list[str] = []

    def tell(moment: rolling.Moment) -> None:
        moments.append(moment.what)
        if moment.what.startswith("waiting for Deployment mail"):
            threading.Timer(0.2, made.cluster.apply_as, ("controller", owned)).start()

    made.deploy(image)
    made.cluster.apply_as("controller", held)
    gone = undeploy(made.opened, NAMED, made.cluster, tell, is_dry_run=False)
    assert gone.left == () and made.live() is None
    assert moments[-1] == "waiting for Deployment mail to be cleaned up"
    made.deploy(image)
    made.cluster.apply_as("controller", held)
    monkeypatch.setattr(rolling, "MADE_S", 0.1)
    left = undeploy(made.opened, NAMED, made.cluster, lambda _: None, is_dry_run=False)
    assert left.to_json()["left"] == ["Deployment mail in team-a"] and made.live() is not None


def test_bundles_of_releases_are_kept(made: Deployments) -> None:
    """`gc` leaves what runs, and what it could go back to; a bundle that was never deployed goes."""
    bundles = [made.bundle(text) for text in ("one", "two", "never", "latest")]
    for bundle in bundles[:2]:
        made.deploy(made.image(bundle))
    assert releases.needed(made.opened.store) == set(bundles[:2])
    gc(made.opened, 1, dry_run=False)
    kept = {ref.partition("/")[2] for ref in made.opened.store.refs("bundles/")}
    assert kept == {*bundles[:2], bundles[3]}


def test_an_image_has_to_have_the_bundle(made: Deployments) -> None:
    """Where pods are to find it in the image, one without is refused."""
    made.bundle("one")
    with pytest.raises(ImageWithoutBundle):
        made.deploy(made.image(None))


def test_a_namespace_has_to_be_chosen(made: Deployments) -> None:
    """`default` is nobody's choice."""
    made.declare("[kubernetes]\n")
    with pytest.raises(NoNamespace):
        releasing.named_release(made.opened, at=MemoryCluster())
    assert releasing.named_release(made.opened, at=MemoryCluster("team-b")).namespace == "team-b"


JOB = """
[kubernetes.job]
from = "/project/in"
to = "/tmp/out"
"""


def test_a_job_that_fails_does_not_run_the_one_before_again(made: Deployments) -> None:
    """What was scored stays, and the error says why it ended."""
    made.declare(SETTINGS.replace("replicas = 2", 'as = "job"') + JOB)
    stop = threading.Event()

    def control(ends: str) -> threading.Thread:
        def run() -> None:
            for change in made.cluster.watch(Selection("batch/v1", "Job"), Until(stop)):
                if change.what != "deleted" and not change.thing.get("status"):
                    reason = {"reason": "BackoffLimitExceeded", "message": "too often"}
                    condition = {"type": ends, "status": "True", **(reason if ends == "Failed" else {})}
                    made.cluster.set_status(ObjectRef.of(change.thing), {"conditions": [condition]})

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    thread = control("Complete")
    first = made.deploy(made.image(made.bundle("one")))
    assert first.carried and first.carried.is_up and first.calling is None
    stop.set()
    thread.join()
    stop.clear()
    thread = control("Failed")
    image = made.image(made.bundle("two"))
    with pytest.raises(ReleaseFailed, match="Job mail has given up"):
        made.deploy(image)
    stop.set()
    thread.join()
    job = made.live("Job", "batch/v1")
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == image


def test_under_kserve_its_deployment_is_waited_for(made: Deployments) -> None:
    """The controller makes it a moment later, and it has to be of this release."""
    made.declare(SETTINGS.replace("replicas = 2", 'as = "kserve"'))
    image = made.image(made.bundle("one"))
    with pytest.raises(BadRelease, match="no KServe"):
        made.deploy(image)
    names = {"kind": "InferenceService", "plural": "inferenceservices"}
    version = {"name": "v1beta1", "served": True, "storage": True}
    spec = {"group": "serving.kserve.io", "scope": "Namespaced", "names": names, "versions": [version]}
    metadata = {"name": "inferenceservices.serving.kserve.io"}
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata}
    made.cluster.apply_as("admin", {**definition, "spec": spec})
    stop = threading.Event()

    def control() -> None:
        for change in made.cluster.watch(Selection("serving.kserve.io/v1beta1", "InferenceService"), Until(stop)):
            predictor, labels = change.thing["spec"]["predictor"], change.thing["metadata"]["labels"]
            owner = {"kind": "InferenceService", "name": "mail", "uid": change.thing["metadata"]["uid"]}
            marked = {"labels": labels, "annotations": predictor["annotations"]}
            template = {"metadata": marked, "spec": {"containers": predictor["containers"]}}
            made.cluster.apply_as(
                "kserve",
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "metadata": {"name": "mail-predictor", "labels": labels, "ownerReferences": [owner]},
                    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "mail"}}, "template": template},
                },
            )

    thread = threading.Thread(target=control, daemon=True)
    thread.start()
    done = made.deploy(image)
    [standing] = status(made.opened, made.cluster, NAMESPACE)
    stop.set()
    thread.join()
    assert done.carried and done.carried.is_up and done.carried.pruned == ()
    assert done.calling and done.calling.urls == ("http://mail-predictor.team-a.svc",)
    # What KServe made bears the same labels, and is no release of its own.
    assert (standing.kind, standing.image, standing.differs) == ("InferenceService", image, ())


def test_the_command_line_tells_it(made: Deployments, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deploy, status, rollback and undeploy, each in words and with its exit code."""
    monkeypatch.setattr(cluster, "open_cluster", lambda *_: made.cluster)
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    project = Project(made.root)
    images = [made.image(made.bundle(text)) for text in ("one", "two", "three")]
    made.bad.add(images[2])
    answer = project.call("status")
    assert (answer.code, answer.out) == (0, "nothing is deployed in team-a: noteship deploy\n")
    answer = project.call("deploy", "--image", images[0], "--dry-run")
    assert answer.code == 0 and "could be deployed with bundle" in answer.out
    answer = project.call("deploy", "--image", images[0], "--reason", "first")
    assert (
        answer.code == 0
        and "2 pods ready" in answer.out
        and "curl -s --retry 5 --retry-connrefused http://localhost:8080/predict" in answer.out
    )
    assert project.json("deploy", "--image", images[1])["state"] == "done"
    answer = project.call("deploy", "--image", images[2])
    assert answer.code == 1 and "says: the model cannot be loaded" in answer.err and "no module helpers" in answer.err
    assert "waiting: noteship in pod mail-3 says: the model cannot be loaded" in answer.err
    answer = project.call("deploy", "--image", images[2], "--timeout", "0.1")
    assert answer.code == 1 and "its rollout goes on" in answer.out and "do: build it with its modules" in answer.out
    answer = project.call("status")
    assert "says: the model cannot be loaded" in answer.out and "who: the project's team" in answer.out
    answer = project.call("rollback", "--reason", "bad")
    assert answer.code == 0 and "mail in team-a is back at" in answer.out
    answer = project.call("status", "mail")
    assert answer.code == 0 and "what runs is what was recorded" in answer.out and ": bad" in answer.out
    assert [line.split()[1] for line in answer.out.splitlines()[-5:]] == [
        "present",
        "no",
        "failed",
        "replaced",
        "replaced",
    ]
    answer = project.call("undeploy", "--dry-run")
    assert answer.code == 0 and "would be taken away" in answer.out
    assert project.json("undeploy")["sent"] is True
    assert project.call("rollback").code == 2
