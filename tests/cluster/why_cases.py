"""Things that go wrong on a cluster, each with what has to be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts import cluster_places
from noteship.cluster.why import Cause

__all__ = ["CASES", "NAMES", "SECRET", "Case", "is_told", "replaced"]

# What differs from one time to the next is called so where evidence is kept.
NAMES = {
    "REGISTRY": "registry.example",
    "LOGIN": "login.example",
    "NODE": "node.example",
    "STORE": "http://store.example:7480",
    "FOREIGN": "registry.example/noteship-test/other-architecture:1",
    "IMAGE": "registry.example/noteship-test/why:1",
}
Manifest = dict[str, Any]
# No sentence may hold it.
SECRET = "s3cr3t"
LOOP = "import time\nwhile True: time.sleep(1)"
# Answers every question, once it has waited as long as it is told.
SERVER = """
import http.server, sys, time
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status}); self.end_headers()
    def log_message(self, *words): pass
time.sleep({wait})
http.server.ThreadingHTTPServer(("", {port}), Answer).serve_forever()
"""


@dataclass(frozen=True)
class Case:
    """What is applied, in order, and what is then said of the thing.

    - kind, says: of the nearest cause to the root; all of `says` are parts of its sentence
    - do: a part of the remedy
    - also: kinds of further causes
    - around: what it needs beside, by name, whose @WORDS@ are replaced; space: labels of the namespace
    """

    name: str
    kind: str
    says: tuple[str, ...]
    do: str
    who: str
    manifests: tuple[Manifest, ...] = ()
    thing: tuple[str, str] = ("Pod", "mail")
    also: tuple[str, ...] = ()
    space: Mapping[str, str] = field(default_factory=dict)
    around: str = ""


def replaced(text: str, words: Mapping[str, str]) -> str:
    """With what stands for @NAME@."""
    for name, value in words.items():
        text = text.replace(f"@{name}@", value)
    return text


def is_told(case: Case, found: tuple[Cause, ...], words: Mapping[str, str]) -> bool:
    """Whether what has to be said of a case is said first, and of what follows from it too."""
    if not found or not set(case.also) <= {each.kind for each in found[1:]}:
        return False
    first = found[0]
    has_words = all(replaced(each, words) in first.sentence for each in case.says)
    return (first.kind, first.who) == (case.kind, case.who) and has_words and case.do in first.remedy


def pod(code: str = LOOP, image: str = cluster_places.IMAGE, **spec: Any) -> Manifest:
    made = cluster_places.pod("mail", code, image)
    made["spec"].update({"terminationGracePeriodSeconds": 1, **spec})
    return made


def container(code: str = LOOP, spec: Mapping[str, Any] | None = None, **fields: Any) -> Manifest:
    """A pod whose container has these fields, too; the pod those of `spec`."""
    made = pod(code, **(spec or {}))
    made["spec"]["containers"][0].update(fields)
    return made


def deployment(of: Manifest, name: str = "mail", **spec: Any) -> Manifest:
    template = {"metadata": {"labels": {"app": name}}, "spec": {**of["spec"], "restartPolicy": "Always"}}
    body = {"selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": body}


def job(of: Manifest, labels: Mapping[str, str] | None = None, **spec: Any) -> Manifest:
    body = {"backoffLimit": 0, "template": {"spec": of["spec"]}, **spec}
    metadata = {"name": "mail", "labels": dict(labels or {})}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": body}


def thing(kind: str, version: str, name: str, **body: Any) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **body}


def claim(name: str = "data", **spec: Any) -> Manifest:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Ti"}}, **spec}
    return thing("PersistentVolumeClaim", "v1", name, spec=asked)


def asking(**amounts: str) -> Manifest:
    return {"requests": {name.replace("_", "."): each for name, each in amounts.items()}}


def with_secret_file(name: str, key: str) -> Manifest:
    volume = {"name": "tokens", "secret": {"secretName": name, "items": [{"key": key, "path": "tokens"}]}}
    mounts = [{"name": "tokens", "mountPath": "/tokens"}]
    return container(volumeMounts=mounts, spec={"volumes": [volume]})


def variable(source: str, name: str, key: str) -> Manifest:
    env = [{"name": "MODE", "valueFrom": {source: {"name": name, "key": key}}}]
    return container(env=env)


def mounted(claim_name: str) -> Manifest:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}
    return container(volumeMounts=[{"name": "data", "mountPath": "/data"}], spec={"volumes": [volume]})


def probed(probe: str, code: str, path: str = "/", port: int = 8080, **more: Any) -> Manifest:
    asked = {"httpGet": {"path": path, "port": port}, "periodSeconds": 1, "failureThreshold": 2, **more}
    ports = [{"name": "http", "containerPort": 8080}]
    return container(code, spec={"restartPolicy": "Always"}, ports=ports, **{f"{probe}Probe": asked})


def crashing() -> Manifest:
    """A container for what has to be done before."""
    found: Manifest = pod("raise RuntimeError('cannot prepare')")["spec"]["containers"][0]
    return {**found, "name": "before"}


def with_files(secret: str, key: str, config_map: str) -> Manifest:
    """One volume of several sources, as noteship renders it."""
    sources = [
        {"configMap": {"name": config_map, "items": [{"key": "noteship.toml", "path": "noteship.toml"}]}},
        {"secret": {"name": secret, "items": [{"key": key, "path": "store"}]}},
    ]
    volume = {"name": "files", "projected": {"sources": sources}}
    return container(volumeMounts=[{"name": "files", "mountPath": "/files"}], spec={"volumes": [volume]})


def of_release(made: Manifest) -> Manifest:
    """With noteship's own label, on its pods, too."""
    label = {"noteship.dev/release": "letters"}
    made["metadata"].setdefault("labels", {}).update(label)
    made["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {}).update(label)
    return made


def scoring(project: str) -> Manifest:
    """noteship itself, with a project of its image or of a ConfigMap."""
    words = ["score", f"--project={project}", "--", "latest", "/project/rows.csv", "/tmp/scores.jsonl"]
    store = {"AWS_ENDPOINT_URL": "@STORE@", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "here"}
    keys = {"AWS_ACCESS_KEY_ID": "ada", "AWS_SECRET_ACCESS_KEY": SECRET}
    env = [{"name": name, "value": value} for name, value in {**store, **keys}.items()]
    made = container(
        image="@IMAGE@",
        args=words,
        env=env,
        volumeMounts=[{"name": "settings", "mountPath": "/settings"}],
        spec={"volumes": [{"name": "settings", "configMap": {"name": "settings", "optional": True}}]},
    )
    del made["spec"]["containers"][0]["command"]
    return made


def without(of: Manifest, *fields: str) -> Manifest:
    """Its container's security context without these."""
    container = of["spec"]["containers"][0]
    container["securityContext"] = {
        key: each for key, each in container["securityContext"].items() if key not in fields
    }
    return of


SERVES = SERVER.format(status=200, wait=0, port=8080)
IN_VAIN = SERVER.format(status=503, wait=0, port=8080)
NOBODY = {"requests": {"cpu": "10m"}}
WEB = ("Deployment", "mail")
WORK = ("Job", "mail")
# As clients of databases say it.
CONNECTS = """
import socket
try:
    socket.create_connection(("{host}", {port}), timeout=2)
except OSError as error:
    raise SystemExit(f"could not connect to {host}:{port}: {{error}}")
"""

CASES = (
    Case(
        "quota",
        "quota",
        ("the quota 'rule'", "requests.cpu", "200m", "100m"),
        "ask for less",
        "administrators",
        (
            thing("ResourceQuota", "v1", "rule", spec={"hard": {"requests.cpu": "100m"}}),
            deployment(container(resources=asking(cpu="200m"))),
        ),
        WEB,
    ),
    Case(
        "quota-of-a-job",
        "quota",
        ("the quota 'rule'", "requests.memory"),
        "ask for less",
        "administrators",
        (
            thing("ResourceQuota", "v1", "rule", spec={"hard": {"requests.memory": "10Mi"}}),
            job(container(resources=asking(memory="20Mi"))),
        ),
        WORK,
    ),
    Case(
        "quota-wants-values",
        "quota-wants-values",
        ("the quota 'rule'", "requests.cpu"),
        "requests",
        "you",
        (thing("ResourceQuota", "v1", "rule", spec={"hard": {"requests.cpu": "1"}}), deployment(pod())),
        WEB,
    ),
    Case(
        "limit-range",
        "limit-range",
        ("LimitRange", "maximum cpu usage per Container is 100m"),
        "ask for less",
        "you",
        (
            thing("LimitRange", "v1", "rule", spec={"limits": [{"type": "Container", "max": {"cpu": "100m"}}]}),
            deployment(container(resources={"requests": {"cpu": "1"}, "limits": {"cpu": "1"}})),
        ),
        WEB,
    ),
    Case(
        "too-few-cpus",
        "too-few-cpus",
        ("64 CPUs", "no node has"),
        "ask for fewer CPUs",
        "you",
        (container(resources=asking(cpu="64")),),
    ),
    Case(
        "too-little-memory",
        "too-little-memory",
        ("900Gi of memory", "no node has"),
        "ask for less memory",
        "you",
        (container(resources=asking(memory="900Gi")),),
    ),
    Case(
        "too-few-gpus",
        "too-few-resources",
        ("nvidia.com/gpu",),
        "administrators",
        "administrators",
        (container(resources={"limits": {"nvidia.com/gpu": "1"}}),),
    ),
    Case(
        "node-selector",
        "node-selector",
        ("no node has the labels", "disk=fast"),
        "correct the node selector",
        "you",
        (pod(nodeSelector={"disk": "fast"}),),
    ),
    Case(
        "secret-missing-as-file",
        "secret-missing",
        ("the Secret 'mail-tokens'", "volume 'tokens'"),
        "make the Secret 'mail-tokens'",
        "team",
        (with_secret_file("mail-tokens", "tokens"),),
    ),
    Case(
        "secret-missing-as-variable",
        "secret-missing",
        ("the Secret 'mail-tokens'",),
        "make the Secret 'mail-tokens'",
        "team",
        (variable("secretKeyRef", "mail-tokens", "tokens"),),
    ),
    Case(
        "key-missing-of-a-file",
        "key-missing",
        ("the Secret 'mail-tokens'", "no key 'tokens'"),
        "add the key 'tokens'",
        "team",
        (
            thing("Secret", "v1", "mail-tokens", stringData={"token": SECRET}),
            with_secret_file("mail-tokens", "tokens"),
        ),
    ),
    Case(
        "key-missing-of-a-variable",
        "key-missing",
        ("the Secret 'mail-tokens'", "no key 'tokens'"),
        "add the key 'tokens'",
        "team",
        (
            thing("Secret", "v1", "mail-tokens", stringData={"token": SECRET}),
            variable("secretKeyRef", "mail-tokens", "tokens"),
        ),
    ),
    Case(
        "config-map-missing",
        "config-map-missing",
        ("the ConfigMap 'mail-settings'",),
        "make the ConfigMap 'mail-settings'",
        "team",
        (variable("configMapKeyRef", "mail-settings", "mode"),),
    ),
    Case(
        "image-missing",
        "image-missing",
        ("@REGISTRY@/noteship-test/none:1", "is not at its registry"),
        "push the image",
        "team",
        (deployment(pod(image="@REGISTRY@/noteship-test/none:1")),),
        WEB,
    ),
    Case(
        "image-name-wrong",
        "image-name-wrong",
        ("'No/Such:::name'", "no name of an image"),
        "correct the image's name",
        "you",
        (pod(image="No/Such:::name"),),
    ),
    Case(
        "registry-refusing-connections",
        "registry-unreachable",
        ("localhost:1", "cannot be reached", "connection refused"),
        "registry",
        "administrators",
        (pod(image="localhost:1/there/is:none"),),
    ),
    Case(
        "command-missing",
        "command-missing",
        ("'noteschip'", "is no program"),
        "correct the command",
        "team",
        (container(command=["noteschip", "serve"]),),
    ),
    Case(
        "pod-security",
        "pod-security",
        ("Pod Security 'restricted", "seccompProfile"),
        "noteship render",
        "team",
        (deployment(without(pod(), "seccompProfile")),),
        WEB,
        space={"pod-security.kubernetes.io/enforce": "restricted"},
    ),
    Case(
        "import-failed",
        "import-failed",
        ("the module 'lightgbm'",),
        "add 'lightgbm'",
        "team",
        (job(pod("import lightgbm")),),
        WORK,
        also=("backoff-limit",),
    ),
    Case(
        "crash",
        "crash",
        ("ValueError: no rows in the file",),
        "correct",
        "team",
        (pod("raise ValueError('no rows in the file')"),),
    ),
    Case(
        "crash-again-and-again",
        "crash",
        ("KeyError: 'label'", "begun again"),
        "correct",
        "team",
        (deployment(pod("{}['label']")),),
        WEB,
    ),
    Case(
        "ended",
        "ended",
        ("exit code 3", "gone wrong"),
        "log",
        "team",
        (pod("print('it has gone wrong', flush=True); raise SystemExit(3)"),),
    ),
    Case(
        "backoff-limit",
        "ended",
        ("exit code 3",),
        "log",
        "team",
        (job(pod("raise SystemExit(3)")),),
        WORK,
        also=("backoff-limit",),
    ),
    Case(
        "out-of-memory",
        "out-of-memory",
        ("40Mi",),
        "memory limit",
        "you",
        (
            container(
                "rows = []\nwhile True: rows.append(b'x' * 1_000_000)",
                resources={"requests": {"memory": "40Mi"}, "limits": {"memory": "40Mi"}},
            ),
        ),
    ),
    Case(
        "liveness-failing",
        "liveness-failing",
        ("503", "/health/live", "begun again"),
        "liveness",
        "team",
        (probed("liveness", IN_VAIN, "/health/live"),),
    ),
    Case(
        "readiness-failing",
        "readiness-failing",
        ("503", "/health/ready"),
        "readiness",
        "team",
        (deployment(probed("readiness", IN_VAIN, "/health/ready")),),
        WEB,
    ),
    Case(
        "startup-failing",
        "startup-failing",
        ("/health/ready", "2 s"),
        "failureThreshold",
        "team",
        (probed("startup", SERVER.format(status=200, wait=600, port=8080), "/health/ready"),),
    ),
    Case(
        "port-wrong",
        "port-wrong",
        ("port 9090", "8080"),
        "port",
        "team",
        (probed("readiness", SERVES, "/", 9090),),
    ),
    Case(
        "port-wrong-of-a-service",
        "port-wrong",
        ("Service 'mail'", "'web'", "http"),
        "targetPort",
        "team",
        (
            deployment(probed("readiness", SERVES)),
            thing(
                "Service",
                "v1",
                "mail",
                spec={"selector": {"app": "mail"}, "ports": [{"port": 80, "targetPort": "web"}]},
            ),
        ),
        WEB,
    ),
    Case(
        "claim-missing",
        "claim-missing",
        ("the volume claim 'data'",),
        "make the claim",
        "team",
        (mounted("data"),),
    ),
    Case(
        "claim-pending",
        "claim-pending",
        ("the volume claim 'data'", "5Ti"),
        "volume",
        "administrators",
        (claim(storageClassName=""), mounted("data")),
    ),
    Case(
        "storage-class-missing",
        "storage-class-missing",
        ("the storage class 'fast'", "there is: standard"),
        "name a storage class",
        "you",
        (claim(storageClassName="fast"), mounted("data")),
    ),
    Case(
        "account-missing",
        "account-missing",
        ("the service account 'mail'",),
        "make the service account",
        "team",
        (deployment(pod(serviceAccountName="mail")),),
        WEB,
    ),
    Case(
        "missing-right",
        "missing-right",
        ("list pods",),
        "Role",
        "administrators",
        (
            pod(
                "import ssl, urllib.request\n"
                "place = '/var/run/secrets/kubernetes.io/serviceaccount/'\n"
                "trust = ssl.create_default_context(cafile=place + 'ca.crt')\n"
                "trust.verify_flags &= ~ssl.VERIFY_X509_STRICT\n"
                "url = 'https://kubernetes.default.svc/api/v1/namespaces/default/pods'\n"
                "asked = urllib.request.Request(url)\n"
                "asked.add_header('Authorization', 'Bearer ' + open(place + 'token').read())\n"
                "try: urllib.request.urlopen(asked, context=trust)\n"
                "except urllib.error.HTTPError as error: raise SystemExit(error.read().decode())\n",
                automountServiceAccountToken=True,
            ),
        ),
    ),
    Case(
        "namespace-missing",
        "namespace-missing",
        ("there is no namespace",),
        "--namespace",
        "you",
        around="missing-namespace",
    ),
    Case(
        "network-policy",
        "network-policy",
        ("192.0.2.1:5432", "the NetworkPolicy", "outgoing"),
        "allow it",
        "team",
        (
            thing(
                "NetworkPolicy", "networking.k8s.io/v1", "closed", spec={"podSelector": {}, "policyTypes": ["Egress"]}
            ),
            job(pod(CONNECTS.format(host="192.0.2.1", port=5432))),
        ),
        WORK,
    ),
    Case(
        "unreachable",
        "unreachable",
        ("nobody.invalid:5432",),
        "address",
        "team",
        (job(pod(CONNECTS.format(host="nobody.invalid", port=5432))),),
        WORK,
    ),
    Case(
        "evicted",
        "evicted",
        ("ephemeral",),
        "ephemeral-storage",
        "you",
        (
            container(
                "open('/tmp/rows', 'wb').write(b'x' * 40_000_000)\n" + LOOP,
                resources={"limits": {"ephemeral-storage": "10Mi"}},
            ),
        ),
    ),
    Case(
        "deadline",
        "deadline",
        ("2 s",),
        "activeDeadlineSeconds",
        "you",
        (job(pod(), activeDeadlineSeconds=2),),
        WORK,
    ),
    Case(
        "read-only-root",
        "read-only-root",
        ("/rows.csv",),
        "/tmp",
        "team",
        (
            container(
                "open('/rows.csv', 'w')",
                securityContext={**pod()["spec"]["containers"][0]["securityContext"], "readOnlyRootFilesystem": True},
            ),
        ),
    ),
    Case(
        "root-refused",
        "root-refused",
        ("runs as root",),
        "runAsUser",
        "team",
        (without(pod(), "runAsUser"),),
    ),
    Case(
        "port-in-use",
        "port-in-use",
        ("Address already in use",),
        "port",
        "team",
        (pod("import socket\na = socket.create_server(('', 8080))\nsocket.create_server(('', 8080))"),),
    ),
    Case(
        "suspended",
        "suspended",
        ("suspended",),
        "suspend",
        "you",
        (job(pod(), suspend=True),),
        WORK,
    ),
    Case(
        "start-failed",
        "start-failed",
        ("cannot be begun", "mkdir /proc/1/nowhere"),
        "manifest",
        "team",
        (container(workingDir="/proc/1/nowhere/there"),),
    ),
    Case(
        "taint",
        "taint",
        ("the taint team=b", "does not tolerate"),
        "tolerate it",
        "you",
        (pod(nodeSelector={"noteship-test": "@NODE@"}),),
        around="tainted-node",
    ),
    Case(
        "pull-unauthorized",
        "pull-unauthorized",
        ("@LOGIN@", "does not let the node have", "without a login", "401"),
        "imagePullSecrets",
        "team",
        (pod(image="@LOGIN@/team-a/mail:1"),),
        around="registry-with-login",
    ),
    Case(
        "pull-secret-missing",
        "pull-secret-missing",
        ("the pull secret 'team-registry'",),
        "docker-registry",
        "team",
        (pod(image="@LOGIN@/team-a/mail:2", imagePullSecrets=[{"name": "team-registry"}]),),
        also=("pull-unauthorized",),
        around="registry-with-login",
    ),
    Case(
        "pulling",
        "pulling",
        ("has been pulling the image @LOGIN@/team-a/mail:3 for",),
        "wait",
        "you",
        (pod(image="@LOGIN@/team-a/mail:3"),),
        around="slow-registry",
    ),
    Case(
        "wrong-architecture",
        "wrong-architecture",
        ("@FOREIGN@", "exec format error"),
        "[image] architecture",
        "team",
        (container(image="@FOREIGN@", command=["/serve"]),),
        around="other-architecture",
    ),
    Case(
        "webhook-down",
        "webhook-down",
        ("'down.example.org'", "connection refused"),
        "webhook's service",
        "administrators",
        (deployment(pod()),),
        WEB,
        around="webhook-down",
    ),
    Case(
        "namespace-ending",
        "namespace-ending",
        ("is being deleted",),
        "use another one",
        "administrators",
        around="ending-namespace",
    ),
    Case(
        "queue-missing",
        "queue-missing",
        ("the queue 'nobodys'",),
        "LocalQueue",
        "you",
        (job(pod(), {"kueue.x-k8s.io/queue-name": "nobodys"}, suspend=True),),
        WORK,
    ),
    Case(
        "mount-failing",
        "mount-failing",
        ("the volume 'data'", "/nowhere"),
        "storage",
        "administrators",
        (
            container(
                volumeMounts=[{"name": "data", "mountPath": "/data"}],
                spec={"volumes": [{"name": "data", "hostPath": {"path": "/nowhere", "type": "Directory"}}]},
            ),
        ),
    ),
    Case(
        "deadline-of-a-pod",
        "deadline",
        ("2 s",),
        "activeDeadlineSeconds",
        "you",
        (pod(activeDeadlineSeconds=2),),
    ),
    Case(
        "evicted-for-a-volume",
        "evicted",
        ("wrote more than it may", "tmp"),
        "sizeLimit",
        "you",
        (
            container(
                "open('/tmp/rows', 'wb').write(b'x' * 40_000_000)\n" + LOOP,
                volumeMounts=[{"name": "tmp", "mountPath": "/tmp"}],
                spec={"volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "10Mi"}}]},
            ),
        ),
    ),
    Case(
        "admission-refused",
        "admission-refused",
        ("the cluster's policy", "no pods on Mondays"),
        "change what it names",
        "team",
        (deployment(pod()),),
        WEB,
        around="policy",
    ),
    Case(
        "unschedulable",
        "unschedulable",
        ("no node takes pod mail", "didn't match pod affinity rules"),
        "scheduler",
        "administrators",
        (
            pod(
                affinity={
                    "podAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": [
                            {
                                "topologyKey": "kubernetes.io/hostname",
                                "labelSelector": {"matchLabels": {"app": "nobody"}},
                            }
                        ]
                    }
                }
            ),
        ),
    ),
    Case(
        "crash-of-an-init-container",
        "crash",
        ("RuntimeError: cannot prepare",),
        "correct",
        "team",
        (pod(initContainers=[crashing()]),),
    ),
    Case(
        "key-missing-of-a-release",
        "key-missing",
        ("the Secret 'mail-store'", "no key 'credentials'"),
        "add the key 'credentials'",
        "team",
        (
            thing("Secret", "v1", "mail-store", stringData={"keys": SECRET}),
            thing("ConfigMap", "v1", "mail-settings", data={"noteship.toml": ""}),
            of_release(deployment(with_files("mail-store", "credentials", "mail-settings"))),
        ),
        ("Release", "letters"),
    ),
    Case(
        "config-map-missing-of-a-release",
        "config-map-missing",
        ("the ConfigMap 'mail-settings'", "volume 'files'"),
        "make the ConfigMap",
        "team",
        (
            thing("Secret", "v1", "mail-store", stringData={"credentials": SECRET}),
            of_release(deployment(with_files("mail-store", "credentials", "mail-settings"))),
            of_release(job(pod("print('done')"))),
        ),
        ("Release", "letters"),
    ),
    Case(
        "bundle-damaged",
        "bundle-damaged",
        ("noteship in pod mail", "is damaged: its bytes have another digest"),
        "noteship run",
        "team",
        (scoring("/project"),),
        around="noteships-image",
    ),
    Case(
        "store-denied",
        "store-denied",
        ("the store refuses the credentials of pod mail", "InvalidAccessKeyId"),
        "renew the credentials",
        "team",
        (
            thing("ConfigMap", "v1", "settings", data={"noteship.toml": '[store]\nurl = "s3://team-a/mail"\n'}),
            scoring("/settings"),
        ),
        around="denying-store",
    ),
    Case(
        "network-policy-of-a-service",
        "network-policy",
        ("db:5432", "the NetworkPolicy 'db'", "incoming"),
        "allow it",
        "team",
        (
            thing(
                "Service", "v1", "db", spec={"selector": {"app": "db"}, "ports": [{"port": 5432, "targetPort": 15432}]}
            ),
            deployment(pod(), "db"),
            thing(
                "NetworkPolicy",
                "networking.k8s.io/v1",
                "db",
                spec={
                    "podSelector": {"matchLabels": {"app": "db"}},
                    "policyTypes": ["Ingress"],
                    "ingress": [{"from": [{"podSelector": {"matchLabels": {"db": "may"}}}]}],
                },
            ),
            job(pod(CONNECTS.format(host="db", port=5432))),
        ),
        WORK,
    ),
    Case(
        "network-policy-of-names",
        "network-policy",
        ("DNS", "the NetworkPolicy 'closed'", "outgoing"),
        "allow it",
        "team",
        (
            thing(
                "NetworkPolicy",
                "networking.k8s.io/v1",
                "closed",
                spec={
                    "podSelector": {},
                    "policyTypes": ["Egress"],
                    "egress": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}],
                },
            ),
            job(pod(CONNECTS.format(host="db.nobody.invalid", port=5432))),
        ),
        WORK,
    ),
)
