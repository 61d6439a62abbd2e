"""`noteship render`: the manifests of a release as YAML, for people and for GitOps; nothing is sent to a cluster."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship import cluster, digests, yaml_form
from noteship.cluster import manifests, rights
from noteship.operations import build, imaged, naming, platforms, releasing
from noteship.operations.errors import Unchecked
from noteship.operations.opened import OpenedProject
from noteship.operations.writing import write

__all__ = ["RenderRequest", "RenderedRelease", "check", "render", "roles", "save"]

# What a role is asked of depends on no image; this one is none.
NO_IMAGE = imaged.Imaged(f"registry.invalid/none@sha256:{'0' * 64}", naming.Named("0" * 64, "none", "none"))


@dataclass(frozen=True)
class RenderRequest:
    """What is asked for beside the declaration.

    - image: by its digest; None builds one
    - platform: the kind of cluster; None asks the one that the kubeconfig names
    """

    bundle: str | None = None
    image: str | None = None
    name: str | None = None
    namespace: str | None = None
    platform: platforms.Kind | None = "kubernetes"


@dataclass(frozen=True)
class RenderedRelease:
    """A release, its manifests, and what the cluster has no place for."""

    release: manifests.Release
    rendered: manifests.Rendered
    imaged: imaged.Imaged

    @property
    def yaml(self) -> str:
        """The manifests as one stream, in the order in which they are applied."""
        return yaml_form.documents(self.rendered.manifests)

    @property
    def digest(self) -> digests.Digest:
        """Of the manifests."""
        return digests.of_value(list(self.rendered.manifests))

    @property
    def reaches(self) -> dict[str, list[str]]:
        """What pods may reach, as it was resolved."""
        return {each.name: [*each.networks] or [each.namespace] for each in manifests.destinations(self.release)}

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "release": self.release.name,
            "namespace": self.release.namespace,
            "image": self.release.image,
            "bundle": self.release.bundle.digest,
            "digest": self.digest,
            "reaches": self.reaches,
            "left_out": list(self.rendered.left_out),
            "manifests": list(self.rendered.manifests),
        }


def render(
    opened: OpenedProject,
    request: RenderRequest,
    tell: Callable[[build.Progress], None],
    stop: threading.Event,
    at: cluster.Cluster | None = None,
) -> RenderedRelease:
    """The manifests; `at` is asked where no kind of cluster is named.

    Raises what `imaged.imaged` and `releasing.release_of` raise, NoNamespace, BadRelease, and the cluster's errors.
    """
    named = releasing.named_release(opened, request.name, request.namespace, at)
    found = imaged.imaged(opened, request.bundle, request.image, tell, stop)
    return _rendered(opened, named, found, request.platform, at)


def roles(opened: OpenedProject, request: RenderRequest, at: cluster.Cluster | None = None) -> tuple[Any, ...]:
    """What whoever deploys it has to be allowed, as a Role; no image is built for that."""
    named = releasing.named_release(opened, request.name, request.namespace, at)
    made = _rendered(opened, named, NO_IMAGE, request.platform, at)
    return rights.rights(made.rendered.manifests, f"deploy-{named.name}")


def save(made: RenderedRelease, folder: Path) -> Path:
    """Write the one file of a release into a folder for GitOps. Raises NotWritten."""
    target = _file(made, folder)
    folder.mkdir(parents=True, exist_ok=True)
    write(target, made.yaml)
    return target


def check(made: RenderedRelease, folder: Path) -> Path:
    """Hold a folder for GitOps against what is rendered today. Raises Unchecked with the differences."""
    target = _file(made, folder)
    try:
        there = target.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Unchecked(str(target), (f"it cannot be read: {reason}",)) from error
    names = (str(target), "rendered today")
    lines = difflib.unified_diff(there.splitlines(), made.yaml.splitlines(), *names, n=2, lineterm="")
    differences = tuple(lines)
    if differences or there != made.yaml:
        raise Unchecked(str(target), differences or ("the ends of lines",))
    return target


def _rendered(
    opened: OpenedProject,
    named: releasing.Named,
    found: imaged.Imaged,
    kind: platforms.Kind | None,
    at: cluster.Cluster | None,
) -> RenderedRelease:
    declared = opened.settings.kubernetes
    platform = (
        platforms.discovered(at, declared, named.namespace)
        if kind is None and at
        else platforms.usual(kind or "kubernetes", declared)
    )
    release = releasing.release_of(opened, named, found, at)
    return RenderedRelease(release, manifests.render(release, platform), found)


def _file(made: RenderedRelease, folder: Path) -> Path:
    return folder / f"{made.release.name}.yaml"
