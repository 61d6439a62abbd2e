"""A file behind HTTP as an origin; a transfer that breaks off goes on where it was."""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from noteship.ingestion import errors
from noteship.ingestion.address import Address
from noteship.ingestion.asking import Asker
from noteship.ingestion.credentials import Credentials, Secret
from noteship.ingestion.gathering import landing
from noteship.ingestion.origin import Fetched, Progress, Stopped, Watch

__all__ = ["WebOrigin"]

PIECE_BYTES = 1 << 18
# How often a transfer goes on after it broke off, or a busy server is asked again; how long is waited before.
TRIES, WAIT_S, MOST_WAIT_S = 6, 0.25, 10.0
BUSY = (429, 502, 503, 504)
FAULTS = (OSError, http.client.HTTPException)


@dataclass
class _Transfer:
    """What came so far; `total` and `version` are the server's word."""

    stream: BinaryIO
    size: int = 0
    total: int | None = None
    etag: str = ""
    version: str | None = None

    def begin(self, response: http.client.HTTPResponse) -> None:
        """Take what comes for the beginning of the file."""
        self.stream.seek(0)
        self.stream.truncate()
        self.size, self.total = 0, response.length
        self.etag = response.getheader("etag") or ""
        self.version = _version(response)

    def continues(self, response: http.client.HTTPResponse) -> bool:
        """Whether what comes is the rest of the same."""
        ranged = (response.getheader("content-range") or "").removeprefix("bytes ").partition("-")[0].strip()
        return response.status == 206 and ranged == str(self.size) and response.getheader("etag") == self.etag


class WebOrigin:
    """One file; a version is the server's ETag, or else when it says the file changed, with its size."""

    def __init__(self, address: Address, credentials: Credentials | None, secret: Secret) -> None:
        self._shown = address.text
        self._secret = secret
        scheme, _, rest = address.text.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2]
        self._asker = Asker(self._shown, f"{scheme.lower()}://{host}{address.path}", _headers(address, credentials, secret))

    @property
    def shown(self) -> str:
        """The address."""
        return self._shown

    def version(self, watch: Watch) -> str | None:
        """What the server says of the file; where it does not take that question, it is asked for the file."""

        def ask(method: str) -> tuple[int, str | None]:
            with self._asker.answer(method, {}, watch) as response:
                if method == "GET":
                    self._check(response)
                return response.status, _version(response)

        status, version = self._patiently(lambda: ask("HEAD"), watch)
        return version if status == 200 else self._patiently(lambda: ask("GET"), watch)[1]

    def fetch(self, target: Path, version: str | None, watch: Watch) -> Fetched:
        """Bring the file as it is now."""
        with landing(target) as stream:
            transfer = _Transfer(stream)
            self._patiently(lambda: self._bring(transfer, watch), watch)
        return Fetched(transfer.size, transfer.version)

    def _patiently[T](self, ask: Callable[[], T], watch: Watch) -> T:
        ...

    def _bring(self, transfer: _Transfer, watch: Watch) -> None:
        """Bring what is missing. Raises HTTPException where it is not all."""
        goes_on = transfer.size > 0 and transfer.etag.startswith('"')
        headers = {"range": f"bytes={transfer.size}-", "if-range": transfer.etag} if goes_on else {}
        with self._asker.answer("GET", headers, watch) as response:
            self._check(response)
            if not goes_on or not transfer.continues(response):
                if response.status == 206:
                    transfer.etag = ""  # so that it begins anew
                    raise http.client.HTTPException("it gave another part than was asked for")
                transfer.begin(response)
            while piece := response.read1(PIECE_BYTES):
                transfer.stream.write(piece)
                transfer.size += len(piece)
                watch.moved(Progress(transfer.size, transfer.total))
        watch.check()
        if transfer.total is not None and transfer.size < transfer.total:
            raise http.client.HTTPException(f"{transfer.size:,} of {transfer.total:,} bytes came")

    def _check(self, response: http.client.HTTPResponse) -> None:
        """Raise what the status means."""
