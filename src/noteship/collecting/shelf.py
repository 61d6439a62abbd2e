"""What is kept of a model, in a store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from noteship import store
from noteship.collecting.pieces import FOLDER, SLOT_S, Kind, Piece, Place
from noteship.monitor.pieces import stamp

__all__ = ["Shelf", "places"]


@dataclass(frozen=True)
class Shelf:
    """The pieces of one model under one release. What the store raises passes through."""

    objects: store.Store
    place: Place

    def write(self, piece: Piece, data: bytes) -> None:
        """Write one; writing again changes nothing."""
        self.objects.put_named(self.place.prefix + piece.name, data)

    def pieces(self, kind: Kind, first: float = 0.0) -> Iterator[tuple[Piece, int]]:
        """Those of slots that end after a moment, in order of time, each with its size in bytes."""
        prefix = f"{self.place.prefix}{kind}/"
        after = f"{prefix}{stamp(int(first) - SLOT_S)}" if first >= 2 * SLOT_S else ""
        for found in self.objects.named(prefix, after=after):
            piece = Piece.of(found.name.removeprefix(self.place.prefix))
            if piece is not None and piece.start + SLOT_S > first:
                yield piece, found.size_bytes

    def read(self, pieces: Sequence[Piece]) -> list[bytes | None]:
        """Their bytes; None for those that were deleted meanwhile."""
        return self.objects.get_named([self.place.prefix + piece.name for piece in pieces])

    def size_of_day(self, start: int) -> int:
        """How many bytes of rows there are of a day, in UTC; `start`: a moment of it."""
        prefix = f"{self.place.prefix}rows/"
        day = stamp(start)[:9]
        # Names of the day before end with less than these nines.
        after = f"{prefix}{stamp(start - 86_400)[:9]}999999Z"
        total = 0
        for found in self.objects.named(prefix, after=after):
            if not found.name.removeprefix(prefix).startswith(day):
                break
            total += found.size_bytes
        return total

    def sweep(self, before: float) -> int:
        """Delete what was asked before a moment, with its labels; how many pieces."""
        gone = 0
        for kind in ("rows", "labels"):
            for found in self.objects.named(f"{self.place.prefix}{kind}/"):
                piece = Piece.of(found.name.removeprefix(self.place.prefix))
                if piece is None:
                    continue
                if piece.start + SLOT_S > before:
                    break
                self.objects.delete_named(found.name)
                gone += 1
        return gone


def places(objects: store.Store) -> list[Place]:
    """All models of which something is kept. Cost: a listing of all of it."""
    found = (Place.of(each.name) for each in objects.named(f"{FOLDER}/"))
    return sorted({place for place in found if place is not None}, key=lambda place: (place.release, place.model))
