"""Functions that pick from a sequence or cut it up: what they give is among its items."""

from __future__ import annotations

from collections.abc import Mapping as MappingType

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.values import NONE, Seq, Unknown, Value, join

__all__ = ["SELECTION_MODELS"]


def _several(machine: Machine, value: Value | None) -> Seq:
    """Any number of the items, in any order."""
    items, rest = machine.items(value or NONE)
    known = [*items, *([rest] if rest is not None else [])]
    return Seq("list", [], join(known) if known else None, depth=machine.maybe)


def _one(machine: Machine, call: Call) -> Value:
    """`random.choice(files)`; with a size it gives several."""
    found = _several(machine, call.get(0, "seq", "a", "population"))
    several = call.name.endswith("choices") or call.get(1, "size", "k") is not None
    return found if several else found.rest or Unknown("a random choice")


def _of_first(machine: Machine, call: Call) -> Value:
    return _several(machine, call.get(0))


def _of_second(machine: Machine, call: Call) -> Value:
    return _several(machine, call.get(1, "iterable"))


def _slice(machine: Machine, call: Call) -> Value:
    """`itertools.islice(files, 3)`: of a known list the known items."""
    value, stop = call.get(0), call.constant(1)
    items, rest = machine.items(value or NONE)
    if rest is None and isinstance(stop, int) and len(call.arguments.positional) == 2:
        return Seq("list", items[:stop], depth=machine.maybe)
    return _several(machine, value)


def _groups(machine: Machine, call: Call) -> Value:
    """`itertools.groupby(files, key)`: pairs of a key and some of the items."""
    return Seq("list", [], Seq("tuple", [Unknown("a key of a group"), _several(machine, call.get(0))]))


def _batches(machine: Machine, call: Call) -> Value:
    return Seq("list", [], _several(machine, call.get(0)))


def _split(machine: Machine, call: Call) -> Value:
    """`train_test_split(files, labels)`: two parts of each."""
    parts = [_several(machine, value) for value in call.arguments.positional for _ in range(2)]
    return Seq("tuple", list(parts))


SELECTION_MODELS: MappingType[str, Model] = {
    "random.choice": _one,
    "random.choices": _one,
    "secrets.choice": _one,
    "numpy.random.choice": _one,
    "numpy.random.default_rng().choice": _one,
    "numpy.random.permutation": _of_first,
    "heapq.nlargest": _of_second,
    "heapq.nsmallest": _of_second,
    "itertools.islice": _slice,
    "itertools.takewhile": _of_second,
    "itertools.dropwhile": _of_second,
    "itertools.filterfalse": _of_second,
    "itertools.groupby": _groups,
    "itertools.batched": _batches,
    "more_itertools.chunked": _batches,
    "sklearn.model_selection.train_test_split": _split,
    "pandas.Series": _of_first,
    "pandas.unique": _of_first,
}
