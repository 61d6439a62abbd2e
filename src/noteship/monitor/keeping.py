"""Samples of requests with their rows in a store, apart from all that is only counted.

    samples/RELEASE/MODEL/VERSION/START/REPLICA-BOOT-SEQUENCE     what one worker kept of a window
    samples/RELEASE/MODEL/VERSION/START/merged                    what is kept of the window

Nothing else in a store has rows of requests, so that whoever may read counts need not be able to read rows, and what
is deleted below `samples/` is gone. Adding up counts whatever is in several parts once: where a merger was killed
before it deleted the parts, they are merged again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from noteship import store
from noteship.monitor.pieces import Place, stamp, stamped
from noteship.monitor.sample import Sample

__all__ = ["KeptRows"]

# No piece has such a name: those have dashes.
MERGED = "merged"
# Of several who merge at once all but one begin anew, as often as a part comes meanwhile; else the next one merges.
TRIES = 20
# Longer than a sample takes to be written: then its writer was killed.
UNFINISHED_S = 3_600.0


@contextlib.contextmanager
def _where_allowed() -> Iterator[None]:
    with contextlib.suppress(store.errors.StoreDenied, store.errors.StoreReadOnly):
        yield


@dataclass(frozen=True)
class KeptRows:
    """The samples of one version.

    Rights on rows may be kept from those who count and decide: what is not allowed is not written, merged or deleted.
    All else that the store raises passes through.
    """

    objects: store.Store
    place: Place
    prefix: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", "samples/" + self.place.prefix.partition("/")[2])

    @_where_allowed()
    def write(self, start: int, name: str, sample: Sample) -> None:
        """Write what one worker kept of a window, under the name of its piece; writing again changes nothing."""
        with contextlib.suppress(store.errors.RefMoved):
            self.objects.write_ref(f"{self.prefix}{stamp(start)}/{name}", sample.to_json(), expected=None)

    def starts(self) -> list[int]:
        """The windows of which there is something, the earliest first."""
        return sorted({start for start, _ in _named(self.objects, self.prefix)})

    def read(self, start: int) -> Sample | None:
        """What is kept of a window, merged or not; None where nothing is, or nothing that can be read."""
        return _sum(self._parts(start)[0])

    @_where_allowed()
    def merge(self, start: int) -> None:
        """Make one of what several workers kept of a window, and delete the parts."""
        prefix = f"{self.prefix}{stamp(start)}/"
        for _ in range(TRIES):
            if all(name == prefix + MERGED for name in self.objects.refs(prefix)):
                # Most who come find all done.
                return
            parts, merged = self._parts(start)
            names, sample = parts.keys() - {MERGED}, _sum(parts)
            if not names or sample is None:
                return
            try:
                self.objects.write_ref(prefix + MERGED, sample.to_json(), expected=merged)
            except store.errors.RefMoved:
                continue
            for name in names:
                self.objects.delete_ref(prefix + name)
            return

    @_where_allowed()
    def sweep(self, before: float, upto: int | None) -> None:
        """Delete what is kept of windows of the release that began before a moment, whatever version they are of.

        What a killed writer left goes after an hour. Of this version, merge the windows up to `upto` that nobody has
        merged.
        """
        waiting = set()
        release = f"samples/{quote(self.place.release, safe='')}/"
        for start, name in _named(self.objects, release):
            if start < before:
                self.objects.delete_ref(name)
            elif name.startswith(self.prefix) and not name.endswith(f"/{MERGED}"):
                waiting.add(start)
        self.objects.sweep_unfinished_refs(release.rstrip("/"), UNFINISHED_S)
        for start in sorted(waiting):
            if upto is not None and start <= upto:
                self.merge(start)

    def _parts(self, start: int) -> tuple[dict[str, Sample], store.Ref | None]:
        """What there is of a window, by the end of its name; and that which is merged, as it was read."""
        prefix = f"{self.prefix}{stamp(start)}/"
        parts, merged = {}, None
        for ref in self.objects.read_whole_refs(prefix):
            name = ref.name.removeprefix(prefix)
            merged = ref if name == MERGED else merged
            # Of another noteship, or changed: no part of anything.
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                parts[name] = Sample.from_json(ref.value)
        return parts, merged


def _sum(parts: Mapping[str, Sample]) -> Sample | None:
    sums: Sample | None = None
    for sample in parts.values():
        sums = sample if sums is None else sums + sample
    return sums


def _named(objects: store.Store, prefix: str) -> Iterator[tuple[int, str]]:
    """Names below a prefix, with the start of the window that each is of."""
    for name in objects.refs(prefix):
        parts = name.split("/")
        with contextlib.suppress(ValueError):
            yield stamped(parts[4] if len(parts) == 6 else ""), name
