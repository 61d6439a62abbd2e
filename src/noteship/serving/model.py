"""What a service serves: a scorer with the name and the digest of its bundle."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from noteship import digests, models, monitor

__all__ = ["Model"]


@dataclass(frozen=True, eq=False)
class Model:
    """A scorer that was loaded from a verified bundle. `profile`: what its requests are compared with, if anything."""

    name: str
    digest: str
    scorer: models.Scorer
    profile: monitor.Profile | None = None

    @property
    def version(self) -> str:
        """The digest's first digits, as in every answer."""
        return digests.short(self.digest)

    @functools.cached_property
    def class_names(self) -> tuple[str, ...]:
        """The classes as names in an answer, in the order of the probabilities: as JSON writes keys."""
        keys = json.loads(json.dumps(dict.fromkeys(self.signature.output.classes)))
        return tuple(keys)

    @property
    def signature(self) -> models.Signature:
        """What the rows must look like."""
        return self.scorer.signature
