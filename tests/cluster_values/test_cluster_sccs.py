"""OpenShift's constraints: what they refuse, and what becomes of a pod that they let in."""

from __future__ import annotations

from typing import Any

import pytest

from noteship.cluster import restricted, sccs
from noteship.cluster.pods import templates

from .planted import planted, pod, with_ephemeral

BOTH = (sccs.RESTRICTED_V2, sccs.RESTRICTED_V3)
# Refused by either of them.
REFUSED = [
    ("spec.hostNetwork", True),
    ("spec.hostPID", True),
    ("spec.hostIPC", True),
    ("spec.securityContext.runAsUser", 0),
    ("spec.securityContext.runAsUser", 70_000),
    ("spec.securityContext.fsGroup", 70_000),
    ("spec.securityContext.seLinuxOptions", {"level": "s0:c1,c2"}),
    ("spec.securityContext.seLinuxOptions", {"level": "s0:c26,c5", "type": "container_t"}),
    ("spec.securityContext.seccompProfile", {"type": "Localhost", "localhostProfile": "mine"}),
    ("spec.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
    ("spec.volumes", [{"name": "a", "hostPath": {"path": "/"}}]),
    ("spec.volumes", [{"name": "a", "nfs": {"server": "192.0.2.1", "path": "/"}}]),
    ("metadata.annotations", {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}),
    *(
        (f"spec.{place}[0].{path}", value)
        for place in ("containers", "initContainers", "ephemeralContainers")
        for path, value in (
            ("securityContext.privileged", True),
            ("securityContext.allowPrivilegeEscalation", True),
            ("securityContext.capabilities.add", ["CHOWN"]),
            ("securityContext.runAsUser", 999),
            ("securityContext.seccompProfile", {"type": "Unconfined"}),
            ("ports", [{"containerPort": 80, "hostPort": 80}]),
        )
    ),
]


def in_a_user_namespace() -> dict[str, Any]:
    return planted(with_ephemeral(), "spec.hostUsers", False)


@pytest.mark.parametrize("constraint", BOTH, ids=lambda each: each.name)
@pytest.mark.parametrize(("path", "value"), REFUSED)
def test_what_either_refuses(constraint: sccs.Constraint, path: str, value: Any) -> None:
    """A field that the constraint does not allow is found by its path, and nothing else is."""
    assert sccs.violations(in_a_user_namespace(), constraint) == ()
    found = sccs.violations(planted(in_a_user_namespace(), path, value), constraint)
    assert found
    assert all(each.path.startswith(path) and each.control == constraint.name for each in found)


def test_users_are_the_namespaces_or_those_of_a_user_namespace() -> None:
    """v2 takes the namespace's own numbers alone, v3 those within a user namespace alone."""
    of_namespace = planted(in_a_user_namespace(), "spec.securityContext.runAsUser", 1_000_650_007)
    within = planted(in_a_user_namespace(), "spec.securityContext.runAsUser", 65532)
    assert [bool(sccs.violations(each)) for each in (of_namespace, within)] == [False, True]
    assert [bool(sccs.violations(each, sccs.RESTRICTED_V3)) for each in (of_namespace, within)] == [True, False]


def test_only_v3_asks_for_a_user_namespace_and_minds_the_group() -> None:
    """Group 0 and the node's own users are fine for v2, and refused by v3."""
    root = planted(pod(), "spec.containers[0].securityContext.runAsGroup", 0)
    assert sccs.violations(root) == ()
    assert {each.path for each in sccs.violations(root, sccs.RESTRICTED_V3)} == {
        "spec.hostUsers",
        "spec.containers[0].securityContext.runAsGroup",
    }


def test_v3_minds_further_groups_and_v2_does_not() -> None:
    """A process may be of any other groups under v2, and of those of its user namespace alone under v3."""
    for group, is_within in ((0, False), (999, False), (1000, True), (65534, True), (65535, False)):
        made = planted(in_a_user_namespace(), "spec.securityContext.supplementalGroups", [group])
        assert sccs.violations(made) == ()
        paths = [each.path for each in sccs.violations(made, sccs.RESTRICTED_V3)]
        assert paths == ([] if is_within else ["spec.securityContext.supplementalGroups[0]"])


def test_a_namespace_says_what_is_its_own() -> None:
    """Users, groups and level come from the namespace's annotations; of the groups, volumes are of the first."""
    annotations = {
        "openshift.io/sa.scc.uid-range": "1000700000/10000",
        "openshift.io/sa.scc.supplemental-groups": "1000800000/10000,5/2",
        "openshift.io/sa.scc.mcs": "s0:c27,c9",
    }
    own = sccs.Allotment.of({"metadata": {"annotations": annotations}})
    assert own == sccs.Allotment(sccs.Range(1000700000, 1000709999), sccs.Range(1000800000, 1000809999), "s0:c27,c9")
    fitting = {"runAsUser": 1000709999, "fsGroup": 1000800000, "seLinuxOptions": {"level": "s0:c9,c27"}}
    made = planted(pod(), "spec.securityContext", fitting)
    assert sccs.violations(made, namespace=own) == ()
    assert len(sccs.violations(made)) == 3
    with pytest.raises(KeyError):
        sccs.Allotment.of({"metadata": {}})
    with pytest.raises(ValueError, match="a range"):
        sccs.Range.parsed("from 5")


def admitted(manifest: dict[str, Any], constraint: sccs.Constraint) -> dict[str, Any]:
    (template,) = templates(manifest)
    return sccs.admitted(template, constraint)


def test_v2_gives_a_pod_the_namespaces_user_and_group_0() -> None:
    """Afterwards the pod's user and its volumes' group are the namespace's; its process is of the image's group."""
    made = admitted(with_ephemeral(), sccs.RESTRICTED_V2)
    assert made["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "seLinuxOptions": {"level": "s0:c26,c5"},
        "fsGroup": 1_000_650_000,
    }
    for name in ("initContainers", "containers", "ephemeralContainers"):
        context = made["spec"][name][0]["securityContext"]
        assert context["runAsUser"] == 1_000_650_000
        assert "runAsGroup" not in context
    assert made["metadata"]["annotations"]["openshift.io/scc"] == "restricted-v2"


def test_v3_gives_a_pod_a_user_and_a_group_within_its_namespace() -> None:
    """After admission neither the user nor any of the groups is root's."""
    made = admitted(in_a_user_namespace(), sccs.RESTRICTED_V3)
    assert (made["spec"]["securityContext"]["fsGroup"], made["spec"]["securityContext"]["supplementalGroups"]) == (
        1000,
        [1000],
    )
    assert made["spec"]["containers"][0]["securityContext"]["runAsUser"] == 1000
    assert made["spec"]["containers"][0]["securityContext"]["runAsGroup"] == 1000


@pytest.mark.parametrize("constraint", BOTH, ids=lambda each: each.name)
def test_what_is_admitted_stays_admitted_and_is_restricted(constraint: sccs.Constraint) -> None:
    """A bare pod becomes one that both the constraint and Pod Security let in; it itself is left as it was."""
    bare: dict[str, Any] = {
        "kind": "Pod",
        "metadata": {},
        "spec": {"hostUsers": False, "containers": [{"name": "main"}]},
    }
    before = repr(bare)
    made = {"kind": "Pod", **admitted(bare, constraint)}
    assert sccs.violations(made, constraint) == ()
    assert restricted.violations(made) == ()
    assert {"kind": "Pod", **admitted(made, constraint)} == made
    assert made["spec"]["containers"][0]["securityContext"]["runAsNonRoot"] is True
    of_pod = admitted(planted(bare, "spec.securityContext.runAsNonRoot", True), constraint)
    assert "runAsNonRoot" not in of_pod["spec"]["containers"][0]["securityContext"]
    assert repr(bare) == before
