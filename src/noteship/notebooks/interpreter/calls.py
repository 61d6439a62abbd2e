"""Calling things: functions of the project are run in place, libraries' functions are looked up by name."""

from __future__ import annotations

import ast

from noteship.notebooks.interpreter import classes
from noteship.notebooks.interpreter.arguments import Arguments, Call
from noteship.notebooks.interpreter.attributes import bounded
from noteship.notebooks.interpreter.command_functions import chosen_commands, given_values
from noteship.notebooks.interpreter.core import DEEPEST_CALL, Machine
from noteship.notebooks.interpreter.frames import Flow, Frame, Raised
from noteship.notebooks.interpreter.guesses import guess
from noteship.notebooks.interpreter.rules import apply_rules
from noteship.notebooks.values import (
    NONE,
    ClassValue,
    Const,
    Func,
    Instance,
    Library,
    Mapping,
    Method,
    PathValue,
    Scope,
    Seq,
    Union,
    Unknown,
    Value,
    join,
)

__all__ = ["call_back", "call_expression", "call_function", "invoke"]

# How often one function may be on the way at the same time: enough for a wrapper that calls itself with a default.
_DEEPEST_RECURSION = 3


def call_expression(machine: Machine, node: ast.Call) -> Value:
    """A call as it is written."""
    function = machine.value(node.func)
    arguments = Arguments()
    for part in node.args:
        value = machine.value(part)
        if isinstance(part, ast.Starred):
            items, rest = machine.items(value)
            arguments.positional.extend(items)
            arguments.spread = rest if rest is not None else arguments.spread
        else:
            arguments.positional.append(value)
    for keyword in node.keywords:
        value = machine.value(keyword.value)
        if keyword.arg is not None:
            arguments.keywords[keyword.arg] = value
        elif isinstance(value, Mapping):
            arguments.keywords.update({key: item for key, item in value.items.items() if isinstance(key, str)})
            arguments.spread = value.rest if value.rest is not None else arguments.spread
        else:
            arguments.spread = Unknown(machine.reason(value))
    machine.frame.line = node.lineno
    return invoke(machine, function, arguments, node)


def invoke(machine: Machine, function: Value, arguments: Arguments, node: ast.Call | None) -> Value:
    """Call any value."""
    machine.spend(1)
    if isinstance(function, Union):
        with machine.perhaps():
            return join([invoke(machine, option, arguments, node) for option in function.options])
    if isinstance(function, Func):
        return call_function(machine, function, arguments, None)
    if isinstance(function, Method):
        return _call_method(machine, function, arguments, node)
    if isinstance(function, ClassValue):
        return _instantiate(machine, function, arguments)
    if isinstance(function, Library):
        return _call_library(machine, Call(function.name, arguments, node, None, function.data, function.reason))
    if isinstance(function, Instance):
        for name in ("__call__", "forward", "call"):
            method = function.cls.find(name)
            if isinstance(method, Func):
                return call_function(machine, method, arguments, function)
    call_back(machine, arguments, machine.reason(function))
    return Unknown(machine.reason(function))


def _call_method(machine: Machine, method: Method, arguments: Arguments, node: ast.Call | None) -> Value:
    if method.function is not None:
        return call_function(machine, method.function, arguments, method.receiver)
    name = f"{_kind(method.receiver)}.{method.name}"
    model = machine.parts.models.get(name)
    if model is not None:
        return model(machine, Call(name, arguments, node, method.receiver))
    if isinstance(method.receiver, (Seq, Mapping)):
        return _call_library(machine, Call(f"?.{method.name}", arguments, node, method.receiver))
    return Unknown(f"the method {method.name}")


def _kind(receiver: Value) -> str:
    if isinstance(receiver, PathValue):
        return "path"
    if isinstance(receiver, Seq):
        return "list"
    if isinstance(receiver, Mapping):
        return "dict"
    return type(receiver.value).__name__ if isinstance(receiver, Const) else "object"


def _call_library(machine: Machine, call: Call) -> Value:
    model = machine.parts.models.get(call.name)
    if model is None:
        rules = machine.catalogue.rules(call.name)
        if rules:
            if all(rule.weak for rule in rules):
                guess(machine, call)
            return apply_rules(machine, call, rules)
        model = machine.parts.models.get(f"*.{call.name.rpartition('.')[2]}")
    if model is not None:
        return model(machine, call)
    guess(machine, call)
    _run_commands(machine, call.name)
    call_back(machine, call.arguments, call.name.removeprefix("?."))
    return Library(bounded(f"{call.name}()"), call.reason)


def _run_commands(machine: Machine, program: object) -> None:
    """Run the commands of a program or group as the command line chooses; each program once."""
    outer = machine.state.get("words")
    for command, words in chosen_commands(machine, machine.state.pop(("commands", program), [])):
        machine.state["words"] = words
        call_function(machine, command, Arguments(), None)
    machine.state["words"] = outer


def call_back(machine: Machine, arguments: Arguments, name: str) -> None:
    """A function that is handed to a library is called by it, with what is not known."""
    for value in [*arguments.positional, *arguments.keywords.values()]:
        function = value.function if isinstance(value, Method) else value
        receiver = value.receiver if isinstance(value, Method) else None
        if isinstance(value, Instance):
            function, receiver = value.cls.find("__getitem__"), value
        done = ("called back", id(function), id(receiver))
        if isinstance(function, Func) and not machine.state.get(done):
            machine.state[done] = True
            unknown = Unknown(f"an argument that {name} gives")
            with machine.perhaps():
                call_function(machine, function, Arguments(spread=unknown), receiver)


def call_function(machine: Machine, func: Func, arguments: Arguments, receiver: Value | None) -> Value:
    """Run a function of the project with these arguments."""
    machine.spend(4)
    active = sum(frame.function is not None and frame.function.node is func.node for frame in machine.frames)
    deepest = 6 if machine.hurried else DEEPEST_CALL
    if active >= _DEEPEST_RECURSION or len(machine.frames) > deepest:
        return Unknown(f"what {func.name} gives, called too deep")
    if func.kind == "static" or (receiver is not None and func.owner is None):
        receiver = None
    frame = Frame(Scope({}, func.scope, func.path), func.name, func.path, func.cell, func.first_line)
    frame.function, frame.receiver = func, receiver
    _bind(machine, func, arguments, receiver, frame.scope.names)
    result = _run(machine, func, frame)
    if func.options is not None:
        _run_commands(machine, func)
    return result


def _run(machine: Machine, func: Func, frame: Frame) -> Value:
    depth, maybe, lacking, present = len(machine.frames), machine.maybe, machine.lacking, machine.present
    frame.yields = [] if _is_generator(machine, func) else None
    frame.line = func.node.lineno
    machine.frames.append(frame)
    try:
        if isinstance(func.node, ast.Lambda):
            return machine.value(func.node.body)
        flow = machine.run(func.node.body)
    finally:
        del machine.frames[depth:]
        machine.maybe, machine.lacking, machine.present = maybe, lacking, present
    return _result(machine, func, frame, flow)


def _result(machine: Machine, func: Func, frame: Frame, flow: Flow) -> Value:
    if frame.yields is not None:
        if func.context_manager:
            return frame.yields[0] if frame.yields else NONE
        return Seq("list", frame.yields, None, True, machine.maybe)
    if frame.returns:
        return join(frame.returns)
    if flow is Flow.RAISE:
        if any("*" in names or "Exception" in names for names in machine.guards):
            raise Raised("Exception")
        return Unknown(f"what {func.name} gives, which raises")
    return NONE


def _is_generator(machine: Machine, func: Func) -> bool:
    known: dict[int, bool] = machine.state.setdefault("generators", {})
    found = known.get(id(func.node))
    if found is None:
        found = known[id(func.node)] = _has_yield(func.node)
    return found


def _has_yield(node: ast.AST) -> bool:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Yield, ast.YieldFrom)):
            return True
        inner = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef))
        if not inner and _has_yield(child):
            return True
    return False


def _bind(machine: Machine, func: Func, arguments: Arguments, receiver: Value | None, names: dict[str, Value]) -> None:
    node = func.node.args
    positional = [*([receiver] if receiver is not None else []), *arguments.positional]
    plain = [argument.arg for argument in [*node.posonlyargs, *node.args]]
    names.update(zip(plain, positional, strict=False))
    extra = dict(arguments.keywords)
    told = given_values(machine, func) if func.options and not arguments.positional else {}
    for name in [*plain, *(argument.arg for argument in node.kwonlyargs)]:
        if name in extra:
            names[name] = extra.pop(name)
        elif name not in names:
            names[name] = told[name] if name in told else _absent(func, arguments, name)
    if node.vararg is not None:
        names[node.vararg.arg] = Seq("tuple", positional[len(plain) :], arguments.spread, depth=machine.maybe)
    if node.kwarg is not None:
        names[node.kwarg.arg] = Mapping(dict(extra), arguments.spread, depth=machine.maybe)


def _absent(func: Func, arguments: Arguments, name: str) -> Value:
    """A parameter that no argument is given for."""
    if name in func.defaults:
        return func.defaults[name]
    return arguments.spread or Unknown(f"the argument {name} of {func.name}")


def _instantiate(machine: Machine, cls: ClassValue, arguments: Arguments) -> Value:
    member = classes.member(machine, cls, arguments)
    if member is not None:
        return member
    instance = Instance(cls, {}, machine.maybe)
    constructor = cls.find("__init__")
    if isinstance(constructor, Func):
        call_function(machine, constructor, arguments, instance)
        return instance
    classes.set_fields(instance, arguments)
    after = cls.find("__post_init__") or cls.find("model_post_init") or cls.find("__attrs_post_init__")
    if isinstance(after, Func):
        call_function(machine, after, Arguments(), instance)
    return instance
