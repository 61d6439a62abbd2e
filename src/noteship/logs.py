"""What a service says: one line a record on standard error, as JSON or for people; never a value that was sent."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import Any, Literal, TextIO

from noteship.errors import cut

__all__ = ["JsonLines", "Kind", "TextLines", "raised_at", "speaking", "told"]

Kind = Literal["json", "text"]
OWN = "noteship"
LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def speaking(kind: Kind) -> Iterator[None]:
    """Let every record of this process be a line on standard error; as JSON, warnings and uncaught errors, too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if kind == "json" else TextLines())
    root, own = logging.getLogger(), logging.getLogger(OWN)
    level, hooks = own.level, (warnings.showwarning, sys.excepthook, threading.excepthook)
    root.addHandler(handler)
    own.setLevel(logging.INFO)
    if kind == "json":
        warnings.showwarning, sys.excepthook, threading.excepthook = _warned, _uncaught, _uncaught_in_thread
    try:
        yield
    finally:
        root.removeHandler(handler)
        own.setLevel(level)
        warnings.showwarning, sys.excepthook, threading.excepthook = hooks


def told(**fields: Any) -> dict[str, Any]:
    """What a record tells beside its message, for `extra=`; what is None is left out.

    >>> told(request_id="7", trace_id=None)
    {'told': {'request_id': '7'}}
    """
    return {"told": {name: value for name, value in fields.items() if value is not None}}


def raised_at(error: BaseException | None) -> str:
    """The kind of an error and where it was raised; its own words may hold anything.

    >>> raised_at(ValueError("could not convert string to float: 'a secret'"))
    'ValueError'
    """
    if error is None:
        return "an unknown error"
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    return f"{type(error).__name__}, raised at {_place(frames[-1].filename, frames[-1].lineno)}"


class JsonLines(logging.Formatter):
    """A JSON object a record: time (RFC 3339), level, logger, process, message, and what else the record tells."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        value: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": _message(record),
            **getattr(record, "told", {}),
        }
        if record.exc_info:
            value["error"] = raised_at(record.exc_info[1])
        return json.dumps(value, separators=(",", ":"), default=str)


class TextLines(logging.Formatter):
    """A line a record, for people: the message, and what else it tells."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = _message(record)
        if record.exc_info:
            line += f": {raised_at(record.exc_info[1])}"
        beside = " ".join(f"{name}={value}" for name, value in getattr(record, "told", {}).items())
        return f"{line} ({beside})" if beside else line


def _message(record: logging.LogRecord) -> str:
    """A library's message ends with its first line: asyncio's go on with what was under way."""
    message = record.getMessage()
    if record.name.partition(".")[0] == OWN:
        return message
    return cut(message.partition("\n")[0])


def _place(file: str, line: int | None) -> str:
    return f"{'/'.join(PurePath(file).parts[-3:])}, line {line}"


def _warned(
    message: Warning | str,  # noqa: ARG001 - may hold values of rows
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - the standard library's signature
    line: str | None = None,  # noqa: ARG001
) -> None:
    logging.getLogger("py.warnings").warning("%s, warned at %s", category.__name__, _place(filename, lineno))


def _uncaught(kind: type[BaseException], error: BaseException | None, frames: TracebackType | None) -> None:
    where = kind.__name__ if error is None else raised_at(error.with_traceback(frames))
    LOG.critical("uncaught: %s", where)


def _uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
    _uncaught(given.exc_type, given.exc_value, given.exc_traceback)
