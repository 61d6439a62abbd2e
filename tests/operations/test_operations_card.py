"""The model card of a bundle that was judged, as it is written for somebody."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship.operations import errors, validating_pages
from noteship.operations.opened import OpenedProject
from operations.judged_bundles import bundle_of, judge


def project(root: Path, card: str = "") -> OpenedProject:
    (root / "noteship.toml").write_text(f'[project]\nname = "mail"\n{card}\n', encoding="utf-8")
    return OpenedProject.at(root)


def test_what_people_say_of_a_model_stands_in_its_card(tmp_path: Path) -> None:
    """As it is now, also where the judging was before; pictures lie beside the card, where it looks for them."""
    opened = project(tmp_path, 'card = "docs/model.md"')
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/model.md").write_text("For *our* mailbox.\n", encoding="utf-8")
    kept = judge(opened, bundle_of(opened, "one"))
    validating_pages.write_card(opened, kept, tmp_path / "out/the card.md")
    text = (tmp_path / "out/the card.md").read_text(encoding="utf-8")
    assert "## Intended use\n\nFor *our* mailbox.\n" in text
    assert "](the%20card_files/metrics.svg)" in text
    assert (tmp_path / "out/the card_files/metrics.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_a_text_that_is_not_there_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    """Before anything is judged."""
    with pytest.raises(errors.NoCardText, match=r"(?s)docs/model\.md.*\[project\] card"):
        validating_pages.intended(project(tmp_path, 'card = "docs/model.md"'))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    with pytest.raises(errors.NoCardText, match="it is no text"):
        validating_pages.intended(project(tmp_path, 'card = "picture.png"'))
    assert validating_pages.intended(project(tmp_path)) == ""
