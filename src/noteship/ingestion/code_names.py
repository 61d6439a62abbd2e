"""Names of code: Python, shells and tools of building take orders from such files, so no source brings one."""

from __future__ import annotations

import re

__all__ = ["is_code"]

_CODE = re.compile(
    r".*\.(py[cdowx]?|pyi|pth|ipynb|so(\.\d+)*|dll|dylib|exe|sh|bash|zsh|fish|bat|cmd|ps1|mk|mak|toml)"
    r"|(gnu)?makefile|snakefile|dockerfile|justfile|procfile|pipfile|mlproject|setup\.cfg|dvc\.yaml"
    r"|requirements([.-][\w.-]*)?\.(txt|lock|in)|requirements\.lock|(uv|poetry)\.lock",
    re.IGNORECASE,
)


def is_code(path: str) -> bool:
    """Whether a file is code, as far as its name tells.

    >>> is_code("data/Run.PY"), is_code("lib.so.1"), is_code("data/GNUmakefile"), is_code("data/happy.parquet")
    (True, True, True, False)
    """
    return _CODE.fullmatch(path.rpartition("/")[2]) is not None
