"""Whom connections over TLS trust."""

from __future__ import annotations

import ssl
from pathlib import Path

__all__ = ["trust"]


def trust(only: str | Path = "") -> ssl.SSLContext:
    """What connections are made with: the system's authorities are trusted, or those that are given, and nobody else.

    - only: PEM certificates as text, or the file that holds them

    Raises: OSError, of which ssl.SSLError is one, where they cannot be read or are none.
    """
    text = only if isinstance(only, str) and only else None
    found = ssl.create_default_context(cadata=text, cafile=only if isinstance(only, Path) else None)
    # Private authorities often have none of the extensions that Python asks for since 3.13.
    found.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return found
