"""Which files of a project's folder become a part of its image, and which do not, with the reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from noteship import patterns
from noteship.images.layers import errors, notebook_text, withheld
from noteship.images.layers.entry import Content, Entry, Held, OnDisk
from noteship.images.layers.writing import WHITEOUT

__all__ = ["LeftOut", "ProjectFiles", "Selection", "select"]

SMALL_BYTES = 1 << 20
NOTEBOOK_BYTES = 256 << 20
# Sources are a part of the project however large they are.
SOURCES = (".py", ".ipynb")


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that is not a part of the image, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class Selection:
    """What a project says of its image; patterns of paths.

    - include: large or hidden files that are a part of it all the same; no secrets, whatever it says
    - exclude: what is none, as what stages read and write through the store
    - limit_bytes: other files than sources are a part up to this size
    """

    include: patterns.PathSet = field(default_factory=lambda: patterns.PathSet(()))
    exclude: patterns.PathSet = field(default_factory=lambda: patterns.PathSet(()))
    limit_bytes: int = SMALL_BYTES


@dataclass(frozen=True)
class ProjectFiles:
    """The files of the image, and what was left out of it; both by path."""

    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class _Found:
    """A file that is seen at a path of the project, and where it really is; both relative to the root."""

    path: str
    real: str
    reason: str = ""


def select(root: Path, selection: Selection, folder: str = "project") -> ProjectFiles:
    """Look through a project; notebooks are taken without outputs.

    Guarantee: two folders with the same files give equal entries, whatever else they hold that is left out.
    Raises: FileUnfit where a file cannot be read.
    Cost: each file that is taken is read once.

    - folder: where the files go, relative to the image's root
    """
    base = Path(os.path.realpath(root))
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for found in _walk(base, selection):
        try:
            reason = found.reason or _reason(base, found, selection)
            if reason:
                left_out.append(LeftOut(_printable(found.path), reason))
                continue
            status = (base / found.real).stat()
            content = _content(base / found.real)
        except OSError as error:
            raise errors.FileUnfit(found.path, error.strerror or type(error).__name__) from error
        except ValueError as error:
            left_out.append(LeftOut(found.path, f"its outputs cannot be taken out: {error}"))
            continue
        entries.append(Entry(f"{folder}/{found.path}", content, executable=bool(status.st_mode & 0o100)))
    entries.sort(key=lambda entry: entry.path)
    return ProjectFiles(tuple(entries), tuple(sorted(left_out, key=lambda each: each.path)))


def _walk(root: Path, selection: Selection) -> Iterator[_Found]:
    """Files, and folders that are left out as a whole; links are followed within the project."""
    pending: list[tuple[_Found, tuple[str, ...]]] = [(_Found("", ""), ("",))]
    while pending:
        folder, above = pending.pop()
        for found, entry in _listed(root, folder):
            if found.reason:
                yield found
            elif not entry.is_dir():
                yield found if entry.is_file() else replace(found, reason="neither a file nor a folder")
            elif reason := _reason_of_folder(root, found, selection):
                yield replace(found, reason=reason)
            elif found.real in above:
                yield replace(found, reason="a link to a folder that it lies in")
            else:
                pending.append((found, (*above, found.real)))


def _listed(root: Path, folder: _Found) -> Iterator[tuple[_Found, os.DirEntry[str]]]:
    """What is in a folder, with where it really is; only links are asked for that."""
    try:
        with os.scandir(root / folder.real) as listing:
            entries = list(listing)
    except OSError as error:
        raise errors.FileUnfit(folder.path or str(root), error.strerror or type(error).__name__) from error
    for entry in entries:
        path, real = (f"{above}/{entry.name}" if above else entry.name for above in (folder.path, folder.real))
        inside = _inside(os.path.realpath(entry.path), root) if entry.is_symlink() else real
        if inside is None:
            yield _Found(path, path, "a link that leads out of the project"), entry
        elif entry.is_symlink() and not (root / inside).exists():
            yield _Found(path, inside, "a link that leads nowhere"), entry
        else:
            yield _Found(path, inside), entry


def _inside(real: str, root: Path) -> str | None:
    """A real path relative to the root; None outside of it."""
    if real == str(root):
        return ""
    return real.removeprefix(f"{root}/") if real.startswith(f"{root}/") else None


def _reason_of_folder(root: Path, found: _Found, selection: Selection) -> str:
    for name in (found.path.rpartition("/")[2], *found.real.split("/")):
        if reason := withheld.reason_of_folder(name):
            return reason
    for sign in ("pyvenv.cfg", "conda-meta"):
        if (root / found.real / sign).exists():
            return "a virtual environment"
    if found.path in selection.exclude:
        return "excluded"
    if found.path.rpartition("/")[2].startswith(".") and not selection.include.reach(found.path):
        return "hidden"
    return ""


def _reason(root: Path, found: _Found, selection: Selection) -> str:
    """Why a file stays out, by the name that it is seen by and by its own; empty where it is a part of the image."""
    name, own = PurePosixPath(found.path).name, PurePosixPath(found.real).name
    by_folder = (withheld.reason_of_folder(part) for part in found.real.split("/")[:-1])
    for reason in (withheld.reason_by_name(name), withheld.reason_by_name(own), *by_folder):
        if reason:
            return reason
    if found.path in selection.exclude:
        return "excluded"
    if name.startswith(WHITEOUT) or not _is_text(found.path):
        return "its name cannot be one in an image"
    place = root / found.real
    is_included = found.path in selection.include
    if not is_included and any(part.startswith(".") for part in found.path.split("/")):
        return "hidden"
    size = place.stat().st_size
    if size > selection.limit_bytes and not is_included and not name.endswith(SOURCES):
        return f"it has {size:,} bytes, and files of up to {selection.limit_bytes:,} go along"
    with place.open("rb") as stream:
        return withheld.reason_by_content(own, stream.read(withheld.KEY_PIECE_BYTES))


def _content(path: Path) -> Content:
    if not path.name.endswith(".ipynb"):
        return OnDisk.of(path)
    if path.stat().st_size > NOTEBOOK_BYTES:
        raise ValueError(f"it has more than {NOTEBOOK_BYTES:,} bytes")
    # Without outputs it is small.
    return Held(notebook_text.stripped(path.read_bytes()))


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(path: str) -> str:
    return path.encode("ascii", "backslashreplace").decode() if not _is_text(path) else path
