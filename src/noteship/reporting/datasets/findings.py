"""Problems with their evidence."""

from __future__ import annotations

from collections.abc import Sequence

from noteship.reporting.datasets.bars import value_of
from noteship.reporting.datasets.verdict import titled
from noteship.reporting.words import escaped
from noteship.tabular.problems import Examples, Problem

__all__ = ["findings"]

LONGEST, CELL = 1_000, 180


def findings(problems: Sequence[Problem]) -> str:
    """Each as a panel: what it is called, the fact, what to do, rows that show it, and from when on it is named."""
    return f'<div class="findings">{"".join(_finding(each) for each in problems)}</div>'


def _finding(given: Problem) -> str:
    title = titled(given.kind)
    columns = f"<small>{escaped(', '.join(given.columns[:4]), 100)}</small>" if given.columns else ""
    return (
        f'<div class="panel finding {given.level}"><h3>{escaped(title[0].upper() + title[1:])}{columns}</h3>'
        f'<p>{escaped(given.fact, LONGEST)}</p><p class="quiet">{escaped(given.advice, LONGEST)}</p>'
        f"{_table(given.examples, is_beside=given.beside) if given.examples is not None else ''}"
        f'<p class="rule">Named from: {escaped(given.rule, LONGEST)}.</p></div>'
    )


def _table(given: Examples, *, is_beside: bool) -> str:
    if not given.rows:
        return ""
    head = "".join(f"<th>{escaped(name, 40)}</th>" for name in given.columns)
    lines = []
    for number, values in given.rows:
        cells = "".join(
            f"<td>{value_of(value, CELL)}</td>" if value is not None else '<td class="none">missing</td>'
            for value in values
        )
        lines.append(f'<tr><td class="number">{number:,}</td>{cells}</tr>')
    first = "row of the test file" if is_beside else "row"
    return f'<div class="wide"><table><tr><th>{first}</th>{head}</tr>{"".join(lines)}</table></div>'
