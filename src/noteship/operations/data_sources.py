"""`noteship data sources`: where data come from, what was fetched when, and whether it moved since."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from noteship import store, workflow
from noteship.errors import NoteshipError
from noteship.nearest import nearest
from noteship.operations.declared import PREFIX
from noteship.operations.errors import UnknownSource
from noteship.operations.opened import OpenedProject
from noteship.operations.sourcing import VERSION, last_fetched, version_now

if TYPE_CHECKING:
    from noteship import ingestion

__all__ = ["SourceState", "record_of", "sources", "stages_named"]

State = Literal["never fetched", "fetched", "unmoved", "moved", "does not say", "unknown"]


@dataclass(frozen=True)
class SourceState:
    """A source, the record of what was fetched last, and how it stands; `fault` is why its origin could not say."""

    source: ingestion.Source
    refresh: str
    state: State
    record: dict[str, Any] | None = None
    fault: NoteshipError | None = None

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "name": self.source.name.removeprefix(PREFIX),
            "stage": self.source.name,
            "from": self.source.address.text,
            "to": self.source.target,
            "refresh": self.refresh,
            "state": self.state,
            "last": self.record,
            "fault": self.fault.to_json() if self.fault else None,
        }


def stages_named(opened: OpenedProject, names: Sequence[str]) -> list[str]:
    """The stages of sources, by their names with or without `data.`; none named are all. Raises UnknownSource."""
    known = opened.data_sources
    found = []
    for name in names:
        stage = name if name in known else f"{PREFIX}{name}"
        if stage not in known:
            near = nearest(name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in known])
            raise UnknownSource(name, near, len(known))
        found.append(stage)
    return found or list(known)


def sources(opened: OpenedProject, names: Sequence[str] = (), *, check: bool = False) -> list[SourceState]:
    """How the sources stand; with `check` their origins are asked, and one that cannot be is noted as such.

    Raises UnknownSource.
    """
    stages = stages_named(opened, names)
    last = last_fetched(opened, stages)
    return [_state(opened, opened.data_sources[name], last.get(name), check) for name in stages]


def _state(opened: OpenedProject, source: ingestion.Source, last: workflow.Result | None, check: bool) -> SourceState:
    refresh = _refresh(opened.settings.data[source.name.removeprefix(PREFIX)].refresh_s)
    record = record_of(opened, last.record) if last else None
    if not check or last is None:
        return SourceState(source, refresh, "fetched" if last else "never fetched", record)
    try:
        version = version_now(opened, source)
    except NoteshipError as error:
        return SourceState(source, refresh, "unknown", record, error)
    state: State = "does not say"
    if version is not None:
        state = "unmoved" if version == last.parts.params.get(VERSION) else "moved"
    return SourceState(source, refresh, state, record)


def record_of(opened: OpenedProject, record: store.Artifact | None) -> dict[str, Any] | None:
    """The record of a fetched source; None where the store has it no more."""
    if record is None:
        return None
    try:
        value = json.loads(opened.store.get_bytes(record.digest))
    except (store.errors.MissingObject, store.errors.DamagedObject, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _refresh(seconds: float) -> str:
    if not seconds:
        return "always"
    return "once" if math.isinf(seconds) else f"after {seconds:g} s"
