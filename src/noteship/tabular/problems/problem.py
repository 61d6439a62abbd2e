"""What is wrong with a table, or worth knowing of it, with the evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from noteship.tabular.surveys import Counted, Looked

__all__ = ["Examples", "Problem", "is_id", "listed", "quoted", "rows", "said", "share"]

Level = Literal["problem", "remark"]
NAMED_AS_ID = re.compile(r"(?:^|[_\W])(?:id|ids|uuid|guid|key|index|idx|nr|rownum|row|rowid)$|^unnamed", re.IGNORECASE)
CAMEL_ID = re.compile(r"[a-z]I[dD]$")
MOST_NAMED = 6
LONGEST = 60


@dataclass(frozen=True)
class Examples:
    """Some of the rows: the columns' names; for each row its number, from 0, and values as texts, None for missing."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str | None, ...]], ...]


@dataclass(frozen=True)
class Problem:
    """One finding.

    - kind: its name for programs
    - level: "remark" for what harms only who does not know of it
    - fact: what is the case, with counts
    - advice: why it matters, and what to do
    - rule: from when on it is named
    - numbers: of rows that show it, from 0; `beside` says that they are rows of the test file; `shown`: which columns
      tell most of them
    """

    kind: str
    columns: tuple[str, ...]
    fact: str
    advice: str
    rule: str
    level: Level = "problem"
    numbers: tuple[int, ...] = ()
    shown: tuple[str, ...] = ()
    beside: bool = False
    examples: Examples | None = None

    def to_json(self) -> dict[str, Any]:
        """A part of the document that `noteship data show --json` prints."""
        examples = self.examples
        return {
            "kind": self.kind,
            "level": self.level,
            "columns": list(self.columns),
            "fact": self.fact,
            "advice": self.advice,
            "rule": self.rule,
            "examples": []
            if examples is None
            else [{"row": row, **dict(zip(examples.columns, values, strict=True))} for row, values in examples.rows],
        }


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([str(each) for each in range(9)])
    ('“a”, “b” and “c”', '“a”', '“0”, “1”, “2”, “3”, “4”, “5” and 3 more')
    """
    shown = [f"“{_short(name)}”" for name in names[:MOST_NAMED]]
    if len(names) > MOST_NAMED:
        return f"{', '.join(shown)} and {len(names) - MOST_NAMED} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else ""


def quoted(looked: Looked, column: str, value: object) -> str:
    """A value in a sentence; of a column that is left out, that it is one."""
    return "one value" if column in looked.survey.asked.leave_out else f"“{_short(str(value))}”"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def rows(count: int) -> str:
    """How many.

    >>> rows(1), rows(2500)
    ('1 row', '2,500 rows')
    """
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def share(value: float) -> str:
    """A share, as pages say it.

    >>> share(0.43), share(0.0932), share(0.9981), share(1.0)
    ('43 %', '9.3 %', '99.8 %', '100 %')
    """
    hundred = 100 * value
    digits = 1 if 0 < hundred < 9.95 or 90.05 < hundred < 100 else 0
    return f"{hundred:.{digits}f}".removesuffix(".0") + " %"


def said(looked: Looked) -> str:
    """Of which rows a count is, where it is not of all."""
    sample = looked.sample
    return "" if sample.is_all else f" of the {len(sample.frame):,} rows looked at"


def is_id(counted: Counted) -> bool:
    """Whether a column only names rows: every row has its own, and it is called so, or counts them."""
    if not counted.is_unique or counted.role not in ("whole", "text", "category"):
        return False
    if NAMED_AS_ID.search(counted.name) or CAMEL_ID.search(counted.name):
        return True
    if counted.role == "whole" and counted.low is not None and counted.high is not None:
        return counted.high - counted.low + 1 == counted.rows and counted.low in (0, 1)
    return False
