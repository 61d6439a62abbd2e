"""`noteship render`: the manifests of a release as YAML, for people and for GitOps; nothing is sent to a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from noteship import cluster, digests, yaml_form
from noteship.cluster import bucket_claims, manifests, rights
from noteship.operations import build, canaries, claims, imaged, naming, platforms, releases, releasing
from noteship.operations.opened import OpenedProject
from noteship.operations.surroundings import Surroundings
from noteship.operations.who import who

__all__ = ["RenderRequest", "RenderedRelease", "deployers", "render", "rendered", "roles"]

# What a role is asked of depends on no image; this one is none.
NO_IMAGE = imaged.Imaged(f"registry.invalid/none@sha256:{'0' * 64}", naming.Named("0" * 64, "none", "none"))


@dataclass(frozen=True)
class RenderRequest:
    """What is asked for beside the declaration.

    - image: by its digest; None builds one
    - platform: the kind of cluster; None asks the one that the kubeconfig names
    - beside: the stable release, where it is a canary
    """

    bundle: str | None = None
    image: str | None = None
    name: str | None = None
    namespace: str | None = None
    platform: platforms.Kind | None = "kubernetes"
    beside: releasing.Beside | None = None


@dataclass(frozen=True)
class RenderedRelease:
    """A release, its manifests, and what the cluster has no place for."""

    release: manifests.Release
    rendered: manifests.Rendered
    imaged: imaged.Imaged

    @property
    def name(self) -> str:
        """Of the release."""
        return self.release.name

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

    def record(self, opened: OpenedProject, reason: str | None, before: releases.Present | None) -> releases.Record:
        """Of the decision that it is to run, after what ran before."""
        return releases.Record(
            self.release.bundle.digest,
            self.release.image,
            self.digest,
            opened.settings.kubernetes.shape,
            opened.name,
            who(),
            reason,
            before.id if before else None,
            reaches=self.reaches,
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "release": self.name,
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
    return rendered(opened, named, found, request, at)


def roles(opened: OpenedProject, request: RenderRequest, at: cluster.Cluster | None = None) -> tuple[Any, ...]:
    """What whoever deploys it has to be allowed, as a Role; no image is built for that.

    With a store that pods reach, another Role says what handing runs over takes.
    """
    named = releasing.named_release(opened, request.name, request.namespace, at)
    opened = opened.without_asking()
    found = deployers(opened, named, request, at)
    around = Surroundings(opened, named.name, at)
    if not around.has_store:
        return found
    from noteship.operations.remote import submitting

    platform = _platform(opened, request.platform, at, named.namespace)
    run = submitting.of_pods(opened, named, around, NO_IMAGE.image, "any")
    sent = [*submitting.begun(run, (), platform)]
    if opened.settings.retrain or opened.settings.kubernetes.run.schedule:
        sent += submitting.clocked(run, manifests.Clock("any", "@daily"), (), platform)
    return (*found, *rights.rights(sent, f"run-{named.name}"), *_claiming(opened, named))


def deployers(
    opened: OpenedProject, named: releasing.Named, request: RenderRequest, at: cluster.Cluster | None
) -> tuple[dict[str, Any], ...]:
    """What deploying it alone takes.

    Who deploys may not see which classes of Ingresses there are, and takes it that there is one: so does this.
    """
    release = releasing.release_of(opened, named, NO_IMAGE, at, request.beside)
    platform = replace(_platform(opened, request.platform, at, named.namespace), has_ingresses=True)
    return rights.rights(manifests.render(release, platform).manifests, f"deploy-{named.name}", canaries.SUFFIX)


def _claiming(opened: OpenedProject, named: releasing.Named) -> tuple[Any, ...]:
    """What reading, and perhaps making, the claim of the store takes."""
    if opened.claimed is None:
        return ()
    claim = claims.claim_of(opened.settings, named.namespace)
    return (bucket_claims.role(claim, f"store-{named.name}"),)


def rendered(
    opened: OpenedProject,
    named: releasing.Named,
    found: imaged.Imaged,
    request: RenderRequest,
    at: cluster.Cluster | None,
) -> RenderedRelease:
    """The same of an image that is there; of the request, its platform and what it stands beside count.

    Raises what `releasing.release_of` raises, BadRelease, and the cluster's errors.
    """
    release = releasing.release_of(opened, named, found, at, request.beside)
    platform = _platform(opened, request.platform, at, named.namespace)
    return RenderedRelease(release, manifests.render(release, platform), found)


def _platform(
    opened: OpenedProject, kind: platforms.Kind | None, at: cluster.Cluster | None, namespace: str
) -> manifests.Platform:
    declared = opened.settings.kubernetes
    if kind is None and at:
        return platforms.discovered(at, declared, namespace)
    return platforms.usual(kind or "kubernetes", declared)
