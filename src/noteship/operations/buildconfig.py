"""`noteship build --buildconfig`: how OpenShift builds the image, from the folder that `--containerfile` writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship import yaml_form
from noteship.cluster import manifests
from noteship.operations import releasing
from noteship.operations.ingredients import BuildRequest
from noteship.operations.opened import OpenedProject
from noteship.operations.writing import write

__all__ = ["RenderedBuild", "render", "save"]

# The tag of what a build makes; a release names it by its digest.
TAG = "latest"


@dataclass(frozen=True)
class RenderedBuild:
    """The manifests, and the words that start a build with them."""

    config: manifests.BuildConfig

    @property
    def yaml(self) -> str:
        """The manifests as one stream, in the order in which they are applied."""
        return yaml_form.documents(self.config.manifests)

    @property
    def start(self) -> str:
        """The command that starts a build; DIR is what `noteship build --containerfile --output DIR` wrote."""
        sent = "" if self.config.source else " --from-dir=DIR"
        return f"oc start-build {self.config.name} -n {self.config.namespace}{sent} --follow --wait"

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {"manifests": list(self.config.manifests), "start": self.start}


def render(opened: OpenedProject, request: BuildRequest) -> RenderedBuild:
    """The BuildConfig. Raises NoNamespace, BadRelease, SettingWithoutEffect, BadImageName."""
    from noteship.images import reference

    declared, named = opened.settings.image.builder, releasing.named_release(opened)
    asked = request.target or opened.settings.kubernetes.registry or ""
    source = None
    if declared.git:
        source = manifests.GitSource(declared.git, declared.ref, declared.folder, declared.git_secret)
    config = manifests.BuildConfig(
        named.name,
        named.namespace,
        opened.name,
        str(reference.parsed(asked if ":" in asked.rpartition("/")[2] else f"{asked}:{TAG}")) if asked else "",
        source,
        manifests.Resources(declared.cpu, declared.cpu, declared.memory),
        declared.pull_secret or next(iter(opened.settings.kubernetes.pull_secrets), ""),
        declared.push_secret,
    )
    return RenderedBuild(config)


def save(made: RenderedBuild, folder: Path) -> Path:
    """Write them into a folder for GitOps, as NAME-build.yaml. Raises NotWritten."""
    target = folder / f"{made.config.name}-build.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    write(target, made.yaml)
    return target
