"""What statements do to the state of the machine."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from noteship.notebooks.interpreter.branches import caught_names, does_without, gives_up, goes_on, last_else
from noteship.notebooks.interpreter.core import MOST_ITEMS, Machine, joined_names
from noteship.notebooks.interpreter.definitions import define_class, define_function
from noteship.notebooks.interpreter.existence import absent, present, surely_elsewhere
from noteship.notebooks.interpreter.frames import Flow, Loop
from noteship.notebooks.interpreter.imports import run_import, run_import_from
from noteship.notebooks.interpreter.narrowing import narrow
from noteship.notebooks.interpreter.targets import assign, forget
from noteship.notebooks.values import Const, Func, Instance, Library, Method, Scope, Seq, Unknown, Value

__all__ = ["EXECUTORS"]

# Longer literal lists are run for their first items and once for all others.
UNROLLED_ITEMS = 120
# `while` loops with a known test mostly climb from folder to folder.
CLIMBED_FOLDERS = 12
_IMPORTS = (ast.Import, ast.ImportFrom)
_IMPORT_FAILURES = frozenset({"ImportError", "ModuleNotFoundError"})


def _expression(machine: Machine, node: ast.Expr) -> Flow:
    machine.value(node.value)
    return Flow.NORMAL


def _assign(machine: Machine, node: ast.Assign) -> Flow:
    value = machine.value(node.value)
    for target in node.targets:
        assign(machine, target, value)
    return Flow.NORMAL


def _annotated(machine: Machine, node: ast.AnnAssign) -> Flow:
    if node.value is not None:
        assign(machine, node.target, machine.value(node.value))
    return Flow.NORMAL


def _augmented(machine: Machine, node: ast.AugAssign) -> Flow:
    read = _as_load(node.target)
    old = machine.value(read)
    if isinstance(old, Seq) and isinstance(node.op, ast.Add):
        items, rest = machine.items(machine.value(node.value))
        old.items.extend(items[: max(MOST_ITEMS - len(old.items), 0)])
        old.rest = rest if old.rest is None else old.rest
        old.fuzzy = old.fuzzy or machine.maybe > old.depth
        return Flow.NORMAL
    changed = ast.copy_location(ast.BinOp(read, node.op, node.value), node)
    assign(machine, node.target, machine.value(changed))
    return Flow.NORMAL


def _as_load(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    if isinstance(target, ast.Attribute):
        return ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
    if isinstance(target, ast.Subscript):
        return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
    return target


def _delete(machine: Machine, node: ast.Delete) -> Flow:
    for target in node.targets:
        forget(machine, target)
    return Flow.NORMAL


def _if(machine: Machine, node: ast.If) -> Flow:
    known = machine.truth(machine.value(node.test))
    if known is None and goes_on(node.body) and goes_on(last_else(node)):
        known = surely_elsewhere(machine, node.test)
    if known is not None:
        return machine.run(node.body if known else node.orelse)

    def branch(body: list[ast.stmt], passed: bool) -> Callable[[], Flow]:
        def run() -> Flow:
            narrow(machine, node.test, passed)
            machine.lacking |= lacking[passed]
            machine.present |= there[passed]
            return machine.run(body)

        return run

    lacking = {passed: absent(machine, node.test, passed) for passed in (True, False)}
    there = {passed: present(machine, node.test, passed) for passed in (True, False)}
    for passed, other in ((True, node.orelse), (False, node.body)):
        if gives_up(other):
            # Without the file, nothing goes on: it is needed.
            there[passed] = frozenset()
    ends: list[Flow] = []
    flow = machine.fork(_noted(branch(node.body, True), ends), _noted(branch(node.orelse, False), ends))
    if len(ends) == 2 and ends[0] is not Flow.NORMAL:
        # `if exists(path): return load(path)`: from here on it is not there.
        machine.lacking |= lacking[False]
        machine.present |= there[False]
    return flow


def _noted(body: Callable[[], Flow], ends: list[Flow]) -> Callable[[], Flow]:
    def run() -> Flow:
        ends.append(body())
        return ends[-1]

    return run


def _while(machine: Machine, node: ast.While) -> Flow:
    loop = _entered(machine)
    _widen(machine, node.body)
    for _ in range(1 if isinstance(node.test, ast.Constant) else CLIMBED_FOLDERS):
        test = machine.value(node.test)
        known = machine.truth(test)
        if known is None:
            known = test.likely if isinstance(test, Unknown) else None
        if known is False:
            return _left(machine, loop, lambda: machine.run(node.orelse))
        if known is None:
            machine.fork(lambda: _tolerant(machine.run(node.body)), _nothing)
            break
        flow = machine.run(node.body)
        if flow is Flow.BREAK:
            break
        if flow in {Flow.RETURN, Flow.RAISE}:
            return _gone(machine, loop, flow)
    return _left(machine, loop)


def _nothing() -> Flow:
    return Flow.NORMAL


def _entered(machine: Machine) -> Loop:
    loop = Loop()
    machine.frame.loops.append(loop)
    return loop


def _left(machine: Machine, loop: Loop, orelse: Callable[[], Flow] | None = None) -> Flow:
    """After a loop: the names are those of its normal end or of any place where it was left."""
    frame = machine.frame
    frame.loops.remove(loop)
    machine.maybe -= loop.uncertain
    flow = orelse() if orelse is not None else Flow.NORMAL
    if loop.breaks:
        states = loop.breaks if flow is not Flow.NORMAL else [*loop.breaks, frame.scope.names]
        frame.scope.names = joined_names([dict(state) for state in states])
        return Flow.NORMAL
    return flow


def _gone(machine: Machine, loop: Loop, flow: Flow) -> Flow:
    if loop.breaks:
        return _left(machine, loop, lambda: flow)
    machine.frame.loops.remove(loop)
    machine.maybe -= loop.uncertain
    return flow


def _widen(machine: Machine, body: list[ast.stmt]) -> None:
    """Names that a loop of unknown length changes from round to round have no known value in it."""
    for name in _carried(body):
        old = machine.scope.names.get(name)
        if isinstance(old, Const) and isinstance(old.value, (int, float, str)) and not isinstance(old.value, bool):
            machine.scope.names[name] = Unknown(f"{name}, which changes in a loop")


def _carried(body: list[ast.stmt]) -> set[str]:
    found: set[str] = set()
    for node in [inner for statement in body for inner in ast.walk(statement)]:
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            inner = [part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)]
            if name in inner and isinstance(node.value, ast.BinOp):
                found.add(name)
    return found


def _for(machine: Machine, node: ast.For | ast.AsyncFor) -> Flow:
    items, rest = machine.items(machine.value(node.iter))
    if len(items) > UNROLLED_ITEMS:
        items, rest = items[:UNROLLED_ITEMS], rest or Unknown("an item of a long list")
    loop = _entered(machine)
    for done, item in enumerate(items, start=1):
        flow = _round(machine, node, item, loop)
        if flow is Flow.BREAK:
            return _left(machine, loop, lambda: Flow.BREAK)
        if flow in {Flow.RETURN, Flow.RAISE}:
            return _gone(machine, loop, flow)
        if machine.hurried and done < len(items):
            rest = rest or Unknown("an item of a list")
            break
    if rest is not None:
        value = rest
        _widen(machine, node.body)
        machine.fork(lambda: _tolerant(_round(machine, node, value, loop)), _nothing)
    return _left(machine, loop, lambda: machine.run(node.orelse))


def _tolerant(flow: Flow) -> Flow:
    """A round that is only one of many: that it is left early says nothing of the others."""
    return flow if flow is Flow.RETURN else Flow.NORMAL


def _round(machine: Machine, node: ast.For | ast.AsyncFor, item: Value, loop: Loop) -> Flow:
    assign(machine, node.target, item)
    flow = machine.run(node.body)
    if flow in {Flow.NORMAL, Flow.CONTINUE} and loop.continues:
        names = machine.scope.names
        machine.scope.names = joined_names([dict(state) for state in [names, *loop.continues]])
        loop.continues.clear()
    return Flow.NORMAL if flow is Flow.CONTINUE else flow


def _break(machine: Machine, _node: ast.Break) -> Flow:
    if machine.frame.loops:
        machine.frame.loops[-1].breaks.append(machine.scope.names)
    return Flow.BREAK


def _continue(machine: Machine, _node: ast.Continue) -> Flow:
    if machine.frame.loops:
        machine.frame.loops[-1].continues.append(machine.scope.names)
    return Flow.CONTINUE


def _return(machine: Machine, node: ast.Return) -> Flow:
    machine.frame.returns.append(machine.value(node.value) if node.value is not None else Const(None))
    return Flow.RETURN


def _raise(machine: Machine, node: ast.Raise) -> Flow:
    for part in (node.exc, node.cause):
        if part is not None:
            machine.value(part)
    if machine.guards and isinstance(node.exc, (ast.Name, ast.Call)):
        name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if isinstance(name, ast.Name) and machine.catches(name.id):
            machine.fail(name.id)
    return Flow.RAISE


def _try(machine: Machine, node: ast.Try) -> Flow:
    before = dict(machine.scope.names)
    machine.guards.append(frozenset(name for handler in node.handlers for name in caught_names(handler)))
    try:
        with machine.perhaps(bool(node.handlers)), machine.given(frozenset({""} if does_without(node) else ())):
            flow, raised = machine.guarded(lambda: machine.run(node.body))
    finally:
        machine.guards.pop()
    if flow is Flow.RAISE and node.handlers:
        flow = _handled(machine, node, raised)
    elif flow is Flow.NORMAL:
        flow = _perhaps_handled(machine, node, before)
    final = machine.run(node.finalbody)
    return flow if final is Flow.NORMAL else final


def _handled(machine: Machine, node: ast.Try, raised: str) -> Flow:
    """The body surely raises: the first handler that fits runs."""
    for handler in node.handlers:
        if not raised or set(caught_names(handler)) & {raised, "*", "Exception", "BaseException", "ImportError"}:
            return _run_handler(machine, handler)
    return Flow.RAISE


def _perhaps_handled(machine: Machine, node: ast.Try, before: dict[str, Value]) -> Flow:
    """The body may raise: go on after it, or in one of the handlers, from a state between before and after."""
    handlers = [handler for handler in node.handlers if _may_run(node, handler)]
    if not handlers:
        return machine.run(node.orelse)
    between = joined_names([dict(machine.scope.names), before])

    def handling(handler: ast.ExceptHandler) -> Callable[[], Flow]:
        def run() -> Flow:
            machine.scope.names = dict(between)
            return _run_handler(machine, handler)

        return run

    return machine.fork(lambda: machine.run(node.orelse), *map(handling, handlers))


def _may_run(node: ast.Try, handler: ast.ExceptHandler) -> bool:
    """Libraries are taken to be installed and names to be there: such failures are known when they happen."""
    names = set(caught_names(handler))
    if names <= _IMPORT_FAILURES and any(isinstance(inner, _IMPORTS) for part in node.body for inner in ast.walk(part)):
        return False
    return names != {"NameError"} and not all(isinstance(statement, _IMPORTS) for statement in node.body)


def _run_handler(machine: Machine, handler: ast.ExceptHandler) -> Flow:
    if handler.name:
        machine.scope.names[handler.name] = Unknown("an exception")
    return machine.run(handler.body)


def _with(machine: Machine, node: ast.With | ast.AsyncWith) -> Flow:
    for item in node.items:
        value = _entered_context(machine, machine.value(item.context_expr))
        if item.optional_vars is not None:
            assign(machine, item.optional_vars, value)
    return machine.run(node.body)


def _entered_context(machine: Machine, value: Value) -> Value:
    if isinstance(value, Instance):
        method = value.cls.find("__enter__")
        if isinstance(method, Func):
            return machine.invoke(Method(value, "__enter__", method))
    model = machine.parts.models.get(f"{value.name}.__enter__") if isinstance(value, Library) else None
    if model is not None:
        return machine.invoke(machine.attribute(value, "__enter__"))
    return value


def _global(machine: Machine, node: ast.Global | ast.Nonlocal) -> Flow:
    scope = machine.scope
    for name in node.names:
        owner: Scope | None = scope.top
        if isinstance(node, ast.Nonlocal):
            owner = scope.parent
            while owner is not None and name not in owner.names:
                owner = owner.parent
        if owner is not None and owner is not scope:
            scope.shared[name] = owner
    return Flow.NORMAL


def _match(machine: Machine, node: ast.Match) -> Flow:
    subject = machine.value(node.subject)
    possible: list[ast.match_case] = []
    for case in node.cases:
        fits = _fits(machine, subject, case.pattern) if case.guard is None else None
        if fits is not False:
            possible.append(case)
        if fits:
            break
    if len(possible) == 1 and _fits(machine, subject, possible[0].pattern):
        return machine.run(possible[0].body)
    bodies = [lambda case=case: machine.run(case.body) for case in possible]
    return machine.fork(*bodies, _nothing) if bodies else Flow.NORMAL


def _fits(machine: Machine, subject: Value, pattern: ast.pattern) -> bool | None:
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
        if pattern.name:
            machine.scope.names[pattern.name] = subject
        return True
    if isinstance(pattern, ast.MatchOr):
        found = [_fits(machine, subject, inner) for inner in pattern.patterns]
        return True if True in found else None if None in found else False
    key = machine.key(subject)
    if isinstance(pattern, ast.MatchValue) and key is not None:
        wanted = machine.key(machine.value(pattern.value))
        return None if wanted is None else wanted == key
    if isinstance(pattern, ast.MatchSingleton) and isinstance(subject, Const):
        return subject.value is pattern.value
    return None


def _assert(machine: Machine, node: ast.Assert) -> Flow:
    machine.value(node.test)
    narrow(machine, node.test, True)
    return Flow.NORMAL


def _pass(_machine: Machine, _node: ast.stmt) -> Flow:
    return Flow.NORMAL


EXECUTORS: Mapping[type, Callable[[Machine, Any], Flow]] = {
    ast.AnnAssign: _annotated,
    ast.Assert: _assert,
    ast.Assign: _assign,
    ast.AsyncFor: _for,
    ast.AsyncFunctionDef: define_function,
    ast.AsyncWith: _with,
    ast.AugAssign: _augmented,
    ast.Break: _break,
    ast.ClassDef: define_class,
    ast.Continue: _continue,
    ast.Delete: _delete,
    ast.Expr: _expression,
    ast.For: _for,
    ast.FunctionDef: define_function,
    ast.Global: _global,
    ast.If: _if,
    ast.Import: run_import,
    ast.ImportFrom: run_import_from,
    ast.Match: _match,
    ast.Nonlocal: _global,
    ast.Pass: _pass,
    ast.Raise: _raise,
    ast.Return: _return,
    ast.Try: _try,
    ast.While: _while,
    ast.With: _with,
    **({ast.TryStar: _try} if hasattr(ast, "TryStar") else {}),
}
