"""TLS with a certificate that may be replaced while connections are open."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from noteship.errors import cut
from noteship.serving.errors import BadCertificate
from noteship.serving.reloading import Reloading

__all__ = ["Certificate", "context"]


@dataclass(frozen=True)
class Certificate:
    """A file with a certificate and those that signed it, and one with its key, in PEM."""

    chain: Path
    key: Path


def context(certificate: Certificate, reloading: Reloading) -> ssl.SSLContext:
    """What servers listen with, TLS 1.2 at least. New connections get the certificate that the files hold then.

    Raises BadCertificate.
    """
    outer = _loaded(certificate)
    current = outer

    def read() -> None:
        nonlocal current
        # A new one: a handshake that goes on meanwhile must not see the one's certificate with the other's key.
        current = _loaded(certificate)

    def chosen(connection: ssl.SSLObject, name: str | None, before: ssl.SSLContext) -> None:  # noqa: ARG001
        connection.context = current

    # Called at each handshake, whether or not the client names a server.
    outer.sni_callback = chosen
    reloading.watch((certificate.chain, certificate.key), read)
    return outer


def _loaded(certificate: Certificate) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password OpenSSL asks the terminal for that of an encrypted key.
        made.load_cert_chain(certificate.chain, certificate.key, password="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "they are not in PEM"
        raise BadCertificate(str(certificate.chain), str(certificate.key), cut(str(reason))) from error
    return made
