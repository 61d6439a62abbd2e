"""The contracts of a project: one file of TOML for each, in one folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from noteship import tabular
from noteship.contracts.contract import Contract
from noteship.contracts.errors import ContractUnreadable, RulesContradict, TwoContracts
from noteship.contracts.reading import read

__all__ = ["Shelf", "free_name", "load", "read_file"]

SUFFIX = ".toml"


@dataclass(frozen=True)
class Shelf:
    """Contracts by the file that each is of."""

    by_file: Mapping[str, Contract]

    def __bool__(self) -> bool:
        return bool(self.by_file)

    def of(self, file: str) -> Contract | None:
        """The contract of a file of the project."""
        return self.by_file.get(file)

    def only(self, file: str) -> Shelf:
        """With this contract alone."""
        return Shelf({file: self.by_file[file]})

    def concerned(self, paths: Collection[str]) -> tuple[Contract, ...]:
        """The contracts of these files, of folders that these are in, and of what is in folders that these are."""
        return tuple(
            contract
            for file, contract in self.by_file.items()
            if file in paths or any(_is_within(path, file) or _is_within(file, path) for path in paths)
        )


def load(root: Path, folder: str, leave_out: Collection[str] = ()) -> Shelf:
    """All contracts of a project; none, where there is no such folder. `leave_out` are columns to leave out in all.

    Raises: ContractUnreadable, UnknownRule, BadRule, RulesContradict, TwoContracts.
    """
    found: dict[str, Contract] = {}
    place = root / folder
    try:
        names = sorted(each.name for each in place.iterdir() if each.suffix == SUFFIX)
    except (FileNotFoundError, NotADirectoryError):
        return Shelf({})
    for name in names:
        path = (PurePosixPath(folder) / name).as_posix()
        contract = read_file(place / name, path)
        if PurePosixPath(contract.file).suffix and tabular.form_of(contract.file) is None:
            fact = f"{contract.file} is no table by its suffix"
            raise RulesContradict(fact, contract.place("file"), "name a data file, such as data/messages.parquet")
        if contract.file in found:
            raise TwoContracts(contract.file, (found[contract.file].path, path))
        found[contract.file] = contract.leaving_out(leave_out)
    return Shelf(found)


def read_file(place: Path, name: str) -> Contract:
    """One contract, which messages call by this name. Raises: ContractUnreadable, and what is wrong in it."""
    try:
        return read(name, place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ContractUnreadable(name, str(reason)) from error


def free_name(file: str, taken: Collection[str]) -> str:
    """The name of a contract's file: as short as it is not taken.

    >>> free_name("data/messages.parquet", []), free_name("data/messages.parquet", ["messages.toml"])
    ('messages.toml', 'data-messages.toml')
    """
    path = PurePosixPath(file)
    stem = path.name.removesuffix("".join(path.suffixes))
    whole = "-".join((*path.parent.parts, stem))
    for name in (stem, whole, f"{whole}{''.join(path.suffixes).replace('.', '-')}"):
        if f"{name}{SUFFIX}" not in taken:
            return f"{name}{SUFFIX}"
    number = 2
    while f"{whole}-{number}{SUFFIX}" in taken:
        number += 1
    return f"{whole}-{number}{SUFFIX}"


def _is_within(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
