"""What ties a child process to the one that started it, however that one ends."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TextIO

__all__ = ["TIED", "tied"]

# The last word of the command of a child whose standard input is its lifeline.
TIED = "--tied"


def tied() -> TextIO:
    """End this process, and what it has started, when its standard input ends; gives what comes there until then.

    From now on the standard input is empty for all others. To be called by a process in a session of its own.
    """
    line, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    come, go = os.pipe()

    def follow() -> None:
        with contextlib.suppress(OSError):
            while data := os.read(line, 65_536):
                os.write(go, data)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=follow, name="noteship-lifeline", daemon=True).start()
    return os.fdopen(come, encoding="utf-8")
