"""A cluster of tasks for one stage of a run: a scheduler and workers, each in a pod of its own."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from noteship.cluster.manifests import labels
from noteship.cluster.manifests import pod as pods
from noteship.cluster.manifests.parts import Placement, Resources
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.runs import PORTS, Run, inside, metadata, once, reached, selector, template
from noteship.cluster.manifests.workloads import QUEUE_LABEL

__all__ = ["CLUSTER", "ROLE", "Computing", "Filling", "computing", "computing_host", "filled_computing", "meeting"]

# Of everything of one cluster: its name.
CLUSTER = f"{labels.PREFIX}/cluster"
ROLE = f"{labels.PREFIX}/role"
SCHEDULER_PORT, WORKER_PORT = PORTS[:2]
# Asked every second, so that a stage begins soon after its cluster is there; importing takes seconds, or a minute.
START_S = 600
# A worker that fails is replaced after longer and longer waits, up to the deadline of the run: so often, in all.
REPLACED = 1000
# What has ended by itself is looked at by nobody.
KEPT_S = 60


@dataclass(frozen=True)
class Computing:
    """A cluster as one stage asks for it: how many workers, what each of them gets, and what the scheduler gets."""

    workers: int
    worker: Resources
    scheduler: Resources
    placement: Placement = field(default_factory=Placement)


@dataclass(frozen=True)
class Filling:
    """What is known of a cluster when it is made: its name, what its processes are told, and whose it is.

    `owner` is an entry of `ownerReferences`: with the owner, all of it goes.
    """

    name: str
    scheduler: Sequence[str]
    worker: Sequence[str]
    owner: Mapping[str, Any] | None = None


def meeting(run: Run, platform: Platform) -> Iterator[dict[str, Any]]:
    """What is made once for all clusters of the project's runs, so that drivers need no right to make it.

    Schedulers are found by names below one Service, and reached by stages and workers of the project's runs alone.
    """
    own = metadata(run, None, _service(run))
    ports = [{"name": "scheduler", "protocol": "TCP", "port": SCHEDULER_PORT, "targetPort": SCHEDULER_PORT}]
    spec = {
        "clusterIP": "None",
        # A name is known as soon as its pod has an address: what looks too early may be told so for half a minute.
        "publishNotReadyAddresses": True,
        "selector": selector(run, "computing"),
        "ports": ports,
    }
    yield labels.manifest("v1", "Service", own, spec=spec)
    callers = [{"podSelector": {"matchLabels": selector(run, each)}} for each in ("stage", "computing")]
    open_ports = [{"protocol": "TCP", "port": port} for port in PORTS]
    among = {"to": [{"podSelector": {"matchLabels": selector(run, "computing")}}], "ports": open_ports}
    rules = {
        "podSelector": {"matchLabels": selector(run, "computing")},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": callers, "ports": open_ports}],
        # Tasks are a stage's code: they reach what it reaches.
        "egress": [*reached(run, platform), among],
    }
    yield labels.manifest("networking.k8s.io/v1", "NetworkPolicy", own, spec=rules)


def computing(run: Run, of: Computing, platform: Platform) -> tuple[dict[str, Any], ...]:
    """The manifests of one stage's cluster, but for what `filled_computing` gives.

    Dask's operator makes the pods where it is; else they are two Jobs, which end by themselves: the scheduler's when
    its stage has gone, the workers' when the scheduler has. A worker that ends sooner is replaced.
    """
    scheduler, worker = (
        _spec(run, of.scheduler, of, platform, "scheduler"),
        _spec(run, of.worker, of, platform, "worker"),
    )
    if platform.has_dask_operator:
        return (_of_operator(run, of, scheduler, worker),)
    scheduler["subdomain"] = _service(run)
    return (
        _job(run, "scheduler", scheduler, platform, backoffLimit=0, completions=1, parallelism=1),
        # Without `completions`, the first one that ends well ends all: there are no more to be replaced.
        _job(run, "worker", worker, platform, backoffLimit=REPLACED, parallelism=of.workers),
    )


def filled_computing(templates: Sequence[Mapping[str, Any]], of: Filling) -> tuple[dict[str, Any], ...]:
    """The manifests of a cluster, in the order in which they are applied."""
    made = tuple(copy.deepcopy(dict(each)) for each in templates)
    for each in made:
        own = each["metadata"]
        own["labels"][CLUSTER] = of.name
        if of.owner:
            own["ownerReferences"] = [dict(of.owner)]
        if each["kind"] == "DaskCluster":
            _fill_operator(each, of)
        else:
            _fill_job(each, of)
    return made


def computing_host(template: Mapping[str, Any], name: str) -> str:
    """Where the scheduler of a cluster of a name is found within Kubernetes, by the first of its manifests."""
    namespace = template["metadata"]["namespace"]
    if template["kind"] == "DaskCluster":
        return f"{name}-scheduler.{namespace}.svc"
    return f"{name}.{template['spec']['template']['spec']['subdomain']}.{namespace}.svc"


def _service(run: Run) -> str:
    return f"{run.shared}-computing"


def _spec(run: Run, resources: Resources, of: Computing, platform: Platform, role: str) -> dict[str, Any]:
    port = SCHEDULER_PORT if role == "scheduler" else WORKER_PORT
    made = pods.spec(inside(run, (), resources, of.placement), platform, **once())
    container = made["containers"][0]
    container["ports"] = [{"name": "tasks", "containerPort": port, "protocol": "TCP"}]
    # Once it listens it is not asked any more: each time it would note somebody who says nothing.
    container["startupProbe"] = {
        "tcpSocket": {"port": "tasks"},
        "periodSeconds": 1,
        "timeoutSeconds": 3,
        "failureThreshold": START_S,
    }
    return made


def _job(run: Run, role: str, spec: dict[str, Any], platform: Platform, **more: int) -> dict[str, Any]:
    queued = {QUEUE_LABEL: run.queue} if run.queue and platform.has_kueue else {}
    made = template(run, "computing", spec)
    made["metadata"]["labels"][ROLE] = role
    rest = {**more, "activeDeadlineSeconds": run.deadline_s, "ttlSecondsAfterFinished": KEPT_S, "template": made}
    own = metadata(run, "computing", f"{run.name}-{role}", **{ROLE: role}, **queued)
    return labels.manifest("batch/v1", "Job", own, spec=rest)


def _of_operator(run: Run, of: Computing, scheduler: dict[str, Any], worker: dict[str, Any]) -> dict[str, Any]:
    """What Dask's operator makes Deployments and a Service of; its pods get the labels of the whole."""
    for spec in (scheduler, worker):
        # As Deployments have it: whatever ends is begun again.
        spec["restartPolicy"] = "Always"
    cluster, component = "dask.org/cluster-name", "dask.org/component"
    service = {
        "type": "ClusterIP",
        "selector": {cluster: "", component: "scheduler"},
        "ports": [{"name": "tcp-comm", "protocol": "TCP", "port": SCHEDULER_PORT, "targetPort": "tasks"}],
    }
    spec = {
        "scheduler": {"spec": scheduler, "service": service},
        "worker": {"replicas": of.workers, "spec": worker},
    }
    return labels.manifest("kubernetes.dask.org/v1", "DaskCluster", metadata(run, "computing", run.name), spec=spec)


def _fill_job(made: dict[str, Any], of: Filling) -> None:
    inner = made["spec"]["template"]
    is_scheduler = made["metadata"]["labels"][ROLE] == "scheduler"
    made["metadata"]["name"] = of.name if is_scheduler else f"{of.name}-workers"
    inner["metadata"]["labels"][CLUSTER] = of.name
    inner["spec"]["containers"][0]["args"] = list(of.scheduler if is_scheduler else of.worker)
    if is_scheduler:
        inner["spec"]["hostname"] = of.name


def _fill_operator(made: dict[str, Any], of: Filling) -> None:
    made["metadata"]["name"] = of.name
    spec = made["spec"]
    spec["scheduler"]["service"]["selector"]["dask.org/cluster-name"] = of.name
    spec["scheduler"]["spec"]["containers"][0]["args"] = list(of.scheduler)
    spec["worker"]["spec"]["containers"][0]["args"] = list(of.worker)
