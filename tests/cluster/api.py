"""The cluster that KUBECONFIG names, asked as its administrator, and namespaces in it."""

from __future__ import annotations

import base64
import os
import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"


@dataclass(frozen=True)
class Namespace:
    """One that is a test's own."""

    client: httpx.Client
    name: str

    def make(self, path: str, thing: dict[str, Any]) -> Any:
        """What the cluster made of it."""
        answer = self.client.post(path, json=thing)
        assert answer.is_success, answer.text
        return answer.json()

    def make_account(self, name: str) -> None:
        """A service account without any rights."""
        self.make(f"/api/v1/namespaces/{self.name}/serviceaccounts", {"metadata": {"name": name}})

    def delete_account(self, name: str) -> None:
        """With it, its tokens end."""
        self.client.delete(f"/api/v1/namespaces/{self.name}/serviceaccounts/{name}").raise_for_status()

    def token(self, account: str, *audiences: str) -> str:
        """As the kubelet asks for one; without audiences it is for the cluster itself."""
        path = f"/api/v1/namespaces/{self.name}/serviceaccounts/{account}/token"
        return str(self.make(path, {"spec": {"audiences": audiences}})["status"]["token"])

    def bind(self, account: str, role: str) -> None:
        """Give the account a role in the whole cluster."""
        subject = {"kind": "ServiceAccount", "namespace": self.name, "name": account}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
        name = f"{self.name}-{account}"
        self.make(
            BINDINGS, {"metadata": {"name": name, "labels": self.labels}, "roleRef": reference, "subjects": [subject]}
        )

    @property
    def labels(self) -> dict[str, str]:
        """What is in no namespace is known by them."""
        return {"noteship-test": self.name}

    def authority(self) -> str:
        """Whom pods trust; the cluster puts it into each namespace soon after that was made."""
        end = time.monotonic() + 30
        while True:
            answer = self.client.get(f"/api/v1/namespaces/{self.name}/configmaps/kube-root-ca.crt")
            if answer.is_success:
                return str(answer.json()["data"]["ca.crt"])
            assert time.monotonic() < end, answer.text
            time.sleep(0.1)


@contextmanager
def namespace(folder: Path) -> Iterator[Namespace]:
    """A new one, deleted in the end; `folder` takes what the kubeconfig holds."""
    if not os.environ.get("KUBECONFIG"):
        pytest.fail("these tests need a cluster, named by KUBECONFIG")
    with _administrator(Path(os.environ["KUBECONFIG"]), folder) as client:
        made = Namespace(client, f"noteship-test-{secrets.token_hex(4)}")
        made.make("/api/v1/namespaces", {"metadata": {"name": made.name}})
        try:
            yield made
        finally:
            client.delete(BINDINGS, params={"labelSelector": f"noteship-test={made.name}"}).raise_for_status()
            client.delete(f"/api/v1/namespaces/{made.name}").raise_for_status()


def _administrator(path: Path, folder: Path) -> httpx.Client:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    context = _named(config, "context", config["current-context"])
    cluster, user = _named(config, "cluster", context["cluster"]), _named(config, "user", context["user"])

    def file(entry: dict[str, str], key: str) -> Path:
        if key in entry:
            return path.parent / entry[key]
        (folder / key).write_bytes(base64.b64decode(entry[f"{key}-data"]))
        return folder / key

    trust = ssl.create_default_context(cafile=file(cluster, "certificate-authority"))
    # As a cluster's own tools, which ask authorities for fewer extensions than Python does since 3.13.
    trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
    trust.load_cert_chain(file(user, "client-certificate"), file(user, "client-key"))
    return httpx.Client(base_url=cluster["server"], verify=trust, timeout=20)


def _named(config: dict[str, Any], kind: str, name: str) -> dict[str, str]:
    return next(each[kind] for each in config[f"{kind}s"] if each["name"] == name)
