"""IPython's syntax as plain Python trees: magics and shell lines become calls of intrinsic names.

`__noteship_shell__(text)` stands for a shell line, `__noteship_magic__(name, rest)` for a line magic, and
`__noteship_cell_magic__(name, rest, body)` for a cell in another language. Line numbers stay.
"""

from __future__ import annotations

import ast
import copy
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["CELL_MAGIC", "MAGIC", "SHELL", "parse_cell"]

SHELL = "__noteship_shell__"
MAGIC = "__noteship_magic__"
CELL_MAGIC = "__noteship_cell_magic__"

# Cell magics whose body is Python that runs in the notebook's own names.
PYTHON_BODIED = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "pypy", "memit", "snakeviz"})
SHELL_BODIED = frozenset({"bash", "sh", "zsh", "!", "sx", "system"})
OPAQUE = frozenset(
    {"writefile", "file", "html", "HTML", "svg", "SVG", "latex", "markdown", "javascript", "js", "sql", "bigquery"}
    | {"R", "ruby", "perl", "julia", "cython", "css", "cmd", "python2", "octave", "matlab", "spark", "scala", "dot"}
)
STATEMENT_MAGICS = frozenset({"time", "timeit", "prun", "memit", "mprun", "lprun", "snakeviz", "skip"})
# Line magics that IPython also takes without the percent sign, where the line is no Python.
BARE_MAGICS = frozenset({"cd", "run", "store", "load", "pushd", "popd", "env", "matplotlib", "pip", "conda", "pylab"})
BARE_SHELL = frozenset({"ls", "cp", "mv", "rm", "mkdir", "cat", "rmdir", "less", "more", "man", "clear"})

_ASSIGNED = re.compile(r"^(?P<targets>[A-Za-z_][\w.\[\]'\" ,()*]*?=)\s*(?P<sign>!|%)(?P<rest>[^=].*)$", re.DOTALL)
_LINE_MAGIC = re.compile(r"^%{1,2}(?P<name>[A-Za-z_][\w.]*|\!)\s?(?P<rest>.*)$", re.DOTALL)
_HELP = re.compile(r"^(\?{1,2}[^?]*|%{0,2}[\w.*\[\]'\"]+\s*\?{1,2})\s*(#.*)?$")
_BARE = re.compile(r"^(?P<name>[a-z]+)\s+(?P<rest>[^=(].*)$", re.DOTALL)
_OPTIONS = re.compile(r"^(?:-[a-zA-Z]+(?:\s*[\d.]+)?\s+)+")
_PIECE = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<triple>\"{3}|'{3})
      | (?P<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)
      | (?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<joined>\\\n) | (?P<end>\n)""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=256)
def parse_cell(source: str) -> ast.Module:
    """The syntax tree of a code cell. Shared: not to be changed. Raises SyntaxError with the cell's own line."""
    try:
        tree = _parse(source)
    except SyntaxError:
        tree = _parse_ipython(source)
    return _Exported().visit(tree) if "get_ipython" in source else tree


def _parse(source: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "nested too deeply", ("<cell>", 1, 1, "")) from error


def _parse_ipython(source: str) -> ast.Module:
    magic = _cell_magic(source)
    if magic is None:
        return _parse(_dedented("".join(_translated(source))))
    blanks, name, rest, body = magic
    if name == "script":
        return _script(blanks, rest, body)
    if name in SHELL_BODIED:
        return _parse("\n" * blanks + f"{SHELL}({body!r})")
    if name in PYTHON_BODIED:
        return parse_cell("\n" * (blanks + 1) + body)
    opaque = _parse("\n" * blanks + f"{CELL_MAGIC}({name!r}, {rest!r}, {body!r})")
    if name in OPAQUE:
        return opaque
    try:
        return parse_cell("\n" * (blanks + 1) + body)
    except SyntaxError:
        return opaque


def _script(blanks: int, rest: str, body: str) -> ast.Module:
    program = rest.split()[-1].rpartition("/")[2] if rest.split() else ""
    if program.startswith(("bash", "sh", "zsh")):
        return _parse("\n" * blanks + f"{SHELL}({body!r})")
    if program.startswith("python"):
        return parse_cell("\n" * (blanks + 1) + body)
    return _parse("\n" * blanks + f"{CELL_MAGIC}('script', {rest!r}, {body!r})")


def _cell_magic(source: str) -> tuple[int, str, str, str] | None:
    """Lines before it, name, rest of its line, body; only blank lines and comments may come before."""
    lines = source.splitlines(keepends=True)
    for number, line in enumerate(lines):
        stripped = line.strip()
        if stripped.startswith("%%"):
            found = _LINE_MAGIC.match(stripped)
            if found is None:
                return None
            return number, found.group("name"), found.group("rest").strip(), "".join(lines[number + 1 :])
        if stripped and not stripped.startswith("#"):
            return None
    return None


def _translated(source: str) -> Iterator[str]:
    for line in _logical_lines(source if source.endswith("\n") else source + "\n"):
        changed = _changed(line)
        yield line if changed is None else changed + "\n" * line.count("\n")


def _logical_lines(source: str) -> Iterator[str]:
    """Source split where a statement may begin: not within brackets, strings or joined lines."""
    start = position = depth = 0
    while position < len(source):
        escaped = _escaped_end(source, position) if position == start else None
        if escaped is not None:
            yield source[start:escaped]
            start = position = escaped
            continue
        found = _PIECE.search(source, position)
        if found is None:
            break
        position = found.end()
        kind = found.lastgroup
        if kind == "triple":
            position = _triple_end(source, position, found.group())
        elif kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(depth - 1, 0)
        elif kind == "end" and depth == 0:
            yield source[start:position]
            start = position
    if start < len(source):
        yield source[start:]


def _escaped_end(source: str, start: int) -> int | None:
    """Where a magic, shell or help line that begins here ends; such lines know no brackets or quotes."""
    end = start
    while True:
        stop = source.find("\n", end)
        stop = len(source) if stop < 0 else stop + 1
        if end == start and not _is_escaped(source[start:stop].strip()):
            return None
        if not source[end:stop].rstrip("\n").endswith("\\") or stop == len(source):
            return stop
        end = stop


def _is_escaped(line: str) -> bool:
    return line.startswith(("%", "!", "?")) or bool(_HELP.match(line)) or bool(_ASSIGNED.match(line))


def _triple_end(source: str, start: int, quotes: str) -> int:
    position = start
    while True:
        found = source.find(quotes, position)
        if found < 0:
            return len(source)
        backslashes = len(source[:found]) - len(source[:found].rstrip("\\")) if source[found - 1] == "\\" else 0
        if backslashes % 2 == 0:
            return found + 3
        position = found + 1


def _changed(line: str) -> str | None:
    stripped = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    if not stripped or stripped.startswith("#"):
        return None
    text = re.sub(r"\\\n\s*", " ", stripped)
    if stripped[0] == "!":
        return f"{indent}{SHELL}({text.lstrip('!').strip()!r})"
    if _HELP.match(text):
        return f"{indent}pass"
    if stripped[0] == "%":
        return _line_magic(indent, text)
    assigned = _ASSIGNED.match(text)
    if assigned is not None:
        rest = assigned.group("rest").strip()
        value = f"{SHELL}({rest!r})" if assigned.group("sign") == "!" else _magic_call("%" + rest)
        return f"{indent}{assigned.group('targets')} {value}"
    return _bare(indent, text)


def _line_magic(indent: str, text: str) -> str:
    found = _LINE_MAGIC.match(text)
    if found is not None and found.group("name") in STATEMENT_MAGICS:
        statement = _OPTIONS.sub("", found.group("rest").strip())
        try:
            ast.parse(statement)
        except (SyntaxError, ValueError):
            pass
        else:
            return f"{indent}{statement or 'pass'}"
    return f"{indent}{_magic_call(text)}"


def _magic_call(text: str) -> str:
    found = _LINE_MAGIC.match(text)
    if found is None:
        return "pass" if text.startswith("%") else "None"
    name, rest = found.group("name"), found.group("rest").strip()
    if name in {"sx", "system", "!", "sc"}:
        return f"{SHELL}({rest!r})"
    return f"{MAGIC}({name!r}, {rest!r})"


def _bare(indent: str, text: str) -> str | None:
    found = _BARE.match(text)
    if found is None or "\n" in text:
        return None
    name, rest = found.group("name"), found.group("rest").strip()
    if name not in BARE_MAGICS and name not in BARE_SHELL:
        return None
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return f"{indent}{SHELL}({text!r})" if name in BARE_SHELL else f"{indent}{MAGIC}({name!r}, {rest!r})"
    return None


def _dedented(source: str) -> str:
    """IPython takes a cell that is indented as a whole."""
    first = next((line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    indent = first[: len(first) - len(first.lstrip())]
    if not indent:
        return source
    lines = source.splitlines(keepends=True)
    return "".join(line.removeprefix(indent) for line in lines)


class _Exported(ast.NodeTransformer):
    """Turns the calls that `nbconvert --to script` writes for magics back into what they were."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        body = _exported_body(node.value)
        if body is None:
            return self.generic_visit(node)
        try:
            statements = parse_cell(body).body
        except SyntaxError:
            return node
        moved = [_moved(copy.deepcopy(statement), node.lineno) for statement in statements]
        return moved or ast.copy_location(ast.Pass(), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        method = _ipython_method(node)
        name = {"system": SHELL, "getoutput": SHELL, "run_line_magic": MAGIC, "magic": MAGIC}.get(method or "")
        if name is None:
            return node
        arguments = node.args
        if method == "magic":
            first, _, rest = (_text(node.args[0]) if node.args else "").partition(" ")
            arguments = [ast.copy_location(ast.Constant(part), node) for part in (first.lstrip("%"), rest)]
        function = ast.copy_location(ast.Name(name, ast.Load()), node)
        return ast.copy_location(ast.Call(function, arguments, []), node)


def _exported_body(value: ast.expr) -> str | None:
    if not isinstance(value, ast.Call) or len(value.args) < 2:
        return None
    method = _ipython_method(value)
    name, rest, *bodies = (_text(argument) for argument in value.args)
    if method == "run_cell_magic":
        return f"%%{name} {rest}\n{''.join(bodies)}"
    if method == "run_line_magic" and name in STATEMENT_MAGICS:
        return f"%{name} {rest}"
    return None


def _ipython_method(node: ast.Call) -> str | None:
    function = node.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Call):
        return None
    caller = function.value.func
    return function.attr if isinstance(caller, ast.Name) and caller.id == "get_ipython" else None


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _moved(statement: ast.stmt, line: int) -> ast.stmt:
    for node in ast.walk(statement):
        if isinstance(node, ast.stmt | ast.expr):
            node.lineno = line
            node.end_lineno = line
    return statement
