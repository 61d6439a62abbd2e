"""Labels that come in files, without the service that answered: kept by request and row, so that each counts once."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from noteship import store
from noteship.monitor import errors
from noteship.monitor.labels import Judgement, Kind, Labels
from noteship.monitor.pieces import stamp
from noteship.monitor.windows import Windows

__all__ = ["NAME", "keep_labels", "kept_s", "key_of"]

VERSION = 1

# Bytes by which a label is known again: among 50,000, two are taken for one with a probability of 7e-11.
KEY_BYTES = 8
# Of one window: half a megabyte.
MOST_KEPT = 50_000
# The name below labels/START/, where those of workers end with a random number, and of what says how long windows are.
NAME = "files"


@dataclass(frozen=True)
class _Kept:
    labels: Labels
    keys: frozenset[bytes]

    def to_json(self) -> dict[str, Any]:
        keys = b"".join(sorted(self.keys))
        return {**self.labels.to_json(), "keys": base64.b64encode(keys).decode("ascii")}

    @classmethod
    def of(cls, ref: store.Ref | None, kind: Kind) -> _Kept:
        """What is written. Raises ValueError, KeyError and TypeError."""
        if ref is None:
            return cls(Labels(kind), frozenset())
        keys = base64.b64decode(ref.value["keys"], validate=True)
        found = (keys[place : place + KEY_BYTES] for place in range(0, len(keys), KEY_BYTES))
        return cls(Labels.from_json(ref.value), frozenset(found))


def kept_s(windows: Windows, seconds: int) -> int:
    """How long the windows are by which labels of a version are kept, from the first of them on: these `seconds`.

    Guarantee: with other `seconds` later it is what it was, so that a label has one window, in which it counts once.
    Raises DamagedDecisions; what the store raises passes through.
    """
    name = f"{windows.prefix}{NAME}"
    value = {"format": VERSION, "seconds": seconds}
    while (ref := windows.objects.read_ref(name)) is None:
        with contextlib.suppress(store.errors.RefMoved):
            windows.objects.write_ref(name, value, expected=None)
    try:
        if ref.value["format"] == VERSION and int(ref.value["seconds"]) > 0:
            return int(ref.value["seconds"])
    except (ValueError, KeyError, TypeError):
        pass
    raise errors.DamagedDecisions(f"{name} is changed, or of a later version")


def key_of(request: str, row: int) -> bytes:
    """That by which a label is known again."""
    return hashlib.sha256(f"{request}\0{row}".encode()).digest()[:KEY_BYTES]


def keep_labels(
    windows: Windows, start: int, kind: Kind, given: Mapping[bytes, Judgement]
) -> tuple[int, Sequence[bytes]]:
    """Count those labels of a window, by their keys, that were not counted before.

    Returns how many these are, and which were left out since a window keeps no more than MOST_KEPT.
    Guarantee: whoever calls how often with the same labels, each counts once. A label that was counted stays, whatever
    a later one says. Raises DamagedDecisions; what the store raises passes through.
    """
    name = f"{windows.prefix}labels/{stamp(start)}/{NAME}"
    while True:
        ref = windows.objects.read_ref(name)
        try:
            kept = _Kept.of(ref, kind)
        except (ValueError, KeyError, TypeError) as error:
            raise errors.DamagedDecisions(f"the labels at {name} are changed, or of a later version") from error
        unknown = [key for key in given if key not in kept.keys]
        new = unknown[: max(0, MOST_KEPT - len(kept.keys))]
        left_out = unknown[len(new) :]
        if not new:
            return 0, left_out
        after = _Kept(kept.labels + Labels.of(kind, (given[key] for key in new)), kept.keys | frozenset(new))
        try:
            windows.objects.write_ref(name, after.to_json(), expected=ref)
        except store.errors.RefMoved:
            continue
        return len(new), left_out
