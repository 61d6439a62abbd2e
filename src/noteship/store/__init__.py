"""Immutable content by its digest, and names that move by compare-and-swap: in a folder, on S3, or in memory."""

from noteship.store import errors
from noteship.store.artifacts import Artifact
from noteship.store.bucket import Bucket, Entry
from noteship.store.credentials import KEYS, Access
from noteship.store.folders import folder_digest
from noteship.store.opening import open_bucket, open_foreign, open_given, open_store
from noteship.store.references import Ref
from noteship.store.store import Store
from noteship.store.sweeping import GRACE_S, Stored, Swept

__all__ = [
    "GRACE_S",
    "KEYS",
    "Access",
    "Artifact",
    "Bucket",
    "Entry",
    "Ref",
    "Store",
    "Stored",
    "Swept",
    "errors",
    "folder_digest",
    "open_bucket",
    "open_foreign",
    "open_given",
    "open_store",
]
