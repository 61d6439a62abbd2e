"""Real destinations of images of each kind: for the suite that all of them fulfil."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from images import docker_registry
from noteship.images import reference
from noteship.images.destination import Destination
from noteship.images.layout import Layout
from noteship.images.registries.memory_registry import MemoryRegistry
from noteship.images.registries.memory_server import serving
from noteship.images.registries.registry import Registry
from noteship.images.registries.transport import Transport

ALL = [
    "folder",
    "memory",
    "memory with tokens",
    "memory without referrers and mounts",
    pytest.param("docker-registry", marks=pytest.mark.debian),
    pytest.param("docker-registry with a login", marks=pytest.mark.debian),
]
# A repository's destination.
Open = Callable[[str], Destination]


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Open]:
    """What opens repositories of one kind, which are new ones."""
    if kind == "folder":
        yield lambda name: Layout(folder / name)
    elif kind.startswith("memory"):
        with serving(_memory(kind)) as host, Transport() as transport:
            yield _of(host, transport, logins(folder, host))
    else:
        host = docker_registry.shared(with_login="login" in kind)
        with Transport() as transport:
            yield _of(host, transport, logins(folder, host))


def logins(folder: Path, host: str) -> Path:
    """A file with the tests' login of a host."""
    path = folder / "logins.json"
    login = {"username": docker_registry.USER, "password": docker_registry.PASSWORD}
    path.write_text(json.dumps({"auths": {host: login}}))
    return path


def _memory(kind: str) -> MemoryRegistry:
    if "tokens" in kind:
        return MemoryRegistry(login="bearer", users={docker_registry.USER: docker_registry.PASSWORD})
    return MemoryRegistry(has_referrers=False, mounts=405) if "without" in kind else MemoryRegistry()


def _of(host: str, transport: Transport, file: Path) -> Open:
    prefix = f"t{secrets.token_hex(6)}"
    return lambda name: Registry(reference.parsed(f"{host}/{prefix}/{name}"), transport, file)
