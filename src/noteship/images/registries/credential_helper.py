"""Programs that keep registries' logins: docker-credential-NAME, which are asked on their input."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress

from noteship.images import errors

__all__ = ["ask"]

PREFIX = "docker-credential-"
# A person may have to unlock what keeps it; nobody waits longer for a program that hangs.
TIMEOUT_S = 30.0
# What such programs say, by their protocol, where there is no login.
ABSENT = b"credentials not found"


def ask(name: str, registry: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """The user and the secret that a program keeps for a registry, or None. Raises CredentialHelperFailed.

    Its errors are not shown: they may have the secret in them.
    """
    program = PREFIX + name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise errors.CredentialHelperFailed(program, registry, "that is no program's name")
    path = shutil.which(program, path=environment.get("PATH"))
    if not path:
        raise errors.CredentialHelperFailed(program, registry, "no such program on PATH")
    code, output = _run(path, program, registry, environment)
    if code:
        if ABSENT in output:
            return None
        raise errors.CredentialHelperFailed(program, registry, f"it ended with {code}")
    try:
        given = json.loads(output)
        user, secret = given["Username"], given["Secret"]
    except (ValueError, KeyError, TypeError):
        user = secret = None
    if not isinstance(user, str) or not isinstance(secret, str):
        raise errors.CredentialHelperFailed(program, registry, "its answer is no JSON with Username and Secret")
    return (user, secret) if secret else None


def _run(path: str, program: str, registry: str, environment: Mapping[str, str]) -> tuple[int, bytes]:
    """How it ended, and what it wrote; with all that it started, it is ended when it takes too long."""
    try:
        process = subprocess.Popen(
            [path, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        raise errors.CredentialHelperFailed(program, registry, error.strerror or "it cannot be run") from error
    with process:
        try:
            output, _ = process.communicate(registry.encode(), TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            raise errors.CredentialHelperFailed(program, registry, f"no answer within {TIMEOUT_S:.0f} s") from error
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output
