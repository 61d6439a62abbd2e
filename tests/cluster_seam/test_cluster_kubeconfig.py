"""Which cluster, as whom, in which namespace."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from noteship.cluster import errors, kubeconfig, opening

CA = "-----BEGIN CERTIFICATE-----\n"


def config(name: str, server: str, namespace: str = "", **user: Any) -> dict[str, Any]:
    context = {"cluster": name, "user": name, **({"namespace": namespace} if namespace else {})}
    return {
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "contexts": [{"name": name, "context": context}],
        "users": [{"name": name, "user": user or {"token": name}}],
        "current-context": name,
    }


ONE = config("one", "https://one:6443", "team-a")
TWO = config("two", "https://two:6443/")


def chosen(*configs: Mapping[str, Any], context: str = "", namespace: str = "") -> kubeconfig.Access:
    files = [(Path(f"/etc/config-{number}"), each) for number, each in enumerate(configs)]
    return kubeconfig.chosen(files, context, namespace)


def test_the_current_context_says_where_and_who() -> None:
    """Its namespace is `default` where it names none; an argument counts more."""
    assert (chosen(ONE).server, chosen(ONE).namespace, chosen(ONE).login.token) == ("https://one:6443", "team-a", "one")
    assert chosen(TWO).namespace == "default"
    assert chosen(TWO).server == "https://two:6443"
    assert chosen(ONE, namespace="b").namespace == "b"


def test_of_several_files_the_first_counts_that_names_a_thing() -> None:
    """A context of one may name a cluster of another."""
    assert chosen(ONE, TWO).server == "https://one:6443"
    assert chosen(ONE, TWO, context="two").server == "https://two:6443"
    again = config("one", "https://other:6443")
    assert chosen(ONE, again).server == "https://one:6443"
    apart = {"contexts": [{"name": "mixed", "context": {"cluster": "two", "user": "one"}}]}
    mixed = chosen(apart, ONE, TWO, context="mixed")
    assert (mixed.server, mixed.login.token) == ("https://two:6443", "one")
    assert "config-1" in mixed.who


def test_a_context_that_is_not_there_is_told_with_the_nearest() -> None:
    """Or with all, where none is near."""
    with pytest.raises(errors.NoSuchContext, match="nearest: two"):
        chosen(ONE, TWO, context="tow")
    with pytest.raises(errors.NoSuchContext, match="one, two"):
        chosen({key: value for key, value in ONE.items() if key != "current-context"}, {**TWO, "current-context": ""})


def test_files_are_beside_the_kubeconfig(tmp_path: Path) -> None:
    """Also where a program is named with a folder; what is in the kubeconfig itself counts more."""
    (tmp_path / "ca.pem").write_text(CA)
    (tmp_path / "me.pem").write_text("certificate")
    (tmp_path / "me.key").write_text("key")
    given = config("a", "https://a", **{"client-certificate": "me.pem", "client-key": "me.key"})
    given["clusters"][0]["cluster"]["certificate-authority"] = "ca.pem"
    found = kubeconfig.chosen([(tmp_path / "config", given)])
    assert (found.authority.decode(), found.login.certificate, found.login.key) == (CA, b"certificate", b"key")
    given["clusters"][0]["cluster"]["certificate-authority-data"] = base64.b64encode(b"inner").decode()
    assert kubeconfig.chosen([(tmp_path / "config", given)]).authority == b"inner"
    program = {"apiVersion": "client.authentication.k8s.io/v1", "command": "bin/login"}
    found = kubeconfig.chosen([(tmp_path / "config", config("a", "https://a", exec=program))])
    assert found.login.program is not None
    assert found.login.program.command == str(tmp_path / "bin/login")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"users": []}, "the user 'one', and there is none"),
        ({"clusters": None}, "the cluster 'one', and there is none"),
        ({"clusters": [{"name": "one", "cluster": {"server": "one:6443"}}]}, "is no address"),
        ({"clusters": [{"name": "one"}]}, "is no address"),
        ({"contexts": ["one"]}, "has no name, or is no table"),
        ({"users": [{"name": "one", "user": {"auth-provider": {"name": "gcp"}}}]}, "auth-provider"),
        ({"users": [{"name": "one", "user": {"client-certificate-data": "YQ=="}}]}, "only one"),
        ({"users": [{"name": "one", "user": {"client-key": "absent.key"}}]}, "No such file"),
        ({"users": [{"name": "one", "user": {"client-key-data": "a"}}]}, "no base64"),
        ({"users": [{"name": "one", "user": {"exec": {"apiVersion": "x"}}}]}, "names no command"),
    ],
)
def test_what_is_wrong_in_a_kubeconfig_is_named(changed: dict[str, Any], said: str) -> None:
    """With the file that it is in."""
    with pytest.raises(errors.BadKubeconfig, match=said) as caught:
        chosen({**ONE, **changed})
    assert caught.value.path == "/etc/config-0"


def test_a_users_password_in_an_address_is_not_shown() -> None:
    """Such an address is refused."""
    with pytest.raises(errors.BadKubeconfig) as caught:
        chosen({**ONE, "clusters": [{"name": "one", "cluster": {"server": "https://ada:s3cr3t@one"}}]})
    assert "s3cr3t" not in str(caught.value)


def test_a_pod_asks_with_its_own_account(tmp_path: Path) -> None:
    """In its own namespace, unless another one is named; an address may be one of IPv6."""
    environment = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    assert kubeconfig.in_cluster(environment, account=tmp_path) is None
    for name, text in (("token", "t"), ("ca.crt", CA), ("namespace", "team-a\n")):
        (tmp_path / name).write_text(text)
    found = kubeconfig.in_cluster(environment, account=tmp_path)
    assert found is not None
    assert (found.server, found.namespace, found.authority.decode()) == ("https://10.96.0.1:443", "team-a", CA)
    assert found.login.token_file == tmp_path / "token"
    other = kubeconfig.in_cluster({**environment, "KUBERNETES_SERVICE_HOST": "fd00::1"}, "b", tmp_path)
    assert other is not None
    assert (other.server, other.namespace) == ("https://[fd00::1]:443", "b")
    assert kubeconfig.in_cluster({}, account=tmp_path) is None


def test_files_are_found_as_kubectl_finds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of KUBECONFIG that are there, else the one at home."""
    home = tmp_path / ".kube"
    home.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(errors.NoClusterNamed, match="KUBECONFIG, else"):
        opening.open_cluster()
    text = "clusters: [{name: a, cluster: {server: 'https://%s'}}]\ncurrent-context: a\n"
    (home / "config").write_text(text % "home" + "contexts: [{name: a, context: {cluster: a, namespace: n}}]\n")
    assert (opening.open_cluster().url, opening.open_cluster().namespace) == ("https://home", "n")
    (tmp_path / "other").write_text(text % "other")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/absent:{tmp_path}/other:{home}/config")
    assert opening.open_cluster(namespace="b").url == "https://other"
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/absent")
    with pytest.raises(errors.NoClusterNamed, match="absent"):
        opening.open_cluster()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"users: [{token: s3cr3t", "it is no YAML at line 1"),
        (b"\xff\xfe\x00", "."),
        (b"just words", "it holds no table"),
        (b"", "it holds no table"),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_told_of(
    text: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what is in it."""
    (tmp_path / "config").write_bytes(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with pytest.raises(errors.BadKubeconfig, match=said) as caught:
        opening.open_cluster()
    assert "s3cr3t" not in str(caught.value)
