"""What holds for all tests of images: nobody waits, and this machine's own settings do not count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noteship.images.registries import transport


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No pauses, no proxies, no logins of this machine's user; gives the folder that is the user's home."""
    monkeypatch.setattr(transport, "WAIT_S", 0.001)
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("SSL_CERT_FILE", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    return home
