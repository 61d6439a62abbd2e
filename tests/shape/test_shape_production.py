from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What models use only where it is there: Parquet.
OPTIONAL = {"pyarrow"}


def required(lines: list[str]) -> dict[str, str]:
    found = (
        re.fullmatch(r"([\w.-]+)(.*)", line.strip()) for line in lines if line.strip() and not line.startswith("#")
    )
    return {each[1].lower(): each[2] for each in found if each}


def production() -> dict[str, str]:
    return required((ROOT / "requirements-serve.in").read_text(encoding="utf-8").splitlines())


def pinned(name: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


def test_production_has_the_bounds_of_the_whole() -> None:
    """A library that production needs is named with the bounds that noteship itself names."""
    whole = required(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"])
    assert {name: bounds for name, bounds in production().items() if whole.get(name, bounds) != bounds} == {}


def test_production_is_locked_in_the_versions_of_the_whole() -> None:
    """Both locks agree on every library that both have, and the smaller one has all that is asked for."""
    whole, part = pinned("requirements.lock"), pinned("requirements-serve.lock")
    names = {line.partition("==")[0] for line in whole}
    assert {line for line in part - whole if line.partition("==")[0] in names} == set()
    assert set(production()) <= {line.partition("==")[0] for line in part}


def test_production_names_all_that_it_imports() -> None:
    """What the rooms of production import at their start is in the lock."""
    code = "import sys, noteship.serving, noteship.scoring, noteship.streaming, noteship.store; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    owners = metadata.packages_distributions()
    tops = {name.partition(".")[0] for name in found} - set(sys.stdlib_module_names)
    needed = {re.sub(r"[-_.]+", "-", owner).lower() for top in tops for owner in owners.get(top, ())}
    locked = {line.partition("==")[0] for line in pinned("requirements-serve.lock")}
    assert needed - locked - OPTIONAL - {"noteship"} == set()
