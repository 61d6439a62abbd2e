"""`noteship schedule`: what is declared to begin by the clock does so on a cluster, and nothing else does any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from noteship import cluster
from noteship.cluster import manifests
from noteship.operations import render, rolling, run
from noteship.operations.errors import NothingScheduled, NotSubmittable
from noteship.operations.opened import OpenedProject
from noteship.operations.releases import Place
from noteship.operations.releasing import Named, named_release
from noteship.operations.remote import clocks, submitting

__all__ = ["ScheduleRequest", "Scheduled", "Struck", "schedule"]

HOUR_S, MINUTE_S = 3600, 60
# A run, a look whether a retraining is due, and a retraining: ends of the names of what begins them.
ENDS: dict[clocks.Kind, str] = {"run": "run", "look": "due", "retrain": "retrain"}
SHIPPED = ("canary", "deploy")
# What is a clock's own, in the order in which it is taken away.
RBAC = "rbac.authorization.k8s.io/v1"
KINDS = (("batch/v1", "CronJob"), (RBAC, "RoleBinding"), (RBAC, "Role"), ("v1", "ServiceAccount"))


@dataclass(frozen=True)
class ScheduleRequest:
    """What is asked for beside the declaration; `is_removed`: nothing is to begin by itself any more."""

    namespace: str | None = None
    is_removed: bool = False


@dataclass(frozen=True)
class Struck:
    """What begins, when, and by which CronJob."""

    name: str
    kind: clocks.Kind
    cron: str
    zone: str

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {"name": self.name, "kind": self.kind, "schedule": self.cron, "zone": self.zone}


@dataclass(frozen=True)
class Scheduled:
    """What begins by the clock from now on, in an image, and what was taken away."""

    named: Named
    image: str
    clocks: tuple[Struck, ...]
    removed: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship schedule --json` prints."""
        return {
            "name": self.named.name,
            "namespace": self.named.namespace,
            "image": self.image or None,
            "clocks": [each.to_json() for each in self.clocks],
            "removed": list(self.removed),
        }


def schedule(
    opened: OpenedProject, request: ScheduleRequest, at: cluster.Cluster, telling: submitting.Telling
) -> Scheduled:
    """Let runs and retrainings begin by the clock as is declared, with the project as it is now.

    Raises NothingScheduled, NoNamespace, what `submitting.made_ready` and `check` raise, and the cluster's errors.
    """
    named = named_release(opened, None, request.namespace, at)
    struck = () if request.is_removed else tuple(_declared(opened, named))
    there = [*_there(at, named)]
    _forget(opened, named, struck, at)
    if not struck and not there:
        raise NothingScheduled(str(named))
    image, sent = _put(opened, named, struck, at, telling) if struck else ("", frozenset())
    gone = [each for each in there if each not in sent]
    for each in gone:
        at.delete(each)
    return Scheduled(named, image, struck, tuple(sorted(each.name for each in gone if each.kind == "CronJob")))


def _declared(opened: OpenedProject, named: Named) -> Iterator[Struck]:
    runs, retrain = opened.settings.kubernetes.run, opened.settings.retrain
    if runs.schedule:
        yield Struck(f"{named.name}-{ENDS['run']}", "run", runs.schedule, runs.zone)
    if retrain and retrain.on:
        yield Struck(f"{named.name}-{ENDS['look']}", "look", _every(int(retrain.look_s)), "Etc/UTC")
    if retrain and retrain.schedule:
        yield Struck(f"{named.name}-{ENDS['retrain']}", "retrain", retrain.schedule, retrain.zone)


def _every(seconds: int) -> str:
    """As cron has it.

    >>> _every(600), _every(3600), _every(21600), _every(86400)
    ('*/10 * * * *', '0 * * * *', '0 */6 * * *', '0 0 * * *')
    """
    if seconds < HOUR_S:
        return f"*/{seconds // MINUTE_S} * * * *"
    hours = seconds // HOUR_S
    return "0 * * * *" if hours == 1 else "0 0 * * *" if hours == 24 else f"0 */{hours} * * *"


def _there(at: cluster.Cluster, named: Named) -> Iterator[cluster.ObjectRef]:
    """The CronJobs of the project's runs, and the accounts that are theirs alone, with their rights; CronJobs first."""
    labels = {"app.kubernetes.io/instance": f"{named.name}-runs", "app.kubernetes.io/managed-by": manifests.RUNS}
    names = {f"{named.name}-{end}" for end in ENDS.values()}
    for version, kind in KINDS:
        # Who names an account of their own may have no right to look at others.
        with suppress(*(() if kind == "CronJob" else (cluster.errors.RightMissing,))):
            found = at.list(cluster.Selection(version, kind, named.namespace, labels=labels))
            yield from (ref for ref in map(cluster.ObjectRef.of, found) if ref.name in names)


def _forget(opened: OpenedProject, named: Named, struck: tuple[Struck, ...], at: cluster.Cluster) -> None:
    """What is not declared begins no more, also where somebody took its CronJob away by hand."""
    for end in ENDS.values():
        name = f"{named.name}-{end}"
        if name not in {each.name for each in struck}:
            clocks.forget(opened.store, Place.of(at.url, named.namespace, name))


def _put(
    opened: OpenedProject,
    named: Named,
    struck: tuple[Struck, ...],
    at: cluster.Cluster,
    telling: submitting.Telling,
) -> tuple[str, frozenset[cluster.ObjectRef]]:
    """Send all that begins by the clock; the image that it begins in, and what was sent."""
    retrained = any(each.kind != "run" for each in struck)
    rules = tuple(_rules(opened, named, at)) if retrained else ()
    asked = run.RunRequest()
    ready = submitting.made_ready(run.prepared(opened, asked), asked, named, at, telling)
    refs: set[cluster.ObjectRef] = set()
    for each in struck:
        place = Place.of(at.url, named.namespace, each.name)
        words = (
            "drive",
            f"--store={ready.submission.url}",
            f"--clock={place}",
            "--job=$(JOB_NAME)/$(JOB_UID)",
        )
        made = manifests.Clock(
            each.name.removeprefix(f"{named.name}-"), each.cron, each.zone, () if each.kind == "run" else rules
        )
        sent = submitting.clocked(ready.run, made, words, ready.platform)
        submitting.check(at, named, sent, telling)
        clocks.write(opened.store, clocks.Clock(place, each.kind, ready.submission))
        rolling.send(at, sent, telling.send)
        refs.update(map(cluster.ObjectRef.of, sent))
    return ready.submission.image, frozenset(refs)


def _rules(opened: OpenedProject, named: Named, at: cluster.Cluster) -> Iterator[dict[str, Any]]:
    """What a retraining's driver may do beside driving: deploy, if `[retrain]` goes so far. Raises NotSubmittable."""
    retrain = opened.settings.retrain
    if retrain is None or retrain.then not in SHIPPED:
        return
    if opened.settings.kubernetes.bundle != "store":
        fault = (
            f'[retrain] then = "{retrain.then}" deploys from a pod, which builds no image: '
            'let pods fetch the bundle, [kubernetes] bundle = "store"'
        )
        raise NotSubmittable(str(named), (fault,))
    roles = render.deployers(opened, named, render.RenderRequest(None, None, named.name, named.namespace, None), at)
    if any(each["kind"] == "ClusterRole" for each in roles):
        fault = (
            f'[retrain] then = "{retrain.then}" would need rights of the whole cluster, for [kubernetes.access] '
            'reviews: no pod is given these; say then = "promote", and deploy it yourself'
        )
        raise NotSubmittable(str(named), (fault,))
    for each in roles:
        yield from each["rules"]
