"""The pods of a run on a cluster, as values: what may be in them, whom they reach, and what a driver may do."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from noteship.cluster import restricted, sccs
from noteship.cluster.manifests import (
    QUEUE_LABEL,
    BadRelease,
    Placement,
    Platform,
    Resources,
    Run,
    StagePod,
    Volume,
    driver,
    filled,
    stage,
)
from noteship.cluster.network import Attempt, NetworkPod, Outside, decide
from noteship.cluster.pods import templates
from noteship.cluster.rights import rights

from .releases import API, IMAGE, PEM, PLATFORMS, PROXY, STORE

RUN = Run("mail", "team-a", "team-a", "mail", "20260301T101500123456Z-6f1e0c", IMAGE, STORE, API)
FULL = replace(
    RUN,
    queue="team-a",
    volumes=(
        Volume("team-data", "/data"),
        Volume("out", "/out", is_writable=True),
        Volume("db", "/secrets/db", "secret"),
    ),
    proxy=PROXY,
    authorities=PEM,
    placement=Placement({"disk": "fast"}, ({"key": "gpu", "operator": "Exists"},), ("pull",)),
)
ASKED = StagePod("04-train", Resources("2", "4", "8Gi", "20Gi", {"nvidia.com/gpu": 1}), Placement({"gpu": "yes"}))


def cases() -> Iterator[tuple[str, Run, Platform]]:
    """Each run on each kind of cluster."""
    for run, (name, platform) in itertools.product((RUN, FULL, replace(RUN, account="there")), PLATFORMS.items()):
        yield name, run, platform


def manifests(run: Run, platform: Platform) -> list[dict[str, Any]]:
    """All that is ever sent of a run."""
    return [*driver(run, ("drive",), platform), filled(stage(run, ASKED, platform), "mail-04-train-1", ("work",))]


def test_pod_security_and_openshift_let_all_of_it_in() -> None:
    """Whatever is set, `restricted` refuses nothing, nor the restricted constraints on OpenShift."""
    for _, run, platform in cases():
        for manifest in manifests(run, platform):
            assert restricted.violations(manifest) == ()
            if platform.is_openshift:
                assert sccs.violations(manifest, sccs.RESTRICTED_V2) == ()
            if platform.is_openshift and platform.has_user_namespaces:
                assert sccs.violations(manifest, sccs.RESTRICTED_V3) == ()


def test_equal_runs_give_equal_manifests() -> None:
    """Down to the order of their keys."""
    for _, run, platform in cases():
        assert json.dumps(manifests(run, platform)) == json.dumps(manifests(replace(run), platform))


def test_only_the_driver_has_a_token_and_no_secret_is_in_a_variable() -> None:
    """Stages have no token; credentials are files; what may be written to is bounded."""
    for _, run, platform in cases():
        for manifest in manifests(run, platform):
            for template in templates(manifest):
                is_driver = template.metadata["labels"]["app.kubernetes.io/component"] == "driver"
                assert template.spec["automountServiceAccountToken"] is is_driver
                assert template.spec["volumes"][0]["emptyDir"]["sizeLimit"]
                [container] = template.containers
                assert not [each for each in container.fields["env"] if "valueFrom" in each or "SECRET" in each["name"]]
                # A queue that does not count it would never let in who asks for it.
                is_queued = not is_driver and run.queue and platform.has_kueue
                assert is_queued or container.fields["resources"]["limits"]["ephemeral-storage"]


def test_a_stage_is_worked_by_one_pod_at_most() -> None:
    """Its Job makes one pod and no second one, whatever befalls that; the driver's Job never has two at once."""
    made = stage(RUN, ASKED, Platform())["spec"]
    assert (made["backoffLimit"], made["completions"], made["parallelism"]) == (0, 1, 1)
    assert made["podReplacementPolicy"] == "Failed" and made["template"]["spec"]["restartPolicy"] == "Never"
    own = driver(RUN, (), Platform())[-1]["spec"]
    assert own["podReplacementPolicy"] == "Failed" and own["backoffLimit"] == RUN.retries
    [final, disrupted] = own["podFailurePolicy"]["rules"]
    assert final["action"] == "FailJob" and 3 not in final["onExitCodes"]["values"]
    assert disrupted == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


def test_a_stage_gets_what_it_asks_for() -> None:
    """Its resources, its nodes; a queue only where Kueue is; its memory anew where it is begun again with more."""
    made = stage(FULL, ASKED, Platform(has_kueue=True))
    assert made["metadata"]["labels"][QUEUE_LABEL] == "team-a"
    assert QUEUE_LABEL not in stage(FULL, ASKED, Platform())["metadata"]["labels"]
    spec = made["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"gpu": "yes"}
    assert spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    mounted = {each["mountPath"]: each.get("readOnly", False) for each in spec["containers"][0]["volumeMounts"]}
    assert mounted == {"/tmp": False, "/etc/noteship": True, "/data": True, "/out": False, "/secrets/db": True}
    more = filled(made, "again", ("work", "x"), "16384Mi")
    container = more["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"] == "16384Mi"
    assert (more["metadata"]["name"], container["args"]) == ("again", ["work", "x"])
    assert made["metadata"]["name"] == "mail-stage"


def test_the_driver_may_do_exactly_this() -> None:
    """The verbs of its Role: Jobs of this namespace, and looking at what became of their pods."""
    role = next(each for each in driver(RUN, (), Platform()) if each["kind"] == "Role")
    found = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    jobs = {("jobs", verb) for verb in ("create", "delete", "get", "patch")}
    assert found == jobs | {("events", "list"), ("pods", "list"), ("pods/log", "get")}
    queued = next(each for each in driver(FULL, (), Platform(has_kueue=True)) if each["kind"] == "Role")
    assert {"apiGroups": ["kueue.x-k8s.io"], "resources": ["localqueues", "workloads"], "verbs": ["list"]} in queued[
        "rules"
    ]
    own = driver(replace(RUN, account="there"), (), Platform())
    assert not {"Role", "RoleBinding", "ServiceAccount"} & {each["kind"] for each in own}
    assert own[-1]["spec"]["template"]["spec"]["serviceAccountName"] == "there"


def test_who_submits_needs_what_the_driver_gets() -> None:
    """Nobody may give away what they may not do: the Role of who submits holds the driver's rules."""
    sent = driver(RUN, (), Platform())
    (role,) = rights(sent, "run-mail")
    own = next(each for each in sent if each["kind"] == "Role")
    assert all(rule in role["rules"] for rule in own["rules"])
    assert {"roles", "rolebindings"} <= {each for rule in role["rules"] for each in rule["resources"]}


def test_pods_reach_the_store_and_nothing_else() -> None:
    """The driver asks the cluster's API, too; nobody calls either of them."""
    policies = [each for each in driver(RUN, (), Platform()) if each["kind"] == "NetworkPolicy"]

    def pod(component: str) -> NetworkPod:
        made = manifests(RUN, Platform())
        found = {
            each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: each for each in made[-2:]
        }
        return NetworkPod("team-a", found[component]["spec"]["template"]["metadata"]["labels"], "10.0.0.1")

    store = NetworkPod("store", {}, "10.0.0.2")
    spaces = {"store": {"kubernetes.io/metadata.name": "store"}, "team-a": {}}
    api, far = Outside("192.0.2.1"), Outside("198.51.100.1")
    for component, reaches_api in (("driver", True), ("stage", False)):
        assert decide(Attempt(pod(component), store, 7480), policies, spaces).is_allowed
        assert decide(Attempt(pod(component), api, 6443), policies, spaces).is_allowed is reaches_api
        assert not decide(Attempt(pod(component), far, 443), policies, spaces).is_allowed
        assert not decide(Attempt(far, pod(component), 8080), policies, spaces).is_allowed


def test_runs_are_no_releases() -> None:
    """What belongs to a run is known by another manager, so that no release's pruning finds it."""
    for manifest in manifests(FULL, Platform()):
        assert manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "noteship-runs"


@pytest.mark.parametrize("path", ["data", "/", "/tmp", "/project", "/etc/noteship/", "/a/../etc"])
def test_a_volume_has_a_place_of_its_own(path: str) -> None:
    """What would hide the pod's own folders is refused."""
    with pytest.raises(BadRelease, match="volume"):
        Volume("team-data", path)


def test_two_volumes_have_two_places() -> None:
    """Neither would be seen else."""
    with pytest.raises(BadRelease, match="one path"):
        replace(RUN, volumes=(Volume("a", "/data"), Volume("b", "/data")))


@pytest.mark.parametrize("text", ["secret", f"{PEM}-----BEGIN PRIVATE KEY-----\nMHc=\n-----END PRIVATE KEY-----\n"])
def test_authorities_are_certificates_alone(text: str) -> None:
    """They go into a ConfigMap, which every reader of the namespace sees."""
    with pytest.raises(BadRelease, match="authorities"):
        replace(RUN, authorities=text)
