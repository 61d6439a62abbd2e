"""Shell lines, magics and child processes."""

from __future__ import annotations

import ast
import posixpath
import shlex
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from functools import partial

from noteship.notebooks import magics, shell
from noteship.notebooks.interpreter.arguments import Arguments, Call
from noteship.notebooks.interpreter.clones import entered, note_clone
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.database_models import Database, run_sql
from noteship.notebooks.interpreter.emission import absolute_texts, cwd_texts, path_texts, used
from noteship.notebooks.interpreter.evidence import Manner, evidence_of
from noteship.notebooks.interpreter.existence import is_folder
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.interpreter.modelling import argument_text, constant_result, first_argument
from noteship.notebooks.interpreter.notebook_models import run_from_shell
from noteship.notebooks.interpreter.printed_lines import printed_line
from noteship.notebooks.interpreter.running import run_as_command, run_in_namespace
from noteship.notebooks.interpreter.written_texts import add_text, begin_text
from noteship.notebooks.values import NONE, Const, Library, Scope, Seq, Union, Unknown, Value, options

__all__ = ["COMMAND_MODELS", "run_shell"]

# Line magics whose argument is Python to be run.
_PYTHON_MAGICS = frozenset({"time", "timeit", "prun", "memit", "mprun", "lprun", "debug", "snakeviz"})


def _shell(machine: Machine, call: Call) -> Value:
    text = call.text_of(0) or ""
    run_shell(machine, text)
    return Seq("list", [], printed_line(machine, text, partial(_word_text, machine)))


def run_shell(machine: Machine, text: str) -> None:
    """Record what command lines do; the working folder is theirs only."""
    cwd = machine.cwd
    try:
        for use in shell.commands(text[:20_000]):
            _shell_use(machine, use)
    finally:
        machine.cwd = cwd


def _shell_use(machine: Machine, use: shell.ShellUse) -> None:
    call = Call("shell", Arguments(), label=f"!{use.command}")
    path = _word_text(machine, use.path)
    manner = Manner(folder=use.folder, how="shell line")
    if use.action == "read":
        used(machine, Const(path), "read", call, manner)
    elif use.action == "write":
        _shell_write(machine, call, path, use.name, manner)
    elif use.action == "move":
        if not machine.findings.remove(path, cwd_texts(machine)[0]):
            used(machine, Const(path), "read", call, manner)
        _shell_write(machine, call, _word_text(machine, use.target), use.name, manner)
    elif use.action == "remove":
        machine.findings.remove(path, cwd_texts(machine)[0])
    elif use.action == "external":
        note_clone(machine, path)
        machine.findings.external(path, evidence_of(machine, call, "read", manner))
    elif use.action == "cd":
        machine.cwd = Const(absolute_texts(machine, path)[0])
    elif use.action == "notebook" and use.run is not None:
        run_from_shell(machine, use.run, use.command, partial(_word_text, machine))
    elif use.action == "python":
        _run_script(machine, path, [Const(_word_text(machine, word)) for word in use.arguments], use.module)


def _shell_write(machine: Machine, call: Call, target: str, name: shell.Word, manner: Manner) -> None:
    if name and is_folder(machine, target) and not (manner.folder and not target.endswith(("/", "."))):
        target = posixpath.join(target, posixpath.basename(_word_text(machine, name).rstrip("/")))
    used(machine, Const(target), "write", call, manner)


def _run_script(machine: Machine, path: str, arguments: list[Value], module: str = "") -> None:
    if has_hole(path):
        return
    for place in absolute_texts(machine, path):
        inside = machine.inside(place)
        if inside and inside.endswith(".py"):
            run_as_command(machine, inside, arguments, module)
            return


def _word_text(machine: Machine, word: shell.Word) -> str:
    parts: list[str] = []
    for part in word:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, shell.Wildcard):
            parts.append(machine.hole("a pattern", "segment"))
        else:
            parts.append(_expanded(machine, part))
    return "".join(parts)


def _expanded(machine: Machine, part: shell.Expansion) -> str:
    if part.dollar:
        value = _variable(machine, part.source)
    else:
        try:
            value = machine.value(ast.parse(part.source, mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return "{" + part.source + "}"
    texts = path_texts(machine, value) if isinstance(value, Union) else [machine.text(value) or ""]
    return texts[0] if texts and texts[0] else machine.hole(machine.reason(value))


def _variable(machine: Machine, name: str) -> Value:
    scope: Scope | None = machine.scope
    while scope is not None:
        if name in scope.names:
            return scope.names[name]
        scope = scope.parent
    if name == "HOME":
        return Const("~")
    if name == "PWD":
        return machine.cwd
    return machine.environ.items.get(name, Unknown(f"the variable {name}"))


def _process(machine: Machine, call: Call) -> Value:
    """`subprocess.run([...])`, `os.system("...")`."""
    value = call.get(0, "args", "command", "cmd")
    folder = call.text_of(None, "cwd")
    cwd = machine.cwd
    if folder is not None and not has_hole(folder):
        machine.cwd = Const(absolute_texts(machine, folder)[0])
    if isinstance(value, Seq):
        words = [machine.written(item, "an argument") for item in value.items]
        run_shell(machine, " ".join(shlex.quote(word) for word in words))
    elif value is not None:
        for text in options(value):
            plain = machine.text(text) if isinstance(text, Const) else None
            run_shell(machine, plain or "")
    machine.cwd = cwd
    return Library(f"{call.name}()", "what a command prints")


# -- magics -----------------------------------------------------------------------------------------------------------


def _magic(machine: Machine, call: Call) -> Value:
    name, rest = call.text_of(0) or "", (call.text_of(1) or "").strip()
    rule = _MAGICS.get(name)
    if rule is not None:
        rule(machine, rest)
    elif name in _PYTHON_MAGICS:
        return _python(machine, rest)
    return Unknown(f"what %{name} gives")


def _python(machine: Machine, rest: str) -> Value:
    try:
        tree = magics.parse_cell(rest)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Unknown("what a magic gives")
    machine.run(tree.body)
    return Unknown("what a magic gives")


def _words(machine: Machine, rest: str) -> list[str]:
    """The words of a magic's line, with Python's values put in."""
    lines = [_word_text(machine, use.path) for use in shell.commands("tee " + rest) if use.command == "tee"]
    try:
        options = [word for word in shlex.split(rest) if word.startswith("-")]
    except ValueError:
        options = [word for word in rest.split() if word.startswith("-")]
    return [*options, *lines]


def _run_magic(machine: Machine, rest: str) -> None:
    words = _words(machine, rest)
    shared = "-i" in words
    paths = [word for word in words if not word.startswith("-")]
    if not paths or has_hole(paths[0]):
        return
    for suffix in ("", ".py", ".ipynb"):
        for place in absolute_texts(machine, paths[0] + suffix):
            inside = machine.inside(place)
            if inside and inside.endswith((".py", ".ipynb")) and machine.project.exists(inside):
                run_in_namespace(machine, inside, _arguments(rest), shared)
                return


def _arguments(rest: str) -> list[str]:
    """What follows the file's name."""
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    while words and words[0].startswith("-"):
        words.pop(0)
    return words[1:]


def _cd(machine: Machine, rest: str) -> None:
    words = [word for word in _words(machine, rest or "~") if not word.startswith("-")]
    if words and not (has_hole(words[0]) and len(machine.holes.split(words[0])) == 1):
        machine.state.setdefault("visited", []).append(machine.cwd)
        machine.cwd = Const(entered(machine, words[0])[0]) if not words[0].startswith("~") else Const(words[0])


def _popd(machine: Machine, rest: str) -> None:
    visited = machine.state.get("visited")
    if visited:
        machine.cwd = visited.pop()


def _store(machine: Machine, rest: str) -> None:
    """`%store x` keeps a value for other notebooks, `%store -r x` fetches it: a file of the kernel's, by the name."""
    call = Call("%store", Arguments(), label="%store")
    names, arrow, target = rest.partition(">")
    words = names.split()
    if arrow:
        used(machine, Const(target.strip(" >")), "write", call)
        return
    fetching = "-r" in words
    if any(word in {"-d", "-z"} for word in words):
        return
    evidence = evidence_of(machine, call, "read" if fetching else "write", Manner(how="%store"))
    variables = [word for word in words if not word.startswith("-")]
    for name in variables:
        machine.findings.pseudo(f"%store/{name}", evidence)
        kept = Unknown(f"{name}, which another notebook stored")
        if fetching:
            machine.scope.names.setdefault(name, kept)
    if fetching and not variables:
        machine.findings.pseudo("%store/" + machine.hole("a pattern", "segment"), evidence)


def _environment(machine: Machine, rest: str) -> None:
    name, equals, value = rest.partition("=")
    if not equals:
        name, _, value = rest.partition(" ")
    if value:
        machine.environ.items[name.strip()] = Const(value.strip().strip("'\""))


def _save(machine: Machine, rest: str) -> None:
    words = [word for word in rest.split() if not word.startswith("-")]
    if words:
        name = words[0] if words[0].endswith((".py", ".ipy")) else words[0] + ".py"
        used(machine, Const(name), "write", Call("%save", Arguments(), label="%save"))


def _load(machine: Machine, rest: str) -> None:
    """`%load script.py` only shows the text; `%load_ext` and the like are no files."""


def _sql(machine: Machine, rest: str) -> None:
    call = Call("duckdb.sql", Arguments(), label="%sql")
    words = rest.split(None, 1)
    if words and "://" in words[0]:
        _sql_address(machine, words[0], call)
        rest = words[1] if len(words) > 1 else ""
    run_sql(machine, call, machine.state.get("sql"), rest)


def _sql_address(machine: Machine, address: str, call: Call) -> None:
    kind, _, path = address.partition(":///")
    if kind in {"sqlite", "duckdb"} and path:
        machine.state["sql"] = Database(Const(path), call)
    elif kind in {"sqlite", "duckdb"} or address.rstrip("/") in {"sqlite:", "duckdb:"}:
        machine.state["sql"] = None
    else:
        machine.findings.external(address, evidence_of(machine, call, "read", Manner()))


_MAGICS: MappingType[str, Callable[[Machine, str], None]] = {
    "run": _run_magic,
    "cd": _cd,
    "pushd": _cd,
    "popd": _popd,
    "store": _store,
    "env": _environment,
    "set_env": _environment,
    "save": _save,
    "load": _load,
    "sql": _sql,
}


def _cell_magic(machine: Machine, call: Call) -> Value:
    name, rest, body = call.text_of(0) or "", (call.text_of(1) or "").strip(), call.text_of(2) or ""
    if name in {"writefile", "file"}:
        words = [word for word in _words(machine, rest) if not word.startswith("-")]
        label = Call(f"%%{name}", Arguments(), label=f"%%{name}")
        if words:
            used(machine, Const(words[0]), "write", label)
            begin_text(machine, Const(words[0]), append=rest.startswith("-a"))
            add_text(machine, Const(words[0]), body.rstrip("\n") + "\n")
    elif name == "sql":
        _sql(machine, f"{rest}\n{body}")
    return NONE


def _line_magic_call(machine: Machine, call: Call) -> Value:
    """`get_ipython().run_line_magic("run", "x.ipynb")`, `.magic("run x.ipynb")`."""
    name, rest = argument_text(machine, call, 0), call.text_of(1) or ""
    if call.name.endswith(".magic"):
        name, _, rest = name.lstrip("%").partition(" ")
    return _magic(machine, Call(call.name, Arguments([Const(name), Const(rest)])))


def _cell_magic_call(machine: Machine, call: Call) -> Value:
    name = call.text_of(0)
    if name in {"bash", "sh", "script", "cmd"}:
        run_shell(machine, call.text_of(2) or "")
        return NONE
    return _cell_magic(machine, call)


def _run_path(machine: Machine, call: Call) -> Value:
    for text in path_texts(machine, call.get(0, "path_name")):
        _run_script(machine, text, [])
    return Unknown("the names of a script")


def _run_module(machine: Machine, call: Call) -> Value:
    name = call.text_of(0, "mod_name") or ""
    place = machine.project.find_module(name, [""]) if name else None
    if place is not None and place.path:
        run_as_command(machine, place.path, [], name)
    return Unknown("the names of a script")


def _split_words(machine: Machine, call: Call) -> Value:
    try:
        return Seq("list", [Const(word) for word in shlex.split(call.text_of(0) or "")])
    except ValueError:
        return Unknown("the words of a command")


_PROCESSES = [
    "commands.getoutput",
    "get_ipython().getoutput",
    "get_ipython().system",
    "os.popen",
    "os.system",
    "sh.bash",
    "subprocess.Popen",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "subprocess.run",
]

COMMAND_MODELS: MappingType[str, Model] = {
    "__noteship_shell__": _shell,
    "__noteship_magic__": _magic,
    "__noteship_cell_magic__": _cell_magic,
    "get_ipython().run_line_magic": _line_magic_call,
    "get_ipython().magic": _line_magic_call,
    "get_ipython().run_cell_magic": _cell_magic_call,
    **dict.fromkeys(_PROCESSES, _process),
    "runpy.run_path": _run_path,
    "runpy.run_module": _run_module,
    "@sys.executable": constant_result("python"),
    "shlex.split": _split_words,
    "shlex.quote": first_argument,
}
