"""What is handed over to a driver: all that it needs to know beside the image that it runs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from noteship.digests import Digest
from noteship.operations.remote.computing_pods import Computed
from noteship.operations.run import RunRequest

__all__ = ["Submission"]

VERSION = 1


@dataclass(frozen=True)
class Submission:
    """A run that was handed over. Version 1 of its form is its fields, as JSON has them.

    - url: the store; carried: what goes to pods beside the image, see `operations.carried`
    - templates: by stage, its Job but for name and words; most: by stage, how much memory it may have at most, in bytes
    - clusters: by stage, what its cluster of tasks is made of, where it asks for one
    - place: the cluster, namespace and driver's Job, for who looks after it; who and at: by whom and when
    """

    url: str
    image: str
    carried: Digest
    request: RunRequest
    templates: Mapping[str, Mapping[str, Any]]
    place: Mapping[str, str]
    who: str
    at: str
    jobs: int
    most: Mapping[str, int] = field(default_factory=dict)
    clusters: Mapping[str, Computed] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        clusters = {stage: each.to_json() for stage, each in self.clusters.items()}
        return {"version": VERSION, **asdict(self), "clusters": clusters}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From its plain value. Raises KeyError and TypeError for what is none."""
        fields = {name: each for name, each in value.items() if name != "version"}
        request: dict[str, Any] = {
            name: tuple(each) if isinstance(each, list) else each for name, each in fields["request"].items()
        }
        clusters = {stage: Computed.from_json(each) for stage, each in fields["clusters"].items()}
        return cls(**{**fields, "request": RunRequest(**request), "clusters": clusters})
