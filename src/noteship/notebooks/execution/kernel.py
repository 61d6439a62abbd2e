"""Talks to one IPython kernel: the only module that knows jupyter_client and its sockets."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from noteship import files

__all__ = ["Kernel", "Message", "load"]

Message = dict[str, Any]

# sun_path in <sys/un.h> has 108 bytes on Linux and 104 on macOS; "/k-1" and the final zero come on top.
SOCKET_PATH_BYTES = 90
# A subscription takes a moment to arrive; a lost answer is asked for again after this time.
ASK_AGAIN_S = 0.2
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


def load() -> None:
    """Import what talks to kernels, which takes as long as a kernel's start: to be done beside it."""
    import jupyter_client.session  # noqa: F401
    import zmq  # noqa: F401


class Kernel:
    """The client's end of a kernel's sockets, in a folder of its own; to be used by one thread."""

    def __init__(self, folder: Path) -> None:
        """Choose the sockets and write the connection file, which only this user can read."""
        self.connection_file = folder / "connection.json"
        self._info = _connection(folder)
        files.write(self.connection_file, json.dumps(self._info).encode())
        self.connection_file.chmod(0o600)
        self.language: dict[str, Any] = {"name": "python"}
        self._sockets: dict[str, Any] = {}

    def connect(self) -> None:
        """Connect to a kernel that has bound its sockets."""
        import zmq
        from jupyter_client.session import Session

        self._session = Session(key=self._info["key"].encode(), signature_scheme=self._info["signature_scheme"])
        self._poller = zmq.Poller()
        for name, kind in (("shell", zmq.DEALER), ("control", zmq.DEALER), ("iopub", zmq.SUB)):
            opened: Any = zmq.Context.instance().socket(kind)
            opened.linger = 0
            # Without limit: a cell that prints fast must not lose output, nor the word that it is done.
            opened.rcvhwm = 0
            opened.connect(self._address(name))
            self._sockets[name] = opened
        self._sockets["iopub"].setsockopt(zmq.SUBSCRIBE, b"")
        for name in ("shell", "iopub"):
            self._poller.register(self._sockets[name], zmq.POLLIN)

    def answers(self, within_s: float) -> bool:
        """Whether both its answers and its broadcasts arrive."""
        heard: set[str] = set()
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            self._send("shell", "kernel_info_request", {})
            again = time.monotonic() + ASK_AGAIN_S
            while time.monotonic() < again:
                for channel, message in self.messages(ASK_AGAIN_S / 2):
                    heard.add(channel)
                    self.language = message["content"].get("language_info", self.language)
                if heard == {"shell", "iopub"}:
                    return True
        return False

    def execute(self, source: str) -> str:
        """Ask it to run a cell. Returns the request's id."""
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        return self._send("shell", "execute_request", content)

    def messages(self, wait_s: float) -> Iterator[tuple[Literal["shell", "iopub"], Message]]:
        """What has arrived, waiting at most this long for the first."""
        ready = dict(self._poller.poll(round(wait_s * 1000)))
        names: tuple[Literal["iopub", "shell"], ...] = ("iopub", "shell")
        for name in names:
            channel = self._sockets[name]
            while channel in ready:
                received = self._session.recv(channel)[1]
                if received is None:
                    break
                yield name, received

    def shut_down(self) -> None:
        """Ask it to end, so that what its objects hold back is written."""
        self._send("control", "shutdown_request", {"restart": False})

    def close(self) -> None:
        """Close this end."""
        for opened in self._sockets.values():
            with contextlib.suppress(OSError):
                opened.close()
        self._sockets.clear()

    def _send(self, channel: str, kind: str, content: Message) -> str:
        message = self._session.msg(kind, content)
        self._session.send(self._sockets[channel], message)
        return str(message["header"]["msg_id"])

    def _address(self, channel: str) -> str:
        separator = "-" if self._info["transport"] == "ipc" else ":"
        return f"{self._info['transport']}://{self._info['ip']}{separator}{self._info[channel + '_port']}"


def _connection(folder: Path) -> dict[str, Any]:
    path = str(folder / "k")
    short = hasattr(socket, "AF_UNIX") and len(path.encode()) <= SOCKET_PATH_BYTES
    ports = range(1, 6) if short else _free_ports(len(CHANNELS))
    return {
        "transport": "ipc" if short else "tcp",
        "ip": path if short else "127.0.0.1",
        "key": secrets.token_hex(32),
        "signature_scheme": "hmac-sha256",
        **{f"{name}_port": port for name, port in zip(CHANNELS, ports, strict=True)},
    }


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in opened:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in opened]
