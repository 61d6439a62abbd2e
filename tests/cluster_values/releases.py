"""Releases and clusters of every kind, as combinations of what can be set."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from noteship.cluster.manifests import (
    Access,
    Behind,
    Bundle,
    Destination,
    Edge,
    InferenceService,
    Job,
    Monitoring,
    Placement,
    Platform,
    Proxy,
    Release,
    Replicas,
    Resources,
    Schedule,
    SecretKey,
    Service,
    Shape,
    StoreAccess,
    Stream,
)

IMAGE = "registry.example.org/team-a/mail@sha256:" + "a" * 64
DIGEST = "b" * 64
SETTINGS = '[project]\nname = "mail"\n\n[store]\nurl = "s3://team-a/mail"\n'
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
STORE = StoreAccess(
    "http://s3.store.svc:7480", SecretKey("mail-store", "credentials"), Destination("store", (7480,), namespace="store")
)
PROXY = Proxy("http://proxy.example.org:3128", Destination("proxy", (3128,), ("192.0.2.8",)), (".example.org",))
API = Destination("the cluster's API", (6443,), ("192.0.2.1", "2001:db8::1"))
TOKENS = Access(tokens=SecretKey("mail-tokens", "tokens"))
REVIEWS = Access(reviews=("system:serviceaccount:team-a:*=predict",), audience="models", api=API)
ACCESSES = {
    "tokens": TOKENS,
    "reviews": REVIEWS,
    "open": Access(is_open=True),
    "tls": replace(TOKENS, certificate="mail-tls"),
}
EDGES = {
    "inside": None,
    "host": Edge("mail.example.org"),
    "gateway": Edge("mail.example.org", gateway="edge/public"),
    "ingress": Edge("mail.example.org", ingress_class="nginx", certificate="mail-edge"),
}
PLATFORMS = {
    "plain": Platform(),
    "bare": Platform(has_ingresses=False, has_metrics=False, can_sleep=False, dns_addresses=("10.244.0.1",)),
    "full": Platform(
        has_gateways=True,
        has_prometheus_operator=True,
        has_grafana_operator=True,
        has_kueue=True,
        has_kserve=True,
        has_user_namespaces=True,
    ),
    "openshift": Platform.openshift(),
    "openshift with user namespaces": replace(
        Platform.openshift(), has_user_namespaces=True, has_kueue=True, has_kserve=True
    ),
}


def release(shape: Shape | None = None, **more: Any) -> Release:
    """One with all that a release has to have."""
    given: dict[str, Any] = {"settings": SETTINGS, "store": STORE} | more
    return Release("mail", "team-a", "team-a", "mail", IMAGE, Bundle(DIGEST), shape or Service(TOKENS), **given)


def monitoring(access: Access) -> Monitoring:
    """With a token where one is asked for."""
    token = None if access.is_open else SecretKey("mail-observe", "token")
    return Monitoring({"groups": []}, '{"title": "mail"}\n', token, {"prometheus": "team-a"})


def services() -> Iterator[Service]:
    """Of every kind of access, of replicas, of ways in; watched or not."""
    replicas = (Replicas(), Replicas(3, 3), Replicas(2, 10))
    for (name, access), number, (way, edge), is_watched in itertools.product(
        ACCESSES.items(), replicas, EDGES.items(), (True, False)
    ):
        if name == "tls" and way != "inside":
            # Only a Route passes TLS through.
            continue
        watched = monitoring(access) if is_watched else None
        yield Service(access, number, edge, watched, callers=("team-b",) if is_watched else ())


def canaries() -> Iterator[Shape]:
    """Beside a stable release, with a share by its route or by the numbers of pods."""
    for has_edge, is_weighed, number in ((True, True, 1), (True, False, 2), (False, False, 1)):
        behind = Behind("mail-stable", has_edge, is_weighed)
        yield Service(TOKENS, Replicas(number, number), monitoring=monitoring(TOKENS), behind=behind)
    yield InferenceService(TOKENS, behind=Behind("mail-stable", has_edge=True, is_weighed=True))


def shapes() -> Iterator[Shape]:
    """All of them."""
    yield from services()
    yield from canaries()
    yield InferenceService(TOKENS, Replicas(2, 10), EDGES["host"], monitoring(TOKENS))
    yield InferenceService(TOKENS, Replicas(2, 2), EDGES["gateway"])
    job = Job("s3://team-a/in", "s3://team-a/out", ("id",), queue="team-a")
    yield from (job, Schedule(job, "15 3 * * *", "Europe/Berlin"))
    at = Destination("NATS", (4222,), namespace="nats", pods={"app": "nats"})
    yield Stream(
        "tls://nats.example.org:4222", "mail.rows", "mail.scored", at, "mail.dead", "mail", SecretKey("n", "c")
    )
    yield Stream("nats://nats:4222", "mail.rows", "mail.scored", at, replicas=Replicas(2, 2))


def releases() -> Iterator[Release]:
    """Each shape, with much around it and with little."""
    for shape in shapes():
        yield release(
            shape,
            egress=(Destination("db.example.org", (5432,), ("192.0.2.16/28",)),),
            proxy=PROXY,
            authorities=PEM,
            resources=Resources("250m", "1", "512Mi", "100Mi", {"nvidia.com/gpu": 1}),
            placement=Placement({"pool": "models"}, ({"key": "gpu", "operator": "Exists"},), ("registry",)),
            run="01a2",
            trusted_types=("xgboost.sklearn.XGBClassifier",),
            allows_pickle=True,
        )
        yield release(shape)
        if not isinstance(shape, Service) or shape.monitoring is None:
            yield replace(release(shape), bundle=Bundle(DIGEST, "/bundle"), settings="", store=None)


def cases() -> Iterator[tuple[Release, Platform]]:
    """Every release on every cluster that it can be deployed to."""
    for made, platform in itertools.product(releases(), PLATFORMS.values()):
        if platform.has_kserve or not isinstance(made.shape, InferenceService):
            yield made, platform
