"""Whom connections over TLS trust."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from noteship import digests, files

__all__ = ["BESIDE", "trust", "trust_beside"]

# Names the file of PEM certificates that a pod trusts beside its system's.
BESIDE = "NOTESHIP_AUTHORITIES"
# Each is read by some of the libraries that noteship and stages use, in place of what the system trusts.
READ = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
# Where Debian, Fedora and its kin, SUSE, and Alpine keep all authorities in one file.
SYSTEMS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


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


def trust_beside() -> None:
    """Let this process, and those that it starts, trust the file that NOTESHIP_AUTHORITIES names, too.

    Libraries read one file of authorities each, so it is joined with the system's in the temporary folder. Once only:
    the variable is taken out of the environment. Raises OSError where the file cannot be read or the other written.
    """
    named = os.environ.get(BESIDE)
    if not named:
        return
    # The own ones first: few, and some libraries stop at a certificate that they cannot read.
    joined = b"\n".join((Path(named).read_bytes(), *_of_system()))
    at = Path(tempfile.gettempdir(), f"authorities-{digests.of_bytes(joined)[:16]}.pem")
    files.write(at, joined)
    os.environ.update(dict.fromkeys(READ, str(at)))
    del os.environ[BESIDE]


def _of_system() -> Iterator[bytes]:
    own = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    for path in (own, *SYSTEMS):
        if path:
            with suppress(OSError):
                yield Path(path).read_bytes()
                return
