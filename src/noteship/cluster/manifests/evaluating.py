"""What closes a release's windows beside its pods: a small Deployment of its own, which reaches the store alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from noteship.cluster.manifests import labels, mounted, ways
from noteship.cluster.manifests import pod as pods
from noteship.cluster.manifests.parts import Monitoring
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import Evaluator, Release, Service

__all__ = ["COMPONENT", "evaluating", "scraped", "scraping"]

COMPONENT = "evaluator"
TOKEN = f"{mounted.FOLDER}/observe-token"
# A round that is under way, over a slow store.
PATIENCE_S = 30


def evaluating(release: Release, platform: Platform) -> Iterator[dict[str, Any]]:
    """Its NetworkPolicy and its Deployment, where the release has one."""
    evaluator = release.evaluator
    if evaluator is None:
        return
    yield _policy(release, evaluator, platform)
    spec = {
        "replicas": 1,
        "revisionHistoryLimit": 1,
        "selector": {"matchLabels": _selector(release)},
        # Two would do no harm, as each window is decided once; one is enough.
        "strategy": {"type": "Recreate"},
        "template": {
            # Nothing of a version is in it: it finds the windows of whichever are served.
            "metadata": {"labels": _labels(release)},
            "spec": pods.spec(_inside(release, evaluator), platform, terminationGracePeriodSeconds=PATIENCE_S),
        },
    }
    yield labels.manifest("apps/v1", "Deployment", _metadata(release), spec=spec)


def scraping(release: Release, platform: Platform) -> Iterator[dict[str, Any]]:
    """What tells Prometheus' operator of it."""
    evaluator, monitoring = release.evaluator, release.monitoring
    if evaluator is None or monitoring is None or not platform.has_prometheus_operator:
        return
    endpoint = {"port": "http", **scraped(release, monitoring)}
    spec = {"selector": {"matchLabels": _selector(release)}, "podMetricsEndpoints": [endpoint]}
    own = _metadata(release)
    own["labels"] |= monitoring.labels
    yield labels.manifest("monitoring.coreos.com/v1", "PodMonitor", own, spec=spec)


def scraped(release: Release, monitoring: Monitoring) -> dict[str, Any]:
    """How metrics are asked for, of what serves and of the evaluator alike."""
    certificate, token = _certificate(release), monitoring.token
    tls = {
        "ca": {"secret": {"name": certificate, "key": "ca.crt"}},
        "serverName": f"{release.service_name}.{release.namespace}.svc",
    }
    credentials = {"name": token.secret, "key": token.key} if token else {}
    return {
        "path": "/metrics",
        "scheme": "https" if certificate else "http",
        # The service's own labels `release` and `version` are those that rules and dashboard look for.
        "honorLabels": True,
        **({"tlsConfig": tls} if certificate else {}),
        **({"authorization": {"type": "Bearer", "credentials": credentials}} if token else {}),
    }


def _certificate(release: Release) -> str:
    """The Secret that it speaks TLS with: that of the service, under whose name Prometheus asks."""
    return release.shape.access.certificate if isinstance(release.shape, Service) else ""


def _inside(release: Release, evaluator: Evaluator) -> pods.Inside:
    sources = list(_sources(release))
    mounts: list[dict[str, Any]] = [
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the pod's own
        *([{"name": "files", "mountPath": mounted.FOLDER, "readOnly": True}] if sources else []),
    ]
    volumes: list[dict[str, Any]] = [{"name": "tmp", "emptyDir": {"sizeLimit": evaluator.resources.temporary}}]
    if sources:
        volumes.append({"name": "files", "projected": {"defaultMode": mounted.MODE, "sources": sources}})
    reaching = mounted.reaching(release.store, release.proxy, is_trusting=bool(release.authorities))
    return pods.Inside(
        release.name,
        release.image,
        list(_words(release, evaluator)),
        evaluator.resources,
        release.placement,
        volumes,
        mounts,
        [{"name": name, "value": value} for name, value in reaching],
        container=_probed(release, evaluator),
    )


def _words(release: Release, evaluator: Evaluator) -> Iterator[str]:
    yield from ("monitor", f"--project={mounted.project(release)}", "--evaluate")
    yield from ("--host=0.0.0.0", f"--port={evaluator.port}", "--log=json")
    if release.monitoring and release.monitoring.token:
        yield f"--token-file={TOKEN}"
    elif release.monitoring:
        yield "--no-auth"
    if _certificate(release):
        yield from (f"--tls-certificate={mounted.CERTIFICATE}", f"--tls-key={mounted.CERTIFICATE_KEY}")


def _sources(release: Release) -> Iterator[dict[str, Any]]:
    yield from mounted.files(release)
    if release.store:
        yield mounted.credentials(release.store)
    if release.monitoring and release.monitoring.token:
        yield mounted.secret(release.monitoring.token, TOKEN)
    if _certificate(release):
        yield mounted.certificate(_certificate(release))


def _probed(release: Release, evaluator: Evaluator) -> dict[str, Any]:
    scheme = "HTTPS" if _certificate(release) else "HTTP"

    def asking(path: str, every_s: int, failures: int) -> dict[str, Any]:
        get = {"path": path, "port": "http", "scheme": scheme}
        return {"httpGet": get, "periodSeconds": every_s, "timeoutSeconds": 3, "failureThreshold": failures}

    return {
        "ports": [{"name": "http", "containerPort": evaluator.port, "protocol": "TCP"}],
        "startupProbe": asking("/health/live", 1, 60),
        "readinessProbe": asking("/health/ready", 10, 3),
        "livenessProbe": asking("/health/live", 30, 3),
    }


def _policy(release: Release, evaluator: Evaluator, platform: Platform) -> dict[str, Any]:
    """Prometheus alone calls it; it reaches the DNS and the store."""
    ports = [{"protocol": "TCP", "port": evaluator.port}]
    is_scraped = release.monitoring and platform.monitoring_namespaces
    callers = [{"from": [ways.namespaces(platform.monitoring_namespaces)], "ports": ports}] if is_scraped else []
    reached = [*([release.store.at] if release.store else []), *([release.proxy.at] if release.proxy else [])]
    spec = {
        "podSelector": {"matchLabels": _selector(release)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": callers,
        "egress": [ways.to_names(platform), *map(ways.to, reached)],
    }
    return labels.manifest("networking.k8s.io/v1", "NetworkPolicy", _metadata(release), spec=spec)


def _selector(release: Release) -> dict[str, str]:
    return labels.selected(release.name) | {labels.COMPONENT: COMPONENT}


def _labels(release: Release) -> dict[str, str]:
    own = labels.labels(release) | {labels.COMPONENT: COMPONENT}
    return {name: value for name, value in own.items() if name != labels.VERSION}


def _metadata(release: Release) -> dict[str, Any]:
    return {"name": release.evaluator_name, "namespace": release.namespace, "labels": _labels(release)}
