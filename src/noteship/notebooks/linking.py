"""What the stages read and write in the project's own paths, matched with each other and with its files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from noteship.notebooks.elsewhere import Pair, elsewhere_of
from noteship.notebooks.makers import settle_makers
from noteship.notebooks.matching import Matching
from noteship.notebooks.partial_paths import pattern_of
from noteship.notebooks.placement import Placed, StageUses, place
from noteship.notebooks.uses import Elsewhere, External, Unknown, Use

__all__ = ["Linked", "link"]


@dataclass(frozen=True)
class Linked:
    """A stage's uses with the project's own paths."""

    uses: tuple[Use, ...]
    external: tuple[External, ...]
    unknown: tuple[Unknown, ...]
    elsewhere: tuple[Elsewhere, ...] = ()
    redone: tuple[str, ...] = ()


def link(stages: Sequence[StageUses], files: frozenset[str], root_name: str) -> dict[str, Linked]:
    """The uses of all stages, by the stage's name."""
    placed = place(stages, files, root_name)
    settle_makers(placed, stages)
    Matching(placed, files).resolve()
    return {stage.name: _linked(stage, placed[stage.name]) for stage in stages}


def _linked(stage: StageUses, items: Sequence[Placed]) -> Linked:
    uses: list[Use] = []
    external = [External(it.what, it.action, it.cell, it.line, it.call, it.how) for it in stage.raw.external]
    unknown = [Unknown(it.cell, it.line, it.call, it.action, it.reason) for it in stage.raw.unknown]
    for item in items:
        raw = item.raw
        if item.dropped or item.shared:
            continue
        if item.results:
            uses.extend(_uses(item))
        elif item.outside and not item.reason:
            external.append(External(item.outside, raw.action, raw.cell, raw.line, raw.call, raw.how))
        else:
            unknown.append(Unknown(raw.cell, raw.line, raw.call, raw.action, item.reason))
    moved = elsewhere_of(pair for item in items if (pair := _moved(item)) is not None)
    redone = {item.pattern.shown for item in items if item.shared and item.pattern is not None}
    return Linked(
        tuple(dict.fromkeys(uses)),
        tuple(dict.fromkeys(external)),
        tuple(dict.fromkeys(unknown)),
        moved,
        tuple(sorted(redone)),
    )


def _moved(item: Placed) -> Pair | None:
    """The path of a use as the code has it, where that is not in the project and its place is."""
    path = item.raw.path
    text = pattern_of(path).text
    if item.pattern is None or item.dropped or (path.anchor == "relative" and not text.startswith("../")):
        return None
    # A drive is the same in either case.
    text = text[:1].upper() + text[1:] if text[1:2] == ":" else text
    return Pair(f"~/{text}" if path.anchor == "home" else text, item.pattern.text)


def _uses(item: Placed) -> Iterable[Use]:
    raw = item.raw
    how = f"{raw.how}; {item.how}" if item.how else raw.how
    for path, guessed in item.results.items():
        maybe = raw.maybe or item.maybe or guessed
        optional = raw.guarded and raw.action == "read"
        yield Use(path, raw.action, raw.cell, raw.line, raw.call, how, maybe, raw.folder, path in item.own, optional)
