"""A pod that takes nothing which it does not need: the same for every shape, and but for its user on every cluster."""

from __future__ import annotations

from typing import Any

from noteship.cluster.manifests import commands, labels, mounted
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import InferenceService, Release, Service

__all__ = ["STORAGE", "USER", "patience_s", "pod"]

# Known to no image, and not root's. OpenShift takes one of its own for each namespace.
USER = 65532
STORAGE = "ephemeral-storage"
# What the server gives to requests under way; then connections may bring one more, and last counts are written.
REQUESTS_S, LAST_WORDS_S = 30, 6


def pod(release: Release, platform: Platform, **more: Any) -> dict[str, Any]:
    """A pod's template; `more` are fields of its spec."""
    placement = release.placement
    spec: dict[str, Any] = {
        "serviceAccountName": release.name,
        "automountServiceAccountToken": release.needs_api,
        "enableServiceLinks": False,
        **({"hostUsers": False} if platform.has_user_namespaces else {}),
        "securityContext": _of_pod(platform),
        **more,
        **({"imagePullSecrets": [{"name": name} for name in placement.pull_secrets]} if placement.pull_secrets else {}),
        **({"nodeSelector": dict(placement.nodes)} if placement.nodes else {}),
        **({"tolerations": [dict(each) for each in placement.tolerations]} if placement.tolerations else {}),
        "containers": [_container(release, platform)],
        "volumes": mounted.volumes(release),
    }
    annotations = {labels.BUNDLE: release.bundle.digest}
    return {"metadata": {"labels": labels.labels(release), "annotations": annotations}, "spec": spec}


def _of_pod(platform: Platform) -> dict[str, Any]:
    own = {} if platform.is_openshift else {"runAsUser": USER, "runAsGroup": USER, "fsGroup": USER}
    return {"runAsNonRoot": True, **own, "seccompProfile": {"type": "RuntimeDefault"}}


def _container(release: Release, platform: Platform) -> dict[str, Any]:
    variables = mounted.environment(release)
    return {
        # KServe looks for the one that answers by this name.
        "name": "kserve-container" if isinstance(release.shape, InferenceService) else "noteship",
        "image": release.image,
        "imagePullPolicy": "IfNotPresent",
        "args": commands.words(release, platform),
        **({"env": variables} if variables else {}),
        **(_answering(release.shape, platform) if isinstance(release.shape, Service) else {}),
        "resources": _resources(release, platform),
        # What it says last is kept with the pod, where who asks why finds it.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": mounted.mounts(release),
    }


def _resources(release: Release, platform: Platform) -> dict[str, Any]:
    """Storage is left out where a queue does not count it, as few do: /tmp has its own limit all the same."""
    fields = release.resources.fields
    if not (release.queue and platform.has_kueue) or STORAGE in platform.queue_counts:
        return fields
    return {part: {name: each for name, each in of.items() if name != STORAGE} for part, of in fields.items()}


def _answering(service: Service, platform: Platform) -> dict[str, Any]:
    scheme = "HTTPS" if service.access.certificate else "HTTP"
    sleep = {"preStop": {"sleep": {"seconds": commands.DRAINED_BY_SLEEP_S}}}

    def asking(path: str, every_s: int, failures: int) -> dict[str, Any]:
        get = {"path": path, "port": "http", "scheme": scheme}
        return {"httpGet": get, "periodSeconds": every_s, "timeoutSeconds": 3, "failureThreshold": failures}

    return {
        "ports": [{"name": "http", "containerPort": service.port, "protocol": "TCP"}],
        # Asked every second, so that a new version is not later than it must be; the others begin after it.
        "startupProbe": asking("/health/ready", 1, service.start_s),
        "readinessProbe": asking("/health/ready", 5, 2),
        "livenessProbe": asking("/health/live", 10, 3),
        **({"lifecycle": sleep} if platform.can_sleep else {}),
    }


def patience_s(service: Service) -> int:
    """How long a container may take to stop: the routers' time, the server's, and its last words."""
    return commands.DRAINED_BY_SLEEP_S + service.drain_s + REQUESTS_S + LAST_WORDS_S
