"""Comprehensions and generator expressions, unrolled as far as their sources are known."""

from __future__ import annotations

import ast
from collections.abc import Callable

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.existence import asks, present
from noteship.notebooks.interpreter.narrowing import narrow
from noteship.notebooks.interpreter.targets import assign
from noteship.notebooks.values import Mapping, Scope, Seq, Unknown, Value, join

__all__ = ["dictionary_of", "sequence_of"]

UNROLLED_ITEMS = 200


def sequence_of(machine: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
    """A list, set or generator comprehension."""
    found = Seq("set" if isinstance(node, ast.SetComp) else "list", [], depth=machine.maybe)
    others: list[Value] = []

    def add(certain: bool) -> None:
        value = machine.value(node.elt)
        if certain:
            found.items.append(value)
        else:
            others.append(value)

    _scoped(machine, lambda: _rounds(machine, node.generators, add, True))
    _settle(found, others)
    return found


def _settle(found: Seq, others: list[Value]) -> None:
    """Items under an unknown condition may be absent; of items of unknown number one stands for all."""
    if others:
        found.rest = join(others)


def dictionary_of(machine: Machine, node: ast.DictComp) -> Value:
    """A dictionary comprehension."""
    found = Mapping({}, depth=machine.maybe)

    def add(certain: bool) -> None:
        name = machine.value(node.key)
        key = machine.key(name)
        value = machine.value(node.value)
        if key is None or not certain:
            found.add(name, value)
        else:
            found.items[key] = value

    _scoped(machine, lambda: _rounds(machine, node.generators, add, True))
    return found


def _scoped(machine: Machine, work: Callable[[], None]) -> None:
    frame = machine.frame
    outer = frame.scope
    frame.scope = Scope({}, outer, outer.path)
    try:
        work()
    finally:
        frame.scope = outer


def _rounds(machine: Machine, generators: list[ast.comprehension], add: Callable[[bool], None], certain: bool) -> None:
    if not generators:
        add(certain)
        return
    first, others = generators[0], generators[1:]
    items, rest = machine.items(machine.value(first.iter))
    later = _is_later(machine, first, items[:UNROLLED_ITEMS])
    for item in items[:UNROLLED_ITEMS]:
        assign(machine, first.target, item)
        passed = _passes(machine, first.ifs, later)
        if passed is not False:
            there = (present(machine, test, True) for test in first.ifs)
            with machine.perhaps(passed is None), machine.given(frozenset().union(*there)):
                _rounds(machine, others, add, certain and passed is True)
        if machine.hurried:
            rest = rest or Unknown("an item of a list")
            break
    if rest is not None or len(items) > UNROLLED_ITEMS:
        assign(machine, first.target, rest if rest is not None else Unknown("an item of a long list"))
        if _passes(machine, first.ifs) is not False:
            with machine.perhaps():
                _rounds(machine, others, add, False)


def _is_later(machine: Machine, source: ast.comprehension, items: list[Value]) -> bool:
    """Whether what is asked for is not there yet: of files that are to be there, none is."""
    if not any(isinstance(test, ast.Call) and asks(test.func) for test in source.ifs):
        return False
    for item in items:
        assign(machine, source.target, item)
        if _passes(machine, source.ifs) is not False:
            return False
    return True


def _passes(machine: Machine, tests: list[ast.expr], later: bool = False) -> bool | None:
    """Whether a round passes its conditions; a condition on the folder's content is taken as it is now, or `later`."""
    result: bool | None = True
    for test in tests:
        value = machine.value(test)
        known = machine.truth(value)
        if known is None and isinstance(value, Unknown):
            # What a hosted notebook has is not to be seen here.
            elsewhere = value.exists and machine.inside(value.exists) is None
            known = None if elsewhere or (later and value.exists) else value.likely
        if known is False:
            return False
        if known is None:
            narrow(machine, test, True)
        result = None if known is None else result
    return result
