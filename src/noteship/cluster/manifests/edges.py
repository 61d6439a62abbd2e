"""How callers from outside come in: a Route, a route of a Gateway, or an Ingress, whichever the cluster serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from noteship.cluster.manifests.errors import BadRelease
from noteship.cluster.manifests.labels import manifest, metadata
from noteship.cluster.manifests.parts import Edge
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import Release, Service

__all__ = ["SHARED", "Kind", "edge", "kind_of", "led"]

Kind = Literal["Route", "HTTPRoute", "Ingress"]
PORT = 80
# What can lead a share of the requests to another service.
SHARED: tuple[Kind, ...] = ("Route", "HTTPRoute")


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


def led(route: Mapping[str, Any], service: str, percent: int) -> dict[str, Any]:
    """The same Route or HTTPRoute, by which so many percent of the requests come to another service.

    >>> route = {"kind": "Route", "spec": {"to": {"kind": "Service", "name": "mail"}}}
    >>> led(route, "mail-canary", 10)["spec"]["to"]["weight"]
    90
    """
    spec = dict(route["spec"])
    if route["kind"] == "Route":
        spec["to"] = {**spec["to"], "weight": 100 - percent}
        spec["alternateBackends"] = [{"kind": "Service", "name": service, "weight": percent}]
    else:
        [rule] = spec["rules"]
        [first] = rule["backendRefs"]
        behind = [{**first, "weight": 100 - percent}, {**first, "name": service, "weight": percent}]
        spec["rules"] = [{**rule, "backendRefs": behind}]
    return {**route, "spec": spec}


def _route(release: Release, service: Service, edge: Edge) -> dict[str, Any]:
    # A service with a certificate of its own is asked end to end.
    tls = {
        "termination": "passthrough" if service.access.certificate else "edge",
        "insecureEdgeTerminationPolicy": "Redirect",
    }
    return {
        **({"host": edge.host} if edge.host else {}),
        "to": {"kind": "Service", "name": release.service_name, "weight": 100},
        "port": {"targetPort": "http"},
        "tls": tls,
    }


def _gateway_route(release: Release, edge: Edge) -> dict[str, Any]:
    namespace, _, name = edge.gateway.partition("/")
    behind = [{"name": release.service_name, "weight": 100, "port": PORT}]
    return {
        "parentRefs": [{"namespace": namespace, "name": name}],
        **({"hostnames": [edge.host]} if edge.host else {}),
        "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": behind}],
    }


def _ingress(release: Release, edge: Edge) -> dict[str, Any]:
    behind = {"service": {"name": release.service_name, "port": {"name": "http"}}}
    rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": behind}]}}
    return {
        **({"ingressClassName": edge.ingress_class} if edge.ingress_class else {}),
        **({"tls": [{"hosts": [edge.host], "secretName": edge.certificate}]} if edge.certificate else {}),
        "rules": [{**({"host": edge.host} if edge.host else {}), **rule}],
    }
