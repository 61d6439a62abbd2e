"""Which parts of a stage's code changed: cells, functions and classes, by the digests that are kept with its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from noteship.workflow.stages import Pieces

__all__ = ["changed_code"]

SHOWN = 3


def changed_code(own: str, old: Mapping[str, Pieces], new: Mapping[str, Pieces]) -> str:
    """What changed, in words; `own` is the path of the stage's document. Empty where it is not known.

    >>> before, now = [("cell 1", "a"), ("cell 2", "b")], [("cell 1", "a"), ("cell 2", "c"), ("cell 3", "d")]
    >>> changed_code("01.ipynb", {"01.ipynb": before, "help.py": []}, {"01.ipynb": now, "more.py": []})
    'cell 2, cell 3, help.py is imported no more (and 1 more)'
    """
    if not old or not new:
        return ""
    found = list(_changes(own, old, new))
    more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more


def _changes(own: str, old: Mapping[str, Pieces], new: Mapping[str, Pieces]) -> Iterator[str]:
    for path in sorted({*old, *new}, key=lambda path: (path != own, path)):
        if path not in old:
            yield f"{path} is imported now"
        elif path not in new:
            yield f"{path} is imported no more"
        else:
            prefix = "" if path == own else f"{path} "
            yield from (prefix + text for text in _differences(old[path], new[path]))


def _differences(old: Pieces, new: Pieces) -> Iterator[str]:
    before, after = ([digest for _, digest in pieces] for pieces in (old, new))
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for kind, old_from, old_to, new_from, new_to in steps:
        if kind == "delete":
            yield from (f"{name} is gone" for name in _names(old[old_from:old_to]))
        elif kind == "insert":
            yield from (f"{name} is new" for name in _names(new[new_from:new_to]))
        elif kind == "replace":
            yield from _names(new[new_from:new_to])


def _names(pieces: Pieces) -> Sequence[str]:
    return [name for name, _ in pieces]
