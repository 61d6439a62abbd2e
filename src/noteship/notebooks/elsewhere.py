"""Folders of other machines that a stage's code names, and which folders of the project they are taken for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from noteship.notebooks.partial_paths import DEEP, Pattern
from noteship.notebooks.uses import Elsewhere

__all__ = ["Pair", "elsewhere_of"]

# Folders that all programs share: a file in one says nothing of the others.
SHARED = frozenset({"/tmp", "/var/tmp", "/dev/shm"})  # noqa: S108 - nothing is written there


@dataclass(frozen=True)
class Pair:
    """A path as the code has it, and the project's own for it."""

    path: str
    inside: str


def elsewhere_of(pairs: Iterable[Pair]) -> tuple[Elsewhere, ...]:
    """The fewest folders, and single files, that take all pairs to their places; sorted by path.

    Two paths are of folders that correspond as far up as they go on alike: `/home/a/p/data/x.csv` and `data/x.csv` say
    that `/home/a/p` is the project's root.
    """
    known = [known for pair in dict.fromkeys(pairs) if (known := _literal(pair)) is not None]
    heads = [_heads(pair) for pair in known]
    meant: dict[str, Counter[str]] = {}
    for head, place in heads:
        meant.setdefault(head, Counter())[place] += 1
    found: dict[str, str] = {}
    files: dict[str, list[str]] = {}
    for pair, (head, place) in zip(known, heads, strict=True):
        chosen = min(meant[head].items(), key=lambda each: (-each[1], each[0]))[0]
        path, inside = (head, place) if chosen == place else (pair.path.rstrip("/"), pair.inside)
        found[path] = inside
        files.setdefault(path, []).append(pair.path)
    tops = {path: inside for path, inside in found.items() if not _follows(path, inside, found)}
    for path in found.keys() - tops.keys():
        top = max((each for each in tops if path.startswith(f"{each}/")), key=len)
        files[top] += files[path]
    return tuple(
        Elsewhere(path, inside, tuple(sorted(set(files[path]))), path not in files[path])
        for path, inside in sorted(tops.items())
    )


def _literal(pair: Pair) -> Pair | None:
    """The pair without its last parts, from the first on that is not known; then it ends in `/`."""
    if Pattern(pair.path).literal and Pattern(pair.inside).literal:
        return pair
    away, here = pair.path.split("/"), pair.inside.split("/")
    while not (Pattern("/".join(away)).literal and Pattern("/".join(here)).literal):
        if here and away[-1] == here[-1]:
            away, here = away[:-1], here[:-1]
        elif away[-1] == DEEP:
            # Any number of folders is none, too.
            away = away[:-1]
        else:
            return None
    return Pair("/".join(away) + "/", "/".join(here)) if len(away) >= _least(away) else None


def _heads(pair: Pair) -> tuple[str, str]:
    """The two paths without the tail that they share."""
    away, here = pair.path.rstrip("/").split("/"), pair.inside.split("/") if pair.inside else []
    shared = 0
    while shared < min(len(here), len(away) - _least(away)) and away[-1 - shared] == here[-1 - shared]:
        shared += 1
    head = "/".join(away[: len(away) - shared])
    if head in SHARED:
        return pair.path.rstrip("/"), pair.inside
    return head, "/".join(here[: len(here) - shared])


def _least(parts: Sequence[str]) -> int:
    """How many parts a path must keep: one below the root, the drive, the home, or what it climbs."""
    climbed = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    return (climbed or 1) + 1


def _follows(path: str, inside: str, found: dict[str, str]) -> bool:
    """Whether a folder above that is taken for another tells as much."""
    above = max((each for each in found if path.startswith(f"{each}/")), key=len, default=None)
    return above is not None and inside == "/".join(filter(None, (found[above], path[len(above) + 1 :])))
