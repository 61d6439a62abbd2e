"""What makes the pods of each shape, and what keeps them apart, available, and as many as are needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from noteship import digests
from noteship.cluster.manifests.errors import BadRelease
from noteship.cluster.manifests.labels import TEMPLATE, manifest, metadata, selector
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.pod import patience_s, pod
from noteship.cluster.manifests.release import InferenceService, Job, Release, Schedule, Service, Stream
from noteship.errors import UsageError

__all__ = ["LATE_S", "QUEUE_LABEL", "scaling", "workload"]

# Pods beyond those that serve while new ones take over: a quarter, one at least.
SURGE = "25%"
# Releases to go back to; noteship's own record goes further.
KEPT_RELEASES = 5
# How busy pods are, in hundredths of what they are promised, before there are more of them.
BUSY_PERCENT = 70
# Of a stream: a batch, and the acknowledging of its messages.
STREAM_PATIENCE_S = 60
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
# A scheduled run that could not begin for so long is left out: the next one does its files, too.
LATE_S = 3600


def workload(release: Release, platform: Platform) -> dict[str, Any]:
    """The Deployment, Job, CronJob or InferenceService. Raises BadRelease where the cluster has no KServe for one."""
    match release.shape:
        case InferenceService() as service:
            return _inference_service(release, service, platform)
        case Job() as job:
            return manifest("batch/v1", "Job", _queued(release, platform), spec=_job(release, job, platform))
        case Schedule() as schedule:
            return manifest("batch/v1", "CronJob", metadata(release), spec=_schedule(release, schedule, platform))
        case Service() | Stream():
            return manifest("apps/v1", "Deployment", metadata(release), spec=_deployment(release, platform))


def scaling(release: Release, platform: Platform) -> Iterator[dict[str, Any]]:
    """What lets nodes be emptied one pod at a time, and chooses the number of pods where it is a range."""
    replicas = release.shape.replicas if isinstance(release.shape, Service | Stream) else None
    if replicas is None or replicas.most == 1:
        return
    budget = {
        "maxUnavailable": 1,
        # A pod that does not serve holds no node back.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": selector(release)},
    }
    yield manifest("policy/v1", "PodDisruptionBudget", metadata(release), spec=budget)
    is_own = not isinstance(release.shape, InferenceService)
    if is_own and replicas.is_range and platform.has_metrics:
        target = {"type": "Utilization", "averageUtilization": BUSY_PERCENT}
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": release.name},
            "minReplicas": replicas.least,
            "maxReplicas": replicas.most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        }
        yield manifest("autoscaling/v2", "HorizontalPodAutoscaler", metadata(release), spec=spec)


def _deployment(release: Release, platform: Platform) -> dict[str, Any]:
    shape = release.shape
    assert isinstance(shape, Service | Stream)
    replicas = shape.replicas
    patience = patience_s(shape) if isinstance(shape, Service) else STREAM_PATIENCE_S
    spread = {"topologySpreadConstraints": _spread(release)} if replicas.most > 1 else {}
    is_scaled = replicas.is_range and platform.has_metrics
    return {
        # What the autoscaler decides is not said here: each would undo the other's.
        **({} if is_scaled else {"replicas": replicas.least}),
        "revisionHistoryLimit": KEPT_RELEASES,
        "progressDeadlineSeconds": (shape.start_s if isinstance(shape, Service) else 0) + 300,
        "selector": {"matchLabels": selector(release)},
        "strategy": _rolling(),
        "template": pod(release, platform, terminationGracePeriodSeconds=patience, **spread),
    }


def _inference_service(release: Release, service: InferenceService, platform: Platform) -> dict[str, Any]:
    if not platform.has_kserve:
        raise BadRelease("shape", "the cluster has no KServe", 'say as = "service"')
    replicas = service.replicas
    is_scaled = replicas.is_range and platform.has_metrics
    spread = {"topologySpreadConstraints": _spread(release)} if replicas.most > 1 else {}
    made = pod(release, platform, terminationGracePeriodSeconds=patience_s(service), **spread)
    made["metadata"]["annotations"][TEMPLATE] = digests.short(digests.of_value(made))
    predictor = {
        "minReplicas": replicas.least,
        "maxReplicas": replicas.most if is_scaled else replicas.least,
        **({"scaleMetric": "cpu", "scaleTarget": BUSY_PERCENT} if is_scaled else {}),
        "deploymentStrategy": _rolling(),
        **made["metadata"],
        **made["spec"],
    }
    own = {
        **metadata(release),
        "annotations": {
            # As KServe called its way without Knative before 0.16; later ones know the name, too.
            "serving.kserve.io/deploymentMode": "RawDeployment",
            "serving.kserve.io/autoscalerClass": "hpa" if is_scaled else "none",
        },
    }
    return manifest("serving.kserve.io/v1beta1", "InferenceService", own, spec={"predictor": predictor})


def _rolling() -> dict[str, Any]:
    """No pod is taken away before another one is ready in its stead."""
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": SURGE}}


def _spread(release: Release) -> list[dict[str, Any]]:
    """Over zones and nodes as far as there are several: pods wait for no place that there is not."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector(release)},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def _job(release: Release, job: Job, platform: Platform) -> dict[str, Any]:
    return {
        "backoffLimit": job.retries,
        "podFailurePolicy": {"rules": _retrying()},
        "activeDeadlineSeconds": job.deadline_s,
        "ttlSecondsAfterFinished": job.kept_s,
        "template": pod(release, platform, restartPolicy="Never", terminationGracePeriodSeconds=30),
    }


def _retrying() -> list[dict[str, Any]]:
    """What was asked for wrongly is not asked for again, and what befell a pod through its node counts as no try."""
    disrupted = {"type": "DisruptionTarget", "status": "True"}
    wrong = {"containerName": "noteship", "operator": "In", "values": [UsageError.exit_code]}
    return [
        {"action": "Ignore", "onPodConditions": [disrupted]},
        {"action": "FailJob", "onExitCodes": wrong},
    ]


def _schedule(release: Release, schedule: Schedule, platform: Platform) -> dict[str, Any]:
    job = {"metadata": _queued(release, platform), "spec": _job(release, schedule.job, platform)}
    # Jobs of a schedule get their names and their namespace from it.
    job["metadata"] = {"labels": job["metadata"]["labels"]}
    return {
        "schedule": schedule.cron,
        "timeZone": schedule.zone,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": LATE_S,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": job,
    }


def _queued(release: Release, platform: Platform) -> dict[str, Any]:
    return metadata(release, **({QUEUE_LABEL: release.queue} if release.queue and platform.has_kueue else {}))
