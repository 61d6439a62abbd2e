"""Digests of code."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from noteship.notebooks import magics, syntax

SOURCE = '''
"""Doc."""
import os as o, sys
from a.b import c as d
x: int = 0xFF
def f(a, /, b=1, *c, d: str = "x", **e) -> None:
    """Doc of f.

        indented
    """
    return lambda y: y + -1
class K(Base, metaclass=M):
    z = [i for i in range(10) if i % 2]
async def g():
    async with a as b:
        await c
s = f"{x!r:>{10}} {x=} {{}}" "tail" f"{y:}" 'b' f'' ""
t = b"1", 1.5, 2j, ..., None, True, "é"
match x:
    case {"a": [1, *rest], **kw} | K(z=3): pass
try: pass
except* ValueError as e: pass
with open(p) as h, k: h[1:2, ::3]
'''


def _digest(source: str) -> str:
    return syntax.cells_digest([magics.parse_cell(source)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1  # one", "# two\n\nx   =   (1)"),
        ("f('a', \"b\")", "f(\"a\", 'b')"),
        ("!cp a b", "  !cp a b\n"),
        ("%%time\nx = f()", "x = f()"),
    ],
)
def test_layout_and_comments_do_not_count(one: str, other: str) -> None:
    """Sources that mean the same have one digest."""
    assert _digest(one) == _digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("x = 1", "x = 2"), ("x = 1", "x = 1.0"), ("x = 1", "x = True"), ("x = 'a'", "x = b'a'"), ("x", "del x")],
        *[("f(x)", "f(*x)"), ("x = []", "x = ()"), ("f'{x}'", "f'{x!r}'"), ("a; b", "b; a"), ("!cp a b", "!cp a c")],
    ],
)
def test_what_means_something_else_has_another_digest(one: str, other: str) -> None:
    """A changed value, type, order or shell line changes the digest."""
    assert _digest(one) != _digest(other)


def test_empty_cells_do_not_count() -> None:
    """A cell of comments changes nothing."""
    trees = [magics.parse_cell("x = 1"), magics.parse_cell("# nothing")]
    assert syntax.cells_digest(trees) == syntax.cells_digest(trees[:1])


def test_modules_count_by_path() -> None:
    """The digest of a stage covers its modules, whatever the order they are given in."""
    one = syntax.code_digest("own", {"a.py": "1", "b.py": "2"})
    assert one == syntax.code_digest("own", {"b.py": "2", "a.py": "1"})
    assert one != syntax.code_digest("own", {"a.py": "1", "c.py": "2"})


def _other_pythons() -> list[str]:
    own = f"3.{sys.version_info[1]}"
    return [path for minor in range(11, 16) if f"3.{minor}" != own and (path := _python(minor))]


def _python(minor: int) -> str | None:
    on_path = shutil.which(f"python3.{minor}")
    if on_path is not None and _works(on_path):
        return on_path
    versions = sorted(Path("~/.pyenv/versions").expanduser().glob(f"3.{minor}.*/bin/python"))
    return str(versions[-1]) if versions else None


def _works(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, timeout=60, check=False).returncode == 0


@pytest.mark.skipif(not _other_pythons(), reason="there is no other Python here")
def test_every_python_gives_the_same_digest() -> None:
    """The canonical text does not depend on the Python that makes it."""
    source_folder = Path(syntax.__file__).parents[2]
    program = (
        f"import sys, ast; sys.path.insert(0, {str(source_folder)!r})\n"
        "from noteship.notebooks import syntax\n"
        "print(syntax.canonical(ast.parse(sys.stdin.read())))"
    )
    own = syntax.canonical(ast.parse(SOURCE))
    for python in _other_pythons():
        done = subprocess.run(
            [python, "-I", "-X", "utf8", "-c", program], input=SOURCE, capture_output=True, text=True, encoding="utf-8",
            env={**os.environ}, timeout=60, check=True,
        )  # fmt: skip
        assert done.stdout.rstrip("\n") == own
