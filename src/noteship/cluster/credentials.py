"""What is sent to say who asks: a token, from a file that changes or a program that gives one, or a password.

A token is read again when the cluster refuses it, when its end is near, and a file's at least once a minute, as the
kubelet replaces it while a pod runs.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from noteship.cluster import errors
from noteship.cluster.kubeconfig import Access, Login, Program

__all__ = ["Credentials", "Given", "certificate_files"]

# As client-go has it for a pod's own token, which is replaced when 80 % of its hour have passed.
FILE_S = 60.0
# Sooner than it ends: a clock may be off, a request takes its time.
EARLY_S = 10.0
# People log in within such a program.
PROGRAM_S = 300.0
VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


@dataclass(frozen=True)
class Given:
    """What was given: headers to send, a certificate to show, and until when (of the monotonic clock)."""

    headers: tuple[tuple[str, str], ...] = ()
    certificate: bytes = b""
    key: bytes = b""
    until_s: float = float("inf")

    def __repr__(self) -> str:
        return "Given(…)"


class Credentials:
    """Who asks, kept fresh; safe among threads. Raises LoginFailed where there is nothing to be had."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._login = access.login
        self._given: Given | None = None
        self._lock = threading.Lock()

    @property
    def can_be_renewed(self) -> bool:
        """Whether asking again may give others."""
        return bool(self._login.token_file or (self._login.program and not self._login.token))

    def current(self) -> Given:
        """What to send now."""
        with self._lock:
            if self._given is None or time.monotonic() >= self._given.until_s:
                self._given = self._fresh()
            return self._given

    def refused(self, given: Given) -> None:
        """Have others next time, unless another thread has seen to it."""
        with self._lock:
            if self._given is given:
                self._given = None

    def _fresh(self) -> Given:
        """The first way that there is, in the order of kubectl."""
        login = self._login
        if login.token_file:
            return _bearer(_read(login.token_file), time.monotonic() + FILE_S, login)
        if login.token:
            return _bearer(login.token, float("inf"), login)
        if login.program:
            return _from_program(login.program, self._access)
        if login.password:
            coded = base64.b64encode(":".join(login.password).encode()).decode()
            return Given((("Authorization", f"Basic {coded}"), *login.acts_as))
        return Given(login.acts_as, login.certificate, login.key)


def _bearer(token: str, until_s: float, login: Login) -> Given:
    return Given((("Authorization", f"Bearer {token}"), *login.acts_as), login.certificate, login.key, until_s)


def _read(path: Path) -> str:
    try:
        token = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise errors.LoginFailed("the file of the token", str(path), error.strerror or "it cannot be read") from None
    except UnicodeDecodeError:
        token = ""
    if not token or not token.isprintable() or " " in token:
        raise errors.LoginFailed("the file of the token", str(path), "it holds no token")
    return token


def _from_program(program: Program, access: Access) -> Given:
    name = f"the program '{Path(program.command).name}'"
    if program.version not in VERSIONS:
        reason = f"its apiVersion '{program.version}' is not known; {' and '.join(VERSIONS)} are"
        raise errors.LoginFailed(name, access.who, reason, program.hint)
    try:
        status = _run(program, access)
    except FileNotFoundError:
        raise errors.LoginFailed(name, access.who, "it is not installed, or not on PATH", program.hint) from None
    except OSError as error:
        raise errors.LoginFailed(name, access.who, error.strerror or "it cannot be run", program.hint) from None
    except subprocess.TimeoutExpired:
        raise errors.LoginFailed(name, access.who, f"no answer within {PROGRAM_S:.0f} s", program.hint) from None
    except subprocess.CalledProcessError as error:
        # What it says on standard error goes to the person as it is: it may ask to log in at an address.
        raise errors.LoginFailed(name, access.who, f"it ended with {error.returncode}", program.hint) from None
    except (ValueError, TypeError, KeyError):
        # Its answer holds a secret, so nothing of it is shown.
        raise errors.LoginFailed(name, access.who, "its answer is no ExecCredential", program.hint) from None
    token = (("Authorization", f"Bearer {status['token']}"),) if status.get("token") else ()
    certificate, key = (str(status.get(f"client{each}Data") or "").encode() for each in ("Certificate", "Key"))
    if not token and not certificate:
        raise errors.LoginFailed(name, access.who, "it gave neither token nor certificate", program.hint)
    return Given(
        (*token, *access.login.acts_as),
        certificate or access.login.certificate,
        key or access.login.key,
        _end(status.get("expirationTimestamp")),
    )


def _run(program: Program, access: Access) -> Mapping[str, Any]:
    ended = subprocess.run(
        [program.command, *program.words],
        env={**os.environ, **dict(program.environment), "KUBERNETES_EXEC_INFO": json.dumps(_told(program, access))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=PROGRAM_S,
        check=True,
    )
    answer = json.loads(ended.stdout)
    if answer["kind"] != "ExecCredential":
        raise ValueError(answer["kind"])
    status = answer["status"]
    if not isinstance(status, dict):
        raise TypeError
    return status


def _told(program: Program, access: Access) -> dict[str, Any]:
    """What the program is told: that it cannot ask anybody, and of which cluster it is."""
    spec: dict[str, Any] = {"interactive": False}
    if program.gives_cluster:
        spec["cluster"] = {
            "server": access.server,
            "insecure-skip-tls-verify": access.is_trusted_blindly,
            **({"tls-server-name": access.server_name} if access.server_name else {}),
            **({"proxy-url": access.proxy} if access.proxy else {}),
            **({"certificate-authority-data": base64.b64encode(access.authority).decode()} if access.authority else {}),
        }
    return {"apiVersion": program.version, "kind": "ExecCredential", "spec": spec}


def _end(moment: Any) -> float:
    """Of the monotonic clock, from a moment in RFC 3339; what cannot be read is asked for again in a minute."""
    if not moment:
        return float("inf")
    try:
        left = datetime.fromisoformat(str(moment)).timestamp() - time.time()
    except ValueError:
        left = FILE_S
    # One that has ended already is tried once: the cluster's clock decides.
    return time.monotonic() + max(left - EARLY_S, 1.0)


@contextmanager
def certificate_files(given: Given) -> Iterator[tuple[str, str]]:
    """The certificate and its key as files, which TLS wants; for this user alone, and gone at the end."""
    with tempfile.TemporaryDirectory(prefix="noteship-tls-") as folder:
        names = [Path(folder, name) for name in ("certificate", "key")]
        for path, data in zip(names, (given.certificate, given.key), strict=True):
            path.touch(mode=0o600)
            path.write_bytes(data)
        yield str(names[0]), str(names[1])
