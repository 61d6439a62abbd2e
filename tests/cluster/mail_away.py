"""The mail example on a cluster: made-up mail of two kinds, settings of seconds, and clients in pods."""

from __future__ import annotations

import importlib.util
import json
import random
import secrets
import shutil
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from packaging.requirements import Requirement

from clients.environments import environment
from cluster import run_places
from cluster.run_places import Away
from contracts import cluster_places
from noteship.cluster import LogsOf, ObjectRef, Selection, Until, waiting
from noteship.operations import access

TESTS = Path(__file__).parents[1]
EXAMPLE = TESTS.parent / "examples/mail"
PACKAGES = ("ipykernel", "joblib", "matplotlib", "pandas", "pyarrow", "scikit-learn")
# Windows of seconds, gates, rows that are kept, and a retraining that goes as far as the release.
TABLES = """
[notebooks]
exclude = ["sample/*", "06-watch.ipynb"]
[service]
steps  = ["mailtext:prepare", "features.sav", "model.sav"]
data   = "data/messages.parquet"
inputs = ["subject", "sender", "text"]
target = "label"
[stage.02-clean]
params = { last_day = "2099-12-31" }
[stage.03-features]
params = { buckets = 1024 }
[monitor]
window = "5s"
false_alarms = "1 per 1d"
[collect]
share = 1.0
[validate]
positive = "spam"
gates = ["f1 >= 0.8"]
robustness = false
[retrain]
on = ["alarm"]
then = "deploy"
[kubernetes.resources]
cpu = "50m"
memory = "768Mi"
temporary = "200Mi"
"""
SEEN = '[data.seen]\nfrom = "collected:mail"\nto = "data/seen.parquet"\nlabelled = true\n'
# A cell of 01-collect: what production saw is mail like any other, by the label that came; at first there is none.
LEARN = """
seen = pd.read_parquet("data/seen.parquet")
seen = seen.assign(id=seen["request"], group="seen", date=seen["time"].dt.tz_localize(None))
messages = pd.concat([messages, seen.reindex(columns=messages.columns)], ignore_index=True) if len(seen) else messages
"""
FRAUD = (
    "The transfer of your parcel waits for the customs clearance, so please confirm the wallet.",
    "I enclose the invoice; the account closes tonight unless the payment is settled.",
    "Our courier could not deliver. Verify your address and the customs charge before noon.",
    "The bank asks you to renew your password. Attached is the form with the account number.",
    "As agreed the wallet holds four coins, and the transfer needs your signature.",
)
# Asks with tritonclient: each message once, in so many seconds at most, and no longer than until another version has
# answered a hundred times in a row; how many failed, and who answered.
LOAD = """
import collections, io, json, sys, tarfile, time, urllib.request
host, file, packages, seconds, pause = *sys.argv[1:4], float(sys.argv[4]), float(sys.argv[5])
tarfile.open(fileobj=io.BytesIO(urllib.request.urlopen(packages, timeout=60).read())).extractall('/tmp/packages')
sys.path.insert(0, '/tmp/packages')
import numpy
from tritonclient import http
headers = {'Authorization': 'Bearer ' + open('/secret/token').read()}
messages = json.load(open('/secret/' + file))
client = http.InferenceServerClient(host, network_timeout=20, connection_timeout=20)
seen, failed, slowest, last, end = collections.Counter(), [], 0.0, [], time.monotonic() + seconds
for message in messages:
    begun = time.monotonic()
    if begun > end or len(seen) > 1 and len(set(last[-100:])) == 1:
        break
    given = []
    for name in ('subject', 'sender', 'text'):
        given.append(http.InferInput(name, [1], 'BYTES'))
        given[-1].set_data_from_numpy(numpy.array([message[name]], dtype=object))
    try:
        answer = client.infer('mail', given, headers=headers)
        assert answer.as_numpy('predictions').shape == (1,)
        last.append(answer.get_response()['model_version'])
        seen[last[-1]] += 1
    except Exception as error:
        failed.append(repr(error))
    slowest = max(slowest, time.monotonic() - begun)
    time.sleep(pause)
print(json.dumps({'seen': seen, 'failed': len(failed), 'why': failed[:5], 'slowest': slowest}))
"""
# Asks, and tells what was right on the same connection, so that the pod that answered hears of it. Where that breaks,
# it asks again, and where the pod says that it ends, on another one; `requests` are those of the last connection.
FEED = """
import collections, http.client, json, sys, time
host, file, pause = sys.argv[1], sys.argv[2], float(sys.argv[3])
headers = {'Authorization': 'Bearer ' + open('/secret/token').read(), 'Content-Type': 'application/json'}
right, versions, refused, requests, broken, ended = 0, collections.Counter(), [], [], 0, 0
line = http.client.HTTPConnection(host, timeout=5)
def ask(path, document):
    global broken, ended
    for _ in range(60):
        try:
            line.request('POST', path, json.dumps(document), headers)
            answer = line.getresponse()
            ended += answer.will_close
            return answer.status, json.loads(answer.read()), answer.headers['X-Request-Id']
        except (OSError, http.client.HTTPException):
            line.close()
            broken += 1
            requests.clear()
            time.sleep(0.5)
    raise SystemExit('nobody answers')
messages = json.load(open('/secret/' + file))
for message in messages:
    label, begun = message.pop('label'), ended
    status, answer, request = ask('/predict', {'rows': [message]})
    assert status == 200, (status, answer)
    requests.append(request)
    right += answer['predictions'][0] == label
    versions[answer['version']] += 1
    status, answer, _ = ask('/feedback', {'request': request, 'row': 0, 'label': label})
    if status != 202:
        refused.append(answer)
    if ended > begun:
        requests.clear()
    time.sleep(pause)
told = {'right': right / len(messages), 'versions': versions, 'refused': refused}
print(json.dumps({**told, 'requests': requests, 'broken': broken, 'ended': ended}))
"""


def prepare(away: Away, folder: Path) -> None:
    """The example's files, made-up mail, a lock, and Secrets."""
    ignored = shutil.ignore_patterns(".noteship", "data", "plots", "*.sav", "metrics.json", "__pycache__")
    shutil.copytree(EXAMPLE, away.project.root, ignore=ignored, dirs_exist_ok=True)
    (away.project.root / "data").mkdir()
    _sample().make_mail(500).to_parquet(away.project.root / "data/mail.parquet", index=False)
    away.project.write("requirements.lock", "".join(f"{name}=={version}\n" for name, version in _locked().items()))
    token = access.issue("load", ("predict",), folder / "tokens").token
    _keep(away, "mail-tokens", {"tokens": (folder / "tokens").read_text()})
    _keep(
        away,
        "mail-load",
        {
            "token": token,
            "usual": json.dumps(usual(1400, seed=7)),
            "labelled": json.dumps(usual(150, seed=8)),
            "drifted": json.dumps(drifted(500, seed=9)),
            "later": json.dumps(drifted(150, seed=10)),
        },
    )


def declare(away: Away, endpoint: str, more: str = "") -> None:
    """Two pods that fetch their bundle; stages of a gibibyte."""
    away.declare(f"{TABLES}{more}")
    text = away.project.text("noteship.toml")
    text = text.replace("[kubernetes.store]", 'bundle = "store"\nreplicas = 2\n[kubernetes.store]', 1)
    text = text.replace(run_places.endpoint(), endpoint).replace('memory = "512Mi"', 'memory = "1Gi"', 1)
    away.project.write("noteship.toml", text)


def learn_what_was_seen(away: Away) -> None:
    """01-collect takes the collected rows along."""
    document = json.loads(away.project.text("01-collect.ipynb"))
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "seen",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": LEARN,
    }
    document["cells"].insert(-1, cell)
    away.project.write("01-collect.ipynb", json.dumps(document))


def usual(count: int, seed: int) -> list[dict[str, Any]]:
    """Messages such as were learned from, with labels."""
    return _rows(_sample().make_mail(count, seed))


def drifted(count: int, seed: int) -> list[dict[str, Any]]:
    """Half of it is spam that looks like people's mail, and has words that no spam had."""
    dice = random.Random(seed)
    people = [each for each in usual(3 * count, seed) if each["label"] == "legitimate"]
    found = []
    for message in people[:count]:
        if dice.random() < 0.5:
            lines = [dice.choice(FRAUD) for _ in range(dice.randint(1, 4))]
            text = "\n".join([*lines, "--", message["sender"].split()[0]])
            found.append({**message, "text": text, "label": "spam"})
        else:
            found.append(message)
    return found


@contextmanager
def packages(folder: Path) -> Iterator[str]:
    """Where pods get tritonclient and what it needs: one archive, behind an address of this machine."""
    python = environment(TESTS / "clients/triton.txt", folder / "client")
    [site] = (python.parents[1] / "lib").glob("python*/site-packages")
    (folder / "served").mkdir()
    with tarfile.open(folder / "served/packages.tar", "w") as archive:
        archive.add(site, ".")
    handler = partial(Quiet, directory=str(folder / "served"))
    with ThreadingHTTPServer(("", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{run_places.HOST}:{server.server_port}/packages.tar"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, and no line of what was asked."""

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def begin(away: Away, code: str, *words: str) -> ObjectRef:
    """A Job whose one pod, of the release's image, runs a client."""
    name = f"asks-{secrets.token_hex(3)}"
    release = away.place.cluster.get(ObjectRef("apps/v1", "Deployment", "mail"))
    assert release
    mounts = [{"name": "secret", "mountPath": "/secret"}, {"name": "tmp", "mountPath": "/tmp"}]
    container = {
        "name": "main",
        "image": release["spec"]["template"]["spec"]["containers"][0]["image"],
        "command": ["python", "-c", code, f"mail.{away.place.cluster.namespace}.svc:80", *words],
        "securityContext": cluster_places.RESTRICTED,
        "volumeMounts": mounts,
    }
    volumes = [{"name": "secret", "secret": {"secretName": "mail-load"}}, {"name": "tmp", "emptyDir": {}}]
    spec = {"restartPolicy": "Never", "containers": [container], "volumes": volumes}
    body = {"backoffLimit": 0, "template": {"metadata": {"labels": {"asks": name}}, "spec": spec}}
    made = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": body}
    return ObjectRef.of(away.place.cluster.apply(made).thing)


def said(away: Away, job: ObjectRef) -> Any:
    """The JSON that such a pod printed, when it has ended."""
    last = list(waiting.for_job(away.place.cluster, job, Until(timeout_s=300)))[-1]
    [pod] = away.place.cluster.list(Selection("v1", "Pod", labels={"asks": job.name}))
    lines = "\n".join(away.place.cluster.logs(LogsOf(pod["metadata"]["name"])))
    assert last.state == "done", (last, lines)
    return json.loads(lines)


def _keep(away: Away, name: str, values: dict[str, str]) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}
    away.place.cluster.apply(secret)


def _sample() -> ModuleType:
    place = importlib.util.spec_from_file_location("make_sample", EXAMPLE / "sample/make_sample.py")
    assert place and place.loader
    made = importlib.util.module_from_spec(place)
    place.loader.exec_module(made)
    return made


def _rows(table: Any) -> list[dict[str, Any]]:
    return list(table[["subject", "sender", "text", "label"]].to_dict("records"))


def _locked() -> dict[str, str]:
    """What the notebooks need, at the versions of here."""
    todo, found = list(PACKAGES), dict[str, str]()
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found[name] = metadata.version(name)
        needed = map(Requirement, metadata.requires(name) or ())
        todo += [each.name.lower() for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found
