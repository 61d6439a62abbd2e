"""Whom connections trust: the system's authorities, and beside them what a pod is told."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from noteship import tls


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private one, named as in a pod, which has a temporary folder of its own."""
    file = tmp_path / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    for name in tls.READ:
        # What is set here is as it was after the test.
        monkeypatch.setenv(name, "")
    monkeypatch.setenv(tls.BESIDE, str(file))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return file


def subjects(path: str) -> set[str]:
    """Of the authorities in a file."""
    return {str(each.get("subject")) for each in ssl.create_default_context(cafile=path).get_ca_certs()}


def test_a_private_authority_comes_beside_those_of_the_system(
    authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every library is told the same joined file; processes that are begun then find nothing more to do."""
    system = tmp_path / "system.pem"
    trustme.CA(organization_name="the system's").cert_pem.write_to_path(str(system))
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    tls.trust_beside()
    joined = {os.environ[name] for name in tls.READ}
    assert len(joined) == 1 and tls.BESIDE not in os.environ
    assert subjects(joined.pop()) == subjects(str(authority)) | subjects(str(system))
    before = os.environ["SSL_CERT_FILE"]
    tls.trust_beside()
    assert os.environ["SSL_CERT_FILE"] == before


def test_what_the_system_has_is_found(authority: Path) -> None:
    """Where no variable names it."""
    tls.trust_beside()
    assert subjects(os.environ["SSL_CERT_FILE"]) > subjects(str(authority))


def test_an_authority_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Before anything is done without it."""
    words = [sys.executable, "-m", "noteship", "status"]
    variables = {**os.environ, tls.BESIDE: str(tmp_path / "none.pem")}
    done = subprocess.run(words, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "none.pem" in done.stderr and "NOTESHIP_AUTHORITIES" in done.stderr
