"""What a verb that goes on until it is stopped says beside its result: records, as JSON where nobody watches."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from noteship import logs
from noteship.cli.output import Output
from noteship.errors import NoteshipError

__all__ = ["recorded"]


def recorded(work: Callable[[], None], output: Output, kind: logs.Kind | None, logger: logging.Logger) -> int:
    """The exit code of `work`, whose records are lines of this kind; None is text on a terminal, else JSON."""
    kind = kind or ("text" if sys.stderr.isatty() else "json")
    with logs.speaking(kind):
        output.log = logger if kind == "json" else None
        try:
            work()
        except NoteshipError as error:
            output.error(error)
            return error.exit_code
        finally:
            output.log = None
    return 0
