"""A store in each kind of place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import store_places
from noteship.store import Bucket, Store
from noteship.store.folder import FolderBucket


@pytest.fixture(params=store_places.ALL)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bucket]:
    with store_places.opened(request.param, tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def any_store(place: Bucket) -> Store:
    return Store(place)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(FolderBucket(tmp_path / "store"))
