from __future__ import annotations

import json
import re

import pytest

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
    assert "<script" not in page
    assert "form-action 'none'; base-uri 'none'" in page


def shown(text: str, kind: str = "text/html") -> str:
    """What stands on the page for an output."""
    page = rendered(code("html()", {"output_type": "execute_result", "data": {kind: text}}))
    return page.partition('<div class="output">')[2].rpartition("</div></div>\n</body>")[0]


@pytest.mark.parametrize(
    "text",
    [
        '<meta http-equiv=refresh content="0;url=http://x/">',
        '<META/http-equiv="refresh"\ncontent="0;url=http://x/">',
        "<base href=http://x/><link rel=prefetch href=http://x/>",
        "<form action=http://x/><button>b</button></form>",
        "<iframe srcdoc='<meta http-equiv=refresh>'></iframe><object data=http://x/></object><embed src=http://x/>",
        "<b onclick=alert(1) ONLOAD='x'>b</b>",
        "<a href=' java\nscript:alert(1)'>a</a>",
        "<script>document.write('<meta http-equiv=refresh>')</script>",
        "<style><meta http-equiv=refresh></style>",
        "<svg><style><meta http-equiv=refresh></style></svg>",
        "<svg><script>alert(1)</script></svg>",
        "<textarea><b title='</textarea><meta http-equiv=refresh>'>b</b>",
        "<!-- --!><meta http-equiv=refresh> -->",
        "<![CDATA[><meta http-equiv=refresh>]]>",
        "<meta http-equiv=refresh",
        "<<meta http-equiv=refresh>",
    ],
)
def test_what_leads_elsewhere_is_taken_out(text: str) -> None:
    """Elements that fetch, send or lead away by themselves are not on the page, however they are written."""
    for kind in ("text/html", "image/svg+xml"):
        tags = re.findall(r"<[^>]*", shown(text, kind))
        assert all(re.match(r"</?(a|b|button|style|svg)\b", tag) for tag in tags), tags
        assert not any(re.search(r"\son|script", tag, re.IGNORECASE) for tag in tags), tags


def test_tables_and_drawings_stay_as_they_are() -> None:
    """What pandas and matplotlib give is shown with its style, its signs and its links."""
    table = '<style>#t > td { color: red; }</style><table id="t"><tr><td>a &lt; b &amp; c<br>é</td></tr></table>'
    assert shown(table) == table
    svg = '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg viewBox="0 0 1 1"><style><![CDATA[*{fill: red}]]></style>'
    drawn = '<svg viewbox="0 0 1 1"><style>*{fill: red}</style><path d="M 0 0"></path></svg>'
    assert shown(svg + '<path d="M 0 0"/></svg>', "image/svg+xml").strip() == drawn
