"""`noteship.toml`: what a project says about itself, all of it optional."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from noteship.project import declaration, values
from noteship.project.canary_settings import CanarySettings
from noteship.project.cluster_settings import ClusterSettings
from noteship.project.contract_settings import ContractSettings
from noteship.project.data_settings import DataSettings
from noteship.project.errors import DeclarationUnreadable, NoProject
from noteship.project.image_settings import ImageSettings
from noteship.project.kubernetes_settings import KubernetesSettings
from noteship.project.retrain_settings import RetrainSettings
from noteship.project.tune_settings import TuneSettings
from noteship.project.validate_settings import ValidateSettings
from noteship.project.values import is_plain

__all__ = [
    "CollectSettings",
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
    "place",
]

FILE = "noteship.toml"


@dataclass(frozen=True)
class ProjectSettings:
    """`[project]`."""

    name: str | None = field(default=None, metadata={"parse": values.name})
    card: str | None = None


@dataclass(frozen=True)
class NotebookSettings:
    """`[notebooks]`: which files are stages, which functions read and write, which alternatives are chosen."""

    exclude: tuple[str, ...] = ()
    chosen: tuple[str, ...] = field(default=(), metadata={"key": "with"})
    readers: Mapping[str, int | str] = field(default_factory=dict, metadata={"parse": values.arguments})
    writers: Mapping[str, int | str] = field(default_factory=dict, metadata={"parse": values.arguments})


@dataclass(frozen=True)
class EnvironmentSettings:
    """`[environment]`: the interpreter that runs the notebooks, and its lock."""

    python: str | None = None
    lock: str | None = None


@dataclass(frozen=True)
class ResourceSettings:
    """`[stage.NAME] resources`: limits of one stage, and what its pod is promised on a cluster."""

    memory_bytes: int | None = field(default=None, metadata={"key": "memory", "parse": values.size})
    memory_most_bytes: int | None = field(default=None, metadata={"key": "memory_most", "parse": values.size})
    cpu: str | None = None
    cpu_limit: str | None = None
    temporary: str | None = None
    devices: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.memory_most_bytes is not None and self.memory_most_bytes <= (self.memory_bytes or 0):
            raise ValueError("memory_most above memory: how much it may have when that was too little")
        if self.memory_most_bytes is not None and self.memory_bytes is None:
            raise ValueError("memory with memory_most: with how much it begins")


@dataclass(frozen=True)
class StageSettings:
    """`[stage.NAME]`: what overrules and limits one stage."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict, metadata={"parse": values.params})
    resources: ResourceSettings = ResourceSettings()
    cwd: str | None = None
    timeout_s: float | None = field(default=None, metadata={"key": "timeout", "parse": values.duration})
    cluster: ClusterSettings | None = None
    nodes: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class RunSettings:
    """`[run]`: how many stages run at once; by default one for each processor, at most four. And their cluster."""

    jobs: int | None = field(default=None, metadata={"parse": values.count})
    cluster: ClusterSettings | None = field(default=None, metadata={"as": "stage.NAME.cluster"})


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

    release: str = field(default="local", metadata={"parse": values.name})
    window_s: int = field(default=300, metadata={"key": "window", "parse": values.window})
    false_alarm_s: float = field(default=90 * values.DAY_S, metadata={"key": "false_alarms", "parse": values.interval})
    tolerance: float = field(default=0.10, metadata={"parse": values.share})
    folds: int = field(default=5, metadata={"parse": values.folds})
    sample: int = field(default=0, metadata={"parse": values.sample})
    leave_out: tuple[str, ...] = ()
    beside: str | None = field(default=None, metadata={"parse": values.digest})
    sample_keep_s: float = field(default=7 * values.DAY_S, metadata={"key": "sample_keep", "parse": values.sample_keep})


@dataclass(frozen=True)
class CollectSettings:
    """`[collect]`: how much is kept of what is asked and answered, without which columns, for how long."""

    share: float = field(default=0.0, metadata={"parse": values.part})
    leave_out: tuple[str, ...] = ()
    keep_s: float = field(default=30 * values.DAY_S, metadata={"key": "keep", "parse": values.length})
    most_bytes: int = field(default=1 << 30, metadata={"key": "max_per_day", "parse": values.size})


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
    data: Mapping[str, DataSettings] = field(default_factory=dict, metadata={"hidden": True})
    contracts: ContractSettings = field(default_factory=ContractSettings)
    run: RunSettings = RunSettings()
    service: ServiceSettings | None = None
    tune: TuneSettings | None = None
    validate: ValidateSettings = field(default_factory=ValidateSettings)
    monitor: MonitorSettings = MonitorSettings()
    retrain: RetrainSettings | None = None
    collect: CollectSettings = CollectSettings()
    store: StoreSettings = StoreSettings()
    image: ImageSettings = field(default_factory=ImageSettings)
    canary: CanarySettings = field(default_factory=CanarySettings)
    kubernetes: KubernetesSettings = field(default_factory=KubernetesSettings)


def _unquoted(text: str) -> tuple[str, str]:
    """The first header of a stage whose name needs quotes in TOML, as it is and as it should be."""
    for line in text.splitlines():
        header = re.match(r"""\s*\[\s*stage\s*\.\s*([^"'\]]+?)(\.(?:params|resources))?\s*\]""", line)
        if header and not re.fullmatch(r"[A-Za-z0-9_-]+(\s*\.\s*[A-Za-z0-9_-]+)*", header[1]):
            return header[0].strip(), f'[stage."{header[1]}"{header[2] or ""}]'
    return "", ""


def place(root: Path, dotted: str) -> str:
    """The file of a setting and, where it can be told, its line."""
    try:
        return declaration.Source(FILE, (root / FILE).read_text(encoding="utf-8")).place(dotted)
    except (OSError, UnicodeDecodeError):
        return FILE


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
