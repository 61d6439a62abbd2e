"""Names and constants come from settings files, command lines, magics and other documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notebooks.interpreting import analysis, told

NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": "P = 'a'\nopen('own')"}], "metadata": {}})
SETTINGS = {
    "yaml": (
        "import yaml\nc = yaml.safe_load(open('c.yaml'))\nopen(c['p']['x'])",
        {"c.yaml": "p:\n  x: a"},
        "r c.yaml|r a",
    ),
    "json": (
        "import json\nwith open('c.json') as f: c = json.load(f)\nopen(c['x'][0])",
        {"c.json": '{"x": ["a"]}'},
        "r c.json|r a",
    ),
    "json text": (
        ("import json\nfrom pathlib import Path\nc = json.loads(Path('c.json').read_text())\nopen(c['x'])"),
        {"c.json": '{"x": "a"}'},
        "r c.json|r a",
    ),
    "toml": (
        "import tomllib\nwith open('c.toml', 'rb') as f: c = tomllib.load(f)\nopen(c['x'])",
        {"c.toml": "x = 'a'"},
        "r c.toml|r a",
    ),
    "ini": (
        (
            "import configparser\nc = configparser.ConfigParser()\nc.read('c.ini')\n"
            "open(c['s']['x'])\nopen(c.get('s', 'y'))"
        ),
        {"c.ini": "[s]\nx = a\ny = %(x)s.b"},
        "r c.ini|r a|r a.b",
    ),
    "helper": (
        "from conf import load\nc = load()\nopen(c['x'])",
        {
            "conf.py": ("import yaml\ndef load(p='c.yml'):\n    with open(p) as f:\n        return yaml.safe_load(f)"),
            "c.yml": "x: a",
        },
        "r c.yml|r a",
    ),
    "dotted": (
        "from omegaconf import OmegaConf\nc = OmegaConf.load('c.yaml')\nopen(c.p.x)",
        {"c.yaml": "r: d\np:\n  x: ${r}/a"},
        "r c.yaml|r d/a",
    ),
    "namespace": (
        ("import json\nfrom types import SimpleNamespace as N\nc = N(**json.load(open('c.json')))\nopen(c.x)"),
        {"c.json": '{"x": "a"}'},
        "r c.json|r a",
    ),
    "hydra": (
        ("import hydra\n@hydra.main(config_path='conf', config_name='config')\ndef main(cfg): open(cfg.db.x)\nmain()"),
        {"conf/config.yaml": "defaults:\n  - db: one", "conf/db/one.yaml": "x: a"},
        "r a",
    ),
    "dotenv": (
        "import os\nfrom dotenv import load_dotenv\nload_dotenv()\nopen(os.environ['P'])",
        {".env": "P=a"},
        "r a",
    ),
    "a file that is not there": (
        "import yaml\nc = yaml.safe_load(open('c.yaml'))\nopen(f\"{c['x']}/a\")",
        {},
        "r c.yaml|r {}/a",
    ),
    "executed": (
        "exec(open('c.py').read())\nopen(P)",
        {"c.py": "P = 'a'"},
        "r c.py|r a",
    ),
}
COMMANDS = {
    "argparse": (
        (
            "import argparse\np = argparse.ArgumentParser()\n"
            "p.add_argument('--in-file', default='a')\n"
            "p.add_argument('-v', action='store_true')\na = p.parse_args()\nopen(a.in_file)"
        ),
        "r a",
    ),
    "typed default": (
        (
            "import argparse\nfrom pathlib import Path\np = argparse.ArgumentParser()\n"
            "p.add_argument('--d', type=Path, default='d')\nopen(p.parse_args().d / 'a')"
        ),
        "r d/a",
    ),
    "click": (
        (
            "import click\n@click.command()\n@click.option('--in', 'src', default='a')\n"
            "def main(src): open(src)\nif __name__ == '__main__': main()"
        ),
        "r a",
    ),
    "typer": (
        "import typer\ndef main(src: str = typer.Option('a')): open(src)\ntyper.run(main)",
        "r a",
    ),
    "typer app": (
        ("import typer\napp = typer.Typer()\n@app.command()\ndef main(src: str = 'a'): open(src)\napp()"),
        "r a",
    ),
    "fire": (
        "import fire\ndef main(src='a'): open(src)\nfire.Fire(main)",
        "r a",
    ),
    "words": (
        "import sys\nopen(sys.argv[1] if len(sys.argv) > 1 else 'a')",
        "r a",
    ),
    "absl": (
        (
            "from absl import app, flags\nflags.DEFINE_string('src', 'a', 'help')\n"
            "F = flags.FLAGS\ndef main(_): open(F.src)\napp.run(main)"
        ),
        "r a",
    ),
}
LINES = {
    "a cloned repository": ("!git clone https://x.org/me/repo.git\n%cd repo\nopen('data/a')", {}, "r /repo/data/a"),
    "copy": (
        "!cp a b",
        {},
        "r a|w b",
    ),
    "python value": (
        "x = 'a'\n!cat {x}.txt > $x.out",
        {},
        "r a.txt|w a.out",
    ),
    "folder": (
        "%cd data\nopen('a')",
        {},
        "r data/a",
    ),
    "subprocess": (
        "import subprocess\nsubprocess.run(['cp', 'a', 'b'], check=True)",
        {},
        "r a|w b",
    ),
    "os.system": (
        "import os\nx = 'a'\nos.system(f'mv {x} b')",
        {},
        "r a|w b",
    ),
    "writefile": (
        "%%writefile a.txt\nx",
        {},
        "w a.txt",
    ),
    "bash cell": (
        "%%bash\ncp a b\ncat b | sort > c",
        {},
        "r a|w b|r b|w c",
    ),
    "store": (
        "%store x\n%store -r y",
        {},
        "w %store/x|r %store/y",
    ),
    "timed": (
        "%time open('a')",
        {},
        "r a",
    ),
    "script": (
        "!python s.py --x a",
        {"s.py": ("import argparse\np = argparse.ArgumentParser()\np.add_argument('--x')\nopen(p.parse_args().x)")},
        "r a",
    ),
    "script by subprocess": (
        "import subprocess, sys\nsubprocess.run([sys.executable, 's.py', 'a'])",
        {"s.py": "import sys\nopen(sys.argv[1])"},
        "r a",
    ),
    "run": (
        "%run other.ipynb\nopen(P)",
        {"other.ipynb": NOTEBOOK},
        "r own|r a",
    ),
    "run with words": (
        "%run s.py a\nopen(Q)",
        {"s.py": "import sys\nQ = sys.argv[1]"},
        "r a",
    ),
    "run that shares names": (
        "W = 'a'\n%run -i s.py",
        {"s.py": "open(W)"},
        "r a",
    ),
    "run by call": (
        "get_ipython().run_line_magic('run', 's.py')",
        {"s.py": "open('a')"},
        "r a",
    ),
}


@pytest.mark.parametrize(("source", "files", "expected"), SETTINGS.values(), ids=list(SETTINGS))
def test_settings_are_known(tmp_path: Path, source: str, files: dict[str, str], expected: str) -> None:
    """Values of the project's settings files are known where code reads them."""
    assert told(tmp_path, source, files) == expected.split("|")


@pytest.mark.parametrize(("source", "expected"), COMMANDS.values(), ids=list(COMMANDS))
def test_command_lines_have_defaults(tmp_path: Path, source: str, expected: str) -> None:
    """A script run without arguments takes the defaults of its options."""
    assert told(tmp_path, source, path="s.py") == expected.split("|")


@pytest.mark.parametrize(("source", "files", "expected"), LINES.values(), ids=list(LINES))
def test_lines_and_magics_are_followed(tmp_path: Path, source: str, files: dict[str, str], expected: str) -> None:
    """Shell lines, magics and the documents that they run belong to the notebook."""
    assert told(tmp_path, source, files) == expected.split("|")


def test_documents_that_are_run_are_listed(tmp_path: Path) -> None:
    """What a notebook runs is told, so that its uses are not counted twice."""
    files = {"s.py": "open('a')", "other.ipynb": NOTEBOOK}
    assert analysis(tmp_path, "%run other.ipynb\n!python s.py", files).runs == ("other.ipynb", "s.py")


def test_a_script_that_runs_itself_ends(tmp_path: Path) -> None:
    """Documents that run each other in a circle are followed once."""
    files = {"a.py": "import os\nos.system('python b.py')\nopen('x')", "b.py": "import os\nos.system('python a.py')"}
    assert told(tmp_path, "!python a.py", files) == ["r x"]
