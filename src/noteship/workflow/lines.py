"""A file of JSON lines that several processes add to, and that each of them can read on from where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from noteship.workflow.stages import JSON

__all__ = ["Lines"]


class Lines:
    """Lines in the order in which they were added; what a kill tore is left out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_bytes = 0

    def more(self) -> Iterator[JSON]:
        """The values that were added since this was last asked. Cost: opens the file, and reads what is new."""
        for line in self._fresh().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue  # an empty line, or a torn one

    def _fresh(self) -> bytes:
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._read_bytes)
                data = stream.read()
        except FileNotFoundError:
            return b""
        # The last line may be half written as yet.
        whole = data[: data.rfind(b"\n") + 1]
        self._read_bytes += len(whole)
        return whole

    def add(self, value: JSON) -> None:
        """Add a line; the file's folder has to be there."""
        line = json.dumps(value, ensure_ascii=False) + "\n"
        with self._path.open("ab+") as stream:
            # A kill can leave the last line without its end, which must not take the next one with it.
            stream.seek(max(0, stream.seek(0, 2) - 1))
            torn = stream.read(1) not in (b"", b"\n")
            stream.write((b"\n" if torn else b"") + line.encode())
