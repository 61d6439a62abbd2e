"""What lets us into a registry: name and password, or tokens of the service that its challenges name.

By docker's specifications "Token Authentication" (GET) and "OAuth2 Token Authentication" (POST) for registries.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from noteship.images import errors
from noteship.images.registries import answers, challenges
from noteship.images.registries.docker_credentials import Login
from noteship.images.registries.messages import Answer, Request
from noteship.images.registries.transport import Transport

__all__ = ["Tokens"]

CLIENT = "noteship"
# How long a token holds where its service does not say (docker's specification), and what it is renewed before its end.
USUAL_S, MARGIN_S = 60.0, 5.0
HIDDEN = "(hidden)"


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    until: float


class Tokens:
    """Headers that let into one repository of a registry, for several threads.

    - base: the registry's address, without a path; nothing that is returned here may go elsewhere
    - find: looks up the login when it is first wanted
    """

    def __init__(self, transport: Transport, base: str, find: Callable[[], Login | None]) -> None:
        self._transport = transport
        self._base = urlsplit(base)
        self._find = find
        self._challenge: challenges.Challenge | None = None
        self._kept: dict[frozenset[str], _Token] = {}
        self._secrets: set[str] = set()
        self._lock = threading.RLock()

    @cached_property
    def _login(self) -> Login | None:
        found = self._find()
        for secret in found.secrets if found else ():
            self._secrets.add(secret)
        return found

    @property
    def login(self) -> str:
        """Whose login is used, for messages."""
        return self._login.shown if self._login else "without a login: none was found for it"

    def headers(self, scopes: Iterable[str]) -> dict[str, str]:
        """What to send for these scopes, as far as the registry has said what it wants; nothing before that."""
        with self._lock:
            if self._challenge is None:
                return {}
            if self._challenge.scheme == "basic":
                return self._basic()
            kept = self._kept.get(frozenset(scopes))
            is_good = kept and kept.until > time.monotonic()
            value = kept.value if kept and is_good else self._fetched(self._challenge, frozenset(scopes), ())
            return {"authorization": f"Bearer {value}"}

    def renewed(self, refusal: Answer, scopes: Iterable[str], sent: str, asked: str) -> dict[str, str]:
        """What to send after an answer of status 401 to what was sent. Raises RegistryDenied, BadChallenge."""
        wanted = frozenset(scopes)
        with self._lock:
            challenge = self._chosen(refusal)
            found = self._basic() if challenge.scheme == "basic" else self._bearer(challenge, wanted, sent)
            if not found or found["authorization"] == sent:
                said = self.concealed(answers.said(refusal))
                raise errors.RegistryDenied(self._base.netloc, asked, self.login, said)
            # Only one that led somewhere is followed before it is asked.
            self._challenge = challenge
            return found

    def _bearer(self, challenge: challenges.Challenge, wanted: frozenset[str], sent: str) -> dict[str, str]:
        kept = self._kept.get(wanted)
        if kept and f"Bearer {kept.value}" != sent and kept.until > time.monotonic():
            # Another thread was here.
            return {"authorization": f"Bearer {kept.value}"}
        named = challenge.parameters.get("scope", "").split()
        return {"authorization": f"Bearer {self._fetched(challenge, wanted, named)}"}

    def concealed(self, text: str) -> str:
        """A foreign text without the secrets: some servers repeat what they were sent."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def _chosen(self, refusal: Answer) -> challenges.Challenge:
        """Tokens before passwords: they hold for less, and not for long."""
        offered = {each.scheme: each for each in reversed(challenges.parsed(refusal.all("www-authenticate")))}
        for scheme in ("bearer", "basic"):
            if scheme in offered:
                return offered[scheme]
        reason = f"only by {', '.join(sorted(offered))[:100]}" if offered else "it does not say how"
        raise errors.BadChallenge(self._base.netloc, reason)

    def _basic(self) -> dict[str, str]:
        if not self._login or not (self._login.username or self._login.password):
            return {}
        pair = f"{self._login.username}:{self._login.password}"
        coded = base64.b64encode(pair.encode()).decode()
        self._secrets.add(coded)
        return {"authorization": f"Basic {coded}"}

    def _fetched(self, challenge: challenges.Challenge, wanted: frozenset[str], named: Iterable[str]) -> str:
        """A new token, which is kept by what was wanted."""
        if self._login and self._login.registry_token:
            return self._login.registry_token
        realm = self._realm(challenge.parameters.get("realm", ""))
        service = challenge.parameters.get("service", "")
        request = self._request(realm, service, sorted({*wanted, *named}))
        answer = self._transport.ask(request)
        if answer.status != 200:
            raise answers.refusal(answer, realm.netloc, request.asked, self.login, self.concealed)
        token = self._token(answer, realm.netloc, request.asked)
        self._secrets.add(token.value)
        self._kept[wanted] = token
        return token.value

    def _realm(self, realm: str) -> Any:
        """The token service's address: not in clear, unless the registry itself is asked so."""
        try:
            at = urlsplit(realm)
            is_good = at.scheme in ("http", "https") and at.hostname and at.port != 0 and "@" not in at.netloc
        except ValueError:
            is_good = False
        if not is_good or not realm.isprintable():
            raise errors.BadChallenge(self._base.netloc, f"its realm '{realm[:100]}' is no address of a token service")
        if at.scheme == "http" and (self._base.scheme == "https" or not self._transport.way.is_plain(at.netloc)):
            raise errors.BadChallenge(self._base.netloc, f"its realm http://{at.netloc}{at.path} is without TLS")
        return at

    def _request(self, realm: Any, service: str, scopes: list[str]) -> Request:
        login = self._login
        query = parse_qsl(realm.query) + ([("service", service)] if service else [])
        if login and login.identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": login.identity_token, "client_id": CLIENT}
            form |= {"service": service, "scope": " ".join(scopes)}
            kind = {"content-type": "application/x-www-form-urlencoded"}
            return Request("POST", urlunsplit(realm), kind, body=urlencode(form).encode())
        query += [("scope", scope) for scope in scopes]
        if login and login.username:
            query.append(("account", login.username))
        url = urlunsplit(realm._replace(query=urlencode(query), fragment=""))
        return Request("GET", url, secret=self._basic())

    def _token(self, answer: Answer, host: str, asked: str) -> _Token:
        try:
            given = json.loads(answer.body)
            value = given.get("token") or given.get("access_token")
            holds_s = float(given.get("expires_in") or USUAL_S)
        except (ValueError, AttributeError, TypeError):
            raise errors.BadRegistryAnswer(host, asked, "its answer is no JSON with a token") from None
        if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable() or " " in value:
            raise errors.BadRegistryAnswer(host, asked, "its answer has no token")
        return _Token(value, time.monotonic() + holds_s - MARGIN_S)
