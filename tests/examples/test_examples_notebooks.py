"""What every example's notebooks look like before they run."""

from __future__ import annotations

import runpy
from pathlib import Path

import nbformat

REPOSITORY = Path(__file__).parents[2]


def test_notebooks_are_valid_and_without_outputs(folder: Path) -> None:
    """Each notebook is valid nbformat 4.5, holds no outputs, and has at least one cell of prose."""
    paths = sorted(folder.glob("*.ipynb"))
    assert len(paths) >= 4
    for path in paths:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
        assert any(cell.cell_type == "markdown" for cell in notebook.cells)


def test_notebooks_know_nothing_of_noteship(folder: Path) -> None:
    """No notebook and no module of an example mentions noteship, but for that which is about watching."""
    for path in {*folder.glob("*.ipynb"), *folder.glob("**/*.py")} - {*folder.glob("*-watch.ipynb")}:
        assert "noteship" not in path.read_text(encoding="utf-8").lower(), path


def test_documents_follow_their_seed() -> None:
    """The grammar writes the same documents for the same seed, others for another, and both kinds of them."""
    make_documents = runpy.run_path(str(REPOSITORY / "examples/austen/documents.py"))["make_documents"]
    table = make_documents(200, seed=5)
    assert table.equals(make_documents(200, seed=5))
    assert not table["text"].equals(make_documents(200, seed=6)["text"])
    assert table["label"].value_counts().min() > 50
    assert not table["text"].str.contains("[{}]").any()


def test_made_up_mail_has_dirt() -> None:
    """The made-up mail has empty bodies, copies, HTML and impossible dates, as the real thing does."""
    make_mail = runpy.run_path(str(REPOSITORY / "examples/mail/sample/make_sample.py"))["make_mail"]
    mail = make_mail()
    assert (mail["text"] == "").any()
    assert mail["text"].duplicated().any()
    assert mail["text"].str.contains("<html>").any()
    assert not mail["date"].dt.year.between(2001, 2002).all()
