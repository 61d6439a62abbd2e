"""Importing project source without leaving a trace: the path and the modules are as before when the block ends."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["source_modules"]


@contextmanager
def source_modules(folders: Iterable[Path]) -> Iterator[None]:
    """Within the block, `import` finds the modules in `folders` first, and only there those of their names.

    Two bundles with a module of the same name do not see each other's. What the block imported stays alive through the
    objects that came from it, but is not found by name afterwards. Not for two threads at once.
    """
    paths = [str(folder.resolve()) for folder in folders]
    names = {name for path in paths for name in _module_names(Path(path))}
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in names}
    for name in before:
        del sys.modules[name]
    old_path, old_flag = list(sys.path), sys.dont_write_bytecode
    sys.path[:0] = paths
    # Byte code written into a bundle would change its digest.
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = old_path
        sys.dont_write_bytecode = old_flag
        for name in [name for name in sys.modules if name.partition(".")[0] in names]:
            del sys.modules[name]
        sys.modules.update(before)


def _module_names(folder: Path) -> set[str]:
    """Top-level modules and packages in a folder, installed packages' names aside."""
    if not folder.is_dir():
        return set()
    modules = {path.stem for path in folder.glob("*.py")}
    packages = {path.name for path in folder.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    return {name for name in modules | packages if name.isidentifier() and name not in PROTECTED}


# Never taken out of sys.modules: a second copy of these breaks what holds the first.
PROTECTED = frozenset(sys.stdlib_module_names) | {
    "noteship",
    "numpy",
    "pandas",
    "scipy",
    "sklearn",
    "pyarrow",
    "joblib",
}
