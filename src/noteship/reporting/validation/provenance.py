"""How the model was judged and where it comes from: sections of the page."""

from __future__ import annotations

from noteship.reporting.validation import origin
from noteship.reporting.words import escaped
from noteship.validation.judgement import Judgement

__all__ = ["how_judged", "lineage", "notes"]


def how_judged(judgement: Judgement) -> str:
    """The split, what was judged, by which statistics; rows by class."""
    told = _pairs(origin.how_judged(judgement))
    if judgement.split.classes:
        lines = "".join(
            f'<tr><td class="what">{escaped(name)}</td>'
            f'<td class="number">{fitted:,}</td><td class="number">{held:,}</td></tr>'
            for name, (fitted, held) in judgement.split.classes.items()
        )
        head = "<tr><th>class</th><th>to fit on</th><th>held out</th></tr>"
        told += f"<details><summary>rows by class</summary><table>{head}{lines}</table></details>"
    return f'<h2>How it was judged</h2><div class="panel">{told}</div>'


def lineage(judgement: Judgement) -> str:
    """The stages, with the digests of what they read and wrote, and the environment."""
    lines = "".join(
        f'<tr><td class="what">{escaped(each.stage)}<small class="quiet">{escaped(each.params, 400)}</small></td>'
        f'<td class="digest">{_several(each.reads)}</td><td class="digest">{_several(each.writes)}</td></tr>'
        for each in origin.stages(judgement)
    )
    told = ""
    if lines:
        head = "<tr><th>stage</th><th>read</th><th>wrote</th></tr>"
        told = f'<div class="wide origins"><table>{head}{lines}</table></div>'
    pairs = [("bundle", judgement.bundle), *origin.environment(judgement)]
    return f'<h2>Where it comes from</h2><div class="panel">{told}{_pairs(pairs)}</div>'


def _several(texts: tuple[str, ...]) -> str:
    return "<br/>".join(escaped(each) for each in texts) or "–"


def _pairs(pairs: origin.Pairs) -> str:
    items = "".join(f"<dt>{escaped(term)}</dt><dd>{escaped(text, 2_000)}</dd>" for term, text in pairs)
    return f'<dl class="origin">{items}</dl>'


def notes(judgement: Judgement) -> str:
    """What is to be known beside the numbers."""
    told = "".join(f'<p class="note">{escaped(each, 600)}</p>' for each in judgement.notes) or "None."
    return f'<h2>Notes</h2><div class="panel">{told}</div>'
