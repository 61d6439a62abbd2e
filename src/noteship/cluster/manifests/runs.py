"""The pods of a run: its driver, and one for each stage; what they may reach, and what the driver may do."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from noteship import digests
from noteship.cluster.manifests import labels, mounted, ways
from noteship.cluster.manifests import pod as pods
from noteship.cluster.manifests.errors import BadRelease
from noteship.cluster.manifests.parts import Destination, Placement, Proxy, Resources, StoreAccess
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import check_name, check_pinned
from noteship.cluster.manifests.workloads import LATE_S, QUEUE_LABEL

__all__ = [
    "MANAGER",
    "PATIENCE_S",
    "PORTS",
    "STAGE",
    "Clock",
    "Component",
    "Run",
    "StagePod",
    "Volume",
    "clock",
    "driver",
    "files",
    "filled",
    "inside",
    "metadata",
    "once",
    "policy",
    "reached",
    "selector",
    "stage",
    "template",
]

# Another one than that of releases, whose pruning looks for its own alone.
MANAGER = "noteship-runs"
# Of a stage's Job: the stage, whose name need not be one that labels take.
STAGE = f"{labels.PREFIX}/stage"
# Of a scheduler, of a worker, and of who watches that.
PORTS = (8786, 8788, 8789)
# What a driver that ended itself ended with: its work failed, it was asked wrongly, or noteship has a fault.
FINAL_CODES = (1, 2, 70)
# A stage's last words: its kernel is killed at once, and the store is told.
PATIENCE_S = 30
Component = Literal["driver", "stage", "step", "computing"]


@dataclass(frozen=True)
class Volume:
    """A claim, or a Secret, as a folder of the pods of a run."""

    name: str
    path: str
    kind: Literal["claim", "secret"] = "claim"
    is_writable: bool = False

    def __post_init__(self) -> None:
        taken = ("", "/tmp", "/project", mounted.FOLDER)  # noqa: S108 - of the pod
        if not self.path.startswith("/") or self.path.rstrip("/") in taken or ".." in self.path:
            raise BadRelease("volume", f"{self.path} is no folder for it", "choose an absolute path, such as /data")


@dataclass(frozen=True)
class StagePod:
    """What one stage asks for."""

    name: str
    resources: Resources
    placement: Placement


@dataclass(frozen=True)
class Run:
    """A run of a project on a cluster: what all its pods have in common.

    - name: the project's; id: the run's, by which its pods are labelled
    - account: a ServiceAccount that is there, with the rights of a driver; "" makes one
    - queue: Kueue's, in which stages wait for their turn
    - resources, placement: of the driver
    - retries: how often a driver that ended unexpectedly begins again; deadline_s: of the driver, and of each stage
    - kept_s: for how long Jobs can be looked at when they have ended
    - has_clusters: whether a stage asks for a cluster of tasks
    """

    name: str
    namespace: str
    team: str
    project: str
    id: str
    image: str
    store: StoreAccess
    api: Destination
    account: str = ""
    queue: str = ""
    resources: Resources = field(default_factory=Resources)
    placement: Placement = field(default_factory=Placement)
    volumes: tuple[Volume, ...] = ()
    egress: tuple[Destination, ...] = ()
    proxy: Proxy | None = None
    authorities: str = ""
    retries: int = 6
    deadline_s: int = 86_400
    kept_s: int = 86_400
    has_clusters: bool = False

    def __post_init__(self) -> None:
        check_name("name", self.name)
        check_name("namespace", self.namespace)
        check_pinned(self.image)
        paths = [each.path for each in self.volumes]
        if len(set(paths)) < len(paths):
            raise BadRelease("volume", "two have one path", "give each a folder of its own")

    @property
    def shared(self) -> str:
        """The name of what all runs of the project have: account, role, policies."""
        return f"{self.name}-runs"

    @property
    def driver_name(self) -> str:
        """Of the driver's Job; its end is the run's own digits."""
        return f"{self.name}-run-{digests.of_bytes(self.id.encode())[:8]}"

    @cached_property
    def files(self) -> dict[str, str]:
        """What its pods read of what is no secret, by name."""
        return {"authorities.pem": self.authorities} if self.authorities else {}

    @property
    def files_name(self) -> str:
        """The ConfigMap of these files."""
        return f"{self.shared}-files-{digests.short(digests.of_value(self.files))}"


@dataclass(frozen=True)
class Clock:
    """When drivers begin by themselves: `cron` in a named zone, one at a time.

    - end: of the name of what begins them, after the project's; rules: what its drivers may do beside driving runs
    """

    end: str
    cron: str
    zone: str = "Etc/UTC"
    rules: tuple[Mapping[str, Any], ...] = ()


def driver(run: Run, words: Sequence[str], platform: Platform) -> tuple[dict[str, Any], ...]:
    """All that is sent to begin a run, in the order in which it is applied; the driver's Job comes last."""
    own = metadata(run, "driver", run.driver_name)
    job = labels.manifest("batch/v1", "Job", own, spec=_driving(run, words, platform))
    return (*_account(run, run.shared, _rights(run, platform)), *_around(run, platform), job)


def clock(run: Run, at: Clock, words: Sequence[str], platform: Platform) -> tuple[dict[str, Any], ...]:
    """All that is sent for drivers that begin by the clock; the CronJob comes last.

    In the words `$(JOB_NAME)/$(JOB_UID)` tells one beginning from the next, and is the same for all pods of one.
    """
    name = f"{run.name}-{at.end}"
    rights = [*_rights(run, platform)]
    # Its stages have the account of all runs, which is given no more than they need.
    accounts = [*_account(run, run.shared, rights), *(_account(run, name, [*rights, *at.rules]) if at.rules else ())]
    spec = _driving(replace(run, account=run.account or (name if at.rules else run.shared)), words, platform)
    container = spec["template"]["spec"]["containers"][0]
    container["env"] = [*container.get("env", ()), *_job_itself(name)]
    own = metadata(run, "driver", name)
    cron = {
        "schedule": at.cron,
        "timeZone": at.zone,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": LATE_S,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"metadata": {"labels": own["labels"]}, "spec": spec},
    }
    job = labels.manifest("batch/v1", "CronJob", own, spec=cron)
    return (*accounts, *_around(run, platform), job)


def _job_itself(clock: str) -> Iterator[dict[str, Any]]:
    # Who did it, for the records of what it does.
    yield {"name": "LOGNAME", "value": clock}
    for name, label in (("JOB_NAME", "job-name"), ("JOB_UID", "controller-uid")):
        yield {
            "name": name,
            "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['batch.kubernetes.io/{label}']"}},
        }


def _around(run: Run, platform: Platform) -> Iterator[dict[str, Any]]:
    """What pods of runs find, and whom they reach."""
    yield from files(run)
    yield policy(run, platform, "stage", (_computing(run),))
    yield policy(run, platform, "driver", (run.api,))


def _driving(run: Run, words: Sequence[str], platform: Platform) -> dict[str, Any]:
    of_pod = inside(run, words, run.resources, run.placement, has_token=True)
    return {
        "backoffLimit": run.retries,
        "activeDeadlineSeconds": run.deadline_s,
        "ttlSecondsAfterFinished": run.kept_s,
        # Its next pod goes on where this one was; there are never two.
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": _rules()},
        "template": template(run, "driver", pods.spec(of_pod, platform, **once())),
    }


def stage(run: Run, of: StagePod, platform: Platform) -> dict[str, Any]:
    """The Job of one stage, but for its name and its words, which `filled` gives: at most one pod, once."""
    of_pod = replace(inside(run, (), of.resources, of.placement), queue=run.queue)
    queued = {QUEUE_LABEL: run.queue} if run.queue and platform.has_kueue else {}
    spec = {
        "backoffLimit": 0,
        "completions": 1,
        "parallelism": 1,
        "activeDeadlineSeconds": run.deadline_s,
        "ttlSecondsAfterFinished": run.kept_s,
        "podReplacementPolicy": "Failed",
        "template": template(run, "stage", pods.spec(of_pod, platform, **once())),
    }
    own = metadata(run, "stage", f"{run.name}-stage", **queued)
    own["annotations"] = {STAGE: of.name}
    return labels.manifest("batch/v1", "Job", own, spec=spec)


def filled(template: Mapping[str, Any], name: str, words: Sequence[str], memory: str = "") -> dict[str, Any]:
    """A stage's Job under its name; `memory` takes the place of what was asked for."""
    made = copy.deepcopy(dict(template))
    made["metadata"]["name"] = name
    container = made["spec"]["template"]["spec"]["containers"][0]
    container["args"] = list(words)
    for bounds in container["resources"].values() if memory else ():
        bounds["memory"] = memory
    return made


def once() -> dict[str, Any]:
    """Fields of a pod that is never begun again in its place."""
    return {"restartPolicy": "Never", "terminationGracePeriodSeconds": PATIENCE_S}


def _rules() -> list[dict[str, Any]]:
    return [
        {
            "action": "FailJob",
            "onExitCodes": {"containerName": "noteship", "operator": "In", "values": list(FINAL_CODES)},
        },
        # A node that is emptied, or a pod that made room, is nobody's failure.
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ]


def inside(
    run: Run, words: Sequence[str], resources: Resources, placement: Placement, *, has_token: bool = False
) -> pods.Inside:
    """What the pods of a run have in common, and what one of them does."""
    found = [*mounted.reaching(run.store, run.proxy, is_trusting=bool(run.authorities))]
    return pods.Inside(
        run.account or run.shared,
        run.image,
        list(words),
        resources,
        placement,
        list(_volumes(run, resources)),
        list(_mounts(run)),
        [{"name": name, "value": value} for name, value in found],
        has_token=has_token,
    )


def _volumes(run: Run, resources: Resources) -> Iterator[dict[str, Any]]:
    sources = [mounted.credentials(run.store)]
    if run.files:
        items = [{"key": name, "path": name} for name in run.files]
        sources.insert(0, {"configMap": {"name": run.files_name, "items": items}})
    yield {"name": "tmp", "emptyDir": {"sizeLimit": resources.temporary}}
    yield {"name": "files", "projected": {"defaultMode": mounted.MODE, "sources": sources}}
    for number, each in enumerate(run.volumes):
        name = f"volume-{number}"
        if each.kind == "secret":
            source = {"secret": {"name": each.name}}
            yield {"name": name, "projected": {"defaultMode": mounted.MODE, "sources": [source]}}
        else:
            claim = {"claimName": each.name, **({} if each.is_writable else {"readOnly": True})}
            yield {"name": name, "persistentVolumeClaim": claim}


def _mounts(run: Run) -> Iterator[dict[str, Any]]:
    yield {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - the pod's own
    yield {"name": "files", "mountPath": mounted.FOLDER, "readOnly": True}
    for number, each in enumerate(run.volumes):
        only_read = {} if each.is_writable else {"readOnly": True}
        yield {"name": f"volume-{number}", "mountPath": each.path, **only_read}


def template(run: Run, component: Component, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Of a pod, with the labels of what it is."""
    return {"metadata": {"labels": _labels(run, component)}, "spec": spec}


def selector(run: Run, component: Component) -> dict[str, str]:
    """What all runs of the project know their pods by."""
    return {
        "app.kubernetes.io/instance": run.shared,
        "app.kubernetes.io/managed-by": MANAGER,
        "app.kubernetes.io/component": component,
    }


def _labels(run: Run, component: Component | None = None) -> dict[str, str]:
    own = {"team": run.team, "project": run.project, "run": run.id if component else ""}
    selected = selector(run, component or "driver")
    return {
        "app.kubernetes.io/name": run.project,
        **{name: value for name, value in selected.items() if component or not name.endswith("component")},
        "app.kubernetes.io/part-of": run.project,
        **{f"{labels.PREFIX}/{name}": value for name, value in own.items() if value},
    }


def metadata(run: Run, component: Component | None, name: str, **more: str) -> dict[str, Any]:
    """Of a manifest; what belongs to no run has no component. `more` are labels."""
    return {"name": name, "namespace": run.namespace, "labels": {**_labels(run, component), **more}}


def _account(run: Run, name: str, rules: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    if run.account:
        return
    own = metadata(run, None, name)
    group = "rbac.authorization.k8s.io"
    yield labels.manifest("v1", "ServiceAccount", own, automountServiceAccountToken=False)
    yield labels.manifest(f"{group}/v1", "Role", own, rules=[*rules])
    yield labels.manifest(
        f"{group}/v1",
        "RoleBinding",
        own,
        roleRef={"apiGroup": group, "kind": "Role", "name": name},
        subjects=[{"kind": "ServiceAccount", "name": name, "namespace": run.namespace}],
    )


def _rights(run: Run, platform: Platform) -> Iterator[dict[str, Any]]:
    """What a driver does: it makes, looks at and ends the Jobs of stages, and says why one does not go on."""
    yield {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]}
    yield {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    yield {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}
    yield {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "delete", "get", "patch"]}
    if run.has_clusters and platform.has_dask_operator:
        kinds, verbs = ["daskclusters"], ["create", "delete", "get", "patch"]
        yield {"apiGroups": ["kubernetes.dask.org"], "resources": kinds, "verbs": verbs}
    if run.queue and platform.has_kueue:
        kinds = ["localqueues", "workloads"]
        yield {"apiGroups": ["kueue.x-k8s.io"], "resources": kinds, "verbs": ["list"]}


def files(run: Run) -> Iterator[dict[str, Any]]:
    """The ConfigMap of what its pods read of what is no secret, if that is anything."""
    if run.files:
        own = metadata(run, None, run.files_name)
        yield labels.manifest("v1", "ConfigMap", own, immutable=True, data=run.files)


def _computing(run: Run) -> Destination:
    """The clusters of tasks of the project's runs."""
    return Destination("computing", PORTS, namespace=run.namespace, pods=selector(run, "computing"))


def reached(run: Run, platform: Platform) -> Iterator[dict[str, Any]]:
    """The ways out of all pods of a run."""
    yield ways.to_names(platform)
    yield from map(ways.to, (run.store.at, *([run.proxy.at] if run.proxy else []), *run.egress))


def policy(run: Run, platform: Platform, component: Component, more: Sequence[Destination]) -> dict[str, Any]:
    """Nobody calls these pods; they reach the DNS, the store, and what was named."""
    spec = {
        "podSelector": {"matchLabels": selector(run, component)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [],
        "egress": [*reached(run, platform), *map(ways.to, more)],
    }
    own = metadata(run, None, f"{run.shared}-{component}s")
    return labels.manifest("networking.k8s.io/v1", "NetworkPolicy", own, spec=spec)
