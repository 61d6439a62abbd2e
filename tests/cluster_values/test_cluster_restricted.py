"""Pod Security Standards: each control, in every place that it looks at."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from noteship.cluster import restricted, sccs
from noteship.cluster.pods import templates

from .planted import OF_CONTAINER, OF_MAIN_CONTAINER, OF_POD, container, planted, pod, with_ephemeral

PLACES = ("initContainers[0]", "containers[0]", "ephemeralContainers[0]")
PLANTED = [
    *(
        (level, control, f"spec.{place}.{path}", good, bad)
        for place in PLACES
        for level, control, path, good, bad in OF_CONTAINER
    ),
    *(
        (level, control, f"spec.containers[0].{path}", good, bad)
        for level, control, path, good, bad in OF_MAIN_CONTAINER
    ),
    *OF_POD,
]


def test_a_pod_with_all_that_is_asked_passes() -> None:
    """Nothing is found in a pod that says what restricted asks for."""
    assert restricted.violations(with_ephemeral()) == ()


@pytest.mark.parametrize(("level", "control", "path", "good", "bad"), PLANTED)
def test_each_control_finds_its_field(level: restricted.Level, control: str, path: str, good: Any, bad: Any) -> None:
    """A value that a control allows passes; one that it does not is found, with the control's name and its path."""
    assert restricted.violations(planted(with_ephemeral(), path, good)) == ()
    found = restricted.violations(planted(with_ephemeral(), path, bad), level)
    assert control in {each.control for each in found}
    # Where nothing is said for the whole pod, each container is found for itself.
    fields = path.split(".")
    assert all(each.path.startswith(path) or (bad is None and fields[-1] in each.path) for each in found)
    if level == "restricted":
        # What baseline asks for is a part of it.
        assert restricted.violations(planted(with_ephemeral(), path, bad), "baseline") == ()


def test_restricted_holds_what_baseline_asks() -> None:
    """Whatever baseline refuses is refused by restricted."""
    for level, _, path, _, bad in PLANTED:
        if level == "baseline":
            assert restricted.violations(planted(with_ephemeral(), path, bad), "restricted")


def test_containers_may_say_what_the_pod_does_not() -> None:
    """Non-root and seccomp are asked of each container, and the pod may say both for all."""
    made = pod()
    made["spec"]["securityContext"] = {}
    assert {each.path for each in restricted.violations(made)} == {
        f"spec.{place}.securityContext.{field}"
        for place in PLACES[:2]
        for field in ("runAsNonRoot", "seccompProfile.type")
    }
    for place in PLACES[:2]:
        made = planted(made, f"spec.{place}.securityContext.runAsNonRoot", True)
        made = planted(made, f"spec.{place}.securityContext.seccompProfile", {"type": "Localhost"})
    assert restricted.violations(made) == ()


def test_a_user_namespace_lets_root_be() -> None:
    """Who is root within a user namespace is nobody on the node; an unmasked /proc is still not restricted."""
    made = planted(
        planted(pod(), "spec.hostUsers", False), "spec.securityContext", {"runAsUser": 0, "runAsNonRoot": False}
    )
    made = planted(made, "spec.securityContext.seccompProfile", {"type": "RuntimeDefault"})
    assert restricted.violations(made) == ()
    made = planted(made, "spec.containers[0].securityContext.procMount", "Unmasked")
    assert restricted.violations(made, "baseline") == ()
    assert [each.control for each in restricted.violations(made)] == ["/proc Mount Type"]


def test_pods_of_windows_are_spared_what_linux_has() -> None:
    """There are no capabilities, seccomp and escalation to ask for; who runs is asked all the same."""
    spec = {"os": {"name": "windows"}, "containers": [{"name": "main", "image": "any"}]}
    found = restricted.violations({"kind": "Pod", "metadata": {}, "spec": spec})
    assert [each.control for each in found] == ["Running as Non-root"]


TEMPLATE = {"metadata": {}, "spec": {"containers": [{"name": "main"}]}}
KINDS = [
    ("Deployment", {"template": TEMPLATE}, "spec.template.spec.containers[0]"),
    ("StatefulSet", {"template": TEMPLATE}, "spec.template.spec.containers[0]"),
    ("DaemonSet", {"template": TEMPLATE}, "spec.template.spec.containers[0]"),
    ("ReplicaSet", {"template": TEMPLATE}, "spec.template.spec.containers[0]"),
    ("Job", {"template": TEMPLATE}, "spec.template.spec.containers[0]"),
    ("CronJob", {"jobTemplate": {"spec": {"template": TEMPLATE}}}, "spec.jobTemplate.spec.template.spec.containers[0]"),
    ("DaskCluster", {"worker": {"spec": TEMPLATE["spec"]}}, "spec.worker.spec.containers[0]"),
    ("InferenceService", {"predictor": TEMPLATE["spec"]}, "spec.predictor.containers[0]"),
    ("Workflow", {"templates": [{"container": {"image": "any"}}]}, "spec.templates[0].container"),
    ("CronWorkflow", {"workflowSpec": {"templates": [{"script": {}}]}}, "spec.workflowSpec.templates[0].script"),
    ("WorkflowTemplate", {"templates": [{"dag": {}}, {"container": {}}]}, "spec.templates[1].container"),
]


@pytest.mark.parametrize(("kind", "spec", "path"), KINDS)
def test_every_kind_with_pods_is_looked_into(kind: str, spec: dict[str, Any], path: str) -> None:
    """Pods are found wherever a kind has them, and paths are those of the manifest."""
    found = restricted.violations({"kind": kind, "metadata": {"name": "any"}, "spec": spec})
    assert f"{path}.securityContext.allowPrivilegeEscalation" in {each.path for each in found}


def test_a_workflow_speaks_for_its_templates() -> None:
    """The security context and volumes of a Workflow are those of its pods, unless a template has its own."""
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    templates: list[dict[str, Any]] = [{"container": container("main")}]
    spec: dict[str, Any] = {"securityContext": context, "templates": templates}
    assert restricted.violations({"kind": "Workflow", "spec": spec}) == ()
    templates[0]["securityContext"] = {}
    spec["volumes"] = [{"name": "a", "hostPath": {"path": "/"}}]
    controls = {each.control for each in restricted.violations({"kind": "Workflow", "spec": spec})}
    assert controls == {"Running as Non-root", "Seccomp", "Volume Types"}


def test_a_predictor_is_annotated_among_its_fields() -> None:
    """The annotations of an InferenceService's pods are looked at where they are."""
    annotations = {"container.apparmor.security.beta.kubernetes.io/main": "unconfined"}
    predictor = {**pod()["spec"], "annotations": annotations}
    (found,) = restricted.violations({"kind": "InferenceService", "metadata": {}, "spec": {"predictor": predictor}})
    assert found.path == "spec.predictor.annotations[container.apparmor.security.beta.kubernetes.io/main]"


def test_lists_are_looked_through_and_others_have_no_pods() -> None:
    """A list is its items; what makes no pods has nothing to violate, whatever it is."""
    bad = {"kind": "Pod", "metadata": {}, "spec": {"hostPID": True, "containers": []}}
    assert len(restricted.violations({"kind": "List", "items": [bad, bad]})) == 2
    assert restricted.violations({"kind": "ConfigMap", "data": {"spec": "hostPID: true"}}) == ()
    assert restricted.violations({}) == ()


PATHS = sorted({path for _, _, path, _, _ in PLANTED} | {path.rpartition(".")[0] for _, _, path, _, _ in PLANTED})
NAMES = st.sampled_from(["add", "drop", "type", "level", "name", "httpGet", "host", "hostPath", "hostPort", "user"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["", "ALL", "Pod", "Unconfined", "windows"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(PATHS), JUNK)
@example("spec.containers[0].securityContext.seLinuxOptions", {"level": 3, "type": []})
@example("spec.securityContext.seccompProfile", [])
@example("spec.securityContext.appArmorProfile", "Unconfined")
@example("metadata.annotations", {"container.apparmor.security.beta.kubernetes.io/main": 1})
@example("spec", {"containers": "main", "volumes": [3, {}]})
def test_whatever_is_in_a_field_there_is_a_verdict(path: str, junk: Any) -> None:
    """What is not of the form that it should be is no fault of whoever looks at it, and it is left as it is."""
    manifest = planted(with_ephemeral(), path, junk)
    before = repr(manifest)
    for level in ("baseline", "restricted"):
        restricted.violations(manifest, level)
    for constraint in (sccs.RESTRICTED_V2, sccs.RESTRICTED_V3):
        sccs.violations(manifest, constraint)
        for each in templates(manifest):
            sccs.admitted(each, constraint)
    assert repr(manifest) == before
