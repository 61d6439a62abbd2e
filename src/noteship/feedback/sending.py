"""Tells a service labels in lists, and counts what became of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from noteship.feedback import errors
from noteship.feedback.asking import TRIES, Answer, Service
from noteship.feedback.reading import Labelled, Piece, Unfit

__all__ = ["Refusal", "Summary", "send"]

PATH = "/feedback"
# What a service takes at once; of bytes, some of what it does.
ITEMS, BYTES = 1000, 256 << 10
# What becomes of a label that is refused, by the status that the service gives it.
UNKNOWN, CONFLICTING, UNFIT, UNREACHABLE = 404, 409, 422, 503
WORDS = {UNKNOWN: "unknown", CONFLICTING: "conflicting", UNREACHABLE: "unreachable"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of the file, by its number from 0, whose label was not taken, and why."""

    number: int
    request: str
    row: Any
    label: Any
    what: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "file_row": self.number,
            "request": self.request,
            "row": self.row,
            "what": self.what,
            "reason": self.reason,
        }


@dataclass
class Summary:
    """What became of the labels of a file.

    - taken: for the first time; known: those that the service had before
    - unknown: of requests that it does not know; conflicting: those of rows that have another label; unfit: those that
      cannot be; unreachable: those that another of its workers would have to take, which does not answer
    - unlabelled: rows that have no label yet
    """

    rows: int = 0
    taken: int = 0
    known: int = 0
    unlabelled: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether all labels were taken, now or before."""
        return not self.refused

    def count(self, what: str) -> int:
        """How many were refused so."""
        return sum(each.what == what for each in self.refused)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        refused = {what: self.count(what) for what in (*WORDS.values(), "unfit")}
        return {
            "rows": self.rows,
            "taken": self.taken,
            "known": self.known,
            **refused,
            "unlabelled": self.unlabelled,
            "refused": [each.to_json() for each in self.refused],
        }

    def add_unfit(self, given: Unfit) -> None:
        """A row that is no label."""
        self.refused.append(Refusal(given.number, given.request, given.row, given.label, "unfit", given.reason))

    def refuse(self, given: Labelled, status: int, reason: str) -> None:
        """A label that was not taken."""
        what = WORDS.get(status, "unfit")
        self.refused.append(Refusal(given.number, given.request, given.row, given.label, what, reason))


def send(service: Service, pieces: Iterable[Piece], told: Callable[[Summary, float], None]) -> Summary:
    """Tell all of them; `told` hears how far it is, as a share of the file.

    Labels that were taken before count as known: whoever is interrupted tells all of them again.
    Raises NotTheService, ServiceUnreachable, CallerRefused, and what reading raises.
    """
    summary = Summary()
    for piece in pieces:
        summary.rows += len(piece.labels) + len(piece.unfit) + piece.unlabelled
        summary.unlabelled += piece.unlabelled
        for unfit in piece.unfit:
            summary.add_unfit(unfit)
        for labels in _lists(piece.labels):
            _tell(service, labels, summary)
            told(summary, piece.share)
    summary.refused.sort(key=lambda each: each.number)
    return summary


def _lists(labels: Sequence[Labelled]) -> Iterator[list[Labelled]]:
    """As many together as fit into one request."""
    together: list[Labelled] = []
    size = 0
    for each in labels:
        own = len(json.dumps(each.to_json()))
        if together and (len(together) >= ITEMS or size + own > BYTES):
            yield together
            together, size = [], 0
        together.append(each)
        size += own
    if together:
        yield together


def _tell(service: Service, labels: list[Labelled], summary: Summary) -> None:
    """Those that a worker which is away would have to take are told again, after a while."""
    for tried in range(TRIES):
        is_last = tried == TRIES - 1
        labels = _told(service, labels, summary, is_last=is_last)
        if not labels:
            return
        service.pause(tried)


def _told(service: Service, labels: list[Labelled], summary: Summary, *, is_last: bool) -> list[Labelled]:
    """Those that are to be told again."""
    answer = service.post(PATH, [each.to_json() for each in labels])
    value = answer.value if isinstance(answer.value, dict) else {}
    refused = value.get("refused", [] if answer.status == 202 else None)
    if refused is None:
        return _apart(service, labels, summary, answer)
    try:
        accepted, known = int(value.get("accepted", 0)), int(value.get("known", 0))
        every = [(labels[each["item"]], int(each["status"]), str(each["error"])) for each in refused]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise errors.NotTheService(service.url, answer.status, "an answer of another shape") from error
    summary.taken += accepted - known
    summary.known += known
    again = []
    for label, status, reason in every:
        if status == UNREACHABLE and not is_last:
            again.append(label)
        else:
            summary.refuse(label, status, reason)
    return again


def _apart(service: Service, labels: list[Labelled], summary: Summary, answer: Answer) -> list[Labelled]:
    """A list was refused as a whole: perhaps it is too long, or one of it is of another shape."""
    if answer.status not in (400, 413, UNFIT) or not answer.said:
        raise errors.NotTheService(service.url, answer.status, answer.said)
    if len(labels) == 1:
        summary.refuse(labels[0], UNFIT, answer.said)
        return []
    middle = len(labels) // 2
    for part in (labels[:middle], labels[middle:]):
        _tell(service, part, summary)
    return []
