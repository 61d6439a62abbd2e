from __future__ import annotations

import json

from noteship import notebooks


def rendered(*cells: dict[str, object]) -> str:
    return notebooks.page("a < b", json.dumps({"cells": cells, "nbformat": 4}))


def code(source: str, *outputs: dict[str, object]) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "execution_count": 3, "outputs": list(outputs)}


def test_prose_code_and_outputs_are_on_the_page() -> None:
    """Markdown, highlighted code, streams without colours, images and tracebacks all appear, in order."""
    page = rendered(
        {"cell_type": "markdown", "source": ["# Title\n", "some *prose*"]},
        code("x = 1", {"output_type": "stream", "name": "stdout", "text": ["\x1b[31mred\x1b[0m <b>\n"]}),
        code("plot()", {"output_type": "display_data", "data": {"image/png": "aGk=", "text/plain": "<Figure>"}}),
        code("1/0", {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mboom"]}),
    )
    parts = ["a &lt; b", "<h1>Title</h1>", "<em>prose</em>", "red &lt;b&gt;", "data:image/png;base64,aGk=", "boom"]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "\x1b" not in page
    assert "&lt;Figure&gt;" not in page


def test_nothing_on_the_page_can_run_or_fetch() -> None:
    """The page's policy allows no script and no address, whatever an output holds; prose is no HTML."""
    page = rendered(
        {"cell_type": "markdown", "source": "<script>alert(1)</script>"},
        code("html()", {"output_type": "execute_result", "data": {"text/html": "<script src='x'></script>"}}),
    )
    assert "default-src 'none'" in page
    assert "&lt;script&gt;alert" in page
