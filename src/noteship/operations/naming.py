"""Which bundle is meant: champion, latest, or the start of a digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noteship import digests, store
from noteship.operations.errors import NoBundle, UnknownBundle

if TYPE_CHECKING:
    from noteship.operations.opened import OpenedProject

__all__ = ["DIGEST_DIGITS", "NAMES", "Named", "named", "named_in"]

# Of a SHA-256, in hexadecimal.
DIGEST_DIGITS = 64
NAMES = ("champion", "latest")
# How runs end that leave no bundle.
ENDED = {
    "done": "ended well and yet made none",
    "failed": "failed",
    "interrupted": "was interrupted",
    "no end recorded": "goes on, or its process was killed",
}


@dataclass(frozen=True)
class Named:
    """A bundle that was found; `by` is the name that found it: champion, latest or the start of its digest.

    `override` is why the champion was promoted although its judgement spoke against it; empty where it did not.
    """

    digest: str
    name: str
    by: str
    override: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether it was named by its whole digest: another bundle that fits a part of one can be made."""
        return self.by == self.digest and len(self.by) == DIGEST_DIGITS


def named(opened: OpenedProject, name: str | None) -> Named:
    """The bundle of a name in a project's store. Raises: NoBundle, which says how the last run went, UnknownBundle."""
    try:
        return named_in(opened.store, opened.name, name)
    except NoBundle as error:
        if opened.settings.service is None:
            raise
        last = next(iter(opened.ledger.runs(1)), None)
        if last is None:
            raise NoBundle(opened.name, why="nothing ran") from error
        ended = ENDED.get(last.state, last.state)
        raise NoBundle(opened.name, last.run, "was of some stages only" if last.targets else ended) from error


def named_in(objects: store.Store, place: str, name: str | None) -> Named:
    """The bundle of a name; without one the champion, if there ever was one, else the latest.

    `place` is what messages call the store. Raises: NoBundle, UnknownBundle.
    """
    if name is None or name in NAMES:
        for each in NAMES if name is None else (name,):
            ref = objects.read_ref(f"names/{each}")
            if ref is not None:
                return Named(ref.value["digest"], ref.value["name"], each, ref.value.get("override", ""))
    known = [ref.partition("/")[2] for ref in objects.refs("bundles/")]
    if not known:
        raise NoBundle(place)
    fitting = tuple(digests.short(digest) for digest in known if name and digest.startswith(name))
    if len(fitting) == 1:
        digest = next(digest for digest in known if digest.startswith(name or ""))
        ref = objects.read_ref(f"bundles/{digest}")
        return Named(digest, ref.value["name"] if ref else place, name or "")
    raise UnknownBundle(name or "champion", fitting, tuple(map(digests.short, known)))
