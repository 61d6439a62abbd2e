"""`noteship score`: a bundle's model over files of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.operations import loading

if TYPE_CHECKING:
    from noteship import scoring

__all__ = ["ScoreRequest", "score"]


@dataclass(frozen=True)
class ScoreRequest:
    """Where rows are read and scores written: paths, or `s3://BUCKET/PREFIX`."""

    source: str
    target: str
    keep: tuple[str, ...] = ()
    bad_rows: Path | None = None


def score(
    chosen: loading.Chosen,
    trusting: loading.Trusting,
    root: Path,
    request: ScoreRequest,
    told: Callable[[scoring.Progress], None],
) -> scoring.Summary:
    """Score; a call that was killed goes on where it was. Raises: what `loading.load` and `scoring.run` raise."""
    # They bring pandas and scikit-learn, which the change to another interpreter should not wait for.
    from noteship import scoring

    job = scoring.Job(scoring.spot(request.source), scoring.spot(request.target), request.keep, request.bad_rows)
    return scoring.run(job, loading.load(chosen, trusting, root), told)
