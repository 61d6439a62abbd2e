"""Paths are followed through names, texts, containers and conditions."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebooks.interpreting import analysis, shown, told

TEXTS = {
    "literal": (
        "open('a.csv')",
        "r a.csv",
    ),
    "name": (
        "P = 'a.csv'\nopen(P)",
        "r a.csv",
    ),
    "another cell": (
        "P = 'a.csv'\n---\nopen(P)",
        "r a.csv",
    ),
    "plus": (
        "D = 'data/'\nopen(D + 'a' + '.csv')",
        "r data/a.csv",
    ),
    "f-string": (
        "D = 'data'\nn = 3\nopen(f'{D}/a_{n:03d}.csv')",
        "r data/a_003.csv",
    ),
    "nested f-string": (
        "n = 'x'\nopen(f'{n.upper()}.csv')",
        "r X.csv",
    ),
    "percent": (
        "open('%s/a_%02d.csv' % ('data', 7))",
        "r data/a_07.csv",
    ),
    "percent of a dictionary": (
        "open('%(d)s.csv' % {'d': 'a'})",
        "r a.csv",
    ),
    "format": (
        "open('{}/{name}.csv'.format('data', name='a'))",
        "r data/a.csv",
    ),
    "format with items": (
        "c = {'k': 'a'}\nopen('{0[k]}.csv'.format(c))",
        "r a.csv",
    ),
    "join": (
        "open('/'.join(['data', 'a.csv']))",
        "r data/a.csv",
    ),
    "replace": (
        "p = 'raw/a.csv'\nopen(p.replace('raw', 'clean'), 'w')",
        "w clean/a.csv",
    ),
    "split": (
        "p = 'raw/a.csv'\nopen(p.split('/')[-1])",
        "r a.csv",
    ),
    "slice": (
        "p = 'a.csv'\nopen(p[:-4] + '.txt')",
        "r a.txt",
    ),
    "a prefix that is not known": ("open('a.csv'.removeprefix(x) + '.b')\nopen('a.csv'.strip(None))", "r {}.b|r a.csv"),
    "strip and lower": (
        "open(' A.CSV '.strip().lower())",
        "r a.csv",
    ),
    "walrus": (
        "open((p := 'a.csv'))\nopen(p, 'w')",
        "r a.csv|w a.csv",
    ),
    "tuple": (
        "a, (b, *c) = 'x', ('y', 'z')\nopen(a)\nopen(b)\nopen(c[0])",
        "r x|r y|r z",
    ),
    "swap": (
        "a, b = 'x', 'y'\na, b = b, a\nopen(a)",
        "r y",
    ),
    "augmented": (
        "p = 'data'\np += '/a.csv'\nopen(p)",
        "r data/a.csv",
    ),
    "conditional": (
        "T = True\nopen('a.csv' if T else 'b.csv')",
        "r a.csv",
    ),
    "or": (
        "p = None\nopen(p or 'a.csv')",
        "r a.csv",
    ),
    "a piece that is not known": (
        "x = input()\nopen(f'data/{x}.csv')",
        "r data/{}.csv",
    ),
    "the time": (
        "import datetime as dt\nopen(f'out_{dt.date.today():%Y%m%d}.csv', 'w')",
        "w out_{}.csv",
    ),
    "windows": (
        "open(r'data\\sub\\a.csv')",
        "r data/sub/a.csv",
    ),
    "evaluated": (
        "open(eval(\"'a' + '.csv'\"))",
        "r a.csv",
    ),
    "bytes": (
        "open(b'a.csv')",
        "r a.csv",
    ),
    "a name from below": (
        "open(P)\n---\nP = 'a.csv'",
        "r a.csv",
    ),
    "a function from below": (
        "load()\n---\ndef load():\n    open('a.csv')",
        "r a.csv",
    ),
}
CONTAINERS = {
    "list": (
        "ps = ['a', 'b']\nfor p in ps: open(p)",
        "r a|r b",
    ),
    "grown list": (
        "ps = ['a']\nps.append('b')\nps += ['c']\nps.extend(['d'])\nfor p in ps: open(p)",
        "r a|r b|r c|r d",
    ),
    "dictionary": (
        "d = {'x': 'a'}\nopen(d['x'])\nopen(d.get('y', 'b'))",
        "r a|r b",
    ),
    "items": (
        "for k, v in {'x': 'a', 'y': 'b'}.items(): open(f'{k}_{v}')",
        "r x_a|r y_b",
    ),
    "values": (
        "for v in dict(x='a').values(): open(v)",
        "r a",
    ),
    "item that is set": (
        "d = {}\nd['x'] = 'a'\nd.update(y='b')\nfor k in d: open(d[k])",
        "r a|r b",
    ),
    "nested": (
        "c = {'p': {'raw': ['a']}}\nopen(c['p']['raw'][0])",
        "r a",
    ),
    "merged": (
        "c = {**{'a': 'x'}, 'b': 'y'} | {'c': 'z'}\nfor v in c.values(): open(v)",
        "r x|r y|r z",
    ),
    "zip and enumerate": (
        "for i, (a, b) in enumerate(zip('ab', ['x', 'y']), 1): open(f'{i}{a}{b}')",
        "r 1ax|r 2by",
    ),
    "range": (
        "for y in range(2019, 2021): open(f'{y}.csv')",
        "r 2019.csv|r 2020.csv",
    ),
    "a long range": (
        "for i in range(5000): open(f'{i}.csv')",
        "r {}.csv",
    ),
    "sorted": (
        "for p in sorted(['b', 'a']): open(p)",
        "r a|r b",
    ),
    "comprehension": (
        "[open(p + '.csv') for p in ['a', 'b'] if p != 'a']",
        "r b.csv",
    ),
    "dictionary comprehension": (
        "d = {k: f'{k}.csv' for k in ['a', 'b']}\nopen(d['b'])",
        "r b.csv",
    ),
    "map": (
        "import pandas as pd\nlist(map(pd.read_csv, ['a', 'b']))",
        "r a|r b",
    ),
    "product": (
        "import itertools\nfor a, b in itertools.product('ab', 'c'): open(a + b)",
        "r ac|r bc",
    ),
    "list of paths to a reader": (
        "import dask.dataframe as dd\ndd.read_csv(['a', 'b'])",
        "r a|r b",
    ),
    "namespace": (
        "from types import SimpleNamespace as N\nc = N(p='a')\nopen(c.p)",
        "r a",
    ),
    "named tuple": (
        ("from collections import namedtuple\nP = namedtuple('P', 'raw out')\nopen(P('a', 'b').out)"),
        "r b",
    ),
    "progress bar": (
        "from tqdm import tqdm\nfor p in tqdm(['a'], total=1): open(p)",
        "r a",
    ),
    "next": (
        "open(next(p for p in ['a', 'b'] if p == 'b'))",
        "r b",
    ),
    "break": (
        "for p in ['a', 'b']:\n    if p == 'a': break\nopen(p)",
        "r a",
    ),
    "continue": (
        "for p in ['a', 'b']:\n    if p == 'a': continue\n    open(p)",
        "r b",
    ),
    "counter in a loop of unknown length": (
        "i = 0\nwhile go():\n    i += 1\n    open(f'{i}.png', 'w')",
        "w {}.png",
    ),
}
CONDITIONS = {
    "known": (
        "SAVE = False\nif SAVE:\n    open('a', 'w')\nelse:\n    open('b', 'w')",
        "w b",
    ),
    "unknown": (
        "if x():\n    open('a')\nelse:\n    open('b')",
        "r? a|r? b",
    ),
    "a name with two values": (
        "if x():\n    p = 'a'\nelse:\n    p = 'b'\nopen(p)",
        "r a|r b",
    ),
    "chain": (
        "m = 'q'\nif m == 'p':\n    open('a')\nelif m in ('q', 'r'):\n    open('b')",
        "r b",
    ),
    "match": (
        ("m = 'q'\nmatch m:\n    case 'p': open('a')\n    case 'q' | 'r': open('b')\n    case _: open('c')"),
        "r b",
    ),
    "try": (
        "try:\n    open('a')\nexcept OSError:\n    open('b')\nfinally:\n    open('c')",
        "r? a|r? b|r c",
    ),
    "a library is there": (
        "try:\n    import pandas\n    p = 'a'\nexcept ImportError:\n    p = 'b'\nopen(p)",
        "r a",
    ),
    "not in the cloud": (
        ("try:\n    import google.colab\n    p = 'a'\nexcept ImportError:\n    p = 'b'\nopen(p)"),
        "r b",
    ),
    "no file name": (
        "try:\n    p = __file__\nexcept NameError:\n    p = 'b'\nopen(p)",
        "r b",
    ),
    "a return that may come": (
        "def f():\n    if x(): return\n    open('a', 'w')\nf()\nopen('b', 'w')",
        "w? a|w b",
    ),
    "a raise is no doubt": (
        "def f():\n    if x(): raise ValueError\n    open('a', 'w')\nf()",
        "w a",
    ),
    "loop of unknown length": (
        "for r in rows(): open('a')",
        "r? a",
    ),
    "environment": (
        (
            "import os\nos.environ['P'] = 'a'\nopen(os.environ['P'])\nopen(os.getenv('Q', 'b'))\n"
            "open(os.environ.get('R') or 'c')"
        ),
        "r a|r b|r c",
    ),
    "cache": (
        (
            "import os\nimport pandas as pd\nif os.path.exists('c'):\n    pd.read_pickle('c')\n"
            "else:\n    pd.read_csv('r').to_pickle('c')"
        ),
        "r? c|r? r|w? c",
    ),
}


@pytest.mark.parametrize(("source", "expected"), TEXTS.values(), ids=list(TEXTS))
def test_texts_are_followed(tmp_path: Path, source: str, expected: str) -> None:
    """A path that is put together from texts is known, and unknown pieces stay holes."""
    assert told(tmp_path, source) == expected.split("|")


@pytest.mark.parametrize(("source", "expected"), CONTAINERS.values(), ids=list(CONTAINERS))
def test_containers_are_followed(tmp_path: Path, source: str, expected: str) -> None:
    """Paths in lists and dictionaries are known, and loops over them are unrolled."""
    assert told(tmp_path, source) == expected.split("|")


@pytest.mark.parametrize(("source", "expected"), CONDITIONS.values(), ids=list(CONDITIONS))
def test_conditions_are_weighed(tmp_path: Path, source: str, expected: str) -> None:
    """A known test decides, an unknown one leaves both sides, which then are perhaps."""
    assert [shown(use, marks=True) for use in analysis(tmp_path, source).uses] == expected.split("|")


def test_alternatives_of_one_call_share_a_choice(tmp_path: Path) -> None:
    """Uses that are one call with several possible paths carry the same choice; others carry none."""
    uses = analysis(tmp_path, "p = 'a' if x() else 'b'\nopen(p)\nopen('c')").uses
    assert [use.choice for use in uses] == [1, 1, 0]


def test_a_whole_unknown_path_is_told_with_its_reason(tmp_path: Path) -> None:
    """A read of which nothing is known is listed with its place and the reason."""
    (found,) = analysis(tmp_path, "import pandas as pd\n---\n\npd.read_csv(input())").unknown
    assert (found.cell, found.line, found.call, found.action) == (2, 2, "pd.read_csv(input())", "read")
    assert found.reason == "typed in by a person"


def test_evidence_names_the_call_and_where_the_name_comes_from(tmp_path: Path) -> None:
    """A use tells its cell, line and call, and the cell of the name that held the path."""
    (use,) = analysis(tmp_path, "import pandas as pd\nP = 'a.csv'\n---\n\ndf = pd.read_csv(P)").uses
    assert (use.cell, use.line, use.call, use.how) == (2, 2, "pd.read_csv(P)", "P, cell 1, line 2")


def test_a_script_counts_lines_in_the_file(tmp_path: Path) -> None:
    """A script has no cells; its lines are the file's."""
    (use,) = analysis(tmp_path, "\n\nopen('a')", path="s.py").uses
    assert (use.cell, use.line) == (None, 3)


def test_evidence_holds_no_secrets(tmp_path: Path) -> None:
    """The text of a call is shown without credentials and passwords, and cut where it is long."""
    source = (
        "import pandas as pd\npd.read_csv('https://me:secret@x.org/a.csv', password='secret', names=" + "'a' * 9, " * 30
    )
    (found,) = analysis(tmp_path, source.rstrip(", ").replace("names=", "*[") + "])").external
    assert "secret" not in found.call
    assert len(found.call) <= 101


KNOWN = {
    "import lib\nlib.save(x, 'a.csv')": "literal",
    "open('a')": "literal",
    "open('a' + '.csv')": "put together from literals",
    "P = 'a'\nopen(P)": "P, cell 1, line 1",
    "from config import P\nopen(P)": "P from config.py, line 1",
    "def load(p): open(p)\nload('a')": "an argument, p of load()",
    "import sqlite3\nc = sqlite3.connect('a')\nc.execute('select 1')": "the database of sqlite3.connect('a')",
    "!cat a": "shell line",
}


@pytest.mark.parametrize(("source", "expected"), KNOWN.items(), ids=list(KNOWN))
def test_evidence_says_how_a_path_is_known(tmp_path: Path, source: str, expected: str) -> None:
    """A use tells whether its path is a literal, a name's value, an argument, or a connection's file."""
    (use,) = analysis(tmp_path, source, {"config.py": "P = 'a'"}).uses
    assert use.how == expected
