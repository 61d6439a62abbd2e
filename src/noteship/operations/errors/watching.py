"""What can be wrong where models are watched and rows are judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed, cut

__all__ = ["BadTimes", "NoAlarm", "NoProfile", "NoRowFits", "NothingKept", "NothingWatched", "WindowTooLong"]

# Of durations in settings.
UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))


@dataclass(eq=False)
class NothingWatched(UsageError):
    """No version is watched that is meant."""

    release: str
    name: str = ""
    near: str = ""
    others: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        meant = f"'{cut(self.name, 100)}' is no model and no version" if self.name else "there is no model"
        nearest = self.near
        if not nearest and self.others:
            nearest = f"watched under other releases: {', '.join(cut(each, 60) for each in self.others[:20])}"
        remedy = "set [monitor] release to the one that is meant" if self.others else "serve it: noteship serve"
        return Parts(
            f"{meant} that was watched under the release '{cut(self.release, 60)}'",
            where=f"release '{cut(self.release, 60)}'",
            nearest=nearest or "what `noteship serve` serves is watched, if its bundle has a profile",
            remedy="call noteship monitor without a name, which shows all" if self.name else remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """Before anything was served."""
        return cls("local")


@dataclass(eq=False)
class NoAlarm(UsageError):
    """An alarm is to be settled, and none rings."""

    release: str
    name: str = ""

    def parts(self) -> Parts:
        """The message."""
        of = f" of '{cut(self.name, 100)}'" if self.name else ""
        return Parts(
            f"no alarm{of} rings, so there is none to settle",
            where=f"release '{cut(self.release, 60)}'",
            nearest="evidence that is less than an alarm stays until it is one, or falls",
            remedy="look at how it stands: noteship monitor --once",
        )

    @classmethod
    def example(cls) -> Self:
        """All is well."""
        return cls("local")


@dataclass(eq=False)
class NothingKept(UsageError):
    """Rows were asked for, and none are kept. `is_asked`: whether the settings ask for any."""

    model: str
    is_asked: bool

    def parts(self) -> Parts:
        """The message."""
        fact = f"no rows of {cut(self.model, 100)} are kept"
        if self.is_asked:
            return Parts(fact, nearest="a window's are kept when it is over", remedy="look again after the next window")
        nearest = "[monitor] sample is 0, so what is asked is counted and not kept"
        return Parts(fact, nearest=nearest, remedy="set it to a number of requests a window, such as 20, and serve")

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("churn", is_asked=False)


@dataclass(eq=False)
class NoProfile(UsageError):
    """A bundle that was made without a profile, so that nothing can be compared with it; or that is gone."""

    name: str
    digest: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the bundle {self.digest} of {cut(self.name, 100)} has no profile to compare with",
            where=f"bundle {self.digest}",
            nearest="it was made by an earlier noteship, or no profile could be taken, which `noteship run` has said",
            remedy="make the bundle again: noteship run",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("churn", "3f1c0a9be2d4")


@dataclass(eq=False)
class NoRowFits(WorkFailed):
    """A file of rows of which the model's signature refuses each. `row` counts from 0; values are not told."""

    path: str
    rows: int
    row: int
    field: str | None
    expected: str
    got: str

    def parts(self) -> Parts:
        """The message."""
        rows = f"none of the {self.rows:,} rows" if self.rows > 1 else "no row"
        field = f", field '{cut(self.field, 60)}'" if self.field is not None else ""
        return Parts(
            f"{rows} of {self.path} fits the model",
            where=f"{self.path}, row {self.row} (from 0){field}",
            nearest=f"expected {self.expected}, got {cut(self.got, 100)}",
            remedy="give rows as the service is sent them, before any step of the notebooks has changed them",
        )

    @classmethod
    def example(cls) -> Self:
        """A text where a number belongs."""
        return cls("reviews.csv", 1204, 0, "stars", "an integer", "text")


@dataclass(eq=False)
class BadTimes(UsageError):
    """Rows, of those that were read, whose place in time nobody can tell. `row` counts from 0; values are not told."""

    path: str
    column: str
    bad: int
    rows: int
    row: int
    got: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the column '{cut(self.column, 60)}' of {self.path} has no time for {self.bad:,} of {self.rows:,} rows",
            where=f"{self.path}, row {self.row} (from 0)",
            nearest=f"got {self.got}",
            remedy="write times as dates or as text such as 2026-11-23T05:00:00Z, in each row, or leave such rows out",
        )

    @classmethod
    def example(cls) -> Self:
        """A number, which could be of any unit."""
        return cls("orders.csv", "ordered", 2, 1_200, 17, "a number, and nobody has said of which unit")


@dataclass(eq=False)
class WindowTooLong(UsageError):
    """Windows so long that a false alarm is allowed in less than `least` of them: an alarm would say nothing."""

    window_s: int
    false_alarm_s: float
    least: int
    where: str

    def parts(self) -> Parts:
        """The message."""
        from noteship.reporting.words import duration

        budget = duration(self.false_alarm_s) if self.false_alarm_s >= 1 else f"{self.false_alarm_s:g} seconds"
        least = self.least * self.window_s
        unit, size = next((each for each in UNITS if least % each[1] == 0), ("s", 1))
        return Parts(
            f"windows of {duration(self.window_s)} are too long for one false alarm in {budget}: an alarm would say"
            " nothing",
            where=self.where,
            nearest=f"at least {self.least} windows have to be in that time, which here takes {duration(least)}",
            remedy=f'give shorter windows, or rarer alarms: [monitor] false_alarms = "1 per {least // size}{unit}"',
        )

    @classmethod
    def example(cls) -> Self:
        """A hundred days, and an alarm in 90."""
        return cls(8_640_000, 7_776_000.0, 10, "--window")
