"""The folder that a Containerfile is built from: the files of an image's own layers, as plain files under their paths.

It holds exactly what layers would: notebooks without outputs, no secret, nothing that stages make. What else may come
to lie in it stays out of the build, for `.dockerignore` lets nothing else in.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from noteship import files
from noteship.images import errors
from noteship.images.containerfile import MADE
from noteship.images.layers.entry import Entry, PlainSink

__all__ = ["CONTAINERFILE", "ignored", "write"]

CONTAINERFILE, IGNORED = "Containerfile", ".dockerignore"


def ignored(parts: Iterable[str]) -> str:
    """What keeps all but these out of a build, as docker, podman and buildah read it.

    >>> print(ignored(["packages.txt", "project"]), end="")
    *
    !packages.txt
    !project
    """
    return "".join(f"{line}\n" for line in ("*", *(f"!{each}" for each in sorted(parts))))


def write(folder: Path, parts: Sequence[str], texts: Mapping[str, str], entries: Iterable[Entry]) -> int:
    """Write the folder anew, and give how many files it has.

    - parts: the files and folders at its top that are let into a build; folders are there in any case
    - texts: files by their names; the Containerfile is one

    Raises: ContextUnfit where somebody else's files lie there, or it cannot be written; what the contents raise.
    """
    listed = list(entries)
    try:
        _clear(folder, (*parts, IGNORED))
        for each in parts:
            if each not in texts:
                (folder / each).mkdir(parents=True)
        for entry in listed:
            _put(folder / entry.path, entry)
        # By this one the folder is known the next time.
        for name in (CONTAINERFILE, *(each for each in texts if each != CONTAINERFILE)):
            files.write(folder / name, texts[name].encode())
        files.write(folder / IGNORED, ignored(parts).encode())
    except OSError as error:
        raise errors.ContextUnfit(str(folder), error.strerror or str(error)) from error
    return len(listed) + len(texts) + 1


def _clear(folder: Path, own: Iterable[str]) -> None:
    """Nothing of an earlier one stays: what is left out now must not go along. What others put beside it does."""
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(each.name for each in folder.iterdir())
    if found and not _is_own(folder / CONTAINERFILE):
        raise errors.ContextUnfit(str(folder), f"it holds files of others already, such as {found[0]}")
    for each in own:
        path = folder / each
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _is_own(path: Path) -> bool:
    try:
        return path.read_text(encoding="utf-8").startswith(MADE)
    except (OSError, UnicodeDecodeError):
        return False


def _put(path: Path, entry: Entry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        entry.content.send(PlainSink(stream.write))
    path.chmod(0o755 if entry.executable else 0o644)
