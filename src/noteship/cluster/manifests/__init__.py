"""Manifests of releases and runs: plain values in a fixed order; `restricted` and OpenShift let them in."""

from noteship.cluster.manifests.build_config import BuildConfig, GitSource
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
    processors,
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
from noteship.cluster.manifests.runs import MANAGER as RUNS
from noteship.cluster.manifests.runs import Clock, Run, StagePod, Volume, clock, driver, filled, stage
from noteship.cluster.manifests.ways import destinations
from noteship.cluster.manifests.workflows import PLANNED, Pipeline, PipelineRun, Step, task_names, workflow
from noteship.cluster.manifests.workloads import QUEUE_LABEL

__all__ = [
    "PLANNED",
    "QUEUE_LABEL",
    "RUNS",
    "Access",
    "BadRelease",
    "Behind",
    "BuildConfig",
    "Bundle",
    "Clock",
    "Destination",
    "Edge",
    "Evaluator",
    "GitSource",
    "InferenceService",
    "Job",
    "Monitoring",
    "Pipeline",
    "PipelineRun",
    "Placement",
    "Platform",
    "Proxy",
    "Release",
    "Rendered",
    "Replicas",
    "Resources",
    "Run",
    "Schedule",
    "SecretKey",
    "Service",
    "SettingWithoutEffect",
    "Shape",
    "StagePod",
    "Step",
    "StoreAccess",
    "Stream",
    "Volume",
    "clock",
    "destinations",
    "driver",
    "filled",
    "processors",
    "render",
    "selected",
    "stage",
    "task_names",
    "workflow",
]
