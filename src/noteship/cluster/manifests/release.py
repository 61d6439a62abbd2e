"""A release: all that its manifests are made from, beside the cluster that they are for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from noteship import digests, quantities
from noteship.cluster.manifests.errors import BadRelease, SettingWithoutEffect
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

__all__ = [
    "OF_KSERVE",
    "Evaluator",
    "InferenceService",
    "Job",
    "Release",
    "Schedule",
    "Service",
    "Shape",
    "Stream",
    "check_authorities",
    "check_cron",
    "check_name",
    "check_pinned",
]

# Names of what belongs to it have up to 22 characters more, and 63 at most.
NAME_LIMIT = 40
# What KServe puts after a name, of the Deployment and of the Service that it makes.
OF_KSERVE = "-predictor"
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")


@dataclass(frozen=True)
class Service:
    """It answers requests.

    - callers: namespaces whose pods may call it; behind: the stable release that it stands beside
    - start_s: how long loading may take; drain_s: how long it answers on when it is stopped
    """

    access: Access
    replicas: Replicas = field(default_factory=Replicas)
    edge: Edge | None = None
    monitoring: Monitoring | None = None
    callers: tuple[str, ...] = ()
    behind: Behind | None = None
    port: int = 8080
    workers: int = 1
    start_s: int = 300
    drain_s: int = 5

    def __post_init__(self) -> None:
        if not 1024 <= self.port < 1 << 16:
            raise BadRelease("port", f"{self.port} is none for a process without rights", "choose 1024 to 65535")
        token = self.monitoring.token if self.monitoring else None
        if token and self.access.is_open:
            raise SettingWithoutEffect("token of Prometheus", "nobody is asked for one", "leave it out")
        if self.monitoring and not token and not self.access.is_open:
            reason = "Prometheus would be asked for a token, and has none: it would see nothing"
            raise BadRelease("monitoring", reason, "name a Secret with a token of the scope observe")
        if self.edge and self.behind:
            reason = f"callers of {self.behind.release} come here, too"
            raise SettingWithoutEffect("edge", reason, "leave one of them out")


@dataclass(frozen=True)
class InferenceService(Service):
    """The same under KServe, which makes the Deployment, the Service and the autoscaler."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.access.certificate:
            reason = "KServe tells callers an address without TLS, which the service would not answer"
            raise BadRelease("access", reason, "let what leads there speak TLS, or deploy it as a service")
        if self.behind and not self.behind.is_weighed:
            reason = "KServe's Service leads to the pods of one InferenceService"
            raise BadRelease("canary", reason, "name a Gateway, or deploy as a service, where pods share by number")


@dataclass(frozen=True)
class Job:
    """It scores files, once. What was scored before it was stopped is not scored again.

    - keep: columns to write beside the scores; retries: after how many failures it is given up
    - kept_s: for how long it can be looked at when it has ended; queue: Kueue's, in which it waits for its turn
    """

    source: str
    target: str
    keep: tuple[str, ...] = ()
    retries: int = 3
    deadline_s: int = 86_400
    kept_s: int = 7 * 86_400
    queue: str = ""


@dataclass(frozen=True)
class Schedule:
    """It scores files by the clock: `cron` as Kubernetes takes it, in a named zone. One at a time."""

    job: Job
    cron: str
    zone: str = "Etc/UTC"

    def __post_init__(self) -> None:
        check_cron(self.cron)


@dataclass(frozen=True)
class Stream:
    """It scores messages of one subject into another. `credentials`: a file of NATS's."""

    url: str
    source: str
    target: str
    at: Destination
    dead: str = ""
    durable: str = ""
    credentials: SecretKey | None = None
    replicas: Replicas = field(default_factory=Replicas)
    monitoring: Monitoring | None = None

    def __post_init__(self) -> None:
        if self.replicas.is_range:
            reason = "how many messages wait is not what the cluster scales by"
            raise SettingWithoutEffect("replicas", reason, "write one number")
        if "@" in self.url:
            raise BadRelease("stream", "its address holds a login", "name a file of credentials in a Secret")


Shape = Service | Job | Schedule | Stream


@dataclass(frozen=True)
class Evaluator:
    """It closes the windows that the pods of a release write, so that they are decided while none of these lives."""

    # Its own memory is 60 MB, and a window's sketches are below 16 KB for each worker.
    resources: Resources = field(default_factory=lambda: Resources("50m", "500m", "256Mi", "64Mi"))
    port: int = 8080


def check_authorities(text: str) -> None:
    """Raises BadRelease where a text of authorities holds none, or a key: every reader of the namespace will see it."""
    if "PRIVATE KEY-----" in text:
        raise BadRelease("authorities", "there is a private key in it", "name a file that holds certificates alone")
    if text and "-----BEGIN CERTIFICATE-----" not in text:
        raise BadRelease("authorities", "there is no certificate in it", "name a file of PEM certificates")


def check_cron(text: str) -> None:
    """Raise BadRelease where a schedule is none."""
    if not quantities.is_cron(text):
        raise BadRelease("schedule", f"'{text}' has not five fields", 'write "15 3 * * *", or @daily')


def check_name(setting: Literal["name", "namespace"], text: str) -> None:
    """Raises BadRelease where Kubernetes would not take it, or what belongs to it could not be named after it."""
    limit = NAME_LIMIT if setting == "name" else 63
    if not _NAME.fullmatch(text) or len(text) > limit:
        remedy = f"choose at most {limit} small letters, digits and dashes, a letter first"
        raise BadRelease(setting, f"'{text}' is none for Kubernetes", remedy)


def check_pinned(image: str) -> None:
    """Raises BadRelease where an image is not named by its digest."""
    if not re.fullmatch(r"[^@\s]+@sha256:[0-9a-f]{64}", image):
        reason = f"{image} may be another one tomorrow"
        raise BadRelease("image", reason, "name it by its digest: REPOSITORY@sha256:…")


@dataclass(frozen=True)
class Release:
    """A bundle under a name, in a namespace, in one of its shapes.

    - image: by its digest; settings: the text of the `noteship.toml` that it goes by, else the image's own
    - store: None where the bundle is in the image and nothing is watched or kept
    - egress: what else it may reach; authorities: PEM certificates to trust beyond the system's
    - trusted_types, allows_pickle: what the model may hold, as `noteship serve` is told
    - evaluator: what closes its windows beside it; None where its own pods alone do
    """

    name: str
    namespace: str
    team: str
    project: str
    image: str
    bundle: Bundle
    shape: Shape
    resources: Resources = field(default_factory=Resources)
    settings: str = ""
    store: StoreAccess | None = None
    egress: tuple[Destination, ...] = ()
    proxy: Proxy | None = None
    authorities: str = ""
    placement: Placement = field(default_factory=Placement)
    run: str = ""
    trusted_types: tuple[str, ...] = ()
    allows_pickle: bool = False
    evaluator: Evaluator | None = None

    def __post_init__(self) -> None:
        self._check_names()
        check_pinned(self.image)
        if self.store is None and not self.bundle.folder:
            raise BadRelease(
                "store", "the bundle comes from it, and there is none", "name [store] url, or build the bundle in"
            )
        self._check_evaluator()
        if self.store is None and self.monitoring:
            raise SettingWithoutEffect(
                "monitoring", "windows are kept in a store, and there is none", "name [store] url"
            )
        check_authorities(self.authorities)

    def _check_names(self) -> None:
        check_name("name", self.name)
        check_name("namespace", self.namespace)
        for setting, text in (("team", self.team), ("project", self.project), ("run", self.run)):
            if not _LABEL.fullmatch(text):
                raise BadRelease(
                    setting, f"'{text}' is no value of a label", "choose at most 63 letters, digits, - _ and ."
                )

    def _check_evaluator(self) -> None:
        if self.evaluator is not None and (self.store is None or isinstance(self.shape, Job | Schedule)):
            reason = "files are scored without being watched" if self.store else "windows are kept in a store"
            raise SettingWithoutEffect("evaluator", reason, "leave it out")
        if self.evaluator is None and isinstance(self.shape, Stream) and self.shape.monitoring:
            reason = "a stream's own pods answer no one: its evaluator tells Prometheus"
            raise BadRelease("monitoring", reason, "let the evaluator run, or leave monitoring out")

    @cached_property
    def files(self) -> dict[str, str]:
        """What its pods read of what is no secret, by name."""
        named = {"noteship.toml": self.settings, "authorities.pem": self.authorities}
        return {name: text for name, text in named.items() if text}

    @property
    def files_name(self) -> str:
        """The ConfigMap of these files: another one for other contents, so that old pods keep what they began with."""
        return f"{self.name}-files-{digests.short(digests.of_value(self.files))}"

    @property
    def service_name(self) -> str:
        """What a service is called within its namespace."""
        return f"{self.name}{OF_KSERVE}" if isinstance(self.shape, InferenceService) else self.name

    @property
    def monitoring(self) -> Monitoring | None:
        """Who looks after it; of files that are scored nobody does."""
        return self.shape.monitoring if isinstance(self.shape, Service | Stream) else None

    @property
    def behind(self) -> Behind | None:
        """The stable release, where this one is a canary."""
        return self.shape.behind if isinstance(self.shape, Service) else None

    @property
    def evaluator_name(self) -> str:
        """What its evaluator is called."""
        return f"{self.name}-evaluator"

    @property
    def queue(self) -> str:
        """Kueue's, in which its Jobs wait for their turn; empty where there is none."""
        job = self.shape.job if isinstance(self.shape, Schedule) else self.shape
        return job.queue if isinstance(job, Job) else ""

    @property
    def needs_api(self) -> bool:
        """Whether its pods ask the cluster's API, and so have a token for it."""
        return isinstance(self.shape, Service) and bool(self.shape.access.reviews)
