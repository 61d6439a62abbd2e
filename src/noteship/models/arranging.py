"""Steps that do not fit together as they are named: another order, or one more of the saved ones, may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas

from noteship.errors import NoteshipError
from noteship.models.composing import compose
from noteship.models.composition import is_label_encoder
from noteship.models.loading import Step, load_steps

__all__ = ["completed", "in_order"]

# Files that are opened to find the one that was left out; nobody asked for it.
FILES_LIMIT = 8


def in_order(inputs: Sequence[str], steps: Sequence[Step], frame: pandas.DataFrame) -> tuple[str, ...]:
    """The names of the steps in an order in which they fit together: what prepares, then the model; or nothing."""
    encoders = [step for step in steps if is_label_encoder(step.value)]
    models = [step for step in steps if _predicts(step)]
    if len(models) != 1:
        return ()
    front = [step for step in steps if step not in encoders and step not in models]
    return _names(next(_fitting(inputs, [[*front, *models, *encoders], [*encoders, *front, *models]], frame), ()))


def completed(
    inputs: Sequence[str], steps: Sequence[Step], frame: pandas.DataFrame, left_out: Sequence[str], root: Path
) -> tuple[str, ...]:
    """The names of the steps with one of the files `left_out` in its place, if they fit together then; or nothing.

    Cost: loads up to 8 files, and tries each in every place on the first rows.
    """
    for path in left_out[:FILES_LIMIT]:
        try:
            more = [step for step in load_steps(path, root) if not _predicts(step)]
        except NoteshipError:
            continue
        ways = ([*steps[:place], *more, *steps[place:]] for place in range(len(steps)) if more)
        found = next(_fitting(inputs, ways, frame), ())
        if found:
            return _names(found)
    return ()


def _predicts(step: Step) -> bool:
    return hasattr(step.value, "predict") and not hasattr(step.value, "transform")


def _fitting(
    inputs: Sequence[str], ways: Iterator[Sequence[Step]] | Sequence[Sequence[Step]], frame: pandas.DataFrame
) -> Iterator[Sequence[Step]]:
    for steps in ways:
        try:
            compose(inputs, steps, frame)
        except NoteshipError:
            continue
        yield steps


def _names(steps: Sequence[Step]) -> tuple[str, ...]:
    """As [service] names them: a file once, though it holds several."""
    return tuple(dict.fromkeys(step.source for step in steps))
