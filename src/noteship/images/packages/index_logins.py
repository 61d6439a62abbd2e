"""Logins of package indexes, from where uv and pip read them: the addresses of indexes, and ~/.netrc."""

from __future__ import annotations

import base64
import netrc
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from noteship.images.registries.messages import origin

__all__ = ["headers"]

# Each with addresses, apart by blanks; those of uv may have a name before a "=".
VARIABLES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
)


def headers(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The headers that only this address's host may see; none where nobody gave a login for it.

    >>> headers("http://localhost:1/a.whl", {"UV_INDEX": "team=http://ann:pw@localhost:1/simple"})
    {'authorization': 'Basic YW5uOnB3'}
    >>> headers("http://localhost:2/a.whl", {"UV_INDEX": "team=http://ann:pw@localhost:1/simple", "HOME": "/nowhere"})
    {}
    """
    for each in (url, *_indexes(environment)):
        at = urlsplit(each)
        if at.username and origin(each) == origin(url):
            return _basic(unquote(at.username), unquote(at.password or ""))
    found = _of_netrc(urlsplit(url).hostname or "", environment)
    return _basic(*found) if found else {}


def _indexes(environment: Mapping[str, str]) -> Iterator[str]:
    for name in VARIABLES:
        for each in environment.get(name, "").split():
            before, mark, rest = each.partition("=")
            yield rest if mark and "/" not in before else each


def _of_netrc(host: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    path = Path(environment.get("NETRC") or Path(environment.get("HOME", "/"), ".netrc"))
    try:
        found = netrc.netrc(path).authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0] or "", found[2] or "") if found else None


def _basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
