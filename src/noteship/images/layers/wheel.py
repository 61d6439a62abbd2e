"""One wheel: which files it installs, and where in a virtual environment (binary distribution format 1.0).

Source: Python Packaging User Guide, "Binary distribution format" and "Recording installed projects". Changed: nothing
is compiled, RECORD stays as the wheel has it, and INSTALLER, REQUESTED and direct_url.json, which tell of an
installation, are not written.
"""

from __future__ import annotations

import base64
import csv
import email.parser
import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from noteship import digests
from noteship.images.layers import commands, errors
from noteship.images.layers.entry import Entry, Held
from noteship.images.layers.environment import Environment
from noteship.images.layers.wheel_archive import Expected, Member, members

__all__ = ["WheelFile"]

# What is read whole: RECORD of a package of 100,000 files has some ten MB.
TEXT_BYTES = 64 << 20
# A script in text; what is larger is a program, which has no first line to rewrite.
SCRIPT_BYTES = 4 << 20
ALGORITHMS = ("sha256", "sha384", "sha512")
# Signatures of RECORD, and itself: they cannot be in it.
UNRECORDED = ("RECORD", "RECORD.jws", "RECORD.p7s")
KNOWN_MAJOR = "1"


class _Known:
    """What was found out of a wheel's file, for several threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_whole = False
        self.entries: dict[Environment, tuple[Entry, ...]] = {}


@dataclass(frozen=True)
class WheelFile:
    """A wheel on disk, known by the digest that is locked.

    - digest: SHA-256 of the file, 64 hexadecimal digits
    - fetch: brings it anew, in place of one that is damaged
    """

    path: Path
    digest: str
    fetch: Callable[[], object] | None = field(default=None, compare=False, repr=False)
    _known: _Known = field(default_factory=_Known, compare=False, repr=False)

    @classmethod
    def of(cls, path: Path) -> WheelFile:
        """A wheel that nobody locked, by the digest that it has. Raises OSError."""
        return cls(path, digests.of_file(path))

    @property
    def name(self) -> str:
        """The distribution's name in its normal form: small letters, runs of `-_.` one hyphen.

        >>> WheelFile(Path("Zope.Event-5.0-py3-none-any.whl"), "").name
        'zope-event'
        """
        return re.sub(r"[-_.]+", "-", self.path.name.split("-")[0]).lower()

    @property
    def title(self) -> str:
        """Name and version, for people."""
        return " ".join([self.name, *self.path.name.removesuffix(".whl").split("-")[1:2]])

    @property
    def size(self) -> int:
        """In bytes. Raises OSError."""
        return self.path.stat().st_size

    def check_digest(self) -> None:
        """See that the file's bytes are those that are locked: once, whoever asks; to be asked before they are used.

        Raises: DamagedWheel, UnfitWheel, what fetching it raises.
        """
        with self._known.lock:
            if self._known.is_whole:
                return
            found = self._found()
            if found != self.digest and self.fetch:
                self.fetch()
                found = self._found()
            if found != self.digest:
                raise errors.DamagedWheel(self.path.name, self.digest, found)
            self._known.is_whole = True

    def _found(self) -> str:
        try:
            return digests.of_file(self.path)
        except OSError as error:
            raise errors.UnfitWheel(self.path.name, f"it cannot be read: {error.strerror}") from error

    def entries(self, environment: Environment) -> tuple[Entry, ...]:
        """The files that it installs; found out once. Contents are held against RECORD when they are written.

        Raises: UnfitWheel.
        """
        with self._known.lock:
            if environment not in self._known.entries:
                self._known.entries[environment] = tuple(self._listed(environment))
            return self._known.entries[environment]

    def _listed(self, environment: Environment) -> list[Entry]:
        found = members(self.path)
        about = _only_folder(self.path, found, ".dist-info")
        _check_version(found, about, self.path)
        recorded = _recorded(found, about, self.path)
        made: dict[str, Entry] = {}
        for name, member in recorded.items():
            # Byte code of another place and time.
            if "__pycache__" not in name.split("/"):
                entry = _Placed(name, member, environment, self).entry
                before = made.setdefault(entry.path, entry)
                if before.content.digest != entry.content.digest:
                    raise errors.UnfitWheel(self.path.name, f"it brings /{entry.path} twice, and not the same")
        # A generated command wins over a packed one of its name, as pip has it.
        for command, target in _commands(found, about, self.path).items():
            path = f"{environment.scripts}/{command}"
            made[path] = Entry(path, Held(commands.script(environment, target)), executable=True)
        _check_reserved(self.path, made, environment)
        return list(made.values())


@dataclass(frozen=True)
class _Placed:
    """A wheel's file on its way to its place."""

    name: str
    member: Member
    environment: Environment
    wheel: WheelFile

    @property
    def entry(self) -> Entry:
        top, _, rest = self.name.partition("/")
        if not top.endswith(".data") or not rest:
            return self._at(self.environment.site_packages, self.name)
        kind, _, inner = rest.partition("/")
        folder = {
            "purelib": self.environment.site_packages,
            "platlib": self.environment.site_packages,
            "scripts": self.environment.scripts,
            "headers": self.environment.headers(self.wheel.path.name.split("-")[0]),
            "data": self.environment.folder,
        }.get(kind)
        if folder is None or not inner:
            raise errors.UnfitWheel(self.wheel.path.name, f"'{self.name}' is for no place that is known")
        return self._script(inner) if kind == "scripts" else self._at(folder, inner)

    def _at(self, folder: str, name: str) -> Entry:
        return Entry(f"{folder}/{name}", self.member, executable=self.member.executable)

    def _script(self, name: str) -> Entry:
        path = f"{self.environment.scripts}/{name}"
        if self.member.size <= SCRIPT_BYTES and self.member.begins_with(commands.PLACEHOLDER):
            text = commands.rewritten(self.member.read(SCRIPT_BYTES), self.environment)
            return Entry(path, Held(text), executable=True)
        return Entry(path, self.member, executable=True)


def _only_folder(wheel: Path, found: Mapping[str, Member], suffix: str) -> str:
    folders = {name.partition("/")[0] for name in found if "/" in name}
    about = sorted(name for name in folders if name.endswith(suffix))
    if len(about) != 1:
        raise errors.UnfitWheel(wheel.name, f"it has {len(about)} folders that end in {suffix}; a wheel has one")
    return about[0]


def _check_version(found: Mapping[str, Member], about: str, wheel: Path) -> None:
    if f"{about}/WHEEL" not in found:
        raise errors.UnfitWheel(wheel.name, f"it has no {about}/WHEEL")
    text = found[f"{about}/WHEEL"].read(TEXT_BYTES).decode("utf-8", "replace")
    version = str(email.parser.HeaderParser().parsestr(text).get("Wheel-Version", "")).strip()
    if version.partition(".")[0] != KNOWN_MAJOR:
        raise errors.UnfitWheel(wheel.name, f"it is of version {version or 'unknown'!r} of the wheel format, not of 1")


def _recorded(found: Mapping[str, Member], about: str, wheel: Path) -> dict[str, Member]:
    """Every member with what RECORD says of it; what RECORD says of files that are not there does not matter."""
    said = _record(found, about, wheel)
    unrecorded = {f"{about}/{name}" for name in UNRECORDED}
    known = {}
    for name, member in found.items():
        if name in unrecorded:
            known[name] = member
        elif name in said:
            known[name] = replace(member, expected=said[name])
        else:
            raise errors.UnfitWheel(wheel.name, f"RECORD has no digest of '{name}', or one that is too weak")
    return known


def _record(found: Mapping[str, Member], about: str, wheel: Path) -> dict[str, Expected]:
    if f"{about}/RECORD" not in found:
        raise errors.UnfitWheel(wheel.name, f"it has no {about}/RECORD")
    try:
        text = found[f"{about}/RECORD"].read(TEXT_BYTES).decode()
        rows = [row for row in csv.reader(text.splitlines()) if len(row) == 3]
    except (UnicodeDecodeError, csv.Error) as error:
        raise errors.UnfitWheel(wheel.name, f"RECORD cannot be read: {error}") from error
    said = {}
    for name, value, _ in rows:
        algorithm, _, encoded = value.partition("=")
        if algorithm in ALGORITHMS:
            said[name] = Expected(algorithm, _hexadecimal(encoded, algorithm, name, wheel))
    return said


def _hexadecimal(encoded: str, algorithm: str, name: str, wheel: Path) -> str:
    try:
        digest = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        digest = b""
    if len(digest) != hashlib.new(algorithm).digest_size:
        raise errors.UnfitWheel(wheel.name, f"RECORD has no {algorithm} for '{name}', but {encoded!r}")
    return digest.hex()


def _commands(found: Mapping[str, Member], about: str, wheel: Path) -> dict[str, str]:
    member = found.get(f"{about}/entry_points.txt")
    if member is None:
        return {}
    try:
        return commands.parsed(member.read(TEXT_BYTES).decode())
    except ValueError as error:
        raise errors.UnfitWheel(wheel.name, f"entry_points.txt cannot be read: {error}") from error


def _check_reserved(wheel: Path, made: Mapping[str, Entry], environment: Environment) -> None:
    """The environment's own files stay what they are."""
    for entry in environment.entries:
        if entry.path in made:
            raise errors.UnfitWheel(wheel.name, f"it brings /{entry.path}, which is the environment's own")
