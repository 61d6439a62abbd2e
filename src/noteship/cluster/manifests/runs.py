"""The pods of a run: its driver, and one for each stage; what they may reach, and what the driver may do."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from noteship import digests
from noteship.cluster.manifests import labels, mounted, ways
from noteship.cluster.manifests import pod as pods
from noteship.cluster.manifests.errors import BadRelease
from noteship.cluster.manifests.parts import Destination, Placement, Proxy, Resources, StoreAccess
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import check_name, check_pinned
from noteship.cluster.manifests.workloads import QUEUE_LABEL

__all__ = [
    "MANAGER",
    "PATIENCE_S",
    "Run",
    "StagePod",
    "Volume",
    "driver",
    "files",
    "filled",
    "inside",
    "metadata",
    "policy",
    "stage",
]

# Another one than that of releases, whose pruning looks for its own alone.
MANAGER = "noteship-runs"
# What a driver that ended itself ended with: its work failed, it was asked wrongly, or noteship has a fault.
FINAL_CODES = (1, 2, 70)
# A stage's last words: its kernel is killed at once, and the store is told.
PATIENCE_S = 30
Component = Literal["driver", "stage", "step"]


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


def driver(run: Run, words: Sequence[str], platform: Platform) -> tuple[dict[str, Any], ...]:
    """All that is sent to begin a run, in the order in which it is applied; the driver's Job comes last."""
    made = [
        *_account(run, platform),
        *files(run),
        policy(run, platform, "stage", ()),
        policy(run, platform, "driver", (run.api,)),
    ]
    own_pod = inside(run, words, run.resources, run.placement, has_token=True)
    spec = {
        "backoffLimit": run.retries,
        "activeDeadlineSeconds": run.deadline_s,
        "ttlSecondsAfterFinished": run.kept_s,
        # Its next pod goes on where this one was; there are never two.
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": _rules()},
        "template": _template(run, "driver", pods.spec(own_pod, platform, **_once())),
    }
    own = metadata(run, "driver", run.driver_name)
    return (*made, labels.manifest("batch/v1", "Job", own, spec=spec))


def stage(run: Run, of: StagePod, platform: Platform) -> dict[str, Any]:
    """The Job of one stage, but for its name and its words, which `filled` gives: at most one pod, once."""
    own_pod = inside(run, (), of.resources, of.placement, has_token=False)
    queued = {QUEUE_LABEL: run.queue} if run.queue and platform.has_kueue else {}
    spec = {
        "backoffLimit": 0,
        "completions": 1,
        "parallelism": 1,
        "activeDeadlineSeconds": run.deadline_s,
        "ttlSecondsAfterFinished": run.kept_s,
        "podReplacementPolicy": "Failed",
        "template": _template(run, "stage", pods.spec(own_pod, platform, **_once())),
    }
    own = metadata(run, "stage", f"{run.name}-stage", **queued)
    own["annotations"] = {f"{labels.PREFIX}/stage": of.name}
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


def _once() -> dict[str, Any]:
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
    run: Run, words: Sequence[str], resources: Resources, placement: Placement, *, has_token: bool
) -> pods.Inside:
    """What is in a pod of a run: the store, the ways out and the volumes that all have."""
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
    sources = [mounted.secret(run.store.credentials, mounted.CREDENTIALS)]
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


def _template(run: Run, component: Component, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"metadata": {"labels": _labels(run, component)}, "spec": spec}


def _selector(run: Run, component: Component) -> dict[str, str]:
    return {
        "app.kubernetes.io/instance": run.shared,
        "app.kubernetes.io/managed-by": MANAGER,
        "app.kubernetes.io/component": component,
    }


def _labels(run: Run, component: Component | None = None) -> dict[str, str]:
    own = {"team": run.team, "project": run.project, "run": run.id if component else ""}
    selected = _selector(run, component or "driver")
    return {
        "app.kubernetes.io/name": run.project,
        **{name: value for name, value in selected.items() if component or not name.endswith("component")},
        "app.kubernetes.io/part-of": run.project,
        **{f"{labels.PREFIX}/{name}": value for name, value in own.items() if value},
    }


def metadata(run: Run, component: Component | None, name: str, **more: str) -> dict[str, Any]:
    """Of a manifest: of one component, or of what all runs of the project share; `more` are labels."""
    return {"name": name, "namespace": run.namespace, "labels": {**_labels(run, component), **more}}


def _account(run: Run, platform: Platform) -> Iterator[dict[str, Any]]:
    if run.account:
        return
    own = metadata(run, None, run.shared)
    group = "rbac.authorization.k8s.io"
    yield labels.manifest("v1", "ServiceAccount", own, automountServiceAccountToken=False)
    yield labels.manifest(f"{group}/v1", "Role", own, rules=[*_rights(run, platform)])
    yield labels.manifest(
        f"{group}/v1",
        "RoleBinding",
        own,
        roleRef={"apiGroup": group, "kind": "Role", "name": run.shared},
        subjects=[{"kind": "ServiceAccount", "name": run.shared, "namespace": run.namespace}],
    )


def _rights(run: Run, platform: Platform) -> Iterator[dict[str, Any]]:
    """What a driver does: it makes, looks at and ends the Jobs of stages, and says why one does not go on."""
    yield {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]}
    yield {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    yield {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}
    yield {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "delete", "get", "patch"]}
    if run.queue and platform.has_kueue:
        kinds = ["localqueues", "workloads"]
        yield {"apiGroups": ["kueue.x-k8s.io"], "resources": kinds, "verbs": ["list"]}


def files(run: Run) -> Iterator[dict[str, Any]]:
    """The ConfigMap of what its pods read, where there is something."""
    if run.files:
        own = metadata(run, None, run.files_name)
        yield labels.manifest("v1", "ConfigMap", own, immutable=True, data=run.files)


def policy(run: Run, platform: Platform, component: Component, more: Sequence[Destination]) -> dict[str, Any]:
    """Nobody calls these pods; they reach the DNS, the store, and what was named."""
    reached = [run.store.at, *([run.proxy.at] if run.proxy else []), *run.egress, *more]
    spec = {
        "podSelector": {"matchLabels": _selector(run, component)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [],
        "egress": [ways.to_names(platform), *map(ways.to, reached)],
    }
    own = metadata(run, None, f"{run.shared}-{component}s")
    return labels.manifest("networking.k8s.io/v1", "NetworkPolicy", own, spec=spec)
