"""What belongs to a release on a cluster: found by its labels, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from noteship.cluster import errors
from noteship.cluster.cluster import Cluster, Object, ObjectRef, Selection
from noteship.cluster.manifests import selected
from noteship.cluster.manifests.evaluating import COMPONENT as EVALUATOR
from noteship.cluster.manifests.labels import COMPONENT, MANAGER, PREFIX

__all__ = ["KINDS", "WORKLOADS", "belongs", "evaluator", "found", "stray", "workload_of", "workloads"]

# What makes pods, of which each release has one.
WORKLOADS = (
    ("apps/v1", "Deployment"),
    ("serving.kserve.io/v1beta1", "InferenceService"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
)
# All that is ever rendered into a namespace, in the order in which it is taken away: first what leads callers to it.
KINDS = (
    ("route.openshift.io/v1", "Route"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("networking.k8s.io/v1", "Ingress"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    *WORKLOADS,
    ("policy/v1", "PodDisruptionBudget"),
    ("v1", "Service"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("grafana.integreatly.org/v1beta1", "GrafanaDashboard"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("v1", "ConfigMap"),
    ("v1", "ServiceAccount"),
)
BINDING = ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding")


def found(cluster: Cluster, name: str, namespace: str) -> tuple[Object, ...]:
    """Everything of a release that one may see, in the order in which it is taken away.

    What a controller made for one of these is not among it: it goes with its owner.
    """
    groups = cluster.groups()
    return (*_listed(cluster, namespace, selected(name), groups, KINDS), *_binding(cluster, name, namespace))


def workloads(cluster: Cluster, namespace: str) -> tuple[Object, ...]:
    """What makes the pods of all releases of a namespace; evaluators stand beside these, and are none."""
    own = {"app.kubernetes.io/managed-by": MANAGER, f"{PREFIX}/release": None}
    every = _listed(cluster, namespace, own, cluster.groups(), WORKLOADS)
    return tuple(each for each in every if _labels(each).get(COMPONENT) != EVALUATOR)


def evaluator(cluster: Cluster, name: str, namespace: str) -> Object | None:
    """The Deployment that closes a release's windows beside it, if there is one that one may see."""
    labels: dict[str, str | None] = {**selected(name), COMPONENT: EVALUATOR}
    with suppress(errors.ApiNotServed, errors.RightMissing):
        return next(iter(cluster.list(Selection("apps/v1", "Deployment", namespace, labels=labels))), None)
    return None


def stray(there: Iterable[Object], manifests: Iterable[Object]) -> tuple[Object, ...]:
    """Of a release's objects those that its manifests do not have."""
    wanted = {_identity(each) for each in manifests}
    return tuple(each for each in there if _identity(each) not in wanted)


def belongs(thing: Object, manifest: Object) -> bool:
    """Whether an object that is there is the manifest's release's, of the same project; else it is somebody else's."""
    names = ("app.kubernetes.io/managed-by", "app.kubernetes.io/instance", f"{PREFIX}/project")
    there, wanted = _labels(thing), _labels(manifest)
    return all(there.get(name) == wanted.get(name) for name in names)


def workload_of(manifests: Iterable[Object]) -> Object:
    """The one of a release's manifests that makes its pods, and not its evaluator."""
    kinds = {kind for _, kind in WORKLOADS}
    return next(each for each in manifests if each["kind"] in kinds and _labels(each).get(COMPONENT) != EVALUATOR)


def _listed(
    cluster: Cluster,
    namespace: str,
    labels: Mapping[str, str | None],
    groups: frozenset[str],
    kinds: Iterable[tuple[str, str]],
) -> Iterator[Object]:
    for version, kind in kinds:
        group = version.rpartition("/")[0]
        if group and group not in groups:
            continue
        with suppress(errors.ApiNotServed, errors.RightMissing):
            for each in cluster.list(Selection(version, kind, namespace, labels=dict(labels))):
                if not each["metadata"].get("ownerReferences"):
                    yield each


def _binding(cluster: Cluster, name: str, namespace: str) -> Iterator[Object]:
    """It is in no namespace, so that it is known by its name."""
    with suppress(errors.ApiNotServed, errors.RightMissing):
        thing = cluster.get(ObjectRef(*BINDING, f"noteship-{namespace}-{name}"))
        if thing and all(_labels(thing).get(label) == value for label, value in selected(name).items()):
            yield thing


def _identity(thing: Object) -> tuple[str, str, str]:
    """A kind may be served in several versions."""
    ref = ObjectRef.of(thing)
    return ref.api_version.rpartition("/")[0], ref.kind, ref.name


def _labels(thing: Object) -> Mapping[str, Any]:
    return (thing.get("metadata") or {}).get("labels") or {}
