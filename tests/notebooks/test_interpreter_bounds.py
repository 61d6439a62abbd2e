"""Interpreting always ends and never raises, whatever the cells hold."""

from __future__ import annotations

import signal
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notebooks.interpreting import analysis, told
from noteship.notebooks.interpreter import running
from noteship.notebooks.interpreter.core import Machine

# A hundred times what the slowest of these takes.
HANGS_S = 300

ENDLESS = {
    "nested loops": (
        "for a in range(40):\n for b in range(40):\n  for c in range(40):\n   for d in range(40): open(f'{a}{b}')"
    ),
    "doubling text": "s = 'ab'\n" + "s = s + s\n" * 60 + "open(s)",
    "doubling paths": "from pathlib import Path\np = q = Path('ab')\n"
    + "p = p / p\nq = q.joinpath(q)\n" * 60
    + "open(p)",
    "doubling list": "s = ['a']\n" + "s = s + s\n" * 40 + "for p in s: open(p)",
    "large numbers": "n = 9 ** 9 ** 9\nm = 'a' * n\nk = 10 ** 12\nfor i in range(k): open('a')",
    "mutual recursion": "def f(n): g(n); g(n)\ndef g(n): f(n); f(n)\nf(1)",
    "branching recursion": ("def f(n):\n    if n: return f(n - 1) + f(n - 2) + f(n - 3)\n    return 'a'\nopen(f(30))"),
    "endless loop": "i = 0\nwhile True:\n    i += 1\n    open('a')",
    "many alternatives": "\n".join(f"x{i} = 'a{i}' if u() else 'b{i}'" for i in range(12))
    + "\nopen("
    + " + ".join(f"x{i}" for i in range(12))
    + ")",
    "self-containing list": "a = []\na.append(a)\nfor x in a: open(x)\nopen(a)",
    "self-containing dictionary": "d = {}\nd['d'] = d\nopen(d)\nprint(f'{d}')",
    "class of itself": "class A: pass\nA.x = A\nA().x().x()\nclass B(B): pass\nB().y",
    "format bomb": (
        "open('{:>999999999}'.format('a'))\nopen('%999999999d' % 3)\nopen(f'{3:>999999999}')\nopen('a'.zfill(10**9))"
    ),
    "deep expression": "x = " + "(" * 80 + "1" + ")" * 80 + "\ny = " + "+".join(["'a'"] * 900) + "\nopen('z')",
    "wide fork": "\n".join(f"if u{i}(): x = {i}" for i in range(300)) + "\nopen(str(x))",
}
SIMPLE = """
open('a') ; p = 'b' ; f(p) ; x[1:2] ; y = x.y ; import os ; from . import x ; return x ; yield x ; break ; continue
raise X ; y = lambda *a: f(a) ; [x for x in y] ; y = {x: y} ; z = f'{x!r:>{y}}' ; *a, b = x ; %run nb.ipynb ; !cp {x} y
global x ; del x ; assert x ; pass ; await x ; x @ y ; y = super().x() ; self.x = self ; x = x.x ; d = {} ; d[x] = d
os.chdir(x) ; '%s' % x ; y = '{}'.format(x) ; print(*x, **y) ; x = x if y else z ; x = []
x.append(x) ; x += x ; y = x()
x = '..' ; x = x / y ; x = Path(x) ; x = x.parent ; open(x, 'w') ; x = C(x) ; y = C ; x = dict(x)
x = sorted(x) ; x = y or x
x = next(x) ; exec(x) ; x = globals() ; y = x.pop() ; x = zip(x, y) ; x = map(f, x) ; x = vars(x) ; x = getattr(x, y)
""".replace("\n", " ; ").split(" ; ")
HEADERS = """
for x in y: ; if x: ; if x.endswith('a'): ; while x: ; while True: ; def f(x=y, *a, **k):
class C: ; class C(C): ; try:
with open(x) as y: ; async def f(): ; @f | def f(x): ; if os.path.exists('a'):
for x, *y in x.items(): ; match x: |  case y:
""".replace("\n", " ; ").split(" ; ")


def _block(header: str, body: list[str]) -> str:
    inner = textwrap.indent("\n".join(body) or "pass", "  ")
    text = f"{header}\n{inner}".replace(" | ", "\n")
    return text + "\nexcept E as e:\n  y = e\nfinally:\n  open('f')" if header == "try:" else text


PROGRAMS = st.recursive(
    st.sampled_from([piece.strip() for piece in SIMPLE if piece.strip()]),
    lambda inner: st.builds(
        _block,
        st.sampled_from([header.strip() for header in HEADERS if header.strip()]),
        st.lists(inner, max_size=5),
    ),
    max_leaves=12,
)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Every spending of steps; who does not spend any and goes on for minutes hangs."""
    spent: list[int] = []
    spend = Machine.spend

    def counted(machine: Machine, steps: int) -> None:
        spent.append(steps)
        spend(machine, steps)

    def hangs(number: int, frame: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(Machine, "spend", counted)
    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(HANGS_S)
    try:
        yield spent
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("source", ENDLESS.values(), ids=list(ENDLESS))
def test_every_program_ends_soon(tmp_path: Path, steps: list[int], source: str) -> None:
    """Loops, recursion and growth are cut off by the budget of steps, and what follows is still read."""
    found = told(tmp_path, source + "\n---\nopen('after')\n")
    assert found[-1] == "r after"
    assert 0 < len(steps) <= running.MOST_DOCUMENT_STEPS


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statements=st.lists(PROGRAMS, min_size=1, max_size=6))
def test_no_program_raises(tmp_path: Path, statements: list[str]) -> None:
    """Cells of any statements are interpreted without an exception."""
    source = "\n".join(statements)
    analysis(tmp_path, f"{source}\n---\n{source}")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_no_path_raises(tmp_path: Path, text: str) -> None:
    """Any text may stand where a path does."""
    analysis(tmp_path, f"import os\np = {text!r}\nopen(p)\nopen(os.path.join(p, p))\nopen(p.split('a')[0])\n!cat {{p}}")
