"""What can go wrong with an image's packages, each said in four parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship import errors

__all__ = [
    "DamagedDownload",
    "IndexDenied",
    "PinsUnknown",
    "ResolverFailed",
    "ResolverMissing",
    "SourceOnly",
    "WheelGone",
]

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SHOWN = 10


def _named(packages: tuple[str, ...]) -> str:
    more = f" and {len(packages) - SHOWN} more" if len(packages) > SHOWN else ""
    return errors.cut(", ".join(packages[:SHOWN])) + more


@dataclass(eq=False)
class SourceOnly(errors.WorkFailed):
    """Locked packages have no wheel for the image's machine, and nothing is executed to build one."""

    packages: tuple[str, ...]
    machine: str

    def parts(self) -> errors.Parts:
        """All of them, and the ways out."""
        one = len(self.packages) == 1
        return errors.Parts(
            f"{_named(self.packages)}: there {'is no wheel' if one else 'are no wheels'} for {self.machine}",
            where="the project's lock",
            nearest="source distributions would have to be built, which runs their code",
            remedy="put a wheel into your team's index (made by `pip wheel`), lock another version, or build the image"
            " where code may run: `noteship build --containerfile`, or `--buildconfig` for OpenShift",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(("docopt==0.6.2",), "Python 3.11 on x86_64-manylinux_2_28")


@dataclass(eq=False)
class PinsUnknown(errors.WorkFailed):
    """Locked packages are in none of the indexes."""

    packages: tuple[str, ...]

    def parts(self) -> errors.Parts:
        """All of them."""
        return errors.Parts(
            f"{_named(self.packages)}: no index that is asked has {'it' if len(self.packages) == 1 else 'them'}",
            where="the project's lock",
            remedy="name the index that has it as uv is told (UV_INDEX, or [[tool.uv.index]] in pyproject.toml),"
            " or lock another version",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(("team-helpers==4.2",))


@dataclass(eq=False)
class ResolverMissing(errors.EnvironmentLacks):
    """The program that knows package indexes is not there."""

    command: str

    def parts(self) -> errors.Parts:
        """The command that installs it."""
        return errors.Parts(
            "the packages of an image are found by uv, which is not installed", remedy=f"{self.command}"
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("python -m pip install uv")


@dataclass(eq=False)
class ResolverFailed(errors.EnvironmentLacks):
    """The resolver ended with an error that is none of the known ones."""

    retryable = True

    said: str

    def parts(self) -> errors.Parts:
        """What it said."""
        return errors.Parts(
            "uv could not tell which wheels the lock means",
            nearest=errors.cut(self.said, 1_000),
            remedy="see what it says; for a proxy, a private CA or a mirror set what uv reads: HTTPS_PROXY,"
            " SSL_CERT_FILE, UV_DEFAULT_INDEX",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("error: Request failed after 3 retries; dns error: failed to lookup address information")


@dataclass(eq=False)
class WheelGone(errors.EnvironmentLacks):
    """A wheel is not there any more where the index said that it is."""

    wheel: str
    host: str
    status: int

    def parts(self) -> errors.Parts:
        """The wheel, and who said so."""
        return errors.Parts(
            f"{self.wheel} is not where the index said: status {self.status}",
            where=self.host,
            remedy="build again; if it stays away, lock another version, or ask who keeps the index",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("numpy-2.2.0-cp311-cp311-manylinux_2_17_x86_64.whl", "packages.example.org", 404)


@dataclass(eq=False)
class IndexDenied(errors.EnvironmentLacks):
    """An index refuses to give a wheel without a login, or with this one."""

    wheel: str
    host: str

    def parts(self) -> errors.Parts:
        """Where logins are read from."""
        return errors.Parts(
            f"the index refuses to give {self.wheel}",
            where=self.host,
            remedy="give the login in the index's address (UV_DEFAULT_INDEX, UV_INDEX), or in ~/.netrc",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("team_helpers-4.2-py3-none-any.whl", "packages.example.org")


@dataclass(eq=False)
class DamagedDownload(errors.WorkFailed):
    """What was fetched is not the wheel that the index named."""

    retryable = True

    wheel: str
    host: str
    expected: str
    found: str

    def parts(self) -> errors.Parts:
        """Both digests."""
        return errors.Parts(
            f"what came for {self.wheel} has SHA-256 {self.found[:12]}, not {self.expected[:12]}; it is not used",
            where=self.host,
            nearest="a proxy or mirror that changes what it passes on",
            remedy="build again; if it stays so, ask who keeps the index or the proxy",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("numpy-2.2.0-cp311-cp311-manylinux_2_17_x86_64.whl", "packages.example.org", _DIGEST, "0" * 64)
