"""The real API server and its Pod Security admission, asked about manifests: nothing of them is ever made."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from cluster_values.planted import OF_CONTAINER, OF_MAIN_CONTAINER, OF_POD, planted, pod
from cluster_values.releases import cases
from noteship.cluster import restricted
from noteship.cluster.manifests import Platform, Release, render
from noteship.cluster.pods import templates
from noteship.cluster.rights import RESOURCES, rights
from noteship.yaml_form import yaml_form

from .api import Namespace, namespace

pytestmark = pytest.mark.cluster
DRY = {"dryRun": "All", "fieldValidation": "Strict"}
PLANTED = [
    *(
        (f"spec.{place}[0].{path}", value)
        for place in ("initContainers", "containers")
        for _, _, path, *values in OF_CONTAINER
        for value in values
    ),
    *((f"spec.containers[0].{path}", value) for _, _, path, *values in OF_MAIN_CONTAINER for value in values),
    *((path, value) for _, _, path, *values in OF_POD for value in values),
]
USER_NAMESPACE = ("spec.hostUsers", False)


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Namespace]]:
    """A namespace for each level, which it enforces, with the account that pods are of."""
    folders = [tmp_path_factory.mktemp("administrator") for _ in range(2)]
    with namespace(folders[0]) as baseline, namespace(folders[1]) as strict:
        found = {"baseline": baseline, "restricted": strict}
        for level, one in found.items():
            _label(one, level)
            one.make_account("mail")
        yield found


def _cases(one: Namespace) -> Iterator[tuple[Release, Platform]]:
    return ((replace(made, namespace=one.name), platform) for made, platform in cases())


def _label(one: Namespace, level: str) -> None:
    labels = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "warn")}
    head = {"content-type": "application/merge-patch+json"}
    body = json.dumps({"metadata": {"labels": labels}})
    one.client.patch(f"/api/v1/namespaces/{one.name}", content=body, headers=head).raise_for_status()


def _place(manifest: Mapping[str, Any], one: Namespace) -> tuple[str, str]:
    """Where the API has the group's version, and the object in it."""
    group, resource = RESOURCES[manifest["kind"]]
    root = f"/apis/{manifest['apiVersion']}" if group else "/api/v1"
    within = f"/namespaces/{one.name}" if "namespace" in manifest["metadata"] else ""
    return root, f"{root}{within}/{resource}/{manifest['metadata']['name']}"


def _apply(manifest: Mapping[str, Any], one: Namespace) -> httpx.Response | None:
    """What the API server says of it, as YAML; None where it does not serve the kind."""
    root, path = _place(manifest, one)
    if one.client.get(root).status_code == 404:
        return None
    head = {"content-type": "application/apply-patch+yaml"}
    return one.client.patch(path, content=yaml_form(manifest), params={**DRY, "fieldManager": "noteship"}, headers=head)


def test_the_api_server_takes_every_manifest(enforced: dict[str, Namespace]) -> None:
    """Applied as YAML without being made, each is taken, with every field known, and without any warning."""
    one = enforced["restricted"]
    seen, kinds = set[str](), set[str]()
    for made, platform in _cases(one):
        for each in render(made, platform).manifests:
            told = json.dumps(each)
            if told in seen:
                continue
            seen.add(told)
            answer = _apply(each, one)
            if answer is None:
                continue
            kinds.add(each["kind"])
            assert answer.status_code in (200, 201), f"{answer.text}\n{yaml_form(each)}"
            assert "warning" not in answer.headers, answer.headers["warning"]
    assert kinds >= {
        "ClusterRoleBinding",
        "ConfigMap",
        "CronJob",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }


def test_the_api_server_takes_every_role(enforced: dict[str, Namespace]) -> None:
    """The roles that `rights` tells are ones that it would make."""
    one = enforced["restricted"]
    seen = set()
    for made, platform in _cases(one):
        for role in rights(render(made, platform).manifests, "deploy-mail"):
            told = json.dumps(role)
            if told in seen:
                continue
            seen.add(told)
            within = f"/namespaces/{one.name}/roles" if role["kind"] == "Role" else "/clusterroles"
            path = f"/apis/rbac.authorization.k8s.io/v1{within}"
            answer = one.client.post(path, content=told, params=DRY, headers={"content-type": "application/json"})
            assert answer.status_code == 201, answer.text


def test_the_admission_lets_every_pod_in(enforced: dict[str, Namespace]) -> None:
    """Each pod that a rendered manifest makes is let into a namespace that enforces restricted."""
    one, seen = enforced["restricted"], set[str]()
    for made, platform in _cases(one):
        for manifest in render(made, platform).manifests:
            # Those of an InferenceService are a Deployment's, among fields that are not a pod's.
            for each in templates(manifest) if manifest["kind"] != "InferenceService" else ():
                thing = {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {**each.metadata, "generateName": "mail-"},
                    "spec": {"restartPolicy": "Always", **each.spec},
                }
                told = json.dumps(thing)
                if told not in seen:
                    seen.add(told)
                    answer = _create(thing, one)
                    assert answer.status_code == 201, answer.text
    assert len(seen) > 20


@pytest.mark.parametrize("level", ["baseline", "restricted"])
@pytest.mark.parametrize("more", [(), (USER_NAMESPACE,)], ids=["", "in a user namespace"])
def test_the_function_says_what_the_admission_says(
    enforced: dict[str, Namespace], level: restricted.Level, more: tuple[tuple[str, Any], ...]
) -> None:
    """Over all planted fields, good and bad, the two agree on which pods are refused."""
    refused = 0
    for path, value in PLANTED:
        made = planted(pod(), path, value)
        for each in more:
            made = planted(made, *each)
        answer = _create(made, enforced[level])
        found = restricted.violations(made, level)
        if answer.status_code in (400, 422):
            # It would be none in any namespace, as one that shares the node's network in a user namespace of its own.
            continue
        assert answer.status_code in (201, 403), answer.text
        assert (answer.status_code == 403) == bool(found), (path, value, answer.text, found)
        refused += answer.status_code == 403
    assert refused > 10


def _create(thing: Mapping[str, Any], one: Namespace) -> httpx.Response:
    made: Any = copy.deepcopy(dict(thing))
    # A pod's account is known to the admission before the pod is.
    made["spec"].setdefault("serviceAccountName", "mail")
    head = {"content-type": "application/json"}
    return one.client.post(f"/api/v1/namespaces/{one.name}/pods", content=json.dumps(made), params=DRY, headers=head)
