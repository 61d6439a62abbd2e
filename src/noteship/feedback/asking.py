"""Asks a service over HTTP, again and again where it asks for patience."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from noteship import tls
from noteship.feedback import errors

__all__ = ["Answer", "Service", "token_in"]

VARIABLE = "NOTESHIP_TOKEN"
TIMEOUT_S = 30.0
# How often a request is made, and how long is waited between two: as the service says, or twice as long each time.
TRIES, WAIT_S, MOST_WAIT_S = 6, 0.25, 30.0
BUSY = (429, 503)
ANSWER_LIMIT = 4 << 20


@dataclass(frozen=True)
class Answer:
    """A status, and what the body says in JSON; None where it is none."""

    status: int
    value: Any

    @property
    def said(self) -> str:
        """Its message, where it is a refusal."""
        return str(self.value.get("error", "")) if isinstance(self.value, dict) else ""


class Service:
    """One service, asked over one connection.

    `is_insecure`: the token may go over the network without TLS. Raises BadUrl, and TokenInClear where it may not.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        wait: Callable[[float], None] = time.sleep,
        *,
        is_insecure: bool = False,
    ) -> None:
        self.url = url.rstrip("/")
        self._wait = wait
        self._headers = {"accept": "application/json"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname or "", parts.port
            host.encode("idna")
        except ValueError as error:
            raise errors.BadUrl(url.rpartition("@")[2]) from error
        is_plain = parts.path.isascii() and parts.path.isprintable() and " " not in parts.path
        is_more = parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme not in ("http", "https") or not host or not is_plain or is_more:
            raise errors.BadUrl(url.rpartition("@")[2])
        if token and parts.scheme == "http" and not is_insecure and not _is_here(host):
            raise errors.TokenInClear(self.url)
        self._path, self._was_there = parts.path, False
        if parts.scheme == "http":
            self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        else:
            self._connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=tls.trust())

    def get(self, path: str) -> Answer:
        """What it says at a path. Raises ServiceUnreachable and CallerRefused."""
        return self._ask("GET", path, None)

    def post(self, path: str, value: Any) -> Answer:
        """What it says to a value, which it may be told twice. Raises ServiceUnreachable and CallerRefused."""
        return self._ask("POST", path, json.dumps(value, ensure_ascii=False).encode())

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def pause(self, tried: int) -> None:
        """Wait before another try, the longer the more there were."""
        self._wait(min(MOST_WAIT_S, WAIT_S * 2**tried))

    def _ask(self, method: str, path: str, body: bytes | None) -> Answer:
        reason = ""
        for tried in range(TRIES):
            try:
                answer, patience_s = self._once(method, path, body)
            except ConnectionRefusedError as error:
                # Nobody listens. One that was there a moment ago may come again.
                if not self._was_there:
                    raise errors.ServiceUnreachable(self.url, error.strerror or "refused") from error
                reason = error.strerror or "refused"
                self.pause(tried)
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise errors.ServiceUnreachable(self.url, f"its certificate: {error.verify_message}") from error
                self._connection.close()
                reason = str(error) or type(error).__name__
                self.pause(tried)
            else:
                if answer.status in (401, 403):
                    raise errors.CallerRefused(self.url, answer.said or f"it answered {answer.status}")
                if answer.status not in BUSY or _is_by_label(answer):
                    return answer
                reason = answer.said or f"it answered {answer.status}"
                if tried < TRIES - 1:
                    self._wait(min(MOST_WAIT_S, patience_s or WAIT_S * 2**tried))
        raise errors.ServiceUnreachable(self.url, reason)

    def _once(self, method: str, path: str, body: bytes | None) -> tuple[Answer, float]:
        headers = self._headers | ({} if body is None else {"content-type": "application/json"})
        self._connection.request(method, self._path + path, body, headers)
        response = self._connection.getresponse()
        data = response.read(ANSWER_LIMIT)
        self._was_there = True
        if not response.isclosed():
            # More than any service says.
            self._connection.close()
        try:
            value = json.loads(data)
        except ValueError:
            value = None
        wait = response.getheader("retry-after") or ""
        return Answer(response.status, value), float(wait) if wait.isdecimal() else 0.0


def _is_here(host: str) -> bool:
    """Whether it is this machine, whatever a server of names says."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_by_label(answer: Answer) -> bool:
    """Whether it speaks of single labels of a list: then the service itself is there."""
    return isinstance(answer.value, dict) and "refused" in answer.value


def token_in(path: Path | None) -> str | None:
    """The caller's token: of a file, or else of the environment, if there is one. Raises NoToken."""
    if path is None:
        place, text = VARIABLE, os.environ.get(VARIABLE, "")
        if not text:
            return None
    else:
        place = str(path)
        try:
            text = path.read_text(encoding="ascii")
        except UnicodeDecodeError as error:
            raise errors.NoToken(place, "it holds something else") from error
        except OSError as error:
            raise errors.NoToken(place, error.strerror or "it cannot be read") from error
    token = text.strip()
    if not token:
        raise errors.NoToken(place, "it is empty")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise errors.NoToken(place, "it holds something else")
    return token
