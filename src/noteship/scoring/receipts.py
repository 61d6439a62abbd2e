"""What is done of the scores of a file: parts with receipts, so that a killed call goes on where it was.

Below `_noteship/` of the target, or `NAME.parts/` where the target is one file:

    call.json            {"bundle": digest, "keep": [column, …], "bad_rows": bool, "version": 1}
    NAME/00000.part      rows scored, in the target's form; written after
    NAME/00000.bad       rows set aside, a line of JSON each; and before
    NAME/00000.json      {"rows": read, "bad": set aside, "input": version}, without which the two count for nothing
    NAME.done            {"rows", "bad", "parts", "input"}: the target is whole; only the rows set aside stay as parts

A name ends nowhere in another's way: NAME is a whole path, and ends in its form's suffix.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from noteship import digests
from noteship.scoring.places import Place

__all__ = ["Receipt", "Receipts", "begin"]

VERSION = 1


@dataclass(frozen=True)
class Receipt:
    """What was done: rows read and rows set aside, in so many parts, of an input of this version."""

    rows: int
    bad: int
    parts: int
    input: str


def begin(place: Place, folder: str, call: dict[str, Any]) -> str:
    """Note what is asked for; gives what differs from what was asked for here before, or nothing."""
    wanted = {**call, "version": VERSION}
    name = f"{folder}/call.json"
    before = place.read(name)
    if before is None:
        place.write(name, [digests.canonical_json(wanted)])
        return ""
    noted = json.loads(before)
    return ", ".join(key for key in wanted if noted.get(key) != wanted[key])


@dataclass(frozen=True)
class Receipts:
    """The parts of one file's scores."""

    place: Place
    folder: str
    name: str
    input: str

    def done(self) -> Receipt | None:
        """What was done, if the target was written of this input."""
        return self._receipt(f"{self.folder}/{self.name}.done")

    def parts(self) -> Receipt:
        """What is done so far; parts of another input are removed."""
        found = Receipt(0, 0, 0, self.input)
        while (part := self._receipt(self._name(found.parts, "json"))) is not None:
            found = Receipt(found.rows + part.rows, found.bad + part.bad, found.parts + 1, self.input)
        if not found.parts:
            self.place.remove(f"{self.folder}/{self.name}/")
        return found

    def add(self, number: int, part: bytes, bad: bytes, rows: int, bad_rows: int) -> None:
        """Keep a part; it counts from when this returns."""
        if bad:
            self.place.write(self._name(number, "bad"), [bad])
        self.place.write(self._name(number, "part"), [part])
        self._write(self._name(number, "json"), Receipt(rows, bad_rows, 1, self.input))

    def read(self, parts: int) -> Iterator[bytes]:
        """The parts' rows."""
        return (self.place.read(self._name(number, "part")) or b"" for number in range(parts))

    def read_bad(self, parts: int) -> Iterator[bytes]:
        """The rows that were set aside."""
        return (self.place.read(self._name(number, "bad")) or b"" for number in range(parts))

    def finish(self, receipt: Receipt) -> None:
        """The target is whole."""
        self._write(f"{self.folder}/{self.name}.done", receipt)
        for number in range(receipt.parts):
            self.place.remove(self._name(number, "part"))
            self.place.remove(self._name(number, "json"))

    def _name(self, number: int, kind: str) -> str:
        return f"{self.folder}/{self.name}/{number:05}.{kind}"

    def _receipt(self, name: str) -> Receipt | None:
        data = self.place.read(name)
        receipt = None if data is None else Receipt(**json.loads(data))
        return receipt if receipt is not None and receipt.input == self.input else None

    def _write(self, name: str, receipt: Receipt) -> None:
        self.place.write(name, [digests.canonical_json(asdict(receipt))])
