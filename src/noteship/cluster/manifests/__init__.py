"""Manifests of a release as plain values in a fixed order; Pod Security `restricted` and OpenShift let them in."""

from noteship.cluster.manifests.errors import BadRelease, SettingWithoutEffect
from noteship.cluster.manifests.labels import selected
from noteship.cluster.manifests.parts import (
    Access,
    Behind,
    Bundle,
    Destination,
    Edge,
    Monitoring,
    Placement,
    Proxy,
    Replicas,
    Resources,
    SecretKey,
    StoreAccess,
)
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import (
    Evaluator,
    InferenceService,
    Job,
    Release,
    Schedule,
    Service,
    Shape,
    Stream,
)
from noteship.cluster.manifests.rendering import Rendered, render
from noteship.cluster.manifests.ways import destinations

__all__ = [
    "Access",
    "BadRelease",
    "Behind",
    "Bundle",
    "Destination",
    "Edge",
    "Evaluator",
    "InferenceService",
    "Job",
    "Monitoring",
    "Placement",
    "Platform",
    "Proxy",
    "Release",
    "Rendered",
    "Replicas",
    "Resources",
    "Schedule",
    "SecretKey",
    "Service",
    "SettingWithoutEffect",
    "Shape",
    "StoreAccess",
    "Stream",
    "destinations",
    "render",
    "selected",
]
