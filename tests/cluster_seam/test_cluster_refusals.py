"""Refusals of API servers (1.36 and OpenShift's texts), taken apart."""

from __future__ import annotations

from typing import Any

import pytest

from noteship import errors as base_errors
from noteship.cluster import errors, refusals
from noteship.cluster.refusals import Asked

ASKED = Asked("https://api", "apply", "Pod mail in team-a", "team-a", "pods", "the user 'ada'")
LOGS = Asked("https://api", "read the logs of", "Pod mail in team-a", "team-a", "pods/log", "ada")


def meant(code: int, message: str, asked: Asked = ASKED, **status: Any) -> base_errors.NoteshipError:
    return refusals.meaning(code, {"kind": "Status", "code": code, "message": message, **status}, asked)


REFUSALS = [
    (
        403,
        (
            'deployments.apps "mail" is forbidden: User "system:serviceaccount:team-a:ci" cannot patch resource '
            '"deployments" in API group "apps" in the namespace "team-a": RBAC: clusterrole "x" not found'
        ),
        errors.RightMissing("patch", "deployments.apps", "team-a", "system:serviceaccount:team-a:ci"),
    ),
    (
        403,
        'nodes is forbidden: User "ada" cannot list resource "nodes" in API group "" at the cluster scope',
        errors.RightMissing("list", "nodes", "", "ada"),
    ),
    (
        403,
        'pods "mail" is forbidden: User "ada" cannot get resource "pods/log" in API group "" in the namespace "team-a"',
        errors.RightMissing("get", "pods/log", "team-a", "ada"),
    ),
    (
        403,
        (
            'pods "mail" is forbidden: exceeded quota: team, requested: limits.cpu=2,pods=1, '
            "used: limits.cpu=7,pods=10, limited: limits.cpu=8,pods=10"
        ),
        errors.QuotaExceeded(
            "Pod mail in team-a", "team-a", "team", (("limits.cpu", "2", "7", "8"), ("pods", "1", "10", "10"))
        ),
    ),
    (
        403,
        'admission webhook "policy.example.org" denied the request: images must come from our registry',
        errors.AdmissionRefused(
            "Pod mail in team-a", "team-a", "the webhook 'policy.example.org'", "images must come from our registry"
        ),
    ),
    (
        400,
        'admission webhook "policy.example.org" denied the request without explanation',
        errors.AdmissionRefused(
            "Pod mail in team-a", "team-a", "the webhook 'policy.example.org'", "it does not say why"
        ),
    ),
    (
        403,
        (
            'pods "mail" is forbidden: unable to validate against any security context constraint: [provider "anyuid": '
            "Forbidden: not usable by user or serviceaccount, spec.containers[0].securityContext.runAsUser: Invalid: 0]"
        ),
        errors.AdmissionRefused(
            "Pod mail in team-a",
            "team-a",
            "OpenShift's security context constraints",
            '[provider "anyuid": Forbidden: not usable by user or serviceaccount, '
            "spec.containers[0].securityContext.runAsUser: Invalid: 0]",
        ),
    ),
    (
        403,
        (
            'roles.rbac.authorization.k8s.io "driver" is forbidden: user "ada" (groups=["system:authenticated"]) is '
            'attempting to grant RBAC permissions not currently held:\n{APIGroups:["batch"], Verbs:["*"]}'
        ),
        errors.AdmissionRefused(
            "Pod mail in team-a",
            "team-a",
            "a rule of the cluster",
            'user "ada" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
            '{APIGroups:["batch"], Verbs:["*"]}',
        ),
    ),
    (
        500,
        (
            'Internal error occurred: failed calling webhook "m.kb.io": failed to call webhook: Post '
            '"https://a.b.svc/": context deadline exceeded'
        ),
        errors.WebhookDown(
            "Pod mail in team-a",
            "m.kb.io",
            'failed to call webhook: Post "https://a.b.svc/": context deadline exceeded',
        ),
    ),
    (
        404,
        "the server could not find the requested resource",
        errors.ApiNotServed(
            "the version asked for", "pods", "https://api", "the server could not find the requested resource"
        ),
    ),
    (401, "Unauthorized", errors.ClusterUnauthorized("https://api", "the user 'ada'")),
    (429, "too many requests", errors.ClusterBusy("https://api", "429: too many requests")),
    (503, "apiserver not ready", errors.ClusterBusy("https://api", "503: apiserver not ready")),
    (
        500,
        "etcdserver: mvcc: database space exceeded",
        errors.ClusterFailed(
            "https://api", "apply Pod mail in team-a", "500: etcdserver: mvcc: database space exceeded"
        ),
    ),
    (409, 'pods "mail" already exists', errors.ObjectChanged("Pod mail in team-a", 'pods "mail" already exists')),
]


@pytest.mark.parametrize(("code", "message", "expected"), REFUSALS, ids=lambda each: type(each).__name__)
def test_a_refusal_is_told_for_what_it_is(code: int, message: str, expected: base_errors.NoteshipError) -> None:
    """By its text, where its code says too little."""
    found = meant(code, message)
    assert type(found) is type(expected)
    assert found.__dict__ == expected.__dict__


def test_conflicts_name_managers_and_fields() -> None:
    """Also a manager that updates, of another version, and one with a quote in its name."""
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kubectl" using apps/v1',
            "field": ".spec.replicas",
        },
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kube-controller-manager" with subresource "scale" using apps/v1',
            "field": ".spec.replicas",
        },
    ]
    found = meant(409, "Apply failed with 2 conflicts", reason="Conflict", details={"causes": causes})
    assert isinstance(found, errors.FieldsOwnedByOthers)
    assert found.conflicts == (("kubectl", ".spec.replicas"), ("kube-controller-manager", ".spec.replicas"))


def test_a_namespace_is_told_apart_from_what_is_in_it() -> None:
    """Absent, being deleted, or asked for itself."""
    absent = meant(404, 'namespaces "team-a" not found', details={"name": "team-a", "kind": "namespaces"})
    assert isinstance(absent, errors.NamespaceMissing)
    missing = meant(404, 'pods "mail" not found', details={"name": "mail", "kind": "pods"})
    assert isinstance(missing, errors.ObjectMissing)
    itself = Asked("https://api", "get", "Namespace team-a", "", "namespaces", "ada")
    found = meant(404, 'namespaces "team-a" not found', itself, details={"name": "team-a", "kind": "namespaces"})
    assert isinstance(found, errors.ObjectMissing)
    causes = [{"reason": "NamespaceTerminating", "message": "namespace team-a is being terminated"}]
    assert isinstance(meant(403, "unable to create", details={"causes": causes}), errors.NamespaceEnding)


def test_logs_that_are_not_there_are_told_of() -> None:
    """Because the container waits, is unknown, or ran only once."""
    for code, message in (
        (400, 'container "main" in pod "mail" is waiting to start: ContainerCreating'),
        (400, "container x is not valid for pod mail"),
        (400, 'previous terminated container "main" in pod "mail" not found'),
        (404, "the server could not find the requested resource ( pods/log mail)"),
    ):
        assert isinstance(meant(code, message, LOGS), errors.NoLogs), message
    absent = meant(404, 'pods "mail" not found', LOGS, details={"name": "mail", "kind": "pods"})
    assert isinstance(absent, errors.ObjectMissing)
    denied = 'pods "mail" is forbidden: User "a" cannot get resource "pods/log" in API group "" in the namespace "b"'
    assert isinstance(meant(403, denied, LOGS), errors.RightMissing)


def test_controls_with_commas_and_brackets_stay_whole() -> None:
    """As several containers have them."""
    text = (
        'host namespaces (hostNetwork=true, hostPID=true), unrestricted capabilities (containers "a", "b(,)" must set '
        'securityContext.capabilities.drop=["ALL"]; container "a" must drop "X"), seccompProfile (pod must)'
    )
    assert refusals.controls(text) == (
        ("host namespaces", "hostNetwork=true, hostPID=true"),
        (
            "unrestricted capabilities",
            'containers "a", "b(,)" must set securityContext.capabilities.drop=["ALL"]; container "a" must drop "X"',
        ),
        ("seccompProfile", "pod must"),
    )


@pytest.mark.parametrize("status", [{}, {"details": None}, {"details": {"causes": [None, 7]}}, {"code": None}])
def test_a_status_without_what_it_should_have_is_told_all_the_same(status: dict[str, Any]) -> None:
    """By its code."""
    assert isinstance(refusals.meaning(422, status, ASKED), errors.ObjectInvalid)
    assert isinstance(refusals.meaning(418, status, ASKED), errors.ClusterFailed)
