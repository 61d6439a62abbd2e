"""What a cluster serves, as far as releases depend on it: asked of it, and as the declaration says."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from noteship import cluster
from noteship.cluster import queues
from noteship.cluster.manifests import Platform
from noteship.project.kubernetes_settings import KubernetesSettings, PlatformSettings

__all__ = ["KINDS", "Kind", "discovered", "usual"]

Kind = Literal["kubernetes", "openshift"]
KINDS: tuple[Kind, ...] = ("kubernetes", "openshift")
# How pods are labelled by the charts and operators that most clusters were made with.
ROUTERS = ("ingress-nginx", "traefik", "haproxy-ingress", "contour", "envoy", "istio-ingressgateway")
NAME = "app.kubernetes.io/name"


def usual(kind: Kind, settings: KubernetesSettings) -> Platform:
    """A cluster of that kind as it usually is, with what the declaration says of it."""
    found = Platform.openshift() if kind == "openshift" else Platform()
    if settings.edge and settings.edge.gateway:
        # Who names a Gateway has one.
        found = replace(found, has_gateways=True, edge_namespaces=_with_gateway(found, settings))
    if settings.shape == "kserve":
        found = replace(found, has_kserve=True)
    if settings.monitoring:
        found = replace(found, has_prometheus_operator=True)
    return _told(found, settings.platform)


def discovered(asked: cluster.Cluster, settings: KubernetesSettings, namespace: str) -> Platform:
    """The cluster that is asked, as it is in a namespace. What one may not look at there is taken to be as usual."""
    found = Platform.of(asked.groups(), _minor(asked.version()), has_ingresses=_has_ingresses(asked))
    if not found.is_openshift:
        found = replace(
            found,
            edge_namespaces=_of_pods(asked, {NAME: ROUTERS}) or found.edge_namespaces,
            monitoring_namespaces=_of_pods(asked, {NAME: "prometheus"}) or found.monitoring_namespaces,
            dns_namespaces=_of_pods(asked, {"k8s-app": "kube-dns"}) or found.dns_namespaces,
        )
    if settings.edge and settings.edge.gateway:
        found = replace(found, edge_namespaces=_with_gateway(found, settings))
    queue = (settings.job and settings.job.queue) or settings.run.queue
    if queue:
        counted = queues.counted(asked, queue, namespace)
        found = replace(found, queue_counts=counted or found.queue_counts)
    return _told(found, settings.platform)


def _with_gateway(found: Platform, settings: KubernetesSettings) -> tuple[str, ...]:
    """The pods of a Gateway are in its namespace, or in its controller's."""
    gateway = settings.edge.gateway.partition("/")[0] if settings.edge else ""
    return tuple(dict.fromkeys((*found.edge_namespaces, gateway)))


def _told(found: Platform, settings: PlatformSettings) -> Platform:
    names = ("edge_namespaces", "monitoring_namespaces", "dns_namespaces", "dns_addresses")
    told: dict[str, Any] = {name: getattr(settings, name) for name in names if getattr(settings, name) is not None}
    return replace(found, **told)


def _minor(version: str) -> int:
    found = re.match(r"v?\d+\.(\d+)", version)
    return int(found[1]) if found else 0


def _has_ingresses(asked: cluster.Cluster) -> bool:
    try:
        return bool(asked.list(cluster.Selection("networking.k8s.io/v1", "IngressClass")))
    except cluster.errors.RightMissing:
        return True
    except cluster.errors.ApiNotServed:
        return False


def _of_pods(asked: cluster.Cluster, labels: dict[str, str | tuple[str, ...]]) -> tuple[str, ...]:
    with suppress(cluster.errors.RightMissing):
        pods = asked.list(cluster.Selection("v1", "Pod", cluster.EVERYWHERE, labels=labels))
        return tuple(sorted({str(each["metadata"]["namespace"]) for each in pods}))
    return ()
