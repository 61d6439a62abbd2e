"""What can be wrong with a contract, and with a file that has one."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed, cut

__all__ = ["BadRule", "ContractBroken", "ContractUnreadable", "RulesContradict", "TwoContracts", "UnknownRule"]


@dataclass(eq=False)
class ContractUnreadable(UsageError):
    """A contract is no TOML."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        fact = f"{self.path} is not TOML: {cut(self.reason, 200)}"
        return Parts(fact, where=self.path, remedy="correct that line; texts are in quotes")

    @classmethod
    def example(cls) -> Self:
        """A text without quotes."""
        return cls("contracts/messages.toml", "Invalid value (at line 4, column 8)")


@dataclass(eq=False)
class UnknownRule(UsageError):
    """A contract has a key that no rule has."""

    rule: str
    where: str
    near: str
    known: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"there is no rule '{cut(self.rule, 80)}'",
            where=self.where,
            nearest=self.near,
            remedy=f"correct or delete it; known here: {', '.join(self.known)}",
        )

    @classmethod
    def example(cls) -> Self:
        """A misspelt rule."""
        return cls("columns.age.rnage", "contracts/people.toml, line 9", "range", ("missing", "range", "type"))


@dataclass(eq=False)
class BadRule(UsageError):
    """A rule has a value that it cannot have."""

    rule: str
    where: str
    expected: str
    got: str

    def parts(self) -> Parts:
        """The message."""
        fact = f"{cut(self.rule, 80)} cannot be {cut(self.got, 80)}"
        return Parts(fact, where=self.where, remedy=f"give it {self.expected}")

    @classmethod
    def example(cls) -> Self:
        """A share above one."""
        return cls("columns.age.missing", "contracts/people.toml, line 9", "a share from 0 to 1, such as 0.02", "2")


@dataclass(eq=False)
class RulesContradict(UsageError):
    """Rules of a contract that no file can keep together, or that make no sense of the column they are for."""

    fact: str
    where: str
    remedy: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(cut(self.fact), where=self.where, remedy=self.remedy)

    @classmethod
    def example(cls) -> Self:
        """A range upside down."""
        return cls("age: the range begins at 120 and ends at 0", "contracts/people.toml, line 9", "swap the two")


@dataclass(eq=False)
class TwoContracts(UsageError):
    """Two contracts are of one file."""

    file: str
    contracts: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.file} has two contracts",
            where=" and ".join(self.contracts),
            remedy="keep one of them, or correct what the other's `file` names",
        )

    @classmethod
    def example(cls) -> Self:
        """A copy that was left."""
        return cls("data/messages.parquet", ("contracts/messages.toml", "contracts/old.toml"))


@dataclass(eq=False)
class ContractBroken(WorkFailed):
    """A file breaks its contract.

    `breach` is the first rule that stops, of `rules` that do; `told` has the rows and the other rules, by line. `where`
    is the rule's place, and `maker` the stage that wrote the file, if one did.
    """

    file: str
    breach: str
    where: str
    rules: int = 1
    told: tuple[str, ...] = ()
    maker: str = ""

    def parts(self) -> Parts:
        """The message."""
        others = self.rules - 1
        more = f", and {others} more rule{'s' if others > 1 else ''}" if others else ""
        origin = f"written by stage {self.maker}" if self.maker else "not written by a stage"
        mend = f"correct {self.maker}" if self.maker else "correct the data"
        return Parts(
            f"{self.file} breaks its contract: {self.breach}{more}",
            where=f"{self.where}; the file was {origin}",
            nearest="\n".join(self.told),
            remedy=f"look at it with `noteship data show {shlex.quote(self.file)}`, and {mend} or loosen {self.where}",
        )

    @classmethod
    def example(cls) -> Self:
        """An age that is none."""
        return cls(
            "data/people.parquet",
            "age: 3 of 5,796 rows are not from 0 to 120",
            "contracts/people.toml, line 9",
            2,
            (
                "row 17: age = -4, id = 18",
                "row 903: age = 210, id = 904",
                "label: 1 of 5,796 rows is missing (never missing), line 14",
            ),
            "02-clean",
        )
