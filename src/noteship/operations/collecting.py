"""What a project keeps of what its model is asked and answers."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from noteship import store
from noteship.digests import Digest
from noteship.operations import naming
from noteship.operations.errors import NoBundle, UnknownBundle
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship import collecting, models, serving
    from noteship.operations.collected import Own

__all__ = ["collect_of", "own_of", "settings_of", "sweep"]


def settings_of(opened: OpenedProject) -> collecting.Settings:
    """What the project's `[collect]` says; rows are written as often as windows, every five minutes at least."""
    from noteship import collecting

    told, monitor = opened.settings.collect, opened.settings.monitor
    flush_s = float(min(monitor.window_s, collecting.SLOT_S))
    return collecting.Settings(monitor.release, told.share, told.leave_out, told.keep_s, told.most_bytes, flush_s)


def collect_of(opened: OpenedProject) -> list[serving.Collect]:
    """Who keeps rows of what is answered, if that is asked for, on a thread of its own. Raises NoParquet."""
    if not opened.settings.collect.share:
        return []
    from noteship import collecting, serving

    collector = collecting.Collector(opened.store, settings_of(opened))
    collector.start()
    return [serving.Collect(collector)]


def own_of(opened: OpenedProject) -> Own:
    """What the project itself collects, wherever its model is served: deployed, or by `noteship serve`."""
    from noteship.operations.collected import Own

    settings = opened.settings
    deployed = settings.kubernetes.name or opened.name
    releases = tuple(dict.fromkeys((deployed, settings.monitor.release)))
    return Own(releases, opened.name, settings.collect.leave_out, lambda: _signature(opened))


def _signature(opened: OpenedProject) -> models.Signature | None:
    """Of the champion, or where nobody is, of the latest bundle; None without one that can be read."""
    from noteship.models import Signature

    with suppress(NoBundle, UnknownBundle, store.errors.MissingObject, KeyError, TypeError, ValueError):
        named = naming.named_in(opened.store, opened.name, None)
        leaf = opened.store.read_tree(Digest(named.digest)).files["bundle.json"]
        return Signature.from_json(json.loads(opened.store.get_bytes(leaf.digest))["signature"])
    return None


def sweep(opened: OpenedProject, now: float, release: str | None = None) -> int:
    """Delete what was kept for long enough, of the project's model; how many files.

    `release`: under that name alone. Also where nothing is kept any more. Raises what the store raises.
    """
    from noteship.collecting.pieces import FOLDER

    if not any(True for _ in opened.store.named(f"{FOLDER}/")):
        return 0
    from noteship import collecting

    before = now - opened.settings.collect.keep_s
    ours = (place for place in collecting.places(opened.store) if release in (None, place.release))
    return sum(collecting.Shelf(opened.store, place).sweep(before) for place in ours)
