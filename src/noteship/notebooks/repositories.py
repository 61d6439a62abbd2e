"""Which repositories are the project's own, by their names."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["own_names", "repository_name"]

_REMOTE = re.compile(r"^\s*(?:push)?url\s*=\s*(\S+)", re.MULTILINE | re.IGNORECASE)
# What a downloaded archive of a repository adds to its name.
_BRANCH = re.compile(r"[-_](main|master)$")
CONFIG_LIMIT_CHARACTERS = 1 << 16


def repository_name(address: str) -> str:
    """The name of a repository by its address or folder, as far as upper case and dashes do not tell two apart."""
    last = re.split(r"[/:]", address.rstrip("/"))[-1].removesuffix(".git")
    return _BRANCH.sub("", last.casefold().replace("_", "-"))


def own_names(root: Path) -> frozenset[str]:
    """The names by which the repository in `root` goes: that of its folder, and those of its remotes."""
    try:
        with (root / ".git" / "config").open(encoding="utf-8", errors="replace") as file:
            text = file.read(CONFIG_LIMIT_CHARACTERS)
    except OSError:
        text = ""
    return frozenset(map(repository_name, [root.name, *_REMOTE.findall(text)])) - {""}
