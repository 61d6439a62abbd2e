"""Notebooks that are run by others, with papermill or Jupyter's own programs."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from collections.abc import Mapping as MappingType

from noteship.notebooks.interpreter.arguments import Arguments, Call
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.emission import absolute_texts, path_texts, used
from noteship.notebooks.interpreter.evidence import Manner
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.interpreter.running import run_notebook
from noteship.notebooks.shell_notebooks import NotebookRun
from noteship.notebooks.shell_words import Word
from noteship.notebooks.values import Const, Mapping, Unknown, Value

__all__ = ["NOTEBOOK_MODELS", "run_from_shell"]


def run_from_shell(machine: Machine, run: NotebookRun, command: str, text_of: Callable[[Word], str]) -> None:
    """A command line's notebook is executed, and what comes of it is written."""
    path = text_of(run.path)
    call = Call(command, Arguments(), label=f"!{command}")
    if run.executed:
        cwd = posixpath.dirname(path) if run.beside else text_of(run.cwd)
        parameters: dict[str, Value] = {name: Const(text_of(word)) for name, word in run.parameters}
        _executed(machine, path, cwd, parameters, call)
    target = _result(run, path, text_of)
    # A page that shows a notebook as it is saved is no data; a script may be somebody's module.
    if target and (run.executed or target.endswith(".py")) and target != path:
        _written(machine, path, Const(target), parameters=bool(run.parameters) or not run.executed, call=call)


def _result(run: NotebookRun, path: str, text_of: Callable[[Word], str]) -> str:
    """Where the result goes: without a folder beside the notebook, where that is what the program does."""
    name = text_of(run.output)
    if not name and not run.suffix:
        return ""
    name = name or posixpath.basename(path).removesuffix(".ipynb")
    suffix = run.suffix if text_of(run.output) == "" else f".{run.suffix.rpartition('.')[2]}" if run.suffix else ""
    name = name if name.endswith(suffix) else f"{name}{suffix}"
    folder = text_of(run.folder) or (posixpath.dirname(path) if run.suffix else "")
    return posixpath.join(folder, name)


def _executed(machine: Machine, path: str, cwd: str, parameters: MappingType[str, Value], call: Call) -> None:
    """Run a notebook of the project; another one is a file that is read."""
    inside = machine.inside(absolute_texts(machine, path)[0]) if path and not has_hole(path) else None
    folder = Const(absolute_texts(machine, cwd)[0]) if cwd else machine.cwd
    if inside is None or not run_notebook(machine, inside, folder, parameters):
        used(machine, Const(path), "read", call)


def _written(machine: Machine, path: str, target: Value, *, parameters: bool, call: Call) -> None:
    """The executed notebook is a by-product of running it: whose affair the run is, theirs is the result."""
    inside = machine.inside(absolute_texts(machine, path)[0]) if path and not has_hole(path) else None
    outer = machine.state.get("by", ())
    machine.state["by"] = outer if parameters or inside is None else (*outer, inside)
    used(machine, target, "write", call, Manner(how="what running the notebook gives"))
    machine.state["by"] = outer


def _papermill(machine: Machine, call: Call) -> Value:
    """`papermill.execute_notebook("in.ipynb", "out.ipynb", parameters={...})`."""
    given = call.get(2, "parameters")
    known: dict[str, Value] = {}
    if isinstance(given, Mapping):
        known = {name: value for name, value in given.items.items() if isinstance(name, str)}
        known = known or ({"": Unknown("a parameter")} if given.rest is not None else {})
    elif given is not None and given != Const(None):
        known = {"": Unknown("a parameter")}
    target, cwd = call.get(1, "output_path"), call.text_of(None, "cwd") or ""
    for path in path_texts(machine, call.get(0, "input_path")):
        with machine.perhaps(len(path_texts(machine, call.get(0, "input_path"))) > 1):
            _executed(machine, path, cwd, known, call)
        if target is not None and path not in path_texts(machine, target):
            _written(machine, path, target, parameters=bool(known), call=call)
    return Unknown("an executed notebook")


NOTEBOOK_MODELS: MappingType[str, Model] = {
    "papermill.execute_notebook": _papermill,
    "papermill.execute.execute_notebook": _papermill,
}
