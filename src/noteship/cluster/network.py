"""What NetworkPolicies let through, as a pure function; whether a cluster's network enforces them is another question.

Source: Kubernetes, the reference of NetworkPolicy (networking.k8s.io/v1).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from noteship.cluster.pods import table, tables
from noteship.cluster.selectors import selects

__all__ = ["Attempt", "Decision", "NetworkPod", "Outside", "decide"]

Fields = Mapping[str, Any]
Direction = Literal["Egress", "Ingress"]
# Every namespace has it, whatever else it is labelled with.
NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class NetworkPod:
    """A pod as the network sees it.

    - ports: its containers' ports by name, each as number and protocol
    - address: where it is known; policies that name addresses fit it by that
    """

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    ports: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    name: str = ""

    @classmethod
    def of(cls, pod: Fields) -> NetworkPod | Outside:
        """One as the cluster tells of it. What shares its node's network is no pod for any policy."""
        metadata, spec = table(pod.get("metadata")), table(pod.get("spec"))
        address = str(table(pod.get("status")).get("podIP") or "")
        if spec.get("hostNetwork"):
            return Outside(address)
        ports = {
            each["name"]: (each["containerPort"], each.get("protocol") or "TCP")
            for _, container in tables(spec.get("containers"))
            for _, each in tables(container.get("ports"))
            if each.get("name")
        }
        namespace, name = (str(metadata.get(each) or "") for each in ("namespace", "name"))
        return cls(namespace or "default", table(metadata.get("labels")), address, ports, name)


@dataclass(frozen=True)
class Outside:
    """What is no pod. The node that the other pod runs on, as its kubelet, is never kept from it."""

    address: str
    is_node: bool = False


@dataclass(frozen=True)
class Attempt:
    """Somebody wants to reach a port of somebody else."""

    source: NetworkPod | Outside
    target: NetworkPod | Outside
    port: int
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"


@dataclass(frozen=True)
class Decision:
    """Whether an attempt is let through. If not, `policies` are those none of which lets it, as NAMESPACE/NAME.

    - direction: which end forbids it, Egress, out of the source, or Ingress, into the target; empty if none does
    """

    direction: Literal["", "Egress", "Ingress"] = ""
    policies: tuple[str, ...] = ()

    @property
    def is_allowed(self) -> bool:
        """Whether it is let through."""
        return not self.direction


def decide(
    attempt: Attempt, policies: Iterable[Fields], namespaces: Mapping[str, Mapping[str, str]] | None = None
) -> Decision:
    """What policies, as manifests, say of an attempt. `namespaces` has the labels of namespaces, by name.

    A pod that no policy is about in a direction may do anything there; one that policies are about, what any of them
    lets it. Manifests of other kinds are passed over. Addresses of pods are compared with `ipBlock`, too, which not
    every network does. Cost: the number of rules.
    """
    source, target = attempt.source, attempt.target
    if source == target or any(isinstance(each, Outside) and each.is_node for each in (source, target)):
        return Decision()
    known = [each for each in policies if each.get("kind") == "NetworkPolicy"]
    judge = _Judge(attempt, namespaces or {})
    if isinstance(source, NetworkPod):
        forbidding = judge.forbidding("Egress", source, known)
        if forbidding:
            return Decision("Egress", forbidding)
    if isinstance(target, NetworkPod):
        forbidding = judge.forbidding("Ingress", target, known)
        if forbidding:
            return Decision("Ingress", forbidding)
    return Decision()


@dataclass(frozen=True)
class _Judge:
    attempt: Attempt
    namespaces: Mapping[str, Mapping[str, str]]

    def forbidding(self, direction: Direction, pod: NetworkPod, policies: list[Fields]) -> tuple[str, ...]:
        """The policies that are about the pod, if none of them lets the attempt through."""
        about = [each for each in policies if _is_about(each, direction, pod)]
        if any(self._lets(each, direction) for each in about):
            return ()
        return tuple(f"{_namespace(each)}/{each['metadata']['name']}" for each in about)

    def _lets(self, policy: Fields, direction: Direction) -> bool:
        side, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
        other = self.attempt.target if direction == "Egress" else self.attempt.source
        return any(
            self._is_of_ports(rule.get("ports")) and self._is_of_peers(rule.get(peers), other, policy)
            for rule in _spec(policy).get(side) or ()
        )

    def _is_of_ports(self, ports: Any) -> bool:
        return not ports or any(self._is_of_port(each) for each in ports)

    def _is_of_port(self, wanted: Fields) -> bool:
        attempt, port = self.attempt, wanted.get("port")
        if (wanted.get("protocol") or "TCP") != attempt.protocol:
            return False
        if port is None:
            return True
        if isinstance(port, str):
            # Whichever direction: a name is one of the target's, and what is no pod has none.
            named = attempt.target.ports if isinstance(attempt.target, NetworkPod) else {}
            return named.get(port) == (attempt.port, attempt.protocol)
        return bool(port <= attempt.port <= (wanted.get("endPort") or port))

    def _is_of_peers(self, peers: Any, other: NetworkPod | Outside, policy: Fields) -> bool:
        return not peers or any(self._is_peer(each, other, policy) for each in peers)

    def _is_peer(self, peer: Fields, other: NetworkPod | Outside, policy: Fields) -> bool:
        if peer.get("ipBlock") is not None:
            return _is_within(other.address, peer["ipBlock"])
        if not isinstance(other, NetworkPod):
            return False
        pods, spaces = peer.get("podSelector"), peer.get("namespaceSelector")
        if spaces is None:
            is_there = other.namespace == _namespace(policy)
        else:
            is_there = selects(spaces, {NAME_LABEL: other.namespace, **self.namespaces.get(other.namespace, {})})
        return is_there and selects(pods or {}, other.labels)


def _is_about(policy: Fields, direction: Direction, pod: NetworkPod) -> bool:
    spec = _spec(policy)
    is_of = _namespace(policy) == pod.namespace and selects(spec.get("podSelector") or {}, pod.labels)
    return is_of and direction in (spec.get("policyTypes") or _types(spec))


def _types(spec: Fields) -> Iterator[Direction]:
    """What a policy that does not say is about: what comes in, and what goes out where it has rules for that."""
    yield "Ingress"
    if spec.get("egress"):
        yield "Egress"


def _is_within(address: str, block: Fields) -> bool:
    if not address:
        return False
    at = ipaddress.ip_address(address)
    return at in ipaddress.ip_network(block["cidr"], strict=False) and not any(
        at in ipaddress.ip_network(each, strict=False) for each in block.get("except") or ()
    )


def _spec(policy: Fields) -> Fields:
    return policy.get("spec") or {}


def _namespace(policy: Fields) -> str:
    return str(policy["metadata"].get("namespace") or "default")
