"""Which Python a base image has, as far as its configuration tells: its files are not looked at."""

from __future__ import annotations

import re

from noteship.images import errors
from noteship.images.base import Base
from noteship.images.layers.environment import Environment

__all__ = ["environment"]

# Python's own images say which source they were compiled from, and put what they compiled in /usr/local. Others, also
# where they say a version, bring the system's.
COMPILED = ("PYTHON_SHA256", "PYTHON_GET_PIP_URL", "GPG_KEY")
_VERSION = re.compile(r"3\.\d+")


def environment(base: Base, python: str = "") -> Environment:
    """The virtual environment over the base's interpreter.

    - python: the interpreter's absolute path, where the project names it; with its minor, as `/usr/bin/python3.12`
    Raises: UnsuitableBase where neither path nor configuration has a version.
    """
    given = [str(each).partition("=") for each in (base.config.get("config") or {}).get("Env") or []]
    variables = {name: value for name, _, value in given}
    said = _VERSION.search(python.rpartition("/")[2]) or _VERSION.match(variables.get("PYTHON_VERSION", ""))
    if not said:
        reason = "its configuration has no PYTHON_VERSION; [image] python can name its interpreter: /usr/bin/python3.12"
        raise errors.UnsuitableBase(base.name, reason)
    folder = "/usr/local/bin" if variables.keys() & {*COMPILED} else "/usr/bin"
    return Environment(python or f"{folder}/python{said[0]}", said[0])
