"""The page of an executed notebook, in a real browser."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from noteship import notebooks

from .chromium import chromium

pytestmark = pytest.mark.debian

OUTPUT = """
<meta http-equiv=refresh content="0;url={url}/refresh"><base href="{url}/base/"><link rel=stylesheet href="{url}/style">
<img src="{url}/image" onerror="fetch('{url}/error')"><iframe src="{url}/frame"></iframe><script src="{url}/script">
</script><svg><style><meta http-equiv=refresh content="0;url={url}/svg"></style><image href="{url}/drawn"/></svg>
<form action="{url}/form"><button id="send">send</button></form><b id="end" style="background: url({url}/css)">end</b>
"""


@contextmanager
def recording() -> Iterator[tuple[ThreadingHTTPServer, list[str]]]:
    """A server that gives one page and knows what else it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        page = b""

        def do_GET(self) -> None:
            if self.path != "/":
                asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(self.page)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            del code, size

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        output = {"output_type": "display_data", "data": {"text/html": OUTPUT.format(url=url)}}
        cell = {"cell_type": "code", "source": "show()", "execution_count": 1, "outputs": [output]}
        Handler.page = notebooks.page("page", json.dumps({"cells": [cell], "nbformat": 4})).encode()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server, asked
        finally:
            server.shutdown()


def test_an_output_makes_the_browser_fetch_nothing() -> None:
    """No element of an output makes the browser ask for anything, or leave the page."""
    with recording() as (server, asked), chromium() as page:
        page.open(f"http://127.0.0.1:{server.server_port}/")
        page.until("document.getElementById('end').textContent === 'end'")
        page.value("document.getElementById('send').click()")
        time.sleep(0.5)
        assert page.value("location.pathname + location.search") == "/"
        assert [path for path in asked if path != "/favicon.ico"] == []
