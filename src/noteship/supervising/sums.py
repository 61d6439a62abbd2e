"""The samples of several processes as those of one service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

__all__ = ["Family", "Sample", "labelled", "summed"]

# A sample's name and its labels, in their order.
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Sample:
    """One number. `at`: the moment of which several processes tell the same, where it is no part of a sum."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float
    at: float | None = None


@dataclass(frozen=True)
class Family:
    """A metric with its samples; `kind` as in the exposition format. `is_own`: of a process, not of the service."""

    name: str
    about: str
    kind: str
    samples: Sequence[Sample]
    is_own: bool = False


def summed(sources: Iterable[Sequence[Family]]) -> list[Family]:
    """Numbers added; what is told rather than counted (`_info`, `_ready`) and times of creation are not.

    Of what is told of a moment, that of the latest one is taken.
    """
    families: dict[str, Family] = {}
    found: dict[str, dict[Key, Sample]] = {}
    for source in sources:
        for family in source:
            families.setdefault(family.name, family)
            into = found.setdefault(family.name, {})
            for sample in family.samples:
                key = (sample.name, sample.labels)
                into[key] = _joined(sample, into[key]) if key in into else sample
    return [Family(name, each.about, each.kind, list(found[name].values())) for name, each in families.items()]


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


def _joined(sample: Sample, before: Sample) -> Sample:
    if sample.at is not None and before.at is not None:
        return sample if sample.at > before.at else before
    if sample.name.endswith("_created"):
        return replace(sample, value=min(before.value, sample.value))
    if sample.name.endswith(("_info", "_ready")):
        return replace(sample, value=max(before.value, sample.value))
    return replace(sample, value=before.value + sample.value)


def _of(sample: Sample, worker: int) -> Sample:
    return replace(sample, labels=(*sample.labels, ("worker", str(worker))))
