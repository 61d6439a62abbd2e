"""Where columns are assigned."""

from __future__ import annotations

import pytest

from noteship.notebooks.columns import assigned_columns
from noteship.notebooks.document import Cell, Document


def document(*sources: str) -> Document:
    """A notebook of code cells."""
    return Document("n.ipynb", "notebook", tuple(Cell(n, "code", source) for n, source in enumerate(sources, 1)))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('df["x"] = 1', {"x"}),
        ('df["x"] += 1', {"x"}),
        ('df[["a", "b"]] = 0', {"a", "b"}),
        ('df.loc[:, "x"] = 1', {"x"}),
        ('df.loc[df["y"] > 0, ["x", "z"]] = 1', {"x", "z"}),
        ('df.loc["row"] = 1', set()),
        ("df.x = 1", {"x"}),
        ('df["x"], df["y"] = 1, 2', {"x", "y"}),
        ("df = df.assign(x=1, y=lambda d: d.x)", {"x", "y"}),
        ('df = df.assign(**{"x y": 1})', {"x y"}),
        ('df.insert(0, "x", 1)', {"x"}),
        ('df.insert(loc=0, column="x", value=1)', {"x"}),
        ('names.insert(0, "x")', set()),
        ("df[name] = 1", set()),
        ('print(df["x"])', set()),
    ],
)
def test_forms_of_assignment(source: str, names: set[str]) -> None:
    """Each form in which a column is assigned gives its name, and nothing else does."""
    assert set(assigned_columns(document(source))) == names


def test_the_last_assignment_counts() -> None:
    """The place is the cell and the line within it, of the last assignment."""
    found = assigned_columns(document('df["x"] = 1', '%matplotlib inline\n\nif 1:\n    df["x"] = 2\n', "df.y = 3"))
    assert found == {"x": (2, 4), "y": (3, 1)}


def test_lines_of_long_calls() -> None:
    """In a chain over several lines, each column has its own line."""
    found = assigned_columns(document("df = (\n    df.dropna()\n    .assign(\n        a=1,\n        b=2,\n    )\n)"))
    assert found == {"a": (1, 4), "b": (1, 5)}


def test_a_cell_that_does_not_parse_is_passed_over() -> None:
    """The other cells still count."""
    assert assigned_columns(document("df[", 'df["x"] = 1')) == {"x": (2, 1)}
