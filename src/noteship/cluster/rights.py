"""Which rights somebody needs to deploy given manifests, to see how they do, and to take them away: no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from noteship.cluster import queues

__all__ = ["rights"]

Fields = Mapping[str, Any]
# By kind: its API group, and what it is called in addresses.
RESOURCES: Mapping[str, tuple[str, str]] = {
    "ClusterRoleBinding": ("rbac.authorization.k8s.io", "clusterrolebindings"),
    "ConfigMap": ("", "configmaps"),
    "CronJob": ("batch", "cronjobs"),
    "Deployment": ("apps", "deployments"),
    "GrafanaDashboard": ("grafana.integreatly.org", "grafanadashboards"),
    "HTTPRoute": ("gateway.networking.k8s.io", "httproutes"),
    "HorizontalPodAutoscaler": ("autoscaling", "horizontalpodautoscalers"),
    "InferenceService": ("serving.kserve.io", "inferenceservices"),
    "Ingress": ("networking.k8s.io", "ingresses"),
    "Job": ("batch", "jobs"),
    "NetworkPolicy": ("networking.k8s.io", "networkpolicies"),
    "PodDisruptionBudget": ("policy", "poddisruptionbudgets"),
    "PodMonitor": ("monitoring.coreos.com", "podmonitors"),
    "Role": ("rbac.authorization.k8s.io", "roles"),
    "RoleBinding": ("rbac.authorization.k8s.io", "rolebindings"),
    "PrometheusRule": ("monitoring.coreos.com", "prometheusrules"),
    "Route": ("route.openshift.io", "routes"),
    "Service": ("", "services"),
    "ServiceAccount": ("", "serviceaccounts"),
    "ServiceMonitor": ("monitoring.coreos.com", "servicemonitors"),
}
# Applying is a patch, of what is not there yet a creation; pruning lists by label and deletes.
APPLYING = ("create", "delete", "get", "list", "patch")
# What is waited for is watched.
WATCHED = ("Deployment", "InferenceService", "Job")
# How pods do, and why: their states, what they said, what befell them, and what the namespace has left.
LOOKING: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "events", ("list", "watch")),
    ("", "pods", ("get", "list", "watch")),
    ("", "pods/log", ("get",)),
    ("", "resourcequotas", ("list",)),
    ("apps", "replicasets", ("list", "watch")),
)


def rights(manifests: Iterable[Fields], name: str, beside: str = "") -> tuple[dict[str, Any], ...]:
    """A Role of that name for each namespace of the manifests; and a ClusterRole where some are in none.

    A kind that noteship never renders raises KeyError. What only an administrator may give away, such as a role of the
    whole cluster, has its own rule with its own name, so that it can be seen, and refused, by itself.

    - beside: what is at the end of the names of another release, which may come beside this one; "" for none
    """
    by_namespace: dict[str, list[Fields]] = defaultdict(list)
    for each in manifests:
        by_namespace[each["metadata"].get("namespace", "")].append(each)
    return tuple(
        _role(name, namespace, [*_rules(found, namespace, beside)]) for namespace, found in sorted(by_namespace.items())
    )


def _role(name: str, namespace: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "rules": rules,
    }


def _rules(manifests: list[Fields], namespace: str, beside: str) -> Iterator[dict[str, Any]]:
    kinds = {each["kind"] for each in manifests}
    # Kinds of the whole cluster are those of everybody: only the ones with these names, which a creation cannot say.
    if not namespace:
        yield from _of_cluster(manifests, beside)
        return
    grouped: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for kind in kinds:
        group, resource = RESOURCES[kind]
        grouped[group, (*APPLYING, "watch") if kind in WATCHED else APPLYING].append(resource)
    if any(each["kind"] == "Route" and each["spec"].get("host") for each in manifests):
        grouped["route.openshift.io", ("create", "update")].append("routes/custom-host")
    if kinds & {"CronJob", *WATCHED}:
        for group, resource, verbs in LOOKING:
            grouped[group, verbs].append(resource)
    if "InferenceService" in kinds:
        # What KServe makes is what is waited for.
        grouped["apps", ("get", "list", "watch")].append("deployments")
    if any(queues.of(each) for each in manifests):
        grouped[queues.GROUP, ("get", "list")] += ["localqueues", "workloads"]
    for (group, verbs), resources in sorted(grouped.items()):
        yield _rule(group, sorted(resources), verbs)
    for each in manifests:
        # Nobody may give away what they may not do themselves.
        if each["kind"] == "Role":
            yield from each["rules"]


def _of_cluster(manifests: list[Fields], beside: str) -> Iterator[dict[str, Any]]:
    for each in manifests:
        group, resource = RESOURCES[each["kind"]]
        yield _rule(group, [resource], ("create",))
        name = each["metadata"]["name"]
        names = [name, f"{name}{beside}"] if beside else [name]
        yield {**_rule(group, [resource], ("delete", "get", "patch")), "resourceNames": names}
        if each["kind"] == "ClusterRoleBinding":
            yield {**_rule(group, ["clusterroles"], ("bind",)), "resourceNames": [each["roleRef"]["name"]]}


def _rule(group: str, resources: list[str], verbs: tuple[str, ...]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
