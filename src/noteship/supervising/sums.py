"""The samples of several processes as those of one service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Family", "Sample", "labelled", "summed"]

# A sample's name and its labels, in their order.
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Sample:
    """One number."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


@dataclass(frozen=True)
class Family:
    """A metric with its samples; `kind` as in the exposition format. `is_own`: of a process, not of the service."""

    name: str
    about: str
    kind: str
    samples: Sequence[Sample]
    is_own: bool = False


def summed(sources: Iterable[Sequence[Family]]) -> list[Family]:
    """Numbers added; what is told rather than counted (`_info`, `_ready`) and times of creation are not."""
    families: dict[str, Family] = {}
    values: dict[str, dict[Key, float]] = {}
    for source in sources:
        for family in source:
            families.setdefault(family.name, family)
            into = values.setdefault(family.name, {})
            for sample in family.samples:
                key = (sample.name, sample.labels)
                into[key] = _joined(sample, into[key]) if key in into else sample.value
    return [
        Family(name, family.about, family.kind, [Sample(*key, value) for key, value in values[name].items()])
        for name, family in families.items()
    ]


def labelled(sources: Mapping[int, Sequence[Family]]) -> list[Family]:
    """What is a process's own, by the label `worker`."""
    return summed(
        [
            Family(each.name, each.about, each.kind, [_of(sample, worker) for sample in each.samples])
            for each in families
            if each.is_own
        ]
        for worker, families in sources.items()
    )


def _joined(sample: Sample, before: float) -> float:
    if sample.name.endswith("_created"):
        return min(before, sample.value)
    if sample.name.endswith(("_info", "_ready")):
        return max(before, sample.value)
    return before + sample.value


def _of(sample: Sample, worker: int) -> Sample:
    return Sample(sample.name, (*sample.labels, ("worker", str(worker))), sample.value)
