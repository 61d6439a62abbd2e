"""A pod that takes nothing which it does not need: the same for every shape, and but for its user on every cluster."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from noteship.cluster.manifests import commands, labels, mounted
from noteship.cluster.manifests.parts import Placement, Resources
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import InferenceService, Release, Service

__all__ = ["CONTAINER", "STORAGE", "USER", "Inside", "patience_s", "pod", "spec"]

# Known to no image, and not root's. OpenShift takes one of its own for each namespace.
USER = 65532
STORAGE = "ephemeral-storage"
# What the server gives to requests under way; then connections may bring one more, and last counts are written.
REQUESTS_S, LAST_WORDS_S = 30, 6
# What any container may do.
CONTAINER: Mapping[str, Any] = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@dataclass(frozen=True)
class Inside:
    """What differs from pod to pod: what runs in it, on which nodes, and what it finds there.

    - account: the ServiceAccount; has_token: whether there is a token of it in the pod
    - container: fields of the one container, beside those that all have
    - queue: Kueue's, in which it waits for its turn
    """

    account: str
    image: str
    words: list[str]
    resources: Resources
    placement: Placement = field(default_factory=Placement)
    volumes: list[dict[str, Any]] = field(default_factory=list)
    mounts: list[dict[str, Any]] = field(default_factory=list)
    variables: list[dict[str, str]] = field(default_factory=list)
    has_token: bool = False
    name: str = "noteship"
    container: Mapping[str, Any] = field(default_factory=dict)
    queue: str = ""


def pod(release: Release, platform: Platform, **more: Any) -> dict[str, Any]:
    """A release's pod as a template; `more` are fields of its spec."""
    inside = Inside(
        release.name,
        release.image,
        commands.words(release, platform),
        release.resources,
        release.placement,
        mounted.volumes(release),
        mounted.mounts(release),
        mounted.environment(release),
        release.needs_api,
        # KServe looks for the one that answers by this name.
        "kserve-container" if isinstance(release.shape, InferenceService) else "noteship",
        _answering(release.shape, platform) if isinstance(release.shape, Service) else {},
        release.queue,
    )
    annotations = {labels.BUNDLE: release.bundle.digest}
    route = labels.routed(release) if isinstance(release.shape, Service) else {}
    own = {"labels": {**labels.labels(release), **route}, "annotations": annotations}
    return {"metadata": own, "spec": spec(inside, platform, **more)}


def spec(inside: Inside, platform: Platform, **more: Any) -> dict[str, Any]:
    """The fields of a pod, whichever it is; `more` are fields of its own."""
    placement = inside.placement
    return {
        "serviceAccountName": inside.account,
        "automountServiceAccountToken": inside.has_token,
        "enableServiceLinks": False,
        **({"hostUsers": False} if platform.has_user_namespaces else {}),
        "securityContext": _of_pod(platform),
        **more,
        **({"imagePullSecrets": [{"name": name} for name in placement.pull_secrets]} if placement.pull_secrets else {}),
        **({"nodeSelector": dict(placement.nodes)} if placement.nodes else {}),
        **({"tolerations": [dict(each) for each in placement.tolerations]} if placement.tolerations else {}),
        "containers": [_container(inside, platform)],
        "volumes": inside.volumes,
    }


def _of_pod(platform: Platform) -> dict[str, Any]:
    own = {} if platform.is_openshift else {"runAsUser": USER, "runAsGroup": USER, "fsGroup": USER}
    return {"runAsNonRoot": True, **own, "seccompProfile": {"type": "RuntimeDefault"}}


def _container(inside: Inside, platform: Platform) -> dict[str, Any]:
    return {
        "name": inside.name,
        "image": inside.image,
        "imagePullPolicy": "IfNotPresent",
        "args": inside.words,
        **({"env": inside.variables} if inside.variables else {}),
        **inside.container,
        "resources": _resources(inside, platform),
        # What it says last is kept with the pod, where who asks why finds it.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": copy.deepcopy(CONTAINER),
        "volumeMounts": inside.mounts,
    }


def _resources(inside: Inside, platform: Platform) -> dict[str, Any]:
    """Storage is left out where a queue does not count it, as few do: /tmp has its own limit all the same."""
    fields = inside.resources.fields
    if not (inside.queue and platform.has_kueue) or STORAGE in platform.queue_counts:
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
