"""Readers and writers known by name, and the user's own beside them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from noteship.notebooks.catalogue_table import TABLE
from noteship.notebooks.uses import Action

__all__ = ["Catalogue", "Rule", "catalogue_of"]


@dataclass(frozen=True)
class Rule:
    """Where a function takes a path and what it does with it; see the table for the options."""

    action: Action
    position: int | None
    keywords: tuple[str, ...] = ()
    folder: bool = False
    weak: bool = False
    doubtful: bool = False
    external: bool = False
    extension: str = ""
    mode: tuple[int | None, str, str] | None = None


Rules = Mapping[str, tuple[Rule, ...]]


# Spark's readers and writers take their options between these and the method that names the path.
_FLOWS = frozenset({"read", "readStream", "write", "writeStream"})


class Catalogue:
    """Rules by name; what a user adds goes before the table."""

    def __init__(self, own: Rules) -> None:
        self._own = own
        self._table, self._within = _table()
        self._found: dict[str, tuple[Rule, ...]] = {}

    def knows(self, name: str) -> bool:
        """Whether a function of exactly this name is listed."""
        return name in self._own or name in self._table

    def rules(self, name: str) -> tuple[Rule, ...]:
        """The rules for a dotted name, the most exact ones; none when it is not known."""
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._look_up(name)
        return found

    def _look_up(self, name: str) -> tuple[Rule, ...]:
        for table in (self._own, self._table):
            if name in table:
                return table[name]
        parts = name.split(".")
        last = parts[-1]
        flow = next((part.removesuffix("Stream") for part in reversed(parts[:-1]) if part in _FLOWS), "")
        if f"spark-{flow}.{last}" in self._table:
            return self._table[f"spark-{flow}.{last}"]
        if len(parts) > 1:
            for table in (self._own, self._within.get(last, {}), self._table):
                for key in (f"{'.'.join(parts[:2])}.**.{last}", f"{parts[0]}.**.{last}", f"*.{last}"):
                    if key in table:
                        return table[key]
        return ()


def catalogue_of(readers: Mapping[str, str | int], writers: Mapping[str, str | int]) -> Catalogue:
    """The catalogue with a user's functions: each name with the keyword or position of its path.

    A keyword alone also means the first argument, as most readers take the path there.

    >>> catalogue_of({"mylib.load_frame": "path"}, {}).rules("mylib.load_frame")[0].keywords
    ('path',)
    """
    own: dict[str, tuple[Rule, ...]] = {}
    sides: tuple[tuple[Action, Mapping[str, str | int]], ...] = (("read", readers), ("write", writers))
    for action, given in sides:
        for name, argument in given.items():
            rule = Rule(action, argument) if isinstance(argument, int) else Rule(action, 0, (argument,))
            own[name] = (*own.get(name, ()), rule)
    return Catalogue(own)


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, tuple[Rule, ...]], dict[str, dict[str, tuple[Rule, ...]]]]:
    """The rules by name, and those within a library by the method's name."""
    exact: dict[str, list[Rule]] = {}
    for line in TABLE.splitlines():
        if line:
            action, name, *words = line.split()
            rule = _rule(action, words)
            for one in _expanded(name):
                if rule not in exact.setdefault(one, []):
                    exact[one].append(rule)
    within: dict[str, dict[str, tuple[Rule, ...]]] = {}
    for name, rules in exact.items():
        if ".**." in name:
            within.setdefault(name.rpartition(".")[2], {})[name] = tuple(rules)
    return {name: tuple(rules) for name, rules in exact.items()}, within


def _expanded(name: str) -> Iterator[str]:
    """`a.{b,c}` as `a.b` and `a.c`."""
    pieces = [piece.split(",") for piece in re.split(r"[{}]", name)]
    for choice in itertools.product(*pieces):
        yield "".join(choice)


def _rule(action: str, words: list[str]) -> Rule:
    position, *keywords = words[0].split("|")
    options = dict(word.partition("=")[::2] for word in words[1:])
    mode = options.get("mode")
    return Rule(
        "read" if action == "read" else "write",
        None if position == "-" else int(position),
        tuple(keywords),
        folder="folder" in options,
        weak="weak" in options,
        doubtful="doubtful" in options,
        external="external" in options,
        extension=options.get("ext", ""),
        mode=_mode(mode) if mode else None,
    )


def _mode(text: str) -> tuple[int | None, str, str]:
    position, keyword, default = text.split(":")
    return int(position) if position else None, keyword, default
