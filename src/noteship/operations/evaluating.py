"""`noteship monitor --evaluate`: closes the windows of a release that are due, until it is stopped."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from noteship import evaluating, supervising
from noteship.operations import collecting
from noteship.operations.access import is_loopback
from noteship.operations.errors import Contradiction
from noteship.operations.opened import OpenedProject
from noteship.operations.profiles import profile_in, settings_of

__all__ = ["EvaluateRequest", "evaluate"]

# A round is a few requests to the store for each version; one that takes longer than so many seconds hangs.
HANGS_S = 600.0


@dataclass(frozen=True)
class EvaluateRequest:
    """Where probes and Prometheus are answered, and whom the metrics are told."""

    host: str
    port: int
    guarded: evaluating.Guarded = field(default_factory=evaluating.Guarded)

    @classmethod
    def of(
        cls, host: str, port: int, token: Path | None, certificate: Path | None, key: Path | None, *, is_open: bool
    ) -> EvaluateRequest:
        """As it was asked for: metrics are for a token, for all, or for this machine. Raises Contradiction."""
        if token is not None and is_open:
            raise Contradiction("--no-auth asks nobody for a token", "leave --no-auth or --token-file out")
        if (certificate is None) != (key is None):
            raise Contradiction("TLS takes a certificate and its key", "give --tls-certificate and --tls-key")
        return cls(host, port, evaluating.Guarded(token, is_open or is_loopback(host), certificate, key))


def evaluate(opened: OpenedProject, request: EvaluateRequest, started: Callable[[str], None]) -> evaluating.Rounds:
    """Close windows until SIGTERM or Ctrl-C; the rounds as they were then. `started` is given the URL.

    Raises: UnusableFile, CannotListen, WindowTooLong.
    """
    request.guarded.check()
    settings = settings_of(opened)
    objects = opened.store
    rounds = evaluating.Rounds(
        objects,
        settings,
        lambda bundle: profile_in(objects, bundle),
        chores=(lambda now: collecting.sweep(opened, now, settings.release),),
    )
    answering = evaluating.Answering(
        lambda: rounds.is_alive(HANGS_S), lambda: rounds.is_ready, rounds.families, request.guarded
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    listener = supervising.listen(request.host, request.port)
    end = answering.start(listener)
    try:
        started(supervising.url_of(request.host, listener, is_tls=request.guarded.certificate is not None))
        rounds.run(stop)
    finally:
        end()
    return rounds
