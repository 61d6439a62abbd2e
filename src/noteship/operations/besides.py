"""`noteship deploy --canary`: a second release beside the stable one, with a share of its callers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from noteship import cluster, digests, store
from noteship.cluster import manifests
from noteship.cluster import releases as on_cluster
from noteship.cluster.manifests import edges
from noteship.operations import canaries, preflight, releases, releasing, render, rolling, sharing
from noteship.operations.carrying import Carried, Carrier
from noteship.operations.deploy import DeployRequest, Telling
from noteship.operations.errors import CanaryDiffers, CanaryOfNothing
from noteship.operations.naming import named as named_bundle
from noteship.operations.opened import OpenedProject

__all__ = ["BesideDeployed", "Stable", "deploy", "lead", "rendered", "route_of", "service_of", "stable_of", "with_led"]

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Stable:
    """The release beside which a canary stands, as it is on record.

    - sent: its manifests; pods: how many it has now
    """

    named: releasing.Named
    record: releases.Record
    sent: Sequence[Fields]
    pods: int


@dataclass(frozen=True)
class BesideDeployed:
    """What was made and sent; nothing was sent where `carried` is None."""

    stable: Stable
    named: releasing.Named
    made: render.RenderedRelease
    share: sharing.Share
    carried: Carried | None

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship deploy --canary --json` prints."""
        rendered = self.made.to_json()
        sent = rendered.pop("manifests")
        return {
            **rendered,
            "beside": self.stable.named.name,
            "share": self.share.to_json(),
            "manifests": [str(cluster.ObjectRef.of(each)) for each in sent],
            "sent": self.carried is not None,
            **(self.carried.to_json() if self.carried else {}),
        }


def deploy(
    opened: OpenedProject, request: DeployRequest, share: float, at: cluster.Cluster, telling: Telling
) -> BesideDeployed:
    """Put a canary in place: its pods come up first, then callers are led to it.

    Raises BadShare, CanaryOfNothing, CanaryDiffers, what `noteship deploy` raises; where it does not come up, it is
    taken away, and the stable release has answered all the time.
    """
    sharing.checked(share)
    named = releasing.named_release(opened, request.name, request.namespace, at)
    stable = stable_of(opened.store, at, named)
    own = canaries.canary_of(named)
    before = releases.present(opened.store, releases.Place.of(at.url, own.namespace, own.name))
    route = route_of(stable.sent)
    shared = (sharing.by_route if route else sharing.by_replicas)(share, stable.pods)
    beside = _beside(stable, shared, has_edge=_has_edge(stable.sent))
    asked = render.RenderRequest(request.bundle, request.image, own.name, own.namespace, None, beside)
    made = render.render(opened, asked, telling.build, telling.stop, at)
    _check_fields(opened.store, named, stable.record.bundle, made.release.bundle.digest)
    telling.rollout(rolling.Moment("looking whether it can be deployed"))
    preflight.check(at, own, made.rendered.manifests)
    if request.is_dry_run:
        return BesideDeployed(stable, own, made, shared, None)
    kept = {"beside": stable.record.id, "bundle": stable.record.bundle, "share": shared.to_json()}
    record = replace(made.record(opened, request.reason, before), canary=kept)
    until = cluster.Until(telling.stop, request.timeout_s)
    carrier = Carrier(at, opened.store, own, telling.rollout, until, str(named))
    carried = carrier.carry(record, made.rendered.manifests, before)
    if carried.is_up and route:
        telling.rollout(rolling.Moment("leading callers to it"))
        lead(at, route, made.release.service_name, shared.percent)
    return BesideDeployed(stable, own, made, shared, carried)


def rendered(
    opened: OpenedProject, made: render.RenderedRelease, request: render.RenderRequest, share: float, beside: str | None
) -> render.RenderedRelease:
    """As a canary, for GitOps, of what was rendered as the stable release would be; with the route of both.

    `beside`: the stable bundle; by default the champion. Raises BadShare, NoBundle, UnknownBundle, BadRelease.
    """
    sharing.checked(share)
    named = releasing.Named(made.release.name, made.release.namespace)
    route = route_of(made.rendered.manifests)
    shape = made.release.shape
    pods = shape.replicas.least if isinstance(shape, manifests.Service) else 1
    shared = (sharing.by_route if route else sharing.by_replicas)(share, pods)
    bundle = named_bundle(opened, beside or "champion").digest
    behind = releasing.Beside(
        named.name, bundle, shared.replicas, route is not None, _has_edge(made.rendered.manifests)
    )
    own = canaries.canary_of(named)
    canary = render.rendered(opened, own, made.imaged, replace(request, beside=behind), None)
    led = [edges.led(route, canary.release.service_name, shared.percent)] if route else []
    told = manifests.Rendered((*canary.rendered.manifests, *led), (*canary.rendered.left_out, f"asked: {shared.words}"))
    return render.RenderedRelease(canary.release, told, made.imaged)


def stable_of(objects: store.Store, at: cluster.Cluster, named: releasing.Named) -> Stable:
    """The stable release. Raises CanaryOfNothing, and what asking the cluster raises."""
    place = releases.Place.of(at.url, named.namespace, named.name)
    present = releases.present(objects, place)
    record = releases.read(objects, place, present.id) if present else None
    sent = releases.manifests_of(objects, record) if record else None
    if record is None or sent is None:
        raise CanaryOfNothing(str(named), "nothing is on record under that name in this store")
    if record.shape not in releasing.SERVICES:
        raise CanaryOfNothing(str(named), f'it runs as = "{record.shape}", and has no callers to share')
    if not releases.coming_up(objects, place, record):
        raise CanaryOfNothing(str(named), f"release {record.id} has not come up yet: noteship status")
    workload = on_cluster.workload_of(sent)
    ref = cluster.ObjectRef.of(workload)
    if ref.kind == "InferenceService":
        ref = cluster.ObjectRef("apps/v1", "Deployment", f"{ref.name}-predictor", ref.namespace)
    there = at.get(ref)
    if there is None:
        raise CanaryOfNothing(str(named), f"{ref} is not there")
    return Stable(named, record, sent, int(there["spec"].get("replicas", 1)))


def route_of(sent: Sequence[Fields]) -> Fields | None:
    """Of a release's manifests the one that can lead a share of the requests to another service."""
    return next((each for each in sent if each["kind"] in edges.SHARED), None)


def lead(at: cluster.Cluster, route: Fields, service: str = "", percent: int = 0) -> None:
    """Lead so many percent of the requests to another service; none without one."""
    at.apply(edges.led(route, service, percent) if service else route)


def with_led(objects: store.Store, sent: Sequence[Fields], canary: canaries.Canary | None) -> Sequence[Fields]:
    """A stable release's manifests as they are with its canary: its route leads a share of the requests there."""
    own = releases.manifests_of(objects, canary.record) if canary and canary.since is not None else None
    if canary is None or own is None or canary.share.by != "route":
        return sent
    service, percent = service_of(own), canary.share.percent
    return [edges.led(each, service, percent) if each["kind"] in edges.SHARED else each for each in sent]


def service_of(sent: Sequence[Fields]) -> str:
    """What a release's Service is called."""
    workload = on_cluster.workload_of(sent)
    name = str(workload["metadata"]["name"])
    return f"{name}-predictor" if workload["kind"] == "InferenceService" else name


def _has_edge(sent: Sequence[Fields]) -> bool:
    return any(each["kind"] in ("Route", "HTTPRoute", "Ingress") for each in sent)


def _beside(stable: Stable, share: sharing.Share, *, has_edge: bool) -> releasing.Beside:
    return releasing.Beside(stable.named.name, stable.record.bundle, share.replicas, share.by == "route", has_edge)


def _check_fields(objects: store.Store, named: releasing.Named, known: str, asked: str) -> None:
    """Raises CanaryDiffers where it would refuse its callers' rows. What is not in the store is not looked at."""
    from noteship.models import Signature
    from noteship.serving.agreement import differences

    signatures = []
    for bundle in (known, asked):
        try:
            leaf = objects.read_tree(digests.Digest(bundle)).files["bundle.json"]
            signatures.append(Signature.from_json(json.loads(objects.get_bytes(leaf.digest))["signature"]))
        except (store.errors.MissingObject, KeyError, ValueError, TypeError):
            return
    found = differences(*signatures)
    if found:
        raise CanaryDiffers(str(named), found)
