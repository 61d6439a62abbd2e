"""What the stages of a run import and the project's interpreter does not have, told before any of them runs."""

from __future__ import annotations

from collections.abc import Iterable

from noteship import distributions, project
from noteship.operations.opened import OpenedProject

__all__ = ["is_of", "lacking"]


def lacking(opened: OpenedProject, stages: Iterable[str]) -> tuple[str, ...]:
    """A sentence with the one command that installs all of it, if anything is missing.

    Guarded imports, and those of what the project has or makes itself, do not count.
    """
    importers: dict[str, list[str]] = {}
    for name in stages:
        for module in opened.sources_by_name[name].imports if name in opened.sources_by_name else ():
            importers.setdefault(module, []).append(name)
    made = {write for source in opened.sources.stages for write in source.writes}
    own = {module for module in importers for path in (*opened.sources.files, *made) if is_of(path, module)}
    environment = opened.environment
    missing = project.not_found(environment.interpreter, importers.keys() - own, opened.root)
    if not missing:
        return ()
    named = ", ".join(f"{module} ({_few(importers[module])})" for module in missing)
    command = distributions.install_command(
        environment.interpreter.path, *missing, has_pip="pip" in environment.installed
    )
    return (f"not installed, and imported: {named}; install {'them' if len(missing) > 1 else 'it'}: {command}",)


def is_of(path: str, module: str) -> bool:
    """Whether a file of the project is a top-level module of this name, wherever it lies, or in a package of it."""
    *folders, name = path.split("/")
    return name == f"{module}.py" or (module in folders and name.endswith(".py"))


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
