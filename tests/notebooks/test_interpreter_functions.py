"""Functions, classes and modules of the project are followed to the call that opens a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebooks.interpreting import analysis, told

PD = "import pandas as pd\n"
FUNCTIONS = {
    "argument": (
        PD + "def load(n): return pd.read_csv(f'{n}.csv')\nload('a')\nload(n='b')",
        "r a.csv|r b.csv",
    ),
    "default": (
        PD + "def load(p='a.csv'): return pd.read_csv(p)\nload()",
        "r a.csv",
    ),
    "default that is filled in": (
        "D = 'a'\ndef f(p=None):\n    if p is None:\n        p = D\n    open(p)\nf()\nf('b')",
        "r a|r b",
    ),
    "never called": (
        "def load(): open('a')",
        "",
    ),
    "returned path": (
        "def p(n): return f'data/{n}'\nopen(p('a'))",
        "r data/a",
    ),
    "closure": (
        "def at(d):\n    def f(n): open(d + n)\n    return f\nat('x/')('a')",
        "r x/a",
    ),
    "lambda": (
        "f = lambda n: open(n + '.csv')\nf('a')",
        "r a.csv",
    ),
    "partial": (
        "from functools import partial\ng = partial(open, mode='w')\ng('a')",
        "w a",
    ),
    "star arguments": (
        "def f(*ps, **k):\n    for p in ps: open(p, **k)\nf('a', 'b', mode='w')",
        "w a|w b",
    ),
    "spread call": (
        "def f(a, b): open(a + b)\nx = ['p', 'q']\nf(*x)\nf(**{'a': 'r', 'b': 's'})",
        "r pq|r rs",
    ),
    "global": (
        "def setup():\n    global P\n    P = 'a'\nsetup()\nopen(P)",
        "r a",
    ),
    "generator": (
        "def ps():\n    yield 'a'\n    yield 'b'\nfor p in ps(): open(p)",
        "r a|r b",
    ),
    "context manager": (
        (
            "from contextlib import contextmanager\n@contextmanager\ndef at(p):\n"
            "    yield open(p)\nwith at('a') as f: pass"
        ),
        "r a",
    ),
    "decorated by a library": (
        "import functools\n@functools.lru_cache\ndef f(p): open(p)\nf('a')",
        "r a",
    ),
    "decorated by a wrapper": (
        (
            "import functools\ndef timed(f):\n    @functools.wraps(f)\n"
            "    def w(*a, **k): return f(*a, **k)\n    return w\n@timed\ndef load(p): open(p)\n"
            "load('a')"
        ),
        "r a",
    ),
    "recursion": (
        "def f(n): \n    open(f'{n}')\n    return f(n)\nf('a')",
        "r a",
    ),
    "pool": (
        ("from multiprocessing import Pool\ndef f(p): open(p)\nwith Pool() as pool: pool.map(f, ['a', 'b'])"),
        "r a|r b",
    ),
    "executor": (
        ("from concurrent.futures import ThreadPoolExecutor as T\ndef f(p): open(p)\nwith T() as e: e.submit(f, 'a')"),
        "r a",
    ),
    "delayed": (
        ("from joblib import Parallel, delayed\ndef f(p): open(p)\nParallel(2)(delayed(f)(p) for p in ['a'])"),
        "r a",
    ),
    "thread": (
        "import threading\ndef f(p): open(p)\nthreading.Thread(target=f, args=('a',)).start()",
        "r a",
    ),
    "handed to a library": (
        "def f(row, out='a'): open(out, 'w')\ndf.apply(f, axis=1)",
        "w a",
    ),
    "async": (
        "async def f(): open('a')\nawait f()",
        "r a",
    ),
    "main": (
        "def main(): open('a')\nif __name__ == '__main__':\n    main()",
        "r a",
    ),
}
CLASSES = {
    "name of a library's class": (
        "from sklearn.svm import SVC\nm = SVC(C=1)\nopen(type(m).__name__)\nopen(m.__class__.__name__ + '.pkl')",
        "r SVC|r SVC.pkl",
    ),
    "attribute": (
        "class C:\n    P = 'a'\nopen(C.P)\nopen(C().P)",
        "r a|r a",
    ),
    "constructor": (
        ("class C:\n    def __init__(self, d): self.d = d\n    def load(self): open(self.d + '/a')\nC('x').load()"),
        "r x/a",
    ),
    "property": (
        ("class C:\n    d = 'x'\n    @property\n    def p(self): return self.d + '/a'\nopen(C().p)"),
        "r x/a",
    ),
    "static and class method": (
        (
            "class C:\n    d = 'x'\n    @staticmethod\n    def s(p): open(p)\n    @classmethod\n"
            "    def c(cls): open(cls.d)\nC.s('a')\nC.c()"
        ),
        "r a|r x",
    ),
    "inheritance": (
        (
            "class A:\n    def __init__(self, d): self.d = d\n"
            "    def load(self): open(self.d + self.name)\nclass B(A):\n    name = 'a'\n"
            "    def __init__(self): super().__init__('x/')\nB().load()"
        ),
        "r x/a",
    ),
    "data class": (
        (
            "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    d: str = 'x'\n"
            "    ps: list = field(default_factory=lambda: ['a'])\nc = C('y')\nopen(c.d)\n"
            "open(c.ps[0])"
        ),
        "r y|r a",
    ),
    "settings class": (
        ("from pydantic import BaseModel\nclass C(BaseModel):\n    p: str = 'a'\nopen(C().p)\nopen(C(p='b').p)"),
        "r a|r b",
    ),
    "enumeration": (
        (
            "from enum import Enum\nclass P(Enum):\n    A = 'a'\n    B = 'b'\n"
            "for p in P: open(p.value)\nopen(P['A'].value)"
        ),
        "r a|r b|r a",
    ),
    "text enumeration": (
        "from enum import Enum\nclass P(str, Enum):\n    A = 'a'\nopen(P.A)",
        "r a",
    ),
    "named tuple": (
        "from typing import NamedTuple\nclass P(NamedTuple):\n    a: str = 'x'\nopen(P().a)",
        "r x",
    ),
    "call": (
        "class C:\n    def __call__(self, p): open(p)\nC()('a')",
        "r a",
    ),
    "context": (
        ("class C:\n    def __enter__(self): return open('a')\n    def __exit__(self, *e): pass\nwith C() as c: pass"),
        "r a",
    ),
    "items of a data set": (
        (
            "import torch\nclass D(torch.utils.data.Dataset):\n"
            "    def __init__(self, d): self.d = d\n"
            "    def __getitem__(self, i): return open(f'{self.d}/{i}.png')\n"
            "torch.utils.data.DataLoader(D('imgs'))"
        ),
        "r imgs/{}.png",
    ),
}
MODULES = {
    "constant": (
        "from config import P\nopen(P)",
        {"config.py": "P = 'a'"},
        "r a",
    ),
    "attribute": (
        "import config as c\nopen(c.P)",
        {"config.py": "P = 'a'"},
        "r a",
    ),
    "function": (
        "import lib.io\nlib.io.load('a')",
        {"lib/__init__.py": "", "lib/io.py": "def load(p): open(p)"},
        "r a",
    ),
    "star": (
        "from config import *\nopen(P)",
        {"config.py": "P = 'a'\n_Q = 'b'"},
        "r a",
    ),
    "relative": (
        "from lib.io import load\nload()",
        {"lib/__init__.py": "", "lib/io.py": "from .names import P\ndef load(): open(P)", "lib/names.py": "P = 'a'"},
        "r a",
    ),
    "package": (
        "import lib\nopen(lib.names.P)",
        {"lib/__init__.py": "from . import names", "lib/names.py": "P = 'a'"},
        "r a",
    ),
    "path that is added": (
        "import sys\nsys.path.append('../src')\nfrom helpers import P\nopen(P)",
        {"src/helpers.py": "P = 'a'"},
        "r nbs/a",
    ),
    "circular": (
        "import a\nopen(a.P)",
        {"a.py": "import b\nP = b.P", "b.py": "import a\nP = 'x'"},
        "r x",
    ),
    "place of a module": (
        "from lib.paths import ROOT\nopen(ROOT / 'a')",
        {
            "lib/__init__.py": "",
            "lib/paths.py": "from pathlib import Path\nROOT = Path(__file__).resolve().parent.parent / 'data'",
        },
        "r data/a",
    ),
    "read when imported": (
        "import config",
        {"config.py": "open('a')"},
        "r a",
    ),
    "imported by name": (
        "import importlib\nm = importlib.import_module('config')\nopen(m.P)",
        {"config.py": "P = 'a'"},
        "r a",
    ),
}


@pytest.mark.parametrize(("source", "expected"), FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_functions_are_followed(tmp_path: Path, source: str, expected: str) -> None:
    """A function of the notebook opens what it is given; one that is not called opens nothing."""
    assert list(dict.fromkeys(told(tmp_path, source))) == [part for part in expected.split("|") if part]


@pytest.mark.parametrize(("source", "expected"), CLASSES.values(), ids=list(CLASSES))
def test_classes_are_followed(tmp_path: Path, source: str, expected: str) -> None:
    """Objects know their attributes, methods and fields."""
    assert told(tmp_path, source) == expected.split("|")


@pytest.mark.parametrize(("source", "files", "expected"), MODULES.values(), ids=list(MODULES))
def test_modules_are_followed(tmp_path: Path, source: str, files: dict[str, str], expected: str) -> None:
    """Names and functions of the project's modules are known."""
    cwd = "nbs" if "sys.path" in source else ""
    assert told(tmp_path, source, files, cwd=cwd) == expected.split("|")


def test_modules_are_listed(tmp_path: Path) -> None:
    """The module files that were imported are told, with those that they import."""
    found = analysis(tmp_path, "import a", {"a.py": "import b", "b.py": ""})
    assert found.modules == ("a.py", "b.py")


def test_a_use_in_a_module_is_told_at_the_place_of_the_call(tmp_path: Path) -> None:
    """What a helper module opens is placed in the notebook, with the way to it."""
    (use,) = analysis(tmp_path, "import h\n---\nh.load('a')", {"h.py": "def load(p):\n    open(p)"}).uses
    assert (use.cell, use.line, use.how) == (2, 1, "through load in h.py, line 2")
