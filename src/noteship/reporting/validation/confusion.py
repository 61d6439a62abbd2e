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
        Mistake(true, predicted, count, count / sum(row))
        for true, row in zip(confusion.classes, confusion.counts, strict=True)
        for predicted, count in zip(confusion.classes, row, strict=True)
        if count and true != predicted
    ]
    return sorted(found, key=lambda each: -each.count)


def matrix(confusion: Confusion) -> str:
    """Rows are true classes, with the share of each cell in its row; below, how often each prediction was right."""
    classes, counts = confusion.classes, confusion.counts
    heads = "".join(f'<th scope="col">{escaped(each, LONGEST_CLASS)}</th>' for each in classes)
    lines = [f'<tr><th></th>{heads}<th scope="col" class="sum">rows</th></tr>']
    for place, (name, row) in enumerate(zip(classes, counts, strict=True)):
        total = sum(row)
        cells = "".join(_cell(count, total, is_right=at == place) for at, count in enumerate(row))
        lines.append(f'<tr><th scope="row">{escaped(name, LONGEST_CLASS)}</th>{cells}<td class="sum">{total:,}</td></tr>')
    columns = [sum(row[at] for row in counts) for at in range(len(classes))]
    right = "".join(
        f'<td class="sum">{percent(counts[at][at] / column) if column else "–"}</td>' for at, column in enumerate(columns)
    )
    everything = sum(columns)
    share = percent(sum(counts[at][at] for at in range(len(classes))) / everything) if everything else "–"
    lines.append(f'<tr><th scope="row">right, of these predictions</th>{right}<td class="sum">{share}</td></tr>')
    kind = "matrix many" if len(classes) > FEW else "matrix"
    return f'<div class="wide"><table class="{kind}">{"".join(lines)}</table></div>'


def _cell(count: int, total: int, *, is_right: bool) -> str:
    share = count / total if total else 0.0
    colour = "window" if is_right else "alarm"
    depth = round(DARKEST * share) if count else 0
    # The faintest that is still seen: one of many rows is a mistake, too.
    depth = max(depth, 4) if count else 0
    paint = f"background: color-mix(in srgb, var(--{colour}) {depth}%, var(--back))"
    told = f"{count:,}<small>{percent(share)}</small>" if count else '<span class="quiet">0</span>'
    return f'<td style="{paint}">{told}</td>'
