"""Asks one repository of a registry, with the login that it wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from urllib.parse import urljoin, urlsplit, urlunsplit

from noteship import errors as base_errors
from noteship.images import errors
from noteship.images.registries import answers, docker_credentials
from noteship.images.registries.messages import Answer, Request, origin
from noteship.images.registries.tokens import Tokens
from noteship.images.registries.transport import Transport

__all__ = ["Asker"]


class Asker:
    """Requests to one repository, for several threads.

    - logins: a file of logins in place of the usual ones
    """

    def __init__(self, transport: Transport, registry: str, repository: str, logins: Path | None = None) -> None:
        self.transport, self.registry, self.repository = transport, registry, repository
        self._logins = logins
        self._lock = threading.Lock()

    @property
    def shown(self) -> str:
        """The repository, for messages."""
        return f"{self.registry}/{self.repository}"

    def url(self, path: str) -> str:
        """The address of something in the repository."""
        return f"{self._base}/v2/{self.repository}/{path}"

    def scope(self, actions: str, repository: str = "") -> str:
        """As token services name what is to be done."""
        return f"repository:{repository or self.repository}:{actions}"

    def ask(self, request: Request, scopes: tuple[str, ...], good: tuple[int, ...]) -> Answer:
        """The answer, whose status is one of the good ones; others are raised as what they mean."""
        first = self._with_login(request, scopes)
        answer = self.transport.ask(first)
        if answer.status == 401 and self._is_own(request.url):
            answer = self.transport.ask(self._renewed(first, scopes, answer))
        if answer.status not in good:
            raise self.refusal(answer, request)
        return answer

    @contextmanager
    def opened(
        self, request: Request, scopes: tuple[str, ...], good: tuple[int, ...]
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """The same with a body that is read in pieces."""
        wanted = self._with_login(request, scopes)
        for is_last in (False, True):
            with self.transport.opened(wanted) as (head, pieces):
                if head.status in good:
                    yield head, pieces
                    return
                answer = replace(head, body=next(pieces, b""))
            if is_last or answer.status != 401 or not self._is_own(request.url):
                break
            wanted = self._renewed(wanted, scopes, answer)
        raise self.refusal(answer, request)

    def location(self, answer: Answer, request: Request) -> str:
        """Where an answer says that it goes on. Raises BadRegistryAnswer where it does not.

        A registry behind a proxy often takes itself for one without TLS: it is asked where it was found.
        """
        try:
            at = urlsplit(urljoin(answer.url, answer.header("location")))
            is_good = answer.header("location") and at.scheme in ("http", "https") and at.hostname and at.port != 0
        except ValueError:
            is_good = False
        if not is_good or "@" in at.netloc:
            raise errors.BadRegistryAnswer(self.registry, request.asked, "it does not say where to go on (Location)")
        base = urlsplit(self._base)
        if at.scheme == "http" and base.scheme == "https" and at.hostname == base.hostname:
            at = at._replace(scheme=base.scheme, netloc=base.netloc)
        return urlunsplit(at)

    def refusal(self, answer: Answer, request: Request) -> base_errors.NoteshipError:
        """What an answer means that is none of the good ones."""
        return answers.refusal(answer, self.registry, request.asked, self._tokens.login, self._tokens.concealed)

    @property
    def _tokens(self) -> Tokens:
        with self._lock:
            return self._there[1]

    def _login(self) -> docker_credentials.Login | None:
        return docker_credentials.find(self.registry, self.repository, file=self._logins)

    def _with_login(self, request: Request, scopes: tuple[str, ...]) -> Request:
        return replace(request, secret=self._tokens.headers(scopes)) if self._is_own(request.url) else request

    def _renewed(self, request: Request, scopes: tuple[str, ...], refusal: Answer) -> Request:
        sent = request.secret.get("authorization", "")
        return replace(request, secret=self._tokens.renewed(refusal, scopes, sent, request.asked))

    def _is_own(self, url: str) -> bool:
        """Whether an address is the registry's own: nobody else sees a login."""
        return origin(url) == origin(self._base)

    @property
    def _base(self) -> str:
        with self._lock:
            return self._there[0]

    @cached_property
    def _there(self) -> tuple[str, Tokens]:
        """The registry's address, and what lets into it; found when it is first asked."""
        base = self.transport.base(self.registry)
        return base, Tokens(self.transport, base, self._login)
