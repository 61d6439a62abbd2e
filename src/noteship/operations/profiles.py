"""The profiles of bundles, and how a project has its models watched."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from noteship import digests, monitor, store
from noteship.errors import NoteshipError, cut
from noteship.operations.errors import NoProfile, WindowTooLong
from noteship.operations.loading import Chosen
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship import serving

__all__ = ["Beside", "checked", "has_bundle", "profile_in", "profile_of", "settings_of", "warn_unwatched", "watch_of"]

LOG = logging.getLogger(__name__)
# A bundle's file, where it is monitored.
PROFILE = "profile.json"
# Windows to a false alarm: with fewer, what rings may well be one.
LEAST = 10
# After so long a store that did not answer is asked again.
AGAIN_S = 30.0


def settings_of(opened: OpenedProject) -> monitor.Settings:
    """What the project's `[monitor]` says. Raises WindowTooLong."""
    told = opened.settings.monitor
    settings = monitor.Settings(
        told.release,
        told.window_s,
        told.false_alarm_s,
        told.tolerance,
        told.sample,
        told.leave_out,
        told.sample_keep_s,
    )
    return checked(settings, "noteship.toml, [monitor]")


def checked(settings: monitor.Settings, where: str) -> monitor.Settings:
    """Settings whose false alarms are rarer than their windows; `where` they are from. Raises WindowTooLong."""
    if settings.window_s * LEAST > settings.false_alarm_s:
        raise WindowTooLong(settings.window_s, settings.false_alarm_s, LEAST, where)
    return settings


def warn_unwatched(error: NoProfile, why: str = "") -> None:
    """Let the log say that a model answers and is not watched; `why`: what its bundle says of it."""
    told = error.parts()
    reason = f"none could be taken: {cut(why, 200)}" if why else told.nearest
    LOG.warning("%s is not watched: %s; %s; %s", cut(error.name, 100), told.fact, reason, told.remedy)


def watch_of(opened: OpenedProject) -> serving.Watch:
    """Who watches what is answered, and closes windows that are due; its thread runs until it is closed."""
    from noteship import serving

    settings, version = settings_of(opened), opened.settings.monitor.beside
    writer = monitor.Writer(opened.store, settings, monitor.closes(settings))
    writer.start()
    return serving.Watch(writer, Beside(opened.store, version) if version else None)


class Beside:
    """A version of the store that a canary stands beside, and its profile; for one thread."""

    def __init__(self, objects: store.Store, version: str) -> None:
        self._objects, self._version = objects, version
        self._found: tuple[str, monitor.Profile] | None = None
        self._next = 0.0

    def found(self) -> tuple[str, monitor.Profile] | None:
        """Both, once the store has given the profile; it is asked again after a while."""
        if self._found is None and time.monotonic() >= self._next:
            self._next = time.monotonic() + AGAIN_S
            try:
                profile = profile_in(self._objects, self._version)
            except NoteshipError as error:
                LOG.warning("the profile beside is not there yet: %s", error.parts().fact)
                return None
            if profile is None:
                self._next = math.inf
                LOG.warning("%s has no profile, so that nothing can be compared with it", digests.short(self._version))
                return None
            self._found = self._version, profile
        return self._found


def has_bundle(objects: store.Store, bundle: str) -> bool:
    """Whether a store has it. Raises the store's errors."""
    try:
        objects.read_tree(digests.Digest(bundle))
    except (store.errors.MissingObject, ValueError):
        return False
    return True


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
