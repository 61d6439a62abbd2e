"""Which scripts a project's task files call, and with which words: Makefiles, shell scripts, pipelines' definitions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from posixpath import basename, dirname, join, normpath

from noteship.notebooks import discovery, makefiles, shell, task_files
from noteship.notebooks.project_view import ProjectTexts
from noteship.notebooks.raw import CommandLine, Hole, Word

__all__ = ["MOST_LINES", "MOST_READ", "command_lines"]

# A script that is called more often than this is called in a sweep, whose further values tell nothing new.
MOST_READ = 12
# The runs of a longer sweep are too many for one stage.
MOST_LINES = 100
_LARGEST = 200_000
_MOST_ROUNDS = 40
_HELP = frozenset({"-h", "--help", "--version"})
_LOOP = re.compile(r"(?:^|[;\n])\s*for\s+(\w+)\s+in\s+([^;\n]*)[;\n]\s*do\b(.*?)[;\n]\s*done\b", re.DOTALL)

# Gives each text of commands with the folder that it is run in.
Kind = Callable[[str, str, ProjectTexts], Iterable[tuple[str, str]]]


def command_lines(
    texts: ProjectTexts, own: Iterable[str], exclude: tuple[str, ...]
) -> dict[str, tuple[CommandLine, ...]]:
    """By script: how the project's task files, those of its `own` files, call it."""
    found: dict[str, dict[CommandLine, None]] = {}
    for path in sorted(own):
        kind = _kind(path)
        if kind is None or discovery.excluded(path, exclude):
            continue
        text = texts.read(path)[0]
        if text is None or len(text) > _LARGEST:
            continue
        for folder, commands in kind(path, text, texts):
            for script, line in _calls(texts, path, folder, commands):
                found.setdefault(script, {})[line] = None
    return {script: tuple(lines)[:MOST_LINES] for script, lines in found.items()}


def _make(path: str, text: str, _: ProjectTexts) -> Iterable[tuple[str, str]]:
    return ((dirname(path), line) for line in makefiles.recipes(text))


def _shell(path: str, text: str, _: ProjectTexts) -> Iterable[tuple[str, str]]:
    return [(dirname(path), text)]


def _batch(path: str, text: str, _: ProjectTexts) -> Iterable[tuple[str, str]]:
    """Windows' command files and PowerShell."""
    text = re.sub(r"[\^`][ \t]*\r?\n", " ", text).replace("\\", "/")
    text = re.sub(r"(?im)^\s*set\s+\"?(\w+)=([^\"\r\n]*)\"?", r"\1='\2'", text)
    text = re.sub(r"(?m)^\s*\$(\w+)\s*=\s*", r"\1=", text)
    return [(dirname(path), re.sub(r"%(\w+)%", r"${\1}", re.sub(r"(?im)^\s*(rem\b|::).*", "", text)))]


def _tasks(path: str, text: str, texts: ProjectTexts) -> Iterable[tuple[str, str]]:
    def beside(name: str) -> str | None:
        return texts.read(normpath(join(dirname(path), name)))[0]

    return (
        (normpath(join(dirname(path), folder)) if folder else dirname(path), command)
        for folder, command in task_files.commands(basename(path), text, beside)
    )


_BY_SUFFIX: Mapping[str, Kind] = {
    ".sh": _shell, ".bash": _shell, ".mk": _make, ".mak": _make, ".bat": _batch, ".cmd": _batch, ".ps1": _batch,
}  # fmt: skip


def _kind(path: str) -> Kind | None:
    name = basename(path)
    suffix = name[name.rfind(".") :] if "." in name else ""
    if name.lower() in {"makefile", "gnumakefile"}:
        return _make
    if task_files.is_task_file(name):
        return _tasks
    return _BY_SUFFIX.get(suffix)


def _calls(texts: ProjectTexts, origin: str, folder: str, commands: str) -> Iterator[tuple[str, CommandLine]]:
    """The project's scripts that command lines call; `folder` is where they are run, as far as that is known."""
    here = folder
    for use in shell.commands(_plain_shell(commands)):
        if use.action == "cd" and all(isinstance(part, str) for part in use.path):
            here = normpath(join(here, "".join(map(str, use.path))))
        elif use.action == "python" and all(isinstance(part, str) for part in use.path):
            words = tuple(map(_word, use.arguments))
            places = dict.fromkeys(("" if here == "." else here, folder, ""))
            script, cwd = _script(texts, "".join(map(str, use.path)), list(places))
            if script and not any(word in {(each,) for each in _HELP} for word in words):
                yield script, CommandLine(words, origin, cwd, use.module)


def _script(texts: ProjectTexts, name: str, places: list[str]) -> tuple[str, str | None]:
    """The script of this name and the folder it is called in: the first from where it is found."""
    for place in places:
        for path in (normpath(join(place, name)), normpath(join(place, "src", name))):
            if path in texts.files and path.endswith(".py"):
                return path, place
    return "", None


def _word(word: shell.Word) -> Word:
    return tuple(part if isinstance(part, str) else _hole(part) for part in word)


def _hole(part: shell.Expansion | shell.Wildcard) -> Hole:
    if isinstance(part, shell.Wildcard):
        return Hole("a pattern", "segment")
    return Hole(f"the variable {part.source}")


def _plain_shell(text: str) -> str:
    """The text without what needs a shell to know: defaults of variables are taken, loops over words unrolled."""
    text = re.sub(r"\$\{(\w+):?[-=]([^{}]*)\}", r"\2", text)
    text = re.sub(r"\$\(\(?[^()]*\)?\)|`[^`\n]*`|\$[0-9@#?!*]", "${unknown}", text)
    text = re.sub(r"\$\{(?!\w+\})[^{}\n]*\}", "${unknown}", text)
    return _LOOP.sub(_unrolled, text)


def _unrolled(found: re.Match[str]) -> str:
    name, words, body = found.groups()
    values = [value for word in words.split() for value in _braces(word.strip("\"'"))]
    if not values or len(values) > _MOST_ROUNDS or any("$" in value for value in values):
        return f"\n{body}\n"
    return "".join(f"\n{name}={value}\n{body}\n" for value in values)


def _braces(word: str) -> list[str]:
    """`{1..4}` and `{a,b}`."""
    numbers = re.fullmatch(r"\{(\d+)\.\.(\d+)\}", word)
    if numbers is not None:
        first, last = int(numbers.group(1)), int(numbers.group(2))
        return [str(number) for number in range(first, min(last, first + _MOST_ROUNDS) + 1)]
    listed = re.fullmatch(r"([^{}]*)\{([^{}]*,[^{}]*)\}([^{}]*)", word)
    if listed is not None:
        head, middle, tail = listed.groups()
        return [f"{head}{each}{tail}" for each in middle.split(",")]
    return [word]
