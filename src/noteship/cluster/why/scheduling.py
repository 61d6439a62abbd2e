"""Pods that no node takes, by what the scheduler says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from noteship.cluster.cluster import Object
from noteship.cluster.pods import table, tables
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.views import PodView, amount, name_of

__all__ = ["unscheduled"]

_LACKING = re.compile(r"Insufficient ([\w./-]*\w)")
_TAINT = re.compile(r"untolerated taint(?:\(s\))? \{([^}]*)\}")
_OF_DEVICES = "no new claims to deallocate"
_SELECTOR = ("node affinity/selector", "node selector")
_OF_CLAIMS = ("persistentvolumeclaim", "PersistentVolumeClaims", "volume node affinity")


def unscheduled(pod: PodView, evidence: Evidence) -> Iterator[Cause]:
    """Why no node takes a pod; what is a volume's fault is told with the volumes."""
    condition = pod.condition("PodScheduled")
    if condition.get("status") != "False":
        yield from _node(pod, evidence)
        return
    said = str(condition.get("message") or "")
    # What follows is why nobody else's pod can be sent away for it.
    reasons = said.partition("preemption:")[0].replace(_OF_DEVICES, "").rstrip(" ,")
    told = (quoted(said),)
    found = [cause for rule in _RULES for cause in rule(pod, reasons, evidence, told)]
    yield from found
    if condition.get("reason") == "SchedulingGated":
        yield Cause("queued", f"pod {pod.name} is held back until a queue lets it in", "wait", "administrators", told)
    elif not found and not any(each in reasons for each in _OF_CLAIMS):
        words = quoted(reasons.partition("nodes are available: ")[2] or said or "the scheduler has said nothing yet")
        remedy = "wait a moment and ask again; else see that the cluster's scheduler runs"
        yield Cause("unschedulable", f"no node takes pod {pod.name}: {words}", remedy, "administrators", told)


Rule = Callable[[PodView, str, Evidence, tuple[str, ...]], Iterator[Cause]]


def _resources(pod: PodView, said: str, evidence: Evidence, told: tuple[str, ...]) -> Iterator[Cause]:
    for name in dict.fromkeys(_LACKING.findall(said)):
        asked = _asked(pod, name)
        there = _most(evidence, name)
        is_never = there != "" and amount(asked) > amount(there)
        most = f"the largest has {there}" if there else ""
        if name == "cpu":
            fact = f"pod {pod.name} asks for {asked} CPUs, which no node has" + (
                " free" if not is_never else f": {most}"
            )
            yield Cause("too-few-cpus", fact, _less("fewer CPUs", is_never=is_never), "you", told)
        elif name == "memory":
            fact = f"pod {pod.name} asks for {asked} of memory, which no node has"
            fact += " free" if not is_never else f": {most}"
            yield Cause("too-little-memory", fact, _less("less memory", is_never=is_never), "you", told)
        else:
            fact = f"pod {pod.name} asks for {asked} of {name}, which no node has" + (
                "" if is_never or not there else " free"
            )
            remedy = "have the cluster's administrators add nodes that have it, or ask for none"
            yield Cause("too-few-resources", fact, remedy, "administrators", told)


def _less(what: str, *, is_never: bool) -> str:
    after = "have a larger node added" if is_never else "wait until others end, or have nodes added"
    return f"ask for {what}, or {after}"


def _selector(pod: PodView, said: str, evidence: Evidence, told: tuple[str, ...]) -> Iterator[Cause]:
    if not any(each in said for each in _SELECTOR) or _has_selected(pod, evidence):
        return
    wanted = ", ".join(f"{name}={value}" for name, value in table(pod.spec.get("nodeSelector")).items())
    fact = (
        f"no node has the labels that pod {pod.name} selects: {wanted}"
        if wanted
        else f"no node has the affinity that pod {pod.name} asks for"
    )
    yield Cause("node-selector", fact, "correct the node selector, or have a node labelled so", "you", told)


def _has_selected(pod: PodView, evidence: Evidence) -> bool:
    """Whether a node is as the pod wants it, so that others, which are not, are in nobody's way."""
    has_affinity = table(pod.spec.get("affinity")).get("nodeAffinity") is not None
    return not has_affinity and any(True for _ in _selected(pod, evidence))


def _selected(pod: PodView, evidence: Evidence) -> Iterator[Object]:
    wanted = table(pod.spec.get("nodeSelector")).items()
    for each in evidence.of_kind("Node"):
        if wanted <= table(table(each.get("metadata")).get("labels")).items():
            yield each


def _taint(pod: PodView, said: str, evidence: Evidence, told: tuple[str, ...]) -> Iterator[Cause]:
    """By the scheduler's words, which name it before Kubernetes 1.36, else by the nodes that the pod selects."""
    if "untolerated taint" not in said:
        return
    named = [(name.strip(), value.strip()) for name, _, value in (each.partition(":") for each in _TAINT.findall(said))]
    for name, value in dict.fromkeys(named or _untolerated(pod, evidence)) or [("", "")]:
        shown = f"the taint {name}={value}" if value else f"the taint {name}" if name else "a taint"
        fact = f"nodes keep pod {pod.name} away by {shown}, which it does not tolerate"
        if name.startswith("node.kubernetes.io/"):
            remedy = "have the node looked after: the cluster itself marked it so"
            yield Cause("taint", fact, remedy, "administrators", told)
        else:
            key = f": key '{name}' in tolerations" if name else ", by tolerations"
            yield Cause("taint", fact, f"tolerate it, if you may use those nodes{key}", "you", told)


def _untolerated(pod: PodView, evidence: Evidence) -> Iterator[tuple[str, str]]:
    tolerations = [each for _, each in tables(pod.spec.get("tolerations"))]
    for node in _selected(pod, evidence):
        for _, taint in tables(table(node.get("spec")).get("taints")):
            is_kept = taint.get("effect") in ("NoSchedule", "NoExecute")
            if is_kept and not any(_tolerates(each, taint) for each in tolerations):
                yield str(taint.get("key")), str(taint.get("value") or "")


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.get("key"))
    same = toleration.get("key") == taint.get("key")
    return same and (toleration.get("value") or "") == (taint.get("value") or "")


_RULES: tuple[Rule, ...] = (_resources, _selector, _taint)


def _node(pod: PodView, evidence: Evidence) -> Iterator[Cause]:
    """A node that is gone takes its pods' states with it."""
    name = pod.spec.get("nodeName")
    for node in evidence.of_kind("Node"):
        ready = [each for _, each in tables(table(node.get("status")).get("conditions")) if each.get("type") == "Ready"]
        if name_of(node) == name and ready and ready[0].get("status") != "True":
            fact = f"the node {name}, on which pod {pod.name} is, is not ready: {quoted(str(ready[0].get('message')))}"
            yield Cause("node-unready", fact, "have the node looked after", "administrators")


def _asked(pod: PodView, name: str) -> str:
    """Of all containers together; as it was written where only one asks."""
    given = [table(table(each.spec.get("resources")).get("requests")).get(name) for each in pod.containers]
    given = [each for each in given if each is not None] or [
        limit for each in pod.containers if (limit := table(table(each.spec.get("resources")).get("limits")).get(name))
    ]
    if len(given) == 1:
        return str(given[0])
    return f"{sum(map(amount, given)):g}"


def _most(evidence: Evidence, name: str) -> str:
    there = [str(_allocatable(each).get(name)) for each in evidence.of_kind("Node") if name in _allocatable(each)]
    return max(there, key=amount, default="")


def _allocatable(node: Object) -> dict[str, object]:
    return dict(table(table(node.get("status")).get("allocatable")))
