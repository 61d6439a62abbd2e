"""What pods find in their file system, and the variables that lead there. No secret is in a variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from noteship import tls
from noteship.cluster.bucket_claims import ACCESS_KEY, SECRET_KEY
from noteship.cluster.manifests.parts import Proxy, SecretKey, StoreAccess
from noteship.cluster.manifests.release import Release, Service, Stream

__all__ = [
    "AUTHORITIES",
    "CERTIFICATE",
    "CERTIFICATE_KEY",
    "FOLDER",
    "MODE",
    "TOKENS",
    "certificate",
    "credentials",
    "environment",
    "files",
    "mounts",
    "project",
    "reaching",
    "secret",
    "secret_file",
    "volumes",
]

# Where the files of a release are; everything else that is read is a part of the image.
FOLDER = "/etc/noteship"
IMAGE_PROJECT = "/project"
CREDENTIALS, NATS_CREDENTIALS = f"{FOLDER}/store-credentials", f"{FOLDER}/nats-credentials"
STORE_KEYS = f"{FOLDER}/store-keys"
TOKENS, AUTHORITIES = f"{FOLDER}/tokens", f"{FOLDER}/authorities.pem"
CERTIFICATE, CERTIFICATE_KEY = f"{FOLDER}/tls.crt", f"{FOLDER}/tls.key"
# What no proxy is asked for. The kubelet puts in the address by which drivers, and services, ask the cluster's API.
DIRECT = ("localhost", "127.0.0.1", "$(KUBERNETES_SERVICE_HOST)", ".svc", ".cluster.local")
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
    yield from files(release)
    if release.store:
        yield credentials(release.store)
    shape = release.shape
    if isinstance(shape, Service):
        if shape.access.tokens:
            yield secret(shape.access.tokens, TOKENS)
        if shape.access.certificate:
            yield certificate(shape.access.certificate)
    if isinstance(shape, Stream) and shape.credentials:
        yield secret(shape.credentials, NATS_CREDENTIALS)


def files(release: Release) -> Iterator[dict[str, Any]]:
    """What is no secret, where its pods look for it."""
    places = {"noteship.toml": "project/noteship.toml"}
    if release.files:
        items = [{"key": name, "path": places.get(name, name)} for name in release.files]
        yield {"configMap": {"name": release.files_name, "items": items}}


def certificate(name: str) -> dict[str, Any]:
    """A certificate and its key, of a Secret of the type kubernetes.io/tls."""
    items = [{"key": each, "path": each} for each in ("tls.crt", "tls.key")]
    return {"secret": {"name": name, "items": items}}


def secret(at: SecretKey, path: str) -> dict[str, Any]:
    """A value of a Secret as a file of the folder; `path` is where it is."""
    return {"secret": {"name": at.secret, "items": [{"key": at.key, "path": path.removeprefix(f"{FOLDER}/")}]}}


def credentials(store: StoreAccess) -> dict[str, Any]:
    """What says who asks the store, as files of the folder."""
    if isinstance(store.credentials, SecretKey):
        return secret(store.credentials, CREDENTIALS)
    folder = STORE_KEYS.removeprefix(f"{FOLDER}/")
    items = [{"key": name, "path": f"{folder}/{name}"} for name in (ACCESS_KEY, SECRET_KEY)]
    return {"secret": {"name": store.credentials.secret, "items": items}}


def secret_file(store: StoreAccess) -> str:
    """A file of the pods that only who may ask the store has."""
    return CREDENTIALS if isinstance(store.credentials, SecretKey) else f"{STORE_KEYS}/{SECRET_KEY}"


def _variables(release: Release) -> Iterator[tuple[str, str]]:
    yield from reaching(release.store, release.proxy, is_trusting=bool(release.authorities))
    if isinstance(release.shape, Stream) and release.shape.credentials:
        yield "NATS_CREDS", NATS_CREDENTIALS


def reaching(store: StoreAccess | None, proxy: Proxy | None, *, is_trusting: bool) -> Iterator[tuple[str, str]]:
    """Variables, with their values, that lead to the store and out of the cluster; `is_trusting` those authorities."""
    if store:
        yield "AWS_ENDPOINT_URL", store.endpoint
        if isinstance(store.credentials, SecretKey):
            yield "AWS_SHARED_CREDENTIALS_FILE", CREDENTIALS
        else:
            yield "NOTESHIP_STORE_KEYS", STORE_KEYS
        if store.url:
            yield "NOTESHIP_STORE", store.url
        if store.region:
            yield "AWS_REGION", store.region
        if urlsplit(store.endpoint).scheme == "http":
            yield "AWS_ALLOW_HTTP", "true"
    if is_trusting:
        yield tls.BESIDE, AUTHORITIES
    if proxy:
        yield "HTTPS_PROXY", proxy.url
        yield "HTTP_PROXY", proxy.url
        yield "NO_PROXY", ",".join((*DIRECT, *proxy.without))
