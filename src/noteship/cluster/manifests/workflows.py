"""A pipeline for Argo Workflows: the same stages as steps, each in a pod that takes no more than one of noteship's own.

One step looks first which stages have to run, and the pods of all others are never made. Argo puts containers of its
own into each pod, `init` and `wait`, which Pod Security `restricted` refuses as they come; a patch of the pods makes
them fit, and gives them, and not the stage, the token by which they tell the controller how it went.

Source: Argo Workflows 3.7, `workflow/controller/workflowpod.go`, and its pages on retries and on the executor's rights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from noteship import digests
from noteship.cluster.manifests import labels, mounted, runs
from noteship.cluster.manifests import pod as pods
from noteship.cluster.manifests.errors import BadRelease
from noteship.cluster.manifests.parts import Placement, Resources
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import check_cron
from noteship.cluster.manifests.runs import Run

__all__ = ["PLANNED", "Pipeline", "PipelineRun", "Step", "task_names", "workflow"]

VERSION = "argoproj.io/v1alpha1"
ENTRY, PLAN, FINISH = "pipeline", "plan", "finish"
# Where the first step says for each task whether it has to run.
PLANNED = "/tmp/steps"  # noqa: S108 - the pod's own
# Where the clients of the cluster look for a token and for whom they talk to.
TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a folder
TOKEN_VOLUME, TOKEN_S = "argo-token", 3607
# Of Argo's own containers: seen to take 40 MiB.
EXECUTOR = {"cpu": "10m", "memory": "64Mi", "ephemeral-storage": "64Mi"}
EXECUTOR_LIMITS = {"cpu": "500m", "memory": "256Mi", "ephemeral-storage": "64Mi"}
# What may be otherwise the next time: the pod or its node went (no code of its own, or told to end), something around
# it is missing. What the stage does wrong stays wrong, and so does too little memory.
AGAIN = 'lastRetry.status == "Error" or asInt(lastRetry.exitCode) in [-1, 3, 130, 143]'
BACKOFF = {"duration": "10s", "factor": 2, "maxDuration": "10m"}
LATE_S = 600
KEPT = 3
_UNFIT = re.compile(r"[^a-z0-9]+")
# Of a task's name, of which the names of pods are made.
NAME_LIMIT = 40


@dataclass(frozen=True)
class PipelineRun(Run):
    """What all pods of a pipeline have in common; its account is Argo's executor's."""

    @property
    def shared(self) -> str:
        """The name of all that belongs to it."""
        return f"{self.name}-argo"


@dataclass(frozen=True)
class Step:
    """One stage as a step: what is run, what it asks for, and after which stages."""

    stage: str
    words: tuple[str, ...]
    resources: Resources
    placement: Placement
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pipeline:
    """All steps, in the order of the graph.

    - command: what the image starts; plan, finish: what its first and its last step are told, without a last one none
    - parameters: of the workflow, with their values as texts; steps name them as `{{workflow.parameters.NAME}}`
    - cron: five fields, in a named zone, UTC being the one that each controller knows; parallel: how many steps at once
    """

    run: PipelineRun
    command: tuple[str, ...]
    plan: tuple[str, ...]
    steps: tuple[Step, ...]
    finish: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    cron: str = ""
    zone: str = "UTC"
    parallel: int = 16

    def __post_init__(self) -> None:
        if self.cron:
            check_cron(self.cron)
        for each in self.steps:
            if "{{" in each.stage:
                raise BadRelease("stage", f"Argo would replace what is in {each.stage}", "name it without '{{'")


def task_names(stages: Iterable[str]) -> dict[str, str]:
    """What stages are called in a workflow, by their names, all of them different.

    >>> task_names(["01-clean", "notebooks/02 Report", "plan"])
    {'01-clean': '01-clean', 'notebooks/02 Report': 'notebooks-02-report', 'plan': 'plan-64879f'}
    """
    found: dict[str, str] = {}
    taken = {ENTRY, PLAN, FINISH}
    for stage in sorted(stages):
        name = _UNFIT.sub("-", stage.lower()).strip("-")[:NAME_LIMIT].strip("-") or "stage"
        if name in taken:
            name = f"{name}-{digests.of_bytes(stage.encode())[:6]}"
        taken.add(name)
        found[stage] = name
    return found


def workflow(pipeline: Pipeline, platform: Platform) -> tuple[dict[str, Any], ...]:
    """The manifests of a pipeline, in the order in which they are to be applied. Equal arguments give equal ones."""
    run = pipeline.run
    return (
        *_account(run),
        *runs.files(run),
        runs.policy(run, platform, "step", (run.api,)),
        labels.manifest(
            VERSION, "WorkflowTemplate", runs.metadata(run, None, run.shared), spec=_spec(pipeline, platform)
        ),
        *_schedule(pipeline),
    )


def _metadata(run: Run) -> dict[str, Any]:
    return runs.metadata(run, None, run.shared)


def _account(run: Run) -> Iterator[dict[str, Any]]:
    if run.account:
        return
    own, group = _metadata(run), "rbac.authorization.k8s.io"
    rule = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    yield labels.manifest("v1", "ServiceAccount", own, automountServiceAccountToken=False)
    yield labels.manifest(f"{group}/v1", "Role", own, rules=[rule])
    yield labels.manifest(
        f"{group}/v1",
        "RoleBinding",
        own,
        roleRef={"apiGroup": group, "kind": "Role", "name": run.shared},
        subjects=[{"kind": "ServiceAccount", "name": run.shared, "namespace": run.namespace}],
    )


def _spec(pipeline: Pipeline, platform: Platform) -> dict[str, Any]:
    run = pipeline.run
    common = pods.spec(runs.inside(run, (), run.resources, run.placement, has_token=False), platform)
    parameters = [{"name": name, "value": value} for name, value in pipeline.parameters.items()]
    names = task_names(each.stage for each in pipeline.steps)
    shared = ("serviceAccountName", "securityContext", "imagePullSecrets")
    own: dict[str, Any] = {name: common[name] for name in shared if name in common}
    first, last = _own(pipeline, pipeline.plan), _own(pipeline, pipeline.finish)
    return {
        "entrypoint": ENTRY,
        **({"arguments": {"parameters": parameters}} if parameters else {}),
        **own,
        "podMetadata": {"labels": runs.metadata(run, "step", "")["labels"]},
        "podSpecPatch": json.dumps(_patch(platform)),
        "parallelism": pipeline.parallel,
        "activeDeadlineSeconds": run.deadline_s,
        "ttlStrategy": {"secondsAfterCompletion": run.kept_s},
        "templates": [
            {"name": ENTRY, "dag": {"failFast": False, "tasks": list(_tasks(pipeline, names))}},
            {**_template(pipeline, PLAN, first, platform), "outputs": _planned(pipeline, names)},
            *(_template(pipeline, names[each.stage], each, platform) for each in pipeline.steps),
            *([_template(pipeline, FINISH, last, platform)] if pipeline.finish else []),
        ],
    }


def _own(pipeline: Pipeline, words: tuple[str, ...]) -> Step:
    """A step of no stage, which takes what a driver would."""
    return Step("", words, pipeline.run.resources, pipeline.run.placement)


def _tasks(pipeline: Pipeline, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The first step, each stage after those that it needs, and the last one; all but the first only where needed."""

    def task(name: str, after: Iterable[str]) -> dict[str, Any]:
        when = f"{{{{tasks.{PLAN}.outputs.parameters.{name}}}}} == true"
        return {"name": name, "template": name, "dependencies": [PLAN, *after], "when": when}

    yield {"name": PLAN, "template": PLAN}
    for each in pipeline.steps:
        yield task(names[each.stage], (names[stage] for stage in each.after))
    if pipeline.finish:
        yield task(FINISH, (names[each.stage] for each in pipeline.steps))


def _planned(pipeline: Pipeline, names: Mapping[str, str]) -> dict[str, Any]:
    told = [*(names[each.stage] for each in pipeline.steps), *([FINISH] if pipeline.finish else [])]
    return {"parameters": [{"name": name, "valueFrom": {"path": f"{PLANNED}/{name}"}} for name in told]}


def _template(pipeline: Pipeline, name: str, step: Step, platform: Platform) -> dict[str, Any]:
    run = pipeline.run
    inside = runs.inside(run, step.words, step.resources, step.placement, has_token=False)
    spec = pods.spec(inside, platform)
    container = {
        **{key: value for key, value in spec["containers"][0].items() if key not in ("name", "args")},
        # Argo starts it by a program of its own, and would ask the registry what the image starts.
        "command": list(pipeline.command),
        "args": list(step.words),
    }
    return {
        "name": name,
        **({"metadata": {"annotations": {f"{labels.PREFIX}/stage": step.stage}}} if step.stage else {}),
        **{key: spec[key] for key in ("nodeSelector", "tolerations") if key in spec},
        "container": container,
        "volumes": spec["volumes"],
        "retryStrategy": {"limit": run.retries, "retryPolicy": "Always", "expression": AGAIN, "backoff": BACKOFF},
    }


def _patch(platform: Platform) -> dict[str, Any]:
    """What a pod has beside what its template says, and what makes Argo's containers fit."""
    own = {
        "securityContext": dict(pods.CONTAINER),
        "resources": {"requests": EXECUTOR, "limits": EXECUTOR_LIMITS},
        "volumeMounts": [{"name": TOKEN_VOLUME, "mountPath": TOKEN_FOLDER, "readOnly": True}],
    }
    sources: list[dict[str, Any]] = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_S}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
    ]
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **({"hostUsers": False} if platform.has_user_namespaces else {}),
        "terminationGracePeriodSeconds": runs.PATIENCE_S,
        "initContainers": [{"name": "init", **own}],
        "containers": [{"name": "wait", **own}],
        "volumes": [{"name": TOKEN_VOLUME, "projected": {"defaultMode": mounted.MODE, "sources": sources}}],
    }


def _schedule(pipeline: Pipeline) -> Iterator[dict[str, Any]]:
    if not pipeline.cron:
        return
    run = pipeline.run
    spec = {
        "schedules": [pipeline.cron],
        "timezone": pipeline.zone,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": LATE_S,
        "successfulJobsHistoryLimit": KEPT,
        "failedJobsHistoryLimit": KEPT,
        "workflowSpec": {"workflowTemplateRef": {"name": run.shared}},
    }
    yield labels.manifest(VERSION, "CronWorkflow", _metadata(run), spec=spec)
