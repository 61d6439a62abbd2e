"""Tokens that the cluster knows: its TokenReview, asked with the pod's own token."""

from __future__ import annotations

import asyncio
import fnmatch
import functools
import http.client
import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from noteship import tls
from noteship.serving.access import SCOPES, Caller
from noteship.serving.errors import BadReviewRule, NoCluster
from noteship.serving.refusals import Refused

__all__ = ["Review", "Rule", "TokenReview"]

LOG = logging.getLogger(__name__)
POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
GROUP = "group:"
# For how long an answer holds: a revoked token works for as long, and a new one may have to wait for as long.
KNOWN_S, UNKNOWN_S = 60.0, 5.0
# Of each kind of answer; a stranger with many tokens does not make the others' forgotten.
REMEMBERED = 10_000
PATIENCE_S = 5.0
# Who was a caller before has places of its own: those of strangers may all be taken, by one with many tokens.
AT_ONCE, AGAIN_AT_ONCE, WAITING_LIMIT = 4, 2, 100
# Longer than any that clusters issue.
TOKEN_LIMIT, ANSWER_LIMIT = 16 << 10, 1 << 20
WARN_EVERY_S = 60.0


@dataclass(frozen=True)
class Rule:
    """Scopes of the users, or the groups, that a pattern fits; `*` stands for any text."""

    pattern: str
    scopes: frozenset[str]

    @classmethod
    def parsed(cls, text: str) -> Self:
        """`PATTERN=SCOPE[,SCOPE]`; a pattern of groups begins with `group:`. Raises BadReviewRule."""
        pattern, _, scopes = text.rpartition("=")
        given = frozenset(scopes.split(","))
        if not pattern.removeprefix(GROUP) or not given <= set(SCOPES):
            raise BadReviewRule(text)
        return cls(pattern, given)

    def fits(self, user: str, groups: Sequence[str]) -> bool:
        """Whether it is about this user."""
        if self.pattern.startswith(GROUP):
            return any(fnmatch.fnmatchcase(group, self.pattern.removeprefix(GROUP)) for group in groups)
        return fnmatch.fnmatchcase(user, self.pattern)


@dataclass(frozen=True)
class Review:
    """Whom the cluster's users are taken for; `audience` is what tokens must be meant for, if it is said."""

    rules: tuple[Rule, ...]
    audience: str | None = None
    folder: Path = POD


class _Places:
    """Of those that the cluster is asked about: so many at once; the others wait."""

    def __init__(self, at_once: int) -> None:
        self.threads = ThreadPoolExecutor(at_once, thread_name_prefix="noteship-token-review")
        self.asking: dict[bytes, asyncio.Future[Caller | None]] = {}


class TokenReview:
    """Asks the cluster whose tokens are, on threads of its own, and remembers the answers for a while."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._host, self._port = _address(review.folder)
        self._first, self._again = _Places(AT_ONCE), _Places(AGAIN_AT_ONCE)
        self._callers: dict[bytes, tuple[float, Caller]] = {}
        self._strangers: dict[bytes, float] = {}
        self._warned_at = -WARN_EVERY_S

    def known(self, digest: bytes) -> tuple[bool, Caller | None]:
        """Whether the answer is remembered, and the answer."""
        found = self._callers.get(digest)
        if found is not None:
            return time.monotonic() < found[0], found[1]
        until = self._strangers.get(digest)
        return until is not None and time.monotonic() < until, None

    async def ask(self, token: bytes, digest: bytes) -> Caller | None:
        """Ask the cluster; who asks for the same token meanwhile waits for the same answer. Raises Refused: 503."""
        if len(token) > TOKEN_LIMIT:
            return None
        places = self._again if digest in self._callers else self._first
        asking = places.asking.get(digest)
        if asking is None:
            if len(places.asking) >= WAITING_LIMIT:
                raise _unanswered()
            asking = asyncio.wrap_future(places.threads.submit(self._reviewed, token))
            places.asking[digest] = asking
            asking.add_done_callback(functools.partial(self._remember, places, digest))
        try:
            return await asyncio.shield(asking)
        except Exception as error:
            # Whatever it is: nobody is let through for it.
            raise _unanswered() from error

    def _remember(self, places: _Places, digest: bytes, done: asyncio.Future[Caller | None]) -> None:
        del places.asking[digest]
        if done.cancelled():
            return
        now, error = time.monotonic(), done.exception()
        if error is not None:
            if now - self._warned_at >= WARN_EVERY_S:
                self._warned_at = now
                LOG.error("the cluster does not say whose tokens are: %s", _reason(error))
            return
        caller = done.result()
        if caller is None:
            self._callers.pop(digest, None)
            _put(self._strangers, digest, now + UNKNOWN_S)
        else:
            self._strangers.pop(digest, None)
            _put(self._callers, digest, (now + KNOWN_S, caller))

    def _reviewed(self, token: bytes) -> Caller | None:
        """One call of the cluster, on a thread. Raises OSError, HTTPException and ValueError."""
        folder, audience = self._review.folder, self._review.audience
        # Both are replaced by the cluster from time to time.
        own = (folder / "token").read_text(encoding="ascii").strip()
        trust = tls.trust(folder / "ca.crt")
        spec: dict[str, Any] = {"token": token.decode("latin-1")} | ({"audiences": [audience]} if audience else {})
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
        headers = {"authorization": f"Bearer {own}", "content-type": "application/json", "accept": "application/json"}
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=PATIENCE_S, context=trust)
        try:
            connection.request("POST", PATH, json.dumps(body), headers)
            response = connection.getresponse()
            answer = response.read(ANSWER_LIMIT)
        finally:
            connection.close()
        if response.status in (401, 403):
            raise PermissionError(f"{response.status}; the pod's service account needs the role system:auth-delegator")
        if response.status not in (200, 201):
            raise ConnectionError(f"it answered {response.status}")
        told = json.loads(answer)
        if not isinstance(told, dict) or not isinstance(told.get("status"), dict):
            raise ValueError("the answer is no review")
        return self._caller(told["status"])

    def _caller(self, status: Mapping[str, Any]) -> Caller | None:
        audience = self._review.audience
        # A reviewer that knows nothing of audiences does not name them, and has not looked at them.
        is_meant = audience is None or audience in (status.get("audiences") or ())
        if status.get("authenticated") is not True or not is_meant:
            return None
        user = status.get("user") or {}
        name, groups = str(user.get("username") or ""), tuple(map(str, user.get("groups") or ()))
        granted = (rule.scopes for rule in self._review.rules if rule.fits(name, groups))
        return Caller(name, frozenset().union(*granted))


def _address(folder: Path) -> tuple[str, int]:
    """Where the cluster is asked. Raises NoCluster."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port.isdecimal():
        raise NoCluster("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
    for name in ("token", "ca.crt"):
        if not os.access(folder / name, os.R_OK):
            raise NoCluster(f"{folder / name} cannot be read")
    return host, int(port)


def _put(remembered: dict[bytes, Any], digest: bytes, value: Any) -> None:
    """Remember it instead of what has been remembered for longest."""
    remembered.pop(digest, None)
    if len(remembered) >= REMEMBERED:
        del remembered[next(iter(remembered))]
    remembered[digest] = value


def _unanswered() -> Refused:
    return Refused(503, "the cluster does not say now whose token it is", headers={"Retry-After": "1"})


def _reason(error: BaseException) -> str:
    """Errors of the call hold addresses and statuses; others may hold what came over it."""
    return f"{type(error).__name__}: {error}" if isinstance(error, OSError) else type(error).__name__
