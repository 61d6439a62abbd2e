"""Whether a bundle is to be scored in compiled form: what bundle.json says of it, and what a report says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas

from noteship.models.compiled.comparison import compare
from noteship.models.compiled.compiling import NotCompiled, compile_scorer
from noteship.models.compiled.scorer import CompiledScorer
from noteship.models.composition import ComposedScorer

__all__ = ["Choice", "choose", "is_chosen"]

# Raised whenever a form that was chosen before must be compared anew.
VERSION = 1


@dataclass(frozen=True)
class Choice:
    """`part` goes into bundle.json and depends on the model and its rows alone; `report` holds what was measured too.

    - part: {"form": words, "version": 1}, or {"form": None, "why": words}
    - report: the part, and where a form was compared the fields of `Comparison`
    """

    part: Mapping[str, Any]
    report: Mapping[str, Any]


def choose(plain: ComposedScorer, raw: pandas.DataFrame) -> Choice:
    """The compiled form, if there is one that gives the same as the plain one on the raw rows.

    Cost: scores up to 20,000 rows, evenly taken, in both ways.
    """
    compiled = compile_scorer(plain)
    if isinstance(compiled, NotCompiled):
        return _refused(compiled.why, {})
    try:
        return _compared(plain, compiled, plain.signature.conform(raw))
    except Exception as error:
        # Whatever is amiss with the rows or the form, the plain model is as good as it was.
        return _refused(f"comparing them raised {type(error).__name__}", {})


def is_chosen(parts: Mapping[str, Any]) -> bool:
    """Whether a bundle's parts name a compiled form that this version makes."""
    part = parts.get("compiled") or {}
    return bool(part.get("form")) and part.get("version") == VERSION


def _compared(plain: ComposedScorer, compiled: CompiledScorer, frame: pandas.DataFrame) -> Choice:
    if frame.empty:
        return _refused("there are no rows to compare it on", {})
    found = compare(plain, compiled, frame)
    if not found.is_same:
        differing = max(found.labels_differ, found.numbers_differ)
        return _refused(f"{differing} of {found.rows} rows got something else", found.to_json())
    part = {"form": compiled.form, "version": VERSION}
    return Choice(part, part | found.to_json())


def _refused(why: str, found: Mapping[str, Any]) -> Choice:
    part = {"form": None, "why": why}
    return Choice(part, {**part, **found})
