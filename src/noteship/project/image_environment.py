"""What an image carries of the environment that it was made for, so that stages have the same keys in it.

Beside the locked packages an image has those that noteship needs, and a project without a lock freezes what is
installed: what counted where the image was built is therefore written into it, as `noteship-environment.json` beside
the `pyvenv.cfg` of its virtual environment: the canonical JSON of ``{"lines": [line, …], "lock": "…", "version": 1}``.
The lines are those of `Environment`, and the lock is the name of the file that they came from, or null.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from noteship import digests
from noteship.project.errors import BadLock

__all__ = ["NAME", "ImageEnvironment", "is_image", "of_image", "place", "written"]

NAME = "noteship-environment.json"
VERSION = 1


@dataclass(frozen=True)
class ImageEnvironment:
    """The locked lines that an image was made for, and the lock that they came from."""

    lines: tuple[str, ...]
    lock: str | None


def is_image() -> bool:
    """Whether noteship runs in the virtual environment of an image."""
    return place().is_file()


def of_image() -> ImageEnvironment | None:
    """What the image says that noteship runs in; None where it runs in none. Raises BadLock."""
    try:
        document = json.loads(place().read_bytes())
        if document["version"] != VERSION:
            raise ValueError(f"its form is of version {document['version']!r}; this noteship knows {VERSION}")
        return ImageEnvironment(tuple(document["lines"]), document["lock"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadLock(str(place()), f"{type(error).__name__}: {error}") from error


def written(lines: tuple[str, ...], lock: str | None) -> bytes:
    """The file of an image that is made for these."""
    return digests.canonical_json({"version": VERSION, "lines": list(lines), "lock": lock})


def place() -> Path:
    """Where the file is, if this is an image."""
    return Path(sys.prefix) / NAME
