"""The page of a data set: a verdict, problems with evidence, columns, what is missing, what goes together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from noteship.reporting.canvas import Easel
from noteship.reporting.datasets import looks
from noteship.reporting.datasets.bars import bars
from noteship.reporting.datasets.cards import cards
from noteship.reporting.datasets.findings import findings
from noteship.reporting.datasets.gaps import gaps
from noteship.reporting.datasets.matrix import MOST, chosen, matrix, pairs
from noteship.reporting.datasets.verdict import titled, verdict
from noteship.reporting.document import document
from noteship.reporting.history import Standing
from noteship.reporting.states import LOOKS, icon
from noteship.reporting.words import escaped, percent
from noteship.tabular.problems import Problem
from noteship.tabular.surveys import Survey

__all__ = ["page"]

MOST_TELLS = 20
# With more columns at fault than this, a problem is told once, not on every card.
MOST_TAGGED = 20
PROBLEMS = (
    "A problem is named where it is far beyond chance; the rule stands below it. A remark harms only who does not know "
    "of it. Rows have numbers from 0, as a data frame has them."
)
COUNTS = (
    "Rows, missing values, least and greatest values, copies and labels are counted over all rows. How values are "
    "spread, and what goes together, is {looked}. “About” says that different values were estimated, to some 3 %."
)
AXES = (
    "Bars begin at zero, and the highest fills the chart. An axis is logarithmic, or leaves a few far values out, only "
    "where the chart would show nothing else; then it says so."
)
TOGETHER = (
    "Two numbers: Spearman's rank correlation. A number and a category: the correlation ratio of ranks. Two "
    "categories: "
    "Cramér's V. The last two are corrected for bias, and have no sign."
)


def page(survey: Survey, problems: Sequence[Problem]) -> str:
    """One HTML page that needs nothing else: no script, no font, no network. Its policy forbids them, too.

    Guarantee: the same arguments give the same bytes; foreign text is escaped; the page is XML, too; of columns that
    are left out, no value is in it. Raises PlottingMissing. Cost: some 20 ms and 3 KB a column.
    """
    with Easel().set_up() as easel:
        body = "\n".join(_sections(easel, survey, problems))
    return document(survey.name, body, looks.STYLE)


def _sections(easel: Easel, survey: Survey, problems: Sequence[Problem]) -> Iterator[str]:
    yield _head(survey, problems)
    yield _facts(survey)
    named = [each for each in problems if each.level == "problem"]
    remarks = [each for each in problems if each.level == "remark"]
    if named:
        yield f"<h2>Problems</h2>{findings(named)}"
    if remarks:
        yield f"<h2>Worth knowing</h2>{findings(remarks)}"
    looked = (
        ""
        if survey.looked_at == survey.rows
        else (f" Charts are of {survey.looked_at:,} rows, drawn by a hash of their number; counts are of all rows.")
    )
    order = "The target first, then columns with a problem, then the others."
    yield f'<h2>Columns</h2><p class="quiet">{order}{looked}</p>{cards(easel, survey, _faults(named))}'
    if survey.tells and survey.target is not None:
        yield _tells(survey)
    yield f"<h2>What is missing</h2>{gaps(survey)}"
    yield _together(survey)
    yield f'<h2>How to read this</h2><div class="panel">{_guide(survey)}</div>'


def _head(survey: Survey, problems: Sequence[Problem]) -> str:
    named = any(each.level == "problem" for each in problems)
    state: Standing = "alarm" if named else "unchanged" if survey.rows else "none"
    told = [f"{survey.rows:,} rows", f"{len(survey.counted):,} columns"]
    if survey.asked.target:
        told.append(f"target {survey.asked.target}")
    if survey.asked.split:
        told.append(f"parts by {survey.asked.split}")
    if survey.asked.beside:
        told.append(f"beside {survey.asked.beside}")
    what = escaped(" · ".join(told), 300)
    return (
        f"<header><h1>{escaped(survey.name)}</h1><p>{what}</p></header>"
        f'<div class="panel verdict" style="border-left-color: {LOOKS[state].colour}">{icon(state)}'
        f"<div><p>{escaped(verdict(survey, problems), 1_000)}</p></div></div>"
    )


def _facts(survey: Survey) -> str:
    cells = survey.rows * len(survey.counted)
    missing = sum(each.missing for each in survey.counted)
    lacking = sum(each.missing > 0 for each in survey.counted)
    copies = survey.repeats.copies
    why = "in every column" + ("; so few can be there by chance" if copies and survey.repeats.is_chance else "")
    roles = defaultdict[str, int](int)
    for each in survey.counted:
        roles[{"whole": "number", "truth": "category"}.get(each.role, each.role)] += 1
    kinds = ", ".join(f"{count:,} {role}" for role, count in sorted(roles.items(), key=lambda each: -each[1]))
    told = [
        (
            "rows",
            f"{survey.rows:,}",
            "all counted" if survey.looked_at == survey.rows else f"{survey.looked_at:,} looked at",
        ),
        ("columns", f"{len(survey.counted):,}", kinds),
        (
            "values missing",
            percent(missing / cells) if cells else "none",
            f"in {lacking:,} {'column' if lacking == 1 else 'columns'}" if lacking else "in no column",
        ),
        ("copies of rows", f"{copies:,}", why),
    ]
    target = survey.target
    if target is not None:
        classes = f"{len(target.classes):,} classes" if target.kind == "classes" else "a number"
        told.append(("target", target.name, classes))
    items = (
        f"<div><dt>{term}</dt><dd>{escaped(value, 40)}<small>{escaped(more)}</small></dd></div>"
        for term, value, more in told
    )
    return f'<dl class="facts">{"".join(items)}</dl>'


def _faults(problems: Sequence[Problem]) -> Mapping[str, Sequence[str]]:
    found = defaultdict[str, list[str]](list)
    for each in problems:
        # Of a column and the target, the column is at fault.
        columns = each.columns[:1] if each.kind in ("leak-target", "id-target", "missing-target") else each.columns
        for name in columns if len(columns) <= MOST_TAGGED else ():
            if titled(each.kind) not in found[name]:
                found[name].append(titled(each.kind))
    return found


def _tells(survey: Survey) -> str:
    target = survey.target
    name = escaped(target.name) if target else ""
    lines = [
        (each.name, each.share, percent(each.share) + (f" · area {each.auc:.2f}" if each.auc is not None else ""))
        for each in survey.tells
    ]
    told = bars(lines[:MOST_TELLS], is_broad=True)
    if len(lines) > MOST_TELLS:
        more = bars(lines[MOST_TELLS:], is_broad=True)
        told += f"<details><summary>{len(lines) - MOST_TELLS} more columns</summary>{more}</details>"
    return (
        f'<h2>What each column tells of “{name}”</h2><p class="quiet">Alone: the share of the target\'s '
        "information that "
        f'is in the column, and of a number the area under the ROC curve.</p><div class="panel">{told}</div>'
    )


def _together(survey: Survey) -> str:
    relations = survey.relations
    target = (survey.asked.target,) if survey.asked.target else ()
    names = chosen(relations, target)
    if len(names) < 2:
        return ""
    many = (
        ""
        if len(names) == len(relations.columns)
        else f" Of {len(relations.columns):,} columns the {MOST} that go most with another one."
    )
    drawn = matrix(relations, names)
    side = f'<div class="panel"><h3>The strongest</h3>{pairs(relations.strongest)}</div>'
    return (
        '<h2>What goes together</h2><p class="quiet">The more colour, the more they do; orange where one falls '
        "while the "
        f'other rises.{many}</p><div class="beside uneven"><div class="panel">{drawn}</div>{side}</div>'
    )


def _guide(survey: Survey) -> str:
    looked = f"of the {survey.looked_at:,} rows looked at" if survey.looked_at < survey.rows else "of all rows"
    left_out = "Of columns that are left out, no value is on this page."
    if not survey.asked.leave_out:
        left_out = "Rows are shown as they are. Name columns that nobody should see with --leave-out, or in a contract."
    told = {
        "Problems": PROBLEMS,
        "Counts and charts": COUNTS.format(looked=looked),
        "Axes": AXES,
        "What goes together": TOGETHER,
        "Left out": left_out,
    }
    items = (f"<dt>{term}</dt><dd>{escaped(text, 600)}</dd>" for term, text in told.items())
    return f'<dl class="guide">{"".join(items)}</dl>'
