"""A headless Chromium, spoken to through two pipes in its own protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
)

# The browser reads from its descriptor 3 and writes to 4.
CONNECT = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for number, end in enumerate(ends, 3):
    os.dup2(end, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Page:
    """One page of the browser."""

    def __init__(self, requests: int, responses: int) -> None:
        self._requests = requests
        self._responses = responses
        self._unread = b""
        self._sent = 0
        self._session = ""
        self.complaints: list[str] = []

    def open(self, url: str) -> None:
        """Show a URL and wait until it is loaded."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def look(self, width: int, height: int, scheme: str = "light") -> None:
        """Take the size of a window, and the colours of the day or the night."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def value(self, script: str) -> Any:
        """What an expression gives in the page."""
        told = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, script: str, patience_s: float = 20) -> None:
        """Wait until an expression is true."""
        ends = time.monotonic() + patience_s
        while not self.value(script):
            assert time.monotonic() < ends, f"never true: {script}"
            time.sleep(0.02)

    def picture(self, path: Path) -> None:
        """Write what is to be seen as a PNG."""
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol."""
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._requests, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._sent:
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result
            if told.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(json.dumps(told["params"])[:500])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            piece = os.read(self._responses, 1 << 16)
            assert piece, "the browser has ended"
            self._unread += piece
        text, _, self._unread = self._unread.partition(b"\0")
        told: dict[str, Any] = json.loads(text)
        return told


@contextmanager
def chromium() -> Iterator[Page]:
    """A browser for as long as the block lasts."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "chromium is missing; install it with the system's package manager"
    to_browser, requests = os.pipe()
    responses, from_browser = os.pipe()
    with tempfile.TemporaryDirectory(prefix="noteship-", ignore_cleanup_errors=True) as home:
        command = [program, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={home}"]
        process = subprocess.Popen(
            [sys.executable, "-c", CONNECT, str(to_browser), str(from_browser), *command],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        try:
            yield Page(requests, responses)
        finally:
            process.kill()
            process.wait()
            os.close(requests)
            os.close(responses)
