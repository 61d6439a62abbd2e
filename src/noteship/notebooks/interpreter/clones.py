"""Repositories that a document clones: one is the project itself again, any other lies elsewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.emission import absolute_texts
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.repositories import repository_name

__all__ = ["entered", "note_clone"]

_OPTIONS_WITH_WORD = frozenset({"-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "-j", "--jobs"})
_SCRIPT = re.compile(r"(?:python[\d.]*|%run)\s+(?:-[a-zA-Z]+\s+)*([\w./-]+\.py)\b")
_FOLDER = re.compile(r"(?:^|[%!;&\s])cd\s+([\w./-]+)", re.MULTILINE)
# Where hosted notebooks start, so that this is a clone's absolute path.
_HOSTED = ("/content", "/kaggle/working")


def note_clone(machine: Machine, text: str) -> None:
    """Take note of the `git clone` among the words of a command."""
    words = text.split()
    if words[:1] != ["git"] or "clone" not in words:
        return
    operands = list(_operands(words[words.index("clone") + 1 :]))
    if not operands:
        return
    name = repository_name(operands[0])
    target = operands[1] if len(operands) > 1 else posixpath.basename(operands[0].rstrip("/")).removesuffix(".git")
    if has_hole(target):
        return
    if machine.project.is_repository(name) or _runs_own_scripts(machine, posixpath.basename(target)):
        places = absolute_texts(machine, target)
        named = [] if posixpath.isabs(target) else [posixpath.join(folder, target) for folder in _HOSTED]
        machine.findings.clones.update(each for each in (*places, *named) if each != machine.root)
    else:
        machine.state.setdefault("cloned", set()).add(target)


def _operands(words: list[str]) -> Iterator[str]:
    waiting = iter(words)
    for word in waiting:
        if word in _OPTIONS_WITH_WORD:
            next(waiting, None)
        elif not word.startswith("-"):
            yield word


def _runs_own_scripts(machine: Machine, clone: str) -> bool:
    """Whether all scripts that the document runs are in the project, more than one `train.py` that others have too."""
    text = "\n".join(cell.source for cell in machine.document.code)
    scripts = sorted({_within(path, clone) for path in _SCRIPT.findall(text)})
    folders = sorted({"", *(_within(path, clone).removeprefix("../") for path in _FOLDER.findall(text))})
    found = [path for script in scripts if (path := _found(machine, script, folders))]
    return len(found) == len(scripts) and (len(found) > 1 or any("/" in path for path in found))


def _found(machine: Machine, script: str, folders: list[str]) -> str:
    paths = (posixpath.normpath(posixpath.join(folder, script)) for folder in folders)
    return next((path for path in paths if machine.project.exists(path)), "")


def _within(path: str, clone: str) -> str:
    """A path without the way to the clone's folder."""
    parts = path.split("/")
    return "/".join(parts[parts.index(clone) + 1 :]) if clone in parts else path


def entered(machine: Machine, text: str) -> list[str]:
    """The working folders in a path; a repository that the document cloned is elsewhere, as far as is known."""
    if text.partition("/")[0] in machine.state.get("cloned", ()):
        return [f"/{text}"]
    return absolute_texts(machine, text)
