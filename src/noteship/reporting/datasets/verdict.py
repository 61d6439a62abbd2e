"""How a data set stands, in one sentence; and what its findings are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from noteship.tabular.problems import Problem
from noteship.tabular.surveys import Survey

__all__ = ["titled", "verdict"]

TITLES = {
    "leak-rows": "rows in both parts",
    "leak-key": "keys in both parts",
    "leak-text": "texts in both parts",
    "split": "no parts",
    "leak-target": "a column that gives the target away",
    "id-target": "an id that predicts the target",
    "order": "rows in the order of the target",
    "duplicates": "copies of rows",
    "repeated-texts": "copies of texts",
    "label-conflict": "equal rows with different labels",
    "key-repeated": "a key that is not unique",
    "label-missing": "missing labels",
    "label-spellings": "labels in several spellings",
    "label-rare": "rare classes",
    "target": "a target that is none",
    "spellings": "values in several spellings",
    "missing-many": "many missing values",
    "missing-together": "values missing together",
    "missing-target": "gaps that depend on the target",
    "constant": "columns with one value",
    "infinite": "infinite numbers",
    "sentinel": "marks in place of numbers",
    "outlier": "numbers beyond reason",
    "times": "times beyond reason",
    "texts-empty": "empty texts",
    "texts-encoding": "texts decoded wrongly",
    "texts-control": "control characters",
    "text-numbers": "numbers kept as text",
    "text-dates": "dates kept as text",
}
MOST_NAMED = 4


def titled(kind: str) -> str:
    """What a kind of finding is called."""
    return TITLES.get(kind, kind)


def verdict(survey: Survey, problems: Sequence[Problem]) -> str:
    """The sentence, as plain text."""
    if not survey.rows:
        return "The table has no rows, so nothing can be said of it."
    named = [each for each in problems if each.level == "problem"]
    remarks = len(problems) - len(named)
    worth = f" {remarks} {'thing is' if remarks == 1 else 'things are'} worth knowing." if remarks else ""
    if not named:
        return f"No problems were found in {survey.rows:,} rows of {len(survey.counted):,} columns.{worth}"
    kinds = list(Counter(titled(each.kind) for each in named))
    told = ", ".join(kinds[:MOST_NAMED]) + (f" and {len(kinds) - MOST_NAMED} more" if len(kinds) > MOST_NAMED else "")
    many = "1 problem was" if len(named) == 1 else f"{len(named)} problems were"
    return f"{many} found: {told}.{worth}"
