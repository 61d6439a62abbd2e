"""Pools, executors and threads: the functions that they are given run in place."""

from __future__ import annotations

from collections.abc import Mapping as MappingType

from noteship.notebooks.interpreter.arguments import Arguments, Call
from noteship.notebooks.interpreter.calls import call_back
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.sequence_models import SEQUENCE_MODELS
from noteship.notebooks.values import (
    NONE,
    ClassValue,
    Func,
    Library,
    Mapping,
    Method,
    Seq,
    Unknown,
    Value,
)

__all__ = ["CONCURRENCY_MODELS"]


def _map_over(machine: Machine, call: Call) -> Value:
    """`pool.map(f, items)` and its kin on any object."""
    function = call.get(0, "func", "fn")
    followed = isinstance(function, (Func, Method, ClassValue)) or _is_callable_library(machine, function)
    if not followed or len(call.arguments.positional) < 2:
        call_back(machine, call.arguments, call.name.removeprefix("?."))
        return Library(f"{call.name[-100:]}()", call.reason)
    if function is None:
        return Unknown("what map gives")
    if call.name.endswith("starmap"):
        items, rest = machine.items(call.get(1, "iterable") or NONE)
        rows = [machine.items(item)[0] for item in items] or [machine.items(rest)[0] if rest is not None else []]
        return Seq("list", [machine.invoke(function, *row) for row in rows[:200]])
    return SEQUENCE_MODELS["map"](machine, call)


def _is_callable_library(machine: Machine, value: Value | None) -> bool:
    if not isinstance(value, Library):
        return False
    return value.data is not None or value.name in machine.parts.models or bool(machine.catalogue.rules(value.name))


def _submit(machine: Machine, call: Call) -> Value:
    """`executor.submit(f, a, b)`, `client.submit(...)`."""
    function = call.get(0, "func", "fn")
    if isinstance(function, (Func, Method)):
        arguments = Arguments(call.arguments.positional[1:], dict(call.arguments.keywords), call.arguments.spread)
        result = machine.parts.invoke(machine, function, arguments, call.node)
        return Library("concurrent.futures.Future()", machine.reason(result), result)
    return Library(f"{call.name[-100:]}()", call.reason)


def _future_result(machine: Machine, call: Call) -> Value:
    return call.data if isinstance(call.data, Value) else Unknown("the result of a future")


def _apply_with(machine: Machine, call: Call) -> Value:
    """`Thread(target=f, args=(a,))`, `pool.apply_async(f, (a,))`."""
    function = call.get(0 if "apply" in call.name else None, "target", "func")
    arguments = call.get(1 if "apply" in call.name else None, "args")
    keywords = call.get(2 if "apply" in call.name else None, "kwargs", "kwds")
    if isinstance(function, (Func, Method, Library)):
        items, rest = machine.items(arguments) if arguments is not None else ([], None)
        given = {str(key): value for key, value in keywords.items.items()} if isinstance(keywords, Mapping) else {}
        machine.parts.invoke(machine, function, Arguments(items, given, rest), call.node)
    return Library(f"{call.name[-100:]}()")


def _gather(machine: Machine, call: Call) -> Value:
    return Seq("list", list(call.arguments.positional), call.arguments.spread)


def _as_completed(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Mapping):
        return Seq("list", [], Unknown("a future"))
    return value or NONE


CONCURRENCY_MODELS: MappingType[str, Model] = {
    "*.map": _map_over,
    "*.imap": _map_over,
    "*.imap_unordered": _map_over,
    "*.map_async": _map_over,
    "*.starmap": _map_over,
    "*.starmap_async": _map_over,
    "itertools.starmap": _map_over,
    "*.submit": _submit,
    "tqdm.contrib.concurrent.process_map": SEQUENCE_MODELS["map"],
    "tqdm.contrib.concurrent.thread_map": SEQUENCE_MODELS["map"],
    "*.apply_async": _apply_with,
    "threading.Thread": _apply_with,
    "multiprocessing.Process": _apply_with,
    "asyncio.gather": _gather,
    "concurrent.futures.as_completed": _as_completed,
    "concurrent.futures.Future().result": _future_result,
}
