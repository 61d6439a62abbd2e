"""What a real cluster refuses, and how that is told."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts import cluster_places
from contracts.cluster_places import Place
from noteship import errors as base_errors
from noteship.cluster import errors
from noteship.cluster.cluster import ObjectRef

pytestmark = pytest.mark.cluster
SECRET = "s3cr3t"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with cluster_places.opened("real", tmp_path) as opened:
        yield opened


def refused(place: Place, thing: dict[str, Any], kind: type[base_errors.NoteshipError]) -> Any:
    """Once the cluster knows of what was just made, which takes it a moment."""
    end = time.monotonic() + 30
    while True:
        try:
            place.cluster.apply(thing, dry_run=True)
        except kind as error:
            return error
        assert time.monotonic() < end
        time.sleep(0.1)


def pod() -> dict[str, Any]:
    return cluster_places.pod("mail", "print()")


def make(place: Place, kind: str, spec: dict[str, Any], version: str = "v1") -> None:
    place.cluster.apply({"apiVersion": version, "kind": kind, "metadata": {"name": "rule"}, "spec": spec})


@pytest.fixture
def rule(place: Place) -> Iterator[Callable[[str, str, dict[str, Any]], None]]:
    """Rules of the whole cluster, for the test's own namespace, with its name."""
    made: list[ObjectRef] = []

    def apply(version: str, kind: str, body: dict[str, Any]) -> None:
        thing = {"apiVersion": version, "kind": kind, "metadata": {"name": place.cluster.namespace}, **body}
        made.append(ObjectRef.of(thing))
        place.cluster.apply(thing)

    yield apply
    for ref in made:
        place.cluster.delete(ref)


def test_pod_security_is_told_control_by_control(place: Place) -> None:
    """Each with its own words; a workload that would make such pods is warned of."""
    level = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.cluster.namespace, "labels": level}}
    place.cluster.apply(space)
    thing = pod()
    thing["spec"]["hostNetwork"] = True
    del thing["spec"]["containers"][0]["securityContext"]
    error = refused(place, thing, errors.PodSecurityRefused)
    assert error.level == "restricted:latest"
    assert [name for name, _ in error.controls] == [
        "host namespaces",
        "allowPrivilegeEscalation != false",
        "unrestricted capabilities",
        "runAsNonRoot != true",
        "seccompProfile",
    ]
    assert dict(error.controls)["unrestricted capabilities"].endswith('capabilities.drop=["ALL"]')
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {**thing["spec"], "restartPolicy": "Always"}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mail"}, "spec": spec}
    (warning,) = place.cluster.apply(workload, dry_run=True).warnings
    assert warning.startswith('would violate PodSecurity "restricted:latest": host namespaces')


def test_a_quota_is_told_with_its_numbers(place: Place) -> None:
    """What is asked, used, and there; and one that wants limits is told as a rule."""
    make(place, "ResourceQuota", {"hard": {"requests.cpu": "500m", "pods": "10"}})
    thing = pod()
    error = refused(place, thing, errors.AdmissionRefused)
    assert error.by == "the quota 'rule'"
    assert error.reason == "must specify requests.cpu for: main"
    thing["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "2"}}
    exceeded = refused(place, thing, errors.QuotaExceeded)
    assert (exceeded.quota, exceeded.lacking) == ("rule", (("requests.cpu", "2", "0", "500m"),))


def test_a_limit_range_is_told_as_a_rule(place: Place) -> None:
    """With the server's own words."""
    make(place, "LimitRange", {"limits": [{"type": "Container", "max": {"cpu": "1"}}]})
    thing = pod()
    thing["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "2"}, "limits": {"cpu": "2"}}
    error = refused(place, thing, errors.AdmissionRefused)
    assert error.by == "the namespace's LimitRange"
    assert "maximum cpu usage per Container is 1" in error.reason


def test_a_policy_is_told_with_its_own_words(place: Place, rule: Callable[..., None]) -> None:
    """As its author wrote them."""
    space = place.cluster.namespace
    match = {
        "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]
    }
    validation = {"expression": "false", "message": "no pods on Mondays"}
    api = "admissionregistration.k8s.io/v1"
    rule(api, "ValidatingAdmissionPolicy", {"spec": {"matchConstraints": match, "validations": [validation]}})
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space}}}
    binding = {"policyName": space, "validationActions": ["Deny"], "matchResources": here}
    rule(api, "ValidatingAdmissionPolicyBinding", {"spec": binding})
    error = refused(place, pod(), errors.AdmissionRefused)
    assert (error.by, error.reason) == (f"the cluster's policy '{space}'", "no pods on Mondays")


def test_a_webhook_that_is_down_is_told_by_its_name(place: Place, rule: Callable[..., None]) -> None:
    """It is not the object's fault."""
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    hook = {
        "name": "down.example.org",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [pods],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place.cluster.namespace}},
    }
    rule("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", {"webhooks": [hook]})
    error = refused(place, pod(), errors.WebhookDown)
    assert error.webhook == "down.example.org"
    assert "connection refused" in error.reason
    assert error.retryable


def test_fields_that_there_are_not_are_told_by_name(place: Place) -> None:
    """Each of them, with its path."""
    thing = pod()
    thing["spec"]["containrs"] = []
    thing["spec"]["containers"][0]["imge"] = "x"
    error = refused(place, thing, errors.ObjectInvalid)
    assert {field for field, _ in error.causes} == {'.spec.containers[name="main"].imge', ".spec.containrs"}


def test_what_is_in_a_secret_is_never_shown(place: Place) -> None:
    """Whatever is wrong with it."""
    coded = base64.b64encode(SECRET.encode()).decode()
    thing = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    wrong: list[dict[str, Any]] = [
        {**thing, "data": {"key": SECRET}},
        {**thing, "data": {"key": {"inner": SECRET}}},
        {**thing, "stringData": {"key": 7, "other": [SECRET]}},
        {**thing, "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": coded}},
        {**thing, "data": {SECRET[:2] + "/": coded}},
    ]
    for each in wrong:
        with pytest.raises(errors.ObjectInvalid) as caught:
            place.cluster.apply(each)
        assert SECRET not in str(caught.value)
        assert coded not in str(caught.value)
