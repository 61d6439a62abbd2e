"""What can go wrong when the composed scorer is compared with what the notebooks stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed
from noteship.models.errors.wording import listed, places

__all__ = ["DoesNotReproduce", "NotComparable"]


@dataclass(eq=False)
class DoesNotReproduce(WorkFailed):
    """The composed scorer does not give what the notebooks stored."""

    path: str
    made_by: str
    what: str
    columns: tuple[str, ...]
    difference: str
    row: int
    made_at: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"the composed steps do not reproduce the {self.what} in {self.path}: {listed(self.columns)}",
            where="; ".join(
                [*(places(self.columns, self.made_at, self.made_by) or [self.path]), f"first at row {self.row}"]
            ),
            nearest=self.difference,
            remedy="put what the notebook does there between the raw rows and the step into a function of a project "
            'module, and name it in [service] steps, "module:function"',
        )

    @classmethod
    def example(cls) -> Self:
        """A feature scaled by hand in the notebook."""
        return cls(
            path="data/features.parquet",
            made_by="03-features.ipynb, cell 5, line 2",
            what="features",
            columns=("text_length",),
            difference="text_length differs by up to 41.0 in 310 of 400 rows",
            row=0,
            made_at={"text_length": "03-features.ipynb, cell 3, line 1"},
        )


@dataclass(eq=False)
class NotComparable(UsageError):
    """A file named to be reproduced has nothing in common with the raw rows."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"{self.path} is named to be reproduced, but cannot be compared",
            where="[service] reproduces",
            nearest=self.reason,
            remedy="store a key column or the index of the raw rows with it, or take it out of reproduces",
        )

    @classmethod
    def example(cls) -> Self:
        """No rows in common."""
        return cls(path="data/predictions.npy", reason="it has 80 rows, the raw data 400, and no key joins them")
