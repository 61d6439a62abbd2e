"""`noteship export argo`: the pipeline for another engine, with the same stages, keys and cache."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from noteship import cluster, digests, workflow, yaml_form
from noteship.cluster import manifests
from noteship.errors import cut
from noteship.operations import build, carried, imaged, platforms, releasing, run
from noteship.operations.errors import ApiUnknown, StoreOutOfReach
from noteship.operations.opened import OpenedProject
from noteship.operations.remote import submitting
from noteship.operations.surroundings import Surroundings
from noteship.project.errors import BadSetting

__all__ = ["ExportRequest", "Exported", "export"]

# Argo has names of parameters of letters, digits, dashes and underscores.
UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class ExportRequest:
    """What is asked for beside the declaration.

    - image: by its digest; None builds one
    - cron: when it runs, in a zone; without it, only when somebody starts it
    - platform: the kind of cluster; None asks the one that the kubeconfig names
    - api: HOST:PORT of its API, where none is asked: Argo's executor tells it how steps went
    """

    image: str | None = None
    name: str | None = None
    namespace: str | None = None
    chosen: tuple[str, ...] = ()
    cron: str = ""
    zone: str = "UTC"
    platform: platforms.Kind | None = "kubernetes"
    api: str | None = None


@dataclass(frozen=True)
class Exported:
    """A pipeline for Argo Workflows: its manifests, in the order in which they are applied.

    - carried: what the store has of the project beside the image
    """

    pipeline: manifests.Pipeline
    manifests: tuple[Mapping[str, Any], ...]
    carried: digests.Digest

    @property
    def name(self) -> str:
        """Of the workflow."""
        return self.pipeline.run.shared

    @property
    def yaml(self) -> str:
        """The manifests as one stream."""
        return yaml_form.documents(self.manifests)

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        run_ = self.pipeline.run
        return {
            "workflow": self.name,
            "namespace": run_.namespace,
            "image": run_.image,
            "carried": self.carried,
            "digest": digests.of_value(list(self.manifests)),
            "stages": manifests.task_names(each.stage for each in self.pipeline.steps),
            "parameters": dict(self.pipeline.parameters),
            "schedule": self.pipeline.cron or None,
            "manifests": list(self.manifests),
        }


def export(
    opened: OpenedProject,
    request: ExportRequest,
    tell: Callable[[build.Progress], None],
    stop: threading.Event,
    at: cluster.Cluster | None = None,
) -> Exported:
    """Build the image, put into the store what it lacks, and make the manifests; nothing is sent to a cluster.

    Raises what `run.prepared`, `build` and `carried.put` raise, NoNamespace, StoreOutOfReach, ApiUnknown,
    NotSubmittable, BadSetting, PlaceUnresolved; images.registries.transport.Stopped while it is built.
    """
    named = releasing.named_release(opened, request.name, request.namespace, at)
    around = Surroundings(opened, named.name, at)
    if not around.has_store:
        raise StoreOutOfReach(opened.settings.store.url or ".noteship/store, a folder of this machine")
    if at is None and request.api is None:
        raise ApiUnknown
    # As a run would: what cannot run is said before anything is built. The sources are asked when it runs.
    prepared = run.prepared(opened, run.RunRequest(chosen=request.chosen))
    submitting.check_stages(opened, prepared.graph, named, has_driver=False)
    image = request.image or _built(opened, tell, stop)
    tell(build.Progress("storing what the image has not"))
    digest = carried.put(opened, prepared.graph)
    platform = (
        platforms.discovered(at, opened.settings.kubernetes, named.namespace)
        if request.platform is None and at
        else platforms.usual(request.platform or "kubernetes", opened.settings.kubernetes)
    )
    made = _Pipeline(opened, request, prepared.graph, digest)
    try:
        common = submitting.of_pods(opened, named, around, image, "")
        if request.api is not None:
            common = replace(common, api=around.place(request.api, "--api"))
        pipeline = made.pipeline(common)
        return Exported(pipeline, manifests.workflow(pipeline, platform), digest)
    except manifests.BadRelease as error:
        raise BadSetting(error.setting, "the pipeline", error.remedy, cut(error.reason)) from error


def _built(opened: OpenedProject, tell: Callable[[build.Progress], None], stop: threading.Event) -> str:
    return imaged.by_digest(build.build(opened, build.BuildRequest(with_bundle=False), tell, stop).name)


@dataclass(frozen=True)
class _Pipeline:
    opened: OpenedProject
    request: ExportRequest
    graph: workflow.Graph
    carried: digests.Digest

    def pipeline(self, common: manifests.Run) -> manifests.Pipeline:
        own = manifests.PipelineRun(**{each.name: getattr(common, each.name) for each in fields(common)})
        names = self._parameter_names()
        return manifests.Pipeline(
            run=own,
            command=_command(),
            plan=("step", f"--plan={manifests.PLANNED}", *self._given(self.graph)),
            steps=tuple(self._steps(own)),
            finish=("step", *self._given(self.graph)) if self.opened.settings.service else (),
            parameters={name: _text(value) for name, (_, _, value) in names.items()},
            cron=self.request.cron,
            zone=self.request.zone,
            parallel=self.opened.settings.kubernetes.run.jobs,
        )

    def _steps(self, own: manifests.Run) -> Iterator[manifests.Step]:
        for stage in self.graph.order:
            asked = submitting.stage_pod(self.opened, stage, own)
            after = tuple(dict.fromkeys(edge.producer for edge in self.graph.inputs.get(stage, ())))
            words = ("step", *self._given(self.graph.upto([stage])), "--", stage)
            yield manifests.Step(stage, words, asked.resources, asked.placement, tuple(sorted(after)))

    def _given(self, graph: workflow.Graph) -> Iterator[str]:
        """What a step is told beside its stage; parameters are those of the stages that it looks at."""
        yield f"--store={self.opened.store_url}"
        yield f"--carried={self.carried}"
        yield from (f"--with={name}" for name in self.request.chosen)
        for name, (stage, parameter, _) in self._parameter_names().items():
            if stage in graph.stages:
                yield f"--set={stage}.{parameter}={{{{workflow.parameters.{name}}}}}"

    def _parameter_names(self) -> dict[str, tuple[str, str, Any]]:
        """The declared parameters under the names that the workflow has for them: stage, name and value of each."""
        tasks = manifests.task_names(self.graph.stages)
        return {
            UNFIT.sub("_", f"{tasks[stage]}_{name}"): (stage, name, value)
            for stage in self.graph.order
            for name, value in sorted(self.opened.parameters.get(stage, {}).items())
            if _can_be_told(value)
        }


def _command() -> tuple[str, ...]:
    from noteship.images.image import entry_point
    from noteship.images.layers.environment import Environment

    return tuple(entry_point(Environment("/usr/bin/python3", "3.11")))


def _text(value: Any) -> str:
    """A parameter's value as `--set` reads it: a text is quoted, so that it is none of Python's other literals."""
    return repr(value)


def _can_be_told(value: Any) -> bool:
    """Whether it can be a parameter of a workflow: Argo leaves its text alone, and `--set` reads the same value."""
    text = _text(value)
    try:
        return "{{" not in text and bool(ast.literal_eval(text) == value)
    except (ValueError, SyntaxError):
        return False  # nan and inf are no literals: these stay what the declaration says
