"""What can go wrong, said in four parts: the fact, where, the nearest cause, the remedy."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

__all__ = [
    "EnvironmentLacks",
    "NoteshipError",
    "Parts",
    "UsageError",
    "WorkFailed",
    "cut",
    "stage_section",
]

# What a person reads before skipping: about six lines of a terminal.
FOREIGN_TEXT_LIMIT = 500


def cut(text: str, limit: int = FOREIGN_TEXT_LIMIT) -> str:
    """Shorten text that noteship did not write, and say by how much.

    >>> cut("a" * 12, limit=10)
    'aaaaaaaaaa… (2 more characters)'
    """
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit} more characters)"


def stage_section(stage: str, *within: str) -> str:
    """The header of a stage's section in `noteship.toml`, quoted where TOML needs it.

    >>> stage_section("04-train", "resources"), stage_section("notebooks/02 Report")
    ('[stage.04-train.resources]', '[stage."notebooks/02 Report"]')
    """
    name = stage if re.fullmatch(r"[A-Za-z0-9_-]+", stage) else json.dumps(stage, ensure_ascii=False)
    return f"[{'.'.join(('stage', name, *within))}]"


@dataclass(frozen=True)
class Parts:
    """The four parts of a message; all but the fact may be empty."""

    fact: str
    where: str = ""
    nearest: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        labelled = (("at", self.where), ("nearest", self.nearest), ("do", self.remedy))
        lines = [self.fact]
        for label, text in labelled:
            if text:
                lines.append(f"  {label}: " + text.replace("\n", "\n    "))
        return "\n".join(lines)


@dataclass(eq=False)
class NoteshipError(Exception):
    """The root of everything noteship raises on purpose.

    ::

        NoteshipError
        ├── WorkFailed         exit 1   the work itself went wrong
        ├── UsageError         exit 2   what was asked for makes no sense
        └── EnvironmentLacks   exit 3   something is missing around noteship

    Each room derives its own errors from these three, as dataclasses whose typed fields build the message in `parts`.
    They survive pickling, so they can cross processes, and `example` gives one instance for the page of errors.
    """

    exit_code: ClassVar[int] = 70
    retryable: ClassVar[bool] = False

    def parts(self) -> Parts:
        """The message, built from the error's fields."""
        raise NotImplementedError

    @classmethod
    def example(cls) -> Self:
        """An instance with plausible fields, for documentation."""
        raise NotImplementedError

    def to_json(self) -> dict[str, str]:
        """Its kind and its parts, as documents for programs have them."""
        parts = self.parts()
        return {
            "kind": type(self).__name__,
            "fact": parts.fact,
            "where": parts.where,
            "nearest": parts.nearest,
            "remedy": parts.remedy,
        }

    def __str__(self) -> str:
        return str(self.parts())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


class WorkFailed(NoteshipError):
    """The work was understood and begun, and failed."""

    exit_code = 1


class UsageError(NoteshipError):
    """What was asked for cannot be done as it was said."""

    exit_code = 2


class EnvironmentLacks(NoteshipError):
    """Something around noteship is missing: an interpreter, a package, a server."""

    exit_code = 3
