"""A file behind HTTP as an origin; a transfer that breaks off goes on where it was."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from noteship import store
from noteship.ingestion import errors
from noteship.ingestion.address import Address
from noteship.ingestion.asking import Asker
from noteship.ingestion.credentials import Credentials, Secret
from noteship.ingestion.gathering import landing
from noteship.ingestion.origin import Fetched, Progress, Watch

__all__ = ["WebOrigin"]

Result = TypeVar("Result")

PIECE_BYTES = 1 << 18
# How often a transfer goes on after it broke off, or a busy server is asked again; how long is waited before.
TRIES, WAIT_S, MOST_WAIT_S = 6, 0.25, 10.0
BUSY = (429, 500, 502, 503, 504)


class WebOrigin:
    """One file; a version is the server's ETag, or else when it says the file changed, with its size.

    Where the address names a user, the secret is their password; else a token, which goes as `Bearer`, or as it is in
    the header that the credentials name.
    """

    def __init__(self, address: Address, credentials: Credentials | None, secret: Secret) -> None:
        scheme, _, rest = address.text.partition("://")
        host = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
        url = f"{scheme.lower()}://{host}{address.path}"
        self._shown = address.text
        self._secret = secret
        self._asker = Asker(self._shown, url, _headers(self._shown, address.user, credentials, secret))

    @property
    def shown(self) -> str:
        """The address."""
        return self._shown

    def version(self, watch: Watch) -> str | None:
        """What the server says of the file; one that does not take that question is asked for the file itself."""

        def ask(method: str) -> tuple[bool, str | None]:
            with self._asker.answer(method, {}, watch) as response:
                if method == "GET":
                    self._check(response)
                return response.status == 200, _version(response)

        def asked() -> str | None:
            is_told, version = ask("HEAD")
            return version if is_told else ask("GET")[1]

        return self._open(self._patiently(asked, watch, _Transfer()))

    def fetch(self, target: Path, _version: str | None, watch: Watch) -> Fetched:
        """Bring the file as it is now. Raises CutOff where it does not come to its end, however often it goes on."""
        with landing(target) as stream:
            transfer = _Transfer(stream)
            self._patiently(lambda: self._bring(transfer, watch), watch, transfer)
        return Fetched(transfer.size, self._open(transfer.version))

    def _open(self, version: str | None) -> str | None:
        """A version as it may be kept: some servers repeat in it what they were sent."""
        return version and self._secret.conceal(version)

    def _patiently(self, ask: Callable[[], Result], watch: Watch, transfer: _Transfer) -> Result:
        reason = ""
        for tried in range(TRIES):
            wait_s = min(MOST_WAIT_S, WAIT_S * 2**tried)
            try:
                return ask()
            except _Busy as busy:
                reason, wait_s = str(busy), min(MOST_WAIT_S, busy.patience_s or wait_s)
            except (OSError, http.client.HTTPException) as error:
                watch.check()
                reason = _reason(error)
                if isinstance(error, ssl.SSLCertVerificationError | ConnectionRefusedError | socket.gaierror):
                    break
            if tried < TRIES - 1:
                watch.cancel.wait(wait_s)
                watch.check()
        if transfer.size:
            raise errors.CutOff(self._shown, f"{transfer.told}; {reason}")
        raise errors.OriginUnreachable(self._shown, reason)

    def _bring(self, transfer: _Transfer, watch: Watch) -> None:
        """Bring what is missing. Raises HTTPException where it is not all."""
        with self._asker.answer("GET", transfer.wanted, watch) as response:
            self._check(response)
            if not transfer.begins(response):
                raise http.client.HTTPException("it gave another part than was asked for")
            while piece := response.read1(PIECE_BYTES):
                transfer.add(piece)
                watch.moved(Progress(transfer.size, transfer.total))
        watch.check()
        if transfer.total is not None and transfer.size < transfer.total:
            raise http.client.HTTPException("the connection ended")

    def _check(self, response: http.client.HTTPResponse) -> None:
        """Raise what the status means."""
        status, said = response.status, f"it answers {response.status} {response.reason}".rstrip()
        if status in BUSY:
            raise _Busy(said, response.getheader("retry-after") or "")
        if status in (401, 403, 407):
            raise errors.OriginDenied(self._shown, said)
        if status in (404, 410):
            raise errors.NothingThere(self._shown, said)
        if status not in (200, 206):
            raise errors.OriginFailed(self._shown, said, "look at the address in a browser, or ask its owner")
        if (response.getheader("content-encoding") or "identity").lower() != "identity":
            raise errors.OriginFailed(self._shown, "it sends the file in a coding that it was not asked for")


class _Busy(Exception):
    """The server asks for patience."""

    def __init__(self, said: str, patience: str) -> None:
        super().__init__(said)
        self.patience_s = float(patience) if patience.isdecimal() else 0.0


@dataclass
class _Transfer:
    """What came so far; `total` and `version` are the server's word."""

    stream: BinaryIO | None = None
    size: int = 0
    total: int | None = None
    etag: str = ""
    version: str | None = None

    @property
    def wanted(self) -> dict[str, str]:
        """The headers that ask for what is missing; for all of it where nothing says that the rest is of the same."""
        if not self.size or not self.etag.startswith('"'):
            return {}
        return {"range": f"bytes={self.size}-", "if-range": self.etag}

    @property
    def told(self) -> str:
        """How much came, in words."""
        of = f" of {self.total:,}" if self.total is not None else ""
        return f"{self.size:,}{of} bytes came, in {TRIES} tries"

    def begins(self, response: http.client.HTTPResponse) -> bool:
        """Take what comes for the rest, or for the beginning; whether it is one of these."""
        if response.status == 206:
            place = (response.getheader("content-range") or "").removeprefix("bytes ").partition("-")[0].strip()
            fits = bool(self.wanted) and place == str(self.size) and response.getheader("etag") == self.etag
            self.etag = self.etag if fits else ""  # next time it begins anew
            return fits
        if self.stream is not None:
            self.stream.seek(0)
            self.stream.truncate()
        self.size, self.total = 0, response.length
        self.etag, self.version = response.getheader("etag") or "", _version(response)
        return True

    def add(self, piece: bytes) -> None:
        """Keep a piece. Raises TargetUnwritable: a full disk here is no fault of the network."""
        assert self.stream is not None
        try:
            self.stream.write(piece)
        except OSError as error:
            raise store.errors.TargetUnwritable("the fetched file", error.strerror or type(error).__name__) from error
        self.size += len(piece)


def _headers(shown: str, user: str, credentials: Credentials | None, secret: Secret) -> dict[str, str]:
    if not secret:
        return {}
    if user and not (credentials and credentials.header):
        pair = base64.b64encode(f"{user}:{secret.reveal()}".encode()).decode()
        return {"authorization": f"Basic {secret.sent_as(pair)}"}
    try:
        secret.reveal().encode("latin-1")
    except UnicodeEncodeError:
        reason = "it has letters that a header of HTTP cannot have"
        raise errors.CredentialsMissing(shown, credentials.named if credentials else "", reason) from None
    if credentials and credentials.header:
        return {credentials.header.lower(): secret.sent_as(secret.reveal())}
    return {"authorization": f"Bearer {secret.reveal()}"}


def _version(response: http.client.HTTPResponse) -> str | None:
    etag, modified = response.getheader("etag"), response.getheader("last-modified")
    if etag:
        return etag
    size = response.getheader("content-length")
    return f"{modified}, {size} bytes" if modified and size else None


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, http.client.RemoteDisconnected | http.client.IncompleteRead):
        return "the connection ended"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
