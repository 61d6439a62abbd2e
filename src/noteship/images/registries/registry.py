"""One repository of a registry, by OCI's distribution specification 1.1."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlencode

from noteship import errors as base_errors
from noteship.images import errors, media_types
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.reference import ImageName, is_digest
from noteship.images.registries import downloading, referring, uploading
from noteship.images.registries.asking import Asker
from noteship.images.registries.messages import Request, origin
from noteship.images.registries.transport import Transport
from noteship.nearest import nearest

__all__ = ["Registry"]

# Of so many pages of tags nobody reads the last one.
MOST_PAGES = 100
TAGS_AT_ONCE = 1000


class Registry:
    """A destination at a registry, for several threads; nothing is asked before it must be.

    - logins: a file of logins in place of the usual ones, such as Kubernetes' .dockerconfigjson

    All methods raise what `Transport` raises, and RegistryDenied, RegistryRefused, RegistryFailed, RegistryBusy,
    BadChallenge, BadLogins, CredentialHelperFailed.
    """

    def __init__(self, name: ImageName, transport: Transport, logins: Path | None = None) -> None:
        self.name = name
        self._asker = Asker(transport, name.registry, name.repository, logins)
        self._both = (self._asker.scope("pull,push"),)
        self._begun: dict[str, str] = {}
        self._lock = threading.Lock()

    def mountable_from(self, other: Registry) -> str:
        """The other's repository, as `mount` takes it; "" where it is at another registry."""
        return other.name.repository if other.name.registry == self.name.registry else ""

    def has(self, digest: str) -> bool:
        """Whether a blob is there already."""
        request = Request("HEAD", self._asker.url(f"blobs/{digest}"))
        return self._asker.ask(request, self._both, (200, 404)).status == 200

    def mount(self, blob: Descriptor, source: str) -> bool:
        """Have another repository's blob here too. Where that is not done, `put` goes on with what was begun."""
        if source == self.name.repository:
            return self.has(blob.digest)
        query = urlencode({"mount": blob.digest, "from": source}, safe=":/")
        request = Request("POST", self._asker.url(f"blobs/uploads/?{query}"))
        scopes = (*self._both, self._asker.scope("pull", source))
        try:
            answer = self._asker.ask(request, scopes, (201, 202))
        except (errors.RegistryDenied, errors.RegistryRefused):
            # Whether it may be done is the registry's matter, and no fault: the bytes can be brought.
            return False
        if answer.status == 202:
            with suppress(errors.BadRegistryAnswer), self._lock:
                self._begun[blob.digest] = self._asker.location(answer, request)
        return answer.status == 201

    def put(self, blob: Blob) -> None:
        """Bring a blob there, whether it is there or not. Raises WrongBytes."""
        with self._lock:
            begun = self._begun.pop(blob.descriptor.digest, "")
        uploading.upload(self._asker, blob, begun)

    def put_manifest(self, body: bytes, media_type: str, tag: str = "") -> Descriptor:
        """Write a manifest or an index by its digest, and under a tag; one about another is found by that one too."""
        written = Descriptor(media_type, f"sha256:{hashlib.sha256(body).hexdigest()}", len(body))
        request = Request(
            "PUT", self._asker.url(f"manifests/{tag or written.digest}"), {"content-type": media_type}, body=body
        )
        answer = self._asker.ask(request, self._both, (200, 201, 202))
        said = answer.header("docker-content-digest")
        if said.startswith("sha256:") and said != written.digest:
            raise errors.BadRegistryAnswer(self.name.registry, request.asked, f"it keeps it as {said[:80]}")
        subject = referring.subject(body)
        if subject and not answer.header("oci-subject"):
            referring.note(self, referring.described(written, body), subject)
        return written

    def manifest(self, reference: str, accept: tuple[str, ...] = media_types.IMAGES) -> tuple[bytes, str]:
        """A manifest by digest or tag, with its media type. Raises NotInRegistry, WrongBytes."""
        request = Request(
            "GET", self._asker.url(f"manifests/{quote(reference, safe=':')}"), {"accept": ", ".join(accept)}
        )
        answer = self._asker.ask(request, (self._asker.scope("pull"),), (200, 404))
        if answer.status == 404:
            raise errors.NotInRegistry(self._asker.shown, f"image '{reference}'", self._nearest(reference))
        found = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if is_digest(reference) and found != reference:
            raise errors.WrongBytes(self._asker.shown, reference, f"their digest is {found}")
        return answer.body, _media_type(answer.header("content-type"), answer.body)

    def read(self, blob: Descriptor) -> Blob:
        """A blob that is there; reading it raises NotInRegistry, WrongBytes."""
        return Blob(blob, lambda: downloading.open_blob(self._asker, blob))

    def tags(self) -> list[str]:
        """All tags, sorted; none where there is no such repository."""
        found: set[str] = set()
        request = Request("GET", self._asker.url(f"tags/list?n={TAGS_AT_ONCE}"))
        for _ in range(MOST_PAGES):
            answer = self._asker.ask(request, (self._asker.scope("pull"),), (200, 404))
            if answer.status == 404:
                break
            found.update(each for each in _listed(answer.body, "tags") if isinstance(each, str))
            following = referring.following(answer)
            if not following or origin(following) != origin(request.url):
                break
            request = Request("GET", following)
        return sorted(found)

    def referrers(self, digest: str, artifact_type: str = "") -> list[Descriptor]:
        """The manifests about another one, such as its SBOM."""
        request = Request("GET", self._asker.url(f"referrers/{digest}"), {"accept": media_types.INDEX})
        found: list[Descriptor] = []
        for _ in range(MOST_PAGES):
            answer = self._asker.ask(request, (self._asker.scope("pull"),), (200, 400, 404, 405))
            if answer.status != 200 or _media_type(answer.header("content-type"), b"") != media_types.INDEX:
                return [each for each in referring.noted(self, digest) if artifact_type in ("", each.artifact_type)]
            found += referring.descriptors(answer.body)
            following = referring.following(answer)
            if not following or origin(following) != origin(request.url):
                break
            request = Request("GET", following, request.headers)
        return [each for each in found if artifact_type in ("", each.artifact_type)]

    def _nearest(self, tag: str) -> str:
        """Tags that were probably meant; no fault of its own where they cannot be listed."""
        if is_digest(tag):
            return ""
        with suppress(base_errors.NoteshipError):
            return nearest(tag, self.tags())
        return ""


def _media_type(header: str, body: bytes) -> str:
    """As the header says, else as the manifest itself does."""
    named = header.partition(";")[0].strip().lower()
    if named.startswith("application/vnd."):
        return named
    with suppress(ValueError, AttributeError):
        return str(json.loads(body).get("mediaType") or named)
    return named


def _listed(body: bytes, name: str) -> list[object]:
    with suppress(ValueError, AttributeError):
        value = json.loads(body).get(name)
        return value if isinstance(value, list) else []
    return []
