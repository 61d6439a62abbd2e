"""Parameters take the place of literals."""

from __future__ import annotations

import pytest

from noteship.notebooks import parameters
from noteship.notebooks.document import Cell, Document
from noteship.notebooks.errors import UnknownParameter


def _document(*sources: str, tagged: int = -1) -> Document:
    cells = (Cell(i + 1, "code", text, 1, ("parameters",) if i == tagged else ()) for i, text in enumerate(sources))
    return Document("04-train.ipynb", "notebook", tuple(cells))


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("n = 1", 2, "n = 2"),
        ("n: int = 1  # rows", 2, "n: int = 2  # rows"),
        ("a = n = -1.5", 0.5, "a = n = 0.5"),
        ("é = 'ü'; n = 'ä'", "ö", "é = 'ü'; n = 'ö'"),
        ("n = [1,\n  2]\nm = 3", [4], "n = ([4]\n)\nm = 3"),
        ("%matplotlib inline\nn = None\n!ls", True, "%matplotlib inline\nn = True\n!ls"),
    ],
)
def test_the_literal_is_replaced_and_all_else_stays(source: str, value: object, expected: str) -> None:
    """Comments, other assignments, magics and line numbers stay."""
    assert parameters.applied(_document(source), {"n": value}).cells[0].source == expected


def test_a_cell_tagged_parameters_wins() -> None:
    """Else the first assignment is the one."""
    sources = ("n = 1", "n = 2")
    assert parameters.applied(_document(*sources), {"n": 9}).cells[0].source == "n = 9"
    changed = parameters.applied(_document(*sources, tagged=1), {"n": 9})
    assert [cell.source for cell in changed.cells] == ["n = 1", "n = 9"]


def test_an_unknown_parameter_is_named_with_the_nearest() -> None:
    """What is not assigned a literal at the top level is no parameter."""
    with pytest.raises(UnknownParameter) as caught:
        parameters.applied(_document("buckets = 1\ndef f():\n    bucket = 2\nbucked = f()"), {"bucket": 2})
    assert caught.value.nearest_name == "buckets"
