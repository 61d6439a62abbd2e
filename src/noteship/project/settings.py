"""`noteship.toml`: what a project says about itself, all of it optional."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from noteship.project import declaration, quantities
from noteship.project.errors import DeclarationUnreadable, NoProject

__all__ = [
    "EnvironmentSettings",
    "MonitorSettings",
    "NotebookSettings",
    "ProjectSettings",
    "ResourceSettings",
    "RunSettings",
    "ServiceSettings",
    "Settings",
    "StageSettings",
    "StoreSettings",
    "is_plain",
    "load",
]

FILE = "noteship.toml"
DAY_S = 86_400.0
# More would not fit into what a window's rows may take.
MOST_SAMPLED = 1_000


def _name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", value):
        # The limit of a Kubernetes label and of a DNS label: the name ends up in both.
        raise ValueError("a name of at most 63 small letters, digits and dashes")
    return value


def _duration(value: object) -> float:
    return quantities.duration_s(str(value))


def _length(value: object) -> float:
    # A number alone could be of any unit: minutes are as likely as seconds.
    if not isinstance(value, str) or not value.strip()[-1:].isalpha():
        raise ValueError('a duration with its unit, such as "90s", "5m" or "2h"')
    return _duration(value)


def _window(value: object) -> int:
    seconds = _length(value)
    # A longer one would be blind to what happens every day at one time.
    if not 1 <= seconds <= DAY_S or seconds != int(seconds):
        raise ValueError('a duration in whole seconds and with its unit, from "1s" to "1d"')
    return int(seconds)


def _false_alarms(value: object) -> float:
    found = re.fullmatch(r"\s*([1-9]\d*)\s+per\s+(.+)", str(value))
    try:
        return _length(found[2] if found else "") / int(found[1] if found else 1)
    except ValueError as error:
        raise ValueError('a number and a time with its unit, such as "1 per 90d"') from error


def _size(value: object) -> int:
    return quantities.size_bytes(str(value))


def _argument(value: object) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("the position or the name of the argument that holds the path")
    return value


def _arguments(value: object) -> dict[str, int | str]:
    if not isinstance(value, dict):
        raise ValueError('a table such as { "mylib.load_frame" = "path" }')
    return {name: _argument(argument) for name, argument in value.items()}


def is_plain(value: object) -> bool:
    """Whether a value can be a parameter: JSON has it, so that it can be compared with that of another run."""
    if value is None or isinstance(value, bool | str | int | float):
        return True
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(each) for key, each in value.items())
    return isinstance(value, list | tuple) and all(map(is_plain, value))


def _params(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not is_plain(value):
        raise ValueError("a table of numbers, texts, true or false, and lists or tables of these")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("a whole number from 1 on")
    return value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError("a number above 0 and at most 1")
    return float(value)


def _sample(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SAMPLED:
        raise ValueError(f"a whole number from 0, for none, to {MOST_SAMPLED:,}")
    return value


def _sample_keep(value: object) -> float:
    seconds = _length(value)
    # Counts are kept for five weeks; rows no longer than these.
    if not 3_600 <= seconds <= 35 * DAY_S:
        raise ValueError('a duration from "1h" to "35d"')
    return seconds


def _folds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0 or value == 1:
        raise ValueError("a whole number from 2 on, or 0 for none")
    return value


@dataclass(frozen=True)
class ProjectSettings:
    """`[project]`."""

    name: str | None = field(default=None, metadata={"parse": _name})


@dataclass(frozen=True)
class NotebookSettings:
    """`[notebooks]`: which files are stages, which functions read and write, which alternatives are chosen."""

    exclude: tuple[str, ...] = ()
    chosen: tuple[str, ...] = field(default=(), metadata={"key": "with"})
    readers: Mapping[str, int | str] = field(default_factory=dict, metadata={"parse": _arguments})
    writers: Mapping[str, int | str] = field(default_factory=dict, metadata={"parse": _arguments})


@dataclass(frozen=True)
class EnvironmentSettings:
    """`[environment]`: the interpreter that runs the notebooks, and its lock."""

    python: str | None = None
    lock: str | None = None


@dataclass(frozen=True)
class ResourceSettings:
    """`[stage.NAME] resources`: limits of one stage."""

    memory_bytes: int | None = field(default=None, metadata={"key": "memory", "parse": _size})


@dataclass(frozen=True)
class StageSettings:
    """`[stage.NAME]`: what overrules and limits one stage."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict, metadata={"parse": _params})
    resources: ResourceSettings = ResourceSettings()
    cwd: str | None = None
    timeout_s: float | None = field(default=None, metadata={"key": "timeout", "parse": _duration})


@dataclass(frozen=True)
class RunSettings:
    """`[run]`: how many stages run at once; by default one for each processor, at most four."""

    jobs: int | None = field(default=None, metadata={"parse": _count})


@dataclass(frozen=True)
class ServiceSettings:
    """`[service]`: which fitted steps make the model, and which rows give its signature."""

    steps: tuple[str, ...]
    data: str
    inputs: tuple[str, ...]
    target: str | None = None
    reproduces: tuple[str, ...] | None = None


@dataclass(frozen=True)
class MonitorSettings:
    """`[monitor]`: how the model is watched, and of how many folds are the predictions that it is compared with."""

    release: str = field(default="local", metadata={"parse": _name})
    window_s: int = field(default=300, metadata={"key": "window", "parse": _window})
    false_alarm_s: float = field(default=90 * DAY_S, metadata={"key": "false_alarms", "parse": _false_alarms})
    tolerance: float = field(default=0.10, metadata={"parse": _share})
    folds: int = field(default=5, metadata={"parse": _folds})
    sample: int = field(default=0, metadata={"parse": _sample})
    leave_out: tuple[str, ...] = ()
    sample_keep_s: float = field(default=7 * DAY_S, metadata={"key": "sample_keep", "parse": _sample_keep})


@dataclass(frozen=True)
class StoreSettings:
    """`[store]`: where artifacts and the ledger are kept; by default `.noteship/store` in the project."""

    url: str | None = None


@dataclass(frozen=True)
class Settings:
    """All of `noteship.toml`."""

    project: ProjectSettings = ProjectSettings()
    notebooks: NotebookSettings = NotebookSettings()
    environment: EnvironmentSettings = EnvironmentSettings()
    stage: Mapping[str, StageSettings] = field(default_factory=dict)
    run: RunSettings = RunSettings()
    service: ServiceSettings | None = None
    monitor: MonitorSettings = MonitorSettings()
    store: StoreSettings = StoreSettings()


def _unquoted(text: str) -> tuple[str, str]:
    """The first header of a stage whose name needs quotes in TOML, as it is and as it should be."""
    for line in text.splitlines():
        header = re.match(r"""\s*\[\s*stage\s*\.\s*([^"'\]]+?)(\.(?:params|resources))?\s*\]""", line)
        if header and not re.fullmatch(r"[A-Za-z0-9_-]+(\s*\.\s*[A-Za-z0-9_-]+)*", header[1]):
            return header[0].strip(), f'[stage."{header[1]}"{header[2] or ""}]'
    return "", ""


def load(root: Path) -> Settings:
    """Read a project's `noteship.toml`; all defaults where there is none.

    Raises: NoProject, DeclarationUnreadable, UnknownSetting, BadSetting.
    """
    if not root.is_dir():
        raise NoProject(str(root))
    path = root / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationUnreadable(FILE, str(error)) from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationUnreadable(FILE, str(error), _unquoted(text)) from error
    return declaration.read_table(Settings, table, declaration.Source(FILE, text))
