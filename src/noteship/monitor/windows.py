"""The windows of one version of a model in a store: who writes what under which name.

    monitor/RELEASE/MODEL/VERSION/boots/REPLICA-BOOT                      a `Boot`
    monitor/RELEASE/MODEL/VERSION/windows/START/REPLICA-BOOT-SEQUENCE     a `Piece`
    monitor/RELEASE/MODEL/VERSION/state                                   what the evaluator knows, moved by CAS
    monitor/RELEASE/MODEL/VERSION/decided/START                           a decision, with the merged sketch
    monitor/RELEASE/MODEL/VERSION/labels/START/REPLICA-BOOT               `Labels` that one worker took
    monitor/RELEASE/MODEL/VERSION/labels/START/files                      `Labels` of files, with what tells them apart
    monitor/RELEASE/MODEL/VERSION/files                                   how long the windows of these are
    monitor/RELEASE/MODEL/VERSION@OTHER/…                                 the same of a canary, by the profile of OTHER

All are references, so that each is written in one step or not at all, and nothing of it is ever collected. START is a
window's start in UTC, such as 20261123T021500Z. A piece's name is its own for ever: written again after a failure of
which nobody knows how far it went, it is the same piece; whoever merges pieces keeps the names of those that he has.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from noteship import store
from noteship.monitor.keeping import KeptRows
from noteship.monitor.pieces import Boot, Piece, Place, stamp, stamped

__all__ = ["Found", "Windows", "places"]


@dataclass(frozen=True)
class Found:
    """Pieces of one window in order of their names, and the names of those that cannot be read."""

    pieces: tuple[Piece, ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class Windows:
    """One version's windows. What the store raises passes through."""

    objects: store.Store
    place: Place
    prefix: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", self.place.prefix)

    def write_boot(self, boot: Boot) -> None:
        """Tell of a worker's beginning, or of its end; telling again changes nothing."""
        name = f"{self.prefix}boots/{boot.name}"
        while True:
            before = self.objects.read_ref(name)
            if before is not None and (before.value == boot.to_json() or before.value["ended"] is not None):
                return
            try:
                self.objects.write_ref(name, boot.to_json(), expected=before)
            except store.errors.RefMoved:
                # The write before, of which nobody knew how far it went, has come.
                continue
            return

    def boots(self) -> list[Boot]:
        """Workers that were told of, in order of their names; those that cannot be read are left out."""
        refs, _ = self.read_below("boots/")
        boots = []
        for ref in refs:
            try:
                boots.append(Boot.from_json(ref.value))
            except (ValueError, KeyError, TypeError):
                continue
        return boots

    def forget_boot(self, boot: Boot) -> None:
        """Delete it."""
        self.objects.delete_ref(f"{self.prefix}boots/{boot.name}")

    def write_piece(self, piece: Piece) -> bool:
        """Write a piece; False where it was there already, and nothing is changed."""
        if piece.sample is not None and piece.sample.kept:
            # First, so that whoever finds the piece finds it, too.
            KeptRows(self.objects, self.place).write(piece.start, piece.name, piece.sample)
        try:
            self.objects.write_ref(self._name_of(piece), piece.to_json(), expected=None)
        except store.errors.RefMoved:
            return False
        return True

    def starts(self) -> list[int]:
        """The windows of which there are pieces, the earliest first."""
        prefix = f"{self.prefix}windows/"
        return _starts(name.removeprefix(prefix).partition("/")[0] for name in self.objects.refs(prefix))

    def heard(self) -> dict[str, int]:
        """The last window of which there is a piece, by the name of the boot that wrote it."""
        prefix = f"{self.prefix}windows/"
        found: dict[str, int] = {}
        for name in self.objects.refs(prefix):
            start, _, piece = name.removeprefix(prefix).partition("/")
            with contextlib.suppress(ValueError):
                boot = piece.rpartition("-")[0]
                found[boot] = max(found.get(boot, 0), stamped(start))
        return found

    def pieces(self, start: int) -> Found:
        """The pieces of a window."""
        refs, unreadable = self.read_below(f"windows/{stamp(start)}/")
        pieces = []
        for ref in refs:
            try:
                pieces.append(Piece.from_json(ref.value))
            except (ValueError, KeyError, TypeError):
                unreadable.append(ref.name)
        return Found(tuple(pieces), tuple(name.rpartition("/")[2] for name in sorted(unreadable)))

    def delete_piece(self, start: int, name: str) -> None:
        """Delete one piece of a window."""
        self.objects.delete_ref(f"{self.prefix}windows/{stamp(start)}/{name}")

    def read_state(self) -> store.Ref | None:
        """What the evaluator knows."""
        return self.objects.read_ref(f"{self.prefix}state")

    def write_state(self, value: Any, expected: store.Ref | None) -> store.Ref:
        """Move it on from what was read. Raises RefMoved where another evaluator has done so before."""
        return self.objects.write_ref(f"{self.prefix}state", value, expected=expected)

    def decided(self, first: int = 0) -> list[int]:
        """The windows from `first` on that were decided, the earliest first."""
        prefix = f"{self.prefix}decided/"
        return _starts(name.removeprefix(prefix) for name in self.objects.refs(prefix, after=self._before(first)))

    def decisions(self, first: int) -> Iterator[store.Ref]:
        """What was decided of all windows from `first` on, many at once where that pays off."""
        return self.objects.read_refs(f"{self.prefix}decided/", after=self._before(first))

    def read_decision(self, start: int) -> store.Ref | None:
        """What was decided of a window."""
        return self.objects.read_ref(f"{self.prefix}decided/{stamp(start)}")

    def write_decision(self, start: int, value: Any, expected: store.Ref | None) -> store.Ref:
        """Write it. Raises RefMoved where it is no longer what was read."""
        return self.objects.write_ref(f"{self.prefix}decided/{stamp(start)}", value, expected=expected)

    def _before(self, first: int) -> str:
        """A name that those of decisions from `first` on come after, and no others."""
        return f"{self.prefix}decided/{stamp(first - 1)}" if first > 0 else ""

    def _name_of(self, piece: Piece) -> str:
        return f"{self.prefix}windows/{stamp(piece.start)}/{piece.name}"

    def read_below(self, beginning: str, after: str = "") -> tuple[list[store.Ref], list[str]]:
        """References whose names so go on, and the names of damaged ones, which the store sets aside.

        `after`: only those whose names go on with more than this.
        """
        prefix, before = self.prefix + beginning, self.prefix + after if after else ""
        damaged: list[str] = []
        while True:
            try:
                return list(self.objects.read_refs(prefix, after=before)), damaged
            except store.errors.DamagedReference as error:
                if error.name in damaged:
                    raise
                damaged.append(error.name)


def places(objects: store.Store) -> list[Place]:
    """All versions that are watched in a store. Cost: a listing for each release and model, none for a window."""
    found = [""]
    for _ in ("release", "model", "version"):
        found = [f"{before}/{segment}" for before in found for segment in objects.ref_folders(f"monitor{before}")]
    every = (Place(*map(unquote, each.split("/")[1:])) for each in found)
    return [place for place in every if not place.is_beside]


def _starts(stamps: Iterator[str] | Any) -> list[int]:
    starts = set()
    for text in stamps:
        try:
            starts.add(stamped(text))
        except ValueError:
            continue
    return sorted(starts)
