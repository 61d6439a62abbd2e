"""The socket that a service listens on."""

from __future__ import annotations

import errno
import socket

from noteship.supervising.errors import CannotListen

__all__ = ["listen", "url_of"]

LAST_PORT = 65_535
# As many as wait to be taken while the taker is busy; the system cuts it to its own limit.
BACKLOG = 2048
REMEDIES = {
    errno.EADDRINUSE: ("another program listens there", "stop it, or take another port: --port 0 takes a free one"),
    errno.EACCES: ("this user may not listen on it", "take a port from 1024 upwards, such as --port 8080"),
    errno.EADDRNOTAVAIL: ("the address is not this machine's", "name one that is, such as --host 127.0.0.1 or 0.0.0.0"),
}


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; from here on a second service cannot take the port. Raises CannotListen."""
    # The system would take the rest of a division by 65536.
    if not 0 <= port <= LAST_PORT:
        raise CannotListen(host, port, f"ports go from 0 to {LAST_PORT}", "take another, such as --port 8080")
    listener: socket.socket | None = None
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, number)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except (OSError, UnicodeError) as error:
        if listener is not None:
            listener.close()
        code = error.errno if isinstance(error, OSError) else None
        reason, remedy = REMEDIES.get(code or 0, (str(error), "correct --host and --port, such as 127.0.0.1 and 8080"))
        raise CannotListen(host, port, reason, remedy) from error
    return listener


def url_of(host: str, listener: socket.socket, *, is_tls: bool = False) -> str:
    """Where the service is found from this machine."""
    port = listener.getsockname()[1]
    scheme = "https" if is_tls else "http"
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        host = "127.0.0.1"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
