"""What the lines that a command prints are: `files = !ls out/*.csv`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.shell_words import Command, Word, literal, parse
from noteship.notebooks.values import Const, Unknown, Value

__all__ = ["printed_line"]


def printed_line(machine: Machine, text: str, text_of: Callable[[Word], str]) -> Value:
    """One line of the output: a path where the command lists files, else nothing that is known."""
    commands = list(parse(text[:2_000]))
    if len(commands) == 1 and commands[0].name in {"ls", "find"}:
        tell = _found if commands[0].name == "find" else _listed
        found = tell(machine, commands[0], text_of)
        if found:
            return Const(found)
    return Unknown("a line that a command prints")


def _listed(machine: Machine, command: Command, text_of: Callable[[Word], str]) -> str:
    """`ls` gives the names in a folder, and other paths as they were given."""
    options = "".join(literal(word) for word in command.words[1:] if literal(word).startswith("-"))
    if len(command.operands) > 1 or "l" in options or "R" in options:
        return ""
    path = text_of(command.operands[0]) if command.operands else "."
    named = has_hole(posixpath.basename(path)) or "." in posixpath.basename(path).strip(".")
    return path if named or "d" in options else machine.hole("a pattern", "segment")


def _found(machine: Machine, command: Command, text_of: Callable[[Word], str]) -> str:
    """`find FOLDER -name PATTERN` gives paths that begin with the folder."""
    words = [literal(word) for word in command.words]
    folder = text_of(command.words[1]) if len(words) > 1 and not words[1].startswith("-") else "."
    place = next((number for number, word in enumerate(words[:-1]) if word in {"-name", "-iname"}), None)
    if place is None:
        return ""
    pattern = machine.holes.wildcards(text_of(command.words[place + 1]))
    return posixpath.join(folder, machine.hole("a pattern", "deep"), pattern)
