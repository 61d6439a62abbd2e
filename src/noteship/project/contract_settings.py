"""`[contracts]`: where a project has the contracts of its data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

__all__ = ["ContractSettings"]


def _folder(value: object) -> str:
    if isinstance(value, str) and value:
        path = PurePosixPath(value)
        if not path.is_absolute() and ".." not in path.parts and path.parts:
            return path.as_posix()
    raise ValueError('a folder of the project, such as "contracts"')


@dataclass(frozen=True)
class ContractSettings:
    """`[contracts]`."""

    folder: str = field(default="contracts", metadata={"parse": _folder})

    @property
    def is_named(self) -> bool:
        """Whether somebody named the folder, which then has to be there."""
        return self.folder != ContractSettings.folder
