"""`noteship feedback`: labels that came late, of a file, told to a service, or counted without one."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship import temporary
from noteship.operations import naming
from noteship.operations.errors import NoProfile
from noteship.operations.naming import Named
from noteship.operations.writing import write

if TYPE_CHECKING:
    from noteship import feedback, models
    from noteship.operations.opened import OpenedProject

__all__ = ["FeedbackRequest", "keep", "tell", "write_refused"]

HEADER = ("request", "row", "label", "what", "reason", "file_row")


@dataclass(frozen=True)
class FeedbackRequest:
    """A file of labels, the address of the service, and the file that holds the caller's token, if any.

    - is_insecure: the token may go over the network without TLS
    """

    path: Path
    url: str
    token_file: Path | None = None
    is_insecure: bool = False


def tell(request: FeedbackRequest, told: Callable[[feedback.Summary, float], None]) -> feedback.Summary:
    """Tell the service all labels; `told` hears how far it is.

    Raises what `feedback.Service`, `feedback.token_in`, `feedback.read` and `feedback.send` raise.
    """
    # It brings pandas, which `noteship --help` should not wait for.
    from noteship import feedback

    service = feedback.Service(request.url, feedback.token_in(request.token_file), is_insecure=request.is_insecure)
    try:
        # Its first rows, before the service is asked: a file that is none is told also where nobody serves.
        next(feedback.read(request.path), None)
        output = _output(service) if ".csv" in request.path.name.lower() else None
        return feedback.send(service, feedback.read(request.path, output), told)
    finally:
        service.close()


def keep(
    opened: OpenedProject, bundle: str, path: Path, now: float, told: Callable[[feedback.Summary, float], None]
) -> tuple[Named, feedback.Summary]:
    """Count labels of a file that has the predictions of a bundle beside them, in the project's store.

    Raises NoProfile, and what `naming.named`, `models.fetch`, `feedback.read` and `feedback.keep` raise.
    """
    from noteship import digests, feedback, monitor
    from noteship.operations.profiles import profile_in, settings_of

    named = naming.named(opened, bundle)
    if profile_in(opened.store, named.digest) is None:
        # Nothing of it is in any window, so nobody would see the labels.
        raise NoProfile(named.name, digests.short(named.digest))
    settings, output = settings_of(opened), _output_of(opened, named)
    windows = monitor.Windows(opened.store, monitor.Place(settings.release, named.name, named.digest))
    version = feedback.Version(windows, output, settings.window_s)
    labels: list[feedback.Labelled] = []
    found = feedback.keep(version, feedback.read(path, output, is_answered=True), now, told, labels.append)
    _keep_beside(opened, named, labels, now)
    return named, found


def _keep_beside(opened: OpenedProject, named: Named, labels: Sequence[feedback.Labelled], now: float) -> None:
    """Where rows of that time were collected, their labels are kept beside them."""
    from noteship import collecting
    from noteship.operations.collecting import settings_of
    from noteship.serving.ids import moment_of

    shelf = collecting.Shelf(opened.store, collecting.Place(settings_of(opened).release, named.name))
    told = ((moment_of(each.request), each) for each in labels)
    kept = (
        (moment, collecting.KeptLabel(each.request, each.row, each.label, now))
        for moment, each in told
        if moment is not None
    )
    collecting.keep_labels(shelf, named.digest, kept)


def _output_of(opened: OpenedProject, named: Named) -> models.Output:
    """What a bundle of the project's store predicts."""
    from noteship import models

    with temporary.folder() as folder:
        return models.fetch(opened.store, named.digest, folder / "bundle").signature.output


def _output(service: feedback.Service) -> models.Output | None:
    """What the service's model predicts, which says what texts stand for; None where it does not say."""
    from noteship import models

    answer = service.get("/signature")
    try:
        return models.Output.from_json(answer.value["output"])
    except (KeyError, TypeError, ValueError):
        return None


def write_refused(path: Path, refused: Sequence[feedback.Refusal]) -> None:
    """The labels that were not taken, as CSV that can be corrected and told again."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for each in refused:
        row = "" if each.row is None else each.row
        writer.writerow([each.request, row, _text(each.label), each.what, each.reason, each.number])
    # What came as half of a pair of surrogates cannot be written.
    write(path, text.getvalue().encode("utf-8", "replace").decode())


def _text(label: Any) -> str:
    if isinstance(label, bool):
        return "true" if label else "false"
    return "" if label is None else str(label)
