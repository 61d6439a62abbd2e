"""Canaries on the cluster in memory: in place, promoted, withdrawn, and whole whenever a process is killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project
from noteship import cluster, monitor, store
from noteship.cluster.cluster import Object, ObjectRef
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.operations import besides, canaries, canary, patience, releases, releasing, settling, sharing
from noteship.operations.deploy import DeployRequest, Telling
from noteship.operations.errors import BadShare, CanaryOfNothing, CanaryUnderWay, NoCanary, ReleaseFailed
from noteship.operations.rollback import RollbackRequest, rollback
from noteship.operations.status import status
from noteship.operations.undeploy import undeploy
from operations.deployments import NAMESPACE, SETTINGS, Deployments, deployments

NAMED = releasing.Named("mail", NAMESPACE)
OWN = "mail-canary"
EDGE = '[kubernetes.edge]\nhost = "mail.example.org"\ngateway = "edge/public"\n'


class Killed(BaseException):
    """As a process ends that is killed: nothing catches it."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Deployments]:
    with deployments(tmp_path) as found:
        yield found


def telling(at: Deployments) -> settling.Telling:
    return settling.Telling(lambda moment: at.told.append(moment.what), threading.Event())


def beside(at: Deployments, image: str, share: float = 0.1, **more: Any) -> besides.BesideDeployed:
    told = Telling(lambda _: None, lambda moment: at.told.append(moment.what), threading.Event())
    return besides.deploy(at.opened, DeployRequest(image=image, **more), share, at.cluster, told)


def both(at: Deployments, share: float = 0.1) -> tuple[str, str]:
    """A stable release and its canary, by their images."""
    images = at.image(at.bundle("one")), at.image(at.bundle("two"))
    at.deploy(images[0])
    beside(at, images[1], share)
    return images


def image_of(at: Deployments, name: str = "mail") -> Any:
    found = at.live(name=name)
    return found and found["spec"]["template"]["spec"]["containers"][0]["image"]


def settled(at: Deployments, state: Any) -> settling.Settled:
    return canary.by_hand(at.opened, canary.CanaryRequest(), state, at.cluster, telling(at))


def with_gateway(at: Deployments) -> None:
    """A cluster that serves the Gateway API, and a release with a route of it."""
    names = {"kind": "HTTPRoute", "plural": "httproutes"}
    spec = {
        "group": "gateway.networking.k8s.io",
        "scope": "Namespaced",
        "names": names,
        "versions": [{"name": "v1", "served": True, "storage": True}],
    }
    metadata = {"name": "httproutes.gateway.networking.k8s.io"}
    version = "apiextensions.k8s.io/v1"
    at.cluster.apply_as(
        "admin", {"apiVersion": version, "kind": "CustomResourceDefinition", "metadata": metadata, "spec": spec}
    )
    at.declare(SETTINGS + EDGE)


def backends(at: Deployments) -> list[tuple[str, int]]:
    route = at.cluster.get(ObjectRef("gateway.networking.k8s.io/v1", "HTTPRoute", "mail"))
    assert route is not None
    return [(each["name"], each["weight"]) for each in route["spec"]["rules"][0]["backendRefs"]]


def test_by_pods_the_share_is_what_their_numbers_make(made: Deployments) -> None:
    """A tenth was asked for, a third is possible beside two pods, and both are told and on record."""
    first, second = both(made)
    own = made.live(name=OWN)
    assert own["spec"]["replicas"] == 1 and image_of(made, OWN) == second and image_of(made) == first
    assert made.live("Service", "v1", OWN) is None
    selector = made.live("Service", "v1")["spec"]["selector"].items()
    for each in (own, made.live()):
        assert selector <= each["spec"]["template"]["metadata"]["labels"].items()
    found = canaries.present(made.opened.store, made.cluster, NAMED)
    assert found is not None and found.since is not None
    assert (found.share.asked, round(found.share.possible, 3), found.share.by) == (0.1, 0.333, "replicas")
    assert "1 of 3 pods (0.1 was asked for)" in found.share.words
    stable, own_standing = status(made.opened, made.cluster, NAMESPACE)
    assert stable.canary is not None and stable.share is None and stable.differs == ()
    assert own_standing.share == found.share and own_standing.differs == ()


def test_by_a_route_its_weights_are_the_share(made: Deployments) -> None:
    """Callers are led there when the pods are up; the stable release counts as recorded nevertheless."""
    with_gateway(made)
    images = made.image(made.bundle("one")), made.image(made.bundle("two"))
    made.deploy(images[0])
    assert backends(made) == [("mail", 100)]
    done = beside(made, images[1], 0.1)
    assert (done.share.percent, done.share.by, done.share.replicas) == (10, "route", 1)
    assert backends(made) == [("mail", 90), (OWN, 10)]
    assert made.told.index("waiting for pods") < made.told.index("leading callers to it")
    assert made.live("Service", "v1", OWN) is not None
    assert [each.differs for each in status(made.opened, made.cluster, NAMESPACE)] == [(), ()]
    settled(made, "withdrawing")
    assert backends(made) == [("mail", 100)] and made.live(name=OWN) is None


def test_a_canary_that_is_promoted_is_the_stable_release(made: Deployments) -> None:
    """By the ordinary rollout and on record as one; it is taken away, and what became of it is on record, too."""
    with_gateway(made)
    first, second = both(made)
    bundle = canaries.present(made.opened.store, made.cluster, NAMED)
    done = settled(made, "promoting")
    assert done.is_done and done.carried is not None and done.carried.is_up
    assert image_of(made) == second != first and image_of(made, OWN) is None
    assert backends(made) == [("mail", 100)]
    assert made.live().get("spec")["replicas"] == 2
    place = releases.Place("memory", NAMESPACE, "mail")
    now, before = releases.history(made.opened.store, place)
    assert bundle is not None and now.record.bundle == bundle.record.bundle and before.state == "replaced"
    assert now.record.reason == f"promoted from {bundle.record.id}: by hand"
    last = canaries.last(made.opened.store, made.cluster, NAMED)
    assert bundle.record.id in last and "was promoted" in last
    with pytest.raises(NoCanary, match="was promoted"):
        settled(made, "withdrawing")


def test_a_withdrawn_canary_leaves_the_stable_release_as_it_was(made: Deployments) -> None:
    """All of it is gone, nothing of anybody else's; a new one may come."""
    first, second = both(made)
    before = made.live()
    done = settled(made, "withdrawing")
    assert done.settlement.state == "withdrawn" and any(OWN in each for each in done.taken_away)
    assert made.live()["metadata"]["generation"] == before["metadata"]["generation"] and image_of(made) == first
    assert canaries.present(made.opened.store, made.cluster, NAMED) is None
    assert beside(made, second).carried is not None


@pytest.mark.slow
@pytest.mark.parametrize("state", ["promoting", "withdrawing"])
@pytest.mark.parametrize("is_routed", [True, False])
def test_whenever_it_is_killed_the_next_call_goes_on(made: Deployments, state: Any, is_routed: bool) -> None:
    """After each write to the cluster or to the record; then both are as if nothing had happened."""
    if is_routed:
        with_gateway(made)
    images = list(both(made))
    moment, is_killed = 0, True
    while is_killed:
        moment += 1
        is_killed = False
        try:
            with KilledAfter(made, moment):
                settled(made, state)
        except Killed:
            is_killed = True
            # Some release answers all the time, and the route leads to nothing that is not there.
            assert image_of(made) in images
            assert not is_routed or all(made.live("Service", "v1", name) for name, _ in backends(made))
            if canaries.present(made.opened.store, made.cluster, NAMED) is not None:
                assert settled(made, state).is_done
        if state == "promoting":
            images.reverse()
        assert image_of(made) == images[0] and image_of(made, OWN) is None
        assert not is_routed or backends(made) == [("mail", 100)]
        assert canaries.present(made.opened.store, made.cluster, NAMED) is None
        [standing] = status(made.opened, made.cluster, NAMESPACE)
        assert (standing.differs, standing.history[0].state) == ((), "present")
        beside(made, images[1])
    assert moment > (15 if state == "promoting" else 4)


class KilledAfter:
    """A process that is killed after so many writes."""

    def __init__(self, at: Deployments, writes: int) -> None:
        self._at, self._left = at, writes
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> None:
        real = self._at.cluster.apply

        def apply(thing: Object, *, dry_run: bool = False, force: bool = False) -> Any:
            done = real(thing, dry_run=dry_run, force=force)
            if not dry_run:
                self._count()
            return done

        self._patch.setattr(self._at.cluster, "apply", apply)
        self._wrap(MemoryCluster, "delete")
        for name in ("write_ref", "delete_ref"):
            self._wrap(store.Store, name)

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    def _wrap(self, kind: type, name: str) -> None:
        real = getattr(kind, name)

        def counted(*given: Any, **more: Any) -> Any:
            done = real(*given, **more)
            if threading.current_thread() is threading.main_thread():
                self._count()
            return done

        self._patch.setattr(kind, name, counted)

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed


def test_a_canary_that_does_not_come_up_is_taken_away(made: Deployments, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says why, and that the stable release answers; nothing of it is left, and none is on record."""
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    with_gateway(made)
    first, bad = made.image(made.bundle("one")), made.image(made.bundle("two"))
    made.deploy(first)
    made.bad.add(bad)
    with pytest.raises(ReleaseFailed, match="mail in team-a answers as it did all the time"):
        beside(made, bad)
    assert image_of(made, OWN) is None and image_of(made) == first and backends(made) == [("mail", 100)]
    assert canaries.present(made.opened.store, made.cluster, NAMED) is None


def test_a_promotion_that_fails_leaves_the_canary(made: Deployments, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stable release is back, callers are led to the canary again, and it may be settled later."""
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    with_gateway(made)
    first, second = both(made)
    made.bad.add(second)
    with pytest.raises(ReleaseFailed):
        settled(made, "promoting")
    assert image_of(made) == first and backends(made) == [("mail", 90), (OWN, 10)]
    found = canaries.present(made.opened.store, made.cluster, NAMED)
    assert found is not None and found.settlement is None
    made.bad.clear()
    assert settled(made, "promoting").is_done and image_of(made) == second


def test_what_it_is_compared_with_stays_as_it_is(made: Deployments) -> None:
    """Deploying is refused; going back, and taking away, withdraw it first."""
    first, second = both(made)
    with pytest.raises(CanaryUnderWay):
        made.deploy(second)
    settled(made, "promoting")
    beside(made, first)
    rollback(made.opened, RollbackRequest(), made.cluster, lambda _: None, threading.Event())
    assert image_of(made) == first and image_of(made, OWN) is None
    assert "went back" in canaries.last(made.opened.store, made.cluster, NAMED)
    beside(made, second)
    undeploy(made.opened, NAMED, made.cluster, lambda _: None, is_dry_run=False)
    assert made.live() is None and made.live(name=OWN) is None


def test_there_has_to_be_something_to_stand_beside(made: Deployments) -> None:
    """A release that came up, with callers; and a share that leaves it some."""
    image = made.image(made.bundle("one"))
    with pytest.raises(CanaryOfNothing, match="nothing is on record"):
        beside(made, image)
    made.deploy(image)
    for share in (0, 0.6, -1):
        with pytest.raises(BadShare):
            beside(made, image, share)
    assert beside(made, image, is_dry_run=True).carried is None and made.live(name=OWN) is None


def test_pods_that_do_not_answer_withdraw_it_without_a_window() -> None:
    """Started again and again, or not coming up; and none is promoted whose pods are not ready."""
    good = monitor.Verdict("promote", "enough")
    ready = cluster.Progress("done", 1, 1, 1)
    assert canary.of_pods(good, ready, 2) is good
    assert canary.of_pods(good, ready, 3).word == "withdraw"
    failed = cluster.Progress("failed", 1, reason="ProgressDeadlineExceeded")
    assert canary.of_pods(monitor.Verdict("go on", ""), failed, 0).word == "withdraw"
    assert canary.of_pods(good, cluster.Progress("under way", 2, 2, 1), 0).word == "go on"


def test_shares_that_pods_can_make() -> None:
    """The nearest that there is, one pod at least; and by a route whole percents, with pods enough for them."""
    for asked, pods in ((0.01, 1), (0.1, 1), (0.1, 3), (0.1, 9), (0.25, 6), (0.5, 2), (0.33, 40)):
        share = sharing.by_replicas(asked, pods)
        others = [(more / (more + pods)) for more in (share.replicas - 1, share.replicas + 1) if more > 0]
        assert share.possible == share.replicas / (share.replicas + pods)
        assert all(abs(share.possible - asked) <= abs(other - asked) for other in others)
    assert (sharing.by_route(0.004, 2).percent, sharing.by_route(0.25, 10).replicas) == (1, 3)
    assert sharing.Share.from_json(share.to_json()).replicas == share.replicas


def test_a_canary_is_rendered_with_the_route_of_both(made: Deployments) -> None:
    """For GitOps, without a cluster: beside a named bundle, with its share and the route of both."""
    project = Project(made.root)
    stable, bundle = made.bundle("one"), made.bundle("two")
    image = made.image(bundle)
    made.declare(SETTINGS + EDGE)
    words = ("render", "--image", image, "--canary", "0.2", "--beside", stable)
    document = project.json(*words)
    assert (document["release"], document["bundle"]) == (OWN, bundle)
    *own, route = document["manifests"]
    assert {each["metadata"]["labels"]["app.kubernetes.io/instance"] for each in own} == {OWN}
    assert [(each["name"], each["weight"]) for each in route["spec"]["rules"][0]["backendRefs"]] == [
        ("mail", 80),
        (OWN, 20),
    ]
    assert "20 % of the requests" in document["left_out"][-1]
    assert project.json(*words) == document
    made.declare(SETTINGS)
    kinds = [each["kind"] for each in project.json(*words)["manifests"]]
    assert "Deployment" in kinds and not {"Service", "HTTPRoute"} & set(kinds)


def test_the_command_line_tells_it(made: Deployments, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deploy, look, wait in vain, withdraw and promote, each in words and with its exit code."""
    monkeypatch.setattr(cluster, "open_cluster", lambda *_: made.cluster)
    project = Project(made.root)
    first, second = made.image(made.bundle("one")), made.image(made.bundle("two"))
    assert project.call("canary").code == 2
    project.json("deploy", "--image", first)
    answer = project.call("deploy", "--image", second, "--canary", "0.1")
    assert answer.code == 0 and "33.3% of the connections, by 1 of 3 pods" in answer.out, answer.out
    answer = project.call("canary")
    assert answer.code == 0 and "go on: " in answer.out and "without a store on S3" in answer.out, answer.out
    begun = time.monotonic()
    answer = project.call("canary", "--settle", "--timeout", "0.3")
    assert answer.code == 1 and "nothing is decided yet" in answer.out and time.monotonic() - begun < 5
    answer = project.call("status")
    assert "beside it its canary mail-canary" in answer.out and "a canary with 33.3%" in answer.out
    answer = project.call("canary", "--withdraw", "--reason", "not today")
    assert answer.code == 0 and "is withdrawn: not today" in answer.out
    document = project.json("deploy", "--image", second, "--canary", "0.5")
    assert document["share"] == {"asked": 0.5, "possible": 0.5, "by": "replicas", "replicas": 2, "beside": 2}
    assert project.json("canary")["verdict"] == "go on"
    document = project.json("canary", "--promote")
    assert (document["settlement"]["state"], document["promotion"]["state"]) == ("promoted", "done")
    assert image_of(made) == second
