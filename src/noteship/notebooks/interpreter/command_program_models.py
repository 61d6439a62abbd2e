"""Programs made of functions and data classes: typer, fire, click groups, tyro and their kin."""

from __future__ import annotations

import ast
from collections.abc import Mapping as MappingType

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.command_functions import register, signature_options
from noteship.notebooks.interpreter.command_line import given, option_of_name
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.values import NONE, ClassValue, Func, Library, Method, Seq, Unknown, Value

__all__ = ["COMMAND_PROGRAM_MODELS"]


def _call_first(machine: Machine, call: Call) -> Value:
    """`typer.run(main)`, `fire.Fire(main)`, `app.run(main)`: the function runs with its defaults."""
    function = call.get(0, "component", "main")
    command = function.function if isinstance(function, Method) else function
    if isinstance(command, Func) and command.options is None and call.name in {"typer.run", "fire.Fire"}:
        command.options = signature_options(machine, command)
        for option in command.options.values() if call.name == "fire.Fire" else ():
            option.positional = True
    if isinstance(function, (Func, Method)):
        return machine.invoke(function)
    if isinstance(function, Seq):
        return NONE
    return Unknown(f"what {call.name} gives")


def _make_first(machine: Machine, call: Call) -> Value:
    """`tyro.cli(Config)`: an object with its defaults."""
    value = call.get(0, "f", "config_class")
    return _made(machine, value) if isinstance(value, (ClassValue, Func)) else Unknown("given on the command line")


def _made(machine: Machine, value: ClassValue | Func) -> Value:
    """An object with its defaults and what the command line gives its fields."""
    if isinstance(value, Func):
        value.options = value.options or signature_options(machine, value)
        return machine.invoke(value)
    fields = [name for each in value.chain() for name in each.fields]
    options = [option_of_name(name, NONE) for name in dict.fromkeys(fields)]
    return machine.invoke(value, **given(machine, options, machine.argv.items[1:]))


def _make_each(machine: Machine, call: Call) -> Value:
    """`HfArgumentParser((A, B)).parse_args_into_dataclasses()`."""
    return Seq("tuple", [_made(machine, item) for item in call.data or [] if isinstance(item, ClassValue)])


def _add_command(machine: Machine, call: Call) -> Value:
    command = call.get(0, "cmd")
    if isinstance(command, Func) and isinstance(call.data, Func):
        register(machine, call.data, command, call.node or ast.Name(command.name, ast.Load()))
    return NONE


def _hf_parser(machine: Machine, call: Call) -> Value:
    value = call.get(0, "dataclass_types")
    kinds = [value] if isinstance(value, ClassValue) else machine.items(value or NONE)[0]
    return Library("transformers.HfArgumentParser()", "", kinds)


COMMAND_PROGRAM_MODELS: MappingType[str, Model] = {
    "click.Group().add_command": _add_command,
    "typer.run": _call_first,
    "fire.Fire": _call_first,
    "absl.app.run": _call_first,
    "tensorflow.compat.v1.app.run": _call_first,
    "plac.call": _call_first,
    "defopt.run": _call_first,
    "tyro.cli": _make_first,
    "simple_parsing.parse": _make_first,
    "transformers.HfArgumentParser": _hf_parser,
    "transformers.HfArgumentParser().parse_args_into_dataclasses": _make_each,
}
