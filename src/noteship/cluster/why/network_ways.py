"""Connections that a program says have failed, held against the NetworkPolicies of the namespace."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from noteship.cluster import network
from noteship.cluster.cluster import Object
from noteship.cluster.network import Attempt, Decision, NetworkPod, Outside
from noteship.cluster.pods import table, tables
from noteship.cluster.selectors import selects
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.said import LastWords
from noteship.cluster.why.views import PodView, name_of

__all__ = ["forbidden"]

OPENSHIFT_DNS = "dns.operator.openshift.io/daemonset-dns"
_FAILED = re.compile(
    r"(?i)timed? ?out|connection refused|unreachable|no route to host|max retries exceeded|cannot connect|"
    r"could not connect|failed to connect|connection reset|name resolution|name or service not known|no such host|"
    r"nodename nor servname|could not resolve|does not answer|dns error|connect error|ConnectTimeout|ConnectError"
)
_NAMES = re.compile(
    r"(?i)name resolution|name or service not known|no such host|could not resolve|nodename nor|dns error"
)
_URL = re.compile(
    r"\b(https?|s3|postgres(?:ql)?|nats|redis|kafka|mysql)://(?:[^\s/@]*@)?(\[[0-9a-fA-F:]+\]|[\w.-]+)(?::(\d+))?"
)
_HOST_PORT = re.compile(r"(?<![\w.:/-])((?:\d{1,3}\.){3}\d{1,3}|[a-z][\w-]*(?:\.[\w-]+)*):(\d{2,5})\b")
_KEYED = re.compile(
    r"host='([\w.-]+)', port=(\d+)|server at \"([\w.-]+)\"[^,]*, port (\d+)|[Hh]ost[ =]+'?([\w-]+(?:\.[\w-]+)+)"
)
_PORTS = {"https": 443, "http": 80, "s3": 443, "postgres": 5432, "postgresql": 5432, "nats": 4222, "redis": 6379}
DNS = 53
# Of Kubernetes' own set-up, and of OpenShift's.
_USUAL_DNS: tuple[tuple[NetworkPod | Outside, int], ...] = (
    (NetworkPod("kube-system", {"k8s-app": "kube-dns"}, ports={"dns": (DNS, "UDP")}), DNS),
    (NetworkPod("openshift-dns", {OPENSHIFT_DNS: "default"}, ports={"dns": (5353, "UDP")}), 5353),
)
LOOKED_AT = 20


def forbidden(pod: PodView, evidence: Evidence) -> Iterator[Cause]:
    """Ways that a pod wants to go: why not, where policies say it, else that somebody could not be reached."""
    for container in pod.containers:
        if container.status.get("ready") and not container.has_failed:
            continue
        words = LastWords(pod, container)
        lines = [each for each in words.lines[-LOOKED_AT:] if _FAILED.search(each)]
        if not lines:
            continue
        line = lines[-1]
        found = [cause for each in reversed(lines) for cause in _of_line(pod, each, evidence)]
        yield from found[:1] or [_unreached(pod, words, line, evidence)]


def _of_line(pod: PodView, line: str, evidence: Evidence) -> Iterator[Cause]:
    for host, port in _places(line):
        attempt = _attempt(pod, host, port, evidence)
        decision = _decided(attempt, evidence) if attempt else Decision()
        if not decision.is_allowed:
            yield _kept_away(pod, f"{host}:{port}", decision, line)
            return
    if _NAMES.search(line) or any(not _is_address(host) for host, _ in _places(line)):
        decision = _dns(pod, evidence)
        if not decision.is_allowed:
            yield _kept_away(pod, "the cluster's DNS, port 53, so that no name is found", decision, line)


def _kept_away(pod: PodView, where: str, decision: Decision, line: str) -> Cause:
    several = len(decision.policies) > 1
    named = ", ".join(f"'{each.partition('/')[2]}' in {each.partition('/')[0]}" for each in decision.policies)
    way = "outgoing" if decision.direction == "Egress" else "incoming"
    policies = "the NetworkPolicies" if several else "the NetworkPolicy"
    lets = "let" if several else "lets"
    fact = f"pod {pod.name} cannot reach {where}, as {policies} {named} {lets} no such {way} connection through"
    remedy = "allow it by a NetworkPolicy" + (
        ", or by [kubernetes] egress in noteship.toml" if way == "outgoing" else " where the other pod is"
    )
    return Cause("network-policy", fact, remedy, "team", (quoted(line),))


def _unreached(pod: PodView, words: LastWords, line: str, evidence: Evidence) -> Cause:
    places = [f"{host}:{port}" for host, port in _places(line)]
    about = [name_of(each) for each in evidence.of_kind("NetworkPolicy") if _is_about(each, pod)]
    where = f" ({', '.join(places)})" if places else ""
    fact = f"pod {pod.name} cannot reach another service{where}: {quoted(line)}{words.again}"
    remedy = "correct the address, and see that the other side runs"
    if about:
        remedy += f"; the NetworkPolicies {', '.join(about)} say what it may reach"
    return Cause("unreachable", fact, remedy, "team", tuple(map(quoted, words.lines[-2:])))


def _is_about(policy: Object, pod: PodView) -> bool:
    spec = table(policy.get("spec"))
    space = table(policy.get("metadata")).get("namespace")
    labels = table(table(pod.thing.get("metadata")).get("labels"))
    return bool(
        space == pod.namespace
        and "Egress" in (spec.get("policyTypes") or ())
        and selects(table(spec.get("podSelector")), labels)
    )


def _places(line: str) -> list[tuple[str, int]]:
    """Hosts and ports that a line names."""
    found = [
        (host.strip("[]"), int(port or _PORTS.get(scheme.lower(), 80))) for scheme, host, port in _URL.findall(line)
    ]
    rest = _URL.sub(" ", line)
    for one, port, other, second, _ in _KEYED.findall(rest):
        if one or other:
            found.append((one or other, int(port or second)))
    found += [
        (host, int(port))
        for host, port in _HOST_PORT.findall(rest)
        if _is_address(host) or "." in host or "-" in host or host.islower()
    ]
    return list(dict.fromkeys(found))


def _attempt(pod: PodView, host: str, port: int, evidence: Evidence) -> Attempt | None:
    source = NetworkPod.of(pod.thing)
    if _is_address(host):
        target, port = _at(host, port, evidence)
        return Attempt(source, target, port)
    service = _service(host, pod.namespace, evidence)
    if service is not None:
        target, port = _behind(service, port, evidence)
        return Attempt(source, target, port)
    return None


def _at(address: str, port: int, evidence: Evidence) -> tuple[NetworkPod | Outside, int]:
    for each in evidence.of_kind("Pod"):
        if table(each.get("status")).get("podIP") == address:
            return NetworkPod.of(each), port
    for each in evidence.of_kind("Service"):
        if table(each.get("spec")).get("clusterIP") == address:
            return _behind(each, port, evidence)
    return Outside(address), port


def _behind(service: Object, port: int, evidence: Evidence) -> tuple[NetworkPod | Outside, int]:
    """A pod that a Service sends to, and the port there."""
    spec, space = table(service.get("spec")), table(service.get("metadata")).get("namespace")
    selector = table(spec.get("selector"))
    given = next(
        (each.get("targetPort", port) for _, each in tables(spec.get("ports")) if each.get("port") == port), port
    )
    for each in evidence.of_kind("Pod"):
        metadata = table(each.get("metadata"))
        if (
            selector
            and metadata.get("namespace") == space
            and selects({"matchLabels": selector}, table(metadata.get("labels")))
        ):
            target = NetworkPod.of(each)
            named = target.ports.get(str(given)) if isinstance(target, NetworkPod) else None
            return target, named[0] if named else (given if isinstance(given, int) else port)
    return Outside(str(spec.get("clusterIP") or "")), port


def _service(host: str, space: str, evidence: Evidence) -> Object | None:
    name, _, rest = host.partition(".")
    wanted = rest.partition(".")[0] or space
    for each in evidence.of_kind("Service"):
        if (name_of(each), table(each.get("metadata")).get("namespace")) == (name, wanted):
            return each
    return None


def _dns(pod: PodView, evidence: Evidence) -> Decision:
    """Whether the pod may ask for names, of whoever is known to answer for them, else of whoever usually does."""
    source = NetworkPod.of(pod.thing)
    known = [_behind(each, DNS, evidence) for each in evidence.of_kind("Service") if _answers_names(each)]
    decisions = [_decided(Attempt(source, *each, "UDP"), evidence) for each in known or _USUAL_DNS]
    return next((each for each in decisions if each.is_allowed), decisions[0])


def _answers_names(service: Object) -> bool:
    return table(table(service.get("metadata")).get("labels")).get("k8s-app") == "kube-dns"


def _decided(attempt: Attempt, evidence: Evidence) -> Decision:
    spaces = {name_of(each): table(table(each.get("metadata")).get("labels")) for each in evidence.of_kind("Namespace")}
    return network.decide(attempt, evidence.of_kind("NetworkPolicy"), spaces)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
