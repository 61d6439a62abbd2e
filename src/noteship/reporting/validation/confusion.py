"""Which class was taken for which: a table of counts and shares, and the mistakes by how frequent they are."""

from __future__ import annotations

from dataclasses import dataclass

from noteship.reporting.words import escaped, percent
from noteship.validation.judgement import Confusion

__all__ = ["MOST_CLASSES", "Mistake", "matrix", "mistakes"]

# More columns are not read any more; then there are the mistakes.
MOST_CLASSES = 25
# From so many on, names of columns stand upright.
FEW = 6
# In percent of the colour: beyond, the number in a cell is no longer read easily, by day or by night.
DARKEST = 45
LONGEST_CLASS = 40


@dataclass(frozen=True)
class Mistake:
    """Rows of one class that were taken for those of another, and their share of the class."""

    true: str
    predicted: str
    count: int
    share: float


def mistakes(confusion: Confusion) -> list[Mistake]:
    """The most frequent first."""
    found = [
        Mistake(true, predicted, count, count / total)
        for true, row, total in zip(confusion.classes, confusion.counts, map(sum, confusion.counts), strict=True)
        for predicted, count in zip(confusion.classes, row, strict=True)
        if count and true != predicted
    ]
    return sorted(found, key=lambda each: -each.count)


def matrix(confusion: Confusion) -> str:
    """Rows are true classes, with the share of each cell in its row; below, how often each prediction was right."""
    classes, counts = confusion.classes, confusion.counts
    heads = "".join(f'<th scope="col">{_named(each)}</th>' for each in classes)
    lines = [f'<tr><th></th>{heads}<th scope="col">rows</th></tr>']
    is_many = len(classes) > FEW
    for place, (name, row) in enumerate(zip(classes, counts, strict=True)):
        total = sum(row)
        shares = [count / total if total else 0.0 for count in row]
        told = [_brief(share) if is_many else percent(share) for share in shares]
        cells = "".join(
            _cell(count, share, words, is_right=at == place)
            for at, (count, share, words) in enumerate(zip(row, shares, told, strict=True))
        )
        lines.append(f'<tr><th scope="row">{_named(name)}</th>{cells}<td class="sum">{total:,}</td></tr>')
    columns = [sum(row[at] for row in counts) for at in range(len(classes))]
    precision = [_brief(counts[at][at] / column) if column else "–" for at, column in enumerate(columns)]
    right = "".join(f'<td class="sum">{escaped(each)}</td>' for each in precision)
    lines.append(f'<tr><th scope="row" class="sum">precision</th>{right}<td class="sum">{sum(columns):,}</td></tr>')
    kind = "matrix many" if is_many else "matrix"
    return f'<div class="wide"><table class="{kind}">{"".join(lines)}</table></div>'


def _named(name: str) -> str:
    """Whole where the mouse rests, since there may be no room for it."""
    return f'<span title="{escaped(name)}">{escaped(name, LONGEST_CLASS)}</span>'


def _brief(share: float) -> str:
    """In whole percent, which fits a small cell; what is not nothing is not told as such."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _cell(count: int, share: float, told: str, *, is_right: bool) -> str:
    if not count:
        return '<td class="none">0</td>'
    # The faintest that is still seen: one of many rows is a mistake, too.
    depth = max(round(DARKEST * share), 4)
    paint = f"background: color-mix(in srgb, var(--{'window' if is_right else 'alarm'}) {depth}%, var(--back))"
    return f'<td style="{paint}">{count:,}<small>{escaped(told)}</small></td>'
