"""Files become cells."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship.notebooks import errors
from noteship.notebooks.document import read_document


def _notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": metadata, "cells": list(cells)})


def test_cells_are_counted_among_all() -> None:
    """A code cell's index counts the prose before it, from 1."""
    text = _notebook(
        {"cell_type": "markdown", "source": "# Title"},
        {"cell_type": "code", "source": ["x = 1\n", "y = 2"], "metadata": {"tags": ["parameters"]}},
        {"cell_type": "code", "source": ""},
    )
    document = read_document("a.ipynb", text)
    assert [cell.kind for cell in document.cells] == ["markdown", "code", "code"]
    assert [(cell.index, cell.source, cell.tags) for cell in document.code] == [(2, "x = 1\ny = 2", ("parameters",))]


def test_the_third_format_is_read() -> None:
    """Worksheets and inputs of nbformat 3 are cells too."""
    cells = [{"cell_type": "code", "input": ["x = 1"]}, {"cell_type": "heading", "source": "Title"}]
    document = read_document("a.ipynb", json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}))
    assert [(cell.kind, cell.source) for cell in document.cells] == [("code", "x = 1"), ("markdown", "Title")]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": [', "<<<<<<< HEAD\n{}", "[" * 100_000], ids=range(7))
def test_what_is_no_notebook_is_named(text: str) -> None:
    """Text that is no JSON, or JSON without cells, is NotJson."""
    with pytest.raises(errors.NotJson):
        read_document("a.ipynb", text)


def test_other_languages_are_named() -> None:
    """A kernel that is not Python's is OtherLanguage; the language is in the error."""
    with pytest.raises(errors.OtherLanguage) as caught:
        read_document("a.ipynb", _notebook(kernelspec={"language": "R", "name": "ir"}))
    assert caught.value.language == "R"


def test_python_is_the_default_language() -> None:
    """A notebook without metadata is Python."""
    assert read_document("a.ipynb", _notebook({"cell_type": "code", "source": "1"})).code


def test_percent_scripts_are_notebooks() -> None:
    """Markers split a script into cells that know their first line."""
    text = "# header\nimport os\n# %%\nx = 1\n# %% [markdown]\n# prose\n# %% tags=['parameters']\ny = 2\n"
    document = read_document("a.py", text)
    assert document.kind == "percent"
    assert [(c.kind, c.line, c.tags) for c in document.cells] == [
        ("code", 1, ()), ("code", 4, ()), ("markdown", 6, ()), ("code", 8, ("parameters",)),
    ]  # fmt: skip


def test_exported_scripts_are_notebooks() -> None:
    """`# In[3]:` splits like a marker."""
    assert len(read_document("a.py", "#!/usr/bin/env python\n# In[1]:\n\nx = 1\n# In[2]:\ny = 1\n").code) == 2


def test_jupytext_magics_are_shown() -> None:
    """Magics that jupytext has commented out are there again; elsewhere comments stay comments."""
    body = "# %%\n# %run x.ipynb\n# !cp a b\n# plain\n"
    paired = "# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py\n# ---\n" + body
    assert read_document("a.py", paired).code[0].source == "%run x.ipynb\n!cp a b\n# plain\n"
    assert "# !cp" in read_document("a.py", body + "x = 1\n").code[0].source


def test_plain_scripts_are_one_cell() -> None:
    """A script without markers has one cell of index 0."""
    document = read_document("a.py", "x = 1\n")
    assert document.kind == "script"
    assert [(cell.index, cell.line) for cell in document.code] == [(0, 1)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cells", "worksheets", "metadata", "source", "cell_type", "kernelspec", "language"]), inner
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_any_json_is_cells_or_a_named_error(value: Any) -> None:
    """No JSON raises anything but the named errors."""
    with contextlib.suppress(errors.NotJson, errors.OtherLanguage):
        read_document("a.ipynb", json.dumps(value))
