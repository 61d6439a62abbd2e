"""Which proxy an address is asked through, as HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

__all__ = ["is_here", "proxy_for", "shown"]

USUAL_PORTS = {"http": 80, "https": 443}


def proxy_for(url: str, environment: Mapping[str, str]) -> str:
    """The proxy's address, or "" for none; what is for this machine goes through none.

    NO_PROXY has names (which hold for what is beneath them too), addresses and networks such as 10.0.0.0/8, each with a
    port or without, or `*`.
    """
    at = urlsplit(url)
    host = at.hostname or ""
    found = _variable(environment, f"{at.scheme}_proxy") or _variable(environment, "all_proxy")
    if not found or is_here(host):
        return ""
    port = at.port or USUAL_PORTS.get(at.scheme, 0)
    if any(_covers(each.strip(), host, port) for each in _variable(environment, "no_proxy").split(",")):
        return ""
    return found if "://" in found else f"http://{found}"


def is_here(host: str) -> bool:
    """Whether it is this machine, whatever a server of names says."""
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return host.lower() == "localhost"


def shown(url: str) -> str:
    """An address without user, password, query and fragment: these may be secrets."""
    try:
        at = urlsplit(url)
    except ValueError:
        return "an address that is none"
    return f"{at.scheme}://{at.netloc.rpartition('@')[2]}{at.path}"


def _variable(environment: Mapping[str, str], name: str) -> str:
    """The small letters first, as other programs have it."""
    return (environment.get(name) or environment.get(name.upper()) or "").strip()


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, colon, wanted = entry.rpartition(":")
    # The colons of an address of IPv6 without brackets are its own.
    if colon and wanted.isdecimal() and ("]" in name or ":" not in name):
        if int(wanted) != port:
            return False
        entry = name
    entry = entry.strip("[]").lower()
    with suppress(ValueError):
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    name = entry.removeprefix("*").lstrip(".")
    return bool(name) and (host.lower() == name or host.lower().endswith(f".{name}"))
