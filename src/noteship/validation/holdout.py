"""Which rows are to be held out, as `[validate] holdout` says it. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

__all__ = ["Holdout"]

# Less than a hundredth tells little; of more than half, the clone is another model than the one that was fitted.
LEAST, MOST = 0.01, 0.5
EXAMPLES = (
    '0.2, { share = 0.2, by = "time", column = "date" }, { share = 0.2, by = "group", column = "sender" },'
    ' or { file = "data/test.parquet" }'
)


@dataclass(frozen=True)
class Holdout:
    """A share of the rows, of each class alike, or the last ones, or whole groups; or a file of its own.

    >>> Holdout.read({"share": 0.3, "by": "time", "column": "date"})
    Holdout(share=0.3, by='time', column='date', file=None)
    """

    share: float = 0.2
    by: Literal["share", "time", "group", "file"] = "share"
    column: str | None = None
    file: str | None = None

    @classmethod
    def read(cls, value: object) -> Self:
        """What a number or a table says. Raises ValueError with what was expected."""
        if isinstance(value, Mapping):
            return cls._of_table(dict(value))
        return cls(_share(value))

    @classmethod
    def parse(cls, text: str) -> Self:
        """What a word of the command line says: `0.2`, `time:date`, `group:sender:0.3`, or a file's path.

        >>> Holdout.parse("group:sender:0.3")
        Holdout(share=0.3, by='group', column='sender', file=None)
        """
        by, _, rest = text.partition(":")
        if by in ("time", "group") and rest:
            column, _, share = rest.rpartition(":")
            if column and _is_number(share):
                return cls.read({"share": float(share), "by": by, "column": column})
            return cls.read({"by": by, "column": rest})
        return cls.read(float(text) if _is_number(text) else {"file": text})

    @classmethod
    def _of_table(cls, table: dict[str, Any]) -> Self:
        if set(table) == {"file"} and isinstance(table["file"], str) and table["file"]:
            return cls(by="file", file=table["file"])
        by, column = table.pop("by", "share"), table.pop("column", None)
        share = _share(table.pop("share", cls.share))
        named = isinstance(column, str) and bool(column)
        if by in ("time", "group") and column is None and not table:
            example = 'by = "time", column = "date"' if by == "time" else 'by = "group", column = "sender"'
            raise ValueError(f"the column as well, whose values say the {by}: {{ share = {share:g}, {example} }}")
        if table or by not in ("share", "time", "group") or named != (by != "share"):
            raise ValueError(EXAMPLES)
        return cls(share, by, column)

    def to_json(self) -> dict[str, Any]:
        """As a plain table; what says nothing is left out."""
        if self.by == "file":
            return {"file": self.file}
        return {"share": self.share, "by": self.by, **({"column": self.column} if self.column else {})}


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST <= value <= MOST:
        raise ValueError(f"a share from {LEAST} to {MOST}, or a table: {EXAMPLES}")
    return float(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
