"""Models that are made once, and a service for those tests that change nothing in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from noteship import serving

from .served import Served, letters_bundle, loaded, rents_bundle, served


@pytest.fixture(scope="session")
def letters(tmp_path_factory: pytest.TempPathFactory) -> serving.Model:
    """A classification of texts."""
    return loaded(letters_bundle(tmp_path_factory.mktemp("letters")), tmp_path_factory.mktemp("letters-store"))


@pytest.fixture(scope="session")
def rents(tmp_path_factory: pytest.TempPathFactory) -> serving.Model:
    """A regression over a number and a category."""
    return loaded(rents_bundle(tmp_path_factory.mktemp("rents")), tmp_path_factory.mktemp("rents-store"))


@pytest.fixture(scope="session")
def service(letters: serving.Model) -> Iterator[Served]:
    """A running service of the texts."""
    with served(letters) as one:
        yield one
