"""What releases are described with: each part is checked when it is made."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from noteship import quantities
from noteship.cluster.manifests.errors import BadRelease, SettingWithoutEffect

__all__ = [
    "Access",
    "Behind",
    "Bundle",
    "ClaimKeys",
    "Destination",
    "Edge",
    "Monitoring",
    "Placement",
    "Proxy",
    "Replicas",
    "Resources",
    "SecretKey",
    "StoreAccess",
    "processors",
]

_CPU = re.compile(r"[1-9]\d*m|\d+(\.\d{1,3})?")
# Beside what it keeps in /tmp, a pod's log and its own layer count as its ephemeral storage.
LOG_MEBIBYTES = 256
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class SecretKey:
    """One value in a Secret that is there already: only its name is ever in a manifest."""

    secret: str
    key: str


@dataclass(frozen=True)
class ClaimKeys:
    """The Secret of an ObjectBucketClaim, whose two keys are files of pods."""

    secret: str


@dataclass(frozen=True)
class Destination:
    """What pods may reach: addresses and networks outside, as they were resolved, or pods of a namespace.

    - name: for people, such as `store` or `db.example.org`
    - pods: labels, of pods in `namespace`; all of them without any
    """

    name: str
    ports: tuple[int, ...]
    addresses: tuple[str, ...] = ()
    namespace: str = ""
    pods: Mapping[str, str] = field(default_factory=dict)
    protocol: Literal["TCP", "UDP"] = "TCP"

    def __post_init__(self) -> None:
        if bool(self.addresses) == bool(self.namespace):
            raise self._bad("either addresses or a namespace say where it is", "resolve its name to addresses")
        if not self.ports or not all(0 < port < 1 << 16 for port in self.ports):
            raise self._bad(f"its ports are {self.ports}", "name the ports that are reached there, from 1 to 65535")
        if self.pods and not self.namespace:
            raise SettingWithoutEffect(f"pods of {self.name}", "addresses have no labels", "name their namespace")
        try:
            self.networks  # noqa: B018 - a wrong address is said now
        except ValueError as error:
            raise self._bad(str(error), "give addresses, or networks such as 10.1.0.0/16") from error

    @property
    def networks(self) -> tuple[str, ...]:
        """Its addresses as networks, which is what policies take."""
        return tuple(str(ipaddress.ip_network(each, strict=False)) for each in self.addresses)

    def _bad(self, reason: str, remedy: str) -> BadRelease:
        return BadRelease(f"destination {self.name}", reason, remedy)


@dataclass(frozen=True)
class Resources:
    """What a pod is promised, and where it is stopped, as Kubernetes writes it.

    - cpu, cpu_limit: processors; memory: promise and limit in one, so that no neighbour can take it
    - temporary: how much may be in /tmp; devices: such as {"nvidia.com/gpu": 1}
    """

    cpu: str = "500m"
    cpu_limit: str = "2"
    memory: str = "1Gi"
    temporary: str = "1Gi"
    devices: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("cpu", "cpu_limit"):
            if not _CPU.fullmatch(getattr(self, name)) or not processors(getattr(self, name)):
                raise BadRelease(name, f"{getattr(self, name)} is no number of processors", 'write "2" or "500m"')
        for name in ("memory", "temporary"):
            try:
                quantities.size_bytes(getattr(self, name))
            except ValueError as error:
                raise BadRelease(name, f"{getattr(self, name)} is no {error}", 'write "500Mi" or "4Gi"') from error
        if processors(self.cpu) > processors(self.cpu_limit):
            raise BadRelease("cpu", f"{self.cpu} is more than the limit, {self.cpu_limit}", "raise the limit")

    @property
    def fields(self) -> dict[str, Any]:
        """As a container has them."""
        storage = f"{-(-quantities.size_bytes(self.temporary) // MEBIBYTE) + LOG_MEBIBYTES}Mi"
        devices = {name: str(number) for name, number in self.devices.items()}
        rest = {"memory": self.memory, "ephemeral-storage": storage, **devices}
        return {"requests": {"cpu": self.cpu, **rest}, "limits": {"cpu": self.cpu_limit, **rest}}


def processors(text: str) -> float:
    """How many processors a text says.

    >>> processors("500m"), processors("2")
    (0.5, 2.0)
    """
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


@dataclass(frozen=True)
class Replicas:
    """How many pods; a range lets the cluster choose by how busy they are."""

    least: int = 1
    most: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise BadRelease("replicas", f"they are {self.least} to {self.most}", "write one number, or [2, 10]")

    @property
    def is_range(self) -> bool:
        """Whether there may be more or fewer."""
        return self.least < self.most


@dataclass(frozen=True)
class Bundle:
    """What is served: by its digest from the store, or from a folder of the image."""

    digest: str
    folder: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.digest):
            raise BadRelease("bundle", f"'{self.digest}' is no whole digest", "name it by all 64 digits of its digest")


@dataclass(frozen=True)
class StoreAccess:
    """Where the object store of the project's store is, and who asks it.

    - credentials: a file of AWS's form with a profile `default`, or the Secret of a claim
    - at: where the endpoint was resolved to
    - url: the store's own address, where the project's settings name a claim in its place
    """

    endpoint: str
    credentials: SecretKey | ClaimKeys
    at: Destination
    region: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise BadRelease("store", "its endpoint is no plain http(s) address", "write https://HOST:PORT")


@dataclass(frozen=True)
class Proxy:
    """Through which ways out lead, and who is reached without it."""

    url: str
    at: Destination
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            # The address would be in the manifest, where every reader of the namespace finds it.
            raise BadRelease(
                "proxy", "its address holds a login", "name a proxy that lets the cluster through by address"
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadRelease("proxy", "it is no http(s) address", "write http://HOST:PORT")


@dataclass(frozen=True)
class Access:
    """Who may call a service: by tokens of a file, by the cluster's own tokens, or everybody.

    - reviews: PATTERN=SCOPE[,SCOPE] each, as `noteship serve --token-review` has them; api: where the cluster is asked
    - certificate: a Secret of type kubernetes.io/tls, to speak TLS
    - is_open: something in front asks, or nobody has to
    """

    tokens: SecretKey | None = None
    reviews: tuple[str, ...] = ()
    audience: str = ""
    api: Destination | None = None
    certificate: str = ""
    is_open: bool = False

    def __post_init__(self) -> None:
        asks = bool(self.tokens or self.reviews)
        if asks == self.is_open:
            reason = "callers are asked, and nobody is" if asks else "nobody is asked who calls"
            raise BadRelease("access", reason, "name tokens or token reviews, or say that the service is open")
        if self.audience and not self.reviews:
            reason = "no token of the cluster is asked about"
            raise SettingWithoutEffect("token audience", reason, "leave it out, or name token reviews")
        if bool(self.reviews) != bool(self.api):
            reason = "the cluster's API is asked whose tokens are, and may be reached for nothing else"
            raise BadRelease("access", reason, "give the API's addresses with token reviews, and only with these")


@dataclass(frozen=True)
class Edge:
    """How callers from outside of the cluster come in.

    - host: the name that they ask for; without one, what the cluster makes of it, where it makes one
    - gateway: NAMESPACE/NAME of the Gateway to be a route of; certificate: a Secret for an Ingress; both only there
    """

    host: str = ""
    gateway: str = ""
    ingress_class: str = ""
    certificate: str = ""

    def __post_init__(self) -> None:
        if self.gateway and not re.fullmatch(r"[a-z0-9.-]+/[a-z0-9.-]+", self.gateway):
            raise BadRelease("gateway", f"it is {self.gateway}", "write NAMESPACE/NAME")
        if self.gateway and (self.certificate or self.ingress_class):
            raise SettingWithoutEffect("gateway", "an Ingress has none", "name a Gateway, or what is of an Ingress")
        if self.certificate and not self.host:
            raise SettingWithoutEffect("certificate of the edge", "there is no host that it is for", "name the host")


@dataclass(frozen=True)
class Behind:
    """The stable release that a canary stands beside.

    - release: its name; has_edge: whether callers come in from outside by its route
    - is_weighed: its route leads a share of the requests to the canary's Service; else its Service leads to the pods of
      both, whose numbers are the shares
    """

    release: str
    has_edge: bool = False
    is_weighed: bool = False


@dataclass(frozen=True)
class Monitoring:
    """Who looks after it: what Prometheus is told to look at, and what it rings for.

    - rules: the `spec` of a PrometheusRule; dashboard: one of Grafana's, as JSON text
    - token: of the scope `observe`, where callers are asked; labels: what a Prometheus selects its monitors by
    """

    rules: Mapping[str, Any]
    dashboard: str
    token: SecretKey | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Placement:
    """On which nodes, and from where images are pulled."""

    nodes: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, Any], ...] = ()
    pull_secrets: tuple[str, ...] = ()
