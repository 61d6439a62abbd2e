"""Who may call, and for what: bearer tokens, known by their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from noteship.serving.calls import Headers
from noteship.serving.refusals import Refused

__all__ = ["PREDICTING", "SCOPES", "Caller", "Guard", "Reviewer", "TokenGuard", "needed"]

SCOPES = ("predict", "observe", "admin")
# What a path asks for: any one of these scopes.
PREDICTING = frozenset({"predict"})
OBSERVING = frozenset({"observe"})
# What a model takes and gives is for both who asks it and who watches it.
LOOKING = frozenset({"predict", "observe"})
ADMINISTERING = frozenset({"admin"})
# Probes carry no token. The page is the same for every model, and asks for a token itself.
OPEN = frozenset({"/", "/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready"})
REPOSITORY, INDEX = "/v2/repository/", "/v2/repository/index"
BEARER = b"bearer "


def needed(method: str, path: str) -> frozenset[str]:
    """The scopes of which one is needed; empty where anybody may call. What is not known of is not open.

    >>> sorted(needed("GET", "/v2")), sorted(needed("POST", "/v2/repository/models/mail/load"))
    (['observe', 'predict'], ['admin'])
    """
    if path in OPEN:
        return frozenset()
    if path == "/metrics":
        return OBSERVING
    if path.startswith(REPOSITORY) and path != INDEX:
        return ADMINISTERING
    return PREDICTING if method == "POST" and path != INDEX else LOOKING


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and for what."""

    name: str
    scopes: frozenset[str]


class Reviewer(Protocol):
    """Somebody else who knows tokens, and has to be asked."""

    def known(self, digest: bytes) -> tuple[bool, Caller | None]:
        """Whether it is known without asking whose token has this digest; and whose."""
        ...

    async def ask(self, token: bytes, digest: bytes) -> Caller | None:
        """Whose token it is; None when it is nobody's. Raises Refused when that cannot be found out."""
        ...


class Guard(Protocol):
    """Who may call."""

    # Whether callers have to say who they are.
    asks: bool

    def check(self, headers: Headers, scopes: frozenset[str]) -> Awaitable[None] | None:
        """Raises Refused. Returns None when the caller may go on, or what is to be awaited first, and raises the same.

        scopes: any one of them is enough.
        """
        ...


class TokenGuard:
    """Lets callers through whose token has the scope.

    Tokens are looked up by their SHA-256, so that the time that it takes tells nothing about them. Cost: 1 microsecond.
    """

    asks = True

    def __init__(
        self,
        callers: Callable[[], Mapping[bytes, Caller]],
        refused: Callable[[str], None],
        reviewer: Reviewer | None = None,
    ) -> None:
        self._callers = callers
        self._refused = refused
        self._reviewer = reviewer

    def check(self, headers: Headers, scopes: frozenset[str]) -> Awaitable[None] | None:
        """Raises Refused: 401 without a token that is known, 403 where it has none of the scopes."""
        token = _bearer(headers)
        if not token:
            self._refused("missing")
            raise _unknown("the service asks who calls: send `Authorization: Bearer TOKEN`", "Bearer")
        digest = hashlib.sha256(token).digest()
        caller = self._callers().get(digest)
        if caller is None and self._reviewer is not None:
            is_known, caller = self._reviewer.known(digest)
            if not is_known:
                return self._ask(self._reviewer, token, digest, scopes)
        self._judge(caller, scopes)
        return None

    async def _ask(self, reviewer: Reviewer, token: bytes, digest: bytes, scopes: frozenset[str]) -> None:
        try:
            caller = await reviewer.ask(token, digest)
        except Refused:
            self._refused("not reviewed")
            raise
        self._judge(caller, scopes)

    def _judge(self, caller: Caller | None, scopes: frozenset[str]) -> None:
        if caller is None:
            self._refused("unknown")
            raise _unknown("the token is not known", 'Bearer error="invalid_token"')
        if scopes.isdisjoint(caller.scopes):
            self._refused("scope")
            wanted = " ".join(sorted(scopes))
            told = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{wanted}"'}
            raise Refused(403, f"the token lacks the scope {' or '.join(sorted(scopes))}", headers=told)


def _bearer(headers: Headers) -> bytes:
    for name, value in headers:
        if name == b"authorization":
            return value[len(BEARER) :].strip() if value[: len(BEARER)].lower() == BEARER else b""
    return b""


def _unknown(message: str, challenge: str) -> Refused:
    return Refused(401, message, headers={"WWW-Authenticate": challenge})
