"""Clusters for tests: one in this process's memory, and a namespace of the one that KUBECONFIG names."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from cluster import api
from noteship.cluster.cluster import Cluster, LogsOf, Object, ObjectRef
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.cluster.opening import open_cluster

ALL = ["memory", pytest.param("real", marks=pytest.mark.cluster)]
# A container's context that Pod Security `restricted` lets in.
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
# An image with Python, which the cluster's nodes can pull.
IMAGE = os.environ.get("CLUSTER_BASE_IMAGE", "python:3.11")


class Place(Protocol):
    """A cluster whose namespace is a test's own, and what others do there."""

    cluster: Cluster

    def apply_as(self, manager: str, thing: Object) -> None:
        """Another manager of fields."""

    def set_status(self, ref: ObjectRef, status: dict[str, Any]) -> None:
        """What became of a thing, as its controller says it."""

    def limited(self, rules: Sequence[dict[str, Any]]) -> Cluster:
        """The same cluster, for somebody who may only do that, in that namespace."""

    def pod(self, name: str, *lines: str) -> None:
        """One that said these lines and has ended well."""

    def waiting_pod(self, name: str) -> None:
        """One whose image is not to be had."""

    def other_namespace(self) -> str:
        """A second one."""


class InMemory:
    def __init__(self) -> None:
        self.cluster = MemoryCluster("team-a")

    def apply_as(self, manager: str, thing: Object) -> None:
        self.cluster.apply_as(manager, thing, force=True)

    def set_status(self, ref: ObjectRef, status: dict[str, Any]) -> None:
        self.cluster.set_status(ref, status)

    def limited(self, rules: Sequence[dict[str, Any]]) -> Cluster:
        return MemoryCluster("team-a", rules)

    def pod(self, name: str, *lines: str) -> None:
        self.cluster.apply(pod(name, "print()"))
        self.cluster.add_logs(LogsOf(name), *lines)
        self.cluster.set_status(ObjectRef("v1", "Pod", name), {"phase": "Succeeded"})

    def waiting_pod(self, name: str) -> None:
        self.cluster.apply(pod(name, "print()"))
        waiting = {"name": "main", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
        self.cluster.set_status(ObjectRef("v1", "Pod", name), {"phase": "Pending", "containerStatuses": [waiting]})

    def other_namespace(self) -> str:
        self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-b"}})
        return "team-b"


class Real:
    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self.space = stack.enter_context(api.namespace(folder))
        self.cluster = self._opened(open_cluster(namespace=self.space.name))

    def apply_as(self, manager: str, thing: Object) -> None:
        self.space.client.patch(
            self._path(ObjectRef.of(thing)),
            content=json.dumps(thing),
            params={"fieldManager": manager, "force": "true"},
            headers={"content-type": "application/apply-patch+yaml"},
        ).raise_for_status()

    def set_status(self, ref: ObjectRef, status: dict[str, Any]) -> None:
        self.space.client.patch(
            f"{self._path(ref)}/status",
            content=json.dumps({"status": status}),
            headers={"content-type": "application/merge-patch+json"},
        ).raise_for_status()

    def _path(self, ref: ObjectRef) -> str:
        group = "api" if "/" not in ref.api_version else "apis"
        plural = next(each.plural for each in self.cluster.resources(ref.api_version) if each.kind == ref.kind)
        return f"/{group}/{ref.api_version}/namespaces/{self.space.name}/{plural}/{ref.name}"

    def limited(self, rules: Sequence[dict[str, Any]]) -> Cluster:
        space = self.space
        space.make_account("limited")
        base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{space.name}"
        space.make(f"{base}/roles", {"metadata": {"name": "limited"}, "rules": list(rules)})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "limited"}
        subject = {"kind": "ServiceAccount", "namespace": space.name, "name": "limited"}
        binding = {"metadata": {"name": "limited"}, "roleRef": reference, "subjects": [subject]}
        space.make(f"{base}/rolebindings", binding)
        authority = self._folder / "authority.pem"
        authority.write_text(space.authority(), encoding="utf-8")
        return self._opened(self._as_user({"token": space.token("limited")}, authority))

    def pod(self, name: str, *lines: str) -> None:
        self.cluster.apply(pod(name, "; ".join(f"print({line!r})" for line in lines)))
        self._until(name, lambda status: status.get("phase") == "Succeeded")

    def waiting_pod(self, name: str) -> None:
        self.cluster.apply(pod(name, "print()", image="localhost:1/there/is:none"))
        self._until(name, lambda status: bool(_reason(status)))

    def other_namespace(self) -> str:
        name = f"{self.space.name}-b"
        self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self._stack.callback(self.cluster.delete, ObjectRef("v1", "Namespace", name))
        return name

    def _until(self, name: str, holds: Callable[[Any], bool]) -> None:
        end = time.monotonic() + 60
        while True:
            found = self.cluster.get(ObjectRef("v1", "Pod", name))
            if found and holds(found.get("status", {})):
                return
            assert time.monotonic() < end, found and found.get("status")
            time.sleep(0.1)

    def _as_user(self, user: dict[str, str], authority: Path) -> Cluster:
        from noteship.cluster import kubeconfig
        from noteship.cluster.kubernetes_cluster import KubernetesCluster

        config = {
            "current-context": "limited",
            "contexts": [{"name": "limited", "context": {"cluster": "it", "user": "limited"}}],
            "clusters": [
                {"name": "it", "cluster": {"server": self.cluster.url, "certificate-authority": str(authority)}}
            ],
            "users": [{"name": "limited", "user": user}],
        }
        return KubernetesCluster(kubeconfig.chosen([(authority, config)], namespace=self.space.name))

    def _opened(self, cluster: Cluster) -> Cluster:
        self._stack.callback(cluster.close)
        return cluster


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield Real(stack, folder) if kind == "real" else InMemory()


def _reason(status: Any) -> str:
    """Why the pod's container waits, once it has been tried."""
    states = [each.get("state", {}).get("waiting", {}) for each in status.get("containerStatuses", ())]
    return next(
        (each["reason"] for each in states if each.get("reason", "ContainerCreating") != "ContainerCreating"), ""
    )


def pod(name: str, code: str, image: str = IMAGE) -> dict[str, Any]:
    """One that runs Python code once, in a namespace of whatever level."""
    container = {"name": "main", "image": image, "command": ["python3", "-c", code], "securityContext": RESTRICTED}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container], "restartPolicy": "Never", "automountServiceAccountToken": False},
    }
