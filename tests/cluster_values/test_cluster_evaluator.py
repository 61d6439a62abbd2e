"""The evaluator beside a release, on every kind of cluster: what runs, whom it reaches, who asks it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from noteship.cli.verbs import VERBS
from noteship.cluster import releases as of_releases
from noteship.cluster import restricted, rights, sccs
from noteship.cluster.manifests import (
    BadRelease,
    Bundle,
    Evaluator,
    InferenceService,
    Job,
    Platform,
    Release,
    Rendered,
    Replicas,
    SecretKey,
    Service,
    SettingWithoutEffect,
    Stream,
    render,
    selected,
)
from noteship.cluster.network import Attempt, NetworkPod, Outside, decide
from noteship.cluster.pods import PodTemplate, templates

from . import releases
from .releases import TOKENS, release

Manifest = Mapping[str, Any]
COMPONENT = "app.kubernetes.io/component"


def watched() -> Iterator[Release]:
    """Releases of every kind that has windows to be closed, each with much around it and with little."""
    for made in releases.releases():
        if made.store is None or not isinstance(made.shape, Service | Stream):
            continue
        yield replace(made, evaluator=Evaluator())
        if isinstance(made.shape, Stream):
            shape = replace(made.shape, monitoring=releases.monitoring(TOKENS))
            yield replace(made, shape=shape, evaluator=Evaluator())


CASES = [
    (made, platform)
    for made in watched()
    for platform in releases.PLATFORMS.values()
    if platform.has_kserve or not isinstance(made.shape, InferenceService)
]
RENDERED = [(made, platform, render(made, platform)) for made, platform in CASES]


def beside(rendered: Rendered) -> dict[str, Any]:
    """What is the evaluator's, by kind."""
    return {
        each["kind"]: each for each in rendered.manifests if each["metadata"]["labels"].get(COMPONENT) == "evaluator"
    }


def pod_of(rendered: Rendered) -> PodTemplate:
    (found,) = templates(beside(rendered)["Deployment"])
    return found


def test_it_passes_pod_security_and_openshift() -> None:
    """Whatever is set, `restricted` refuses nothing of it, nor do both SCCs; it has no token and bounds for all."""
    for _, platform, rendered in RENDERED:
        manifest = beside(rendered)["Deployment"]
        assert restricted.violations(manifest) == ()
        if platform.is_openshift:
            assert sccs.violations(manifest, sccs.RESTRICTED_V2) == ()
        if platform.is_openshift and platform.has_user_namespaces:
            assert sccs.violations(manifest, sccs.RESTRICTED_V3) == ()
        pod = pod_of(rendered)
        (container,) = pod.containers
        assert pod.spec["automountServiceAccountToken"] is False
        assert container.context["readOnlyRootFilesystem"] is True
        for part in ("requests", "limits"):
            assert {"cpu", "memory", "ephemeral-storage"} <= container.fields["resources"][part].keys()
        assert "secretKeyRef" not in json.dumps(manifest)


def test_its_words_are_the_verbs_own() -> None:
    """What it is started with is what the command line takes; a token is asked for where Prometheus has one."""
    verb = next(each for each in VERBS if each.name == "monitor")
    parser = argparse.ArgumentParser()
    verb.options(parser)
    for made, _, rendered in RENDERED:
        (container,) = pod_of(rendered).containers
        name, project, *words = container.fields["args"]
        assert name == "monitor" and project.startswith("--project=")
        given = parser.parse_args(words)
        assert given.evaluate and given.port == container.fields["ports"][0]["containerPort"]
        token = made.monitoring.token if made.monitoring else None
        assert (given.token_file is not None) is (token is not None)
        assert given.no_auth is (made.monitoring is not None and token is None)


def test_every_file_that_it_names_is_mounted() -> None:
    """Settings, the store's credentials, the token, and the certificate lie where its words and variables say."""
    for made, _, rendered in RENDERED:
        pod = pod_of(rendered)
        (container,) = pod.containers
        sources = [
            source for volume in pod.spec["volumes"] for source in volume.get("projected", {}).get("sources", ())
        ]
        paths = {
            f"/etc/noteship/{item['path']}" for source in sources for each in source.values() for item in each["items"]
        }
        told = [word.partition("=")[2] for word in container.fields["args"]]
        told += [each["value"] for each in container.fields["env"]]
        named = {word for word in told if word.startswith("/etc/noteship/") and not word.endswith("/project")}
        assert named <= paths
        assert {f"/etc/noteship/{name}" for name in (("tls.key",) if has_certificate(made) else ())} <= paths


def has_certificate(made: Release) -> bool:
    return isinstance(made.shape, Service) and bool(made.shape.access.certificate)


def test_prometheus_alone_comes_in_and_the_store_alone_is_reached() -> None:
    """Neither callers of the service, nor routers, nor places that the model may reach are among its ways."""
    for made, platform, rendered in RENDERED:
        pod = pod_of(rendered)
        (container,) = pod.containers
        ports = {each["name"]: (each["containerPort"], "TCP") for each in container.fields["ports"]}
        here = NetworkPod("team-a", pod.metadata["labels"], "10.0.0.1", ports, "mail-evaluator-1")

        def comes_in(namespace: str, here: NetworkPod = here, rendered: Rendered = rendered) -> bool:
            return decide(Attempt(NetworkPod(namespace), here, 8080), rendered.manifests).is_allowed

        def goes_out(
            to: NetworkPod | Outside, port: int, here: NetworkPod = here, rendered: Rendered = rendered
        ) -> bool:
            return decide(Attempt(here, to, port), rendered.manifests).is_allowed

        for namespace in (*platform.edge_namespaces, "team-a", "team-b"):
            assert not comes_in(namespace)
        assert all(comes_in(each) is (made.monitoring is not None) for each in platform.monitoring_namespaces)
        assert goes_out(NetworkPod("store"), 7480)
        assert goes_out(NetworkPod(platform.dns_namespaces[0]), platform.dns_ports[0])
        assert not goes_out(Outside("192.0.2.20"), 5432)
        assert not goes_out(NetworkPod("nats", {"app": "nats"}), 4222)
        assert goes_out(Outside("192.0.2.8"), 3128) is (made.proxy is not None)


def test_a_service_leads_to_its_own_pods_alone() -> None:
    """No Service, budget or spread of the release chooses the evaluator's pod, and none of its own chooses theirs."""
    for _, _, rendered in RENDERED:
        own = beside(rendered)
        theirs = [each for each in rendered.manifests if each not in own.values()]
        labels = pod_of(rendered).metadata["labels"]
        for each in theirs:
            spec = each.get("spec") or {}
            chosen = spec.get("selector")
            chosen = chosen.get("matchLabels", chosen) if chosen else None
            if chosen and each["kind"] in ("Service", "PodDisruptionBudget", "Deployment", "ServiceMonitor"):
                assert not chosen.items() <= labels.items()
        assert own["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
        for each in theirs:
            for pod in templates(each):
                assert (
                    not own["Deployment"]["spec"]["selector"]["matchLabels"].items() <= pod.metadata["labels"].items()
                )


def test_another_bundle_leaves_it_running() -> None:
    """Nothing of a version is in its pod: with the same image it goes on, and finds the new version's windows."""
    for number in ("b", "c"):
        made = release(Service(TOKENS), evaluator=Evaluator())
        changed = replace(made, bundle=Bundle(number * 64))
        rendered = [beside(render(each, Platform())) for each in (made, changed)]
        assert rendered[0] == rendered[1]


def test_prometheus_is_told_of_it() -> None:
    """A PodMonitor with the same token and TLS as the service's; for a stream it is the only one."""
    full = releases.PLATFORMS["full"]
    for name, access in releases.ACCESSES.items():
        watching = releases.monitoring(access)
        made = render(release(Service(access, monitoring=watching), evaluator=Evaluator()), full)
        monitor = beside(made)["PodMonitor"]
        service = next(each for each in made.manifests if each["kind"] == "ServiceMonitor")
        assert monitor["spec"]["podMetricsEndpoints"] == service["spec"]["endpoints"]
        assert monitor["metadata"]["labels"]["prometheus"] == "team-a"
        assert ("tlsConfig" in monitor["spec"]["podMetricsEndpoints"][0]) is (name == "tls")
    stream = next(shape for shape in releases.shapes() if isinstance(shape, Stream))
    made = render(release(replace(stream, monitoring=releases.monitoring(TOKENS)), evaluator=Evaluator()), full)
    kinds = [each["kind"] for each in made.manifests]
    assert "PodMonitor" in kinds and "PrometheusRule" in kinds and "ServiceMonitor" not in kinds
    without = render(
        release(replace(stream, monitoring=releases.monitoring(TOKENS)), evaluator=Evaluator()), Platform()
    )
    assert "the PodMonitor and the PrometheusRule" in without.left_out[0]


def test_it_comes_after_the_pods_that_it_stands_beside() -> None:
    """What makes a release's pods is found among its manifests, and the evaluator is not taken for it."""
    for made, _, rendered in RENDERED:
        workload = of_releases.workload_of(rendered.manifests)
        assert workload["metadata"]["name"] == "mail"
        assert (workload["kind"] == "InferenceService") is isinstance(made.shape, InferenceService)
        kinds = {(each["apiVersion"], each["kind"]) for each in beside(rendered).values()}
        assert kinds <= set(of_releases.KINDS)
        assert rights.rights(rendered.manifests, "deploy")
        for each in beside(rendered).values():
            assert selected("mail").items() <= each["metadata"]["labels"].items()
            assert len(each["metadata"]["name"]) <= 63


def test_where_nothing_is_watched_it_would_have_no_effect() -> None:
    """Without a store there are no windows, and of files that are scored there are none; a stream's are told by it."""
    with pytest.raises(SettingWithoutEffect, match="store"):
        replace(release(), bundle=Bundle("b" * 64, "/bundle"), store=None, evaluator=Evaluator())
    with pytest.raises(SettingWithoutEffect, match="without being watched"):
        release(Job("s3://a/in", "s3://a/out"), evaluator=Evaluator())
    stream = next(shape for shape in releases.shapes() if isinstance(shape, Stream))
    with pytest.raises(BadRelease, match="evaluator"):
        release(replace(stream, monitoring=releases.monitoring(TOKENS)))
    assert "evaluator" not in json.dumps(render(release(Service(TOKENS, Replicas(2, 2))), Platform()).manifests)


def test_the_token_is_named_and_never_told() -> None:
    """Of Prometheus' token only the Secret's name is in the manifests."""
    made = release(Service(TOKENS, monitoring=releases.monitoring(TOKENS)), evaluator=Evaluator())
    pod = pod_of(render(made, Platform()))
    sources = [source for volume in pod.spec["volumes"] for source in volume.get("projected", {}).get("sources", ())]
    wanted = SecretKey("mail-observe", "token")
    item = {"key": wanted.key, "path": "observe-token"}
    assert {"secret": {"name": wanted.secret, "items": [item]}} in sources
