"""Where the command line prints: text for people, or one JSON document for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from noteship.cli import folding
from noteship.errors import NoteshipError

if TYPE_CHECKING:
    import logging

__all__ = ["INTERRUPTED", "Output", "duration", "plain", "size", "state_word", "table"]

# 128 + SIGINT, as shells report it.
INTERRUPTED = 130
# A terminal obeys these, and what stages, or other users of a store, wrote may hold them.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class Output:
    """Standard output and standard error of one call.

    With `as_json`, standard output gets exactly one JSON document, and nothing else.
    """

    def __init__(self, *, as_json: bool, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self.as_json = as_json
        # Where what else goes to standard error becomes records.
        self.log: logging.Logger | None = None
        self._stdout = stdout or sys.stdout
        self._stderr = stderr or sys.stderr

    @property
    def live(self) -> bool:
        """Whether progress can be redrawn in place."""
        return self._stderr.isatty() and os.environ.get("TERM") not in (None, "dumb")

    @property
    def prints_to_people(self) -> bool:
        """Whether standard output is a terminal, too."""
        return self._stdout.isatty()

    @property
    def width(self) -> int:
        """Of the terminal that lines are printed on; 0 where it is none."""
        return folding.width_of(self._stdout)

    @property
    def stderr(self) -> TextIO:
        """For progress."""
        return self._stderr

    def text(self, *lines: str) -> None:
        """Lines for people; nothing with `as_json`."""
        if not self.as_json:
            for line in lines:
                _print(line, self._stdout)

    def document(self, value: Any) -> None:
        """The one document for programs; nothing without `as_json`."""
        if self.as_json:
            print(json.dumps(value, indent=2, ensure_ascii=False), file=self._stdout, flush=True)

    def aside(self, *lines: str) -> None:
        """Lines about the work, beside its result."""
        if self.log is not None:
            self.log.info("%s", "\n".join(lines))
            return
        for line in lines:
            _print(line, self._stderr)

    def progress(self, *lines: str) -> None:
        """Lines that say that it goes on: who reads a file does not need them."""
        if self.live:
            self.aside(*lines)

    def error(self, error: NoteshipError) -> None:
        """A fault in its four parts, as text and, with `as_json`, as the document too."""
        if self.log is None:
            self.aside(f"error: {error}")
        else:
            self.log.error("%s", error)
        self.document({"error": error.to_json(), "exit_code": error.exit_code})


def _print(text: str, stream: TextIO) -> None:
    """A terminal gets long lines folded; what is read by programs, such as grep, gets them whole."""
    width = folding.width_of(stream)
    print(folding.folded(plain(text), width) if width else plain(text), file=stream, flush=True)


def plain(text: str) -> str:
    r"""The text with control characters spelled out, as a terminal may be given it.

    >>> print(plain("\x1b[31mred"))
    \x1b[31mred
    """
    return text.translate(_CONTROLS)


# A cell that is wider than this moves what follows it in its own row only.
WIDEST = 60


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str] = (), indent: str = "") -> Iterable[str]:
    """Lines of a table with aligned columns, two spaces between them.

    >>> list(table([("a", "1"), ("long", "22")], header=("name", "n")))
    ['name  n', 'a     1', 'long  22']
    """
    every = [tuple(header), *rows] if header else list(rows)
    columns = range(len(every[0])) if every else ()
    widths = [max((len(row[column]) for row in every if len(row[column]) <= WIDEST), default=0) for column in columns]
    for row in every:
        yield (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()


def state_word(state: str) -> str:
    """A stage's state as people are told it: documents say `executed` where a run's lines say that it is done."""
    return "done" if state == "executed" else state


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(0.0421), duration(3.14), duration(75), duration(7300)
    ('42 ms', '3.1 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """An amount of bytes as people say it.

    >>> size(812), size(20_480), size(3 * 2**30)
    ('812 B', '20.0 KiB', '3.0 GiB')
    """
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
