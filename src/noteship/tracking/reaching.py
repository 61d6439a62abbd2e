"""Whether a server can be reached at all: known in milliseconds, while MLflow's client takes seconds to load."""

from __future__ import annotations

import socket
import urllib.request
from urllib.parse import urlsplit

__all__ = ["obstacle"]

PORTS = {"http": 80, "https": 443}
TIMEOUT_S = 5.0


def obstacle(server: str) -> str:
    """Why nobody can speak to a server; empty where somebody listens, and where only its client can find out.

    >>> obstacle("http://127.0.0.1:1"), obstacle("sqlite:///mlflow.db")
    ('connection refused', '')
    """
    parts = urlsplit(server)
    if parts.scheme not in PORTS or not parts.hostname:
        return ""  # a file, or a scheme of the client's own
    if parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(parts.hostname):
        return ""
    try:
        socket.create_connection((parts.hostname, parts.port or PORTS[parts.scheme]), TIMEOUT_S).close()
    except socket.gaierror:
        return "its name is not known"
    except TimeoutError:
        return "it does not answer in time"
    except (OSError, ValueError) as error:
        return (getattr(error, "strerror", None) or str(error)).lower()
    return ""
