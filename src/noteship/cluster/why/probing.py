"""Probes that fail, and ports that nobody listens on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from noteship.cluster.cluster import Object
from noteship.cluster.pods import table, tables
from noteship.cluster.selectors import selects
from noteship.cluster.why.cause import Cause, Kind, quoted
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.said import LastWords
from noteship.cluster.why.views import ContainerView, PodView, name_of

__all__ = ["failing", "misled"]

_KINDS: tuple[tuple[str, str, Kind], ...] = (
    ("Startup", "startupProbe", "startup-failing"),
    ("Liveness", "livenessProbe", "liveness-failing"),
    ("Readiness", "readinessProbe", "readiness-failing"),
)
_REFUSED = re.compile(r"connection refused")
_STATUS = re.compile(r"statuscode: (\d+)")


def failing(pod: PodView) -> Iterator[Cause]:
    """Probes because of which a container is not ready, or is begun again."""
    for container in pod.containers:
        for name, field, kind in _KINDS:
            probe = table(container.spec.get(field))
            said = [each for each in pod.messages("Unhealthy") if each.startswith(f"{name} probe")]
            if probe and said and _counts(container, name):
                yield _cause(pod, container, probe, (name, kind, said[0]))
                break


def _counts(container: ContainerView, name: str) -> bool:
    """Old failures are no cause: a container that runs and is ready had them while it began."""
    if container.status.get("ready"):
        return False
    if name == "Readiness":
        return container.is_running and bool(container.status.get("started", True))
    if name == "Startup" and container.status.get("started"):
        return False
    is_own_end = container.has_failed and container.ended.get("exitCode") not in (0, 137, 143)
    return (container.restarts > 0 and not is_own_end) or name == "Startup"


def _cause(pod: PodView, container: ContainerView, probe: Mapping[str, Any], how: tuple[str, Kind, str]) -> Cause:
    name, kind, said = how
    asked, told = _asked(probe), (quoted(said),)
    port = _port(probe, container)
    ports = [each.get("containerPort") for _, each in tables(container.spec.get("ports"))]
    if _REFUSED.search(said) and port is not None and ports and port not in ports:
        has = ", ".join(map(str, ports))
        asks = f"the {name.lower()} probe of pod {pod.name} asks port {port}"
        fact = f"{asks}, where nothing listens; the container says it has {has}"
        return Cause("port-wrong", fact, "correct the port of the probe, or that of the program", "team", told)
    answer = _answer(said)
    again = LastWords(pod, container).again
    if kind == "startup-failing":
        seconds = int(probe.get("failureThreshold", 3)) * int(probe.get("periodSeconds", 10))
        seconds += int(probe.get("initialDelaySeconds") or 0)
        fact = f"pod {pod.name} did not begin to answer {asked} within {seconds} s: {answer}{again}"
        remedy = "see in its log what it waits for; where it needs the time, raise the probe's failureThreshold"
    elif kind == "liveness-failing":
        fact = f"pod {pod.name} fails its liveness probe, {asked}: {answer}{again}"
        remedy = "see in its log what it hangs in; the liveness probe should ask no other service, and wait long enough"
    else:
        fact = f"pod {pod.name} is not ready, so that nobody is sent to it: {asked} fails: {answer}{again}"
        remedy = "see in its log what it waits for, such as a model or a store; else correct the readiness probe"
    return Cause(kind, fact, remedy, "team", (*told, *map(quoted, LastWords(pod, container).lines[-2:])))


def _answer(said: str) -> str:
    if found := _STATUS.search(said):
        return f"the answer is {found[1]}"
    if _REFUSED.search(said):
        return "nothing listens there"
    if "context deadline exceeded" in said or "timeout" in said.lower():
        return "there is no answer in time"
    return quoted(said.partition(": ")[2] or said)


def _asked(probe: Mapping[str, Any]) -> str:
    get = table(probe.get("httpGet"))
    if get:
        return f"GET {get.get('path', '/')} at port {get.get('port')}"
    for name in ("tcpSocket", "grpc"):
        if name in probe:
            return f"port {table(probe[name]).get('port')}"
    return "a command"


def _port(probe: Mapping[str, Any], container: ContainerView) -> int | None:
    given = next((table(probe[name]).get("port") for name in ("httpGet", "tcpSocket", "grpc") if name in probe), None)
    named = {each.get("name"): each.get("containerPort") for _, each in tables(container.spec.get("ports"))}
    found = named.get(given, given)
    return found if isinstance(found, int) else None


def misled(pods: list[PodView], evidence: Evidence) -> Iterator[Cause]:
    """Services that select the thing's pods, and send to a port that these do not have."""
    for service in evidence.of_kind("Service"):
        spec = table(service.get("spec"))
        selector = table(spec.get("selector"))
        chosen = [each for each in pods if selector and selects({"matchLabels": selector}, _labels(each))]
        for pod in chosen[:1]:
            yield from _service(service, pod)


def _service(service: Object, pod: PodView) -> Iterator[Cause]:
    ports = {
        each.get("name"): each.get("containerPort")
        for one in pod.containers
        for _, each in tables(one.spec.get("ports"))
    }
    shown = ", ".join(f"{name or '(no name)'}: {port}" for name, port in ports.items())
    for _, each in tables(table(service.get("spec")).get("ports")):
        target = each.get("targetPort", each.get("port"))
        is_known = target in ports if isinstance(target, str) else not ports or target in ports.values()
        # A number may be right without being told in the manifest; only what is told otherwise is a cause.
        if not is_known:
            wanted = f"'{target}'" if isinstance(target, str) else str(target)
            sends = f"the Service '{name_of(service)}' sends to port {wanted}"
            fact = f"{sends}, and pod {pod.name} has {shown or 'none by name'}"
            yield Cause("port-wrong", fact, "correct targetPort of the Service, or the port of the container", "team")


def _labels(pod: PodView) -> Mapping[str, str]:
    return table(table(pod.thing.get("metadata")).get("labels"))
