"""The report and the model card of a judgement, written where somebody wants them."""

from __future__ import annotations

from pathlib import Path

from noteship.operations import judgements, writing
from noteship.operations.errors import NoCardText
from noteship.operations.opened import OpenedProject

__all__ = ["CARD", "PICTURES", "REPORT", "intended", "write_card", "write_report"]

REPORT, CARD, PICTURES = "report.html", "card.md", "card_files"


def write_report(opened: OpenedProject, kept: judgements.Kept, target: Path) -> None:
    """Write the page. Raises NotWritten, MissingObject."""
    writing.write(target, opened.store.get_bytes(kept.pages[REPORT]).decode())


def write_card(opened: OpenedProject, kept: judgements.Kept, target: Path) -> None:
    """Write the card with what people say of the model now, and its pictures into a folder beside it.

    Raises NotWritten, NoCardText, MissingObject.
    """
    # Brings matplotlib.
    from noteship.reporting import validation as reporting

    folder = f"{target.stem}_files"
    card = reporting.card(judgements.read(opened.store, kept), folder, intended(opened))
    writing.write(target, card.text)
    for name, picture in card.pictures.items():
        writing.write(target.parent / folder / name, picture)


def intended(opened: OpenedProject) -> str:
    """What people say of the model's use, in the file that `[project] card` names. Raises NoCardText."""
    name = opened.settings.project.card
    if name is None:
        return ""
    try:
        return (opened.root / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NoCardText(name, getattr(error, "strerror", None) or "it is no text") from error
