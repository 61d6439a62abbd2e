"""What a cluster serves, as far as manifests depend on it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

__all__ = ["Platform"]

# Kubernetes 1.30 has the `sleep` of a container's `preStop` without being asked for it; stable since 1.34.
SLEEPS_FROM = 30


@dataclass(frozen=True)
class Platform:
    """What a cluster serves. By default a plain one, with an Ingress and a metrics server and nothing else.

    - is_openshift: the API group security.openshift.io is there: users and groups of pods are the cluster's choice
    - can_sleep: a container can wait before it is stopped, from 1.30 on; has_user_namespaces: pods may have their own
    - edge_namespaces, monitoring_namespaces, dns_namespaces: where routers, Prometheus and the DNS's pods are
    - queue_counts: the resources that the queue of its jobs counts; it never lets in who asks for another one
    - dns_addresses: of a DNS that is no pod, such as a cache on each node; dns_ports: of both
    """

    is_openshift: bool = False
    has_routes: bool = False
    has_gateways: bool = False
    has_ingresses: bool = True
    has_metrics: bool = True
    has_prometheus_operator: bool = False
    has_grafana_operator: bool = False
    has_kueue: bool = False
    queue_counts: tuple[str, ...] = ("cpu", "memory")
    has_kserve: bool = False
    has_dask_operator: bool = False
    can_sleep: bool = True
    has_user_namespaces: bool = False
    edge_namespaces: tuple[str, ...] = ("ingress-nginx",)
    monitoring_namespaces: tuple[str, ...] = ("monitoring",)
    dns_namespaces: tuple[str, ...] = ("kube-system",)
    dns_addresses: tuple[str, ...] = ()
    dns_ports: tuple[int, ...] = (53,)

    @classmethod
    def openshift(cls) -> Platform:
        """OpenShift as it comes, its own monitoring for users included."""
        return cls(
            is_openshift=True,
            has_routes=True,
            # An Ingress is made a Route of.
            has_ingresses=True,
            has_prometheus_operator=True,
            # Where the routers share the nodes' network, the second one is where they are seen to come from.
            edge_namespaces=("openshift-ingress", "openshift-host-network"),
            monitoring_namespaces=("openshift-monitoring", "openshift-user-workload-monitoring"),
            dns_namespaces=("openshift-dns",),
            # Of the pods; the service's is 53, which no policy sees.
            dns_ports=(5353, 53),
        )

    @classmethod
    def of(cls, groups: Collection[str], minor: int, *, has_ingresses: bool) -> Platform:
        """A cluster by its API groups and the second number of its version.

        Every cluster has the API of an Ingress: `has_ingresses` is whether it has a class of them, and so somebody who
        acts on one. Where pods come from, and whether nodes have user namespaces, its API does not say: where it is
        not as usual, say so by `dataclasses.replace`.
        """
        return replace(
            cls.openshift() if "security.openshift.io" in groups else cls(),
            has_routes="route.openshift.io" in groups,
            has_gateways="gateway.networking.k8s.io" in groups,
            has_ingresses=has_ingresses,
            has_metrics="metrics.k8s.io" in groups,
            has_prometheus_operator="monitoring.coreos.com" in groups,
            has_grafana_operator="grafana.integreatly.org" in groups,
            has_kueue="kueue.x-k8s.io" in groups,
            has_kserve="serving.kserve.io" in groups,
            has_dask_operator="kubernetes.dask.org" in groups,
            can_sleep=minor >= SLEEPS_FROM,
        )
