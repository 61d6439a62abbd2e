"""What NetworkPolicies let through, by the cases of their specification."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from noteship.cluster.network import Attempt, Decision, NetworkPod, Outside, decide

WEB = NetworkPod("shop", {"app": "web"}, "10.0.0.1", {"http": (8080, "TCP"), "dns": (5353, "UDP")}, "web-1")
DATABASE = NetworkPod("shop", {"app": "db", "tier": "data"}, "10.0.0.2", {"sql": (5432, "TCP")}, "db-1")
CALLER = NetworkPod("team-b", {"app": "client"}, "10.0.1.1", name="client-1")
FAR = Outside("192.0.2.7")
NAMESPACES = {"shop": {"team": "a"}, "team-b": {"team": "b", "stage": "live"}}
ALL = {"podSelector": {}}


def policy(spec: dict[str, Any], name: str = "one", namespace: str = "shop") -> dict[str, Any]:
    return {"kind": "NetworkPolicy", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def allows(
    spec: dict[str, Any],
    source: NetworkPod | Outside = CALLER,
    target: NetworkPod | Outside = WEB,
    port: int = 8080,
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP",
) -> bool:
    return decide(Attempt(source, target, port, protocol), [policy(spec)], NAMESPACES).is_allowed


def from_(*peers: dict[str, Any], **rule: Any) -> dict[str, Any]:
    """Into all pods of the namespace, from these."""
    return ALL | {"ingress": [{"from": list(peers), **rule}]}


def test_without_a_policy_everything_is_let_through() -> None:
    """A pod that no policy is about may be reached by all, and may reach all."""
    assert decide(Attempt(CALLER, WEB, 8080), []) == Decision()
    assert allows({"podSelector": {"matchLabels": {"app": "other"}}, "ingress": []})
    assert decide(Attempt(CALLER, WEB, 8080), [policy(ALL, namespace="elsewhere")]).is_allowed
    assert decide(Attempt(CALLER, WEB, 8080), [{"kind": "ConfigMap"}]).is_allowed


def test_an_empty_selector_is_about_all_pods_and_no_rule_lets_nobody() -> None:
    """No rules, or an empty list of them, is a denial, which names the policy."""
    for spec in (ALL, ALL | {"ingress": []}, {}):
        assert decide(Attempt(CALLER, WEB, 8080), [policy(spec)]) == Decision("Ingress", ("shop/one",))
    assert allows(ALL, WEB, FAR, 443)


def test_an_empty_rule_lets_everybody() -> None:
    """A rule that names neither peers nor ports is about all; so are empty lists of them."""
    for rule in ({}, {"from": [], "ports": []}):
        assert allows(ALL | {"ingress": [rule]})
        assert allows(ALL | {"ingress": [rule]}, FAR)


def test_what_a_policy_is_about_when_it_does_not_say() -> None:
    """Always what comes in; what goes out only where there are rules for it, an empty list being none."""
    assert allows(ALL | {"egress": []}, WEB, FAR, 443)
    assert not allows(ALL | {"egress": [{"ports": [{"port": 53}]}]}, WEB, FAR, 443)
    assert not allows(ALL | {"egress": [{}]})
    assert not allows(ALL | {"policyTypes": ["Egress"]}, WEB, FAR, 443)
    assert allows(ALL | {"policyTypes": ["Egress"], "egress": []})
    # Rules of a direction that the policy says it is not about mean nothing.
    assert allows(ALL | {"policyTypes": ["Ingress"], "egress": [{"ports": [{"port": 1}]}]}, WEB, FAR, 443)


def test_pods_of_a_selector_are_those_of_the_policys_own_namespace() -> None:
    """Without a selector of namespaces, pods elsewhere with the same labels are others."""
    assert allows(from_({"podSelector": {"matchLabels": {"tier": "data"}}}), DATABASE)
    assert not allows(from_({"podSelector": {"matchLabels": {"app": "client"}}}))
    assert not allows(from_({"podSelector": {}}))


def test_both_selectors_together_narrow_and_apart_widen() -> None:
    """In one peer both have to fit; as two peers either does."""
    live, client = (
        {"namespaceSelector": {"matchLabels": {"stage": "live"}}},
        {"podSelector": {"matchLabels": {"app": "x"}}},
    )
    assert allows(from_(live))
    assert not allows(from_(live | client))
    assert allows(from_(live, client))
    assert allows(from_({"namespaceSelector": {}}))
    assert not allows(from_({"namespaceSelector": {}}), FAR)


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ({"key": "stage", "operator": "In", "values": ["live", "test"]}, True),
        ({"key": "stage", "operator": "NotIn", "values": ["live"]}, False),
        ({"key": "absent", "operator": "NotIn", "values": ["live"]}, True),
        ({"key": "absent", "operator": "In", "values": ["live"]}, False),
        ({"key": "stage", "operator": "Exists"}, True),
        ({"key": "stage", "operator": "DoesNotExist"}, False),
        ({"key": "absent", "operator": "DoesNotExist"}, True),
        ({"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["team-b"]}, True),
    ],
)
def test_expressions_over_labels(expression: dict[str, Any], fits: bool) -> None:
    """Each operator; a namespace has its own name as a label, whether or not that was told."""
    assert allows(from_({"namespaceSelector": {"matchExpressions": [expression]}})) is fits


def test_blocks_of_addresses_and_what_is_taken_out_of_them() -> None:
    """An address fits a network, but not what is excepted; the other version of IP never does."""
    block = {"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.128/25"]}}
    assert allows(from_(block), FAR)
    assert not allows(from_(block), Outside("192.0.2.200"))
    assert not allows(from_(block), Outside("198.51.100.1"))
    assert not allows(from_({"ipBlock": {"cidr": "0.0.0.0/0"}}), Outside("2001:db8::1"))
    assert allows(from_({"ipBlock": {"cidr": "10.0.1.0/24"}}))
    assert not allows(from_({"ipBlock": {"cidr": "0.0.0.0/0"}}), NetworkPod("team-b"))


def test_ports_ranges_names_and_protocols() -> None:
    """A number, a range up to its end, a name of the target's, or all of a protocol, which is TCP if none is said."""

    def on(**port: Any) -> dict[str, Any]:
        return ALL | {"ingress": [{"ports": [port]}]}

    assert [allows(on(port=8080), port=port) for port in (8080, 8081)] == [True, False]
    assert [allows(on(port=8000, endPort=8080), port=port) for port in (7999, 8000, 8080, 8081)] == [
        False,
        True,
        True,
        False,
    ]
    assert allows(on(port="http"))
    assert not allows(on(port="http"), port=9090)
    assert not allows(on(port="sql"), port=5432)
    assert [allows(on(protocol="UDP"), protocol=protocol) for protocol in ("UDP", "TCP")] == [True, False]
    assert not allows(on(port=5353), port=5353, protocol="UDP")
    assert not allows(on(port="dns"), port=5353, protocol="TCP")
    assert allows(on(port="dns", protocol="UDP"), port=5353, protocol="UDP")


def test_a_named_port_out_of_a_pod_is_the_targets() -> None:
    """On the way out a name is looked up at the other end, which outside of the cluster has none."""
    spec = ALL | {"policyTypes": ["Egress"], "egress": [{"ports": [{"port": "sql"}]}]}
    assert allows(spec, WEB, DATABASE, 5432)
    assert not allows(spec, WEB, FAR, 5432)


def test_both_ends_have_their_say() -> None:
    """The way out of the source is looked at first, and either end can forbid."""
    out = policy({"podSelector": {}, "policyTypes": ["Egress"]}, "quiet", "team-b")
    into = policy(from_({"namespaceSelector": {}}), "open")
    closed = policy(ALL, "closed")
    assert decide(Attempt(CALLER, WEB, 8080), [out, closed]) == Decision("Egress", ("team-b/quiet",))
    assert decide(Attempt(CALLER, WEB, 8080), [closed]) == Decision("Ingress", ("shop/closed",))
    # Policies add up: one that lets it is enough.
    assert decide(Attempt(CALLER, WEB, 8080), [closed, into]).is_allowed


def test_the_pods_own_node_and_itself_are_never_kept_out() -> None:
    """The kubelet's probes reach a pod, and a pod reaches itself, whatever policies say."""
    assert allows(ALL, Outside("10.0.0.254", is_node=True))
    assert allows(ALL | {"policyTypes": ["Ingress", "Egress"]}, WEB, WEB)
    assert not allows(ALL, Outside("10.0.0.254"))


def test_a_pod_is_what_the_cluster_tells_of_it() -> None:
    """Labels, address and named ports are the pod's; one on its node's network is no pod for any policy."""
    ports = [
        {"name": "http", "containerPort": 8080},
        {"name": "dns", "containerPort": 5353, "protocol": "UDP"},
        {"containerPort": 1},
    ]
    pod: dict[str, Any] = {
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "main", "ports": ports}, {"name": "other"}]},
        "status": {"podIP": "10.0.0.1"},
    }
    assert NetworkPod.of(pod) == WEB
    pod["spec"]["hostNetwork"] = True
    assert NetworkPod.of(pod) == Outside("10.0.0.1")
    assert NetworkPod.of({}) == NetworkPod("default")
