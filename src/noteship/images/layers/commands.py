"""Commands that packages bring: generated from entry points, or packed with a first line to rewrite."""

from __future__ import annotations

import configparser
import re

from noteship.images.layers.environment import Environment

__all__ = ["PLACEHOLDER", "parsed", "rewritten", "script"]

# How a wheel's script asks for the interpreter of where it is installed (binary distribution format 1.0).
PLACEHOLDER = b"#!python"
GROUPS = ("console_scripts", "gui_scripts")
# Entry points specification: `module:object`, with extras that count for nothing here.
_TARGET = re.compile(r"(?P<module>[\w.]+)\s*:\s*(?P<object>[\w.]+)\s*(\[.*\])?\s*")
_NAME = re.compile(r"[^\s/\\\0=\[][^/\\\0=]*")


def parsed(text: str) -> dict[str, str]:
    r"""Commands with what each calls, of an `entry_points.txt`. Raises ValueError, saying what is wrong.

    >>> parsed("[console_scripts]\nship = noteship.cli.main:main\n")
    {'ship': 'noteship.cli.main:main'}
    """
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    # Names of commands have capitals.
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ValueError(str(error).splitlines()[0]) from error
    found = {}
    for group in GROUPS:
        for name, value in parser.items(group) if parser.has_section(group) else ():
            target = _TARGET.fullmatch(value.strip())
            if not target or not _NAME.fullmatch(name) or name in (".", ".."):
                raise ValueError(f"{name!r} = {value!r} is no command")
            found[name] = f"{target['module']}:{target['object']}"
    return found


def script(environment: Environment, target: str) -> bytes:
    """A command's file: it calls an object and ends with what that gives.

    - target: `module:object`
    """
    module, _, called = target.partition(":")
    lines = [
        f"#!{environment.interpreter}",
        "import sys",
        "",
        f"from {module} import {called.partition('.')[0]}",
        "",
        'if __name__ == "__main__":',
        f"    sys.exit({called}())",
    ]
    return "\n".join([*lines, ""]).encode()


def rewritten(text: bytes, environment: Environment) -> bytes:
    """A packed script whose first line names the image's interpreter."""
    _, _, rest = text.partition(b"\n")
    return f"#!{environment.interpreter}\n".encode() + rest
