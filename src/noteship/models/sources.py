"""The project modules that steps come from, as files of a bundle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from noteship.models.environment import imported

__all__ = ["located", "needed_source"]


def located(modules: Iterable[Path], roots: Sequence[Path]) -> dict[str, Path]:
    """Each module's file by its path below the folder it is imported from; the first of `roots` wins, as in Python."""
    found: dict[str, Path] = {}
    for module in modules:
        inside = [root for root in roots if module.resolve().is_relative_to(root.resolve())]
        # The deepest folder is the one that a module is found from by its shortest name.
        for root in sorted(inside, key=lambda root: -len(root.resolve().parts))[:1]:
            found.setdefault(module.resolve().relative_to(root.resolve()).as_posix(), module)
    return found


def needed_source(used: Iterable[str], files: Mapping[str, Path]) -> dict[str, bytes]:
    """The files of the modules `used` and of those that they import in turn, a package always whole."""
    by_top: dict[str, list[str]] = {}
    for name in files:
        by_top.setdefault(name.partition("/")[0].removesuffix(".py"), []).append(name)
    waiting = {module.partition(".")[0] for module in used} & set(by_top)
    taken: dict[str, bytes] = {}
    done: set[str] = set()
    while waiting:
        top = waiting.pop()
        done.add(top)
        for name in by_top[top]:
            taken[name] = files[name].read_bytes()
            waiting |= (imported(taken[name].decode(errors="replace")) & set(by_top)) - done
    return dict(sorted(taken.items()))
