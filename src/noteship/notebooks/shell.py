"""Which files shell lines read and write: a rule for each command that is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from noteship.notebooks.shell_notebooks import NotebookRun, notebook_runs
from noteship.notebooks.shell_words import Command, Expansion, Wildcard, Word, literal, parse

__all__ = ["Expansion", "ShellUse", "Wildcard", "Word", "commands"]

_PYTHON = re.compile(r"(python|pypy|ipython|py)[\d.]*w?(\.exe)?")
ShellAction = Literal["read", "write", "remove", "move", "external", "python", "notebook", "cd"]


@dataclass(frozen=True)
class ShellUse:
    """What one command does with one word.

    `move` renames `path` to `target`. `external` downloads from `path`. `python` runs the script or notebook `path`
    with `arguments`, as a `module` of that name under `-m`; `notebook` does the `run` of one. `cd` makes `path` the
    working folder for the commands after it in the same text. `into` is true when a `write` or `move` goes into the
    folder `path` (or `target`) under an unchanged name unless that is a file: `name` is then the word whose last part
    is that name.
    """

    action: ShellAction
    path: Word
    command: str
    line: int = 1
    target: Word = ()
    arguments: tuple[Word, ...] = ()
    folder: bool = False
    name: Word = ()
    module: str = ""
    run: NotebookRun | None = None


def commands(text: str) -> list[ShellUse]:
    """What the command lines do with files, in order; what is not understood does nothing."""
    uses: list[ShellUse] = []
    for command in map(_unwrapped, parse(text)):
        uses.extend(_redirected(command, "<", "read"))
        rule = _RULES.get(_program(command))
        if rule is not None:
            uses.extend(rule(command))
        uses.extend(_redirected(command, ">", "write"))
    return uses


def _program(command: Command) -> str:
    return "python" if _PYTHON.fullmatch(command.name) else command.name


# Programs that start another one, which is named among their words.
_STARTERS = frozenset({
    "uv", "poetry", "pipenv", "pdm", "hatch", "rye", "pixi", "conda", "mamba", "micromamba", "dvc", "srun", "sbatch",
    "mpirun", "mpiexec", "accelerate", "torchrun", "deepspeed", "taskset", "timeout", "coverage", "kernprof",
    "streamlit", "docker",
})  # fmt: skip
_NOTEBOOK_MODULES = {"jupyter": "jupyter", "nbconvert": "jupyter-nbconvert", "papermill": "papermill"}
# Modules that run a script given to them.
_RUNNER = re.compile(
    r"(torch\.distributed\.\w+|accelerate\.commands\.launch|cProfile|profile|pdb|debugpy|trace|coverage)"
)


def _unwrapped(command: Command) -> Command:
    """The Python call within `poetry run python x.py`, `torchrun x.py`, `./x.py`; other commands as they are."""
    if command.name.endswith(".py"):
        return Command([("python",), *command.words], command.redirects, command.line)
    program = _notebook_program(command)
    if program:
        return Command([(program,), *command.words[3:]], command.redirects, command.line)
    for index, word in enumerate(command.words if command.name in _STARTERS else ()):
        text = literal(word)
        if index and _PYTHON.fullmatch(text.rpartition("/")[2]):
            return Command(command.words[index:], command.redirects, command.line)
        if index and text.endswith(".py") and not literal(command.words[index - 1]).startswith("-"):
            return Command([("python",), *command.words[index:]], command.redirects, command.line)
    return command


def _notebook_program(command: Command) -> str:
    """The program that `python -m` starts when it is one that runs notebooks."""
    option, module = [literal(word) for word in command.words[1:3]] if len(command.words) > 2 else ("", "")
    return _NOTEBOOK_MODULES.get(module, "") if option == "-m" and _PYTHON.fullmatch(command.name) else ""


def _redirected(command: Command, sign: str, action: ShellAction) -> Iterator[ShellUse]:
    for own_sign, word in command.redirects:
        if own_sign == sign and not literal(word).startswith("/dev/") and word:
            yield ShellUse(action, word, command.name or sign, command.line)


def _option(command: Command, *names: str) -> Word | None:
    """The value of an option: `-o x`, `-ox`, `--output x` or `--output=x`."""
    for index, word in enumerate(command.words):
        text = literal(word)
        for name in names:
            if text == name or (not name.startswith("--") and re.fullmatch(rf"-[A-Za-z]*{name[1:]}", text)):
                return command.words[index + 1] if index + 1 < len(command.words) else None
            if name.startswith("--") and text.startswith(f"{name}="):
                return _without(word, len(name) + 1)
    return None


def _without(word: Word, count: int) -> Word:
    head = str(word[0])[count:]
    return ((head,) if head else ()) + tuple(word[1:])


def _flag(command: Command, *letters: str) -> bool:
    for word in command.words[1:]:
        text = literal(word)
        if any(text == f"--{letter}" or (len(letter) == 1 and re.match(rf"-\w*{letter}", text)) for letter in letters):
            return True
    return False


def _copy(command: Command) -> Iterator[ShellUse]:
    folder = _flag(command, "r", "R", "a", "recursive")
    *sources, target = command.operands if len(command.operands) > 1 else (*command.operands, ())
    for source in sources if target else ():
        yield ShellUse("read", source, command.name, command.line, folder=folder)
        yield ShellUse("write", target, command.name, command.line, folder=folder, name=source)


def _move(command: Command) -> Iterator[ShellUse]:
    *sources, target = command.operands if len(command.operands) > 1 else (*command.operands, ())
    for source in sources if target else ():
        yield ShellUse("move", source, command.name, command.line, target=target, name=source)


def _remove(command: Command) -> Iterator[ShellUse]:
    for word in command.operands:
        yield ShellUse("remove", word, command.name, command.line, folder=_flag(command, "r", "R"))


def _read_operands(command: Command) -> Iterator[ShellUse]:
    for word in command.operands:
        yield ShellUse("read", word, command.name, command.line)


def _read_last(command: Command) -> Iterator[ShellUse]:
    """head, tail, wc: an operand that is a number belongs to an option."""
    for word in command.operands:
        if not literal(word).lstrip("+").isdigit():
            yield ShellUse("read", word, command.name, command.line)


def _read_after_first(command: Command) -> Iterator[ShellUse]:
    """grep, sed, awk: the first operand is a pattern or a program."""
    named = _option(command, "-e", "-f") is not None
    for word in command.operands if named else command.operands[1:]:
        yield ShellUse("read", word, command.name, command.line)
        if command.name == "sed" and _flag(command, "i"):
            yield ShellUse("write", word, command.name, command.line)


def _tee(command: Command) -> Iterator[ShellUse]:
    for word in command.operands:
        yield ShellUse("write", word, command.name, command.line)


def _sort(command: Command) -> Iterator[ShellUse]:
    target = _option(command, "-o", "--output")
    for word in command.operands:
        if word != target and not re.fullmatch(r"[\d.,]+", literal(word)):
            yield ShellUse("read", word, command.name, command.line)
    if target:
        yield ShellUse("write", target, command.name, command.line)


def _is_url(word: Word) -> bool:
    return bool(re.match(r"(https?|ftp|s3|gs)://", literal(word)))


def _wget(command: Command) -> Iterator[ShellUse]:
    target, folder = _option(command, "-O", "--output-document"), _option(command, "-P", "--directory-prefix")
    for word in command.operands:
        if word in (target, folder):
            continue
        if _is_url(word) or "\0" in literal(word):
            yield ShellUse("external", word, command.name, command.line)
            yield from _downloaded(command, word, target, folder)


def _downloaded(command: Command, url: Word, target: Word | None, folder: Word | None) -> Iterator[ShellUse]:
    if target is not None and literal(target) != "-":
        yield ShellUse("write", target, command.name, command.line)
    elif target is None:
        name = _url_name(url)
        if name and folder is not None:
            yield ShellUse("write", (*folder, "/", *name), command.name, command.line)
        elif name:
            yield ShellUse("write", name, command.name, command.line)


def _url_name(url: Word) -> Word:
    """The last part of a URL without its query, when it is known."""
    last = url[-1] if url else ""
    if not isinstance(last, str) or "/" not in last:
        return ()
    name = re.split(r"[?#]", last.rpartition("/")[2] if "?" not in last else last.split("?")[0].rpartition("/")[2])[0]
    return (name,) if name else ()


def _curl(command: Command) -> Iterator[ShellUse]:
    target = _option(command, "-o", "--output")
    for word in command.operands:
        if _is_url(word):
            yield ShellUse("external", word, command.name, command.line)
            if target is None and _flag(command, "O", "remote-name") and _url_name(word):
                yield ShellUse("write", _url_name(word), command.name, command.line)
    if target is not None and not literal(target).startswith("/dev/"):
        yield ShellUse("write", target, command.name, command.line)


def _gdown(command: Command) -> Iterator[ShellUse]:
    target = _option(command, "-O", "--output")
    yield ShellUse("external", command.operands[0] if command.operands else ("",), command.name, command.line)
    if target is not None:
        yield ShellUse("write", target, command.name, command.line)


def _external(command: Command) -> Iterator[ShellUse]:
    shown = " ".join(literal(word).replace("\0", "…") for word in command.words)
    yield ShellUse("external", (shown,), command.name, command.line)
    folder = _option(command, "-p", "--path")
    if command.name == "kaggle" and folder is not None:
        yield ShellUse("write", folder, command.name, command.line, folder=True)


def _tar(command: Command) -> Iterator[ShellUse]:
    letters = literal(command.words[1]).lstrip("-") if len(command.words) > 1 else ""
    archive = _option(command, "-f", "--file") or (command.words[2] if len(command.words) > 2 else None)
    folder = _option(command, "-C", "--directory")
    if archive is None:
        return
    if "c" in letters:
        for word in command.words[3:]:
            if not literal(word).startswith("-") and word not in (archive, folder):
                yield ShellUse("read", word, command.name, command.line)
        yield ShellUse("write", archive, command.name, command.line)
        return
    yield ShellUse("read", archive, command.name, command.line)
    if folder is not None and "x" in letters and not _is_here(folder):
        yield ShellUse("write", folder, command.name, command.line, folder=True)


def _unzip(command: Command) -> Iterator[ShellUse]:
    folder = _option(command, "-d")
    operands = [word for word in command.operands if word != folder]
    if operands:
        yield ShellUse("read", operands[0], command.name, command.line)
    if folder is not None and not (_flag(command, "l") or _is_here(folder)):
        yield ShellUse("write", folder, command.name, command.line, folder=True)


def _is_here(folder: Word) -> bool:
    """Whether a folder is the working one: nothing is said by that, as when none is given."""
    return literal(folder) in {".", "./"}


def _zip(command: Command) -> Iterator[ShellUse]:
    operands = command.operands
    for word in operands[1:]:
        yield ShellUse("read", word, command.name, command.line, folder=_flag(command, "r"))
    if operands:
        archive = operands[0]
        named = "." in literal(archive).rpartition("/")[2]
        yield ShellUse("write", archive if named else (*archive, ".zip"), command.name, command.line)


_PACKED = {"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "zstd": ".zst"}
_UNPACKED = {"gunzip": ".gz", "bunzip2": ".bz2", "unxz": ".xz", "unzstd": ".zst"}


def _gzip(command: Command) -> Iterator[ShellUse]:
    unpack = command.name in _UNPACKED or _flag(command, "d")
    suffix = _UNPACKED.get(command.name) or _PACKED[command.name]
    for word in command.operands:
        yield ShellUse("read", word, command.name, command.line)
        if _flag(command, "c", "stdout"):
            continue
        last = word[-1]
        if not unpack:
            yield ShellUse("write", (*word, suffix), command.name, command.line)
        elif isinstance(last, str) and last.endswith(suffix):
            yield ShellUse("write", (*word[:-1], last.removesuffix(suffix)), command.name, command.line)


def _python(command: Command) -> Iterator[ShellUse]:
    words = command.words[1:]
    while words and literal(words[0]).startswith("-"):
        text = literal(words.pop(0))
        if text == "-c":
            return
        if text in {"-W", "-X"} and words:
            words.pop(0)
        if text == "-m":
            if words and _RUNNER.fullmatch(literal(words[0])):
                break
            yield from _python_module(command, words)
            return
    while words and not literal(words[0]).endswith((".py", ".ipynb")) and _RUNNER.fullmatch(literal(words[0])):
        words = next((words[n:] for n, word in enumerate(words) if literal(word).endswith(".py")), [])
    if words:
        yield ShellUse("python", words[0], command.name, command.line, arguments=tuple(words[1:]))


def _python_module(command: Command, words: list[Word]) -> Iterator[ShellUse]:
    module = literal(words[0]) if words else ""
    if module and "\0" not in module:
        path, arguments = (module.replace(".", "/") + ".py",), tuple(words[1:])
        yield ShellUse("python", path, command.name, command.line, arguments=arguments, module=module)


def _notebooks(command: Command) -> Iterator[ShellUse]:
    for run in notebook_runs(command):
        yield ShellUse("notebook", run.path, command.name, command.line, run=run)


def _cd(command: Command) -> Iterator[ShellUse]:
    if command.operands:
        yield ShellUse("cd", command.operands[0], command.name, command.line)


_RULES: dict[str, Callable[[Command], Iterator[ShellUse]]] = {
    "cp": _copy, "rsync": _copy, "ln": _copy, "mv": _move, "rm": _remove, "tee": _tee, "touch": _tee, "sort": _sort,
    "cat": _read_operands, "zcat": _read_operands, "less": _read_operands, "more": _read_operands,
    "source": _read_operands, "file": _read_operands, "md5sum": _read_operands, "uniq": _read_operands,
    "head": _read_last, "tail": _read_last, "wc": _read_last, "cut": _read_last,
    "grep": _read_after_first, "sed": _read_after_first, "awk": _read_after_first, "jq": _read_after_first,
    "wget": _wget, "curl": _curl, "gdown": _gdown, "kaggle": _external, "dvc": _external, "aws": _external,
    "gsutil": _external, "git": _external, "tar": _tar, "unzip": _unzip, "zip": _zip, "gzip": _gzip,
    "gunzip": _gzip, "bzip2": _gzip, "bunzip2": _gzip, "xz": _gzip, "unxz": _gzip, "python": _python,
    "papermill": _notebooks, "jupyter": _notebooks, "jupyter-nbconvert": _notebooks, "jupyter-execute": _notebooks,
    "jupyter-run": _notebooks, "cd": _cd, "pushd": _cd,
}  # fmt: skip
