"""What may start a retraining: an alarm that rings, and data that moved; each of them once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from noteship import monitor, workflow
from noteship.digests import short
from noteship.monitor.pieces import stamp
from noteship.operations.opened import OpenedProject
from noteship.operations.releases import NAMES as RELEASED
from noteship.operations.retrainings import Occasion, history
from noteship.operations.sourcing import VERSION, settled
from noteship.operations.stages import chosen_of, graph_of

if TYPE_CHECKING:
    from noteship import ingestion

__all__ = ["found", "is_known"]

# So many retrainings back an occasion is known to have been one already; alarms are settled, and sources move on.
REMEMBERED = 100


def found(opened: OpenedProject, kinds: tuple[str, ...]) -> tuple[Occasion, ...]:
    """What has happened that started no retraining yet, of these kinds. Asks the origins of sources for "data".

    Raises what a graph that cannot run raises, what origins raise, and the store's errors.
    """
    there = [
        *(_alarms(opened) if "alarm" in kinds else ()),
        *(_moved(opened) if "data" in kinds and opened.data_sources else ()),
    ]
    known = _known(opened) if there else frozenset()
    return tuple(each for each in there if each.what not in known)


def is_known(opened: OpenedProject, what: str) -> bool:
    """Whether an occasion of this name started a retraining already."""
    return what in _known(opened)


def _known(opened: OpenedProject) -> frozenset[str]:
    pasts = islice(history(opened.store), REMEMBERED)
    return frozenset(occasion.what for past in pasts for occasion in past.occasions)


def _alarms(opened: OpenedProject) -> Iterator[Occasion]:
    """Those that ring, and that nobody has settled, of the versions that are served now."""
    served = _served(opened)
    for place in monitor.places(opened.store):
        if place.model != opened.name or place.version not in served:
            continue
        ref = monitor.Windows(opened.store, place).read_state()
        state = None if ref is None else monitor.State.from_json(ref.value)
        if state is not None and state.since is not None and state.settled is None:
            since = stamp(state.since)
            told = f"{place.release}: an alarm of {short(place.version)} rings since {since}"
            yield Occasion("alarm", f"alarm {place.release} {place.version} {since}", told)


def _served(opened: OpenedProject) -> frozenset[str]:
    """The champion, or where nobody is, the latest; and what is deployed."""
    names = [opened.store.read_ref(f"names/{name}") for name in ("champion", "latest")]
    first = next((ref for ref in names if ref is not None), None)
    deployed = opened.store.read_refs(f"{RELEASED}/")
    return frozenset(str(ref.value["digest"]) for ref in (*([first] if first else []), *deployed))


def _moved(opened: OpenedProject) -> Iterator[Occasion]:
    """Sources that are to be fetched; of one that does not tell its version nobody knows whether it moved."""
    graph = chosen_of(opened, graph_of(opened), ())
    data = settled(opened, graph)
    choices = workflow.plan(data.graph, opened.workplace)
    for name in choices.keys() & opened.data_sources.keys():
        version = data.graph.stages[name].params[VERSION]
        is_told = version is not None and not _is_of_none(opened.data_sources[name], version)
        if is_told and isinstance(choices[name], workflow.Execute):
            yield Occasion("data", f"data {name} {version}", f"{name} has moved")


def _is_of_none(source: ingestion.Source, version: str) -> bool:
    """That nothing was collected, whatever columns it would have, is nothing to learn from."""
    if source.address.kind != "collected":
        return False
    from noteship import collecting

    return collecting.is_of_none(version)
