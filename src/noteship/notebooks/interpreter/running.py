"""Running whole documents: the one that is interpreted, and those that it runs with `%run` or as a command."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from contextlib import contextmanager

from noteship.notebooks import magics
from noteship.notebooks.document import Document
from noteship.notebooks.interpreter.core import HURRY_STEPS, MOST_STEPS, Machine
from noteship.notebooks.interpreter.findings import Evidence, Place
from noteship.notebooks.interpreter.frames import Frame, OutOfSteps, Raised
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.interpreter.names import assigned_names, later_assignments
from noteship.notebooks.interpreter.written_texts import document_of, note_made
from noteship.notebooks.raw import CommandLine
from noteship.notebooks.values import Const, Mapping, Scope, Seq, Unknown, Value

__all__ = ["contained", "run_as_command", "run_document", "run_in_namespace", "run_notebook", "trees_of"]

Trees = list[tuple[Document, ast.Module, int | None, int]]
# Tests look at the faults themselves.
FORGIVING = True
# A document may take this many statements' budgets in all.
MOST_DOCUMENT_STEPS = 400_000


def trees_of(document: Document) -> Trees:
    """The syntax trees of the code cells, those with a syntax error left out."""
    found: Trees = []
    for cell in document.code:
        try:
            tree = magics.parse_cell(cell.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found.append((document, tree, cell.index or None, cell.line))
    return found


def run_document(machine: Machine, trees: Trees, frame: Frame) -> None:
    """Execute the cells in order in a frame of their own."""
    depth = len(machine.frames)
    machine.frames.append(frame)
    try:
        for _, tree, cell, first_line in trees:
            frame.cell, frame.first_line = cell, first_line
            for statement in tree.body:
                _run_statement(machine, statement, frame)
    finally:
        del machine.frames[depth:]


def _run_statement(machine: Machine, statement: ast.stmt, frame: Frame) -> None:
    """One statement at the top level; whatever goes wrong in it, the next one is run."""
    depth, maybe = len(machine.frames), machine.maybe
    scope = frame.scope
    if depth == 1:
        spent = machine.state.get("spent", 0)
        left = max(MOST_DOCUMENT_STEPS - spent, 2_000)
        machine.steps, machine.step_limits = 0, (min(HURRY_STEPS, left // 2), min(MOST_STEPS, left))
    try:
        machine.run([statement])
    except Raised as error:
        if depth > 1 and machine.catches(error.name):
            raise
    except Exception as error:
        # Out of steps or depth; anything else is a fault of this package, which must not take the whole graph with it.
        if depth > 1 or not (FORGIVING or isinstance(error, (OutOfSteps, RecursionError))):
            raise
        for name in assigned_names(statement):
            scope.names.setdefault(name, Unknown(f"{name}, which took too long to follow"))
        if not isinstance(error, (OutOfSteps, RecursionError)):
            _tell(machine, statement, frame, error)
    finally:
        del machine.frames[depth:]
        frame.scope, frame.owner = scope, None
        frame.loops.clear()
        machine.maybe = maybe
        if depth == 1:
            machine.lacking = machine.present = frozenset()
            machine.guards.clear()
            machine.findings.quiet = 0
            machine.state["spent"] = machine.state.get("spent", 0) + machine.steps


def contained(machine: Machine, work: Callable[[], None]) -> None:
    """Do what comes after the statements; whatever goes wrong in it, what was found stands."""
    try:
        work()
    except (Raised, OutOfSteps, RecursionError):
        pass
    except Exception:
        if not FORGIVING:
            raise
    del machine.frames[1:]
    machine.guards.clear()


def _tell(machine: Machine, statement: ast.stmt, frame: Frame, error: Exception) -> None:
    """Note among what is not known that a statement could not be followed, where it calls anything."""
    if any(isinstance(node, ast.Call) for node in ast.walk(statement)):
        place = Place(frame.cell, frame.first_line + statement.lineno - 1, (), True)
        reason = f"this statement could not be followed ({type(error).__name__})"
        machine.findings.quiet = 0
        machine.findings.unknown(reason, Evidence("read", place, "statement", ""))


def run_in_namespace(machine: Machine, path: str, arguments: list[str], shared: bool) -> None:
    """`%run`: the file runs here, and the names that it leaves are the caller's too."""
    document = _runnable(machine, path)
    if document is None:
        return
    caller = machine.scope
    scope = caller if shared else Scope({}, None, path)
    names: dict[str, Value] = {"__name__": Const("__main__"), "__file__": Const(machine.place(path))}
    scope.names.update(names)
    argv, later = machine.argv, machine.later
    machine.argv = Seq("list", [Const(path), *map(Const, arguments)])
    trees = trees_of(document)
    machine.later = later_assignments(trees)
    try:
        with _running(machine, path):
            run_document(
                machine, trees, Frame(scope, "the notebook" if path.endswith(".ipynb") else "the script", path, None, 1)
            )
    finally:
        machine.argv, machine.later = argv, later
        caller.names.update({name: value for name, value in scope.names.items() if not name.startswith("__")})


def run_as_command(machine: Machine, path: str, arguments: list[Value], module: str = "") -> None:
    """`python script.py a b`: the script runs in a process of its own, in the same working folder."""
    document = _runnable(machine, path)
    if document is None:
        return
    _note_call(machine, path, arguments, module)
    names: dict[str, Value] = {"__name__": Const("__main__"), "__file__": Const(machine.place(path))}
    frame = Frame(Scope(names, None, path), "the script", path, None, 1)
    with _own_process(machine, (*machine.state.get("by", ()), path)):
        machine.argv = Seq("list", [Const(path), *arguments])
        machine.sys_path = Seq("list", [Const(machine.place(path.rpartition("/")[0]))])
        trees = trees_of(document)
        machine.later = later_assignments(trees)
        with _running(machine, path):
            run_document(machine, trees, frame)


def run_notebook(machine: Machine, path: str, cwd: Value, parameters: MappingType[str, Value]) -> bool:
    """A notebook runs in a kernel of its own, with parameters put in as papermill does; whether it could be read.

    What it does with the values that are its own is the affair of its own stage, should it be one.
    """
    document = _runnable(machine, path)
    if document is None:
        return False
    by = machine.state.get("by", ())
    with _own_process(machine, by if parameters else (*by, path)):
        machine.cwd = cwd
        machine.argv, machine.sys_path = Seq("list", [Const(path)]), Seq("list", [cwd])
        trees = trees_of(document)
        tagged = [number for number, (_, _, cell, _) in enumerate(trees, 1) if cell in _parameter_cells(document)]
        first = tagged[0] if tagged else 0
        machine.later = later_assignments(trees)
        frame = Frame(Scope({"__name__": Const("__main__")}, None, path), "the notebook", path, None, 1)
        with _running(machine, path):
            run_document(machine, trees[:first], frame)
            frame.scope.names.update(parameters)
            run_document(machine, trees[first:], frame)
    return True


def _parameter_cells(document: Document) -> set[int]:
    return {cell.index for cell in document.code if "parameters" in cell.tags}


@contextmanager
def _own_process(machine: Machine, by: tuple[str, ...]) -> Iterator[None]:
    """What happens inside is done by another process: its modules, environment and folder are its own."""
    kept = (machine.argv, machine.sys_path, machine.modules, machine.cwd, machine.environ, machine.later)
    state = machine.state
    machine.modules = {}
    machine.environ = Mapping(dict(machine.environ.items), machine.environ.rest)
    machine.state = {**state, "flags": Mapping({}, None, True), "by": by, "words": None}
    try:
        yield
    finally:
        machine.argv, machine.sys_path, machine.modules, machine.cwd, machine.environ, machine.later = kept
        shared = ("databases", "folders", "running", "texts")
        state.update({key: machine.state[key] for key in shared if key in machine.state})
        machine.state = state


def _note_call(machine: Machine, path: str, arguments: list[Value], module: str) -> None:
    words = tuple(machine.holes.split(machine.written(argument)) for argument in arguments)
    cwd = machine.cwd.value if isinstance(machine.cwd, Const) else None
    inside = machine.inside(cwd) if isinstance(cwd, str) and not has_hole(cwd) else None
    machine.calls[path, CommandLine(words, machine.document.path, inside, module)] = None


def _runnable(machine: Machine, path: str) -> Document | None:
    if path in machine.state.get("running", ()) or path == machine.document.path or len(machine.frames) > 12:
        return None
    note_made(machine, path, f"run {path}")
    return document_of(machine, path)


@contextmanager
def _running(machine: Machine, path: str) -> Iterator[None]:
    machine.state["running"] = (*machine.state.get("running", ()), path)
    if path not in machine.ran:
        machine.ran.append(path)
    try:
        yield
    finally:
        machine.state["running"] = machine.state["running"][:-1]
