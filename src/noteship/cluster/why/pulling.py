"""Images that a node cannot have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from noteship.cluster.why import views
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.views import ContainerView, PodView

__all__ = ["unpulled"]

WAITING = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError")
# From what time on a pull is told as what is slow: the kubelet's own images take less.
SLOW_S = 20
_AWAY = re.compile(r"dial tcp|connection refused|no such host|i/o timeout|TLS handshake|EOF|50[234] ")
_UNTRUSTED = re.compile(r"x509:|certificate|server gave HTTP response to HTTPS client")
_DENIED = re.compile(
    r"\b40[13]\b|[Uu]nauthori[sz]ed|authorization failed|access denied|no basic auth|\bdenied\b|[Ff]orbidden"
)
_BUSY = re.compile(r"toomanyrequests|\b429\b|rate limit")
_MISSING = re.compile(r"not found|manifest unknown|name unknown|NAME_UNKNOWN|does not exist")
_PLATFORM = re.compile(r"no match for platform|no matching manifest|does not match the specified platform")
_END = re.compile(r"((?:dial tcp|x509:|http: server gave|net/http|unexpected status|lookup ).*)$")


def unpulled(pod: PodView, evidence: Evidence) -> Iterator[Cause]:
    """Why the image of a container is not there."""
    for each in pod.containers:
        image = str(each.spec.get("image"))
        if each.reason in WAITING:
            yield from _secrets(pod)
            yield _pull(pod, each, image)
        elif each.reason == "InvalidImageName":
            fact = f"'{quoted(image)}', which pod {pod.name} runs, is no name of an image"
            yield Cause(
                "image-name-wrong", fact, "correct the image's name", "you", (quoted(str(each.waiting.get("message"))),)
            )
        elif each.reason == "ErrImageNeverPull":
            fact = f"the image {image} is not on the node, and pod {pod.name} may not pull it (imagePullPolicy: Never)"
            yield Cause("image-missing", fact, "let it be pulled: imagePullPolicy: IfNotPresent", "team")
    yield from _slow(pod, evidence)


def _pull(pod: PodView, container: ContainerView, image: str) -> Cause:
    events = [
        each for each in pod.messages("Failed") if each.startswith("Failed to pull image") and f'"{image}"' in each
    ]
    message = str(container.waiting.get("message") or "")
    said = next(iter(events), "") or message
    told = (quoted(said.partition(": ")[2] or said),)
    registry = image.partition("/")[0]
    detail = _END.search(said)
    reason = quoted(detail[1] if detail else said.rpartition(": ")[2])
    # A name may hold any of the words that are looked for.
    words = said.replace(image, "").replace(image.partition(":")[0], "")
    if _PLATFORM.search(words):
        return _other_platform(pod, image, told)
    if _BUSY.search(words):
        fact = f"the registry {registry} lets the node pull no more just now: {reason}"
        return Cause("registry-busy", fact, "wait, or pull from a mirror or with a login", "administrators", told)
    if _UNTRUSTED.search(words):
        fact = f"the node does not trust the registry {registry}: {reason}"
        remedy = "have the registry's authority made known to the nodes"
        return Cause("registry-unreachable", fact, remedy, "administrators", told)
    if _AWAY.search(words):
        fact = f"the registry {registry} cannot be reached from the node: {reason}"
        remedy = "correct the registry in the image's name, or have the registry or the nodes' way to it mended"
        return Cause("registry-unreachable", fact, remedy, "administrators", told)
    if _DENIED.search(words):
        return _denied(pod, image, registry, reason, told)
    if _MISSING.search(words):
        fact = f"the image {image} of pod {pod.name} is not at its registry"
        return Cause("image-missing", fact, "push the image (`noteship build`), or correct its name", "team", told)
    return Cause(
        "registry-unreachable",
        f"the image {image} cannot be pulled: {reason}",
        "see what the registry says",
        "administrators",
        told,
    )


def _other_platform(pod: PodView, image: str, told: tuple[str, ...]) -> Cause:
    fact = f"the image {image} of pod {pod.name} has nothing for the node's architecture"
    return Cause(
        "wrong-architecture", fact, "build it for that one: [image] architecture in noteship.toml", "team", told
    )


def _denied(pod: PodView, image: str, registry: str, reason: str, told: tuple[str, ...]) -> Cause:
    named = [str(each.get("name")) for each in pod.spec.get("imagePullSecrets") or ()]
    has = f"with the login of {', '.join(named)}" if named else "without a login"
    return Cause(
        "pull-unauthorized",
        f"the registry {registry} does not let the node have {image} {has}: {reason}",
        f"renew the login in the Secret '{named[0]}'"
        if named
        else "make a Secret with a login (`kubectl create secret docker-registry`), and name it in imagePullSecrets",
        "team",
        told,
    )


def _secrets(pod: PodView) -> Iterator[Cause]:
    for said in pod.messages("FailedToRetrieveImagePullSecret")[:1]:
        names = re.search(r"\(([^)]*)\)", said)
        shown = names[1] if names else "?"
        fact = f"the pull secret '{shown}', which pod {pod.name} names, is not there in {pod.namespace}"
        remedy = f"make it: `kubectl create secret docker-registry {shown} …`"
        yield Cause("pull-secret-missing", fact, remedy, "team", (quoted(said),))


def _slow(pod: PodView, evidence: Evidence) -> Iterator[Cause]:
    """An image that is still being pulled."""
    last = next((each for each in reversed(pod.events) if each.get("reason") in ("Pulling", "Pulled", "Failed")), None)
    if last is None or last.get("reason") != "Pulling" or not pod.is_pending:
        return
    since = views.seconds(str(last.get("lastTimestamp")), evidence.now)
    if since >= SLOW_S:
        image = str(last.get("message") or "").partition('"')[2].rstrip('"')
        fact = f"the node has been pulling the image {image} for {since:.0f} s"
        yield Cause("pulling", fact, "wait; a smaller image, or one whose layers the node has, is there sooner", "you")
