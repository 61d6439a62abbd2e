"""An origin around another one: whatever goes wrong there is told as the room's errors, and without its secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from noteship.errors import NoteshipError
from noteship.ingestion import errors
from noteship.ingestion.credentials import Secret
from noteship.ingestion.origin import Fetched, Origin, Stopped, Watch

__all__ = ["GuardedOrigin"]


class GuardedOrigin:
    """The same origin.

    Its own errors say where it is declared, and lose the secret, should a server or a library have repeated it, as do
    notes and facts; in a version, which has to be what the origin knows again, the origin conceals it itself. A fault
    that nobody foresaw becomes one of them, and what it was raised from, which a traceback would show, is let go.
    """

    def __init__(self, origin: Origin, secret: Secret, declared: str) -> None:
        self._origin = origin
        self._secret = secret
        self._declared = declared

    @property
    def shown(self) -> str:
        """As the origin's."""
        return self._origin.shown

    def version(self, watch: Watch) -> str | None:
        """As the origin's."""
        with self._guarded(watch):
            return self._origin.version(watch)

    def fetch(self, target: Path, version: str | None, watch: Watch) -> Fetched:
        """As the origin's."""
        with self._guarded(watch):
            found = self._origin.fetch(target, version, watch)
        conceal = self._secret.conceal
        facts = {name: conceal(each) if isinstance(each, str) else each for name, each in found.facts.items()}
        return replace(found, facts=facts, notes=tuple(map(conceal, found.notes)))

    @contextmanager
    def _guarded(self, watch: Watch) -> Iterator[None]:
        fault: NoteshipError
        try:
            yield
            return
        except Stopped:
            raise
        except NoteshipError as error:
            fault = error
        except Exception as error:
            watch.check()
            fault = errors.OriginFailed(self.shown, f"{type(error).__name__}: {error}")
        for field in fields(fault):
            value = getattr(fault, field.name)
            if isinstance(value, str):
                setattr(fault, field.name, self._declared if field.name == "declared" else self._secret.conceal(value))
        raise fault.with_traceback(None) from None
