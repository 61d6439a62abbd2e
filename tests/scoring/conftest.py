"""Models that are made once for the tests of scoring."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship import models
from serving.served import letters_bundle, rents_bundle


def opened(folder: Path) -> models.LoadedModel:
    return models.LoadedModel(folder.name, "ab" * 32, models.load(models.read(folder), models.Trust()))


@pytest.fixture(scope="session")
def letters(tmp_path_factory: pytest.TempPathFactory) -> models.LoadedModel:
    """A classification of texts."""
    return opened(letters_bundle(tmp_path_factory.mktemp("letters")))


@pytest.fixture(scope="session")
def rents(tmp_path_factory: pytest.TempPathFactory) -> models.LoadedModel:
    """A regression over a number and a category."""
    return opened(rents_bundle(tmp_path_factory.mktemp("rents")))
