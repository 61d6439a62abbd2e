"""Families of samples as Prometheus reads them: its text format, version 0.0.4."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from noteship import supervising

__all__ = ["CONTENT_TYPE", "text"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(families: Sequence[supervising.Family]) -> str:
    """A family's help and type, then its samples; families without samples are left out."""
    return "".join(line for family in families if family.samples for line in _lines(family))


def _lines(family: supervising.Family) -> Iterator[str]:
    # In this version of the format a counter is known by its samples' name.
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    yield f"# HELP {name} {_escaped(family.about)}\n"
    yield f"# TYPE {name} {family.kind}\n"
    for sample in family.samples:
        labels = ",".join(f'{label}="{_quoted(value)}"' for label, value in sample.labels)
        yield f"{sample.name}{{{labels}}} {_number(sample.value)}\n" if labels else _plain(sample)


def _plain(sample: supervising.Sample) -> str:
    return f"{sample.name} {_number(sample.value)}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')


def _number(value: float) -> str:
    """As the format has it.

    >>> _number(3.0), _number(float("inf")), _number(float("nan"))
    ('3.0', '+Inf', 'NaN')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))
