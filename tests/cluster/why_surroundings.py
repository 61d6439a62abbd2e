"""What cases need around them beside manifests; each gives what stands for @NAME@ in these, and ends with the case."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import struct
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import metadata
from pathlib import Path
from typing import Any

from cli.projects import COMMAND, Project
from contracts import cluster_places
from noteship.cluster import errors
from noteship.cluster.cluster import Cluster, ObjectRef, Selection
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.reference import parsed
from noteship.images.registries.registry import Registry
from noteship.images.registries.transport import Transport

__all__ = ["SURROUNDINGS", "QueueMissing"]

REGISTRY = os.environ.get("CLUSTER_REGISTRY", "localhost:5000")
HOOKS = "admissionregistration.k8s.io/v1"
LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
AARCH64 = 183
LOCKED = ("joblib", "numpy", "obstore", "pandas", "scikit-learn", "scipy", "threadpoolctl")
TRAIN = """
import joblib, pandas as pd
from sklearn.linear_model import LogisticRegression
rows = pd.read_csv('rows.csv')
joblib.dump(LogisticRegression().fit(rows[['a', 'b']], rows['label']), 'model.joblib')
"""
SETTINGS = """
[service]
steps = ["model.joblib"]
data = "rows.csv"
inputs = ["a", "b"]
target = "label"
reproduces = []
"""
Found = Mapping[str, str]
Around = Callable[[Cluster], AbstractContextManager[Found]]


class QueueMissing(Exception):
    """The cluster does not serve what a case is about."""


@contextmanager
def answering(status: int, body: str, headers: Mapping[str, str], host: str, wait_s: float = 0) -> Iterator[int]:
    """A server that gives everybody the same answer; its port."""
    is_over = threading.Event()

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            is_over.wait(wait_s)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_GET = do_HEAD = do_PUT = do_POST = answer  # noqa: N815 - the standard library's names

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer((host, 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        is_over.set()
        server.shutdown()
        server.server_close()


@contextmanager
def registry_with_login(cluster: Cluster) -> Iterator[Found]:
    """A registry on this machine that wants to know who asks."""
    body = json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
    with answering(401, body, {"www-authenticate": 'Basic realm="team"'}, "127.0.0.1") as port:
        yield {"LOGIN": f"localhost:{port}"}


@contextmanager
def slow_registry(cluster: Cluster) -> Iterator[Found]:
    """A registry on this machine that takes its time."""
    with answering(404, "{}", {}, "127.0.0.1", wait_s=600) as port:
        yield {"LOGIN": f"localhost:{port}"}


class Image:
    """noteship's own image of a small project, whose store is in the project and has been damaged; made once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._name = ""

    def name(self) -> str:
        with self._lock:
            if not self._name:
                with tempfile.TemporaryDirectory() as folder:
                    self._name = self._made(Project(Path(folder)))
            return self._name

    def _made(self, project: Project) -> str:
        rows = "".join(f"{n},{n % 7},{'yes' if n % 2 else 'no'}\n" for n in range(60))
        project.write("requirements.lock", "".join(f"{name}=={metadata.version(name)}\n" for name in LOCKED))
        project.write("rows.csv", f"a,b,label\n{rows}")
        project.write("train.py", TRAIN)
        project.write("noteship.toml", f'[store]\nurl = "kept"\n{SETTINGS}')
        noteship(project, "run")
        for path in (project.root / "kept" / "objects").glob("*/*"):
            path.chmod(0o644)
            path.write_bytes(b"damaged")
        to = f"{REGISTRY}/noteship-test/why"
        built = noteship(project, "build", "--no-bundle", "--base", cluster_places.IMAGE, "--to", to)
        return f"{to}@{built['digest']}"


def noteship(project: Project, *words: str) -> Any:
    """What a call of its own, as these run several at a time, prints."""
    done = subprocess.run([*COMMAND, *words, "--json"], cwd=project.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


IMAGE = Image()


@contextmanager
def noteships_image(cluster: Cluster) -> Iterator[Found]:
    """One whose bundle has other bytes than its digest says."""
    yield {"IMAGE": IMAGE.name()}


@contextmanager
def denying_store(cluster: Cluster) -> Iterator[Found]:
    """An object store that knows no key."""
    body = "<?xml version='1.0'?><Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>"
    nodes = cluster.list(Selection("v1", "Node"))
    addresses = [each for node in nodes for each in node["status"].get("addresses", ()) if each["type"] == "InternalIP"]
    with answering(403, body, {"content-type": "application/xml"}, "0.0.0.0") as port:
        yield {"STORE": f"http://{addresses[0]['address']}:{port}", "IMAGE": IMAGE.name()}


@contextmanager
def other_architecture(cluster: Cluster) -> Iterator[Found]:
    """An image that says to be for this one, with a program of another one."""
    program = (
        b"\x7fELF\x02\x01\x01"
        + b"\0" * 9
        + struct.pack("<HHIQQQIHHHHHH", 2, AARCH64, 1, 64, 0, 0, 0, 64, 56, 0, 0, 0, 0)
    )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as files:
        member = tarfile.TarInfo("serve")
        member.mode, member.size = 0o755, len(program)
        files.addfile(member, io.BytesIO(program))
    layer = blob(packed.getvalue(), LAYER)
    described = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": ["/serve"], "User": "1000"},
        "rootfs": {"type": "layers", "diff_ids": [layer.descriptor.digest]},
    }
    config = blob(json.dumps(described).encode(), CONFIG)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": listed(config.descriptor),
        "layers": [listed(layer.descriptor)],
    }
    name = f"{REGISTRY}/noteship-test/other-architecture"
    with Transport() as transport:
        registry = Registry(parsed(f"{name}:1"), transport)
        for each in (layer, config):
            registry.put(each)
        registry.put_manifest(json.dumps(manifest).encode(), MANIFEST, "1")
    yield {"FOREIGN": f"{name}:1"}


def blob(data: bytes, media_type: str) -> Blob:
    return Blob(
        Descriptor(media_type, f"sha256:{hashlib.sha256(data).hexdigest()}", len(data)), lambda: io.BytesIO(data)
    )


def listed(one: Descriptor) -> dict[str, object]:
    return {"mediaType": one.media_type, "digest": one.digest, "size": one.size}


@contextmanager
def webhook_down(cluster: Cluster) -> Iterator[Found]:
    """An admission webhook of this namespace's pods that nobody answers for."""
    hook = {
        "name": "down.example.org",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": cluster.namespace}},
    }
    made = {
        "apiVersion": HOOKS,
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": cluster.namespace},
        "webhooks": [hook],
    }
    with applied(cluster, made):
        # The API server learns of it a moment later.
        time.sleep(2)
        yield {}


@contextmanager
def policy(cluster: Cluster) -> Iterator[Found]:
    """A rule of the cluster's own against pods of this namespace."""
    match = {
        "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]
    }
    validations = [{"expression": "false", "message": "no pods on Mondays"}]
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": cluster.namespace}}}
    rule = {
        "apiVersion": HOOKS,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": cluster.namespace},
        "spec": {"matchConstraints": match, "validations": validations},
    }
    binding = {
        "apiVersion": HOOKS,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": cluster.namespace},
        "spec": {"policyName": cluster.namespace, "validationActions": ["Deny"], "matchResources": here},
    }
    with applied(cluster, rule), applied(cluster, binding):
        refused = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "try"}}
        refused["spec"] = {"containers": [{"name": "main", "image": "mail"}]}  # type: ignore[assignment]
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                cluster.apply(refused, dry_run=True)
            except errors.AdmissionRefused:
                break
            time.sleep(0.2)
        yield {}


@contextmanager
def tainted_node(cluster: Cluster) -> Iterator[Found]:
    """A node that is kept for another team; nothing runs there, as no kubelet does."""
    name = cluster.namespace
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"noteship-test": name}},
        "spec": {"taints": [{"key": "team", "value": "b", "effect": "NoSchedule"}]},
    }
    with applied(cluster, node):
        yield {"NODE": name}


@contextmanager
def ending_namespace(cluster: Cluster) -> Iterator[Found]:
    """A namespace that is being deleted, and holds something that is not let go."""
    name = f"{cluster.namespace}-b"
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "namespace": name}}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.apply({**held, "metadata": {**held["metadata"], "finalizers": ["example.org/hold"]}})  # type: ignore[dict-item]
    cluster.delete(ObjectRef("v1", "Namespace", name))
    try:
        yield {"SPACE": name}
    finally:
        cluster.apply({**held, "metadata": {**held["metadata"], "finalizers": []}}, force=True)  # type: ignore[dict-item]


@contextmanager
def missing_namespace(cluster: Cluster) -> Iterator[Found]:
    yield {"SPACE": f"{cluster.namespace}-none"}


@contextmanager
def local_queue(cluster: Cluster) -> Iterator[Found]:
    """A queue of Kueue's; skipped where the cluster has none."""
    if "kueue.x-k8s.io" not in cluster.groups():
        raise QueueMissing
    served = next(each for each in ("kueue.x-k8s.io/v1beta2", "kueue.x-k8s.io/v1beta1") if cluster.resources(each))
    queue = {
        "apiVersion": served,
        "kind": "LocalQueue",
        "metadata": {"name": "team"},
        "spec": {"clusterQueue": "cluster"},
    }
    with applied(cluster, queue):
        yield {}


@contextmanager
def applied(cluster: Cluster, thing: dict[str, object]) -> Iterator[None]:
    cluster.apply(thing)
    try:
        yield
    finally:
        cluster.delete(ObjectRef.of(thing))


SURROUNDINGS: dict[str, Around] = {
    "": lambda _: nullcontext({}),
    "denying-store": denying_store,
    "ending-namespace": ending_namespace,
    "local-queue": local_queue,
    "missing-namespace": missing_namespace,
    "noteships-image": noteships_image,
    "other-architecture": other_architecture,
    "policy": policy,
    "registry-with-login": registry_with_login,
    "slow-registry": slow_registry,
    "tainted-node": tainted_node,
    "webhook-down": webhook_down,
}
