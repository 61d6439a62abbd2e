"""What rules and dashboards are made from: how a project has its model watched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noteship import digests

if TYPE_CHECKING:
    from noteship import monitor

__all__ = ["INSTANCE", "LONG", "SERVICE", "VERSION", "Declared", "span"]

# A service as it is scraped, and a version of a model in it. Labels that a Prometheus does not have group nothing.
SERVICE = ("cluster", "namespace", "job")
VERSION = (*SERVICE, "release", "model", "version")
# A process as it is scraped.
INSTANCE = (*SERVICE, "instance")
# Windows that make what is seen in them more than chance: an hour of those of five minutes.
LONG = 12
DAY_S = 86_400
# Prometheus scrapes once a minute by default: of less time it may know nothing.
SCRAPE_S = 60
UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


@dataclass(frozen=True)
class Declared:
    """A model, the project's name for it, and how it is watched."""

    model: str
    settings: monitor.Settings

    @property
    def window_s(self) -> int:
        """How long a window is, or the time in which Prometheus has looked once."""
        return max(self.settings.window_s, SCRAPE_S)

    @property
    def long_s(self) -> int:
        """How long a dozen windows are, a day at most, but one window at least."""
        return max(self.window_s, min(LONG * self.window_s, DAY_S))

    @property
    def release(self) -> str:
        """Under which name it is watched."""
        return self.settings.release

    @property
    def uid(self) -> str:
        """What its dashboard is known by: of a model and release always the same."""
        return f"noteship-{digests.short(digests.of_bytes(f'{self.release}/{self.model}'.encode()))}"

    def series(self, metric: str, labels: Mapping[str, str] | None = None, more: str = "") -> str:
        """The series of a metric that are of this model; `more` is written as it is.

        >>> from noteship import monitor
        >>> Declared("mail", monitor.Settings()).series("n", {"state": "alarm"})
        'n{release="local",model="mail",state="alarm"}'
        """
        every = {"release": self.release, "model": self.model, **(labels or {})}
        matchers = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in every.items()]
        return f"{metric}{{{','.join([*matchers, *([more] if more else [])])}}}"


def span(seconds: float) -> str:
    """A time as Prometheus writes it.

    >>> span(300), span(90), span(86_400)
    ('5m', '90s', '1d')
    """
    whole = round(seconds)
    size, unit = next(((size, unit) for size, unit in UNITS if whole % size == 0), (1, "s"))
    return f"{whole // size}{unit}"
