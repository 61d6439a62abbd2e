"""Lines on a terminal that are redrawn in place, below lines that stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from noteship.cli.bars import Line
from noteship.cli.folding import folded
from noteship.cli.output import plain

__all__ = ["Display", "Screen"]

# Often enough to look alive, seldom enough not to be seen in a profile.
PER_SECOND = 8


class Display:
    """Redraws what `lines` gives until it is stopped."""

    def __init__(self, stream: TextIO, lines: Callable[[], list[str]]) -> None:
        self._console = Console(file=stream, highlight=False)
        self._live = Live(
            get_renderable=lambda: Text("\n".join(lines()), style="dim", no_wrap=True, overflow="ellipsis"),
            console=self._console,
            refresh_per_second=PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        """Begin to draw."""
        self._live.start()

    def stop(self) -> None:
        """Draw no more, and remove what was drawn."""
        self._live.stop()

    def keep(self, line: str) -> None:
        """Print a line above what is redrawn."""
        self._console.print(Text(folded(plain(line), self._console.width)), soft_wrap=True)


class Screen:
    """The whole terminal, as long as it is entered; what stood there before comes back."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False)
        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )

    def __enter__(self) -> Self:
        """Take it."""
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give it back."""
        self._live.stop()

    @property
    def width(self) -> int:
        """In columns, as it is now."""
        return self._console.width

    @property
    def height(self) -> int:
        """In lines, as it is now."""
        return self._console.height

    def show(self, lines: Sequence[Line]) -> None:
        """Draw these in place of what was there."""
        drawn = Text("\n", no_wrap=True, overflow="ellipsis").join(
            Text.assemble(*((plain(text), style) for text, style in each)) for each in lines
        )
        self._live.update(drawn, refresh=True)
