"""Buckets that a cluster makes on demand: ObjectBucketClaims of objectbucket.io, as Rook and OpenShift serve them.

Who has a claim is told of its bucket by a ConfigMap and a Secret of the claim's name.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from noteship import nearest
from noteship.cluster import errors
from noteship.cluster.cluster import Cluster, Object, ObjectRef, Selection

__all__ = ["ACCESS_KEY", "API", "SECRET_KEY", "Claim", "Claimed", "claimed", "role"]

API = "objectbucket.io/v1alpha1"
KIND = "ObjectBucketClaim"
ACCESS_KEY, SECRET_KEY = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
# A provisioner makes a bucket within seconds.
WAIT_S = 90.0
LOOK_S = 0.5
NO_FILES = "its ConfigMap or its Secret is missing, or says too little"


@dataclass(frozen=True)
class Claim:
    """A claim by its name; `storage_class` is whose bucket it is made for where there is none."""

    name: str
    namespace: str
    storage_class: str = ""

    @property
    def ref(self) -> ObjectRef:
        """What names it."""
        return ObjectRef(API, KIND, self.name, self.namespace)


@dataclass(frozen=True)
class Claimed:
    """The bucket of a claim, where it is, and who may ask it: `secret` names the Secret that says the same."""

    bucket: str
    endpoint: str
    region: str
    secret: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


def claimed(at: Cluster, claim: Claim, wait_s: float = WAIT_S) -> Claimed:
    """The bucket of a claim, which is made where it is not there and its class is known, and waited for.

    Raises ApiNotServed, ClaimMissing, ClaimUnbound, RightMissing, and the connection's errors.
    """
    if not any(each.kind == KIND for each in at.resources(API)):
        raise errors.ApiNotServed(API, KIND, at.url)
    _there(at, claim)
    end = time.monotonic() + wait_s
    while True:
        thing = at.get(claim.ref)
        phase = _phase(thing)
        found = _read(at, claim) if phase == "bound" else None
        if found:
            return found
        if phase in ("failed", "released") or time.monotonic() > end:
            why = NO_FILES if phase == "bound" else _why(at, claim, thing)
            raise errors.ClaimUnbound(claim.name, claim.namespace, phase or "pending", why)
        time.sleep(LOOK_S)


def role(claim: Claim, name: str) -> dict[str, Any]:
    """The Role of that name for who asks `claimed`: nothing but this claim, and what says whose bucket it is."""
    making = ("create", "patch") if claim.storage_class else ()
    own = {"resourceNames": [claim.name]}
    rules = [
        {"apiGroups": ["objectbucket.io"], "resources": ["objectbucketclaims"], "verbs": ["get", *making], **own},
        {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get"], **own},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]},
    ]
    metadata = {"name": name, "namespace": claim.namespace}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": rules}


def _there(at: Cluster, claim: Claim) -> None:
    """Make it where it is not there. Raises ClaimMissing where nothing says of which class."""
    if at.get(claim.ref) is not None:
        return
    if not claim.storage_class:
        near = ""
        with suppress(errors.RightMissing):
            names = [str(each["metadata"]["name"]) for each in at.list(Selection(API, KIND, claim.namespace))]
            near = nearest.nearest(claim.name, names)
        raise errors.ClaimMissing(claim.name, claim.namespace, near)
    spec = {"generateBucketName": claim.name, "storageClassName": claim.storage_class}
    metadata = {"name": claim.name, "namespace": claim.namespace}
    at.apply({"apiVersion": API, "kind": KIND, "metadata": metadata, "spec": spec})


def _phase(thing: Object | None) -> str:
    """In small letters: provisioners differ."""
    return str(((thing or {}).get("status") or {}).get("phase", "")).lower()


def _read(at: Cluster, claim: Claim) -> Claimed | None:
    told = at.get(ObjectRef("v1", "ConfigMap", claim.name, claim.namespace))
    secret = at.get(ObjectRef("v1", "Secret", claim.name, claim.namespace))
    data, hidden = (told or {}).get("data") or {}, (secret or {}).get("data") or {}
    if not {"BUCKET_NAME", "BUCKET_HOST"} <= data.keys() or not {ACCESS_KEY, SECRET_KEY} <= hidden.keys():
        return None
    keys = [base64.b64decode(hidden[name]).decode() for name in (ACCESS_KEY, SECRET_KEY)]
    return Claimed(data["BUCKET_NAME"], _endpoint(data), data.get("BUCKET_REGION", ""), claim.name, *keys)


def _endpoint(data: Mapping[str, str]) -> str:
    """As an address. Which scheme it has is not said, so the port tells.

    >>> _endpoint({"BUCKET_HOST": "rgw.rook-ceph.svc", "BUCKET_PORT": "80"}), _endpoint({"BUCKET_HOST": "s3.svc"})
    ('http://rgw.rook-ceph.svc:80', 'https://s3.svc:443')
    """
    port = data.get("BUCKET_PORT") or "443"
    return f"{'https' if port.endswith('443') else 'http'}://{data['BUCKET_HOST']}:{port}"


def _why(at: Cluster, claim: Claim, thing: Object | None) -> str:
    """What keeps it from being bound, as far as the cluster tells: no such class, or what was said of it."""
    if thing is None:
        return "it was deleted"
    wanted = str((thing.get("spec") or {}).get("storageClassName", ""))
    with suppress(errors.RightMissing):
        if at.get(ObjectRef("storage.k8s.io/v1", "StorageClass", wanted)) is None:
            return f"there is no storage class {wanted}"
    with suppress(errors.RightMissing):
        fields = {"involvedObject.kind": KIND, "involvedObject.name": claim.name}
        said = [each for each in at.list(Selection("v1", "Event", claim.namespace, fields=fields)) if _warns(each)]
        if said:
            return str(said[-1].get("message", ""))
    return f"nobody has made a bucket of class {wanted} for it"


def _warns(event: Object) -> bool:
    return event.get("type") == "Warning"
