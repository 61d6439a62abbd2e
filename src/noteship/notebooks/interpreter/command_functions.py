"""Functions that are commands: what click, typer and fire give their parameters, and which of several is called."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from noteship.notebooks.interpreter.command_line import Option, given, option_of_name
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.values import Const, Func, Unknown, Value

__all__ = ["chosen_commands", "declared_option", "given_values", "register", "signature_options"]

_CONVERTED = frozenset({"int", "float", "Path"})


def declared_option(machine: Machine, node: ast.Call, argument: bool) -> Option:
    """The option that `click.option(...)` or `click.argument(...)` declares."""
    texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    flags = [text.split("/")[0].strip() for text in texts if text.startswith("-")]
    name = next((text for text in texts if not text.startswith("-")), None)
    name = name or max((flag.lstrip("-") for flag in flags), key=len, default="")
    name = name.replace("-", "_").lower()
    settings = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None}
    constant = _constant(texts, settings)
    default: Value = Unknown(f"{name}, given on the command line", likely=None if argument else False)
    if "default" in settings:
        default = machine.value(settings["default"])
    elif constant is not None:
        default = Const(False)
    convert = _conversion(machine, settings.get("type"))
    count = _count(machine, settings.get("nargs"))
    return Option(name, tuple(flags), default, constant, convert, count, argument, "multiple" in settings)


def _count(machine: Machine, node: ast.expr | None) -> int | None:
    words = machine.value(node) if node is not None else Const(1)
    known = isinstance(words, Const) and isinstance(words.value, int) and words.value > 0
    return words.value if known and isinstance(words, Const) else None


def _constant(texts: list[str], settings: dict[str, ast.expr]) -> Value | None:
    flag = settings.get("is_flag")
    if "flag_value" in settings or any("/" in text for text in texts if text.startswith("-")):
        return Const(True)
    return Const(True) if isinstance(flag, ast.Constant) and flag.value is True else None


def _conversion(machine: Machine, node: ast.expr | None) -> Value | None:
    """The function by which a type makes a value of a word; None where the word stays."""
    for part in ast.walk(node) if node is not None else ():
        name = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
        inside_click = isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "click"
        if name in _CONVERTED and not inside_click:
            return machine.value(part) if isinstance(part, ast.expr) else None
        if name == "File" and inside_click and node is not None:
            return machine.value(node)
    return None


def signature_options(machine: Machine, func: Func) -> dict[str, Option]:
    """The options that typer and fire make of a function's parameters."""
    node = func.node.args
    named = [*node.posonlyargs, *node.args]
    texts = dict(zip([each.arg for each in named[len(named) - len(node.defaults) :]], node.defaults, strict=True))
    texts.update({each.arg: text for each, text in zip(node.kwonlyargs, node.kw_defaults, strict=True) if text})
    found: dict[str, Option] = {}
    for parameter in [*named, *node.kwonlyargs]:
        parts = [part for part in (texts.get(parameter.arg), parameter.annotation) if part is not None]
        found[parameter.arg] = _parameter_option(machine, func, parameter, parts)
    return found


def _parameter_option(machine: Machine, func: Func, parameter: ast.arg, parts: list[ast.expr]) -> Option:
    name = parameter.arg
    default = func.defaults.get(name, Unknown(f"{name}, given on the command line"))
    option = option_of_name(name, default, name not in func.defaults)
    option.convert = _conversion(machine, parameter.annotation)
    for call in [inner for part in parts for inner in ast.walk(part) if isinstance(inner, ast.Call)]:
        kind = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if kind not in {"Option", "Argument"}:
            continue
        words = [part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        flags = tuple(flag for word in words if word.startswith("-") for flag in word.split("/"))
        option.names = flags or option.names
        option.positional = kind == "Argument"
    if isinstance(parameter.annotation, ast.Name) and parameter.annotation.id == "bool":
        option.constant = Const(True)
    return option


def given_values(machine: Machine, func: Func) -> dict[str, Value]:
    """The values of a command's parameters, from its defaults and the command line."""
    options: dict[str, Option] = func.options or {}
    words = machine.state.get("words")
    words = machine.argv.items[1:] if words is None else words
    return {name: option.default for name, option in options.items()} | given(machine, list(options.values()), words)


def register(machine: Machine, group: object, func: Func, node: ast.expr) -> None:
    """A function becomes a command of a group or program, under its own or a given name."""
    name = func.name.replace("_", "-").lower()
    told: list[ast.expr] = []
    if isinstance(node, ast.Call):
        told = [*node.args, *(each.value for each in node.keywords if each.arg == "name")]
    for part in told:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            name = part.value
    machine.state.setdefault(("commands", group), []).append((name, func))


def chosen_commands(machine: Machine, commands: list[tuple[str, Func]]) -> Iterable[tuple[Func, list[Value] | None]]:
    """The command that the command line names, with the words after its name; all of them when it names none."""
    words = machine.state.get("words")
    words = machine.argv.items[1:] if words is None else words
    texts = [word.value if isinstance(word, Const) else None for word in words]
    for name, func in commands:
        short = name.removesuffix("-command").removesuffix("-cmd")
        place = next((texts.index(each) for each in (name, short, func.name) if each in texts), None)
        if place is not None:
            return [(func, words[place + 1 :])]
    if len(commands) == 1:
        return [(commands[0][1], list(words))]
    return [(func, []) for _, func in commands]
