"""Objects that others keep on S3, where keys are not always names of files and change meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import store_places
from contracts.origin_places import open_origin, source
from noteship import ingestion, store
from noteship.ingestion import errors

pytestmark = pytest.mark.ceph


@pytest.fixture
def bucket() -> Iterator[store.Bucket]:
    with store_places.on_gateway() as found:
        yield found


def watch() -> ingestion.Watch:
    return ingestion.Watch("here")


def test_an_object_that_changes_meanwhile_is_not_mixed(bucket: store.Bucket, tmp_path: Path) -> None:
    """All parts of it are of the version that was listed."""
    part = bytes(1 << 20)
    bucket.put("raw/large.bin", [part] * 20)
    foreign = store.open_foreign(store_places.TEST_BUCKET)
    prefix = bucket.url.rpartition("/")[2]
    entry = foreign.entry(f"{prefix}/raw/large.bin")
    assert entry is not None
    pieces = foreign.pieces_of(entry)
    assert len(next(pieces)) == 8 << 20
    bucket.put("raw/large.bin", [b"x" * (1 << 20)] * 20)
    with pytest.raises(KeyError):
        next(pieces)
    open_origin(source(f"{bucket.url}/raw/large.bin")).fetch(tmp_path / "x", None, watch())
    assert (tmp_path / "x").read_bytes() == b"x" * (20 << 20)


def test_keys_may_have_any_letters(bucket: store.Bucket, tmp_path: Path) -> None:
    """Spaces, letters of other languages, and what has a meaning in addresses."""
    names = ["a b.csv", "é.csv", "x=1+2,y.csv", "50%.csv"]
    for name in names:
        bucket.put(f"raw/{name}", [name.encode()])
    open_origin(source(f"{bucket.url}/raw/*.csv")).fetch(tmp_path / "x", None, watch())
    assert {path.name: path.read_text() for path in (tmp_path / "x").iterdir()} == {name: name for name in names}


def test_what_is_hidden_or_no_file_is_left_out(bucket: store.Bucket, tmp_path: Path) -> None:
    """Marks of folders, and keys that a shell would not list."""
    for name in ("a.csv", "within/b.csv", ".git/config", ".hidden"):
        bucket.put(f"raw/{name}", [b"x"])
    bucket.put("raw/within", [])
    open_origin(source(f"{bucket.url}/raw/")).fetch(tmp_path / "x", None, watch())
    assert sorted(path.name for path in (tmp_path / "x").rglob("*.*")) == ["a.csv", "b.csv"]


def test_a_bucket_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    """It is told apart from a gateway that is away."""
    with pytest.raises(errors.NothingThere, match="no such bucket"):
        open_origin(source("s3://noteship-no-such-bucket/raw/")).version(watch())
