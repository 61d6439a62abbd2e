"""From a declaration to manifests: what settings become, places that are resolved, and the folder for GitOps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project
from noteship.cluster import Right
from noteship.cluster.manifests import (
    BadRelease,
    Destination,
    InferenceService,
    Job,
    Platform,
    Schedule,
    Service,
    SettingWithoutEffect,
    Stream,
)
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.cluster.memory_rights import allows
from noteship.operations import imaged, naming, platforms, reaching, releasing
from noteship.operations.errors import NoStoreForPods, PlaceUnresolved, Unchecked
from noteship.operations.gitops import check, save
from noteship.operations.opened import OpenedProject
from noteship.operations.render import RenderRequest, render, roles
from noteship.project.errors import BadSetting
from noteship.project.kubernetes_settings import KubernetesSettings, PlatformSettings
from operations.deployments import NAMESPACE, SETTINGS, Deployments, deployments

NAMED = releasing.Named("mail", NAMESPACE)
IMAGED = imaged.Imaged(f"registry.example.org/mail@sha256:{'a' * 64}", naming.Named("b" * 64, "mail", "latest"))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Deployments]:
    with deployments(tmp_path) as found:
        yield found


def release(root: Path, text: str) -> Any:
    (root / "noteship.toml").write_text(text, encoding="utf-8")
    return releasing.release_of(OpenedProject.at(root), NAMED, IMAGED)


def test_its_own_namespace_may_call_it(tmp_path: Path) -> None:
    """Where nothing is said; an empty list leaves nobody but who comes by the edge."""
    assert release(tmp_path, SETTINGS).shape.callers == (NAMESPACE,)
    assert release(tmp_path, SETTINGS + "callers = []\n").shape.callers == ()


def test_each_setting_has_its_place(tmp_path: Path) -> None:
    """What `[kubernetes]` says is in the release, in the words of manifests."""
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    found = release(
        tmp_path,
        """
        [store]
        url = "s3://team-a/mail"
        [kubernetes]
        team = "alpha"
        bundle = "store"
        replicas = [2, 10]
        workers = 2
        callers = ["team-b"]
        egress = ["192.0.2.8:5432", "10.1.0.0/16:443,8443", "db.team-b.svc:5432"]
        authorities = "ca.pem"
        pull_secrets = ["registry"]
        nodes = { pool = "models" }
        tolerations = [{ key = "gpu", operator = "Exists" }]
        trust_types = ["xgboost.sklearn.XGBClassifier"]
        [kubernetes.resources]
        memory = "2Gi"
        devices = { "nvidia.com/gpu" = 1 }
        [kubernetes.access]
        tokens = "callers/file"
        [kubernetes.edge]
        host = "mail.example.org"
        [kubernetes.store]
        endpoint = "http://192.0.2.9:7480"
        region = "eu"
        [kubernetes.monitoring]
        token = "mail-observe"
        labels = { prometheus = "team-a" }
        [kubernetes.proxy]
        url = "http://192.0.2.10:3128"
        """,
    )
    assert (found.team, found.bundle.folder, found.resources.memory) == ("alpha", "", "2Gi")
    assert found.egress == (
        Destination("192.0.2.8:5432", (5432,), ("192.0.2.8",)),
        Destination("10.1.0.0/16:443,8443", (443, 8443), ("10.1.0.0/16",)),
        Destination("db.team-b.svc:5432", (5432,), namespace="team-b"),
    )
    assert found.store.endpoint == "http://192.0.2.9:7480" and found.store.at.addresses == ("192.0.2.9",)
    assert (found.store.credentials.secret, found.store.credentials.key) == ("mail-store", "credentials")
    assert (found.shape.access.tokens.secret, found.shape.access.tokens.key) == ("callers", "file")
    assert (found.shape.replicas.least, found.shape.replicas.most, found.shape.workers) == (2, 10, 2)
    assert found.shape.edge.host == "mail.example.org" and found.shape.callers == ("team-b",)
    assert found.shape.monitoring.token.key == "token" and 'release="mail"' in str(found.shape.monitoring.rules)
    assert found.proxy.at.ports == (3128,) and found.authorities.startswith("-----BEGIN")
    assert found.placement.nodes == {"pool": "models"} and found.placement.tolerations[0]["key"] == "gpu"
    assert '[store]\nurl = "s3://team-a/mail"\n' in found.settings


def test_pods_do_not_get_the_interpreter_of_this_machine(tmp_path: Path) -> None:
    """Of the declaration they have who they are and how they are watched."""
    found = release(tmp_path, SETTINGS)
    assert "environment" not in found.settings and "kubernetes" not in found.settings
    assert 'release = "mail"' in found.settings


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Service),
        ('as = "kserve"', InferenceService),
        ('as = "job"\n[kubernetes.job]\nfrom = "s3://a/in"\nto = "s3://a/out"\ndeadline = "2h"', Job),
        ('as = "schedule"\n[kubernetes.job]\nfrom = "s3://a/in"\nto = "s3://a/out"\nschedule = "@daily"', Schedule),
        ('as = "stream"\n[kubernetes.stream]\nurl = "nats://192.0.2.1:4222"\nfrom = "a"\nto = "b"', Stream),
    ],
)
def test_each_shape(tmp_path: Path, text: str, kind: type) -> None:
    """`as` decides what the manifests make."""
    assert type(release(tmp_path, f"[kubernetes]\n{text}\n").shape) is kind


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('as = "job"', BadSetting),
        ('[kubernetes.job]\nfrom = "a"\nto = "b"', SettingWithoutEffect),
        ('as = "job"\n[kubernetes.job]\nfrom = "a"\nto = "b"\nschedule = "@daily"', SettingWithoutEffect),
        ('as = "stream"\n[kubernetes.edge]\nhost = "a.example.org"', SettingWithoutEffect),
        ('bundle = "store"', NoStoreForPods),
        ('authorities = "nowhere.pem"', BadSetting),
        ("[kubernetes.access]\nopen = true\ntokens = 'a'", BadRelease),
        ("replicas = [3, 2]", BadSetting),
        ('egress = ["db.example.org"]', BadSetting),
        ('as = "function"', BadSetting),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, text: str, error: type[Exception]) -> None:
    """A table that is missing, or would have no effect, and what pods could not reach."""
    with pytest.raises(error):
        release(tmp_path, f"[kubernetes]\n{text}\n")


def test_a_place_without_an_address_is_an_error() -> None:
    """A NetworkPolicy takes addresses; which setting it was is told."""
    with pytest.raises(PlaceUnresolved, match=r"\[kubernetes\] egress"):
        reaching.destination("nowhere.invalid:5432", "[kubernetes] egress")
    for own in ("localhost:80", "127.0.0.1:7480", "[::1]:80"):
        with pytest.raises(PlaceUnresolved, match="this machine's own"):
            reaching.destination(own, "")


def test_a_service_is_what_is_behind_it() -> None:
    """A policy sees the ports and labels of pods."""
    cluster = MemoryCluster("team-b")
    spec = {"selector": {"app": "db"}, "ports": [{"port": 80, "targetPort": 5432}, {"port": 81, "targetPort": "http"}]}
    cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": spec})
    found = reaching.destination("db.team-b.svc:80,81", "", reaching.looked_up(cluster))
    assert (found.ports, found.namespace, found.pods) == ((5432, 81), "team-b", {"app": "db"})


def test_a_cluster_is_discovered() -> None:
    """What it serves, where its DNS is, and what the declaration says of it."""
    cluster = MemoryCluster("dns")
    labels = {"k8s-app": "kube-dns"}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "dns", "labels": labels}})
    told = KubernetesSettings(platform=PlatformSettings(monitoring_namespaces=("watching",)))
    found = platforms.discovered(cluster, told, "team-a")
    assert (found.is_openshift, found.has_ingresses, found.has_kserve, found.can_sleep) == (False, False, False, True)
    assert (found.dns_namespaces, found.monitoring_namespaces) == (("dns",), ("watching",))
    nobody = platforms.discovered(MemoryCluster("dns", rights=[]), KubernetesSettings(), "team-a")
    assert nobody.dns_namespaces == Platform().dns_namespaces


def test_rendered_for_git_and_compared(made: Deployments, tmp_path: Path) -> None:
    """One file a release; after a change of the declaration the comparison tells the lines."""
    request = RenderRequest(image=made.image(made.bundle("one")))

    def rendered() -> Any:
        return render(made.opened, request, lambda _: None, threading.Event())

    path = save(rendered(), tmp_path / "git")
    assert path.name == "mail.yaml" and path.read_text(encoding="utf-8").startswith("apiVersion: v1\n")
    assert check(rendered(), tmp_path / "git") == path
    made.declare(SETTINGS.replace("replicas = 2", "replicas = 3"))
    with pytest.raises(Unchecked) as raised:
        check(rendered(), tmp_path / "git")
    assert {"-  replicas: 2", "+  replicas: 3"} <= set(raised.value.differences)
    with pytest.raises(Unchecked, match="No such file"):
        check(rendered(), tmp_path / "other")


def test_the_role_is_enough_to_deploy(made: Deployments) -> None:
    """Who has just the rights that are printed can deploy."""
    [role] = roles(made.opened, RenderRequest())
    assert allows(role["rules"], Right("patch", "deployments", "apps"))
    made.cluster._rights = role["rules"]
    done = made.deploy(made.image(made.bundle("one")))
    assert done.carried and done.carried.is_up


def test_the_role_is_enough_for_what_others_see(made: Deployments) -> None:
    """An administrator sees that nobody serves Ingresses; who deploys may not look, and takes it that somebody does."""
    made.declare(f'{SETTINGS}[kubernetes.edge]\nhost = "mail.example.org"\n')
    request = RenderRequest(image=made.image(made.bundle("one")), platform=None)
    seen = render(made.opened, request, lambda _: None, threading.Event(), made.cluster)
    assert not [each for each in seen.rendered.manifests if each["kind"] == "Ingress"]
    [role] = roles(made.opened, request, made.cluster)
    assert allows(role["rules"], Right("patch", "ingresses", "networking.k8s.io"))


def test_reviews_are_bound_for_a_canary_too(made: Deployments) -> None:
    """Whoever deploys the one may bring the other beside it, and touches the bindings of nobody else."""
    reviews = 'reviews = ["system:serviceaccount:team-b:shop=predict"]'
    made.declare(f'{SETTINGS}[kubernetes.access]\n{reviews}\napi = "10.0.0.1:6443"\n')
    of_cluster = next(each for each in roles(made.opened, RenderRequest()) if each["kind"] == "ClusterRole")
    [named] = [each for each in of_cluster["rules"] if "delete" in each["verbs"]]
    assert named["resourceNames"] == ["noteship-team-a-mail", "noteship-team-a-mail-canary"]


def test_the_command_line_prints_yaml(project: Project, tmp_path: Path) -> None:
    """`--rights` needs neither image nor cluster; without a namespace it is refused."""
    project.write("noteship.toml", SETTINGS)
    answer = project.call("render", "--rights")
    assert answer.code == 0 and answer.out.startswith("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n")
    project.write("noteship.toml", "")
    answer = project.call("render", "--rights")
    assert answer.code == 2 and "nothing says which namespace" in answer.err
