"""Certificates that all processes of one cluster make for themselves, of a secret that each of them has as a file.

Loaded by its path in the project's interpreter. Nothing is handed over and nothing is kept: who has the secret, and the
cluster's name, makes the same keys, and nobody else does. Version 1 of how:

- 96 bytes: PBKDF2 with HMAC-SHA-256 over the secret file's bytes, 200,000 times, the salt being
  ``noteship computing 1``, a zero byte and the name in UTF-8;
- two keys on the curve P-256: each half as a number, modulo the curve's order less one, plus one;
- the first one's certificate is the authority, and signs the second one's, with which processes are known.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["FILES", "write"]

# As OWASP's recommendation for this function was in 2023, a third of it: a secret of S3 is forty random letters.
ROUNDS = 200_000
SALT = b"noteship computing 1\0"
HALF = 48
# Of P-256 (SEC 2, version 2.0, 2010): with 48 bytes a number is as good as random below it.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# No clock decides: what ends a certificate is the end of its cluster.
FIRST, LAST = datetime.datetime(2020, 1, 1), datetime.datetime(2120, 1, 1)
# Keys are read and written by this user alone.
PRIVATE = 0o600
# The authority, the certificate and its key.
FILES = ("authority.pem", "certificate.pem", "key.pem")


def write(secret: Path, name: str, folder: Path) -> None:
    """Write the `FILES` of the cluster of a name into a folder. Raises OSError.

    Cost: a tenth of a second.
    """
    seed = hashlib.pbkdf2_hmac("sha256", secret.read_bytes(), SALT + name.encode(), ROUNDS, 2 * HALF)
    issuing, own = _key(seed[:HALF]), _key(seed[HALF:])
    authority = _certificate("noteship computing", issuing, issuing, is_authority=True)
    certificate = _certificate("noteship", own, issuing, is_authority=False)
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    texts = (authority, certificate, key)
    for file, text in zip(FILES, texts, strict=True):
        with open(folder / file, "wb", opener=_opener) as stream:
            stream.write(text)


def _key(half: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(half, "big") % (ORDER - 1) + 1, ec.SECP256R1())


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuing: ec.EllipticCurvePrivateKey, *, is_authority: bool
) -> bytes:
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "noteship computing")])
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1 if is_authority else 2)
        .not_valid_before(FIRST)
        .not_valid_after(LAST)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .sign(issuing, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)
