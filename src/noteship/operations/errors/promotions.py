"""What can stand in the way of a promotion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed, cut

__all__ = ["ChampionMoved", "NoReason", "NotPromoted"]


@dataclass(eq=False)
class NotPromoted(WorkFailed):
    """A bundle is not promoted, as its judgement does not say that it may be; `why` are the reasons."""

    bundle: str
    why: tuple[str, ...]
    remedy: str
    where: str = ""
    can_be_overridden: bool = True

    def parts(self) -> Parts:
        """The message."""
        first, *others = self.why
        override = (
            f"; noteship promote {self.bundle} --override REASON promotes it nevertheless, and is marked for ever"
        )
        return Parts(
            f"bundle {self.bundle} is not promoted: {cut(first)}",
            where=self.where,
            nearest=cut("\n".join(others)),
            remedy=self.remedy + (override if self.can_be_overridden else ""),
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(
            "3fa9c81b02d4",
            ("its judgement failed", "gate f1 >= 0.95: f1 0.912 < 0.95"),
            "train a better model, and validate that one",
            "judgement 20260301T101500123Z-0a1b2c",
        )


@dataclass(eq=False)
class ChampionMoved(WorkFailed):
    """Somebody else promoted another bundle meanwhile."""

    bundle: str
    champion: str
    by: str

    def parts(self) -> Parts:
        """The message."""
        there = f"{self.champion}, promoted by {cut(self.by, 120)}" if self.champion else "none any more"
        return Parts(
            f"bundle {self.bundle} is not promoted: the champion has changed meanwhile",
            nearest=f"the champion is now {there}",
            remedy=f"compare with that one: noteship validate {self.bundle}; then promote again",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("3fa9c81b02d4", "8c11d0aa37ef", "ada")


@dataclass(eq=False)
class NoReason(UsageError):
    """An override has to say why."""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "an override needs a reason, and none is given",
            where="--override",
            remedy="say why the gates do not count this time: --override 'the old model cannot read the new fields'",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls()
