"""The words that a release's pods give to noteship, which is the image's entry point."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.cluster.manifests import mounted
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import Job, Release, Schedule, Service, Stream

__all__ = ["DRAINED_BY_SLEEP_S", "drain_s", "words"]

# Before a container is told to stop, the cluster's routers are given this long to hear that it will.
DRAINED_BY_SLEEP_S = 3


def words(release: Release, platform: Platform) -> list[str]:
    """The verb, its options, and what it works on."""
    match release.shape:
        case Service() as service:
            return list(_serve(release, service, platform))
        case Job() as job:
            return list(_score(release, job))
        case Schedule(job=job):
            return list(_score(release, job))
        case Stream() as stream:
            return list(_stream(release, stream))


def drain_s(service: Service, platform: Platform) -> int:
    """How long the server itself goes on: for all the time where the cluster cannot wait before it stops it."""
    return service.drain_s + (0 if platform.can_sleep else DRAINED_BY_SLEEP_S)


def _serve(release: Release, service: Service, platform: Platform) -> Iterator[str]:
    access = service.access
    yield "serve"
    yield f"--project={mounted.project(release)}"
    yield "--host=0.0.0.0"
    yield f"--port={service.port}"
    yield f"--workers={service.workers}"
    yield f"--drain={drain_s(service, platform)}"
    yield "--log=json"
    if access.tokens:
        yield f"--tokens={mounted.TOKENS}"
    yield from (f"--token-review={rule}" for rule in access.reviews)
    if access.audience:
        yield f"--token-audience={access.audience}"
    if access.certificate:
        yield from (f"--tls-certificate={mounted.CERTIFICATE}", f"--tls-key={mounted.CERTIFICATE_KEY}")
    if access.is_open:
        yield "--no-auth"
    yield from _trust(release)
    if release.store is None:
        yield "--no-monitor"
    yield from ("--", _bundle(release))


def _score(release: Release, job: Job) -> Iterator[str]:
    yield "score"
    yield f"--project={mounted.project(release)}"
    yield from (f"--keep={name}" for name in job.keep)
    yield from _trust(release)
    yield from ("--", _bundle(release), job.source, job.target)


def _stream(release: Release, stream: Stream) -> Iterator[str]:
    yield "stream"
    yield f"--project={mounted.project(release)}"
    yield f"--nats={stream.url}"
    yield f"--from={stream.source}"
    yield f"--to={stream.target}"
    if stream.dead:
        yield f"--dead={stream.dead}"
    if stream.durable:
        yield f"--durable={stream.durable}"
    if release.store is None:
        yield "--no-monitor"
    yield from _trust(release)
    yield from ("--", _bundle(release))


def _trust(release: Release) -> Iterator[str]:
    yield from (f"--trust-type={name}" for name in release.trusted_types)
    if release.allows_pickle:
        yield "--allow-pickle"
    # A bundle that is named by its digest is trusted by that.
    if release.bundle.folder:
        yield f"--trust-source={release.bundle.digest}"


def _bundle(release: Release) -> str:
    return release.bundle.folder or release.bundle.digest
