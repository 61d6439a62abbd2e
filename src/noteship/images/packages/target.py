"""The machine that an image is for, as Python's packages name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["MACHINES", "Target"]

# OCI's names of processors, and those of Python's packages.
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# The names that levels of the C library had before they were numbers (PEP 600, "Legacy manylinux tags").
LEGACY = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
# No wheels are older.
OLDEST_GLIBC = (2, 5)


@dataclass(frozen=True)
class Target:
    """For which wheels are chosen.

    - python: its minor version, "3.11"
    - architecture: by OCI's name, "amd64" or "arm64"
    - glibc: the C library's version that wheels may ask for at most (PEP 600); bases may have a newer one
    """

    python: str
    architecture: str = "amd64"
    glibc: tuple[int, int] = (2, 28)

    @property
    def machine(self) -> str:
        """The processor's name in wheels."""
        return MACHINES[self.architecture]

    @property
    def platform(self) -> str:
        """The name that the resolver has for it.

        >>> Target("3.11").platform
        'x86_64-manylinux_2_28'
        """
        return f"{self.machine}-manylinux_{self.glibc[0]}_{self.glibc[1]}"

    def platforms(self) -> Iterator[str]:
        """The platforms of wheels that run there, the most special first.

        >>> list(Target("3.11", "arm64", (2, 17)).platforms())[:3]
        ['manylinux_2_17_aarch64', 'manylinux2014_aarch64', 'manylinux_2_16_aarch64']
        """
        major, minor = self.glibc
        for each in range(minor, OLDEST_GLIBC[1] - 1, -1):
            yield f"manylinux_{major}_{each}_{self.machine}"
            if (major, each) in LEGACY:
                yield f"{LEGACY[major, each]}_{self.machine}"
        yield f"linux_{self.machine}"

    def to_json(self) -> dict[str, object]:
        """As a plain value."""
        return {"python": self.python, "architecture": self.architecture, "glibc": list(self.glibc)}
