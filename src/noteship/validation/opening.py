"""The model of a bundle in a folder, as far as it is trusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from noteship import models
from noteship.models import model_file
from noteship.validation.asking import Packed

__all__ = ["Opened", "open_model"]


@dataclass(frozen=True, eq=False)
class Opened:
    """A bundle's description, the scorer that serves it, and the composition behind that."""

    bundle: models.Bundle
    scorer: models.ComposedScorer | models.CompiledScorer

    @property
    def composition(self) -> models.Composition:
        """The steps."""
        plain = self.scorer.plain if isinstance(self.scorer, models.CompiledScorer) else self.scorer
        return plain.composition


def open_model(packed: Packed) -> Opened:
    """Load it. One that the project itself made may hold what it holds: it is made of the project's own objects.

    Raises what `models.read` and `models.load` raise.
    """
    bundle = models.read(Path(packed.folder), packed.digest)
    types = frozenset(packed.types)
    if packed.is_own and bundle.format == "skops":
        types |= frozenset(model_file.untrusted_types(bundle.model_path))
    if packed.is_own:
        types |= frozenset(step["source"].replace(":", ".") for step in bundle.steps)
    digests = frozenset({packed.digest} if packed.is_known or packed.is_own else ())
    return Opened(bundle, models.load(bundle, models.Trust(digests, types, packed.allow_pickle or packed.is_own)))
