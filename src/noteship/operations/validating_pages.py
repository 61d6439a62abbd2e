"""The report and the model card of a judgement, written where somebody wants them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from noteship.operations import judgements, writing
from noteship.operations.opened import OpenedProject

__all__ = ["CARD", "PICTURES", "REPORT", "write_card", "write_report"]

REPORT, CARD, PICTURES = "report.html", "card.md", "card_files"


def write_report(opened: OpenedProject, kept: judgements.Kept, target: Path) -> None:
    """Write the page. Raises NotWritten, MissingObject."""
    writing.write(target, opened.store.get_bytes(kept.pages[REPORT]).decode())


def write_card(opened: OpenedProject, kept: judgements.Kept, target: Path) -> None:
    """Write the card, and its pictures into a folder beside it. Raises NotWritten, MissingObject."""
    folder = f"{target.stem}_files"
    text = opened.store.get_bytes(kept.pages[CARD]).decode()
    # In the store the pictures lie in a folder of a fixed name.
    writing.write(target, text.replace(f"]({PICTURES}/", f"]({quote(folder)}/"))
    for name, digest in kept.pages.items():
        if name.startswith(f"{PICTURES}/"):
            picture = target.parent / folder / name.removeprefix(f"{PICTURES}/")
            writing.write(picture, opened.store.get_bytes(digest).decode())
