"""Brings one blob into a repository: in one piece, or so that it can go on where it was cut off."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import BinaryIO

from noteship import errors as base_errors
from noteship.images import errors
from noteship.images.descriptor import Blob
from noteship.images.registries.asking import Asker
from noteship.images.registries.messages import Request
from noteship.images.registries.transport import MOST_PATIENCE_S, Stopped

__all__ = ["upload"]

# What is sent at a time, and so how soon a stop is heard of.
PIECE_BYTES = 1 << 20
# A smaller one costs less when it is sent again than to ask how much of it came; larger ones go by PATCH, all that is
# missing at a time, which every registry takes (several pieces are refused by some).
WHOLE_BYTES = 4 << 20
# The registry may read the whole blob again before it answers.
FINISH_S = 600.0
OCTETS = {"content-type": "application/octet-stream"}


def upload(asker: Asker, blob: Blob, location: str = "") -> None:
    """Bring a blob there, if need be again from its beginning; `location` is of an upload that was begun for it.

    Raises WrongBytes when the blob is not what its digest says: the upload is not finished then, and taken back.
    """
    upload = _Upload(asker, blob, location)
    try:
        upload.run()
    except BaseException:
        upload.take_back()
        raise


class _Lost(Exception):
    """The registry does not know an upload any more, or not as far as we do."""


class _Upload:
    """One blob on its way: where it is sent to, and how much of it the registry has."""

    def __init__(self, asker: Asker, blob: Blob, location: str) -> None:
        self._asker, self._blob, self._location = asker, blob, location
        self._scopes = (asker.scope("pull,push"),)
        self._offset = 0

    def run(self) -> None:
        tried = 0
        while True:
            if not self._location:
                self._begin()
            before = self._offset
            try:
                self._send_rest()
                self._finish()
            except (_Lost, errors.RegistryUnreachable, errors.RegistryFailed, errors.RegistryBusy) as fault:
                tried += 1
                wait_s = fault.wait_s if isinstance(fault, errors.RegistryBusy) else 0.0
                if tried >= self._asker.transport.way.tries or wait_s > MOST_PATIENCE_S:
                    raise self._told(fault) from fault
                self._asker.transport.pause(tried - 1, wait_s)
                self._look(fault)
                if self._offset > before:
                    # What came on is no try in vain.
                    tried = 0
            else:
                return

    def take_back(self) -> None:
        """Let the registry forget it; where it does not, it sweeps such after some days."""
        if self._location and not self._asker.transport.stop.is_set():
            with suppress(base_errors.NoteshipError, Stopped):
                self._asker.ask(Request("DELETE", self._location, is_repeatable=False), self._scopes, (202, 204, 404))

    def _told(self, fault: Exception) -> Exception:
        asked = f"PUT /v2/{self._asker.repository}/blobs/uploads/"
        lost = errors.RegistryFailed(self._asker.registry, asked, "it forgets uploads that were begun")
        return lost if isinstance(fault, _Lost) else fault

    def _begin(self) -> None:
        request = Request("POST", self._asker.url("blobs/uploads/"))
        answer = self._asker.ask(request, self._scopes, (202,))
        self._location, self._offset = self._asker.location(answer, request), 0

    @property
    def _is_whole(self) -> bool:
        return self._blob.descriptor.size <= WHOLE_BYTES

    def _send_rest(self) -> None:
        """Send what is missing of a large blob."""
        size, offset = self._blob.descriptor.size, self._offset
        if self._is_whole or offset == size:
            return
        request = Request(
            "PATCH",
            self._location,
            {**OCTETS, "content-range": f"{offset}-{size - 1}"} if offset else OCTETS,
            body=lambda: self._pieces(offset),
            size=size - offset,
            is_repeatable=False,
            silence_s=FINISH_S,
        )
        answer = self._asker.ask(request, self._scopes, (202, 201, 204, 404, 416))
        if answer.status in (404, 416):
            raise _Lost
        self._location = self._asker.location(answer, request)
        self._offset = size

    def _look(self, fault: Exception) -> None:
        """How much the registry has, after a fault; nothing where it does not know the upload any more."""
        try:
            if self._is_whole or isinstance(fault, _Lost):
                raise _Lost
            self._offset = self._come_to()
        except _Lost:
            self._location, self._offset = "", 0

    def _come_to(self) -> int:
        """How many bytes the registry has."""
        request = Request("GET", self._location)
        answer = self._asker.ask(request, self._scopes, (204, 202, 200, 400, 404, 405, 416))
        found = re.fullmatch(r"(?:bytes=)?0-(\d{1,18})", answer.header("range"))
        if answer.status >= 400 or not found:
            raise _Lost
        if answer.header("location"):
            self._location = self._asker.location(answer, request)
        # "0-0" is what registries say of none: one byte would have to be sent again.
        last = int(found[1])
        if last >= self._blob.descriptor.size:
            raise _Lost
        return last + 1 if last else 0

    def _finish(self) -> None:
        between = "&" if "?" in self._location else "?"
        request = Request(
            "PUT",
            f"{self._location}{between}digest={self._blob.descriptor.digest}",
            OCTETS,
            body=(lambda: self._pieces(0)) if self._is_whole else b"",
            size=self._blob.descriptor.size if self._is_whole else 0,
            is_repeatable=False,
            silence_s=FINISH_S,
        )
        try:
            answer = self._asker.ask(request, self._scopes, (201, 202, 204, 400, 404, 416))
        except errors.RegistryUnreachable:
            # It may be the answer alone that was lost.
            if self._is_there():
                return
            raise
        if answer.status in (404, 416):
            raise _Lost
        if answer.status == 400:
            raise self._asker.refusal(answer, request)

    def _is_there(self) -> bool:
        url = self._asker.url(f"blobs/{self._blob.descriptor.digest}")
        return self._asker.ask(Request("HEAD", url), self._scopes, (200, 404)).status == 200

    def _pieces(self, offset: int) -> Iterator[bytes]:
        """The blob's bytes from an offset on; the last ones only once all have shown to be the right ones."""
        with closing(self._blob.open()) as stream:
            yield from _checked(stream, self._blob, offset, self._asker)


def _checked(stream: BinaryIO, blob: Blob, offset: int, asker: Asker) -> Iterator[bytes]:
    wanted = blob.descriptor
    found, at, held = hashlib.sha256(), 0, b""
    while piece := stream.read(PIECE_BYTES):
        asker.transport.check()
        if held:
            yield held
        found.update(piece)
        at += len(piece)
        held = piece[max(0, len(piece) - max(0, at - offset)) :]
        if at > wanted.size:
            raise errors.WrongBytes(asker.shown, wanted.digest, f"they are more than {wanted.size} bytes")
    if at != wanted.size:
        raise errors.WrongBytes(asker.shown, wanted.digest, f"they end after {at} of {wanted.size} bytes")
    if f"sha256:{found.hexdigest()}" != wanted.digest:
        raise errors.WrongBytes(asker.shown, wanted.digest, f"their digest is sha256:{found.hexdigest()}")
    if held:
        yield held
