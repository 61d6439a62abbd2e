"""A registry in this process's memory, which behaves as real ones do and fails when it is told to.

For tests, of noteship and of who uses it; the contract suite of destinations holds for it as for real ones.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit

from noteship.images import media_types
from noteship.images.descriptor import Descriptor
from noteship.images.registries import referring

__all__ = ["Asked", "MemoryRegistry", "Said"]

_NAME = r"(?P<name>[a-z0-9._/-]+)"
_ROUTES = {
    "version": re.compile(r"/v2/"),
    "token": re.compile(r"/token"),
    "uploads": re.compile(rf"/v2/{_NAME}/blobs/uploads/"),
    "upload": re.compile(rf"/v2/{_NAME}/blobs/uploads/(?P<key>[0-9a-f]+)"),
    "blob": re.compile(rf"/v2/{_NAME}/blobs/(?P<key>sha256:[0-9a-f]{{64}})"),
    "manifest": re.compile(rf"/v2/{_NAME}/manifests/(?P<key>[A-Za-z0-9._:-]+)"),
    "tags": re.compile(rf"/v2/{_NAME}/tags/list"),
    "referrers": re.compile(rf"/v2/{_NAME}/referrers/(?P<key>sha256:[0-9a-f]{{64}})"),
}


@dataclass(frozen=True)
class Asked:
    """A request; names of headers in small letters.

    - is_whole: whether the body came to its end
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = True


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def fault(cls, status: int, code: str, message: str = "") -> Said:
        """A fault in the form that registries share."""
        body = json.dumps({"errors": [{"code": code, "message": message or code.lower()}]}).encode()
        return cls(status, {"content-type": "application/json"}, body)


@dataclass(frozen=True)
class _Call:
    """What one route is asked for: a repository, and a digest, a tag or an upload in it."""

    name: str
    key: str
    query: Mapping[str, str]
    asked: Asked


@dataclass
class MemoryRegistry:
    """What a registry has, and how it behaves.

    - address: where it is served, which is written into Location
    - login: how it lets users in; `users` are names with passwords, `identities` tokens of such that have none
    - mounts: the status that a mount is answered with
    - faults: statuses of the next answers in place of the right ones; Retry-After is `retry_after`
    - cuts: after how many bytes the bodies of the next uploads and downloads are cut off
    - is_resumable: whether an upload that was cut off can go on
    - has_referrers: whether it lists referrers itself
    - redirects: an address that blobs are fetched from
    - asked: the requests that came
    """

    address: str = ""
    login: Literal["", "basic", "bearer"] = ""
    users: dict[str, str] = field(default_factory=dict)
    identities: dict[str, str] = field(default_factory=dict)
    challenge: str = ""
    mounts: int = 201
    faults: list[int] = field(default_factory=list)
    retry_after: str = "0"
    cuts: list[int] = field(default_factory=list)
    is_resumable: bool = True
    has_referrers: bool = True
    redirects: str = ""
    page: int = 1000
    asked: list[Asked] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    tagged: dict[tuple[str, str], str] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)
    tokens: dict[str, set[str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, asked: Asked) -> Said:
        """What it says to a request."""
        with self.lock:
            self.asked.append(asked)
            at = urlsplit(asked.target)
            for route, pattern in _ROUTES.items():
                if found := pattern.fullmatch(at.path):
                    return self._answer(route, found.groupdict(), asked)
            return Said(404, {"content-type": "text/plain"}, b"404 page not found\n")

    def methods(self, method: str) -> list[str]:
        """The paths of the requests of a method that came."""
        return [each.target for each in self.asked if each.method == method]

    def _answer(self, route: str, of: dict[str, str], asked: Asked) -> Said:
        if self.faults:
            status = self.faults.pop(0)
            return Said(status, {"retry-after": self.retry_after} if status == 429 else {})
        if route == "token":
            return self._token(asked)
        query = dict(parse_qsl(urlsplit(asked.target).query))
        if not self._is_let_in(of.get("name", ""), asked):
            return Said(401, {"www-authenticate": self._challenge(of.get("name", ""), query, asked)})
        if route == "version":
            return Said(200)
        answer: Said = getattr(self, f"_{route}")(_Call(of["name"], of.get("key", ""), query, asked))
        return answer

    def _is_let_in(self, name: str, asked: Asked) -> bool:
        scheme, _, value = asked.headers.get("authorization", "").partition(" ")
        if self.login == "basic":
            return scheme == "Basic" and self._user(value) is not None
        action = "pull" if asked.method in ("GET", "HEAD") else "push"
        granted = self.tokens.get(value, set())
        return not self.login or (bool(granted) if not name else f"{name}:{action}" in granted)

    def _user(self, coded: str) -> str | None:
        user, _, password = base64.b64decode(coded).decode().partition(":")
        return user if self.users.get(user) == password else None

    def _challenge(self, name: str, query: Mapping[str, str], asked: Asked) -> str:
        if self.challenge:
            return self.challenge
        if self.login == "basic":
            return 'Basic realm="memory"'
        actions = "pull" if asked.method in ("GET", "HEAD") else "pull,push"
        scopes = [f"repository:{name}:{actions}"] + ([f"repository:{query['from']}:pull"] if "from" in query else [])
        return f'Bearer realm="{self.address}/token",service="memory",scope="{" ".join(scopes)}"'

    def _token(self, asked: Asked) -> Said:
        """A token for what is asked for; strangers may pull where there are users without a password."""
        form = parse_qs(asked.body.decode() if asked.method == "POST" else urlsplit(asked.target).query)
        scheme, _, value = asked.headers.get("authorization", "").partition(" ")
        if asked.method == "POST":
            user = self.identities.get(form["refresh_token"][0])
        else:
            user = self._user(value) if scheme == "Basic" else "" if "" in self.users else None
        if user is None:
            return Said.fault(401, "UNAUTHORIZED", f"not {asked.headers.get('authorization', '')}")
        granted = set()
        for scope in " ".join(form.get("scope", [])).split():
            _, name, actions = scope.split(":")
            granted |= {f"{name}:{action}" for action in actions.split(",") if user or action == "pull"}
        token = secrets.token_hex(16)
        self.tokens[token] = granted
        return Said(200, {}, json.dumps({"token": token, "expires_in": 300}).encode())

    def _blob(self, call: _Call) -> Said:
        if call.key not in self.held.get(call.name, ()):
            return Said.fault(404, "BLOB_UNKNOWN")
        if self.redirects and call.asked.method == "GET":
            return Said(307, {"location": f"{self.redirects}/{call.key}?signature=s3cr3t"})
        data = self.blobs[call.key]
        start = int((re.match(r"bytes=(\d+)-", call.asked.headers.get("range", "")) or ["", "0"])[1])
        headers = {"docker-content-digest": call.key, "content-type": "application/octet-stream"}
        if not start:
            return Said(200, headers, data)
        return Said(206, {**headers, "content-range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, data[start:])

    def _uploads(self, call: _Call) -> Said:
        if "mount" in call.query and self.mounts >= 400:
            return Said.fault(self.mounts, "UNSUPPORTED")
        wanted = call.query.get("mount", "")
        if self.mounts == 201 and wanted in self.held.get(call.query.get("from", ""), ()):
            self.held.setdefault(call.name, set()).add(wanted)
            return Said(201, {"location": f"{self.address}/v2/{call.name}/blobs/{wanted}"})
        key = secrets.token_hex(8)
        self.uploads[key] = bytearray()
        return self._begun(202, call.name, key)

    def _begun(self, status: int, name: str, key: str) -> Said:
        last = max(0, len(self.uploads[key]) - 1)
        return Said(status, {"location": f"/v2/{name}/blobs/uploads/{key}?_state=x", "range": f"0-{last}"})

    def _upload(self, call: _Call) -> Said:
        if call.key not in self.uploads:
            return Said.fault(404, "BLOB_UPLOAD_UNKNOWN")
        data = self.uploads[call.key]
        if call.asked.method == "DELETE":
            del self.uploads[call.key]
            return Said(204)
        if call.asked.method == "GET":
            return self._begun(204, call.name, call.key)
        start = int(call.asked.headers.get("content-range", str(len(data))).partition("-")[0])
        if start != len(data):
            return Said.fault(416, "BLOB_UPLOAD_INVALID")
        data += call.asked.body
        if not call.asked.is_whole:
            if not self.is_resumable:
                del self.uploads[call.key]
            return Said(499)
        if call.asked.method == "PATCH":
            return self._begun(202, call.name, call.key)
        return self._finished(call.name, call.key, call.query["digest"])

    def _finished(self, name: str, key: str, digest: str) -> Said:
        data = bytes(self.uploads.pop(key))
        if digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
            return Said.fault(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self.blobs[digest] = data
        self.held.setdefault(name, set()).add(digest)
        return Said(201, {"location": f"{self.address}/v2/{name}/blobs/{digest}", "docker-content-digest": digest})

    def _manifest(self, call: _Call) -> Said:
        if call.asked.method == "PUT":
            return self._put_manifest(call.name, call.key, call.asked)
        digest = self.tagged.get((call.name, call.key), call.key)
        if (call.name, digest) not in self.manifests:
            return Said.fault(404, "MANIFEST_UNKNOWN")
        body, kind = self.manifests[call.name, digest]
        return Said(200, {"content-type": kind, "docker-content-digest": digest}, body)

    def _put_manifest(self, name: str, key: str, asked: Asked) -> Said:
        digest = f"sha256:{hashlib.sha256(asked.body).hexdigest()}"
        if key.startswith("sha256:") and key != digest:
            return Said.fault(400, "DIGEST_INVALID")
        try:
            given = json.loads(asked.body)
        except ValueError:
            return Said.fault(400, "MANIFEST_INVALID")
        needed = [each["digest"] for each in (given.get("config"), *given.get("layers", ())) if each]
        if not set(needed) <= self.held.get(name, set()):
            return Said.fault(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")
        self.manifests[name, digest] = asked.body, asked.headers.get("content-type", "")
        if key != digest:
            self.tagged[name, key] = digest
        headers = {"docker-content-digest": digest, "location": f"/v2/{name}/manifests/{digest}"}
        about = referring.subject(asked.body)
        return Said(201, {**headers, "oci-subject": about} if about and self.has_referrers else headers)

    def _tags(self, call: _Call) -> Said:
        tags = sorted(tag for repository, tag in self.tagged if repository == call.name)
        if call.name not in self.held and not tags:
            return Said.fault(404, "NAME_UNKNOWN")
        rest = [tag for tag in tags if tag > call.query.get("last", "")]
        shown = rest[: self.page]
        more = {"link": f'</v2/{call.name}/tags/list?last={shown[-1]}>; rel="next"'} if len(rest) > len(shown) else {}
        return Said(200, more, json.dumps({"name": call.name, "tags": shown}).encode())

    def _referrers(self, call: _Call) -> Said:
        if not self.has_referrers:
            return Said(404, {"content-type": "text/plain"}, b"404 page not found\n")
        found: list[dict[str, Any]] = []
        for (repository, own), (body, kind) in self.manifests.items():
            if repository == call.name and referring.subject(body) == call.key:
                found.append(referring.described(Descriptor(kind, own, len(body)), body).to_json())
        index = {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": found}
        return Said(200, {"content-type": media_types.INDEX}, json.dumps(index).encode())
