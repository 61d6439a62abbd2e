"""The rights that deploying takes."""

from __future__ import annotations

from typing import Any

import pytest

from noteship.cluster.manifests import Edge, InferenceService, Job, Platform, Replicas, Schedule, Service, render
from noteship.cluster.rights import rights

from .releases import REVIEWS, TOKENS, cases, monitoring, release


def allowed(roles: tuple[dict[str, Any], ...]) -> set[tuple[str, str, str, str]]:
    """As tuples of the role's kind, the group, the resource and the verb."""
    return {
        (role["kind"], group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_every_rendered_kind_can_be_applied_and_taken_away() -> None:
    """For each manifest there are the verbs of applying, pruning and undeploying, and none is a star."""
    for made, platform in cases():
        roles = rights(render(made, platform).manifests, "deploy-mail")
        found = allowed(roles)
        assert "*" not in {word for each in found for word in each}
        namespaced = [each for each in render(made, platform).manifests if "namespace" in each["metadata"]]
        verbs_by_group = {group for _, group, _, verb in found if verb == "patch"}
        assert {each["apiVersion"].rpartition("/")[0] for each in namespaced} <= verbs_by_group
        assert not {resource for _, _, resource, _ in found} & {"secrets", "roles", "rolebindings"}


def test_what_other_controllers_make_is_looked_at() -> None:
    """The Deployment that KServe makes is waited for, and a queue's Workload says for what a Job waits."""
    served = Platform(has_kserve=True, has_kueue=True)
    under_kserve = allowed(rights(render(release(InferenceService(TOKENS)), served).manifests, "deploy-mail"))
    assert {verb for _, _, resource, verb in under_kserve if resource == "deployments"} == {"get", "list", "watch"}
    queued = Job("s3://team-a/in", "s3://team-a/out", queue="team")
    for shape in (queued, Schedule(queued, "15 3 * * *")):
        found = allowed(rights(render(release(shape), served).manifests, "deploy-mail"))
        assert {
            ("Role", "kueue.x-k8s.io", "localqueues", "list"),
            ("Role", "kueue.x-k8s.io", "workloads", "list"),
        } <= found


def test_a_plain_service_needs_one_role_of_its_namespace() -> None:
    """Nothing of the whole cluster is asked for, and only what is watched or said by pods beside what is applied."""
    (role,) = rights(render(release(), Platform()).manifests, "deploy-mail")
    assert (role["kind"], role["metadata"]) == ("Role", {"name": "deploy-mail", "namespace": "team-a"})
    verbs = {
        (group, resource): sorted(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    applying = ["create", "delete", "get", "list", "patch"]
    assert verbs == {
        ("", "configmaps"): applying,
        ("", "serviceaccounts"): applying,
        ("", "services"): applying,
        ("networking.k8s.io", "networkpolicies"): applying,
        ("apps", "deployments"): [*applying, "watch"],
        ("apps", "replicasets"): ["list", "watch"],
        ("", "pods"): ["get", "list", "watch"],
        ("", "pods/log"): ["get"],
        ("", "events"): ["list", "watch"],
        ("", "resourcequotas"): ["list"],
    }


def test_a_host_of_ones_own_is_a_right_of_its_own() -> None:
    """On OpenShift a Route with a host asks for routes/custom-host; without one it does not."""
    for host, is_asked in (("mail.example.org", True), ("", False)):
        made = render(release(Service(TOKENS, edge=Edge(host))), Platform.openshift()).manifests
        found = {(resource, verb) for _, _, resource, verb in allowed(rights(made, "deploy"))}
        assert ("routes", "patch") in found
        assert (("routes/custom-host", "create") in found) is is_asked


def test_what_is_the_clusters_is_told_apart_and_by_name() -> None:
    """Reviews of tokens take a binding of the whole cluster: that one alone, and the one role that it gives."""
    service = Service(REVIEWS, Replicas(2, 10), monitoring=monitoring(REVIEWS))
    cluster, role = rights(render(release(service), Platform()).manifests, "deploy-mail")
    assert (cluster["kind"], role["kind"]) == ("ClusterRole", "Role")
    assert [(rule["resources"], rule["verbs"], rule.get("resourceNames")) for rule in cluster["rules"]] == [
        (["clusterrolebindings"], ["create"], None),
        (["clusterrolebindings"], ["delete", "get", "patch"], ["noteship-team-a-mail"]),
        (["clusterroles"], ["bind"], ["system:auth-delegator"]),
    ]


def test_equal_manifests_give_equal_roles_and_unknown_kinds_none() -> None:
    """The order of manifests does not matter; a kind that noteship does not render is an error of the caller's."""
    made = render(release(), Platform()).manifests
    assert rights(made, "a") == rights(made[::-1], "a")
    with pytest.raises(KeyError):
        rights([{"kind": "Secret", "metadata": {"namespace": "team-a"}}], "a")
