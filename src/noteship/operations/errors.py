"""What can be wrong where the rooms meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, NoteshipError, Parts, UsageError, WorkFailed, cut

__all__ = [
    "BadParameter",
    "BadTimes",
    "BundleFailed",
    "Contradiction",
    "FolderNotEmpty",
    "ForcedInVain",
    "InputChanged",
    "InputOfUnreadable",
    "LeftOver",
    "LinkLeadsNowhere",
    "NoAlarm",
    "NoBundle",
    "NoProfile",
    "NoRecord",
    "NoRowFits",
    "NoSuchParameter",
    "NoteshipMissing",
    "NothingReadable",
    "NothingToRun",
    "NothingWatched",
    "OpenToAll",
    "SetInVain",
    "StepNotMade",
    "UnknownBundle",
    "WindowTooLong",
]


@dataclass(eq=False)
class BadParameter(UsageError):
    """A `--set` that is not STAGE.NAME=VALUE."""

    text: str
    reason: str
    near: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"--set {self.text}: {self.reason}",
            nearest=self.near,
            remedy="write it as STAGE.NAME=VALUE, for example --set 04-train.depth=8",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("depth=8", "it names no stage")


@dataclass(eq=False)
class LinkLeadsNowhere(EnvironmentLacks):
    """A stage reads what is behind a link of the project whose folder is not there."""

    link: str
    target: str
    stage: str
    file: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"`{self.link}` is a link to a folder that is not there: {cut(self.target, 200)}",
            where=f"stage '{self.stage}' reads {self.file}",
            remedy="mount the disk that has it, or let the link lead to where the folder is now",
        )

    @classmethod
    def example(cls) -> Self:
        """A disk that is not mounted."""
        return cls("data", "/mnt/disk/data", "02-clean", "data/raw.csv")


@dataclass(eq=False)
class NoSuchParameter(UsageError):
    """A parameter for which the notebook has no literal at its top level; `called` is a call that has it as a word."""

    path: str
    name: str
    near: str
    known: tuple[str, ...]
    called: str = ""
    origin: str = ""

    def parts(self) -> Parts:
        """The message."""
        if self.called:
            return Parts(
                f"'{self.name}' of {self.path} is a word of its call, which --set and `params` do not replace",
                where=f"{self.origin}: {cut(self.called, 200)}",
                nearest=self.near,
                remedy=f"change it in {self.origin}",
            )
        there = f"it assigns {', '.join(self.known[:12])}" if self.known else "it assigns no literal at its top level"
        return Parts(
            f"{self.path} assigns no literal to '{self.name}' at its top level",
            where=self.path,
            nearest=self.near,
            remedy=f"correct the name; {there}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04-train.ipynb", "bucket", "buckets", ("buckets", "seed"))


@dataclass(eq=False)
class NoteshipMissing(EnvironmentLacks):
    """What loads models runs in the project's interpreter, and noteship is not installed there."""

    python: str
    doing: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.doing} needs noteship in the project's environment, and it is not there",
            where=self.python,
            remedy=f"install it: {self.python} -m pip install noteship",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(".venv/bin/python", "making the bundle")


@dataclass(eq=False)
class BundleFailed(WorkFailed):
    """The bundle could not be made: the reason comes from the process that composes, in its own four parts."""

    code: int
    fact: str
    where: str
    nearest: str
    remedy: str

    def __post_init__(self) -> None:
        self.exit_code = self.code  # type: ignore[misc]

    def parts(self) -> Parts:
        """The message."""
        return Parts(self.fact, self.where, self.nearest, self.remedy)

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(
            1,
            "the composed model does not reproduce data/features.parquet: column 'length' differs in 118 of 2,000 rows",
            "03-features.ipynb, cell 4, line 2",
            "what that cell does before the step is not part of the model",
            'move it into a function of a module and name it under [service] steps, as in "helpers:prepare"',
        )


@dataclass(eq=False)
class InputChanged(WorkFailed):
    """A file of the project's own is not what the run read any more, and the bundle is to be made of it."""

    path: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} has changed since the run read it, so the bundle would not be the run's",
            where=self.path,
            remedy="run again: noteship run",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("data/rows.csv")


@dataclass(eq=False)
class StepNotMade(UsageError):
    """`[service]` names a file that is neither in the project nor made by a stage of the run."""

    setting: str
    path: str
    near: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"[service] {self.setting} names {self.path}, which is not there and which no stage has made",
            where="noteship.toml",
            nearest=self.near,
            remedy="correct the path; `noteship graph` lists what the stages write",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("steps", "modle.sav", "model.sav")


@dataclass(eq=False)
class LeftOver(UsageError):
    """`[service]` names a file that an earlier run left and that no stage writes any more."""

    setting: str
    path: str
    stage: str
    is_stage: bool
    writes: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        writes = cut(", ".join(self.writes)) or "nothing"
        return Parts(
            f"[service] {self.setting} names {self.path}, which {self.stage} made in an earlier run and no stage"
            " writes any more",
            where="noteship.toml",
            nearest=f"{self.stage} now writes {writes}"
            if self.is_stage
            else f"there is no stage {self.stage} any more",
            remedy="name what a stage writes now; a file that is to stay as it is, keep under another name",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("steps", "scaler.sav", "02-prepare", True, ("features.parquet", "pipeline.sav"))


@dataclass(eq=False)
class NoBundle(UsageError):
    """There is no bundle to serve yet; `run` is the last run, and `why` it made none, where a [service] is declared."""

    name: str
    run: str = ""
    why: str = ""

    def parts(self) -> Parts:
        """The message."""
        if self.run:
            return Parts(
                f"{self.name} has no bundle yet: its last run {self.why}",
                where=f"run {self.run}",
                remedy=f"run it all: noteship run; `noteship show {self.run}` tells what happened in that run",
            )
        if self.why:
            return Parts(f"{self.name} has no bundle yet: {self.why}", remedy="make one: noteship run")
        return Parts(
            f"{self.name} has no bundle yet", remedy="make one: `noteship run`, with a [service] in noteship.toml"
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail")


@dataclass(eq=False)
class UnknownBundle(UsageError):
    """The name of a bundle fits none, or several."""

    name: str
    fitting: tuple[str, ...]
    known: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        fact = f"{len(self.fitting)} bundles start with" if self.fitting else "no bundle is named by"
        return Parts(
            f"{fact} '{self.name}'",
            nearest=", ".join(self.fitting[:5] or self.known[:5]),
            remedy="name one by more digits of its digest, or say `latest`",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("3f", ("3f2a91c04d11", "3fe0a7719b02"), ())


@dataclass(eq=False)
class NoRecord(UsageError):
    """A stage has no executed notebook in a run."""

    stage: str
    run: str
    state: str
    near: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"run {self.run} has no executed notebook of {self.stage}"
            + (f": it was {self.state}" if self.state else ""),
            nearest=self.near,
            remedy=f"`noteship show {self.run}` lists what happened in it",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04-trian", "20260102T030405Z-a1b2c3", "", "04-train")


@dataclass(eq=False)
class NothingToRun(UsageError):
    """A folder in which no notebook and no script is a stage."""

    folder: str
    below: tuple[str, ...]
    above: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "there is no notebook here, and no script that reads or writes data files",
            where=self.folder,
            nearest=self.above or ", ".join(f"{each}/noteship.toml" for each in self.below[:3]),
            remedy="name the project's folder with --project, or make one with noteship new",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("/home/ada", ("mail",))


@dataclass(eq=False)
class NothingReadable(WorkFailed):
    """Several notebooks, and none of them can be read; a single one raises its own fault."""

    facts: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        shown = [cut(fact, 200) for fact in self.facts[:5]]
        more = [f"and {len(self.facts) - 5} more"] if len(self.facts) > 5 else []
        return Parts(
            f"none of the {len(self.facts)} notebooks and scripts can be read",
            where="\n".join([*shown, *more]),
            remedy="correct them; noteship graph tells more of each",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(("01-clean.ipynb does not parse: invalid syntax", "02-plots.ipynb is written in R"))


@dataclass(eq=False)
class FolderNotEmpty(UsageError):
    """A new project would be written over something."""

    path: str
    found: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} is not empty, so no project is written there",
            where=f"{self.path}, which has {cut(self.found, 100)}",
            remedy="name a folder that is empty or not there yet",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("churn", "notes.txt")


@dataclass(eq=False)
class ForcedInVain(UsageError):
    """A stage is forced to run that the run leaves out."""

    stage: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"'{self.stage}' is forced to run, and this run leaves it out",
            nearest="the stages that were named do not need it, or another alternative is chosen",
            remedy=f"name it too: noteship run {self.stage} --force {self.stage}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("01-collect")


@dataclass(eq=False)
class SetInVain(UsageError):
    """A parameter is set of a stage that the run leaves out."""

    text: str
    stage: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"--set {cut(self.text)}: this run leaves '{self.stage}' out",
            nearest="the stages that were named do not need it, or another alternative is chosen, or it cannot be read",
            remedy=f"leave it out, or name the stage too: noteship run {self.stage}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04b-forest.depth=8", "04b-forest")


@dataclass(eq=False)
class InputOfUnreadable(UsageError):
    """A stage reads what nobody is known to write, beside a notebook that cannot be read and may well write it."""

    stage: str
    file: str
    place: str
    path: str
    fault: NoteshipError
    near: str = ""

    def parts(self) -> Parts:
        """The message."""
        fault = self.fault.parts()
        where = f" ({fault.where})" if fault.where and fault.where != self.path else ""
        return Parts(
            f"stage '{self.stage}' reads {self.file}, which is not in the project and which no other stage is known"
            " to write",
            where=self.place,
            nearest=f"{fault.fact}{where}" + (f"\nor {self.near}" if self.near else ""),
            remedy=f"{fault.remedy}; then it is known what {self.path} writes",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        fault = FolderNotEmpty.example()
        return cls("02-clean", "raw.csv", "02-clean.ipynb, cell 2, line 1", "01-collect.ipynb", fault)


@dataclass(eq=False)
class OpenToAll(UsageError):
    """A service would answer whoever reaches it, and others than this machine do."""

    host: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "whoever reaches this machine could call the service, without being asked who it is",
            where=f"--host {cut(self.host, 100)}",
            nearest="only on this machine's own address, 127.0.0.1, is nobody asked",
            remedy="--tokens FILE, with tokens of `noteship token`; in a pod, --token-review; or --no-auth,"
            " where something in front of the service asks",
        )

    @classmethod
    def example(cls) -> Self:
        """All addresses."""
        return cls("0.0.0.0")  # noqa: S104 - told, not listened on


@dataclass(eq=False)
class Contradiction(UsageError):
    """Options that do not go together."""

    fact: str
    remedy: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(self.fact, remedy=self.remedy)

    @classmethod
    def example(cls) -> Self:
        """Nobody is asked, and callers are named."""
        return cls("--no-auth leaves nobody out", "leave --no-auth out, or --tokens and --token-review")


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
    """Rows whose place in time nobody can tell. `row` counts from 0; values are not told."""

    path: str
    column: str
    rows: int
    row: int
    got: str

    def parts(self) -> Parts:
        """The message."""
        rows = f"{self.rows:,} rows" if self.rows > 1 else "one row"
        return Parts(
            f"the column '{cut(self.column, 60)}' of {self.path} has no time for {rows}",
            where=f"{self.path}, row {self.row} (from 0)",
            nearest=f"got {self.got}",
            remedy="write times as dates or as text such as 2026-11-23T05:00:00Z, in each row, or leave such rows out",
        )

    @classmethod
    def example(cls) -> Self:
        """A number, which could be of any unit."""
        return cls("orders.csv", "ordered", 2, 17, "a number")


@dataclass(eq=False)
class WindowTooLong(UsageError):
    """Windows longer than the time in which there may be a false alarm: each of them would be one."""

    window_s: float
    false_alarm_s: float

    def parts(self) -> Parts:
        """The message."""
        window, budget = (f"{each / 86_400:g} days" for each in (self.window_s, self.false_alarm_s))
        return Parts(
            f"windows of {window} are longer than the {budget} in which [monitor] false_alarms allows one",
            remedy="give a shorter --window, or fewer false alarms, such as false_alarms = \"1 per 730d\"",
        )

    @classmethod
    def example(cls) -> Self:
        """A year, and an alarm in 90 days."""
        return cls(31_536_000, 7_776_000)
