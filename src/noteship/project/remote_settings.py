"""`[kubernetes.run]`: how a run goes on a cluster; and what stages ask for there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from noteship.project import values

__all__ = ["PodSettings", "RunPodSettings", "RunSettings"]

_CLAIM = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:rw)?")


def _folders(expected: str, *, writable: bool) -> object:
    def parse(value: object) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ValueError(expected)
        for path, name in value.items():
            right = isinstance(name, str) and _CLAIM.fullmatch(name) and (writable or ":" not in name)
            if not path.startswith("/") or not right:
                raise ValueError(expected)
        return dict(value)

    return parse


CLAIMS = 'folders of the pods and the claims that they show: { "/data" = "team-data" }, "team-data:rw" to write there'
SECRETS = 'folders of the pods and the Secrets whose keys are files there: { "/secrets/shop" = "shop-login" }'


@dataclass(frozen=True)
class PodSettings:
    """`resources`: what a pod is promised, and where it is stopped."""

    cpu: str = "500m"
    cpu_limit: str = "2"
    memory: str = "1Gi"
    temporary: str = "1Gi"
    devices: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RunPodSettings(PodSettings):
    """The same of the driver, and of stages that say nothing."""

    memory: str = "2Gi"
    temporary: str = "4Gi"


@dataclass(frozen=True)
class RunSettings:
    """What is not said is as it usually is."""

    jobs: int = field(default=16, metadata={"parse": values.count})
    queue: str = ""
    retries: int = field(default=6, metadata={"parse": values.count})
    deadline_s: float = field(default=values.DAY_S, metadata={"key": "deadline", "parse": values.length})
    service_account: str | None = None
    volumes: Mapping[str, str] = field(default_factory=dict, metadata={"parse": _folders(CLAIMS, writable=True)})
    secrets: Mapping[str, str] = field(default_factory=dict, metadata={"parse": _folders(SECRETS, writable=False)})
    resources: RunPodSettings = field(default_factory=RunPodSettings)
    schedule: str = field(default="", metadata={"parse": values.clock})
    zone: str = "Etc/UTC"
