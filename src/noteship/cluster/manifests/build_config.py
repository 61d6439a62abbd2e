"""How OpenShift builds an image from the folder of a Containerfile: a BuildConfig, and an ImageStream to keep it in.

Source: OpenShift 4, "Builds using BuildConfig": build.openshift.io/v1, image.openshift.io/v1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from noteship.cluster.manifests.errors import SettingWithoutEffect
from noteship.cluster.manifests.labels import PREFIX, manifest, selected
from noteship.cluster.manifests.parts import Resources

__all__ = ["BuildConfig", "GitSource"]

BUILD_VERSION, IMAGE_VERSION = "build.openshift.io/v1", "image.openshift.io/v1"
CONTAINERFILE = "Containerfile"
# A build that compiles large packages takes half an hour.
DEADLINE_S = 2 * 3600
# So many stay, with their logs.
KEPT = 3


@dataclass(frozen=True)
class GitSource:
    """A repository that holds the folder.

    - ref: a branch, a tag or a commit; secret: one to clone with
    """

    url: str
    ref: str = ""
    folder: str = ""
    secret: str = ""


@dataclass(frozen=True)
class BuildConfig:
    """What is built, from where, and where it goes.

    - image: where at a registry, with a tag; an ImageStream of the name where there is none
    - source: a repository; where there is none, each build is sent its folder (`oc start-build --from-dir`)
    - pull_secret, push_secret: names of Secrets, for the base's registry and the image's
    """

    name: str
    namespace: str
    project: str
    image: str = ""
    source: GitSource | None = None
    resources: Resources = field(default_factory=Resources)
    pull_secret: str = ""
    push_secret: str = ""

    def __post_init__(self) -> None:
        if self.push_secret and not self.image:
            reason = "the image goes into an ImageStream, which the builder may write"
            raise SettingWithoutEffect("image.builder.push_secret", reason, "leave it out, or name a registry")

    @property
    def manifests(self) -> tuple[dict[str, Any], ...]:
        """In the order in which they are applied. Equal values give equal ones, down to the order of their keys."""
        return (*self._stream(), manifest(BUILD_VERSION, "BuildConfig", self._metadata, spec=self._spec))

    @property
    def _metadata(self) -> dict[str, Any]:
        labels = {
            "app.kubernetes.io/name": self.project,
            # Of what builds a release's image, not of the release, with which it would be taken away.
            **selected(f"{self.name}-build"),
            "app.kubernetes.io/component": "build",
            "app.kubernetes.io/part-of": self.project,
            f"{PREFIX}/project": self.project,
        }
        return {"name": self.name, "namespace": self.namespace, "labels": labels}

    def _stream(self) -> Iterator[dict[str, Any]]:
        if not self.image:
            yield manifest(IMAGE_VERSION, "ImageStream", self._metadata, spec={"lookupPolicy": {"local": True}})

    @property
    def _spec(self) -> dict[str, Any]:
        resources = self.resources.fields
        return {
            "source": self._source(),
            "strategy": {"type": "Docker", "dockerStrategy": {**_secret("pullSecret", self.pull_secret), **_FILE}},
            "output": {"to": self._target(), **_secret("pushSecret", self.push_secret)},
            "resources": {name: _without_storage(resources[name]) for name in ("requests", "limits")},
            "runPolicy": "Serial",
            "completionDeadlineSeconds": DEADLINE_S,
            "successfulBuildsHistoryLimit": KEPT,
            "failedBuildsHistoryLimit": KEPT,
            "triggers": [],
        }

    def _source(self) -> dict[str, Any]:
        git = self.source
        if git is None:
            return {"type": "Binary", "binary": {}}
        place = {"uri": git.url, **({"ref": git.ref} if git.ref else {})}
        folder = {"contextDir": git.folder} if git.folder else {}
        return {"type": "Git", "git": place, **folder, **_secret("sourceSecret", git.secret)}

    def _target(self) -> dict[str, str]:
        if self.image:
            return {"kind": "DockerImage", "name": self.image}
        return {"kind": "ImageStreamTag", "name": f"{self.name}:latest"}


_FILE = {"dockerfilePath": CONTAINERFILE}


def _secret(field: str, name: str) -> dict[str, Any]:
    return {field: {"name": name}} if name else {}


def _without_storage(amounts: dict[str, Any]) -> dict[str, Any]:
    """Layers that are made lie on the node's disk, and how large they become is not known before."""
    return {name: amount for name, amount in amounts.items() if name != "ephemeral-storage"}
