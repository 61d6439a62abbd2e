"""Pods within manifests: wherever a kind has the pods that it makes, by the path of each of their parts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Container", "PodTemplate", "Violation", "listed", "table", "tables", "templates", "told"]

Fields = Mapping[str, Any]
# Paths to what has a pod's `metadata` and `spec`.
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": ("",),
    "PodTemplate": ("template",),
    "CronJob": ("spec.jobTemplate.spec.template",),
    "DaskCluster": ("spec.worker", "spec.scheduler"),
} | dict.fromkeys(
    ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"), ("spec.template",)
)
# Paths to the pod's own fields, among which are others of the kind.
_SPECS: Mapping[str, tuple[str, ...]] = {"InferenceService": ("spec.predictor", "spec.transformer", "spec.explainer")}
# Paths to Argo's `templates`, each of which may be a pod.
_WORKFLOWS: Mapping[str, str] = {
    "ClusterWorkflowTemplate": "spec",
    "CronWorkflow": "spec.workflowSpec",
    "Workflow": "spec",
    "WorkflowTemplate": "spec",
}
_LISTS = ("initContainers", "containers", "ephemeralContainers", "sidecars")
# Of Argo's templates: one container each, in place of a list.
_ALONE = ("container", "script")


def table(value: Any) -> Fields:
    """The fields of a part of a manifest; none of what is not there, or is no table."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> Sequence[Any]:
    """The items of a part of a manifest; none of what is not there, or is no list."""
    return value if isinstance(value, list | tuple) else ()


def tables(value: Any) -> Iterator[tuple[int, Fields]]:
    """The items of a list that are tables, each with its place."""
    return ((place, each) for place, each in enumerate(listed(value)) if isinstance(each, Mapping))


def told(value: Any) -> str:
    """A value of a manifest, for messages.

    >>> told(None), told(True), told("Unconfined"), told(["SYS_ADMIN"])
    ('nothing', 'true', 'Unconfined', '["SYS_ADMIN"]')
    """
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True)
class Violation:
    """A field that a standard does not let be as it is.

    - control: what the standard calls the rule
    - path: of the field in the manifest
    - found, asked: what is there, "nothing" included, and what should be
    """

    control: str
    path: str
    found: str
    asked: str

    def __str__(self) -> str:
        """For messages.

        >>> str(Violation("Host Namespaces", "spec.hostPID", "true", "nothing, or false"))
        'spec.hostPID is true, and should be nothing, or false (Host Namespaces)'
        """
        return f"{self.path} is {self.found}, and should be {self.asked} ({self.control})"


@dataclass(frozen=True)
class Container:
    """A container, of whichever kind, by its place in the manifest."""

    path: str
    fields: Fields

    @property
    def context(self) -> Fields:
        """Its security context; empty where it has none."""
        return table(self.fields.get("securityContext"))


@dataclass(frozen=True)
class PodTemplate:
    """A pod that a manifest is, or makes. `path` is of its spec, `metadata_path` of its metadata."""

    path: str
    spec: Fields
    containers: tuple[Container, ...]
    metadata_path: str = "metadata"
    metadata: Fields = field(default_factory=dict)

    @property
    def context(self) -> Fields:
        """The security context of the pod; empty where it has none."""
        return table(self.spec.get("securityContext"))

    @property
    def contexts(self) -> Iterator[tuple[str, Fields]]:
        """The security contexts of the pod and of its containers, by path."""
        yield f"{self.path}.securityContext", self.context
        for each in self.containers:
            yield f"{each.path}.securityContext", each.context

    @property
    def is_windows(self) -> bool:
        """Whether it is for nodes that have none of what Linux secures."""
        return table(self.spec.get("os")).get("name") == "windows"

    @property
    def has_user_namespace(self) -> bool:
        """Whether its users are others on the node than within it."""
        return self.spec.get("hostUsers") is False


def templates(manifest: Fields) -> Iterator[PodTemplate]:
    """The pods of a manifest; none of a kind that makes none. Lists are looked through."""
    kind = str(manifest.get("kind", ""))
    if kind.endswith("List"):
        for _, item in tables(manifest.get("items")):
            yield from templates(item)
    for path in _TEMPLATES.get(kind, ()):
        holder = _at(manifest, path)
        if isinstance(holder.get("spec"), Mapping):
            yield _template(_join(path, "spec"), holder["spec"], _join(path, "metadata"), holder.get("metadata"))
    for path in _SPECS.get(kind, ()):
        if _at(manifest, path):
            # What its pods are labelled and annotated with stands among the pod's fields.
            yield _template(path, _at(manifest, path), path, _at(manifest, path))
    if kind in _WORKFLOWS:
        yield from _of_workflow(_WORKFLOWS[kind], _at(manifest, _WORKFLOWS[kind]))


def _template(path: str, spec: Fields, metadata_path: str, metadata: Any) -> PodTemplate:
    return PodTemplate(path, spec, tuple(_containers(path, spec)), metadata_path, table(metadata))


def _containers(path: str, fields: Fields) -> Iterator[Container]:
    for name in _LISTS:
        for place, each in tables(fields.get(name)):
            yield Container(_join(path, f"{name}[{place}]"), each)


def _of_workflow(path: str, spec: Fields) -> Iterator[PodTemplate]:
    """What the workflow says of all its pods holds where a template says nothing of its own."""
    for place, each in tables(spec.get("templates")):
        within = _join(path, f"templates[{place}]")
        alone = [Container(_join(within, name), each[name]) for name in _ALONE if isinstance(each.get(name), Mapping)]
        held = _at(each, "containerSet")
        found = (*alone, *_containers(within, each), *_containers(_join(within, "containerSet"), held))
        if found:
            volumes = [*listed(spec.get("volumes")), *listed(each.get("volumes"))]
            own = {name: each[name] for name in ("securityContext", "hostUsers") if name in each}
            yield PodTemplate(
                within, {**spec, **own, "volumes": volumes}, found, _join(within, "metadata"), _metadata(each)
            )


def _metadata(fields: Fields) -> Fields:
    return table(fields.get("metadata"))


def _at(fields: Fields, path: str) -> Fields:
    for name in path.split(".") if path else ():
        fields = table(fields.get(name))
    return fields


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
