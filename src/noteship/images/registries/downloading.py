"""Reads one blob of a repository, from anew where it was cut off, and checks it to its last byte."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import BinaryIO

from noteship.images import errors, streams
from noteship.images.descriptor import Descriptor
from noteship.images.registries.asking import Asker
from noteship.images.registries.messages import Request

__all__ = ["open_blob"]


def open_blob(asker: Asker, blob: Descriptor) -> BinaryIO:
    """The blob's bytes, fetched while they are read.

    Its read raises WrongBytes, and NotInRegistry where there is none, beside what `Asker.ask` raises.
    """
    return streams.of_pieces(_Download(asker, blob).pieces())


class _Download:
    def __init__(self, asker: Asker, blob: Descriptor) -> None:
        self._asker, self._blob = asker, blob
        self._found = hashlib.sha256()
        self._at = 0

    def pieces(self) -> Generator[bytes, None, None]:
        """All pieces; the last one only once all have shown to be the right ones."""
        held = b""
        tried = 0
        while self._at < self._blob.size:
            before = self._at
            try:
                for piece in self._from_here():
                    yield from filter(None, (held,))
                    held = piece
                    self._take(piece)
            except errors.RegistryUnreachable:
                # What came on is no try in vain.
                tried = 0 if self._at > before else tried + 1
                if tried + 1 >= self._asker.transport.way.tries:
                    raise
                self._asker.transport.pause(tried)
            else:
                break
        self._check()
        yield from filter(None, (held,))

    def _from_here(self) -> Iterator[bytes]:
        headers = {"range": f"bytes={self._at}-"} if self._at else {}
        request = Request("GET", self._asker.url(f"blobs/{self._blob.digest}"), headers)
        with ExitStack() as stack:
            scopes = (self._asker.scope("pull"),)
            answer, pieces = stack.enter_context(self._asker.opened(request, scopes, (200, 206, 404)))
            if answer.status == 404:
                raise errors.NotInRegistry(self._asker.shown, f"blob {self._blob.digest}")
            begin = re.match(r"bytes (\d+)-", answer.header("content-range")) if answer.status == 206 else None
            skip = self._at - (int(begin[1]) if begin else 0)
            for piece in pieces:
                rest, skip = piece[max(0, skip) :], skip - len(piece)
                if rest:
                    yield rest

    def _take(self, piece: bytes) -> None:
        self._at += len(piece)
        self._found.update(piece)
        if self._at > self._blob.size:
            raise self._wrong(f"they are more than {self._blob.size} bytes")

    def _check(self) -> None:
        if self._at != self._blob.size:
            raise self._wrong(f"they end after {self._at} of {self._blob.size} bytes")
        if f"sha256:{self._found.hexdigest()}" != self._blob.digest:
            raise self._wrong(f"their digest is sha256:{self._found.hexdigest()}")

    def _wrong(self, reason: str) -> errors.WrongBytes:
        return errors.WrongBytes(self._asker.shown, self._blob.digest, reason)
