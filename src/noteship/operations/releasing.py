"""From `[kubernetes]`, `[monitor]` and `[store]` to a release: all that manifests are made from."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from noteship import alerting, cluster, digests
from noteship.cluster import manifests
from noteship.operations import alerting as watched
from noteship.operations import reaching
from noteship.operations.errors import NoNamespace
from noteship.operations.imaged import Imaged
from noteship.operations.opened import DECLARATION, OpenedProject
from noteship.operations.surroundings import Surroundings, key
from noteship.project.errors import BadSetting
from noteship.project.kubernetes_settings import JobSettings, KubernetesSettings, StreamSettings

__all__ = ["Beside", "Named", "named_release", "release_of"]

BUNDLE_FOLDER = "/bundle"
# In `to` of a job, what stands for the bundle's digest.
BUNDLE_PLACE = "{bundle}"
SERVICES = ("service", "kserve")
# What answers is watched, and what scores files is not.
WATCHED = (*SERVICES, "stream")


@dataclass(frozen=True)
class Named:
    """A release's name and namespace."""

    name: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.name} in {self.namespace}"


def named_release(
    opened: OpenedProject, name: str | None = None, namespace: str | None = None, at: cluster.Cluster | None = None
) -> Named:
    """As it is asked for, else declared, else as the project and as the cluster's context have it. Raises NoNamespace.

    A namespace that nobody chose, `default`, is none for releases.
    """
    declared = opened.settings.kubernetes
    found = namespace or declared.namespace or (at.namespace if at and at.namespace != "default" else None)
    if not found:
        raise NoNamespace
    return Named(name or declared.name or opened.name, found)


@dataclass(frozen=True)
class Beside:
    """What a canary stands beside: the stable release's name and bundle.

    - replicas: how many pods the canary has; is_weighed, has_edge: as `manifests.Behind` has them
    """

    name: str
    bundle: str
    replicas: int
    is_weighed: bool
    has_edge: bool

    @property
    def behind(self) -> manifests.Behind:
        """As manifests are told."""
        return manifests.Behind(self.name, self.has_edge, self.is_weighed)


def release_of(
    opened: OpenedProject,
    named: Named,
    imaged: Imaged,
    at: cluster.Cluster | None = None,
    beside: Beside | None = None,
) -> manifests.Release:
    """The release that is declared; `beside`: as a canary. Places are resolved now, by the cluster where one is given.

    Raises: BadRelease, SettingWithoutEffect, NoStoreForPods, PlaceUnresolved, BadSetting.
    """
    return _Release(opened, named, imaged, at, beside).made()


@dataclass(frozen=True)
class _Release:
    """What a release is made from."""

    opened: OpenedProject
    named: Named
    imaged: Imaged
    at: cluster.Cluster | None
    beside: Beside | None = None

    def made(self) -> manifests.Release:
        declared = self.declared
        is_within = declared.bundle == "image"
        return manifests.Release(
            name=self.named.name,
            namespace=self.named.namespace,
            team=declared.team or self.named.namespace,
            project=self.opened.name,
            image=self.imaged.image,
            bundle=manifests.Bundle(self.imaged.bundle.digest, BUNDLE_FOLDER if is_within else ""),
            shape=self._shape(),
            resources=self._resources(),
            settings=self._settings(),
            store=self._store(),
            egress=self.around.egress(),
            proxy=self.around.proxy(),
            authorities=self.around.authorities(),
            placement=self.around.placement(),
            trusted_types=declared.trust_types,
            allows_pickle=declared.allow_pickle,
            evaluator=self._evaluator(),
        )

    @property
    def declared(self) -> KubernetesSettings:
        """`[kubernetes]`."""
        return self.opened.settings.kubernetes

    @property
    def around(self) -> Surroundings:
        """What its pods find around them."""
        return Surroundings(self.opened, self._secrets_of, self.at)

    def _shape(self) -> manifests.Shape:
        self._check_effect()
        match self.declared.shape:
            case "job" | "schedule":
                return self._job(self.declared.job or self._missing("job"))
            case "stream":
                return self._stream(self.declared.stream or self._missing("stream"))
        callers = (self.named.namespace,) if self.declared.callers is None else self.declared.callers
        kind = manifests.InferenceService if self.declared.shape == "kserve" else manifests.Service
        return kind(
            self._access(),
            self._replicas(),
            None if self.beside else self._edge(),
            self._monitoring(),
            callers,
            self.beside.behind if self.beside else None,
            workers=self.declared.workers,
        )

    def _replicas(self) -> manifests.Replicas:
        """A canary has as many pods as its share needs, and no autoscaler: that would change it."""
        found = self.declared.replicas if self.beside is None else (self.beside.replicas,) * 2
        return manifests.Replicas(*found)

    def _check_effect(self) -> None:
        """Raises SettingWithoutEffect for tables of another shape."""
        shape = self.declared.shape
        if self.opened.settings.collect.share and not (shape in WATCHED and self.around.has_store):
            reason = (
                "there is no store on S3 to keep rows in" if shape in WATCHED else "files are scored, and none is asked"
            )
            raise manifests.SettingWithoutEffect("collect.share", reason, "leave [collect] out")
        of = {"job": ("job", "schedule"), "stream": ("stream",), "edge": SERVICES, "monitoring": WATCHED}
        for table, shapes in of.items():
            if getattr(self.declared, table) is not None and shape not in shapes:
                raise manifests.SettingWithoutEffect(
                    f"kubernetes.{table}",
                    f'what is deployed runs as = "{shape}"',
                    f"leave [kubernetes.{table}] out, or change `as`",
                )

    def _missing(self, table: str) -> NoReturn:
        expected = f'a table that says what is read and written, for as = "{self.declared.shape}"'
        raise BadSetting(f"kubernetes.{table}", DECLARATION, expected, "missing")

    def _job(self, asked: JobSettings) -> manifests.Job | manifests.Schedule:
        # Scores of one bundle are no others': where the place is named by it, each has its own.
        target = asked.target.replace(BUNDLE_PLACE, digests.short(self.imaged.bundle.digest))
        job = manifests.Job(asked.source, target, asked.keep, asked.retries, int(asked.deadline_s), queue=asked.queue)
        if self.declared.shape == "schedule":
            return manifests.Schedule(job, asked.schedule, asked.zone)
        if asked.schedule:
            raise manifests.SettingWithoutEffect(
                "kubernetes.job.schedule", "a job runs once", 'leave it out, or say as = "schedule"'
            )
        return job

    def _stream(self, asked: StreamSettings) -> manifests.Stream:
        return manifests.Stream(
            asked.url,
            asked.source,
            asked.target,
            reaching.of_url(asked.url, "[kubernetes.stream] url", self.around.lookup),
            asked.dead,
            asked.durable,
            key(asked.credentials, "credentials") if asked.credentials else None,
            manifests.Replicas(*self.declared.replicas),
            self._monitoring(),
        )

    def _evaluator(self) -> manifests.Evaluator | None:
        """Where windows are written, unless it is said that the pods alone close them."""
        asked, is_watched = self.declared.evaluator, self.declared.shape in WATCHED
        if self.beside:
            # Its own pods close its windows, for the little that they are there.
            return None
        if is_watched and self.around.has_store:
            return None if asked is False else manifests.Evaluator()
        if asked:
            reason = "there is no store on S3 for windows" if is_watched else "files are scored without being watched"
            raise manifests.SettingWithoutEffect("kubernetes.evaluator", reason, "leave it out")
        return None

    @property
    def _secrets_of(self) -> str:
        """By whose name Secrets are called: callers and store of a canary are the stable release's."""
        return self.beside.name if self.beside else self.named.name

    def _access(self) -> manifests.Access:
        asked = self.declared.access
        tokens = asked.tokens or (None if asked.reviews or asked.open else f"{self._secrets_of}-tokens")
        return manifests.Access(
            key(tokens, "tokens") if tokens else None,
            asked.reviews,
            asked.audience,
            self.around.api() if asked.reviews else None,
            asked.certificate,
            asked.open,
        )

    def _edge(self) -> manifests.Edge | None:
        asked = self.declared.edge
        return manifests.Edge(asked.host, asked.gateway, asked.ingress_class, asked.certificate) if asked else None

    def _monitoring(self) -> manifests.Monitoring | None:
        asked = self.declared.monitoring
        if asked is None:
            return None
        known = watched.declared(self.opened)
        of = replace(known, settings=replace(known.settings, release=self.named.name))
        shown = json.dumps(alerting.dashboard(of), indent=2, ensure_ascii=False) + "\n"
        token = key(asked.token, "token") if asked.token else None
        return manifests.Monitoring(alerting.rules(of), shown, token, asked.labels)

    def _resources(self) -> manifests.Resources:
        asked = self.declared.resources
        return manifests.Resources(asked.cpu, asked.cpu_limit, asked.memory, asked.temporary, asked.devices)

    def _store(self) -> manifests.StoreAccess | None:
        """How pods reach the store; None where they do without, as they have to without one on S3."""
        if not self.around.has_store and self.declared.bundle != "store":
            return None
        return self.around.store()

    def _settings(self) -> str:
        """The `noteship.toml` of its pods: who they are, how they are watched, and the store.

        No interpreter: the image has one. Nothing that changes from one version of the model to the next.
        """
        path = self.opened.root / DECLARATION
        written: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        tables: dict[str, dict[str, Any]] = {"project": {"name": self.opened.name}}
        compared = {"beside": self.beside.bundle} if self.beside and self.around.has_store else {}
        tables["monitor"] = {**written.get("monitor", {}), "release": self.named.name, **compared}
        if self.around.has_store and written.get("collect"):
            tables["collect"] = dict(written["collect"])
        if self.around.has_store:
            tables["store"] = {"url": self.opened.store_url}
        return "\n".join(_table(name, values) for name, values in tables.items())


def _table(name: str, values: Mapping[str, Any]) -> str:
    r"""A table of texts, numbers and lists of these, as TOML has them.

    >>> _table("store", {"url": "s3://a/b", "n": 1})
    '[store]\nurl = "s3://a/b"\nn = 1\n'
    """
    # JSON's texts are TOML's but for one control character, which TOML wants escaped, too.
    lines = (f"{_bare(key)} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    return "\n".join([f"[{name}]", *lines]).replace("\x7f", "\\u007f") + "\n"


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)
