"""An opened project: its settings, and the rooms' values made from them when they are first needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship import computing, files, notebooks, project, store, workflow
from noteship.notebooks import ProjectSources, ReadingSettings, StageOverride, StageSource
from noteship.operations.declared import declared_sources

if TYPE_CHECKING:
    from noteship import ingestion
    from noteship.cluster import bucket_claims
    from noteship.operations.claims import ClaimedStore

__all__ = ["OpenedProject", "plain_name"]

CACHE, STORE = ".noteship/cache", ".noteship/store"
# Where most projects have their notebooks; which files are stages, reading it tells.
NOTEBOOKS = ("*.ipynb", "*/*.ipynb")
DECLARATION = "noteship.toml"
# What is the same whatever the parameters are.
UNVARIED = ("settings", "environment", "store", "_claimed", "ledger", "data_sources")


@dataclass(frozen=True)
class OpenedProject:
    """A project's folder, read; nothing in it is changed but `.noteship`.

    `own_parameters`, by stage, take the place of those in `noteship.toml`; None leaves these. They may change what
    is read.
    """

    root: Path
    own_parameters: Mapping[str, Mapping[str, Any]] | None = None

    @classmethod
    def at(cls, folder: Path) -> OpenedProject:
        """Open a folder. Raises what `project.load` raises."""
        opened = cls(folder.resolve())
        opened.settings  # noqa: B018 - a wrong declaration is said before anything else
        return opened

    def varied(self, parameters: Mapping[str, Mapping[str, Any]]) -> OpenedProject:
        """The same project with these parameters, and with what does not depend on them as far as it is known."""
        other = OpenedProject(self.root, parameters)
        other.__dict__.update({name: self.__dict__[name] for name in UNVARIED if name in self.__dict__})
        return other

    @cached_property
    def settings(self) -> project.Settings:
        """Its `noteship.toml`."""
        return project.load(self.root)

    @cached_property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """The values that replace literals, by stage."""
        if self.own_parameters is not None:
            return self.own_parameters
        return {name: stage.params for name, stage in self.settings.stage.items() if stage.params}

    def cluster_of(self, stage: str) -> computing.Wanted | None:
        """The cluster that a stage asks for, by itself or as all do."""
        own = self.settings.stage.get(stage)
        declared = (own and own.cluster) or self.settings.run.cluster
        return declared.wanted if declared else None

    @property
    def name(self) -> str:
        """The declared name, else the folder's, in the form that Kubernetes takes."""
        return self.settings.project.name or plain_name(self.root.name)

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the environment that its own code gets: without the secrets of its sources."""
        given = {each.credentials.env for each in self.settings.data.values() if each.credentials}
        return {name: value for name, value in os.environ.items() if name not in given}

    @cached_property
    def environment(self) -> project.Environment:
        """The interpreter of its notebooks, and the lock."""
        self.make_own_folder()
        return project.inspect(self.root, self.settings.environment)

    @cached_property
    def store(self) -> store.Store:
        """Where its artifacts and its ledger are."""
        self.make_own_folder()
        return self._claimed.opened() if self._claimed else store.open_store(self.settings.store.url, self.root)

    @property
    def store_url(self) -> str | None:
        """The store's address as pods know it: for a claim, that of its bucket."""
        return self._claimed.url if self._claimed else self.settings.store.url

    @property
    def claimed(self) -> bucket_claims.Claimed | None:
        """The bucket of the store's claim; None without one. Raises what `claims.claimed_store` raises."""
        return self._claimed.claimed if self._claimed else None

    def without_asking(self) -> OpenedProject:
        """The same project, whose claim stands for a bucket that there is not: for what does not depend on it."""
        from noteship.operations import claims

        other = OpenedProject(self.root, self.own_parameters)
        if claims.is_claim(self.settings.store.url):
            other.__dict__["_claimed"] = claims.nowhere(self.settings)
        return other

    @cached_property
    def _claimed(self) -> ClaimedStore | None:
        if not (self.settings.store.url or "").startswith("obc://"):
            return None
        # Who has no claim pays nothing for asking clusters.
        from noteship.operations.claims import claimed_store

        return claimed_store(self.settings)

    @property
    def is_new(self) -> bool:
        """Whether it has notebooks, and surely nothing that they have made before."""
        if self.settings.store.url is not None or (self.root / STORE).exists():
            return False
        return any(any(self.root.glob(pattern)) for pattern in NOTEBOOKS)

    @cached_property
    def ledger(self) -> workflow.Ledger:
        """What ran."""
        return workflow.Ledger(self.store)

    @cached_property
    def data_sources(self) -> Mapping[str, ingestion.Source]:
        """Its declared sources of data by the names of their stages. Raises QueryUnreadable."""
        return declared_sources(self.root, self.settings) if self.settings.data else {}

    @cached_property
    def sources(self) -> ProjectSources:
        """Its notebooks and scripts, and what each reads and writes."""
        self.make_own_folder()
        overrides = {
            name: StageOverride(
                reads=tuple(path for path in stage.reads if not path.startswith("!")),
                writes=tuple(path for path in stage.writes if not path.startswith("!")),
                not_reads=tuple(path[1:] for path in stage.reads if path.startswith("!")),
                not_writes=tuple(path[1:] for path in stage.writes if path.startswith("!")),
                cwd=stage.cwd,
                params=self.parameters.get(name, {}),
            )
            for name, stage in self.settings.stage.items()
        }
        overrides |= {
            name: StageOverride(params=values) for name, values in self.parameters.items() if name not in overrides
        }
        declared = self.settings.notebooks
        settings = ReadingSettings(
            exclude=declared.exclude,
            readers=declared.readers,
            writers=declared.writers,
            stages=overrides,
            python=self._own_python(),
            coming=tuple(source.target for source in self.data_sources.values()),
        )
        return notebooks.read_project(self.root, settings, self.root / CACHE)

    def _own_python(self) -> Path | None:
        """An interpreter of the project's own, which may read newer syntax than noteship's."""
        path = self.root / Path(self.settings.environment.python or ".venv/bin/python").expanduser()
        return path if path.exists() else None

    @property
    def projects_below(self) -> tuple[str, ...]:
        """Folders within it that are projects of their own, with a `noteship.toml` that is not read here."""
        ends = f"/{DECLARATION}"
        return tuple(sorted(path.removesuffix(ends) for path in self.sources.files if path.endswith(ends)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of the folder itself."""
        below = tuple(
            f"{each}/{DECLARATION} is not read here: {each} is a project of its own (--project {each})"
            for each in self.projects_below
        )
        above = self.project_above
        if above is None:
            return below
        folder = self.root.relative_to(above).as_posix()
        return (f"{above} is a project, and only its folder {folder} is looked at here (--project {above})", *below)

    @property
    def project_above(self) -> Path | None:
        """The nearest folder above that is a project; none for one with a `noteship.toml` of its own."""
        if (self.root / DECLARATION).exists():
            return None
        marks = (DECLARATION, ".noteship/store", ".noteship/cache")
        return next((each for each in self.root.parents if any((each / mark).exists() for mark in marks)), None)

    @cached_property
    def sources_by_name(self) -> Mapping[str, StageSource]:
        """Its notebooks and scripts by the names of their stages."""
        return {source.name: source for source in self.sources.stages}

    @cached_property
    def workplace(self) -> workflow.Workplace:
        """Where its runs take place."""
        found = self.environment
        packages = dict(line.partition(";")[0].split("==", 1) for line in found.lines)
        return workflow.Workplace(
            self.root, self.store, workflow.Environment(found.digest, packages, found.interpreter.minor)
        )

    def make_own_folder(self) -> None:
        """Make `.noteship`, which git is told to leave alone."""
        # Who cannot write here is told so by what cannot do without.
        with suppress(OSError):
            files.own_folder(self.root)


def plain_name(name: str) -> str:
    """A name in the form that Kubernetes takes: small letters, digits and dashes, at most 63."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return kept.strip("-")[:63].strip("-") or "project"
