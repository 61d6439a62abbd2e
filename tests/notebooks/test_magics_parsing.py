"""IPython's syntax becomes plain trees."""

from __future__ import annotations

import ast
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship.notebooks import magics

SHELL, MAGIC, CELL = magics.SHELL, magics.MAGIC, magics.CELL_MAGIC

CASES = [
    ("%matplotlib inline\nx = 1", f"{MAGIC}('matplotlib', 'inline')\nx = 1"),
    ("!cp a.csv b.csv", f"{SHELL}('cp a.csv b.csv')"),
    ("!!ls", f"{SHELL}('ls')"),
    ("files = !ls data", f"files = {SHELL}('ls data')"),
    ("a, b = %sql SELECT 1", f"a, b = {MAGIC}('sql', 'SELECT 1')"),
    (
        "if x:\n    !mv a b\nelse:\n    %run c.ipynb",
        f"if x:\n    {SHELL}('mv a b')\nelse:\n    {MAGIC}('run', 'c.ipynb')",
    ),
    ("df.head?\n?len\nlen??", "pass\npass\npass"),
    ("%%time\nx = f()", "x = f()"),
    ("# first\n\n%%capture out\nx = f()", "x = f()"),
    ("%%capture\n%%time\n!ls", f"{SHELL}('ls')"),
    ("%%bash\ncp a b\n", f"{SHELL}('cp a b\\n')"),
    ("%%script bash\ncp a b\n", f"{SHELL}('cp a b\\n')"),
    ("%%writefile x.py\na = 1\n", f"{CELL}('writefile', 'x.py', 'a = 1\\n')"),
    ("%%html\n<b>", f"{CELL}('html', '', '<b>')"),
    ("%%unheard_of\nx = f()", "x = f()"),
    ("%%unheard_of\nSELECT * FROM t", f"{CELL}('unheard_of', '', 'SELECT * FROM t')"),
    ("%time x = f(1)", "x = f(1)"),
    ("%timeit -n 10 f(1)", "f(1)"),
    ("!wget u \\\n  -O y\nz = 1", f"{SHELL}('wget u  -O y')\nz = 1"),
    ("s = '''\n%run x\n!rm y\n'''\n!ls", f"s = '\\n%run x\\n!rm y\\n'\n{SHELL}('ls')"),
    ("s = (1\n%b)\n!ls", f"s = 1 % b\n{SHELL}('ls')"),
    ("cd ../data\nx = 1", f"{MAGIC}('cd', '../data')\nx = 1"),
    ("ls -l data/ x", f"{SHELL}('ls -l data/ x')"),
    ("x = 5 # !no\ny = x % 2\n!ls", f"x = 5\ny = x % 2\n{SHELL}('ls')"),
    ("  a = 1\n  !ls", f"a = 1\n{SHELL}('ls')"),
    ("get_ipython().system('cp a b')", f"{SHELL}('cp a b')"),
    ("get_ipython().run_line_magic('run', 'a.ipynb')", f"{MAGIC}('run', 'a.ipynb')"),
    ("get_ipython().magic('run a.ipynb')", f"{MAGIC}('run', 'a.ipynb')"),
    ("get_ipython().run_cell_magic('time', '', 'x = f()\\ny = g()\\n')", "x = f()\ny = g()"),
    ("get_ipython().run_cell_magic('bash', '', 'cp a b')", f"{SHELL}('cp a b')"),
]


@pytest.mark.parametrize(("source", "expected"), CASES)
def test_ipython_becomes_python(source: str, expected: str) -> None:
    """Magics, shell lines and help become calls or the Python that they run."""
    assert ast.unparse(magics.parse_cell(source)) == expected


def test_line_numbers_stay() -> None:
    """A statement keeps its line, whatever stands above it."""
    tree = magics.parse_cell("%%time\n\n!ls \\\n  -l\n%cd x\ny = '''\n'''\nz = 1")
    assert [node.lineno for node in tree.body] == [3, 5, 6, 8]


def test_errors_name_the_line() -> None:
    """What is no Python is a SyntaxError with the cell's own line."""
    with pytest.raises(SyntaxError) as caught:
        magics.parse_cell("!ls\nx = 1\ny = = 2\n")
    assert caught.value.lineno == 3


def test_exported_bodies_are_not_shared() -> None:
    """Two exported cells with one text keep their own lines."""
    call = "get_ipython().run_cell_magic('time', '', 'x = f()')"
    tree = magics.parse_cell(f"{call}\n\n{call}")
    assert [node.lineno for node in tree.body] == [1, 3]


@given(st.text(alphabet="ab%!?\\\n\"'()[]{}#= \t.x0", max_size=60))
def test_any_text_parses_or_is_a_syntax_error(source: str) -> None:
    """No text makes anything but a tree or a SyntaxError."""
    with contextlib.suppress(SyntaxError):
        magics.parse_cell(source)
