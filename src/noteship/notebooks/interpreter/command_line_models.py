"""Command line parsers: what their options are when nothing, or what is known, is given."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field

from noteship.notebooks.interpreter.core import Call, Machine, Model
from noteship.notebooks.interpreter.modelling import argument_text
from noteship.notebooks.values import NONE, Const, Library, Mapping, Seq, Unknown, Value

__all__ = ["COMMAND_LINE_MODELS"]


@dataclass(eq=False)
class _Option:
    """One argument of a parser."""

    target: str
    names: tuple[str, ...]
    default: Value
    constant: Value | None
    convert: Value | None
    many: bool


@dataclass(eq=False)
class _Parser:
    """What a parser was told so far."""

    options: list[_Option] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)


def _parser(machine: Machine, call: Call) -> Value:
    return Library("argparse.ArgumentParser()", "", _Parser())


def _group(machine: Machine, call: Call) -> Value:
    """A group or subparser adds to the same options."""
    return Library("argparse.ArgumentParser()", "", call.data)


def _add(machine: Machine, call: Call) -> Value:
    names = [
        value.value for value in call.arguments.positional if isinstance(value, Const) and isinstance(value.value, str)
    ]
    if not names or not isinstance(call.data, _Parser):
        return NONE
    longest = next((name for name in names if name.startswith("--")), names[0])
    target = call.text_of(None, "dest") or longest.lstrip("-").replace("-", "_")
    action = call.text_of(None, "action") or "store"
    default = call.get(None, "default")
    constant: Value | None = None
    if action in {"store_true", "store_false"}:
        constant = Const(action == "store_true")
        default = default or Const(action != "store_true")
    elif action == "store_const":
        constant = call.get(None, "const")
    if default is None:
        optional = names[0].startswith("-") and call.constant(None, "required") is not True
        default = NONE if optional else Unknown(f"{target}, given on the command line", likely=True)
    many = call.get(None, "nargs") not in (None, Const("?")) or action == "append"
    option = _Option(target, tuple(names), default, constant, call.get(None, "type"), many)
    call.data.options.append(option)
    return NONE


def _set_defaults(machine: Machine, call: Call) -> Value:
    if isinstance(call.data, _Parser):
        call.data.values.update(call.arguments.keywords)
    return NONE


def _parse(machine: Machine, call: Call) -> Value:
    if not isinstance(call.data, _Parser):
        return Unknown("given on the command line")
    given = call.get(0, "args")
    words = _words(machine, given)
    values = {option.target: _converted(machine, option, option.default) for option in call.data.options}
    values.update(call.data.values)
    values.update(_given(machine, call.data, words))
    found = Mapping(values, None, True, machine.maybe)
    return Seq("tuple", [found, Seq("list", [])]) if "known" in call.name else found


def _words(machine: Machine, given: Value | None) -> list[Value]:
    if given is None or given == NONE:
        return machine.argv.items[1:]
    return machine.items(given)[0]


def _given(machine: Machine, parser: _Parser, words: list[Value]) -> Iterator[tuple[str, Value]]:
    by_name = {name: option for option in parser.options for name in option.names}
    positional = [option for option in parser.options if not option.names[0].startswith("-")]
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        text = word.value if isinstance(word, Const) and isinstance(word.value, str) else ""
        name, equals, rest = text.partition("=")
        option = by_name.get(name) if name.startswith("-") else None
        if option is None:
            if positional and not text.startswith("-"):
                option = positional.pop(0)
                yield option.target, _converted(machine, option, word)
        elif option.constant is not None:
            yield option.target, option.constant
        elif equals:
            yield option.target, _converted(machine, option, Const(rest))
        elif option.many:
            taken = []
            while waiting and not (isinstance(waiting[0], Const) and str(waiting[0].value).startswith("-")):
                taken.append(_converted(machine, option, waiting.pop(0)))
            yield option.target, Seq("list", taken)
        elif waiting:
            yield option.target, _converted(machine, option, waiting.pop(0))


def _converted(machine: Machine, option: _Option, value: Value) -> Value:
    """Only texts are converted, as `argparse` does with defaults."""
    if option.convert is None or not isinstance(value, Const) or not isinstance(value.value, str):
        return value
    return machine.invoke(option.convert, value)


# -- absl, tensorflow -------------------------------------------------------------------------------------------------


def _flags(machine: Machine, call: Call) -> Value:
    return _flag_values(machine)


def _flag_values(machine: Machine) -> Mapping:
    found: Mapping = machine.state.setdefault("flags", Mapping({}, None, True))
    return found


def _define_flag(machine: Machine, call: Call) -> Value:
    name = argument_text(machine, call, 0, "name")
    value = call.get(1, "default") or NONE
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
    f"{_PARSER}.add_subparsers": _group,
    f"{_PARSER}.add_parser": _group,
    f"{_PARSER}.set_defaults": _set_defaults,
    f"{_PARSER}.parse_args": _parse,
    f"{_PARSER}.parse_known_args": _parse,
    f"{_PARSER}.parse_intermixed_args": _parse,
    "@absl.flags.FLAGS": _flags,
    **{f"absl.flags.DEFINE_{kind}": _define_flag for kind in _FLAG_KINDS},
    "@tensorflow.app.flags.FLAGS": _flags,
    **{f"tensorflow.app.flags.DEFINE_{kind}": _define_flag for kind in _FLAG_KINDS},
    "click.prompt": _click_call,
    "typer.prompt": _click_call,
}
