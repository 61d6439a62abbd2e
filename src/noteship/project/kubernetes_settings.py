"""`[kubernetes]`: where images go, and what runs of them."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["KubernetesSettings"]


def _repository(value: object) -> str:
    if not isinstance(value, str) or "/" not in value or "@" in value or ":" in value.rpartition("/")[2]:
        raise ValueError('a registry and a repository, without a tag, such as "registry.example.org/team-a/mail"')
    return value


@dataclass(frozen=True)
class KubernetesSettings:
    """What is not said is given on the command line, or is not done."""

    registry: str | None = field(default=None, metadata={"parse": _repository})
