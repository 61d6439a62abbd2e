"""Keeps the folder of fetched packages and made layers within a bound: what nobody used for the longest goes first.

When something was used last is when its files were changed last: who uses them marks them (`use`).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Pruned", "prune", "use"]

# What was used since then may be a part of a build that is under way.
GRACE_S = 3600.0
# The empty files that makers of layers lock outlive these: no layer takes a day.
LOCK_S = 86_400.0


@dataclass(frozen=True)
class Pruned:
    """How many packages and layers were deleted, or would be, and how large all that stays is."""

    items: int = 0
    size_bytes: int = 0
    kept_bytes: int = 0


@dataclass(frozen=True)
class _Item:
    """Files that go together: a wheel's folder, a layer with what is said of it."""

    used_s: float
    size: int
    paths: tuple[Path, ...]


def use(path: Path) -> None:
    """Mark a file as used now."""
    with suppress(OSError):
        os.utime(path)


def prune(folder: Path, most_bytes: int, *, dry_run: bool = False) -> Pruned:
    """Delete what was not used for the longest, until no more is left than the bound, and what was used in this hour.

    Several processes may use the folder meanwhile: what somebody misses is fetched or made again.
    """
    now = time.time()
    found = sorted(_items(folder), key=lambda item: (-item.used_s, item.paths))
    kept = 0
    gone: list[_Item] = []
    for item in found:
        if (not gone and kept + item.size <= most_bytes) or now - item.used_s < GRACE_S:
            kept += item.size
        else:
            gone.append(item)
    if not dry_run:
        for item in gone:
            _delete(item)
        _delete_locks(folder / "layers", now)
    return Pruned(len(gone), sum(item.size for item in gone), kept)


def _items(folder: Path) -> Iterator[_Item]:
    for each in _listed(folder / "wheels"):
        yield from _item([Path(each)], [Path(inner) for inner in _listed(Path(each))])
    for each in _listed(folder / "resolutions"):
        yield from _item([Path(each)], [Path(each)])
    layers: dict[str, list[Path]] = {}
    for each in _listed(folder / "layers"):
        for inner in _listed(Path(each)):
            key, _, kind = inner.name.partition(".")
            # Hidden are those that are being written.
            if key and kind != "lock":
                layers.setdefault(key, []).append(Path(inner))
    for paths in layers.values():
        # What says that a layer is there goes before the layer.
        yield from _item(sorted(paths), paths)


def _item(paths: list[Path], looked_at: list[Path]) -> Iterator[_Item]:
    with suppress(OSError):
        statuses = [path.stat() for path in looked_at]
        used_s = max((each.st_mtime for each in statuses), default=paths[0].stat().st_mtime)
        yield _Item(used_s, sum(each.st_size for each in statuses), tuple(paths))


def _delete(item: _Item) -> None:
    for path in item.paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _delete_locks(layers: Path, now: float) -> None:
    for folder in _listed(layers):
        names = {each.name for each in _listed(Path(folder))}
        for name in names:
            path, key = Path(folder, name), name.partition(".")[0]
            if name.endswith(".lock") and not names & {f"{key}.json", f"{key}.tar.gz"}:
                with suppress(OSError):
                    if now - path.stat().st_mtime > LOCK_S:
                        path.unlink()


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
