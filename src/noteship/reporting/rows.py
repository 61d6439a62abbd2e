"""The rows that are kept, as tables of the page."""

from __future__ import annotations

from typing import Any

from noteship.reporting.kept import Group, KeptRow, Rows
from noteship.reporting.words import escaped, number, percent, when

__all__ = ["in_words", "rows_kept", "spanned"]

MOST_ROWS, MOST_COLUMNS, LONGEST = 20, 10, 200


def rows_kept(rows: Rows) -> str:
    """Those since the change, and those before it."""
    tables = [_table(rows, rows.after, "Since"), _table(rows, rows.before, "Before" if rows.after.rows else "Lately")]
    hidden = len(rows.columns) - MOST_COLUMNS
    told = [f"{hidden:,} more columns are in the document of noteship monitor --sample --json."] if hidden > 0 else []
    if rows.left_out:
        told.append(f"Never kept: {escaped(', '.join(rows.left_out), 1_000)}.")
    return "".join(tables) + (f'<p class="quiet">{" ".join(told)}</p>' if told else "")


def spanned(group: Group) -> str:
    """What a group is of."""
    windows = len(group.windows)
    rows = f"{len(group.rows):,} {'row' if len(group.rows) == 1 else 'rows'}"
    requests = f"{group.requests:,} {'request' if group.requests == 1 else 'requests'}"
    first, last = when(group.windows[0]), when(group.windows[-1])
    return f"{rows} of {requests}, of " + (first if windows == 1 else f"{windows} windows, {first} to {last}")


def in_words(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value) if isinstance(value, float) else str(value)


def _table(rows: Rows, group: Group, title: str) -> str:
    if not group.rows:
        return ""
    columns = rows.columns[:MOST_COLUMNS]
    falls = f"falls where rows are {'more' if group is rows.after else 'fewer'}"
    # Those that fall somewhere come first.
    heads = ["prediction", "probability", *map(escaped, columns), *([falls] if group.rows[0].why else [])]
    head = "".join(f"<th>{each}</th>" for each in heads)
    body = "".join(_line(each, columns, has_why=bool(group.rows[0].why)) for each in group.rows[:MOST_ROWS])
    return (
        f'<p class="quiet"><b>{title}:</b> {spanned(group)}.</p>'
        f'<div class="panel wide"><table><tr>{head}</tr>{body}</table></div>'
    )


def _line(each: KeptRow, columns: tuple[str, ...], *, has_why: bool) -> str:
    probability = "–" if each.row.probability is None else percent(each.row.probability)
    values = [in_words(each.row.prediction), probability, *(in_words(each.row.inputs.get(name)) for name in columns)]
    values += ["; ".join(each.why)] if has_why else []
    return "<tr>" + "".join(f'<td class="kept">{escaped(value, LONGEST)}</td>' for value in values) + "</tr>"
