"""Who asks S3: the ``AWS_*`` variables, else the file of credentials, else a token that the platform mounts.

Where a bucket was claimed on Kubernetes, ``NOTESHIP_STORE_KEYS`` names a folder with the keys of the claim's Secret.

Nothing is asked of a cloud's metadata service: a laptop without credentials is told so at once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from noteship.store import errors, s3_faults

__all__ = ["KEYS", "Access", "found"]

KEYS = "NOTESHIP_STORE_KEYS"

# The client reads these by itself.
_KNOWN_TO_CLIENT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
)


@dataclass(frozen=True)
class Access:
    """Where a bucket is, and who asks it, known from elsewhere than the environment. Never shown."""

    endpoint: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


def found(url: str) -> dict[str, Any]:
    """What to add for the client to what it reads from the environment. Raises StoreDenied when there are none."""
    if any(os.environ.get(name) for name in _KNOWN_TO_CLIENT):
        return {}
    if os.environ.get(KEYS):
        return _of_folder(url, Path(os.environ[KEYS]))
    # Who uses a folder does without it.
    import configparser

    profile = os.environ.get("AWS_PROFILE", "default")
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    reader = configparser.ConfigParser(interpolation=None)
    try:
        reader.read_string(path.read_text())
        section = reader[profile]
        given = {"access_key_id": section["aws_access_key_id"], "secret_access_key": section["aws_secret_access_key"]}
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError) as error:
        # The file's own text could be in the error, so only its kind is told.
        reason = f"no AWS_ACCESS_KEY_ID, and no profile '{profile}' in {path} ({type(error).__name__})"
        raise errors.StoreDenied(url, s3_faults.endpoint(), reason) from None
    token = section.get("aws_session_token")
    return given | {"session_token": token} if token else given


def _of_folder(url: str, folder: Path) -> dict[str, Any]:
    """By files as the Secret of a claim has keys."""
    try:
        keys = [(folder / name).read_text().strip() for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    except (OSError, UnicodeDecodeError) as error:
        reason = f"the keys of the claimed bucket are not in {folder} ({type(error).__name__})"
        raise errors.StoreDenied(url, s3_faults.endpoint(), reason) from None
    return dict(zip(("access_key_id", "secret_access_key"), keys, strict=True))
