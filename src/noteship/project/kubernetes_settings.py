"""`[kubernetes]`: where images go, and what runs of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from noteship.project import values
from noteship.project.remote_settings import PodSettings, RunSettings

__all__ = [
    "AccessSettings",
    "EdgeSettings",
    "JobSettings",
    "KubernetesSettings",
    "MonitoringSettings",
    "PlatformSettings",
    "ProxySettings",
    "StoreAccessSettings",
    "StreamSettings",
]

SHAPES = ("service", "kserve", "job", "schedule", "stream")
BUNDLES = ("image", "store")


def _repository(value: object) -> str:
    if not isinstance(value, str) or "/" not in value or "@" in value or ":" in value.rpartition("/")[2]:
        raise ValueError('a registry and a repository, without a tag, such as "registry.example.org/team-a/mail"')
    return value


def _shape(value: object) -> str:
    if value not in SHAPES:
        raise ValueError(f"what it runs as: {', '.join(SHAPES)}")
    return str(value)


def _bundle(value: object) -> str:
    if value not in BUNDLES:
        raise ValueError('where pods find the bundle: "image", or "store", from which they fetch it when they start')
    return str(value)


def _replicas(value: object) -> tuple[int, int]:
    """The least and the most; equal where one number is written."""
    numbers = value if isinstance(value, list) and len(value) == 2 else [value, value]
    found = [each for each in numbers if isinstance(each, int) and not isinstance(each, bool)]
    if len(found) < 2 or not 1 <= found[0] <= found[1]:
        raise ValueError("a number of pods from 1 on, or the least and the most, such as [2, 10]")
    return found[0], found[1]


def _secret(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9._-]+)?", value):
        raise ValueError('the name of a Secret, or of a key in it, such as "mail-tokens/tokens"')
    return value


def _place(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\S+:\d{1,5}(,\d{1,5})*", value):
        raise ValueError('a host, an address or a network, and its port, such as "db.example.org:5432"')
    return value


def _places(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError('a list of places, such as ["db.example.org:5432"]')
    return tuple(map(_place, value))


@dataclass(frozen=True)
class AccessSettings:
    """`access`: who may call. Where nothing is said, the tokens of a Secret."""

    tokens: str | None = field(default=None, metadata={"parse": _secret})
    reviews: tuple[str, ...] = ()
    audience: str = ""
    api: str | None = field(default=None, metadata={"parse": _place})
    certificate: str = ""
    open: bool = False


@dataclass(frozen=True)
class EdgeSettings:
    """`edge`: how callers from outside of the cluster come in."""

    host: str = ""
    gateway: str = ""
    ingress_class: str = field(default="", metadata={"key": "class"})
    certificate: str = ""


@dataclass(frozen=True)
class StoreAccessSettings:
    """`store`: how pods reach an object store."""

    endpoint: str | None = None
    region: str | None = None
    credentials: str | None = field(default=None, metadata={"parse": _secret})
    storage_class: str | None = field(default=None, metadata={"key": "class", "parse": values.name})


@dataclass(frozen=True)
class MonitoringSettings:
    """`monitoring`: what Prometheus asks with, and by which labels it finds what to ask."""

    token: str | None = field(default=None, metadata={"parse": _secret})
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ProxySettings:
    """`proxy`: through which ways out lead."""

    url: str
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobSettings:
    """`job`: which files are scored, once or by the clock."""

    source: str = field(metadata={"key": "from"})
    target: str = field(metadata={"key": "to"})
    keep: tuple[str, ...] = ()
    retries: int = 3
    deadline_s: float = field(default=values.DAY_S, metadata={"key": "deadline", "parse": values.length})
    queue: str = ""
    schedule: str = ""
    zone: str = "Etc/UTC"


@dataclass(frozen=True)
class StreamSettings:
    """`stream`: between which subjects of NATS it stands."""

    url: str
    source: str = field(metadata={"key": "from"})
    target: str = field(metadata={"key": "to"})
    dead: str = ""
    durable: str = ""
    credentials: str | None = field(default=None, metadata={"parse": _secret})


@dataclass(frozen=True)
class PlatformSettings:
    """`platform`: what the cluster's API does not say; None is as usual, or as it is found."""

    edge_namespaces: tuple[str, ...] | None = None
    monitoring_namespaces: tuple[str, ...] | None = None
    dns_namespaces: tuple[str, ...] | None = None
    dns_addresses: tuple[str, ...] | None = None


@dataclass(frozen=True)
class KubernetesSettings:
    """What is not said is given on the command line, or is not done."""

    registry: str | None = field(default=None, metadata={"parse": _repository})
    namespace: str | None = field(default=None, metadata={"parse": values.name})
    name: str | None = field(default=None, metadata={"parse": values.name})
    team: str | None = None
    shape: str = field(default="service", metadata={"key": "as", "parse": _shape})
    bundle: str = field(default="image", metadata={"parse": _bundle})
    replicas: tuple[int, int] = field(default=(1, 1), metadata={"parse": _replicas})
    workers: int = field(default=1, metadata={"parse": values.count})
    callers: tuple[str, ...] | None = None
    egress: tuple[str, ...] = field(default=(), metadata={"parse": _places})
    authorities: str | None = None
    pull_secrets: tuple[str, ...] = ()
    nodes: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, Any], ...] = ()
    trust_types: tuple[str, ...] = ()
    allow_pickle: bool = False
    resources: PodSettings = field(default_factory=PodSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    edge: EdgeSettings | None = None
    store: StoreAccessSettings = field(default_factory=StoreAccessSettings)
    monitoring: MonitoringSettings | None = None
    proxy: ProxySettings | None = None
    job: JobSettings | None = None
    stream: StreamSettings | None = None
    run: RunSettings = field(default_factory=RunSettings)
    evaluator: bool | None = None
    platform: PlatformSettings = field(default_factory=PlatformSettings)
