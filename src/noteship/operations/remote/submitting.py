"""`noteship run --on kubernetes`: decides here whether anything must run, and if so hands the run to a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from noteship import cluster, computing, workflow
from noteship.cluster import manifests
from noteship.cluster.manifests import Platform
from noteship.errors import stage_section
from noteship.operations import build, carried, imaged, platforms, preflight, releasing, rolling, run
from noteship.operations.errors import NotSubmittable, StoreOutOfReach
from noteship.operations.opened import DECLARATION, OpenedProject
from noteship.operations.remote import computing_pods
from noteship.operations.remote.record import Record, new_id
from noteship.operations.remote.submission import Submission
from noteship.operations.surroundings import Surroundings
from noteship.operations.who import who
from noteship.project.errors import BadSetting
from noteship.project.remote_settings import PodSettings
from noteship.project.settings import StageSettings

__all__ = [
    "Ready",
    "Submitted",
    "Telling",
    "begun",
    "check",
    "check_stages",
    "clocked",
    "made_ready",
    "must_run",
    "of_pods",
    "stage_pod",
    "submit",
]

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Telling:
    """Who is told of the build, and of what is sent; what stops both."""

    build: Callable[[build.Progress], None]
    send: rolling.Tell
    stop: threading.Event


@dataclass(frozen=True)
class Ready:
    """All that drivers are sent with: what the pods have in common, where they will be, and what they are told."""

    run: manifests.Run
    platform: Platform
    submission: Submission


@dataclass(frozen=True)
class Submitted:
    """A run that was handed over: its record, and the driver's Job; `left_out` is what the cluster has no place for."""

    record: Record
    driver: cluster.ObjectRef
    left_out: tuple[str, ...]


def must_run(prepared: run.Prepared) -> bool:
    """Whether any stage has to be executed; none of them is, and nothing is delivered."""
    options = prepared.options
    if (options.force | options.untold) & prepared.graph.stages.keys():
        return True
    choices = workflow.plan(prepared.graph, prepared.opened.workplace)
    return not all(isinstance(each, workflow.Reuse) for each in choices.values())


def submit(
    prepared: run.Prepared,
    request: run.RunRequest,
    named: releasing.Named,
    at: cluster.Cluster,
    telling: Telling,
) -> Submitted:
    """Build the image, put what it lacks into the store, look at what would be in the way, and send the driver.

    Raises StoreOutOfReach, NotSubmittable, what `build` and `carried.put` raise, BadSetting, PlaceUnresolved, the
    cluster's and the store's errors; images.registries.transport.Stopped while it is built.
    """
    ready = made_ready(prepared, request, named, at, telling)
    words = ("drive", f"--store={ready.submission.url}", ready.run.id)
    sent = begun(ready.run, words, ready.platform)
    driver = cluster.ObjectRef.of(sent[-1])
    check(at, named, sent, telling)
    submission = replace(ready.submission, place={**ready.submission.place, "driver": driver.name})
    record = Record(prepared.opened.store, ready.run.id)
    record.ask(submission.to_json())
    rolling.send(at, sent, telling.send)
    return Submitted(record, driver, tuple(_left_out(ready.run, ready.platform)))


def made_ready(
    prepared: run.Prepared,
    request: run.RunRequest,
    named: releasing.Named,
    at: cluster.Cluster,
    telling: Telling,
) -> Ready:
    """Build the image, and put what it lacks into the store. Raises what `submit` raises before anything is sent."""
    opened = prepared.opened
    around = Surroundings(opened, named.name, at)
    if not around.has_store:
        raise StoreOutOfReach(opened.settings.store.url or ".noteship/store, a folder of this machine")
    check_stages(opened, prepared.graph, named)
    built = build.build(opened, build.BuildRequest(with_bundle=False), telling.build, telling.stop)
    telling.send(rolling.Moment("storing what the image has not"))
    digest = carried.put(opened, prepared.graph)
    platform = platforms.discovered(at, opened.settings.kubernetes, named.namespace)
    made = of_pods(opened, named, around, imaged.by_digest(built.name), new_id())
    clusters = dict(_clusters(prepared, made, platform))
    stages = {name: manifests.stage(made, stage_pod(opened, name, made), platform) for name in prepared.graph.stages}
    submission = Submission(
        url=str(opened.store_url),
        image=made.image,
        carried=digest,
        request=replace(request, replace=False, keep=False),
        templates=stages,
        place={"cluster": at.url, "namespace": named.namespace, "driver": ""},
        who=who(),
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        jobs=opened.settings.kubernetes.run.jobs,
        most=dict(_most(opened)),
        clusters=clusters,
    )
    return Ready(made, platform, submission)


def check(at: cluster.Cluster, named: releasing.Named, sent: Sequence[Mapping[str, Any]], telling: Telling) -> None:
    """Look at what would be in the way of manifests. Raises NotSubmittable."""
    telling.send(rolling.Moment("looking whether it can run there"))
    preflight.check(at, named, sent, NotSubmittable)


def begun(made: manifests.Run, words: Sequence[str], platform: Platform) -> tuple[dict[str, Any], ...]:
    """All that is sent to begin a run, in its order; the driver's Job comes last."""
    return (*_meeting(made, platform), *manifests.driver(made, words, platform))


def clocked(
    made: manifests.Run, clock: manifests.Clock, words: Sequence[str], platform: Platform
) -> tuple[dict[str, Any], ...]:
    """All that is sent for runs that begin by a clock, in its order; the CronJob comes last."""
    return (*_meeting(made, platform), *manifests.clock(made, clock, words, platform))


def _meeting(made: manifests.Run, platform: Platform) -> Iterator[dict[str, Any]]:
    if made.has_clusters:
        yield from manifests.meeting(made, platform)


def of_pods(
    opened: OpenedProject, named: releasing.Named, around: Surroundings, image: str, run_id: str
) -> manifests.Run:
    """What all pods of a run have in common, as it is declared. Raises BadSetting, PlaceUnresolved, NoStoreForPods."""
    declared = opened.settings.kubernetes
    asked = declared.run
    try:
        return manifests.Run(
            name=named.name,
            namespace=named.namespace,
            team=declared.team or named.namespace,
            project=opened.name,
            id=run_id,
            image=image,
            store=around.store(),
            # Without a cluster nothing is sent, and any place will do.
            api=around.api() or around.place("192.0.2.1:443", "the cluster's API"),
            account=asked.service_account or "",
            queue=asked.queue,
            resources=_resources(replace(asked.resources, devices={})),
            placement=around.placement(),
            volumes=tuple(_volumes(asked.volumes, asked.secrets)),
            egress=around.egress(),
            proxy=around.proxy(),
            authorities=around.authorities(),
            retries=asked.retries,
            deadline_s=int(asked.deadline_s),
            has_clusters=_has_clusters(opened),
        )
    except manifests.BadRelease as error:
        raise BadSetting(f"kubernetes.run: {error.setting}", DECLARATION, error.remedy, error.reason) from error


def _volumes(claims: Mapping[str, str], secrets: Mapping[str, str]) -> Iterator[manifests.Volume]:
    for path, name in claims.items():
        yield manifests.Volume(name.removesuffix(":rw"), path, "claim", is_writable=name.endswith(":rw"))
    for path, name in secrets.items():
        yield manifests.Volume(name, path, "secret")


def _resources(asked: PodSettings) -> manifests.Resources:
    return manifests.Resources(asked.cpu, asked.cpu_limit, asked.memory, asked.temporary, asked.devices)


def stage_pod(opened: OpenedProject, name: str, made: manifests.Run) -> manifests.StagePod:
    """What a stage asks for: what it says, and for the rest what all do."""
    stage = opened.settings.stage.get(name, StageSettings())
    own, usual = stage.resources, opened.settings.kubernetes.run.resources
    memory = f"{-(-own.memory_bytes // MEBIBYTE)}Mi" if own.memory_bytes else usual.memory
    cpu = own.cpu or usual.cpu
    common = made.placement
    try:
        resources = manifests.Resources(
            cpu,
            own.cpu_limit or _at_least(usual.cpu_limit, cpu),
            memory,
            own.temporary or usual.temporary,
            own.devices or usual.devices,
        )
    except manifests.BadRelease as error:
        section = f"stage.{name}.resources.{error.setting}"
        raise BadSetting(section, DECLARATION, error.remedy, error.reason) from error
    placement = manifests.Placement(
        {**common.nodes, **stage.nodes}, (*common.tolerations, *stage.tolerations), common.pull_secrets
    )
    return manifests.StagePod(name, resources, placement)


def _at_least(limit: str, cpu: str) -> str:
    """The usual limit, or what is asked for where that is more."""
    return max(limit, cpu, key=manifests.processors)


def _most(opened: OpenedProject) -> Iterator[tuple[str, int]]:
    for name, stage in opened.settings.stage.items():
        if stage.resources.memory_most_bytes:
            yield name, stage.resources.memory_most_bytes


def check_stages(
    opened: OpenedProject, graph: workflow.Graph, named: releasing.Named, *, has_driver: bool = True
) -> None:
    """Raises NotSubmittable for what stages ask for that a run on a cluster cannot give them."""
    faults = [
        fault for name in graph.stages for fault in _lacking(name, opened.cluster_of(name), has_driver=has_driver)
    ]
    credentials = [
        f"[data.{name}] has its credentials in the variable {each.credentials.env}, which pods do not have: "
        "name a file in its place, and the folder that it is in under [kubernetes.run] secrets"
        for name, each in opened.settings.data.items()
        if each.credentials and each.credentials.env
    ]
    if faults or credentials:
        raise NotSubmittable(str(named), (*faults, *credentials))


def _has_clusters(opened: OpenedProject) -> bool:
    """Whether any stage, or all of them, ask for a cluster of tasks that is made for them."""
    settings = opened.settings
    asked = (settings.run.cluster, *(each.cluster for each in settings.stage.values()))
    return any(each is not None and each.address is None for each in asked)


def _lacking(stage: str, wanted: computing.Wanted | None, *, has_driver: bool) -> Iterator[str]:
    """What a cluster of tasks needs in pods that it does not on a laptop."""
    if wanted is None:
        return
    section = stage_section(stage)
    files = (wanted.identity.ca, wanted.identity.cert, wanted.identity.key)
    if wanted.address is None and not has_driver:
        yield f"{section} asks for a cluster of its own, which only a driver makes: name one by its address, or run it"
    elif wanted.address is None and wanted.workers is None:
        yield f"{section} asks for a cluster of as many workers as there are processors: say how many, workers = 4"
    if any(each and not each.startswith("/") for each in files):
        yield (
            f"{section} names certificates by files of this machine: put them into a Secret, name it under "
            "[kubernetes.run] secrets, and them by their paths there"
        )


def _clusters(
    prepared: run.Prepared, made: manifests.Run, platform: Platform
) -> Iterator[tuple[str, computing_pods.Computed]]:
    """By stage, what its cluster of tasks is made of."""
    for name in prepared.graph.stages:
        wanted = prepared.opened.cluster_of(name)
        if wanted is None or wanted.address is not None:
            continue
        try:
            pods = computing_pods.pods_of(wanted, made.placement)
        except manifests.BadRelease as error:
            section = f"stage.{name}.cluster: {error.setting}"
            raise BadSetting(section, DECLARATION, error.remedy, error.reason) from error
        yield (
            name,
            computing_pods.Computed(manifests.computing(made, pods, platform), manifests.secret_file(made.store)),
        )


def _left_out(made: manifests.Run, platform: Platform) -> Iterator[str]:
    if made.queue and not platform.has_kueue:
        yield f"the queue {made.queue}: the cluster has no Kueue, so stages begin when there is room"
