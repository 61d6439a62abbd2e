"""One source of the project's data, as it is declared, and the origin that it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from noteship import digests
from noteship.digests import Digest
from noteship.ingestion.address import Address
from noteship.ingestion.credentials import Credentials, Secret, secret_of
from noteship.ingestion.forms import Form
from noteship.ingestion.guarding import GuardedOrigin
from noteship.ingestion.offsets import Offsets
from noteship.ingestion.origin import Limits, Origin

__all__ = ["Source", "open_origin"]

# Raised whenever equal declarations and versions would give other bytes than before.
FORM_VERSION = 2


@dataclass(frozen=True)
class Source:
    """Where data come from, and the file or folder of the project that they become; nothing in it is secret.

    - period: of what was collected: from which moment on, or for how long lately, and whether labels have to be there
    """

    name: str
    address: Address
    target: str
    query: str = ""
    offsets: Offsets = field(default_factory=Offsets)
    form: Form = "text"
    credentials: Credentials | None = None
    limits: Limits = field(default_factory=Limits)
    period: tuple[float | None, float | None, bool] = (None, None, False)

    @property
    def digest(self) -> Digest:
        """Of all that decides what comes, but for what the origin has: not of who asks, and how patiently.

        The digest of the canonical JSON of ["data source", 2, from, to, query, offsets, form], and of what was
        collected its period, too.
        """
        parts = [self.address.text, self.target, self.query, self.offsets.to_json(), self.form]
        period = [list(self.period)] if self.address.kind == "collected" else []
        return digests.of_value(["data source", FORM_VERSION, *parts, *period])


def open_origin(source: Source, root: Path, digest_of: Callable[[Path], str], own: Origin | None = None) -> Origin:
    """The origin, of which nothing is asked yet; relative paths begin at `root`. Raises CredentialsMissing.

    `own`: that of what the project itself has collected, whose form this room does not know.
    """
    secret = secret_of(source.credentials, source.address.text, root)
    origin = own or _origin(source, root, digest_of, secret)
    return GuardedOrigin(origin, secret, f"noteship.toml, [{source.name}]")


def _origin(source: Source, root: Path, digest_of: Callable[[Path], str], secret: Secret) -> Origin:
    address = source.address
    if address.kind == "file":
        from noteship.ingestion.files import FileOrigin

        return FileOrigin(address.text, root / Path(address.path).expanduser(), digest_of)
    if address.kind == "s3":
        from noteship.ingestion.objects import ObjectOrigin

        return ObjectOrigin(address.text, address.host, address.path)
    if address.kind == "http":
        from noteship.ingestion.web import WebOrigin

        return WebOrigin(address, source.credentials, secret)
    if address.kind == "postgresql":
        from noteship.ingestion.postgres import PostgresOrigin

        return PostgresOrigin(address, secret, source.query)
    from noteship.ingestion.kafka import KafkaOrigin

    return KafkaOrigin(address, source.offsets, source.form, source.credentials, secret)
