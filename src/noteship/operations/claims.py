"""A store in a bucket that was claimed on Kubernetes: `[store] url = "obc://NAME"`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from noteship import cluster, project, store
from noteship.cluster import bucket_claims
from noteship.project.errors import BadSetting

__all__ = ["STANDS_FOR", "ClaimedStore", "claim_of", "claimed_store", "is_claim", "nowhere"]

SCHEME = "obc://"
# In pods: what the claim of the project's store stands for, since they may not ask the cluster.
STANDS_FOR = "NOTESHIP_STORE"
_FORM = re.compile(r"obc://([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)((?:/[A-Za-z0-9_-][A-Za-z0-9._=-]*)*)/?")


@dataclass(frozen=True)
class ClaimedStore:
    """A store by its own address; `claimed` is None in a pod, whose environment says where it is and who asks it."""

    url: str
    claimed: bucket_claims.Claimed | None = None

    def opened(self) -> store.Store:
        """It itself."""
        found = self.claimed
        if found is None:
            return store.open_given(self.url)
        return store.open_given(
            self.url, store.Access(found.endpoint, found.region, found.access_key, found.secret_key)
        )


def is_claim(url: str | None) -> bool:
    """Whether an address names a claim."""
    return (url or "").startswith(SCHEME)


def claim_of(settings: project.Settings, namespace: str) -> bucket_claims.Claim:
    """The claim that an address names, in this namespace where none is declared. Raises BadSetting."""
    form, declared = _form(settings), settings.kubernetes
    return bucket_claims.Claim(form[1], declared.namespace or namespace, declared.store.storage_class or "")


def claimed_store(settings: project.Settings) -> ClaimedStore:
    """What an address that names a claim stands for, as the cluster tells that the kubeconfig names.

    Raises BadSetting, and what `bucket_claims.claimed` and `open_cluster` raise.
    """
    form = _form(settings)
    told = os.environ.get(STANDS_FOR)
    if told:
        return ClaimedStore(told)
    at = cluster.open_cluster(namespace=settings.kubernetes.namespace or "")
    try:
        found = bucket_claims.claimed(at, claim_of(settings, at.namespace))
    finally:
        at.close()
    return ClaimedStore(f"s3://{found.bucket}{form[2]}", found)


def nowhere(settings: project.Settings) -> ClaimedStore:
    """The same for a bucket that there is not."""
    form = _form(settings)
    found = bucket_claims.Claimed("none", "https://192.0.2.1:443", "", form[1], "", "")
    return ClaimedStore(f"s3://{found.bucket}{form[2]}", found)


def _form(settings: project.Settings) -> re.Match[str]:
    url = str(settings.store.url)
    form = _FORM.fullmatch(url)
    if form is None:
        expected = "the name of a claim, and perhaps a folder in its bucket: obc://NAME/PREFIX"
        raise BadSetting("store.url", "noteship.toml", expected, url)
    return form
