"""What pods of a project find around them, as it is declared: the store, ways out, whom they trust, and their nodes."""

from __future__ import annotations

import os
from dataclasses import dataclass

from noteship import cluster
from noteship.cluster import bucket_claims, manifests
from noteship.operations import reaching
from noteship.operations.errors import NoStoreForPods
from noteship.operations.opened import DECLARATION, OpenedProject
from noteship.project.errors import BadSetting
from noteship.project.kubernetes_settings import KubernetesSettings

__all__ = ["Surroundings", "key"]


@dataclass(frozen=True)
class Surroundings:
    """Of pods that have a name; places are resolved when they are asked for, by the cluster where one is given."""

    opened: OpenedProject
    name: str
    at: cluster.Cluster | None

    @property
    def declared(self) -> KubernetesSettings:
        """`[kubernetes]`."""
        return self.opened.settings.kubernetes

    @property
    def lookup(self) -> reaching.Lookup | None:
        """Who knows the cluster's Services."""
        return reaching.looked_up(self.at) if self.at else None

    @property
    def has_store(self) -> bool:
        """Whether the project's store is one that pods can reach."""
        return (self.opened.settings.store.url or "").startswith(("s3://", "obc://"))

    def store(self) -> manifests.StoreAccess:
        """How pods reach the store.

        Raises NoStoreForPods, PlaceUnresolved, BadRelease, SettingWithoutEffect; for a claim what asking for it raises.
        """
        url, asked = self.opened.settings.store.url, self.declared.store
        if not self.has_store:
            raise NoStoreForPods("it is a folder of this machine" if url is None else f"it is {url}")
        claimed = self.opened.claimed
        if claimed:
            return self._claimed(claimed)
        if asked.storage_class:
            reason = f"the store is {url}, and no claim"
            raise manifests.SettingWithoutEffect(
                "kubernetes.store.class", reason, 'leave it out, or say url = "obc://…"'
            )
        endpoint = asked.endpoint or os.environ.get("AWS_ENDPOINT_URL")
        region = asked.region or os.environ.get("AWS_REGION") or ""
        if not endpoint:
            raise NoStoreForPods("nothing says at which endpoint it is: [kubernetes.store] endpoint, AWS_ENDPOINT_URL")
        return manifests.StoreAccess(
            endpoint,
            key(asked.credentials or f"{self.name}-store", "credentials"),
            reaching.of_url(endpoint, "[kubernetes.store] endpoint", self.lookup),
            region,
        )

    def _claimed(self, claimed: bucket_claims.Claimed) -> manifests.StoreAccess:
        asked = self.declared.store
        if asked.credentials:
            reason = f"the claim {claimed.secret} has a Secret of its own"
            raise manifests.SettingWithoutEffect("kubernetes.store.credentials", reason, "leave it out")
        endpoint = asked.endpoint or claimed.endpoint
        return manifests.StoreAccess(
            endpoint,
            manifests.ClaimKeys(claimed.secret),
            reaching.of_url(endpoint, "the claim's endpoint", self.lookup),
            asked.region or claimed.region,
            str(self.opened.store_url),
        )

    def egress(self) -> tuple[manifests.Destination, ...]:
        """What else they may reach. Raises PlaceUnresolved."""
        return tuple(self.place(each, "[kubernetes] egress") for each in self.declared.egress)

    def place(self, place: str, setting: str) -> manifests.Destination:
        """Where HOST:PORT is. Raises PlaceUnresolved."""
        return reaching.destination(place, setting, self.lookup)

    def api(self) -> manifests.Destination | None:
        """Where the cluster's API is: as it is declared, else as the cluster says; None without either."""
        asked = self.declared.access.api
        if asked:
            return self.place(asked, "[kubernetes.access] api")
        return reaching.api(self.at) if self.at else None

    def proxy(self) -> manifests.Proxy | None:
        """Through which ways out lead. Raises PlaceUnresolved, BadRelease."""
        asked = self.declared.proxy
        if asked is None:
            return None
        return manifests.Proxy(
            asked.url, reaching.of_url(asked.url, "[kubernetes.proxy] url", self.lookup), asked.without
        )

    def authorities(self) -> str:
        """Whom they trust beyond the system's, as PEM. Raises BadSetting."""
        path = self.declared.authorities
        if path is None:
            return ""
        try:
            return str((self.opened.root / path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise BadSetting("kubernetes.authorities", DECLARATION, "a file of PEM certificates", reason) from error

    def placement(self) -> manifests.Placement:
        """On which nodes."""
        declared = self.declared
        return manifests.Placement(declared.nodes, declared.tolerations, declared.pull_secrets)


def key(text: str, usual: str) -> manifests.SecretKey:
    """A Secret's name, and a key of it.

    >>> key("mail-tokens", "tokens"), key("mail/callers", "tokens").key
    (SecretKey(secret='mail-tokens', key='tokens'), 'callers')
    """
    secret, _, own = text.partition("/")
    return manifests.SecretKey(secret, own or usual)
