"""What can be wrong with what is to be judged, and with what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, cut

__all__ = ["GateUnknown", "GateUnreadable"]


@dataclass(eq=False)
class GateUnreadable(UsageError):
    """A gate does not read as one; `at` is the character where that shows."""

    text: str
    at: int
    fault: str
    place: str
    near: str
    remedy: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the gate {cut(self.text, 80)!r} cannot be read: {cut(self.fault)}",
            where=_pointed(self.place, self.text, self.at),
            nearest=self.near,
            remedy=self.remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("f1 => 0.95", 3, "a gate has no =>", "[validate] gates in noteship.toml", ">=", "write >=")


@dataclass(eq=False)
class GateUnknown(UsageError):
    """A gate names what is not measured of this model."""

    text: str
    name: str
    why: str
    place: str
    near: str
    known: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the gate {cut(self.text, 80)!r} names {self.name}: {self.why}",
            where=_pointed(self.place, self.text, self.text.find(self.name)),
            nearest=self.near,
            remedy=f"name one of these: {', '.join(self.known)}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(
            "f1 >= 0.95 and acuracy >= 0.9",
            "acuracy",
            "there is no such measure of a classification",
            "[validate] gates in noteship.toml",
            "accuracy",
            ("accuracy", "f1", "precision", "recall"),
        )


def _pointed(place: str, text: str, at: int) -> str:
    """The place, the text, and a caret below one of its characters; only what is near of a long text."""
    start = max(0, at - 60)
    line = ("…" if start else "") + text[start : at + 20] + ("…" if at + 20 < len(text) else "")
    caret = " " * (at - start + (1 if start else 0)) + "^" if at >= 0 else ""
    return "\n".join(each for each in (place, line.replace("\n", " ").replace("\t", " "), caret) if each)
