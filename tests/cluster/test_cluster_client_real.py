"""What only a real cluster shows of talking to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cluster import api
from noteship.cluster import (
    Cluster,
    ObjectRef,
    Right,
    Selection,
    Until,
    errors,
    kubeconfig,
    kubernetes_cluster,
    open_cluster,
)
from noteship.cluster.kubernetes_cluster import KubernetesCluster

pytestmark = pytest.mark.cluster


@pytest.fixture
def space(tmp_path: Path) -> Iterator[api.Namespace]:
    with api.namespace(tmp_path) as made:
        yield made


@pytest.fixture
def cluster(space: api.Namespace) -> Iterator[Cluster]:
    opened = open_cluster(namespace=space.name)
    yield opened
    opened.close()


def config_map(name: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"x": "1"}}


def test_a_pod_asks_with_its_own_account(space: api.Namespace, cluster: Cluster, tmp_path: Path) -> None:
    """With what the kubelet puts into it: it may do what its account may, and nothing else."""
    space.make_account("driver")
    (tmp_path / "token").write_text(space.token("driver"))
    (tmp_path / "ca.crt").write_text(space.authority())
    (tmp_path / "namespace").write_text(space.name)
    at = urlsplit(cluster.url)
    environment = {"KUBERNETES_SERVICE_HOST": str(at.hostname), "KUBERNETES_SERVICE_PORT": str(at.port or 443)}
    access = kubeconfig.in_cluster(environment, account=tmp_path)
    assert access is not None
    with KubernetesCluster(access) as inside:
        assert inside.namespace == space.name
        assert inside.version() == cluster.version()
        assert not inside.can_i(Right("get", "pods"))
        with pytest.raises(errors.RightMissing, match=f"system:serviceaccount:{space.name}:driver may not get pods"):
            inside.get(ObjectRef("v1", "Pod", "a"))
        (tmp_path / "token").write_text("no-token")
        inside.close()
        assert inside.version(), "the token that was read is good for a while"
        space.delete_account("driver")
        end = time.monotonic() + 30
        with pytest.raises(errors.ClusterUnauthorized, match="service account"):
            while time.monotonic() < end:
                inside.version()
                time.sleep(0.2)


def test_a_token_that_nobody_gave_is_told_of(cluster: Cluster, space: api.Namespace) -> None:
    """Without showing it."""
    login = kubeconfig.Login(token="n0-t0ken")
    access = kubeconfig.Access(cluster.url, space.name, login, space.authority().encode(), who="the user 'ada'")
    with KubernetesCluster(access) as nobody:
        with pytest.raises(errors.ClusterUnauthorized) as caught:
            nobody.get(ObjectRef("v1", "Pod", "a"))
        assert "n0-t0ken" not in str(caught.value)


def test_long_listings_come_in_pages(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each object once."""
    monkeypatch.setattr(kubernetes_cluster, "PAGE", 3)
    for number in range(8):
        cluster.apply(config_map(f"m-{number}", labels={"of": "test"}))
    found = cluster.list(Selection("v1", "ConfigMap", labels={"of": "test"}))
    assert [each["metadata"]["name"] for each in found] == [f"m-{number}" for number in range(8)]


def test_who_edits_by_hand_is_named(space: api.Namespace, cluster: Cluster) -> None:
    """Also a manager that does not apply."""
    made = cluster.apply(config_map("a")).thing
    path = f"/api/v1/namespaces/{space.name}/configmaps/a"
    edited = {**made, "data": {"x": "edited"}}
    space.client.put(path, json=edited, params={"fieldManager": "kubectl-edit"}).raise_for_status()
    with pytest.raises(errors.FieldsOwnedByOthers) as caught:
        cluster.apply(config_map("a"))
    assert caught.value.conflicts == (("kubectl-edit", ".data.x"),)


def test_a_watch_that_the_server_ends_goes_on(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does every few minutes: nothing is missed, nothing told twice."""
    monkeypatch.setattr(kubernetes_cluster, "WATCH_S", 1)
    stop, told = threading.Event(), []

    def make() -> None:
        for number in range(12):
            cluster.apply(config_map(f"m-{number:02}", labels={"of": "test"}))
            time.sleep(0.3)

    maker = threading.Thread(target=make)
    maker.start()
    for change in cluster.watch(Selection("v1", "ConfigMap", labels={"of": "test"}), Until(stop, 30)):
        told.append((change.what, change.thing["metadata"]["name"]))
        if len(told) == 12:
            stop.set()
    maker.join()
    assert told == [("added", f"m-{number:02}") for number in range(12)]


def test_a_forgotten_version_is_told_as_the_watch_expects_it(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has run for a while does not know its first version, and says so in one of two ways."""
    cluster.apply(config_map("a", labels={"of": "test"}))
    opened = cluster
    assert isinstance(opened, KubernetesCluster)
    listed, versions = opened._listed, iter(["1", ""])

    def old(which: Selection) -> Any:
        things, version = listed(which)
        return things, next(versions, "") or version

    monkeypatch.setattr(opened, "_listed", old)
    told = list(cluster.watch(Selection("v1", "ConfigMap", labels={"of": "test"}), Until(timeout_s=2)))
    assert [change.what for change in told] == ["added"]
    assert next(versions, "none") == "none"
