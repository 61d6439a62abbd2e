"""Predictions whose request comes in one piece are answered on the spot: no task, no scope, no message in between."""

from __future__ import annotations

import asyncio
import functools
import re
import time
from collections.abc import Callable
from http import HTTPStatus

import httptools

from noteship import models
from noteship.serving import access, faults, spans
from noteship.serving.calls import Asked, Call, Headers, Reply, Target
from noteship.serving.observing import Batch
from noteship.serving.refusals import Refused
from noteship.serving.served import Served
from noteship.serving.service import LARGE_BYTES, Service

__all__ = ["Direct"]

STATUS_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}
# What is not answered here: a body in pieces that wait for a word from us, or one that has to be unpacked.
NOT_DIRECT = frozenset((b"expect", b"content-encoding", b"transfer-encoding", b"upgrade"))
# What reads the same before and after unquoting; names and versions are of such letters.
PATH = re.compile(rb"[A-Za-z0-9/_.:-]+")
# Longer ones are none of the few that come often.
PATH_BYTES = 500
# Many clients send the body right behind the head, in a piece of its own.
HOLD_S = 0.05


class Direct:
    """One connection's requests for predictions that come whole; everything else is left to whoever asks.

    - target: says whom a path asks
    - default: the lines that every answer's head has
    - done: called after each answer, with whether the connection is to be kept
    - back: called with the bytes of a request that seemed to come whole and did not
    """

    def __init__(
        self,
        service: Service,
        target: Callable[[str], Target | None],
        transport: asyncio.Transport,
        default: Callable[[], bytes],
        done: Callable[[bool], None],
        back: Callable[[bytes], None],
    ) -> None:
        self.service, self.transport, self.default = service, transport, default
        self.is_busy = False
        self.is_kept = True
        self._find, self._done, self._back = target, done, back
        self._parser: httptools.HttpRequestParser | None = None
        self._target: Target | None = None
        self._held = self._url = self._body = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._begun = self._ended = 0
        self._is_plain = True

    def take(self, data: bytes) -> bytes:
        """Answer a request for predictions when it is there, or wait for its body; returns what is for others."""
        whole, self._held = self._held + data, b""
        is_second = len(whole) > len(data)
        if is_second:
            self.service.deadlines.forget(self)
        elif data.startswith(b"POST "):
            self._begun = self._ended = 0
            self._target = None
        else:
            return data
        if len(whole) > LARGE_BYTES or not self._is_ours(data) or (is_second and not self._ended):
            self._parser = None
            return whole
        if self._ended:
            return b"" if self._begin() else whole
        self._held = whole
        self.service.deadlines.watch(self, HOLD_S)
        return b""

    def _is_ours(self, data: bytes) -> bool:
        """Whether it is one request to the end of its head at least, as the parser of all others reads it."""
        self._parser = self._parser or httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return False
        return self._target is not None and self._begun == 1

    def _begin(self) -> bool:
        assert self._target is not None
        asked = Asked(self.service.ids.make(), self._headers, self._body)
        if len(self._body) > self.service.limits.body_bytes or self._target.scheme.is_slow(asked):
            return False
        self.is_busy = True
        _Request(self, self._target, asked).begin()
        return True

    def cancel(self) -> bool:
        """Of the deadlines: the body takes its time, and others wait for it."""
        self.service.deadlines.forget(self)
        held, self._held, self._parser = self._held, b"", None
        if held and not self.transport.is_closing():
            self._back(held)
        return False

    def on_message_begin(self) -> None:
        """Of the parser."""
        self._begun += 1
        self._url = self._body = b""
        self._headers = []
        self._is_plain = True

    def on_url(self, url: bytes) -> None:
        """Of the parser."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the parser."""
        name = name.lower()
        self._headers.append((name, value))
        if name in NOT_DIRECT:
            self._is_plain = False

    def on_headers_complete(self) -> None:
        """Of the parser: who speaks an older HTTP, or wants the connection closed, is not one that asks often."""
        assert self._parser is not None
        self.is_kept = self._parser.get_http_version() == "1.1" and self._parser.should_keep_alive()
        if self.is_kept and self._is_plain and len(self._url) <= PATH_BYTES and (path := _path(self._url)):
            self._target = self._find(path)

    def on_body(self, body: bytes) -> None:
        """Of the parser."""
        self._body += body

    def on_message_complete(self) -> None:
        """Of the parser."""
        self._ended += 1

    def answered(self) -> None:
        """The request under way has its answer."""
        self.is_busy = False
        self._done(self.is_kept)


@functools.lru_cache(maxsize=1000)
def _path(url: bytes) -> str | None:
    return url.decode("ascii") if PATH.fullmatch(url) else None


@functools.lru_cache(maxsize=1000)
def _lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


class _Request:
    """A request under way: whom the batcher and the deadlines tell what comes of it."""

    __slots__ = (
        "_asked",
        "_asking",
        "_begun",
        "_call",
        "_direct",
        "_is_admitted",
        "_is_done",
        "_served",
        "_service",
        "_target",
    )

    def __init__(self, direct: Direct, target: Target, asked: Asked) -> None:
        self._direct, self._service, self._target, self._asked = direct, direct.service, target, asked
        self._begun = time.perf_counter()
        self._served: Served | None = None
        self._call: Call | None = None
        self._is_admitted = self._is_done = False

    def begin(self) -> None:
        """Go as far as without waiting."""
        guard = self._service.guard
        try:
            asking = None if guard is None else guard.check(self._asked.headers, access.PREDICTING)
        except Exception as error:
            self.set_exception(error)
            return
        if asking is None:
            self._go_on()
        else:
            # The loop itself would let it be collected.
            self._asking = asyncio.ensure_future(asking)
            self._asking.add_done_callback(self._allowed)

    def _allowed(self, asking: asyncio.Future[None]) -> None:
        error = None if asking.cancelled() else asking.exception()
        if isinstance(error, Exception):
            self.set_exception(error)
        elif not asking.cancelled():
            self._go_on()

    def _go_on(self) -> None:
        service, asked = self._service, self._asked
        try:
            served = self._served = service.admit(self._target, asked.headers, asked.id)
            self._is_admitted = True
            call = self._call = self._target.scheme.call(served, asked, service.limits)
            allowed_s = service.limits.answer_s
            service.deadlines.watch(self, allowed_s if call.timeout_s is None else min(call.timeout_s, allowed_s))
            served.batcher.put(call.rows, self)
        except Exception as error:
            self.set_exception(error)

    def done(self) -> bool:
        """Of the batcher: whether nobody waits any more."""
        return self._is_done

    def cancelled(self) -> bool:
        """Of the batcher: whether it needs no scores."""
        return self._is_done

    def cancel(self) -> bool:
        """Of the deadlines: it is late."""
        self.set_exception(faults.late(self._service.limits, has_come=True))
        return False

    def set_result(self, scores: models.Scores) -> None:
        """Of the batcher: answer."""
        if self._is_done or self._call is None or self._served is None:
            return
        try:
            reply = self._call.reply(scores)
        except Exception as error:
            self.set_exception(error)
            return
        self._answer(200, reply)
        asked = self._asked
        batch = Batch.of_request(self._served.model, self._call.rows, scores, asked.id, len(asked.body))
        self._service.observe(batch)

    def set_exception(self, error: Exception) -> None:
        """Of the batcher: refuse."""
        if self._is_done:
            return
        ids = {} if isinstance(error, Refused) else spans.ids_of({"headers": self._asked.headers})
        refused = faults.refusal(error, self._asked.id, **ids)
        self._answer(refused.status, faults.reply(refused, self._asked.id))

    def _answer(self, status: int, reply: Reply) -> None:
        self._is_done = True
        direct, service = self._direct, self._service
        if self._is_admitted:
            service.release()
            service.deadlines.forget(self)
        if not direct.transport.is_closing():
            direct.is_kept &= not service.is_draining
            told = b"" if self._served is None else _lines(self._served.told)
            end = b"" if direct.is_kept else _lines((faults.CLOSE,))
            fixed = STATUS_LINES[status] + direct.default() + _lines(reply.headers) + told + end
            own = self._asked.id.encode(), len(reply.body), reply.body
            direct.transport.write(fixed + b"x-request-id: %b\r\ncontent-length: %d\r\n\r\n%b" % own)
        seconds = time.perf_counter() - self._begun
        service.metrics.responded(self._target.route, status, seconds)
        if self._served is not None:
            service.called(self._served.model, status, seconds)
        direct.answered()
