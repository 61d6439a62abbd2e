"""How callers come to a release by a Gateway: by the listener that takes its route."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from noteship.cluster import ObjectRef
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.operations.calling import calling
from noteship.operations.opened import OpenedProject
from noteship.operations.releasing import Named

GATEWAY = "gateway.networking.k8s.io/v1"
WORDS = {"args": ["serve", "--no-auth"]}
METADATA = {"name": "mail", "namespace": "team-a"}
PODS = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": METADATA}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": METADATA, "spec": {"ports": [{"port": 80}]}}


def served(*listeners: dict[str, Any]) -> MemoryCluster:
    """A cluster with a Gateway of these listeners."""
    made = MemoryCluster("team-a")
    for kind, plural in (("Gateway", "gateways"), ("HTTPRoute", "httproutes")):
        names = {"kind": kind, "plural": plural}
        version = {"name": "v1", "served": True, "storage": True}
        spec = {"group": "gateway.networking.k8s.io", "scope": "Namespaced", "names": names, "versions": [version]}
        metadata = {"name": f"{plural}.gateway.networking.k8s.io"}
        definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
        made.apply_as("admin", {**definition, "metadata": metadata, "spec": spec})
    made.apply_as("admin", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "edge"}})
    status = {"addresses": [{"type": "IPAddress", "value": "192.0.2.7"}]}
    metadata = {"name": "shared", "namespace": "edge"}
    gateway = {"apiVersion": GATEWAY, "kind": "Gateway", "metadata": metadata, "spec": {"listeners": [*listeners]}}
    made.apply_as("admin", gateway)
    made.set_status(ObjectRef.of(gateway), status)
    return made


def url(at: MemoryCluster, tmp_path: Path, host: str = "mail.example.org") -> str:
    """From outside."""
    route = {"parentRefs": [{"namespace": "edge", "name": "shared"}], **({"hostnames": [host]} if host else {})}
    pods = {**PODS, "spec": {"template": {"spec": {"containers": [WORDS]}}}}
    sent = [pods, SERVICE, {"apiVersion": GATEWAY, "kind": "HTTPRoute", "metadata": METADATA, "spec": route}]
    found = calling(at, OpenedProject.at(tmp_path).store, Named("mail", "team-a"), sent, "0" * 64)
    assert found is not None and found.commands[0].startswith(f"curl -s {found.urls[0]}/predict")
    return found.urls[0]


HTTP = {"name": "http", "protocol": "HTTP", "port": 80}
OTHER = {"name": "other", "protocol": "HTTPS", "port": 443, "hostname": "*.example.com"}
HTTPS = {"name": "https", "protocol": "HTTPS", "port": 8443, "hostname": "*.example.org"}


@pytest.mark.parametrize(
    ("listeners", "host", "expected"),
    [
        ([HTTP], "mail.example.org", "http://mail.example.org"),
        ([HTTP, OTHER], "mail.example.org", "http://mail.example.org"),
        ([HTTP, HTTPS], "mail.example.org", "https://mail.example.org:8443"),
        ([HTTP], "", "http://192.0.2.7"),
    ],
)
def test_the_listener_says_how_it_is_called(
    listeners: list[dict[str, Any]], host: str, expected: str, tmp_path: Path
) -> None:
    """Its protocol and port; one of other hosts is none; without a host it is the Gateway's own address."""
    assert url(served(*listeners), tmp_path, host) == expected


def test_who_may_not_see_the_gateway_is_told_the_usual(tmp_path: Path) -> None:
    """TLS, at its port."""
    at = served(HTTP)
    at._rights = []
    assert url(at, tmp_path) == "https://mail.example.org"
