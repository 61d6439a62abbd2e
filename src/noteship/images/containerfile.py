"""A Containerfile: the image that `noteship build` makes, for who runs builds: packages may be made from their sources.

The interpreter of the base makes the virtual environment, in a stage of its own, and pip fills it from files that are
known by their digests; the rest is copied from a folder (`context`). What is run or copied is in its JSON form, so that
no shell reads it.
Source: "Containerfile(5)"; the Dockerfile reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from noteship.images import errors, image, reference
from noteship.images.base import Base
from noteship.images.image import About
from noteship.images.layers.environment import Environment
from noteship.images.packages import Locked

__all__ = ["MADE", "PACKAGES", "Recipe"]

# How one begins, by which it is known.
MADE = "# Made by `noteship build --containerfile`."
# The file of the packages in the folder that is built from.
PACKAGES = "packages.txt"
# Where builds are given an index, a mirror or its certificate; as arguments, they are no part of the image.
ARGUMENTS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT")
# compileall ends with an error where a file is no Python of this version, such as a template: those stay as they are.
COMPILED = (
    "import compileall, py_compile, sys; "
    "compileall.compile_dir(sys.argv[1], quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
)


@dataclass(frozen=True)
class Recipe:
    """What a Containerfile says.

    - folders: of the image's root, in the folder that is built from under the same path; the environment's first
    """

    base: Base
    environment: Environment
    packages: Sequence[Locked]
    about: About
    folders: Sequence[str] = ()

    @property
    def requirements(self) -> str:
        """The text of `packages.txt`."""
        return "".join(f"{each.requirement}\n" for each in sorted(self.packages))

    @property
    def text(self) -> str:
        """The Containerfile. Raises UnsuitableBase where the base is at no registry."""
        return "\n".join([*self._first(), "", *self._second(), ""])

    def _first(self) -> Iterator[str]:
        """The stage that makes packages; nothing of it but the environment's folder is in the image."""
        folder, python = f"/{self.environment.folder}", self.environment.python
        sources = [str(each) for each in sorted(self.packages) if each.is_source]
        yield f"{MADE} Built from their sources: {', '.join(sources) or 'no packages'}."
        yield f"FROM {self._base()} AS packages"
        yield from (f"ARG {name}" for name in ARGUMENTS)
        yield _said("USER", "0:0")
        yield "# What sources need beside a compiler of the base, such as headers, is to be installed here."
        yield _ran(python, "-m", "venv", "--without-pip", folder)
        yield _copied(PACKAGES, f"/{PACKAGES}")
        options = ("--no-cache-dir", "--no-compile", "--no-deps", "--require-hashes", "--disable-pip-version-check")
        pip = (python, "-m", "pip", "--python", self.environment.interpreter, "install", *options)
        if self.packages:
            yield _ran(*pip, "--requirement", f"/{PACKAGES}")
        yield _copied(f"{self.environment.folder}/", f"{folder}/")
        yield _ran(self.environment.interpreter, "-I", "-c", COMPILED, f"/{self.environment.site_packages}")

    def _second(self) -> Iterator[str]:
        """The image."""
        folder = f"/{self.environment.folder}"
        started = image.running(self.base, self.environment, self.about)
        own = image.own_variables(self.base, self.environment, self.about)
        # They cannot be taken out of what the base sets; empty ones are none to Python.
        dropped = {name: "" for name in image.DROPPED if name in image.variables(self.base)}
        yield f"FROM {self._base()}"
        yield f"COPY --from=packages {_listed(f'{folder}/', f'{folder}/')}"
        yield from (_copied(f"{each}/", f"/{each}/") for each in self.folders)
        yield _assigned("ENV", {**dropped, **own})
        yield _assigned("LABEL", started["Labels"])
        yield _said("USER", started["User"])
        yield _said("WORKDIR", started["WorkingDir"])
        yield f"ENTRYPOINT {_listed(*started['Entrypoint'])}"
        yield f"CMD {_listed(*started.get('Cmd', ()))}"

    def _base(self) -> str:
        if self.base.name.startswith("oci:"):
            reason = "it lies in a folder, and a Containerfile can only build on an image of a registry"
            raise errors.UnsuitableBase(self.base.name, reason)
        name = reference.parsed(self.base.name)
        return f"{name.registry}/{name.repository}@{self.base.manifest.digest}"


def _ran(*words: str) -> str:
    return f"RUN {_listed(*words)}"


def _copied(source: str, target: str) -> str:
    return f"COPY {_listed(source, target)}"


def _listed(*words: str) -> str:
    """The form without a shell."""
    return json.dumps(words)


def _said(word: str, value: str) -> str:
    return f"{word} {_escaped(value)}"


def _assigned(word: str, values: Mapping[str, str]) -> str:
    r"""Names and values, a line each.

    >>> print(_assigned("LABEL", {"b": "a $HOME", "a": "\"1\""}))
    LABEL a="\"1\"" \
      b="a \$HOME"
    """
    lines = [f'{name}="{_escaped(value)}"' for name, value in sorted(values.items())]
    return f"{word} " + " \\\n  ".join(lines)


def _escaped(value: str) -> str:
    r"""Builders put variables in, and take a backslash before what they would understand.

    >>> _escaped('a"b$c\\d')
    'a\\"b\\$c\\\\d'
    """
    return "".join(f"\\{letter}" if letter in '\\"$' else letter for letter in value)
