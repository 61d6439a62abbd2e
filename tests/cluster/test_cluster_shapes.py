"""Releases that answer nobody, on a real cluster: over files once, by the clock, in a queue, and between subjects."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cluster import deployables
from cluster.deployables import HOST, Deployable, until
from contracts import store_places
from noteship.cluster import ObjectRef, Selection, Until, waiting
from noteship.store.bucket import Bucket

pytestmark = pytest.mark.cluster
JOB = "batch/v1", "Job"
FILES = {"one.csv": b"a,b\n59,3\n0,0\n", "two.csv": b"a,b\n58,2\n"}


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A prefix on the object gateway that pods reach, with files to score."""
    lacking = deployables.missing_store()
    if lacking:
        pytest.skip(lacking)
    with store_places.on_gateway() as found:
        for name, data in FILES.items():
            found.put(f"in/{name}", [data])
        yield found


def in_store(mail: Deployable, bucket: Bucket, shape: str, more: str = "") -> None:
    """Files of the bucket are scored."""
    mail.keep("mail-store", credentials=deployables.credentials())
    mail.declare(
        f'as = "{shape}"',
        f"""[store]
url = "{bucket.url}/store"
[kubernetes.store]
endpoint = "{deployables.endpoint()}"
region = "us-east-1"
[kubernetes.job]
from = "{bucket.url}/in/"
to = "{bucket.url}/out/{{bundle}}/"
keep = ["a"]
{more}""",
    )
    mail.project.json("run")


def scores(bucket: Bucket) -> list[Any]:
    """All rows that were written, by file."""
    keys = sorted(each.key for each in bucket.list("out/") if each.key.endswith((".csv", ".jsonl")))
    return [(key.rpartition("/")[2], b"".join(bucket.pieces(key)).decode().split()) for key in keys]


def test_a_job_scores_files_of_the_store(mail: Deployable, bucket: Bucket) -> None:
    """It is waited for, its scores are in the store, and once it has ended nothing of it is in the way of the next."""
    in_store(mail, bucket, "job")
    done = mail.deploy()
    assert (done["state"], done["calling"]) == ("done", None)
    first = scores(bucket)
    assert [name for name, _ in first] == ["one.csv", "two.csv"] and [len(lines) for _, lines in first] == [3, 2]
    at = mail.standing()
    assert (at["kind"], at["pods"]["state"], at["as_recorded"], at["causes"]) == ("Job", "done", True, [])
    before = mail.live(*JOB)["metadata"]["uid"]
    mail.learn()
    bucket.put("in/three.csv", [b"a,b\n1,1\n"])
    assert mail.deploy()["changed"] is True
    assert mail.live(*JOB)["metadata"]["uid"] != before
    assert sorted(name for name, _ in scores(bucket)) == ["one.csv", "one.csv", "three.csv", "two.csv", "two.csv"]
    mail.project.json("undeploy")
    assert mail.live(*JOB) is None
    until(lambda: not mail.place.cluster.list(Selection("v1", "Pod", labels={"noteship.dev/release": "mail"})))


def test_a_job_that_cannot_read_says_so(mail: Deployable, bucket: Bucket) -> None:
    """Wrong credentials: the pods fail as often as they may, and the reason is the store's."""
    in_store(mail, bucket, "job", "retries = 0")
    mail.keep("mail-store", credentials="[default]\naws_access_key_id = nobody\naws_secret_access_key = wrong\n")
    answer = mail.project.call("deploy")
    assert answer.code == 1 and "the store refuses the credentials" in answer.err, answer.err
    assert "renew the credentials in the Secret" in answer.err


def test_a_job_that_is_asked_wrongly_is_not_tried_again(mail: Deployable) -> None:
    """What no other try mends ends at once, though it may be tried three times."""
    mail.declare('as = "job"', '[kubernetes.job]\nfrom = "/project/nothing.csv"\nto = "/tmp/out.csv"')
    answer = mail.project.call("deploy")
    assert answer.code == 1 and "says: there are no rows" in answer.err, answer.err
    assert mail.live(*JOB)["status"]["failed"] == 1


def test_a_schedule_runs_its_job(mail: Deployable, bucket: Bucket) -> None:
    """Its CronJob is applied, and a Job made from it by hand scores the files."""
    in_store(mail, bucket, "schedule", 'schedule = "15 3 31 12 *"\nzone = "Europe/Berlin"')
    assert mail.deploy()["state"] == "done"
    made = mail.live("batch/v1", "CronJob")
    assert made["spec"]["timeZone"] == "Europe/Berlin"
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "mail", "uid": made["metadata"]["uid"]}
    template = made["spec"]["jobTemplate"]
    metadata = {"name": "mail-by-hand", "labels": template["metadata"]["labels"], "ownerReferences": [owner]}
    mail.place.cluster.apply({"apiVersion": JOB[0], "kind": JOB[1], "metadata": metadata, "spec": template["spec"]})
    ref = ObjectRef(*JOB, "mail-by-hand", mail.namespace)
    assert list(waiting.for_job(mail.place.cluster, ref, Until(timeout_s=120)))[-1].state == "done"
    assert [name for name, _ in scores(bucket)] == ["one.csv", "two.csv"]
    assert mail.standing()["as_recorded"] is True
    assert mail.deploy()["changed"] is False
    mail.project.json("undeploy")
    until(lambda: mail.live(*JOB, "mail-by-hand") is None)


@pytest.fixture
def queue(mail: Deployable) -> Iterator[str]:
    """A queue with room for a pod of 50m, on a node that has more; full but for 30m."""
    deployables.needs("kueue.x-k8s.io", "Kueue")
    cluster, name = mail.place.cluster, mail.namespace
    version = "kueue.x-k8s.io/v1beta2" if cluster.resources("kueue.x-k8s.io/v1beta2") else "kueue.x-k8s.io/v1beta1"
    made: list[ObjectRef] = []

    def make(kind: str, name: str, spec: Any) -> None:
        made.append(ObjectRef.of(cluster.apply(thing(version, kind, name, spec)).thing))

    quota = [{"name": "cpu", "nominalQuota": "50m"}, {"name": "memory", "nominalQuota": "2Gi"}]
    groups = [{"coveredResources": ["cpu", "memory"], "flavors": [{"name": name, "resources": quota}]}]
    make("ResourceFlavor", name, {})
    make("ClusterQueue", name, {"namespaceSelector": {}, "resourceGroups": groups})
    make("LocalQueue", "team", {"clusterQueue": name})
    try:
        yield "team"
    finally:
        mail.project.call("undeploy")
        for ref in reversed(made):
            cluster.delete(ref)


def thing(version: str, kind: str, name: str, spec: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


HOLDS = "import time; time.sleep(600)"


def test_a_job_waits_in_its_queue(mail: Deployable, queue: str) -> None:
    """While others have the quota, `why` says so, and so does who deploys; then it is let in, and runs."""
    holding = {"kueue.x-k8s.io/queue-name": queue}
    body = mail.place.cluster
    container = {
        "name": "main",
        "image": deployables.cluster_places.IMAGE,
        "command": ["python", "-c", HOLDS],
        "resources": {"requests": {"cpu": "40m", "memory": "64Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
    }
    other = thing(*JOB, "other", {"suspend": True, "template": {"spec": spec}})
    body.apply({**other, "metadata": {"name": "other", "labels": holding}})
    until(lambda: (mail.live(*JOB, "other").get("status") or {}).get("active"))
    mail.declare('as = "job"', f'[kubernetes.job]\nfrom = "/project/rows.csv"\nto = "/tmp/out.csv"\nqueue = "{queue}"')
    answer = mail.project.call("deploy", "--timeout", "5")
    assert answer.code == 1 and "Job mail waits in the queue 'team'" in answer.out, (answer.out, answer.err)
    assert "insufficient unused quota for cpu" in answer.out, answer.out
    [cause] = mail.standing()["causes"]
    assert cause["kind"] == "queued" and cause["remedy"].startswith("wait until others end")
    body.delete(ObjectRef(*JOB, "other", mail.namespace))
    ref = ObjectRef(*JOB, "mail", mail.namespace)
    assert list(waiting.for_job(body, ref, Until(timeout_s=120)))[-1].state == "done"


def test_a_queue_that_is_not_there_is_told_before(mail: Deployable, queue: str) -> None:
    """With those that there are, and nothing is sent; one without a ClusterQueue is none, either."""
    told = '[kubernetes.job]\nfrom = "/project/rows.csv"\nto = "/tmp/out.csv"\nqueue = "{}"'
    mail.declare('as = "job"', told.format("taem"))
    answer = mail.project.call("deploy")
    assert answer.code == 1 and f"the queue taem is not there in {mail.namespace}; there is {queue}" in answer.err
    assert mail.live(*JOB) is None
    version = "kueue.x-k8s.io/v1beta2"
    mail.place.cluster.apply(thing(version, "LocalQueue", "lost", {"clusterQueue": "nowhere"}))
    until(lambda: (mail.live(version, "LocalQueue", "lost").get("status") or {}).get("conditions"))
    mail.declare('as = "job"', told.format("lost"))
    answer = mail.project.call("deploy")
    assert answer.code == 1 and "the queue lost lets nothing in" in answer.err, answer.err


@contextmanager
def nats(folder: Path) -> Iterator[tuple[str, str]]:
    """A server of messages on this machine: its address here, and for pods."""
    program = shutil.which("nats-server") or "/usr/sbin/nats-server"
    if not Path(program).exists() or not HOST:
        pytest.skip("no nats-server here, or CLUSTER_HOST does not say how pods would reach it")
    with socket.socket() as free:
        free.bind(("0.0.0.0", 0))
        port = free.getsockname()[1]
    words = [program, "-js", "-a", "0.0.0.0", "-p", str(port), "-sd", str(folder)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        try:
            yield f"nats://127.0.0.1:{port}", f"nats://{HOST}:{port}"
        finally:
            process.kill()


def test_a_stream_scores_messages(mail: Deployable, tmp_path: Path) -> None:
    """Between two subjects of a real server: what came before it and while it ran is answered, what is none is dead."""
    import asyncio

    with nats(tmp_path / "nats") as (here, there):
        subjects = 'from = "mail.in"\nto = "mail.out"\ndead = "mail.dead"\ndurable = "d"'
        mail.declare('as = "stream"', f'[kubernetes.stream]\nurl = "{there}"\n{subjects}')
        answers = asyncio.run(streamed(mail, here))
    assert [sorted(answers)[0], len(answers)] == ["mail.dead", 4]
    assert all(json.loads(data)["predictions"] for subject, data in answers.items() if subject != "mail.dead")


async def streamed(mail: Deployable, address: str) -> dict[str, bytes]:
    """Sends, deploys, sends again, and gives what came of it, by subject and place."""
    import asyncio

    from nats import connect

    connection = await connect(address)
    context = connection.jetstream()
    await context.add_stream(name="mail", subjects=["mail.>"])
    question = json.dumps({"rows": [{"a": 59, "b": 3}]}).encode()
    await context.publish("mail.in", question)
    done = await asyncio.to_thread(mail.deploy)
    assert (done["state"], done["ready"]) == ("done", 1)
    for data in (question, b"not JSON", question):
        await context.publish("mail.in", data)
    found: dict[str, bytes] = {}
    for subject, count in (("mail.out", 3), ("mail.dead", 1)):
        subscription = await context.subscribe(subject, ordered_consumer=True)
        for number in range(count):
            message = await subscription.next_msg(timeout=60)
            found[subject if count == 1 else f"{subject} {number}"] = message.data
    await connection.close()
    return found
