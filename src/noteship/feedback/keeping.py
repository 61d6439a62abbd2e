"""Labels with the predictions beside them: compared here, and counted in the store, with no service to ask."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from noteship import models, monitor, serving
from noteship.feedback.reading import Labelled, Piece
from noteship.feedback.sending import CONFLICTING, UNFIT, UNKNOWN, Summary
from noteship.monitor.pieces import start_of
from noteship.serving.feedback import checked_label
from noteship.serving.ids import moment_of
from noteship.serving.refusals import Refused

__all__ = ["Version", "keep"]

# Clocks of machines may be apart by so much.
AHEAD_S = 300.0


@dataclass(frozen=True)
class Version:
    """The version that made the predictions, and its windows, which are so long unless labels were kept by others."""

    windows: monitor.Windows
    output: models.Output
    seconds: int


@dataclass
class _Window:
    """Labels of one window by their keys, each with the row that has it."""

    found: dict[bytes, tuple[Labelled, monitor.Judgement]] = field(default_factory=dict)


def keep(
    version: Version,
    pieces: Iterable[Piece],
    now: float,
    told: Callable[[Summary, float], None],
    fits: Callable[[Labelled], None] = lambda _: None,
) -> Summary:
    """Count all of them for the windows in which their requests were made, each once, however often it is called.

    `fits` hears of each label that is counted, or was before.

    All labels of a file are held in memory, some 300 bytes each. Raises DamagedDecisions, and what reading and the
    store raise.
    """
    summary, seconds = Summary(), 0
    windows: dict[int, _Window] = {}
    for piece in pieces:
        summary.rows += len(piece.labels) + len(piece.unfit) + piece.unlabelled
        summary.unlabelled += piece.unlabelled
        for unfit in piece.unfit:
            summary.add_unfit(unfit)
        if piece.labels and not seconds:
            seconds = monitor.kept_s(version.windows, version.seconds)
            version = dataclasses.replace(version, seconds=seconds)
        for each in piece.labels:
            _sort(version, each, now, windows, summary)
        told(summary, piece.share / 2)
    for place, (start, window) in enumerate(sorted(windows.items()), 1):
        for each in _count(version, start, window, summary):
            fits(each)
        told(summary, 0.5 + place / len(windows) / 2)
    summary.refused.sort(key=lambda each: each.number)
    return summary


def _sort(version: Version, given: Labelled, now: float, windows: dict[int, _Window], summary: Summary) -> None:
    """Put a label to those of its window, or refuse it."""
    moment = moment_of(given.request)
    if moment is None or moment > now + AHEAD_S:
        summary.refuse(given, UNKNOWN, "expected the X-Request-Id of an answer")
        return
    if not version.windows.place.version.startswith(given.version):
        summary.refuse(given, UNKNOWN, "another version made this prediction")
        return
    try:
        judged = _judged(given, version)
    except Refused as refused:
        summary.refuse(given, UNFIT, refused.message)
        return
    found = windows.setdefault(start_of(moment, version.seconds), _Window()).found
    key = monitor.key_of(given.request, given.row)
    if key not in found:
        found[key] = given, judged
    elif found[key][1] == judged:
        summary.known += 1
    else:
        summary.refuse(given, CONFLICTING, "another label for this row came before")


def _judged(given: Labelled, version: Version) -> monitor.Judgement:
    """Raises Refused."""
    output, place = version.output, version.windows.place
    label = checked_label(given.label, output)
    try:
        made = checked_label(given.prediction, output)
    except Refused as refused:
        raise Refused(UNFIT, refused.message.replace("label", "prediction", 1)) from refused
    told = serving.Feedback(given.request, given.row, label, made, place.model, place.version, output.kind)
    return monitor.Judgement(label, made, told.is_agreed)


def _count(version: Version, start: int, window: _Window, summary: Summary) -> list[Labelled]:
    """Count those of a window; the labels that fit."""
    judgements = {key: judged for key, (_, judged) in window.found.items()}
    taken, left_out = monitor.keep_labels(version.windows, start, version.output.kind, judgements)
    summary.taken += taken
    summary.known += len(judgements) - taken - len(left_out)
    for key in left_out:
        summary.refuse(window.found[key][0], UNFIT, "its window has as many labels as are kept")
    return [dataclasses.replace(given, label=judged.label) for given, judged in window.found.values()]
