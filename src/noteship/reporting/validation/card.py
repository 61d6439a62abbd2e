"""The report of a validation as a model card: Markdown, with pictures in files beside it.

The sections are those of Mitchell, Wu, Zaldivar, Barnes, Vasserman, Hutchinson, Spitzer, Raji and Gebru 2019, Model
cards for model reporting; what only people can say of a model is theirs to write.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from noteship.reporting import lanes, markdown
from noteship.reporting.markdown import plain
from noteship.reporting.validation import confusion as confusions
from noteship.reporting.validation import estimates, origin, parts
from noteship.reporting.validation.comparisons import how_alike
from noteship.reporting.validation.guide import terms
from noteship.reporting.validation.outcomes import verdict, what_it_means
from noteship.reporting.validation.plots import pictures
from noteship.reporting.validation.telling import LEAST, words_of
from noteship.reporting.words import number
from noteship.validation.judgement import Judgement

__all__ = ["Card", "card"]

# A matrix that is wider is not read in a text.
MOST_CLASSES, MOST_MISTAKES, MOST_ROWS = 8, 12, 40
UNWRITTEN = "Nobody has written down yet what this model is for, who is to use it, and what it is not to be used for."
ALT = {
    "metrics": "metrics with intervals",
    "champion": "differences to the champion, with intervals",
    "calibration": "predicted probability against what was so",
    "thresholds": "precision, recall and F1 by threshold",
    "roc": "ROC curve",
    "precision": "precision against recall",
    "predicted": "predicted against true values",
    "errors": "errors, and how many rows have them",
    "slices": "the main metric by slice",
    "robustness": "change of the main metric when inputs change",
}


@dataclass(frozen=True)
class Card:
    """The text, and its pictures by their names in the folder that the text finds them in."""

    text: str
    pictures: Mapping[str, str]


def card(judgement: Judgement, folder: str, intended: str = "") -> Card:
    """What the page says, as GitHub-flavoured Markdown.

    - folder: where the pictures will lie, relative to the text's file
    - intended: what people wrote of the model's use, limits and ethics, in Markdown; it is taken as it is

    Guarantee: equal arguments give equal bytes; foreign text is text. Raises PlottingMissing.
    """
    drawn = pictures(judgement)
    place = urllib.parse.quote(folder)
    links = {name: f"![{ALT[name]}]({place}/{name}.svg)\n" for name in drawn}
    parts = [each for each in _parts(judgement, links, intended) if each]
    return Card("\n".join(parts), {f"{name}.svg": text for name, text in drawn.items()})


def _parts(judgement: Judgement, links: Mapping[str, str], intended: str) -> Iterator[str]:
    yield f"# {plain(judgement.name)}: model card\n"
    yield f"**{plain(verdict(judgement), 1_000)}** {plain(what_it_means(judgement), 400)}\n"
    yield "## Model details\n"
    yield _details(judgement)
    yield "## Intended use\n"
    yield f"{intended.strip() or UNWRITTEN}\n"
    yield "## Factors\n"
    columns = dict.fromkeys(plain(each.column) for each in judgement.slices)
    factors = f"Rows were looked at apart by: {', '.join(columns)}." if columns else "No slices were asked for."
    yield f"{factors} The results are [below](#quantitative-analyses).\n"
    yield "## Metrics\n"
    yield from _metrics(judgement, links)
    yield "## Evaluation data\n"
    yield _listed(origin.how_judged(judgement))
    yield "## Training data\n"
    yield from _training(judgement)
    yield "## Quantitative analyses\n"
    yield from _analyses(judgement, links)
    yield "## Caveats and recommendations\n"
    yield "".join(f"- {each}\n" for each in _caveats(judgement))


def _details(judgement: Judgement) -> str:
    told = [("predicts", judgement.target), ("kind", judgement.kind), ("bundle", judgement.bundle)]
    if judgement.classes:
        told.append(("classes", ", ".join(judgement.classes)))
    return _listed([*told, *origin.environment(judgement)])


def _listed(pairs: origin.Pairs) -> str:
    return "".join(f"- {plain(term)}: {plain(text, 2_000)}\n" for term, text in pairs)


def _metrics(judgement: Judgement, links: Mapping[str, str]) -> Iterator[str]:
    beside = judgement.champion.metrics if judgement.champion else {}
    if "metrics" in links:
        yield _rows(*estimates.groups(judgement, ("value", "champion"), beside))
        yield links["metrics"]
    if judgement.gates:
        rows = [(each.expression, "passed" if each.passed else "failed", each.told) for each in judgement.gates]
        yield "### Gates\n"
        yield markdown.table(("gate", "", "found"), rows)


def _rows(*groups: lanes.Lanes) -> str:
    """The numbers of what the page draws; hints come last."""
    heads = (*groups[0].heads[:-1], "")
    rows = [(each.name, *each.numbers, each.hint) for group in groups for each in group.rows]
    if not any(row[-1] for row in rows):
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    return markdown.table(heads, rows)


def _training(judgement: Judgement) -> Iterator[str]:
    split = judgement.split
    anew = f"The clone was fitted on {split.train_rows:,} rows. " if judgement.judged == "clone" else ""
    yield f"{anew}The bundle was made by these stages:\n"
    rows = [(each.stage, ", ".join(each.reads), ", ".join(each.writes)) for each in origin.stages(judgement)]
    yield markdown.table(("stage", "read", "wrote"), rows) if rows else "- not known\n"
    if split.classes:
        counts = [(name, f"{fitted:,}", f"{held:,}") for name, (fitted, held) in split.classes.items()]
        yield markdown.table(("class", "to fit on", "held out"), counts[:MOST_ROWS])
        if len(counts) > MOST_ROWS:
            yield f"And {len(counts) - MOST_ROWS:,} more classes.\n"


def _analyses(judgement: Judgement, links: Mapping[str, str]) -> Iterator[str]:
    if judgement.champion is not None and "champion" in links:
        yield "### Next to the champion\n"
        yield _rows(*estimates.differences(judgement))
        yield links["champion"]
    yield _confused(judgement)
    scores = [links[name] for name in ("calibration", "thresholds", "roc", "precision") if name in links]
    if scores:
        yield "### Scores\n"
        yield "".join(scores)
    errors = [links[name] for name in ("predicted", "errors") if name in links]
    sized = parts.by_size(judgement)
    if errors:
        yield "### Errors\n"
        yield "".join(errors)
        yield _rows(sized) if sized else ""
    by_slice, shifted = parts.slices(judgement), parts.robustness(judgement.robustness)
    if by_slice is not None:
        yield f"### Slices, by {words_of(judgement.metric, judgement)}\n"
        yield _rows(by_slice)
        yield links["slices"]
    if shifted is not None:
        yield "### Robustness\n"
        yield _rows(shifted)
        yield links["robustness"]
    yield _cost(judgement)
    if judgement.agreement is not None:
        yield "### Bundle and clone\n"
        yield f"{plain(how_alike(judgement.agreement, judgement.kind == 'regression'), 800)}\n"


def _confused(judgement: Judgement) -> str:
    given = judgement.confusion
    if given is None:
        return ""
    if len(given.classes) <= MOST_CLASSES:
        heads = ("true \\ predicted", *given.classes)
        rows = [(name, *(f"{count:,}" for count in row)) for name, row in zip(given.classes, given.counts, strict=True)]
        return f"### Right and wrong answers\n\n{markdown.table(heads, rows)}"
    wrong = confusions.mistakes(given)[:MOST_MISTAKES]
    rows = [(each.true, each.predicted, f"{each.count:,}") for each in wrong]
    return f"### Most frequent mistakes\n\n{markdown.table(('true', 'taken for', 'rows'), rows)}"


def _cost(judgement: Judgement) -> str:
    given = judgement.cost
    if given is None:
        return ""
    rows = [
        (name, *(f"{number(each)} ms" for each in (of.p50_ms, of.p95_ms, of.p99_ms)))
        for name, of in (("one row", given.one), ("32 rows", given.batch))
    ]
    table = markdown.table(("a call for", "half within", "95 % within", "99 % within"), rows)
    work = "" if given.work_mean is None else f" A row takes {number(given.work_mean)} multiplications on average."
    machine = f" on {plain(given.machine)}" if given.machine else ""
    return f"### Cost\n\nOf the {given.form} model{machine}. {LEAST}{work}\n\n{table}"


def _caveats(judgement: Judgement) -> Iterator[str]:
    yield from (plain(each, 600) for each in (*judgement.failures, *judgement.notes))
    if judgement.champion is not None and judgement.champion.why:
        yield plain(judgement.champion.why, 400)
    known = dict(terms(judgement))
    for term in ("Mean of classes", "Clone", "Interval", "Robustness", "Bundle and clone"):
        if term in known:
            yield f"{term}: {plain(known[term], 1_000)}"
