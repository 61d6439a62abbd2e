"""Real places for the store's tests: a folder, this process's memory, and a bucket on the gateway that AWS_* name."""

from __future__ import annotations

import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from noteship.store.bucket import Bucket
from noteship.store.folder import FolderBucket
from noteship.store.memory import MemoryBucket

ALL = ["memory", "folder", pytest.param("s3", marks=pytest.mark.ceph)]
TEST_BUCKET = "noteship-tests"


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Bucket]:
    if kind == "s3":
        with on_gateway() as bucket:
            yield bucket
    else:
        yield MemoryBucket() if kind == "memory" else FolderBucket(folder)


@contextmanager
def on_gateway() -> Iterator[Bucket]:
    """A fresh prefix in the tests' bucket, emptied in the end."""
    from noteship.store.s3 import S3Bucket

    if not os.environ.get("AWS_ACCESS_KEY_ID"):
        pytest.fail("these tests need an S3 gateway, named by AWS_*")
    make_bucket(TEST_BUCKET)
    bucket = S3Bucket(TEST_BUCKET, f"t-{secrets.token_hex(6)}")
    yield bucket
    for entry in bucket.list(""):
        bucket.delete(entry.key)


def make_bucket(name: str) -> None:
    """Make a bucket by a signed PUT, unless it is there."""
    import obstore
    import obstore.store

    address = obstore.sign(obstore.store.S3Store(name), "PUT", "", timedelta(seconds=60))
    request = urllib.request.Request(address, method="PUT", data=b"")
    try:
        with urllib.request.urlopen(request, timeout=20):
            pass
    except urllib.error.HTTPError as error:
        with error:
            if error.code != 409:  # it is there, and ours
                raise
