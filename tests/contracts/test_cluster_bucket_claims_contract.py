"""Claims of buckets, in a cluster in memory and in a real one; the test plays who provides the buckets."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import cluster_places
from contracts.cluster_places import Place
from noteship.cluster import ObjectRef, bucket_claims, errors
from noteship.cluster.bucket_claims import Claim

DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "objectbucketclaims.objectbucket.io"},
    "spec": {
        "group": "objectbucket.io",
        "scope": "Namespaced",
        "names": {"plural": "objectbucketclaims", "kind": "ObjectBucketClaim"},
        "versions": [{"name": "v1alpha1", "served": True, "storage": True, "subresources": {"status": {}}}],
    },
}
FILES = {"BUCKET_NAME": "mail-1a2b", "BUCKET_HOST": "rgw.rook-ceph.svc", "BUCKET_PORT": "80", "BUCKET_REGION": "eu"}
KEYS = {"AWS_ACCESS_KEY_ID": "who", "AWS_SECRET_ACCESS_KEY": "hidden"}


@pytest.fixture(params=cluster_places.ALL)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with cluster_places.opened(request.param, tmp_path) as opened:
        if request.param == "memory":
            opened.cluster.apply(DEFINITION)
        elif not opened.cluster.resources(bucket_claims.API):
            pytest.skip("the cluster serves no object bucket claims")
        yield opened


def claim(place: Place, name: str = "mail-store", storage_class: str = "") -> Claim:
    return Claim(name, place.cluster.namespace, storage_class)


def provide(place: Place, name: str = "mail-store", phase: str = "bound") -> None:
    """As a provisioner does: the files, and then the phase."""
    metadata = {"name": name, "namespace": place.cluster.namespace}
    place.apply_as("provisioner", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": FILES})
    data = {name: base64.b64encode(value.encode()).decode() for name, value in KEYS.items()}
    place.apply_as("provisioner", {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    said(place, phase, name)


def said(place: Place, phase: str, name: str = "mail-store") -> None:
    place.set_status(ObjectRef(bucket_claims.API, "ObjectBucketClaim", name), {"phase": phase})


def made(place: Place, storage_class: str = "ceph-bucket") -> None:
    metadata = {"name": "mail-store", "namespace": place.cluster.namespace}
    spec = {"generateBucketName": "mail", "storageClassName": storage_class}
    place.apply_as(
        "somebody", {"apiVersion": bucket_claims.API, "kind": "ObjectBucketClaim", "metadata": metadata, "spec": spec}
    )


def test_a_bound_claim_says_whose_bucket_it_is(place: Place) -> None:
    """Its bucket, its address and who may ask are read; nothing of it shows the key."""
    made(place)
    provide(place)
    found = bucket_claims.claimed(place.cluster, claim(place))
    assert (found.bucket, found.endpoint, found.region) == ("mail-1a2b", "http://rgw.rook-ceph.svc:80", "eu")
    assert (found.access_key, found.secret_key, found.secret) == ("who", "hidden", "mail-store")
    assert "hidden" not in repr(found) and "who" not in repr(found)


def test_a_claim_that_is_not_there_is_made_of_its_class(place: Place) -> None:
    """And waited for; without a class it is an error, which names the one that was meant."""
    with pytest.raises(errors.ClaimMissing):
        bucket_claims.claimed(place.cluster, claim(place))

    def answer() -> None:
        ref = claim(place).ref
        while place.cluster.get(ref) is None:
            time.sleep(0.05)
        provide(place, phase="bound")

    thread = threading.Thread(target=answer)
    thread.start()
    found = bucket_claims.claimed(place.cluster, claim(place, storage_class="ceph-bucket"), wait_s=30)
    thread.join()
    assert found.bucket == "mail-1a2b"
    with pytest.raises(errors.ClaimMissing) as error:
        bucket_claims.claimed(place.cluster, claim(place, "mail-stor"))
    assert error.value.nearest == "mail-store"


def test_a_claim_that_stays_unbound_says_why(place: Place) -> None:
    """There is no such class, nobody answers, it failed, or what goes with it is missing."""
    made(place)
    with pytest.raises(errors.ClaimUnbound) as error:
        bucket_claims.claimed(place.cluster, claim(place), wait_s=0)
    assert "there is no storage class ceph-bucket" in str(error.value) and "pending" in str(error.value)
    said(place, "failed")
    with pytest.raises(errors.ClaimUnbound, match="failed"):
        bucket_claims.claimed(place.cluster, claim(place))
    said(place, "bound")
    with pytest.raises(errors.ClaimUnbound, match="Secret is missing"):
        bucket_claims.claimed(place.cluster, claim(place), wait_s=0)


@pytest.mark.cluster
def test_the_role_is_enough(tmp_path: Path) -> None:
    """Who has it, and nothing else, makes the claim and reads what it says; another claim's keys are not theirs."""
    with cluster_places.opened("real", tmp_path) as place:
        if not place.cluster.resources(bucket_claims.API):
            pytest.skip("the cluster serves no object bucket claims")
        _check_role(place)


def _check_role(place: Place) -> None:
    wanted = claim(place, storage_class="ceph-bucket")
    limited = place.limited(bucket_claims.role(wanted, "store")["rules"])
    with pytest.raises(errors.ClaimUnbound):
        bucket_claims.claimed(limited, wanted, wait_s=0)
    provide(place)
    assert bucket_claims.claimed(limited, wanted).bucket == "mail-1a2b"
    with pytest.raises(errors.RightMissing):
        bucket_claims.claimed(limited, claim(place, "other"))


def test_a_cluster_without_claims_says_so(tmp_path: Path) -> None:
    """That nobody serves them is told before anything else."""
    with cluster_places.opened("memory", tmp_path) as opened, pytest.raises(errors.ApiNotServed):
        bucket_claims.claimed(opened.cluster, Claim("mail-store", "team-a"))
