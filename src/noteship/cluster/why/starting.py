"""Containers that cannot be begun: what they name is not there, or their node refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from noteship.cluster.why import said, volumes
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.views import ContainerView, PodView

__all__ = ["unstarted"]

WAITING = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PostStartHookError")
ENDED = ("StartError", "ContainerCannotRun")
_ABSENT = re.compile(r'(secret|configmap) "([^"]+)" not found')
_KEY = re.compile(r"couldn't find key (\S+) in (Secret|ConfigMap) [^/\s]*/(\S+)")
_PROGRAM = re.compile(r'exec: "([^"]+)": (.+?)(?:: unknown)?$')
_ROOT = (
    "runAsNonRoot and image will run as root",
    "must run as non-root",
    "runAsNonRoot and image has non-numeric user",
)


def unstarted(pod: PodView) -> Iterator[Cause]:
    """Why a container was not begun."""
    for each in pod.containers:
        message = _message(each)
        if message:
            yield _cause(pod, each, message)


def _message(container: ContainerView) -> str:
    if container.reason in WAITING:
        return str(container.waiting.get("message") or container.reason)
    ended = container.ended
    return str(ended.get("message") or ended.get("reason")) if ended.get("reason") in ENDED else ""


def _cause(pod: PodView, container: ContainerView, message: str) -> Cause:
    image, told = str(container.spec.get("image")), (quoted(message),)
    if found := _ABSENT.search(message):
        return volumes.missing(pod, found[1], found[2], "as a variable", message)
    if found := _KEY.search(message):
        the = f"the {found[2]} '{found[3]}'"
        fact = f"{the}, which pod {pod.name} wants as a variable, has no key '{found[1]}'"
        return Cause("key-missing", fact, f"add the key '{found[1]}' to {the}, or name one that it has", "team", told)
    if any(each in message for each in _ROOT):
        return _root(pod, image, message, told)
    if "exec format error" in message:
        return said.wrong_architecture(pod, image, told)
    if found := _PROGRAM.search(message):
        program = f"'{quoted(found[1])}', which pod {pod.name} is to run,"
        fact = f"{program} is no program in the image {image}: {quoted(found[2])}"
        return Cause("command-missing", fact, "correct the command, or build an image that has it", "team", told)
    words = quoted(message.rpartition("unable to start container process: ")[2].removesuffix(": unknown"))
    fact = f"a container of pod {pod.name} cannot be begun: {words}"
    return Cause("start-failed", fact, "correct what it names in the pod's manifest, or in the image", "team", told)


def _root(pod: PodView, image: str, message: str, told: tuple[str, ...]) -> Cause:
    if "non-numeric" in message:
        fact = f"pod {pod.name} must not run as root, and the user of the image {image} is a name, so that nobody knows"
    else:
        fact = f"pod {pod.name} must not run as root, and the image {image} runs as root"
    remedy = "set runAsUser to a number, or build on an image with a numeric user (`noteship build` makes such)"
    return Cause("root-refused", fact, remedy, "team", told)
