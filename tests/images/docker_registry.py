"""A real registry of Debian's package docker-registry, with a folder and a port of its own."""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

USER, PASSWORD = "ada", "s3cr3t-of-ada"
# `htpasswd -nbB` of the two, at the least cost.
HTPASSWD = "ada:$2y$05$YM3C3PtFynSJSlaYKTCKVu.W4UBJ5QPvgCltbIKKniZ9EdOhf.Rmy\n"
STARTS_WITHIN_S = 30.0


@cache
def shared(*, with_login: bool = False) -> str:
    """The host of one that all tests of this process use; each takes repositories of its own."""
    stack = ExitStack()
    atexit.register(stack.close)
    folder = Path(tempfile.mkdtemp(prefix="noteship-registry-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    process, host = started(folder, with_login=with_login)
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
    return host


def started(folder: Path, *, with_login: bool = False, port: int | None = None) -> tuple[subprocess.Popen[bytes], str]:
    """A registry that answers, and its host; who started it ends it."""
    program = shutil.which("docker-registry")
    if not program:
        pytest.fail("these tests need Debian's package docker-registry")
    host = f"127.0.0.1:{port or _free_port()}"
    lines = [
        "version: 0.1",
        "log: {level: error, accesslog: {disabled: true}}",
        f"storage: {{filesystem: {{rootdirectory: '{folder}/data'}}}}",
        f"http: {{addr: '{host}'}}",
    ]
    if with_login:
        (folder / "users").write_text(HTPASSWD)
        lines.append(f"auth: {{htpasswd: {{realm: tests, path: '{folder}/users'}}}}")
    (folder / "config.yml").write_text("\n".join(lines) + "\n")
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    _wait(host, process, folder)
    return process, host


def _wait(host: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{host}/v2/", timeout=5):
                return
        except urllib.error.HTTPError as error:
            with error:
                return
        except OSError:
            time.sleep(0.05)
    process.kill()
    pytest.fail(f"docker-registry does not start: {(folder / 'log').read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
