"""Which certificate authorities are trusted."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from noteship import tls
from noteship.images import errors

__all__ = ["trust"]


def trust(authorities: Path | None) -> ssl.SSLContext:
    """The system's own, SSL_CERT_FILE's and a file's; "trusts nobody" would be all that TLS says of an absent one.

    Raises BadAuthorities.
    """
    found = tls.trust()
    for path in (each for each in (os.environ.get("SSL_CERT_FILE"), authorities) if each):
        try:
            found.load_verify_locations(path)
        except ssl.SSLError as error:
            raise errors.BadAuthorities(str(path), "it holds no certificates") from error
        except OSError as error:
            raise errors.BadAuthorities(str(path), error.strerror or "it cannot be read") from error
    return found
