"""Command lines that run notebooks: `papermill in.ipynb out.ipynb -p name value`, `jupyter nbconvert --execute`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from noteship.notebooks.shell_words import Command, Word, literal

__all__ = ["NotebookRun", "notebook_runs"]

# Options whose value is a word of its own.
_VALUED = frozenset({
    "--to", "--output", "--output-dir", "--template", "--config", "--cwd", "--kernel", "--kernel_name", "--engine",
    "--log-level", "--timeout", "--startup_timeout", "--parameters_file", "--parameters_yaml", "--parameters_base64",
    "-k", "-f", "-y", "-b",
})  # fmt: skip
_PARAMETERS = frozenset({"-p", "-r", "--parameters", "--parameters_raw"})
# How the kinds of results end.
SUFFIXES = {
    "asciidoc": ".asciidoc",
    "html": ".html",
    "latex": ".tex",
    "markdown": ".md",
    "notebook": ".nbconvert.ipynb",
    "pdf": ".pdf",
    "python": ".py",
    "rst": ".rst",
    "script": ".py",
    "slides": ".slides.html",
}


@dataclass(frozen=True)
class NotebookRun:
    """One notebook of a command line, and what becomes of it.

    It is `executed` or only converted: `beside` says that its working folder is its own, else `cwd` or the caller's.
    The result goes to `output`, in `folder` if there is one; without a name it is the notebook's own with `suffix`.
    """

    path: Word
    executed: bool = True
    beside: bool = False
    cwd: Word = ()
    output: Word = ()
    folder: Word = ()
    suffix: str = ""
    parameters: tuple[tuple[str, Word], ...] = ()


@dataclass
class _Words:
    """A command's words sorted into operands, options and parameters."""

    operands: list[Word]
    options: dict[str, Word]
    parameters: list[tuple[str, Word]]


def notebook_runs(command: Command) -> Iterator[NotebookRun]:
    """What a command line of Jupyter or papermill does with notebooks."""
    words = _sorted(command.words[1:])
    if command.name == "papermill":
        yield from _papermill(words)
        return
    program = command.name.removeprefix("jupyter").lstrip("-")
    if not program and words.operands:
        program = literal(words.operands.pop(0))
    for path in words.operands:
        if program == "nbconvert":
            yield _nbconvert(path, words.options)
        elif program in {"execute", "run"}:
            yield NotebookRun(path, beside=program == "execute", output=words.options.get("--output", ()))


def _sorted(words: list[Word]) -> _Words:
    found = _Words([], {}, [])
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, _ = literal(word).partition("=")
        if name in _PARAMETERS and len(rest) >= 2:
            found.parameters.append((literal(rest.pop(0)), rest.pop(0)))
        elif name.startswith("-") and equals:
            first = str(word[0])[len(name) + 1 :]
            found.options[name] = ((first,) if first else ()) + tuple(word[1:])
        elif name in _VALUED and rest:
            found.options[name] = rest.pop(0)
        elif name.startswith("-"):
            found.options[name] = ()
        else:
            found.operands.append(word)
    return found


def _papermill(words: _Words) -> Iterator[NotebookRun]:
    if words.operands:
        output = words.operands[1] if len(words.operands) > 1 else ()
        cwd = words.options.get("--cwd", ())
        yield NotebookRun(words.operands[0], cwd=cwd, output=output, parameters=tuple(words.parameters))


def _nbconvert(path: Word, options: dict[str, Word]) -> NotebookRun:
    kind = literal(options.get("--to", ("notebook" if "--execute" in options else "html",)))
    nowhere = "--inplace" in options or "--stdout" in options
    return NotebookRun(
        path,
        executed="--execute" in options,
        beside=True,
        output=() if nowhere else options.get("--output", ()),
        folder=options.get("--output-dir", ()),
        suffix="" if nowhere else SUFFIXES.get(kind, ""),
    )
