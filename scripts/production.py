"""Installs what production needs into a new environment, serves and scores a bundle there, and tells its size.

Fails where anything is missing, or takes more than 50 MB beyond the libraries that the bundle's own steps need.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import venv
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas
from sklearn.linear_model import LinearRegression

from noteship import models
from noteship.operations.opened import OpenedProject

ROOT = Path(__file__).resolve().parents[1]
LIMIT_MB = 50.0
NOT_COUNTED = {"pip", "setuptools", "wheel"}


def installed(folder: Path) -> Path:
    """A new environment with the locked requirement set, and noteship without its own requirements."""
    command([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "wheels")])
    wheel = next((folder / "wheels").glob("*.whl"))
    venv.create(folder / "venv", symlinks=True, with_pip=shutil.which("uv") is None)
    python = folder / "venv/bin/python"
    pip = ["uv", "pip", "install", "--quiet", "--python", str(python)]
    if shutil.which("uv") is None:
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command([*pip, "--require-hashes", "-r", "requirements-serve.lock"])
    command([*pip, "--no-deps", str(wheel)])
    return python


def project(folder: Path) -> Path:
    """A project whose store has a bundle."""
    rows = pandas.DataFrame({"size": range(20, 60), "rooms": [1, 2] * 20})
    rows["rent"] = rows["size"] * 10.0 + rows["rooms"]
    folder.mkdir()
    rows.to_parquet(folder / "rows.parquet")
    inputs = ("size", "rooms")
    pandas.to_pickle(LinearRegression().fit(rows[list(inputs)], rows.rent), folder / "model.sav")
    asked = models.BuildRequest(
        str(folder), "rents", ("model.sav",), "rows.parquet", inputs, str(folder / "bundle"), "rent"
    )
    models.build(asked)
    opened = OpenedProject.at(folder)
    digest = opened.store.put_folder(folder / "bundle")
    for name in (f"bundles/{digest}", "names/champion"):
        opened.store.write_ref(name, {"digest": digest, "name": "rents"}, expected=None)
    return folder


def serve(python: Path, folder: Path) -> float:
    """Serve there, and ask once."""
    words = [str(python), "-m", "noteship", "serve", "--project", str(folder), "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if line.startswith("}"):
                break
        try:
            return ask(f"{json.loads(text)['url']}/predict")
        finally:
            process.terminate()


def ask(url: str) -> float:
    """The prediction for one row."""
    with urllib.request.urlopen(urllib.request.Request(url, b'[{"size": 40, "rooms": 2}]')) as answer:
        return float(json.load(answer)["predictions"][0])


def score(python: Path, folder: Path) -> float:
    """Score a file there: CSV needs no pyarrow."""
    (folder / "in.csv").write_text("size,rooms\n40,2\n")
    command([str(python), "-m", "noteship", "score", "champion", "in.csv", "out.csv"], cwd=folder)
    return float((folder / "out.csv").read_text().splitlines()[1])


def sizes(python: Path) -> dict[str, float]:
    """Installed megabytes by distribution."""
    site = next(python.parents[1].glob("lib/python*/site-packages"))
    found = {}
    for one in metadata.distributions(path=[str(site)]):
        paths = [Path(str(one.locate_file(path))) for path in one.files or ()]
        # Byte code is made when it is first imported, and images leave it out.
        kept = (path.stat().st_size for path in paths if path.suffix != ".pyc" and path.is_file())
        found[normal(one.name)] = sum(kept) / 1e6
    return {name: size for name, size in found.items() if name not in NOT_COUNTED}


def with_requirements(names: set[str], known: set[str]) -> set[str]:
    """Distributions with all that they require, as far as it is known."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        lines = [line for line in metadata.requires(name) or () if "extra ==" not in line]
        required = {normal(re.split(r"[^\w.-]", line)[0]) for line in lines}
        waiting |= (required & known) - found
    return found


def normal(name: str) -> str:
    """A distribution's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def command(words: list[str], cwd: Path = ROOT) -> None:
    """Run a program, whose output is shown when it fails."""
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words[:6])} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def main() -> int:
    """Do it all; 1 where it is too large."""
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="noteship-") as temporary:
        folder = Path(temporary)
        python, made = installed(folder), project(folder / "project")
        answers: list[Any] = [serve(python, made), score(python, made)]
        assert all(abs(answer - 402) < 1e-6 for answer in answers), answers
        found = sizes(python)
        assert "pyarrow" not in found
        needs = {normal(name) for name in models.read(made / "bundle").environment["needs"]}
        steps = with_requirements(needs, set(found))
    beyond = {name: size for name, size in found.items() if name not in steps}
    total = sum(beyond.values())
    largest = ", ".join(f"{name} {size:.1f}" for name, size in sorted(beyond.items(), key=lambda item: -item[1])[:6])
    print(f"production: {total:.1f} MB beyond the steps' libraries, at most {LIMIT_MB:.0f} ({largest})")
    print(f"            {sum(found.values()) - total:.1f} MB of the steps' own: {', '.join(sorted(steps))}")
    return int(total > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
