"""What a service serves: a scorer with the name and the digest of its bundle."""

from __future__ import annotations

from dataclasses import dataclass

from noteship import digests, models

__all__ = ["Model"]


@dataclass(frozen=True, eq=False)
class Model:
    """A scorer that was loaded from a verified bundle."""

    name: str
    digest: str
    scorer: models.Scorer

    @property
    def version(self) -> str:
        """The digest's first digits, as in every answer."""
        return digests.short(self.digest)

    @property
    def signature(self) -> models.Signature:
        """What the rows must look like."""
        return self.scorer.signature
