"""What pods find in their file system, and the variables that lead there. No secret is in a variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from noteship.cluster.manifests.parts import SecretKey
from noteship.cluster.manifests.release import Release, Service, Stream

__all__ = ["AUTHORITIES", "CERTIFICATE", "CERTIFICATE_KEY", "TOKENS", "environment", "mounts", "project", "volumes"]

# Where the files of a release are; everything else that is read is a part of the image.
FOLDER = "/etc/noteship"
IMAGE_PROJECT = "/project"
CREDENTIALS, NATS_CREDENTIALS = f"{FOLDER}/store-credentials", f"{FOLDER}/nats-credentials"
TOKENS, AUTHORITIES = f"{FOLDER}/tokens", f"{FOLDER}/authorities.pem"
CERTIFICATE, CERTIFICATE_KEY = f"{FOLDER}/tls.crt", f"{FOLDER}/tls.key"
# Read by the pod's user and by its group, which is the one that volumes are given to.
MODE = 0o440


def project(release: Release) -> str:
    """The folder in which the pod finds `noteship.toml`."""
    return f"{FOLDER}/project" if release.settings else IMAGE_PROJECT


def volumes(release: Release) -> list[dict[str, Any]]:
    """Its own temporary folder, and one folder of files that come from elsewhere, which follow when these change."""
    found = [{"name": "tmp", "emptyDir": {"sizeLimit": release.resources.temporary}}]
    sources = list(_sources(release))
    if sources:
        found.append({"name": "files", "projected": {"defaultMode": MODE, "sources": sources}})
    return found


def mounts(release: Release) -> list[dict[str, Any]]:
    """Where they are."""
    found: list[dict[str, Any]] = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 - the pod's own
    if any(_sources(release)):
        found.append({"name": "files", "mountPath": FOLDER, "readOnly": True})
    return found


def environment(release: Release) -> list[dict[str, str]]:
    """Variables of the store's client, the proxy and the authorities; none holds a secret."""
    return [{"name": name, "value": value} for name, value in _variables(release)]


def _sources(release: Release) -> Iterator[dict[str, Any]]:
    places = {"noteship.toml": "project/noteship.toml"}
    if release.files:
        items = [{"key": name, "path": places.get(name, name)} for name in release.files]
        yield {"configMap": {"name": release.files_name, "items": items}}
    if release.store:
        yield _secret(release.store.credentials, CREDENTIALS)
    shape = release.shape
    if isinstance(shape, Service):
        if shape.access.tokens:
            yield _secret(shape.access.tokens, TOKENS)
        if shape.access.certificate:
            items = [{"key": name, "path": name} for name in ("tls.crt", "tls.key")]
            yield {"secret": {"name": shape.access.certificate, "items": items}}
    if isinstance(shape, Stream) and shape.credentials:
        yield _secret(shape.credentials, NATS_CREDENTIALS)


def _secret(at: SecretKey, path: str) -> dict[str, Any]:
    return {"secret": {"name": at.secret, "items": [{"key": at.key, "path": path.removeprefix(f"{FOLDER}/")}]}}


def _variables(release: Release) -> Iterator[tuple[str, str]]:
    if release.store:
        yield "AWS_ENDPOINT_URL", release.store.endpoint
        yield "AWS_SHARED_CREDENTIALS_FILE", CREDENTIALS
        if release.store.region:
            yield "AWS_REGION", release.store.region
        if urlsplit(release.store.endpoint).scheme == "http":
            yield "AWS_ALLOW_HTTP", "true"
    if release.authorities:
        yield "SSL_CERT_FILE", AUTHORITIES
        if release.store:
            yield "AWS_CA_BUNDLE", AUTHORITIES
    if release.proxy:
        yield "HTTPS_PROXY", release.proxy.url
        yield "HTTP_PROXY", release.proxy.url
        yield "NO_PROXY", ",".join(_directly(release))
    if isinstance(release.shape, Stream) and release.shape.credentials:
        yield "NATS_CREDS", NATS_CREDENTIALS


def _directly(release: Release) -> Iterator[str]:
    """Who is asked without the proxy: this pod, the cluster's own names, and who was named."""
    yield from ("localhost", "127.0.0.1", ".svc", ".cluster.local")
    if release.proxy:
        yield from release.proxy.without
