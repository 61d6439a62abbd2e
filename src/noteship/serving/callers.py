"""Where a service's callers are known from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from noteship.serving.access import TokenGuard
from noteship.serving.reloading import Reloading
from noteship.serving.token_file import TokenFile
from noteship.serving.token_review import Review, TokenReview

__all__ = ["Callers", "guard"]


@dataclass(frozen=True)
class Callers:
    """A file of tokens, the cluster, or both: then the cluster is asked about tokens that the file does not have."""

    tokens: Path | None = None
    review: Review | None = None


def guard(callers: Callers, reloading: Reloading, refused: Callable[[str], None]) -> TokenGuard:
    """What lets these callers through; `refused` is told why others were not. Raises BadTokenFile and NoCluster."""
    review = TokenReview(callers.review) if callers.review else None
    if callers.tokens is None:
        return TokenGuard(dict, refused, review)
    file = TokenFile(callers.tokens)
    reloading.watch((callers.tokens,), file.read)
    return TokenGuard(file.callers, refused, review)
