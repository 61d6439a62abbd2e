"""Gates: what has to be true of a model for it to be promoted, as `[validate] gates` has them.

Standard library only. `gate_text` has the grammar, `gate_terms` what is read, `gate_values` the names that there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from noteship.validation import gate_terms as terms
from noteship.validation import gate_text
from noteship.validation.errors import GateUnreadable

if TYPE_CHECKING:
    from noteship.validation.gate_reckoning import Values
    from noteship.validation.judgement import Gate as Judged

__all__ = ["Gate"]


@dataclass(frozen=True)
class Gate:
    """One gate; two are equal that say the same, however they are written.

    >>> from noteship.validation.judgement import Estimate
    >>> gate = Gate.parse("f1 >= champion.f1 - 0.01", "[validate] gates")
    >>> gate.evaluate({"f1": Estimate(0.962), "champion.f1": 0.958}, has_champion=True).told
    'f1 0.962 >= 0.948 (champion.f1 0.958 - 0.01)'
    >>> gate.evaluate({"f1": Estimate(0.962)}, has_champion=False).told
    'there is no champion to compare with'
    """

    text: str = field(compare=False)
    condition: terms.Condition
    where: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str, where: str) -> Gate:
        """Read a gate; `where` is what messages call the place. Raises GateUnreadable."""
        try:
            return cls(text, gate_text.read(text), where)
        except gate_text.Unreadable as error:
            raise GateUnreadable(text, error.at, error.fault, where, error.near, error.remedy) from error

    def __str__(self) -> str:
        """In the one form that equal gates have."""
        return str(self.condition)

    @cached_property
    def names(self) -> tuple[terms.Name, ...]:
        """What it asks for, each once, in the order of the text."""
        return tuple(dict.fromkeys(terms.names(self.condition)))

    def evaluate(self, values: Values, *, has_champion: bool, uncompared: str = "") -> Judged:
        """Whether the values pass it, and why.

        Where there is no champion, comparisons with it are open, and a gate that they leave open is passed; `min` and
        `max` are of what there is. A value that does not exist, or is not finite, fails the gate, whatever else it
        says. `uncompared`: why the champion was not compared.
        """
        # Reading `noteship.toml` reads gates, and should not wait for what a judgement is made of.
        from noteship.validation import gate_reckoning

        return gate_reckoning.work_out(
            self.text, self.condition, values, has_champion=has_champion, uncompared=uncompared
        )
