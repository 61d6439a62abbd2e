"""Names and labels of what belongs to a release: for people, for selecting, for cost, and for pruning."""

from __future__ import annotations

from typing import Any

from noteship import digests
from noteship.cluster.manifests.release import Job, Release, Schedule, Stream

__all__ = [
    "BUNDLE",
    "COMPONENT",
    "MANAGER",
    "PREFIX",
    "ROUTE",
    "TEMPLATE",
    "VERSION",
    "labels",
    "manifest",
    "metadata",
    "routed",
    "selected",
    "selector",
]

PREFIX = "noteship.dev"
MANAGER = "noteship"
COMPONENT, VERSION = "app.kubernetes.io/component", "app.kubernetes.io/version"
# Of the pods' annotations: 64 digits are one more than a label may have.
BUNDLE = f"{PREFIX}/bundle"
# Of the pods that answer: by whose Service they are called.
ROUTE = f"{PREFIX}/route"
# Likewise of those that KServe makes, by which its Deployment is known to be of a release.
TEMPLATE = f"{PREFIX}/template"


def selector(release: Release) -> dict[str, str]:
    """What its pods are known by. A Deployment's can never be changed, so nothing of a version is in it."""
    return selected(release.name) | {COMPONENT: _component(release)}


def selected(name: str) -> dict[str, str]:
    """What everything of the release of a name has."""
    return {"app.kubernetes.io/instance": name, "app.kubernetes.io/managed-by": MANAGER}


def labels(release: Release) -> dict[str, str]:
    """The recommended ones, and noteship's own. Those without a value are left out."""
    own = {"team": release.team, "project": release.project, "release": release.name, "run": release.run}
    return {
        "app.kubernetes.io/name": release.project or release.name,
        **selector(release),
        VERSION: digests.short(release.bundle.digest),
        "app.kubernetes.io/part-of": release.project or release.name,
        **{f"{PREFIX}/{name}": value for name, value in own.items() if value},
    }


def routed(release: Release) -> dict[str, str]:
    """What the pods have that a Service leads to: those of a canary, too, which shares by their number."""
    behind = release.behind
    return {ROUTE: behind.release if behind and not behind.is_weighed else release.name}


def metadata(release: Release, name: str = "", **more: str) -> dict[str, Any]:
    """Of a manifest; `more` are labels."""
    return {"name": name or release.name, "namespace": release.namespace, "labels": {**labels(release), **more}}


def manifest(version: str, kind: str, metadata: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A manifest, in the order that people expect."""
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def _component(release: Release) -> str:
    match release.shape:
        case Job() | Schedule():
            return "scoring"
        case Stream():
            return "stream"
    return "service"
