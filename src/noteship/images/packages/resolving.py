"""Which wheels exact versions mean on a machine: asked of uv, which knows indexes, their logins and their mirrors.

What was found is kept, so that a build asks no index about a lock that it knows. Kept form, version 1: a JSON array of
objects with the fields of `Wheel`, named by the digest of the pins, sorted, and the target.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from noteship import digests, files, temporary
from noteship.images import pruning
from noteship.images.packages.errors import PinsUnknown, ResolverFailed, ResolverMissing, SourceOnly
from noteship.images.packages.target import Target
from noteship.images.packages.wheel import Locked, Wheel, best
from noteship.images.registries.transport import Stopped

__all__ = ["Resolver"]

VERSION = 1
LOOK_S = 0.1
WHEELS_ONLY = ("--only-binary", ":all:")
# How uv names what stands in the way; each package is asked about once, so a lock has an end of them.
NO_WHEEL = re.compile(r"(?:Because|and) (\S+?)(?:==|>=|<=|~=)\S* has no (?:usable wheels|wheels with a matching)")
UNKNOWN = re.compile(r"Because (?:there is no version of (\S+?)==|(\S+) was not found in the package registry)")


@dataclass(frozen=True)
class Resolver:
    """Asks uv within a project's folder, whose settings of indexes it reads; keeps answers in a folder."""

    project: Path
    kept: Path
    stop: threading.Event

    def resolve(self, pins: Sequence[str], target: Target) -> tuple[Wheel, ...]:
        """The wheel of each pin, "name==version", by name.

        Raises: SourceOnly and PinsUnknown with all that are so, ResolverMissing, ResolverFailed, Stopped.
        """
        wanted = sorted(set(pins))
        path = self.kept / f"{digests.of_value({'resolution': VERSION, 'pins': wanted, **target.to_json()})}.json"
        found = _read(path)
        pruning.use(path)
        if found is None:
            found = self._asked(wanted, target)
            self.kept.mkdir(parents=True, exist_ok=True)
            files.write(path, json.dumps([asdict(each) for each in found]).encode())
        return found

    def locked(self, pins: Sequence[str], target: Target) -> tuple[Locked, ...]:
        """What each pin is installed from, by name: its wheel where one fits, else its source. Nothing of it is run.

        Raises as `resolve`, but for SourceOnly.
        """
        document, _, unknown = self._answer(sorted(set(pins)), target, ())
        if unknown:
            raise PinsUnknown(tuple(unknown))
        return tuple(sorted(_locked(package, target) for package in document.get("packages", ())))

    def _asked(self, pins: Sequence[str], target: Target) -> tuple[Wheel, ...]:
        """As `resolve`, of uv."""
        document, source_only, unknown = self._answer(pins, target, WHEELS_ONLY)
        machine = f"Python {target.python} on {target.platform}"
        found, none = _chosen(document.get("packages", []), target)
        if unknown:
            raise PinsUnknown(tuple(unknown))
        if source_only or none:
            raise SourceOnly((*source_only, *none), machine)
        return found

    def _answer(
        self, pins: Sequence[str], target: Target, options: Sequence[str]
    ) -> tuple[dict[str, Any], list[str], list[str]]:
        """What uv writes, and which pins have sources only, or are unknown.

        As it stops at the first fault, it is asked again without that package.
        """
        left = list(pins)
        source_only: list[str] = []
        unknown: list[str] = []
        while True:
            document, said = self._run(left, target, options) if left else ({}, "")
            if document is not None:
                return document, source_only, unknown
            # Long lines are folded.
            flat = " ".join(said.split())
            fault = NO_WHEEL.search(flat) or UNKNOWN.search(flat)
            name = next((group for group in fault.groups() if group), "") if fault else ""
            faulty = [pin for pin in left if pin.partition("==")[0] == name]
            if not faulty:
                raise ResolverFailed(said)
            (source_only if fault and fault.re is NO_WHEEL else unknown).extend(faulty)
            left = [pin for pin in left if pin not in faulty]

    def _run(self, pins: Sequence[str], target: Target, options: Sequence[str]) -> tuple[dict[str, Any] | None, str]:
        """The lock document that uv writes, or what it said instead."""
        with temporary.folder() as folder:
            output = folder / "pylock.toml"
            command = [
                *(str(_uv()), "pip", "compile", "-", "--quiet", "--color", "never", "--no-deps", "--no-header"),
                *("--python-version", target.python, "--python-platform", target.platform),
                *(*options, "--format", "pylock.toml", "--output-file", str(output)),
            ]
            code, said = self._ended(command, "\n".join(pins))
            if code:
                return None, said
            return tomllib.loads(output.read_text(encoding="utf-8")), said

    def _ended(self, command: Sequence[str], given: str) -> tuple[int, str]:
        process = subprocess.Popen(
            command,
            cwd=self.project,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        asked: str | None = given
        with process:
            while True:
                try:
                    _, said = process.communicate(asked, LOOK_S)
                    return process.returncode, said
                except subprocess.TimeoutExpired:
                    asked = None
                if self.stop.is_set():
                    process.kill()
                    raise Stopped


def _uv() -> Path:
    """The program of the package `uv`, else that on PATH."""
    if importlib.util.find_spec("uv") is not None:
        import uv

        return Path(uv.find_uv_bin())
    found = shutil.which("uv")
    if found is None:
        raise ResolverMissing(f"{sys.executable} -m pip install uv")
    return Path(found)


def _chosen(packages: Iterable[Mapping[str, Any]], target: Target) -> tuple[tuple[Wheel, ...], list[str]]:
    """A wheel for each package, and what has none."""
    found, none = [], []
    for package in packages:
        name, version = package["name"], package.get("version", "")
        wheels = [_wheel(name, version, each) for each in package.get("wheels", ())]
        chosen = best(wheels, target)
        if chosen is None:
            none.append(f"{name}=={version}")
        else:
            found.append(chosen)
    return tuple(sorted(found)), none


def _locked(package: Mapping[str, Any], target: Target) -> Locked:
    """Its best wheel, else its source."""
    name, version = package["name"], package.get("version", "")
    chosen = best([_wheel(name, version, each) for each in package.get("wheels", ())], target)
    if chosen:
        return Locked(name, version, chosen.sha256)
    source = package.get("sdist") or package.get("archive") or {}
    digest = source.get("hashes", {}).get("sha256", "")
    if not digest:
        raise ResolverFailed(f"{name} {version} has neither a wheel for {target.platform} nor a source with a SHA-256")
    return Locked(name, version, digest, is_source=True)


def _wheel(name: str, version: str, given: Mapping[str, Any]) -> Wheel:
    """As PEP 751 writes it: a name is given, or the last part of the address or the path."""
    place = given.get("url") or Path(given["path"]).absolute().as_uri()
    filename = given.get("name") or unquote(urlsplit(place).path.rpartition("/")[2])
    return Wheel(name, version, filename, given["hashes"]["sha256"], int(given.get("size", 0)), place)


def _read(path: Path) -> tuple[Wheel, ...] | None:
    try:
        return tuple(Wheel(**each) for each in json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
