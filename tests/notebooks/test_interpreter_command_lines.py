"""What the words of a command line give a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebooks.interpreting import told

ARGPARSE = """
import argparse
from pathlib import Path
p = argparse.ArgumentParser()
p.add_argument("src", nargs="+")
p.add_argument("out", type=Path)
p.add_argument("-n", "--number", type=int, default=3)
p.add_argument("--flag", action="store_true")
p.add_argument("--more", action="append", default=[])
a = p.parse_args()
for each in [*a.src, *a.more]:
    open(each)
open(a.out / f"x{a.number}", "w")
if a.flag:
    open("flag")
"""
SUBPARSERS = """
import argparse
def make(args): open(args.src); open("made", "w")
def show(args): open(args.made)
p = argparse.ArgumentParser()
s = p.add_subparsers(dest="what")
a = s.add_parser("make")
a.add_argument("--src", default="d")
a.set_defaults(do=make)
b = s.add_parser("show")
b.add_argument("--made", default="made")
b.set_defaults(do=show)
args = p.parse_args()
args.do(args)
"""
CLICK = """
import click
@click.group()
def cli(): pass
@cli.command()
@click.option("--src", "-s", required=True)
@click.option("--out", "target", default="o", type=click.Path())
@click.argument("more", nargs=-1)
@click.option("--plot/--no-plot", default=False)
def make_it(src, target, more, plot):
    for each in [src, *more]:
        open(each)
    open(target, "w")
    if plot:
        open("plot", "w")
@cli.command("show")
def other():
    open("o")
if __name__ == "__main__":
    cli()
"""
TYPER = """
import typer
from pathlib import Path
from typing import Annotated
def main(src: Path, out: Annotated[Path, typer.Option("--to")] = Path("d"), n: int = 3):
    open(src)
    open(out / f"x{n}", "w")
typer.run(main)
"""
TYPER_APP = """
import typer
app = typer.Typer()
@app.command()
def first(src: str = "a"): open(src)
@app.command("next")
def second(src: str = typer.Option("b", "--from")): open(src)
app()
"""
FIRE = "import fire\ndef main(src, out='o'):\n    open(src)\n    open(out, 'w')\nfire.Fire(main)"
TYRO = "import tyro\nfrom dataclasses import dataclass\n@dataclass\nclass C:\n    src: str = 'd'\nopen(tyro.cli(C).src)"
ABSL = (
    "from absl import app, flags\nflags.DEFINE_string('src', 'd', '')\n"
    "def main(argv): open(flags.FLAGS.src)\napp.run(main)"
)
ARGV = "import sys\nif len(sys.argv) > 1:\n    open(sys.argv[1])\nelse:\n    open('d')"

LINES = [
    (ARGPARSE, "a b o -n 5 --more=m --more k", "r a|r b|r m|r k|w o/x5"),
    (ARGPARSE, "--flag a o -n5", "r a|w o/x5|r flag"),
    (ARGPARSE, "a o --num 4", "r a|w o/x4"),
    (SUBPARSERS, "make --src s", "r s|w made"),
    (SUBPARSERS, "show", "r made"),
    (SUBPARSERS, "", "r d|w made|r made"),
    (CLICK, "make-it -s a b c --plot", "r a|r b|r c|w o|w plot"),
    (CLICK, "make-it --src=a --out t x", "r a|r x|w t"),
    (CLICK, "show", "r o"),
    (TYPER, "a --to b -n 2 --n 4", "r a|w b/x4"),
    (TYPER, "a", "r a|w d/x3"),
    (TYPER_APP, "first --src x", "r x"),
    (TYPER_APP, "next --from x", "r x"),
    (TYPER_APP, "", "r a|r b"),
    (FIRE, "a --out=b", "r a|w b"),
    (FIRE, "a b", "r a|w b"),
    (TYRO, "--src x", "r x"),
    (ABSL, "--src=x", "r x"),
    (ARGV, "x", "r x"),
    (ARGV, "", "r d"),
]


@pytest.mark.parametrize(("script", "line", "expected"), LINES)
def test_words_reach_the_paths(tmp_path: Path, script: str, line: str, expected: str) -> None:
    """Options, places, flags and commands are told apart as the library does it."""
    assert told(tmp_path, f"!python s.py {line}", {"s.py": script}) == expected.split("|")


NAMES = [
    (
        "def f(i, **kw):\n    t = '_'.join(f'{k}{v}' for k, v in kw.items())\n    open(f'm_{i}_{t}.bin')\nf(i=1)",
        "r m_1_.bin",
    ),
    (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--f')\nopen(f'm_{p.parse_args().f}.bin')",
        "r m_{}.bin",
    ),
    ("open('' + 'a'.join([]) + 'b')", "r b"),
    ("import nltk\nnltk.data.load('tokenizers/punkt/english.pickle')\nopen('a')", "r a"),
]


@pytest.mark.parametrize(("source", "expected"), NAMES)
def test_names_are_as_empty_as_their_parts(tmp_path: Path, source: str, expected: str) -> None:
    """An empty text is known, an absent value is a hole."""
    assert told(tmp_path, source) == [expected]
