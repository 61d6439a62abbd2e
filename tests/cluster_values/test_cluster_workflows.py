"""A pipeline for Argo Workflows: what its pods may do, what they reach, and which of them are made."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from noteship.cluster import restricted, sccs
from noteship.cluster.manifests import (
    BadRelease,
    Pipeline,
    PipelineRun,
    Placement,
    Platform,
    Resources,
    Step,
    Volume,
    task_names,
    workflow,
)
from noteship.cluster.network import Attempt, NetworkPod, Outside, decide
from noteship.yaml_form import documents

from .argo_pods import pods_of
from .releases import API, IMAGE, PEM, PLATFORMS, PROXY, STORE

TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"
GPU = Resources(cpu="4", cpu_limit="8", memory="16Gi", devices={"nvidia.com/gpu": 1})
ON_GPUS = Placement({"pool": "gpu"}, ({"key": "gpu", "operator": "Exists"},), ("pull",))


def pipeline(**more: Any) -> Pipeline:
    run = PipelineRun("mail", "team-a", "team-a", "mail", "", IMAGE, STORE, API)
    steps = (
        Step("01-clean", ("step", "--", "01-clean"), Resources(), Placement()),
        Step("notebooks/02 Train", ("step", "--", "notebooks/02 Train"), GPU, ON_GPUS, ("01-clean",)),
    )
    command = ("/opt/noteship/bin/python", "-P", "-m", "noteship")
    return replace(Pipeline(run, command, ("step", "--plan=/tmp/steps"), steps), **more)


def full() -> Pipeline:
    made = pipeline(finish=("step",), cron="15 3 * * *", zone="Europe/Zurich", parameters={"a": "1"})
    volumes = (Volume("team-data", "/data"), Volume("shop-login", "/secrets/shop", "secret"))
    run = replace(made.run, proxy=PROXY, authorities=PEM, volumes=volumes, placement=ON_GPUS)
    return replace(made, run=run)


CASES = [(made, platform) for made in (pipeline(), full()) for platform in PLATFORMS.values()]


def template_of(made: Pipeline, platform: Platform | None = None) -> dict[str, Any]:
    [found] = [each for each in workflow(made, platform or Platform()) if each["kind"] == "WorkflowTemplate"]
    return found


@pytest.mark.parametrize(("made", "platform"), CASES)
def test_every_pod_passes_restricted_with_the_containers_of_argo(made: Pipeline, platform: Platform) -> None:
    """Patched, `init` and `wait` are as bound as the stage; OpenShift's two SCCs let the pods in, too."""
    found = list(pods_of(template_of(made, platform)))
    assert len(found) == len(made.steps) + (2 if made.finish else 1)
    for pod in found:
        assert restricted.violations(pod) == ()
        if platform.is_openshift:
            assert sccs.violations(pod, sccs.RESTRICTED_V2) == ()
        if platform.is_openshift and platform.has_user_namespaces:
            assert sccs.violations(pod, sccs.RESTRICTED_V3) == ()
        for each in (*pod["spec"]["containers"], *pod["spec"]["initContainers"]):
            assert each["securityContext"]["readOnlyRootFilesystem"] is True
            assert set(each["resources"]["limits"]) >= {"cpu", "memory", "ephemeral-storage"}


def test_without_the_patch_they_are_refused() -> None:
    """What Argo adds to pods is refused as it comes: the patch is needed."""
    made = template_of(pipeline())
    made["spec"].pop("podSpecPatch")
    assert {each.path for pod in pods_of(made) for each in restricted.violations(pod)} & {
        "spec.initContainers[0].securityContext.allowPrivilegeEscalation",
        "spec.containers[0].securityContext.allowPrivilegeEscalation",
    }


def test_a_stage_has_no_token() -> None:
    """Only Argo's own containers have one, of a service account that may write how a step went and nothing else."""
    made = workflow(pipeline(), Platform())
    [role] = [each for each in made if each["kind"] == "Role"]
    assert role["rules"] == [
        {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    ]
    for pod in pods_of(template_of(pipeline())):
        assert pod["spec"]["automountServiceAccountToken"] is False
        mounting = {
            each["name"]
            for each in (*pod["spec"]["containers"], *pod["spec"]["initContainers"])
            if any(mount["mountPath"] == TOKENS for mount in each["volumeMounts"])
        }
        assert mounting == {"init", "wait"}


def test_pods_reach_the_store_and_the_api() -> None:
    """The policy chooses these pods, and lets them to the DNS, the store and the cluster's API, and nobody to them."""
    made = workflow(pipeline(), Platform())
    [policy] = [each for each in made if each["kind"] == "NetworkPolicy"]
    labels = template_of(pipeline())["spec"]["podMetadata"]["labels"]
    pod = NetworkPod("team-a", labels)
    there = NetworkPod("store", {})

    def may(target: NetworkPod | Outside, port: int) -> bool:
        return decide(
            Attempt(pod, target, port), [policy], {"store": {"kubernetes.io/metadata.name": "store"}}
        ).is_allowed

    assert may(Outside("192.0.2.1"), 6443) and may(there, 7480)
    assert not may(Outside("192.0.2.1"), 443) and not may(Outside("198.51.100.1"), 443)


def test_steps_are_made_where_they_are_needed() -> None:
    """Each stage waits for those that it needs, and for what the first step found of it; all the others go on."""
    made = template_of(pipeline(finish=("step",)))["spec"]
    dag = made["templates"][0]["dag"]
    assert dag["failFast"] is False
    tasks = {each["name"]: each for each in dag["tasks"]}
    assert list(tasks) == ["plan", "01-clean", "notebooks-02-train", "finish"]
    assert tasks["notebooks-02-train"]["dependencies"] == ["plan", "01-clean"]
    assert tasks["finish"]["dependencies"] == ["plan", "01-clean", "notebooks-02-train"]
    assert tasks["01-clean"]["when"] == "{{tasks.plan.outputs.parameters.01-clean}} == true"
    told = made["templates"][1]["outputs"]["parameters"]
    assert [each["name"] for each in told] == ["01-clean", "notebooks-02-train", "finish"]
    assert {each["name"] for each in made["templates"]} == {"pipeline", *tasks}


def test_a_stage_takes_what_it_asks_for() -> None:
    """Resources, nodes and tolerations are the stage's own; the others keep what all have."""
    [_, first, second] = pods_of(template_of(pipeline()))
    assert second["spec"]["nodeSelector"] == {"pool": "gpu"} and second["spec"]["tolerations"]
    assert second["spec"]["containers"][1]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "nodeSelector" not in first["spec"]
    assert second["spec"]["containers"][1]["args"] == ["step", "--", "notebooks/02 Train"]


def test_a_schedule_runs_the_template() -> None:
    """One at a time, in its zone; without a schedule there is none."""
    [cron] = [each for each in workflow(full(), Platform()) if each["kind"] == "CronWorkflow"]
    assert (cron["spec"]["schedules"], cron["spec"]["timezone"]) == (["15 3 * * *"], "Europe/Zurich")
    assert cron["spec"]["workflowSpec"] == {"workflowTemplateRef": {"name": "mail-argo"}}
    assert cron["spec"]["concurrencyPolicy"] == "Forbid"
    assert "CronWorkflow" not in {each["kind"] for each in workflow(pipeline(), Platform())}
    with pytest.raises(BadRelease, match="has not five fields"):
        pipeline(cron="every night")


def test_equal_pipelines_are_equal_yaml() -> None:
    """What is written is read as what was meant, and is the same again."""
    first, second = (documents(workflow(full(), Platform())) for _ in range(2))
    assert first == second
    assert list(yaml.safe_load_all(first)) == json.loads(json.dumps(workflow(full(), Platform())))


def test_names_of_tasks() -> None:
    """They are what Argo takes, and different, whatever stages are called."""
    names = task_names(["a/b", "a-b", "A b", "plan", "é", "x" * 80, "finish"])
    assert len(set(names.values())) == len(names)
    assert all(0 < len(each) <= 47 and each.replace("-", "").isalnum() and each.isascii() for each in names.values())
    assert not {"plan", "finish", "pipeline"} & set(names.values())


def test_what_argo_would_replace_is_refused() -> None:
    """A stage's name with two braces would be another one in its pod."""
    with pytest.raises(BadRelease, match="Argo would replace"):
        pipeline(steps=(Step("{{x}}", (), Resources(), Placement()),))
