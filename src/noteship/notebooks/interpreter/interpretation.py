"""Interpreting one document: a machine is set up, the cells run, what was found is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from noteship.notebooks.catalogue import Catalogue
from noteship.notebooks.document import Document
from noteship.notebooks.interpreter.arguments import Arguments
from noteship.notebooks.interpreter.attributes import attribute
from noteship.notebooks.interpreter.builtin_models import BUILTIN_MODELS
from noteship.notebooks.interpreter.calls import call_function, invoke
from noteship.notebooks.interpreter.command_line_models import COMMAND_LINE_MODELS
from noteship.notebooks.interpreter.command_models import COMMAND_MODELS
from noteship.notebooks.interpreter.command_program_models import COMMAND_PROGRAM_MODELS
from noteship.notebooks.interpreter.concurrency_models import CONCURRENCY_MODELS
from noteship.notebooks.interpreter.container_models import CONTAINER_MODELS
from noteship.notebooks.interpreter.core import Machine, Parts
from noteship.notebooks.interpreter.database_models import DATABASE_MODELS, finish_databases
from noteship.notebooks.interpreter.expressions import EVALUATORS
from noteship.notebooks.interpreter.file_models import FILE_MODELS
from noteship.notebooks.interpreter.frames import Frame
from noteship.notebooks.interpreter.library_models import LIBRARY_MODELS
from noteship.notebooks.interpreter.names import later_assignments
from noteship.notebooks.interpreter.notebook_models import NOTEBOOK_MODELS
from noteship.notebooks.interpreter.path_models import PATH_MODELS
from noteship.notebooks.interpreter.running import contained, run_document, trees_of
from noteship.notebooks.interpreter.selection_models import SELECTION_MODELS
from noteship.notebooks.interpreter.sequence_models import SEQUENCE_MODELS
from noteship.notebooks.interpreter.settings_models import SETTINGS_MODELS
from noteship.notebooks.interpreter.statements import EXECUTORS
from noteship.notebooks.interpreter.text_models import TEXT_MODELS
from noteship.notebooks.interpreter.written_texts import known_texts
from noteship.notebooks.project_view import ProjectView
from noteship.notebooks.raw import RawAnalysis, Word
from noteship.notebooks.values import Const, Func, Scope, Unknown, Value

__all__ = ["interpret"]

_MODELS = {
    **BUILTIN_MODELS,
    **SEQUENCE_MODELS,
    **TEXT_MODELS,
    **CONTAINER_MODELS,
    **PATH_MODELS,
    **FILE_MODELS,
    **LIBRARY_MODELS,
    **SELECTION_MODELS,
    **CONCURRENCY_MODELS,
    **COMMAND_LINE_MODELS,
    **COMMAND_PROGRAM_MODELS,
    **DATABASE_MODELS,
    **COMMAND_MODELS,
    **NOTEBOOK_MODELS,
    **SETTINGS_MODELS,
}
_PARTS = Parts(EXECUTORS, EVALUATORS, _MODELS, invoke, attribute)


def interpret(
    project: ProjectView,
    document: Document,
    *,
    cwd: str,
    catalogue: Catalogue,
    words: Sequence[Word] = (),
) -> RawAnalysis:
    """What a document reads and writes when it runs with this working folder, relative to the project's root.

    `words` follow its name on the command line.
    Never raises, whatever the cells hold, and always ends: every statement has a budget of steps.
    """
    machine = Machine(_PARTS, project, document, catalogue, "" if cwd == "." else cwd)
    trees = trees_of(document)
    names: dict[str, Value] = {"__name__": Const("__main__")}
    if document.kind != "notebook":
        names["__file__"] = Const(machine.place(document.path))
        machine.sys_path.items.insert(0, Const(machine.place(document.path.rpartition("/")[0])))
    machine.argv.items.extend(Const(machine.holes.joined(word)) for word in words)
    machine.state["first cwd"] = machine.cwd
    machine.later = later_assignments(trees)
    frame = Frame(Scope(names, None, document.path), "", document.path, None, 1)
    run_document(machine, trees, frame)
    _run_registered(machine, frame)
    contained(machine, partial(finish_databases, machine))
    uses, external, unknown = machine.findings.results()
    modules = tuple(sorted(module.path for module in machine.modules.values() if module.path))
    ran, calls, texts = tuple(machine.ran), tuple(machine.calls), known_texts(machine)
    return RawAnalysis(uses, external, unknown, modules, ran, calls, texts=texts)


def _run_registered(machine: Machine, frame: Frame) -> None:
    """Functions that were registered with a server are called by it, later."""
    machine.frames.append(frame)
    unknown = Unknown("an argument that a request gives")
    for key, functions in list(machine.state.items()):
        program = key[1] if isinstance(key, tuple) and key[0] == "commands" else None
        if not isinstance(program, str) or "click" in program or "typer" in program:
            continue
        for _, function in functions:
            machine.steps = 0
            with machine.perhaps():
                contained(machine, partial(_call, machine, function, unknown))
    machine.frames.clear()


def _call(machine: Machine, function: Func, argument: Value) -> None:
    call_function(machine, function, Arguments(spread=argument), None)
