"""What is missing: by column, and together."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.reporting.datasets.bars import bars
from noteship.reporting.words import escaped, percent
from noteship.tabular.surveys import Survey

__all__ = ["gaps"]

MOST_COLUMNS, MOST_PATTERNS, MOST_NAMES = 30, 8, 8


def gaps(survey: Survey) -> str:
    """Bars by column beside the most frequent patterns."""
    lacking = sorted((each for each in survey.counted if each.missing), key=lambda each: (-each.missing, each.name))
    if not lacking:
        return '<p class="panel">No value is missing.</p>'
    shown = lacking[:MOST_COLUMNS]
    told = bars(
        ((each.name, each.missing_share, f"{percent(each.missing_share)} · {each.missing:,}") for each in shown),
        is_broad=False,
    )
    rest = f'<p class="quiet">And {len(lacking) - len(shown):,} more columns.</p>' if len(lacking) > len(shown) else ""
    by_column = f'<div class="panel missing"><h3>By column</h3>{told}{rest}</div>'
    together = "".join(_patterns(survey))
    return f'<div class="beside">{by_column}<div class="panel"><h3>Together</h3><table>{together}</table></div></div>'


def _patterns(survey: Survey) -> Iterator[str]:
    of = "" if survey.looked_at == survey.rows else " looked at"
    yield f"<tr><th>rows{of}</th><th></th><th>lack</th></tr>"
    for each in survey.patterns[:MOST_PATTERNS]:
        names = ", ".join(each.columns[:MOST_NAMES]) or "nothing"
        more = f" and {len(each.columns) - MOST_NAMES} more" if len(each.columns) > MOST_NAMES else ""
        yield (
            f'<tr><td class="number">{each.rows:,}</td>'
            f'<td class="number">{escaped(percent(each.rows / survey.looked_at))}</td>'
            f'<td class="what">{escaped(names + more, 300)}</td></tr>'
        )
