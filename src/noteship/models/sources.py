"""The project modules that steps come from, as files of a bundle."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from noteship.models.environment import imported
from noteship.models.importing import PROTECTED

__all__ = ["found", "located", "needed_source"]


def located(modules: Iterable[Path], roots: Sequence[Path]) -> dict[str, Path]:
    """Each module's file by its path below the folder it is imported from; the first of `roots` wins, as in Python."""
    found: dict[str, Path] = {}
    for module in modules:
        inside = [root for root in roots if module.resolve().is_relative_to(root.resolve())]
        # The deepest folder is the one that a module is found from by its shortest name.
        for root in sorted(inside, key=lambda root: -len(root.resolve().parts))[:1]:
            found.setdefault(module.resolve().relative_to(root.resolve()).as_posix(), module)
    return found


def found(modules: Iterable[str], roots: Sequence[Path]) -> dict[str, Path]:
    """The files of dotted modules below `roots`, and of the modules below them that these import in turn.

    By their paths below the folder they are imported from, as `located` gives them. Only what imports name is taken,
    not the rest of a package.
    """
    files: dict[str, Path] = {}
    waiting, done = list(modules), {"__main__"}
    while waiting:
        module = waiting.pop()
        if module in done or module.partition(".")[0] in PROTECTED:
            continue
        done.add(module)
        for name, path in _files(module, roots):
            if name not in files:
                files[name] = path
                waiting += _imports(path.read_text(errors="replace"), name)
    return files


def _files(module: str, roots: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """The module's own file and those of the packages around it, from the first root that has its first part."""
    parts = module.split(".")
    for root in roots:
        top = root / parts[0]
        if top.with_suffix(".py").is_file() or (top.is_dir() and any(top.rglob("*.py"))):
            break
    else:
        return
    for length in range(1, len(parts) + 1):
        base = "/".join(parts[:length])
        for name in (f"{base}/__init__.py", f"{base}.py"):
            if (root / name).is_file():
                yield name, root / name
                break


def _imports(text: str, name: str) -> Iterator[str]:
    """Dotted names that a file's imports may stand for; names imported from a module may be modules themselves."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    package = name.split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ([base] if base else [])
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names if alias.name != "*")


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
