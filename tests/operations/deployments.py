"""What tests of releases have: a project with bundles, images of them in a registry, a cluster, and its controllers."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from noteship import digests
from noteship.cluster.cluster import LogsOf, ObjectRef, Selection, Until
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.images import media_types, reference
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.registries.memory_registry import MemoryRegistry
from noteship.images.registries.memory_server import serving
from noteship.images.registries.registry import Registry
from noteship.images.registries.transport import Transport, Way
from noteship.operations.deploy import Deployed, DeployRequest, Telling, deploy
from noteship.operations.opened import OpenedProject

NAMESPACE = "team-a"
SETTINGS = f"""
[project]
name = "mail"

[environment]
python = "nowhere/bin/python"

[monitor]
window = "10m"

[kubernetes]
namespace = "{NAMESPACE}"
replicas = 2
"""
# Of a pod that crashes.
LAST_WORDS = ("error: the model cannot be loaded", "  nearest: no module helpers", "  do: build it with its modules")
REVISION = "deployment.kubernetes.io/revision"


@dataclass
class Deployments:
    """A project that can be deployed. `bad` are images whose pods crash."""

    root: Path
    host: str
    cluster: MemoryCluster
    bad: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    @property
    def opened(self) -> OpenedProject:
        """As the declaration is now."""
        return OpenedProject.at(self.root)

    def declare(self, text: str) -> None:
        """Another `noteship.toml`."""
        (self.root / "noteship.toml").write_text(text, encoding="utf-8")

    def bundle(self, text: str) -> str:
        """The digest of a new bundle, which is the latest now."""
        folder = self.root / "bundle" / text
        folder.mkdir(parents=True)
        (folder / "bundle.json").write_text(json.dumps({"name": "mail", "signature": {"example": {"text": text}}}))
        objects = self.opened.store
        digest = objects.put_folder(folder)
        value = {"digest": digest, "name": "mail"}
        objects.write_ref(f"bundles/{digest}", value, expected=objects.read_ref(f"bundles/{digest}"))
        objects.write_ref("names/latest", value, expected=objects.read_ref("names/latest"))
        return digest

    def image(self, bundle: str | None) -> str:
        """An image, by its digest, that says that it has this bundle."""
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"dev.noteship.bundle": bundle} if bundle else {}},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
        data = json.dumps(config).encode()
        described = Descriptor(media_types.CONFIG, f"sha256:{digests.of_bytes(data)}", len(data))
        manifest = {
            "schemaVersion": 2,
            "mediaType": media_types.MANIFEST,
            "config": described.to_json(),
            "layers": [],
        }
        told = json.dumps(manifest).encode()
        with Transport(Way(), threading.Event()) as transport:
            place = Registry(reference.parsed(f"{self.host}/team-a/mail"), transport)
            place.put(Blob(described, lambda: io.BytesIO(data)))
            place.put_manifest(told, media_types.MANIFEST)
        return f"{self.host}/team-a/mail@sha256:{digests.of_bytes(told)}"

    def deploy(self, image: str, **more: Any) -> Deployed:
        """As the verb does it."""
        telling = Telling(lambda _: None, lambda moment: self.told.append(moment.what), threading.Event())
        return deploy(self.opened, DeployRequest(image=image, **more), self.cluster, telling)

    def live(self, kind: str = "Deployment", version: str = "apps/v1", name: str = "mail") -> Any:
        """An object as the cluster has it."""
        return self.cluster.get(ObjectRef(version, kind, name))


@contextmanager
def deployments(root: Path) -> Iterator[Deployments]:
    """One, whose controllers run until the block ends; callers' tokens are there."""
    cluster, stop = MemoryCluster(NAMESPACE), threading.Event()
    with serving(MemoryRegistry()) as host:
        made = Deployments(root, host, cluster)
        made.declare(SETTINGS)
        cluster.apply_as("kubectl", secret("mail-tokens", "tokens"))
        thread = threading.Thread(target=_control, args=(made, stop), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            stop.set()
            thread.join()


def secret(name: str, *keys: str) -> dict[str, Any]:
    """One whose values do not matter."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": dict.fromkeys(keys, "eA==")}


def _control(made: Deployments, stop: threading.Event) -> None:
    """As the controller of Deployments, as far as the status tells: good pods are ready at once, bad ones crash."""
    ready: dict[str, int] = {}
    for change in made.cluster.watch(Selection("apps/v1", "Deployment"), Until(stop)):
        thing = change.thing
        generation = thing["metadata"]["generation"]
        if change.what == "deleted" or (thing.get("status") or {}).get("observedGeneration") == generation:
            continue
        image = thing["spec"]["template"]["spec"]["containers"][0]["image"]
        wanted = thing["spec"].get("replicas", 1)
        name = thing["metadata"]["name"]
        if image in made.bad:
            _crashed(made.cluster, thing, generation, ready.get(name, 0))
            continue
        ready[name] = wanted
        numbers = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), wanted)
        made.cluster.set_status(ObjectRef.of(thing), {"observedGeneration": generation, **numbers})


def _crashed(cluster: MemoryCluster, thing: Mapping[str, Any], generation: int, old: int) -> None:
    """A pod of the new template that said why; the old ones are as they were."""
    name, labels = thing["metadata"]["name"], thing["spec"]["selector"]["matchLabels"]
    revised = {REVISION: str(generation)}
    mark = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "annotations": revised}}
    cluster.apply_as("controller", mark)

    def owned(kind: str, version: str, owner: Mapping[str, Any], spec: Any = None, **more: Any) -> Any:
        reference = {"kind": owner["kind"], "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
        metadata = {"name": f"{name}-{generation}", "labels": dict(labels), "ownerReferences": [reference]}
        made = {"apiVersion": version, "kind": kind, "metadata": {**metadata, **more}, "spec": spec or {}}
        return cluster.apply_as("controller", made).thing

    group = owned("ReplicaSet", "apps/v1", thing, annotations=revised)
    pod = owned("Pod", "v1", group, thing["spec"]["template"]["spec"])
    cluster.add_logs(LogsOf(f"{name}-{generation}", container="noteship"), *LAST_WORDS)
    cluster.add_logs(LogsOf(f"{name}-{generation}", previous=True), *LAST_WORDS)
    crashed = {"restartCount": 1, "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    cluster.set_status(
        ObjectRef.of(pod),
        {"phase": "Running", "containerStatuses": [{"name": "noteship", "state": waiting, **crashed}]},
    )
    status = {"observedGeneration": generation, "replicas": old + 1, "updatedReplicas": 1, "availableReplicas": old}
    cluster.set_status(ObjectRef.of(thing), status)
