"""How callers from outside come in: a Route, a route of a Gateway, or an Ingress, whichever the cluster serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from noteship.cluster.manifests.errors import BadRelease, SettingWithoutEffect
from noteship.cluster.manifests.labels import manifest, metadata
from noteship.cluster.manifests.parts import Edge
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import Release, Service

__all__ = ["Kind", "edge", "kind_of"]

Kind = Literal["Route", "HTTPRoute", "Ingress"]
PORT = 80
# Of its other services, a Route takes so many.
ROUTE_OTHERS = 3


def kind_of(edge: Edge, platform: Platform) -> Kind | None:
    """What it is made of; None where the cluster serves nothing for it."""
    if edge.gateway:
        return "HTTPRoute" if platform.has_gateways else None
    if edge.certificate or edge.ingress_class:
        return "Ingress" if platform.has_ingresses else None
    if platform.has_routes:
        return "Route"
    return "Ingress" if platform.has_ingresses else None


def edge(release: Release, platform: Platform) -> Iterator[dict[str, Any]]:
    """The one manifest of it, if there is to be any. Raises BadRelease, SettingWithoutEffect."""
    service = release.shape
    if not isinstance(service, Service) or service.edge is None:
        return
    kind = kind_of(service.edge, platform)
    if kind in ("HTTPRoute", "Ingress") and service.access.certificate:
        reason = f"the service speaks TLS, and who comes by the {kind} would be passed on without"
        raise BadRelease("edge", reason, "let the edge alone speak TLS, or use a Route, which passes TLS through")
    match kind:
        case "Route":
            yield manifest(
                "route.openshift.io/v1", kind, metadata(release), spec=_route(release, service, service.edge)
            )
        case "HTTPRoute":
            spec = _gateway_route(release, service.edge)
            yield manifest("gateway.networking.k8s.io/v1", kind, metadata(release), spec=spec)
        case "Ingress":
            yield manifest("networking.k8s.io/v1", kind, metadata(release), spec=_ingress(release, service.edge))


def _route(release: Release, service: Service, edge: Edge) -> dict[str, Any]:
    if len(edge.shares) > ROUTE_OTHERS:
        raise BadRelease("shares", f"a Route takes {ROUTE_OTHERS} other services", "name fewer")
    first, *others = _weighed(release, edge)
    told = [{"kind": "Service", **each} for each in others]
    # A service with a certificate of its own is asked end to end.
    tls = {
        "termination": "passthrough" if service.access.certificate else "edge",
        "insecureEdgeTerminationPolicy": "Redirect",
    }
    return {
        **({"host": edge.host} if edge.host else {}),
        "to": {"kind": "Service", **first},
        **({"alternateBackends": told} if told else {}),
        "port": {"targetPort": "http"},
        "tls": tls,
    }


def _gateway_route(release: Release, edge: Edge) -> dict[str, Any]:
    namespace, _, name = edge.gateway.partition("/")
    behind = [{**each, "port": PORT} for each in _weighed(release, edge)]
    return {
        "parentRefs": [{"namespace": namespace, "name": name}],
        **({"hostnames": [edge.host]} if edge.host else {}),
        "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": behind}],
    }


def _ingress(release: Release, edge: Edge) -> dict[str, Any]:
    if edge.shares:
        reason = "an Ingress has one service behind each path"
        raise SettingWithoutEffect("shares", reason, "use a Gateway, or a Route, or share by numbers of replicas")
    behind = {"service": {"name": release.service_name, "port": {"name": "http"}}}
    rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": behind}]}}
    return {
        **({"ingressClassName": edge.ingress_class} if edge.ingress_class else {}),
        **({"tls": [{"hosts": [edge.host], "secretName": edge.certificate}]} if edge.certificate else {}),
        "rules": [{**({"host": edge.host} if edge.host else {}), **rule}],
    }


def _weighed(release: Release, edge: Edge) -> list[dict[str, Any]]:
    rest = {"name": release.service_name, "weight": 100 - sum(edge.shares.values())}
    return [rest, *({"name": name, "weight": percent} for name, percent in edge.shares.items())]
