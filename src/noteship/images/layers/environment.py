"""The virtual environment of an image, made of files: where the files of packages go, and what starts there."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from noteship.images.layers.entry import Entry, Held, Link

__all__ = ["Environment"]


@dataclass(frozen=True)
class Environment:
    """A virtual environment over the base image's interpreter; paths of files are relative to the image's root.

    With a `pyvenv.cfg` beside it, the interpreter reads `.pth` files and finds namespace packages there, as anywhere.

    - python: the base's own interpreter, as `/usr/local/bin/python3.12`
    - version: of that interpreter, as `3.12` or `3.12.4`
    """

    python: str
    version: str
    folder: str = "opt/noteship"

    def __post_init__(self) -> None:
        if not self.python.startswith("/") or posixpath.normpath(self.python) != self.python:
            raise ValueError(f"not an absolute path of an interpreter: {self.python!r}")
        if not re.fullmatch(r"3\.\d+(\.\d+)?", self.version):
            raise ValueError(f"not a version of Python: {self.version!r}")

    @property
    def minor(self) -> str:
        """As `3.12`: what the folders of packages are named for."""
        return ".".join(self.version.split(".")[:2])

    @property
    def site_packages(self) -> str:
        """Where modules go, pure or not: `lib` is looked into also where a system has `lib64`."""
        return f"{self.folder}/lib/python{self.minor}/site-packages"

    @property
    def scripts(self) -> str:
        """Where commands go."""
        return f"{self.folder}/bin"

    @property
    def interpreter(self) -> str:
        """The absolute path by which the interpreter is started, so that it sees the environment."""
        return f"/{self.folder}/bin/python"

    def headers(self, distribution: str) -> str:
        """Where a package's C headers go, as pip has it."""
        return f"{self.folder}/include/site/python{self.minor}/{distribution}"

    @property
    def entries(self) -> list[Entry | Link]:
        """The files that make a folder a virtual environment."""
        config = (
            f"home = {posixpath.dirname(self.python)}\ninclude-system-site-packages = false\nversion = {self.version}\n"
        )
        return [
            Entry(f"{self.folder}/pyvenv.cfg", Held(config.encode())),
            Link(f"{self.scripts}/python", self.python),
            Link(f"{self.scripts}/python3", "python"),
            Link(f"{self.scripts}/python{self.minor}", "python"),
        ]

    @property
    def key(self) -> list[str]:
        """What the files of packages depend on."""
        return [self.folder, self.minor]
