"""How much is kept of what is asked, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from noteship.collecting.errors import UnknownLeftOut
from noteship.nearest import nearest

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """What a project says.

    - share: of the requests, from 0, for none, to 1; leave_out: columns whose values are never kept
    - keep_s: for how long; most_bytes: of all that a release's workers keep of a model in a day
    - flush_s: how often a worker writes what it holds
    """

    release: str = "local"
    share: float = 0.0
    leave_out: tuple[str, ...] = ()
    keep_s: float = 30 * 86_400.0
    most_bytes: int = 1 << 30
    flush_s: float = 300.0

    def check(self, model: str, columns: Iterable[str]) -> None:
        """Raises UnknownLeftOut, also where nothing is kept: a name is wrong whatever the share is."""
        known = list(columns)
        for column in self.leave_out:
            if column not in known:
                raise UnknownLeftOut(column, model, nearest(column, known))
