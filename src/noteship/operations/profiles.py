"""The profiles of bundles, and how a project has its models watched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from noteship import digests, monitor, store
from noteship.operations.errors import NoProfile
from noteship.operations.loading import Chosen
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship import serving

__all__ = ["profile_in", "profile_of", "settings_of", "watch_of"]

# A bundle's file, where it is monitored.
PROFILE = "profile.json"


def settings_of(opened: OpenedProject) -> monitor.Settings:
    """What the project's `[monitor]` says."""
    told = opened.settings.monitor
    return monitor.Settings(
        told.release,
        told.window_s,
        told.false_alarm_s,
        told.tolerance,
        told.sample,
        told.leave_out,
        told.sample_keep_s,
    )


def watch_of(opened: OpenedProject) -> serving.Watch:
    """Who watches what is answered, and closes windows that are due; its thread runs until it is closed."""
    from noteship import serving

    settings = settings_of(opened)
    writer = monitor.Writer(opened.store, settings, monitor.closes(settings))
    writer.start()
    return serving.Watch(writer)


def profile_in(objects: store.Store, bundle: str) -> monitor.Profile | None:
    """The profile of a bundle in a store; None where it has none, or the store no longer has it.

    Raises what `Profile.from_bytes` raises, and the store's errors.
    """
    try:
        leaf = objects.read_tree(digests.Digest(bundle)).files.get(PROFILE)
        return None if leaf is None else monitor.Profile.from_bytes(objects.get_bytes(leaf.digest))
    except (store.errors.MissingObject, ValueError):
        # A version that is no digest was watched by something else than a bundle of a store.
        return None


def profile_of(chosen: Chosen) -> monitor.Profile:
    """The profile of a bundle that was chosen. Raises NoProfile, and what `profile_in` raises."""
    if chosen.objects is not None:
        found = profile_in(chosen.objects, chosen.named.digest)
    else:
        path = (chosen.folder or Path()) / PROFILE
        found = monitor.Profile.from_bytes(path.read_bytes()) if path.is_file() else None
    if found is None:
        raise NoProfile(chosen.named.name, digests.short(chosen.named.digest))
    return found
