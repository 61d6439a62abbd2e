"""Logins of registries, where docker, podman and Kubernetes keep them; read when one is asked for, shown nowhere."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from noteship.images import errors
from noteship.images.registries import credential_helper

__all__ = ["Login", "find"]

# Some thousand logins; what is larger is another file.
LIMIT_BYTES = 1 << 20
_FIELDS = ("auth", "username", "password", "identitytoken", "registrytoken")


@dataclass(frozen=True)
class Login:
    """How a registry lets somebody in, and where that was found.

    - identity_token: asks the registry's token service for tokens, in place of name and password
    - registry_token: is sent to the registry as it is
    """

    place: str
    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """For messages."""
        return f"as {self.username or 'the bearer of a token'}, of {self.place}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be shown nowhere."""
        return tuple(filter(None, (self.password, self.identity_token, self.registry_token)))


def find(
    registry: str, repository: str, environment: Mapping[str, str] | None = None, file: Path | None = None
) -> Login | None:
    """The login for a repository, of the first file that has one; None where there is none.

    A file that is given, or named by REGISTRY_AUTH_FILE, is the only one, such as the .dockerconfigjson of Kubernetes'
    pull secrets. Else these are looked through: DOCKER_CONFIG's, podman's, and docker's in the home folder. In each one
    a program for the registry (credHelpers) comes before one for all (credsStore), and both before the file's own
    (auths), of which the longest name wins that the repository's begins with.

    Raises BadLogins, CredentialHelperFailed.
    """
    known = os.environ if environment is None else environment
    only = file or (Path(known["REGISTRY_AUTH_FILE"]) if known.get("REGISTRY_AUTH_FILE") else None)
    if only:
        return _in_file(only, _read(only, must_exist=True), registry, repository, known)
    found = (_in_file(path, _read(path), registry, repository, known) for path in _usual(known))
    return next((login for login in found if login), None)


def _usual(environment: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environment.get("HOME") or Path.home())
    if environment.get("DOCKER_CONFIG"):
        yield Path(environment["DOCKER_CONFIG"], "config.json")
    if environment.get("XDG_RUNTIME_DIR"):
        yield Path(environment["XDG_RUNTIME_DIR"], "containers/auth.json")
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config", "containers/auth.json")
    if not environment.get("DOCKER_CONFIG"):
        yield home / ".docker/config.json"


def _in_file(
    path: Path, given: dict[str, Any], registry: str, repository: str, environment: Mapping[str, str]
) -> Login | None:
    logins = _table(path, given, "auths")
    is_older = not {"auths", "credHelpers", "credsStore"} & given.keys()
    if is_older and all(isinstance(each, dict) for each in given.values()):
        logins = given  # .dockercfg
    stored = _nearest(logins, registry, repository)
    own = _login(path, stored, logins[stored]) if stored else None
    helper = _table(path, given, "credHelpers").get(registry) or given.get("credsStore")
    if not helper:
        return own
    if not isinstance(helper, str):
        raise errors.BadLogins(str(path), "the name of a program (credsStore, credHelpers) is no text")
    try:
        return _helped(helper, registry, stored, environment) or own
    except errors.CredentialHelperFailed:
        # The file may come from a machine that has the program.
        if own:
            return own
        raise


def _helped(helper: str, registry: str, stored: str, environment: Mapping[str, str]) -> Login | None:
    """The program's login: asked for as the file writes the registry, which may be with https:// before it."""
    for key in dict.fromkeys((registry, stored or registry)):
        found = credential_helper.ask(helper, key, environment)
        if found:
            name, secret = found
            place = credential_helper.PREFIX + helper
            # docker's own sign for a secret that is an identity token.
            return Login(place, identity_token=secret) if name == "<token>" else Login(place, name, secret)
    return None


def _read(path: Path, *, must_exist: bool = False) -> dict[str, Any]:
    """What a file says; its text is not shown, as there are secrets in it."""
    try:
        with path.open("rb") as stream:
            value = json.loads(stream.read(LIMIT_BYTES) or b"{}")
    except (FileNotFoundError, NotADirectoryError) as error:
        if must_exist:
            raise errors.BadLogins(str(path), "No such file") from error
        return {}
    except OSError as error:
        raise errors.BadLogins(str(path), error.strerror or type(error).__name__) from error
    except ValueError as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise errors.BadLogins(str(path), f"it is no JSON{where}") from None
    if not isinstance(value, dict):
        raise errors.BadLogins(str(path), "it is no JSON object")
    return value


def _table(path: Path, given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name) or {}
    if not isinstance(value, dict):
        raise errors.BadLogins(str(path), f"{name} is no JSON object")
    return value


def _nearest(logins: Mapping[str, Any], registry: str, repository: str) -> str:
    """The key with the longest path that leads to the repository; one with `*` in its host only where none is exact."""
    wanted = f"{registry}/{repository}/"
    exact = [key for key in logins if wanted.startswith(f"{_plain(key)}/")]
    loose = [key for key in logins if "*" in key and _is_like(_plain(key), registry, repository)]
    return max(exact or loose, key=lambda key: len(_plain(key)), default="")


def _plain(key: str) -> str:
    """A key as names of images are written: docker's own may be an address of the registry's first two versions."""
    host, _, path = key.partition("://")[2 if "://" in key else 0].partition("/")
    path = path.strip("/")
    return host if path in ("", "v1", "v2") else f"{host}/{path}"


def _is_like(key: str, registry: str, repository: str) -> bool:
    """Kubernetes' form: each label of a host may have `*` in it."""
    host, _, path = key.partition("/")
    labels, wanted = host.split("."), registry.split(".")
    is_host = len(labels) == len(wanted) and all(fnmatchcase(*pair) for pair in zip(wanted, labels, strict=True))
    return is_host and f"{repository}/".startswith(f"{path}/" if path else "")


def _login(path: Path, key: str, entry: Any) -> Login | None:
    """What an entry says; an empty one only tells that a program keeps it."""
    if not isinstance(entry, dict) or not all(isinstance(entry.get(name, ""), str) for name in _FIELDS):
        raise errors.BadLogins(str(path), f"auths '{key}' is no login")
    given = {name: entry.get(name, "") for name in _FIELDS}
    name, password = given["username"], given["password"]
    if given["auth"]:
        try:
            name, colon, password = base64.b64decode(given["auth"], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise errors.BadLogins(str(path), f"auths '{key}': its auth is no base64 of name:password") from None
        if not colon:
            raise errors.BadLogins(str(path), f"auths '{key}': its auth is no base64 of name:password")
        # Old versions of docker filled it up.
        password = password.strip("\0")
    if not any((name, password, given["identitytoken"], given["registrytoken"])):
        return None
    return Login(str(path), name, password, given["identitytoken"], given["registrytoken"])
