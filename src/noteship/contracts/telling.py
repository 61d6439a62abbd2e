"""A verdict in words, for an error and for a note."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.contracts.contract import Contract
from noteship.contracts.errors import ContractBroken
from noteship.contracts.verdict import Finding, Verdict

__all__ = ["broken", "warnings"]

# Of the first rule so many rows are shown, and so many rules after it, each with one row: a screen in all.
ROWS, RULES = 3, 6


def broken(verdict: Verdict, contract: Contract, maker: str = "") -> ContractBroken | None:
    """The error, where a rule that stops is broken."""
    found = verdict.broken("stop")
    if not found:
        return None
    first = found[0]
    return ContractBroken(
        contract.file,
        first.sentence(),
        contract.place(first.rule),
        len(found),
        tuple(_told(found, contract)),
        maker,
    )


def warnings(verdict: Verdict, contract: Contract, maker: str = "") -> tuple[str, ...]:
    """A sentence for each broken rule that only warns."""
    origin = f"; written by {maker}" if maker else ""
    return tuple(
        f"{contract.file}: {each.sentence()}, {contract.place(each.rule)}{origin}" for each in verdict.broken("warn")
    )


def _told(found: tuple[Finding, ...], contract: Contract) -> Iterator[str]:
    yield from (str(example) for example in found[0].examples[:ROWS])
    for each in found[1 : RULES + 1]:
        line = contract.line(each.rule)
        yield each.sentence() + (f", line {line}" if line else "")
        yield from (f"  {example}" for example in each.examples[:1])
    if len(found) > RULES + 1:
        yield f"and {len(found) - RULES - 1} more: noteship data check {contract.file}"
