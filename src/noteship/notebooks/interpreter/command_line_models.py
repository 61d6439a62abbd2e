"""Command line parsers: what their options are when nothing, or what is known, is given."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import cast

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.command_line import Option, given
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.modelling import argument_text
from noteship.notebooks.values import NONE, Const, Library, Mapping, Seq, Unknown, Value, join

__all__ = ["COMMAND_LINE_MODELS"]


@dataclass(eq=False)
class _Parser:
    """What a parser was told so far; `commands` are its subparsers, the chosen one's name goes to `command_target`."""

    options: list[Option] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    commands: dict[str, _Parser] = field(default_factory=dict)
    command_target: str = ""


def _parser(machine: Machine, call: Call) -> Value:
    parser = _Parser()
    for parent in machine.items(call.get(None, "parents") or NONE)[0]:
        if isinstance(parent, Library) and isinstance(parent.data, _Parser):
            parser.options.extend(parent.data.options)
            parser.values.update(parent.data.values)
    return Library(_PARSER, "", parser)


def _group(machine: Machine, call: Call) -> Value:
    """A group adds to the same options."""
    return Library(_PARSER, "", call.data)


def _subparsers(machine: Machine, call: Call) -> Value:
    if isinstance(call.data, _Parser):
        call.data.command_target = call.text_of(None, "dest") or ""
    return Library(_PARSER, "", call.data)


def _add_parser(machine: Machine, call: Call) -> Value:
    made = _parser(machine, call)
    if isinstance(call.data, _Parser) and isinstance(made, Library):
        call.data.commands[call.text_of(0, "name") or ""] = made.data
    return made


def _add(machine: Machine, call: Call) -> Value:
    names = [
        value.value for value in call.arguments.positional if isinstance(value, Const) and isinstance(value.value, str)
    ]
    if names and isinstance(call.data, _Parser):
        call.data.options.append(_option(call, tuple(names)))
    return NONE


def _option(call: Call, names: tuple[str, ...]) -> Option:
    longest = next((name for name in names if name.startswith("--")), names[0])
    target = call.text_of(None, "dest") or longest.lstrip("-").replace("-", "_")
    action = call.get(None, "action")
    constant, default = _constant(call, action), call.get(None, "default")
    positional = not names[0].startswith("-")
    if default is None and constant is not None and isinstance(constant, Const) and isinstance(constant.value, bool):
        default = Const(not constant.value)
    if default is None:
        needed = positional or call.constant(None, "required") is True
        default = Unknown(f"{target}, given on the command line", likely=True) if needed else NONE
    again = action in (Const("append"), Const("extend"))
    count = _count(call.get(None, "nargs"))
    return Option(target, names, default, constant, call.get(None, "type"), count, positional, again)


def _constant(call: Call, action: Value | None) -> Value | None:
    """The value of an option that takes no words."""
    kind = action.value if isinstance(action, Const) else "store"
    if isinstance(action, Library) and action.name.endswith("BooleanOptionalAction"):
        return Const(True)
    if kind in {"store_true", "store_false"}:
        return Const(kind == "store_true")
    if kind == "store_const":
        return call.get(None, "const")
    return Unknown("a counted option") if kind in {"count", "version", "help"} else None


def _count(words: Value | None) -> int | None:
    if words is None or words == Const("?"):
        return 1
    return words.value if isinstance(words, Const) and isinstance(words.value, int) and words.value > 1 else None


def _set_defaults(machine: Machine, call: Call) -> Value:
    if isinstance(call.data, _Parser):
        call.data.values.update(call.arguments.keywords)
    return NONE


def _parse(machine: Machine, call: Call) -> Value:
    if not isinstance(call.data, _Parser):
        return Unknown("given on the command line")
    words = call.get(0, "args")
    values = _values(machine, call.data, _words(machine, words))
    found = Mapping(values, None, True, machine.maybe)
    return Seq("tuple", [found, Seq("list", [])]) if "known" in call.name else found


def _words(machine: Machine, words: Value | None) -> list[Value]:
    return machine.argv.items[1:] if words is None or words == NONE else machine.items(words)[0]


def _values(machine: Machine, parser: _Parser, words: list[Value]) -> dict[str, Value]:
    values = {option.target: _default(machine, option) for option in parser.options}
    values.update(parser.values)
    if not parser.commands:
        return values | given(machine, parser.options, words)
    named = next((n for n, word in enumerate(words) if isinstance(word, Const) and word.value in parser.commands), None)
    if named is None:
        return values | given(machine, parser.options, words) | _any_command(machine, parser)
    values.update(given(machine, parser.options, words[:named]))
    name = words[named]
    values.update(_values(machine, parser.commands[cast(Const, name).value], words[named + 1 :]))
    return values | ({parser.command_target: name} if parser.command_target else {})


def _any_command(machine: Machine, parser: _Parser) -> dict[str, Value]:
    """The values when any of the subparsers may be meant."""
    found: dict[str, list[Value]] = {}
    for name, command in parser.commands.items():
        for target, value in _values(machine, command, []).items():
            found.setdefault(target, []).append(value)
        if parser.command_target:
            found.setdefault(parser.command_target, []).append(Const(name))
    return {target: join(values) for target, values in found.items()}


def _default(machine: Machine, option: Option) -> Value:
    """Only texts are converted, as `argparse` does with defaults."""
    if option.convert is None or not isinstance(option.default, Const) or not isinstance(option.default.value, str):
        return option.default
    return machine.invoke(option.convert, option.default)


def _file_type(machine: Machine, call: Call) -> Value:
    return Library("argparse.FileType()", "", call.get(0, "mode") or Const("r"))


def _open_given(machine: Machine, call: Call) -> Value:
    return machine.invoke(Library("open"), *call.arguments.positional[:1], call.data)


# -- absl, tensorflow -------------------------------------------------------------------------------------------------


def _flags(machine: Machine, call: Call) -> Value:
    return _flag_values(machine)


def _flag_values(machine: Machine) -> Mapping:
    found: Mapping = machine.state.setdefault("flags", Mapping({}, None, True))
    return found


def _define_flag(machine: Machine, call: Call) -> Value:
    name = argument_text(machine, call, 0, "name")
    default = call.get(1, "default") or NONE
    option = Option(name, (f"--{name}", f"-{name}"), default)
    value = given(machine, [option], machine.argv.items[1:]).get(name, default)
    _flag_values(machine).items[name] = value
    return Mapping({"value": value, "default": value}, None, True)


def _click_call(machine: Machine, call: Call) -> Value:
    """`click.prompt`, `click.Path()` and the like give nothing known."""
    return Unknown("given on the command line")


_PARSER = "argparse.ArgumentParser()"
_FLAG_KINDS = ("string", "integer", "float", "bool", "boolean", "enum", "list", "multi_string")

COMMAND_LINE_MODELS: MappingType[str, Model] = {
    "argparse.ArgumentParser": _parser,
    "configargparse.ArgumentParser": _parser,
    "configargparse.ArgParser": _parser,
    "jsonargparse.ArgumentParser": _parser,
    f"{_PARSER}.add_argument": _add,
    f"{_PARSER}.add": _add,
    f"{_PARSER}.add_argument_group": _group,
    f"{_PARSER}.add_mutually_exclusive_group": _group,
    f"{_PARSER}.add_subparsers": _subparsers,
    f"{_PARSER}.add_parser": _add_parser,
    f"{_PARSER}.set_defaults": _set_defaults,
    f"{_PARSER}.parse_args": _parse,
    f"{_PARSER}.parse_known_args": _parse,
    f"{_PARSER}.parse_intermixed_args": _parse,
    "argparse.FileType": _file_type,
    "click.File": _file_type,
    "argparse.FileType()": _open_given,
    "@absl.flags.FLAGS": _flags,
    **{f"absl.flags.DEFINE_{kind}": _define_flag for kind in _FLAG_KINDS},
    "@tensorflow.app.flags.FLAGS": _flags,
    **{f"tensorflow.app.flags.DEFINE_{kind}": _define_flag for kind in _FLAG_KINDS},
    "click.prompt": _click_call,
    "typer.prompt": _click_call,
}
