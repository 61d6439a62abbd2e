"""Who reaches the pods, and whom they reach: everything else is forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from noteship.cluster.manifests.labels import manifest, metadata, selector
from noteship.cluster.manifests.parts import Destination
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import Release, Service, Stream

__all__ = ["destinations", "namespaces", "policy", "to", "to_names"]

NAME_LABEL = "kubernetes.io/metadata.name"


def policy(release: Release, platform: Platform) -> dict[str, Any]:
    """The one NetworkPolicy of a release. Being about both directions, it forbids what it does not name."""
    spec = {
        "podSelector": {"matchLabels": selector(release)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": list(_into(release, platform)),
        "egress": [to_names(platform), *map(to, destinations(release))],
    }
    return manifest("networking.k8s.io/v1", "NetworkPolicy", metadata(release), spec=spec)


def destinations(release: Release) -> Iterator[Destination]:
    """All that the pods may reach beside the DNS."""
    if release.store:
        yield release.store.at
    if release.proxy:
        yield release.proxy.at
    if isinstance(release.shape, Service) and release.shape.access.api:
        yield release.shape.access.api
    if isinstance(release.shape, Stream):
        yield release.shape.at
    yield from release.egress


def _into(release: Release, platform: Platform) -> Iterator[dict[str, Any]]:
    service = release.shape
    if not isinstance(service, Service):
        return
    ports = [{"protocol": "TCP", "port": service.port}]
    for callers in (
        platform.edge_namespaces if service.edge or (service.behind and service.behind.has_edge) else (),
        platform.monitoring_namespaces if service.monitoring else (),
        service.callers,
    ):
        if callers:
            yield {"from": [namespaces(callers)], "ports": ports}


def to_names(platform: Platform) -> dict[str, Any]:
    """The way out to who answers for names."""
    names = [namespaces(platform.dns_namespaces)] if platform.dns_namespaces else []
    servers = [*names, *_blocks(Destination("DNS", (53,), platform.dns_addresses) if platform.dns_addresses else None)]
    asked = [{"protocol": protocol, "port": port} for port in platform.dns_ports for protocol in ("UDP", "TCP")]
    return {"to": servers, "ports": asked}


def to(place: Destination) -> dict[str, Any]:
    """The way out to a place."""
    ports = [{"protocol": place.protocol, "port": port} for port in place.ports]
    return {"to": _blocks(place) if place.addresses else [_pods(place)], "ports": ports}


def namespaces(names: tuple[str, ...]) -> dict[str, Any]:
    """All pods of these namespaces."""
    chosen = {"key": NAME_LABEL, "operator": "In", "values": list(names)}
    return {"namespaceSelector": {"matchExpressions": [chosen]}}


def _pods(destination: Destination) -> dict[str, Any]:
    there = {"namespaceSelector": {"matchLabels": {NAME_LABEL: destination.namespace}}}
    return {**there, **({"podSelector": {"matchLabels": dict(destination.pods)}} if destination.pods else {})}


def _blocks(destination: Destination | None) -> list[dict[str, Any]]:
    return [{"ipBlock": {"cidr": network}} for network in destination.networks] if destination else []
