"""Labels of files, kept beside the rows that they are of, where nobody serves any more who could be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from noteship import digests
from noteship.collecting.kept_rows import KeptLabel, written_labels
from noteship.collecting.pieces import SLOT_S, Piece
from noteship.collecting.shelf import Shelf
from noteship.monitor.pieces import start_of

__all__ = ["keep_labels"]

# In the place of a machine's name; a worker's piece has another boot.
FILES = "files"


def keep_labels(shelf: Shelf, version: str, labels: Iterable[tuple[float, KeptLabel]]) -> int:
    """Keep labels, each with the moment in which its row was asked, where there are rows of that time; how many.

    The same labels once more are the same pieces, and nothing is written. Raises what the store raises.
    """
    by_slot: dict[int, list[KeptLabel]] = defaultdict(list)
    for moment, label in labels:
        by_slot[start_of(moment, SLOT_S)].append(label)
    if not by_slot:
        return 0
    first = min(by_slot)
    has_rows = {piece.start for piece, _ in shelf.pieces("rows", first) if piece.version == version}
    there = {piece for piece, _ in shelf.pieces("labels", first)}
    kept = 0
    for start, found in sorted(by_slot.items()):
        ordered = sorted(found, key=lambda label: (label.request, label.row))
        told = digests.of_value([[label.request, label.row, label.label] for label in ordered])
        piece = Piece(start, version, FILES, digests.short(told), 0, "labels")
        if start in has_rows:
            kept += len(found)
            if piece not in there:
                shelf.write(piece, written_labels(ordered))
    return kept
