"""From a release and a cluster's abilities to manifests, in one order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from noteship.cluster.manifests.edges import edge, kind_of
from noteship.cluster.manifests.evaluating import evaluating
from noteship.cluster.manifests.labels import MANAGER, manifest, metadata, routed
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.pod import STORAGE
from noteship.cluster.manifests.release import InferenceService, Release, Service
from noteship.cluster.manifests.watching import watching
from noteship.cluster.manifests.ways import policy
from noteship.cluster.manifests.workloads import scaling, workload

__all__ = ["Rendered", "render"]

# What a service account needs to ask whose tokens are.
REVIEWER = "system:auth-delegator"


@dataclass(frozen=True)
class Rendered:
    """Manifests in the order in which they are to be applied; and what the cluster has no place for, a line each."""

    manifests: tuple[Mapping[str, Any], ...]
    left_out: tuple[str, ...]


def render(release: Release, platform: Platform) -> Rendered:
    """The manifests of a release on a cluster. Equal arguments give equal ones, down to the order of their keys.

    The network's policy comes before the pods that it is about, and what leads callers to them comes last.
    Raises: BadRelease, SettingWithoutEffect.
    """
    made = (
        *_account(release),
        *_files(release),
        policy(release, platform),
        workload(release, platform),
        *_service(release),
        *scaling(release, platform),
        *evaluating(release, platform),
        *watching(release, platform),
        *edge(release, platform),
    )
    return Rendered(made, tuple(_left_out(release, platform)))


def _account(release: Release) -> Iterator[dict[str, Any]]:
    yield manifest("v1", "ServiceAccount", metadata(release), automountServiceAccountToken=False)
    if not release.needs_api:
        return
    # It belongs to the whole cluster, whose reviews of tokens do.
    of_cluster = {name: value for name, value in metadata(release).items() if name != "namespace"}
    yield manifest(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        {**of_cluster, "name": f"noteship-{release.namespace}-{release.name}"},
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": REVIEWER},
        subjects=[{"kind": "ServiceAccount", "name": release.name, "namespace": release.namespace}],
    )


def _files(release: Release) -> Iterator[dict[str, Any]]:
    if release.files:
        # Whoever changes it makes another one: pods that go back to it find it as it was.
        yield manifest("v1", "ConfigMap", metadata(release, release.files_name), immutable=True, data=release.files)


def _service(release: Release) -> Iterator[dict[str, Any]]:
    is_shared = release.behind is not None and not release.behind.is_weighed
    if isinstance(release.shape, Service) and not (isinstance(release.shape, InferenceService) or is_shared):
        port = 443 if release.shape.access.certificate else 80
        spec = {
            "type": "ClusterIP",
            "selector": {"app.kubernetes.io/managed-by": MANAGER, **routed(release)},
            "ports": [{"name": "http", "protocol": "TCP", "port": port, "targetPort": "http"}],
        }
        yield manifest("v1", "Service", metadata(release), spec=spec)


def _left_out(release: Release, platform: Platform) -> Iterator[str]:
    shape, monitoring = release.shape, release.monitoring
    if release.queue and not platform.has_kueue:
        yield f"the queue {release.queue}: the cluster has no Kueue, so jobs begin when there is room"
    elif release.queue and STORAGE not in platform.queue_counts:
        why = f"the queue {release.queue} does not count it, and would never let in who asks for it"
        yield f"the limit of {STORAGE}, but that of /tmp: {why}"
    if release.behind:
        # What it has of these is what the stable release has.
        return
    if monitoring and not platform.has_prometheus_operator:
        yield f"{_monitors(release)} and the PrometheusRule: the cluster has no Prometheus operator"
    if monitoring and not platform.has_grafana_operator:
        yield f"the GrafanaDashboard: the cluster has no Grafana operator; ConfigMap {release.name}-dashboard has it"
    if not isinstance(shape, Service):
        return
    if shape.replicas.is_range and not platform.has_metrics:
        number = shape.replicas.least
        yield f"the autoscaler: the cluster has no metrics of pods, so there are always {number} of them"
    if shape.edge and kind_of(shape.edge, platform) is None:
        lacking = "no Gateway API" if shape.edge.gateway else "no Route and no Ingress, and no Gateway was named"
        yield f"the way in from outside, which leaves the way from within the cluster: it serves {lacking}"
    if not platform.can_sleep:
        yield "the wait before a pod is stopped: the cluster is older than 1.30, so the server waits for longer instead"


def _monitors(release: Release) -> str:
    monitors = ["ServiceMonitor"] if isinstance(release.shape, Service) else []
    return "the " + ", the ".join([*monitors, *(["PodMonitor"] if release.evaluator else [])])
