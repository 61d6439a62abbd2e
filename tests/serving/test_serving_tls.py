"""TLS from files that may be replaced while connections are open."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from noteship import serving

from .served import served
from .waiting import until

ROWS = [["my dear aunt"]]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs, and whom the clients trust."""
    return trustme.CA()


@pytest.fixture
def certificate(tmp_path: Path, authority: trustme.CA) -> serving.Certificate:
    """The files of a certificate of this machine."""
    return written(authority, tmp_path)


def written(authority: trustme.CA, folder: Path) -> serving.Certificate:
    """A new certificate in the same files."""
    issued = authority.issue_cert("127.0.0.1", "localhost")
    made = serving.Certificate(folder / "tls.crt", folder / "tls.key")
    issued.private_key_pem.write_to_path(made.key)
    made.chain.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    return made


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def number(url: str, context: ssl.SSLContext) -> str:
    """The serial number of the certificate that a new connection gets."""
    address = ("127.0.0.1", httpx.URL(url).port or 0)
    with socket.create_connection(address, 20) as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as one:
        found = one.getpeercert()
    assert found is not None
    return str(found["serialNumber"])


def test_a_certificate_is_replaced_without_losing_a_connection(
    letters: serving.Model,
    certificate: serving.Certificate,
    authority: trustme.CA,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """New connections get the new certificate, open ones go on, and files that do not fit each other change nothing."""
    context = trusting(authority)
    with served(letters, certificate=certificate) as one:
        url = one.running.url
        assert url.startswith("https://127.0.0.1:")
        with httpx.Client(base_url=url, verify=context, timeout=20) as client:
            assert client.post("/predict", json=ROWS).json()["predictions"] == ["letter"]
            before = number(url, context)
            plain = socket.create_connection(("127.0.0.1", client.base_url.port or 0), 20)
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as kept:
                key = certificate.key.read_bytes()
                other = tmp_path / "other"
                other.mkdir()
                certificate.key.write_bytes(written(authority, other).key.read_bytes())
                until(lambda: "cannot be used" in caplog.text)
                assert "BEGIN" not in caplog.text
                assert number(url, context) == before
                certificate.key.write_bytes(key)
                written(authority, tmp_path)
                until(lambda: number(url, context) != before)
                kept.sendall(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n")
                assert kept.recv(12) == b"HTTP/1.1 200"
            assert client.get("/health/ready").status_code == 200


def test_old_versions_and_plain_http_are_not_spoken(
    letters: serving.Model, certificate: serving.Certificate, authority: trustme.CA
) -> None:
    """TLS 1.2 and 1.3 are taken, TLS 1.1 and requests without TLS are not, and the service lives on."""
    with served(letters, certificate=certificate) as one:
        url = one.running.url
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = trusting(authority)
            context.minimum_version = context.maximum_version = version
            assert httpx.get(f"{url}/health/live", verify=context).status_code == 200
        old = trusting(authority)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError):
            number(url, old)
        with pytest.raises(httpx.TransportError):
            httpx.get(url.replace("https://", "http://") + "/health/live")
        assert httpx.get(f"{url}/health/ready", verify=trusting(authority)).status_code == 200


def broken(certificate: serving.Certificate, how: str) -> None:
    if how == "missing":
        certificate.chain.unlink()
    elif how == "no PEM":
        certificate.key.write_text("secret")
    else:
        text = certificate.key.read_text()
        certificate.key.write_text(text.replace("BEGIN", "BEGIN ENCRYPTED", 1).replace("END", "END ENCRYPTED", 1))


@pytest.mark.parametrize("how", ["missing", "no PEM", "encrypted"])
def test_files_that_do_not_work_keep_the_service_from_starting(
    letters: serving.Model, certificate: serving.Certificate, how: str
) -> None:
    """The error names the files, never what is in them, and nobody is asked for a password."""
    broken(certificate, how)
    with pytest.raises(serving.errors.BadCertificate) as caught, served(letters, certificate=certificate):
        pass
    assert str(certificate.chain) in str(caught.value)
    assert "secret" not in str(caught.value)
