"""The report of a validation: a verdict, what it rests on, and how to read it."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.reporting import lanes
from noteship.reporting.canvas import Easel
from noteship.reporting.document import document
from noteship.reporting.states import shape
from noteship.reporting.validation import answers, comparisons, conditions, estimates, provenance
from noteship.reporting.validation.guide import terms
from noteship.reporting.validation.origin import judged_at
from noteship.reporting.validation.outcomes import look_of, verdict, what_it_means
from noteship.reporting.validation.style import STYLE
from noteship.reporting.words import escaped
from noteship.validation.judgement import Judgement

__all__ = ["page"]


def page(judgement: Judgement) -> str:
    """One HTML page that needs nothing else: no script, no font, no network. Its policy forbids them, too.

    Guarantee: equal judgements give equal bytes; foreign text is escaped; the page is XML, too. Raises
    PlottingMissing. Cost: some 40 ms for each of at most five charts; a hundred slices take 100 KB.
    """
    title = f"{judgement.name}: {look_of(judgement).word}"
    with Easel().set_up() as easel:
        body = "\n".join(each for each in _sections(easel, judgement) if each)
    return document(title, body, STYLE)


def _sections(easel: Easel, judgement: Judgement) -> Iterator[str]:
    yield _header(judgement)
    yield _verdict(judgement)
    yield comparisons.facts(judgement)
    yield _gates(judgement)
    yield comparisons.metrics(judgement)
    yield comparisons.champion(judgement)
    yield answers.confusion(judgement)
    yield answers.scores(easel, judgement)
    yield answers.errors(easel, judgement)
    yield conditions.slices(judgement)
    yield conditions.robustness(judgement)
    yield conditions.cost(judgement)
    yield comparisons.agreement(judgement)
    yield provenance.how_judged(judgement)
    yield provenance.lineage(judgement)
    yield provenance.notes(judgement)
    guide = "".join(f"<dt>{escaped(term)}</dt><dd>{escaped(text, 1_000)}</dd>" for term, text in terms(judgement))
    yield f'<h2>How to read this</h2><div class="panel"><dl class="guide">{guide}</dl></div>'


def _header(judgement: Judgement) -> str:
    told = [f"bundle {escaped(judgement.bundle, 24)}", f"predicts {escaped(judgement.target)}"]
    if judgement.at:
        told.append(f"judged {escaped(judged_at(judgement))}")
    return f"<header><h1>{escaped(judgement.name)}: validation</h1><p>{' · '.join(told)}</p></header>"


def _verdict(judgement: Judgement) -> str:
    look = look_of(judgement)
    return (
        f'<div class="panel verdict" style="border-left-color: {look.colour}">{shape(look)}'
        f"<div><p>{escaped(verdict(judgement), 1_000)}</p>"
        f'<p class="meaning">{escaped(what_it_means(judgement), 400)}</p></div></div>'
    )


def _gates(judgement: Judgement) -> str:
    if not judgement.gates:
        none = "None: <code>[validate] gates</code> asks for nothing, so nothing could fail."
        told = f'<p class="panel">{none}</p>'
    else:
        told = f'<div class="panel">{lanes.table(estimates.gates(judgement.gates))}</div>'
    failures = "".join(f'<p class="note">{escaped(each, 600)}</p>' for each in judgement.failures)
    beside = f'<h3>Failed beside the gates</h3><div class="panel">{failures}</div>' if failures else ""
    return f"<h2>Gates</h2>{told}{beside}"
