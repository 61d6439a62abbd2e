"""Who may call a service, and how its connections are protected, as the operator says it."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.operations.errors import Contradiction, OpenToAll

if TYPE_CHECKING:
    from noteship import serving

__all__ = ["Access", "is_loopback", "issue"]


@dataclass(frozen=True)
class Access:
    """Who may call: a file of tokens, rules for the cluster's users, or everybody; and the files for TLS."""

    tokens: Path | None = None
    reviews: tuple[str, ...] = ()
    audience: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    is_open: bool = False

    @property
    def asks(self) -> bool:
        """Whether callers are asked who they are."""
        return self.tokens is not None or bool(self.reviews)

    def check(self, host: str) -> None:
        """Raises Contradiction, and OpenToAll where others than this machine could call without being asked."""
        if self.is_open and self.asks:
            raise Contradiction("--no-auth leaves nobody out", "leave --no-auth out, or --tokens and --token-review")
        if self.audience is not None and not self.reviews:
            raise Contradiction(
                "--token-audience is about the cluster's tokens", "say whose: --token-review PATTERN=SCOPE"
            )
        if (self.certificate is None) != (self.key is None):
            raise Contradiction("TLS takes a certificate and its key", "give --tls-certificate and --tls-key")
        if not self.asks and not self.is_open and not is_loopback(host):
            raise OpenToAll(host)

    def check_admin(self, host: str, *, is_open: bool) -> None:
        """Raises Contradiction where everybody, and not only who is on this machine, could change what is served."""
        if is_open and self.asks:
            raise Contradiction(
                "--admin lets everybody change what is served, and tokens say who may",
                "leave --admin out, and give the operator a token: noteship token NAME --scope admin",
            )
        if is_open and not is_loopback(host):
            raise Contradiction(
                f"--admin would let everybody who reaches {host} change what is served",
                "leave --admin out, and give the operator a token: noteship token NAME --scope admin",
            )

    def callers(self) -> serving.Callers | None:
        """For the service. Raises BadReviewRule."""
        from noteship import serving

        if not self.asks:
            return None
        rules = tuple(map(serving.Rule.parsed, self.reviews))
        return serving.Callers(self.tokens, serving.Review(rules, self.audience) if rules else None)

    def tls(self) -> serving.Certificate | None:
        """For the service."""
        from noteship import serving

        if self.certificate is None or self.key is None:
            return None
        return serving.Certificate(self.certificate, self.key)


def issue(name: str, scopes: tuple[str, ...], file: Path | None) -> serving.Issued:
    """Make a token; its line is added to the file. Raises BadTokenFile."""
    from noteship import serving

    issued = serving.issue(name, scopes)
    if file is not None:
        try:
            before = file.read_text(encoding="utf-8") if file.exists() else ""
            end = "" if not before or before.endswith("\n") else "\n"
            with file.open("a", encoding="utf-8") as stream:
                stream.write(f"{end}{issued.line}\n")
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
            raise serving.errors.BadTokenFile(str(file), 0, reason) from error
    return issued


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it; what has no address is told when it is listened on."""
    try:
        # As it is listened on.
        address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0][4][0]
        return ipaddress.ip_address(str(address).partition("%")[0]).is_loopback
    except (OSError, UnicodeError):
        return True
