"""From the names of places that pods are to reach to what a NetworkPolicy takes: addresses, or pods of a namespace."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from noteship import cluster
from noteship.cluster.manifests import Destination
from noteship.operations.errors import PlaceUnresolved

__all__ = ["Lookup", "api", "destination", "looked_up", "of_url"]

# A Service of the cluster by namespace and name, or None.
Lookup = Callable[[str, str], Mapping[str, Any] | None]
PORTS = {"http": 80, "https": 443, "nats": 4222, "tls": 4222}
_SERVICE = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc(\.cluster\.local)?\.?")


def destination(place: str, setting: str, lookup: Lookup | None = None) -> Destination:
    """Where HOST:PORT[,PORT] is: pods for a Service (NAME.NAMESPACE.svc), else addresses. Raises PlaceUnresolved.

    A policy sees the ports of pods, not those of the Service before them: `lookup` tells which these are.
    """
    host, _, ports = place.rpartition(":")
    numbers = tuple(int(each) for each in ports.split(","))
    host = host.strip("[]")
    service = _SERVICE.fullmatch(host)
    if service:
        return _behind(place, service[1], service[2], numbers, lookup)
    addresses = (host,) if _is_network(host) else _addresses(host, place, setting)
    if all(ipaddress.ip_network(each, strict=False).is_loopback for each in addresses):
        raise PlaceUnresolved(place, setting, "it is this machine's own address, and to pods their own")
    return Destination(place, numbers, addresses)


def of_url(url: str, setting: str, lookup: Lookup | None = None) -> Destination:
    """The same of an address with a scheme."""
    parts = urlsplit(url)
    port = parts.port or PORTS.get(parts.scheme, 443)
    host = parts.hostname or ""
    return destination(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", setting, lookup)


def api(asked: cluster.Cluster) -> Destination:
    """Where the cluster's own API is, behind its Service: as it says, else as it is asked from here."""
    with suppress(cluster.errors.RightMissing, cluster.errors.ApiNotServed):
        found = asked.get(cluster.ObjectRef("v1", "Endpoints", "kubernetes", "default")) or {}
        for each in found.get("subsets") or ():
            addresses = tuple(str(one["ip"]) for one in each.get("addresses") or ())
            ports = tuple(int(one["port"]) for one in each.get("ports") or ())
            if addresses and ports:
                return Destination("the cluster's API", ports, addresses)
    return of_url(asked.url, "the kubeconfig's server")


def looked_up(asked: cluster.Cluster) -> Lookup:
    """Services as a cluster has them; who may not look at one is answered as if it were not there."""

    def service(namespace: str, name: str) -> Mapping[str, Any] | None:
        with suppress(cluster.errors.RightMissing):
            return asked.get(cluster.ObjectRef("v1", "Service", name, namespace))
        return None

    return service


def _behind(place: str, name: str, namespace: str, ports: tuple[int, ...], lookup: Lookup | None) -> Destination:
    spec = (((lookup(namespace, name) if lookup else None) or {}).get("spec")) or {}
    own = {each["port"]: each.get("targetPort", each["port"]) for each in spec.get("ports") or ()}
    # A port by its name is another number in each pod: the Service's own is as good as any.
    found = tuple(own[each] if isinstance(own.get(each), int) else each for each in ports)
    return Destination(place, found, namespace=namespace, pods=spec.get("selector") or {})


def _is_network(host: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_network(host, strict=False)
        return True
    return False


def _addresses(host: str, place: str, setting: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise PlaceUnresolved(place, setting, getattr(error, "strerror", None) or str(error)) from error
    addresses = {ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found}
    return tuple(str(each) for each in sorted(addresses, key=lambda one: (one.version, int(one))))
