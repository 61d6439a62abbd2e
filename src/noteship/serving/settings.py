"""How a service runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from noteship.serving.callers import Callers
from noteship.serving.certificates import Certificate
from noteship.serving.limits import Limits

__all__ = ["ServerSettings"]


@dataclass(frozen=True)
class ServerSettings:
    """How a service runs.

    - port: 0 takes a free one
    - drain_s: how long it says that it is not ready, and answers, before it stops listening
    - linger_s: how long connections then may bring one more request: closed at once, a request may cross the closing
    - grace_s: how long requests under way may then take
    - callers: who may call; everybody without it
    - certificate: for TLS
    - is_local: whether without `callers` only requests that name this machine are answered
    - is_open_to_admin: whether without `callers` everybody may change what is served
    """

    host: str = "127.0.0.1"
    port: int = 8080
    limits: Limits = field(default_factory=Limits)
    drain_s: float = 0.0
    linger_s: float = 1.0
    grace_s: int = 30
    access_log: bool = False
    callers: Callers | None = None
    certificate: Certificate | None = None
    is_local: bool = True
    is_open_to_admin: bool = False
