"""What models of library functions share: taking unions apart and reading plain arguments."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

from noteship.notebooks.interpreter.arguments import Arguments, Call
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.values import Const, Union, Unknown, Value, join, options

__all__ = [
    "argument_text",
    "constant_result",
    "distributed",
    "distributed_over_first",
    "first_argument",
    "formatted",
    "identity",
    "unknown",
]

# How many combinations of arguments with several possible values are followed.
MOST_COMBINATIONS = 32


def distributed(model: Model) -> Model:
    """A pure function of arguments that may each have several values."""

    def over_all(machine: Machine, call: Call) -> Value:
        arguments = call.arguments
        values = [*arguments.positional, *arguments.keywords.values()]
        if not any(isinstance(value, Union) for value in values):
            return model(machine, call)
        found: list[Value] = []
        size = len(arguments.positional)
        for choice in itertools.islice(itertools.product(*map(options, values)), MOST_COMBINATIONS):
            keywords = dict(zip(arguments.keywords, choice[size:], strict=True))
            found.append(
                model(machine, replace(call, arguments=Arguments(list(choice[:size]), keywords, arguments.spread)))
            )
        return join(found)

    return over_all


def distributed_over_first(model: Model) -> Model:
    """A function whose first argument may have several values."""

    def over_first(machine: Machine, call: Call) -> Value:
        value = call.get(0)
        if isinstance(value, Union):
            return distributed(model)(machine, call)
        return model(machine, call)

    return over_first


def argument_text(machine: Machine, call: Call, position: int | None, *keywords: str) -> str:
    """An argument as text, unknown pieces as holes."""
    value = call.get(position, *keywords)
    if value is None:
        return machine.hole(
            machine.reason(call.arguments.spread) if call.arguments.spread is not None else "no argument"
        )
    text = machine.text(value)
    return machine.hole(machine.reason(value)) if text is None else text


def formatted(value: Any, specification: str) -> str | None:
    """What `format` gives, None when it fails or would fill more than a name's width."""
    if len(specification) > 12 or re.search(r"\d{4}", specification):
        return None
    try:
        return format(value, specification)
    except (ValueError, TypeError, OverflowError):
        return None


def first_argument(_machine: Machine, call: Call) -> Value:
    """A function that gives its first argument, as far as files are concerned."""
    return call.arguments.positional[0] if call.arguments.positional else _any_argument(call)


def _any_argument(call: Call) -> Value:
    for name in ("iterable", "sequence", "func", "fn", "object", "data", "seq"):
        if name in call.arguments.keywords:
            return call.arguments.keywords[name]
    return Unknown(f"what {call.name} gives")


identity: Model = first_argument


def unknown(reason: str) -> Model:
    """A function of which only the reason is known why its result is not."""

    def model(_machine: Machine, _call: Call) -> Value:
        return Unknown(reason)

    return model


def constant_result(value: Any) -> Model:
    """A function, or an attribute, with a constant value."""

    def model(_machine: Machine, _call: Call) -> Value:
        return Const(value)

    return model
