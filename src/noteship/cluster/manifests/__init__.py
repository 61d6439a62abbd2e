"""Manifests of releases and runs: plain values in a fixed order; `restricted` and OpenShift let them in."""

from noteship.cluster.manifests.build_config import BuildConfig, GitSource
from noteship.cluster.manifests.computing import (
    CLUSTER,
    ROLE,
    Computing,
    Filling,
    computing,
    computing_host,
    filled_computing,
    meeting,
)
from noteship.cluster.manifests.errors import BadRelease, SettingWithoutEffect
from noteship.cluster.manifests.labels import selected
from noteship.cluster.manifests.mounted import secret_file
from noteship.cluster.manifests.parts import (
    Access,
    Behind,
    Bundle,
    ClaimKeys,
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
    "CLUSTER",
    "PLANNED",
    "QUEUE_LABEL",
    "ROLE",
    "RUNS",
    "Access",
    "BadRelease",
    "Behind",
    "BuildConfig",
    "Bundle",
    "ClaimKeys",
    "Clock",
    "Computing",
    "Destination",
    "Edge",
    "Evaluator",
    "Filling",
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
    "computing",
    "computing_host",
    "destinations",
    "driver",
    "filled",
    "filled_computing",
    "meeting",
    "processors",
    "render",
    "secret_file",
    "selected",
    "stage",
    "task_names",
    "workflow",
]
