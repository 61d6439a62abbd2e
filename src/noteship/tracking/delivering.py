"""Tells the tracking server what waits, in order, each once in effect."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noteship import store
from noteship.digests import Digest
from noteship.errors import NoteshipError
from noteship.tracking import entry
from noteship.tracking.errors import EventRefused, TrackerAway
from noteship.tracking.event import Event
from noteship.tracking.outbox import HELD_S, Outbox
from noteship.tracking.reaching import obstacle

if TYPE_CHECKING:
    from noteship.tracking.client import Client

__all__ = ["Delivered", "deliver"]

# So often an event that noteship breaks at is tried.
TRIES = 3
# What an event will always be: refused, or about what is not to be had any more.
REFUSALS = (EventRefused, store.errors.MissingObject, store.errors.DamagedObject, store.errors.BadTree)


@dataclass(frozen=True)
class Delivered:
    """What a delivery came to: how many events were told and refused, and why no more were; `busy`: another tells."""

    told: int = 0
    refused: int = 0
    fault: str = ""
    busy: bool = False


def deliver(objects: store.Store, server: str, *, wait_s: float) -> Delivered:
    """Tell a server all that waits for it; waits so long for another process that tells.

    An event is removed when the server has all of it, and set aside where it is refused, or where noteship has broken
    at it several times. When the server is away, the rest waits. What comes to wait meanwhile is told, too.

    Cost: MLflow's client is imported, which takes seconds, if anything waits.
    """
    outbox = Outbox(objects)
    told = refused = 0
    # What came after the last look, while another process may have seen that this one tells.
    while outbox.next(server) is not None:
        if not outbox.hold(wait_s):
            return Delivered(told, refused, busy=True)
        came = _delivered(outbox, objects, server)
        told, refused = told + came.told, refused + came.refused
        if came.fault:
            return Delivered(told, refused, came.fault)
    return Delivered(told, refused)


def _delivered(outbox: Outbox, objects: store.Store, server: str) -> Delivered:
    """Tell what waits for as long as the outbox is held, and let go of it."""
    fault = ""
    told = refused = 0
    try:
        with _held(outbox) as is_held:
            client = _client(server)
            while is_held() and (event := outbox.next(server)) is not None:
                try:
                    _tell(client, objects, event)
                except Exception as error:
                    if not isinstance(error, REFUSALS) and (_is_elsewhere(error) or outbox.stuck(event) < TRIES):
                        raise
                    refused += 1
                    outbox.refuse(event, _why(error))
                else:
                    told += 1
                    outbox.remove(event)
    except TrackerAway as error:
        fault = error.reason
    except Exception:
        # Nobody sees it in the background, where what waits would wait for ever.
        fault = "a fault that `noteship tracking` shows"
        raise
    finally:
        outbox.let_go(server, fault)
    return Delivered(told, refused, fault)


def _is_elsewhere(error: Exception) -> bool:
    """Whether it is a fault of the store or the server, and none that lies in the event."""
    return isinstance(error, NoteshipError) and not isinstance(error, store.errors.TargetUnwritable)


def _why(error: Exception) -> str:
    if isinstance(error, EventRefused):
        return error.reason
    return error.parts().fact if isinstance(error, NoteshipError) else f"noteship breaks at it: {type(error).__name__}"


def _client(server: str) -> Client:
    why = obstacle(server)
    if why:
        raise TrackerAway(server, why)
    from noteship.tracking.client import Client

    return Client(server)


@contextlib.contextmanager
def _held(outbox: Outbox) -> Iterator[Callable[[], bool]]:
    """Hold the outbox for as long as it takes; what is given says whether it still is, which a long sleep ends."""
    ended = threading.Event()
    # Counted from before it is asked for, so that it ends here no later than for others.
    until = [time.monotonic() + HELD_S]

    def hold() -> None:
        while not ended.wait(HELD_S / 12) and time.monotonic() < until[0]:
            if until[0] - time.monotonic() > HELD_S * 2 / 3:
                continue
            asked = time.monotonic()
            # A store that is away for a moment is asked again.
            with contextlib.suppress(NoteshipError):
                until[0] = asked + HELD_S if outbox.hold(0) else 0.0

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    try:
        yield lambda: time.monotonic() < until[0]
    finally:
        ended.set()
        thread.join()


def _tell(client: Client, objects: store.Store, event: Event) -> None:
    with tempfile.TemporaryDirectory(prefix="noteship-") as folder:
        here = Path(folder)
        told = _entry(event)
        run = client.enter(event.experiment, told, _fetched(objects, event.files, here)) if told else None
        if event.bundle is None:
            return
        version = client.version(event.model, event.bundle)
        if version is None:
            if run is None or event.kind != "run":
                run = client.enter(event.experiment, entry.bundle_entry(event), {})
            objects.fetch_folder(Digest(event.bundle), here / "bundle")
            version = client.register(event.model, event.bundle, run, here / "bundle")
        if event.kind == "judgement":
            client.mark(event.model, version, {"noteship.gates": "passed" if event.body["passed"] else "failed"})
        if event.kind == "promotion":
            client.mark(event.model, version, entry.promotion_tags(event))
            client.promote(event.model, version)


def _entry(event: Event) -> entry.Entry | None:
    """What it is told as. Raises EventRefused."""
    try:
        return entry.entry_of(event)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise EventRefused(event.server, "an event", f"it is not of its form: {type(error).__name__}") from error


def _fetched(objects: store.Store, files: Mapping[str, str], folder: Path) -> dict[str, Path]:
    found = {}
    for name, digest in files.items():
        found[name] = folder / "files" / name
        found[name].parent.mkdir(parents=True, exist_ok=True)
        objects.fetch_file(Digest(digest), found[name])
    return found
