"""Why things wait and fail, by what a real cluster (1.36) told of each, recorded; and what no cluster is needed for."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from cluster import why_cases
from cluster.why_cases import NAMES, Case, is_told
from cluster_values.test_cluster_run_manifests import RUN
from noteship.cluster import errors as cluster_errors
from noteship.cluster import manifests, why
from noteship.cluster.cluster import LogsOf, ObjectRef
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.cluster.why import Cause, Evidence, Thing, errors
from noteship.cluster.why.cause import quoted
from noteship.operations import why as operation

RECORDED = Path(__file__).parent / "recorded" / "why"
PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
MAIL = ObjectRef("v1", "Pod", "mail")


def recorded(name: str) -> Evidence:
    return Evidence.from_json(json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", why_cases.CASES, ids=lambda case: case.name)
def test_a_recorded_case_is_told_with_its_remedy(case: Case) -> None:
    """The nearest cause to the root comes first, with what to do and who can do it."""
    found = why.causes(recorded(case.name))
    assert is_told(case, found, NAMES), [vars(each) for each in found]


def test_nothing_is_recorded_that_no_case_is_about() -> None:
    """Each file is read by a test."""
    assert {path.stem for path in RECORDED.iterdir()} == {each.name for each in why_cases.CASES}


def test_evidence_is_the_same_after_it_was_kept() -> None:
    """As a plain value, and back."""
    evidence = recorded("crash-again-and-again")
    assert Evidence.from_json(evidence.to_json()) == evidence


def test_every_kind_of_cause_is_documented() -> None:
    """docs/troubleshooting.md has each kind in its table, and none that there is not."""
    rows = re.findall(r"^\| (`.+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([\w-]+)`", row)} == set(get_args(why.Kind))


def place(*lines: str, rights: list[dict[str, Any]] | None = None, **status: Any) -> MemoryCluster:
    """A cluster with a pod that ended so."""
    cluster = MemoryCluster("team-a", rights)
    env = [{"name": "PASSWORD", "value": "s3cr3t"}]
    container = {
        "name": "main",
        "image": "mail",
        "command": ["serve", "--token=s3cr3t"],
        "args": ["s3cr3t"],
        "env": env,
    }
    metadata = {"name": "mail", "annotations": {"note": "s3cr3t"}}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})
    ended = {"name": "main", "ready": False, "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}
    cluster.set_status(MAIL, {"phase": "Failed", "containerStatuses": [ended], **status})
    cluster.add_logs(LogsOf("mail", container="main"), *lines)
    return cluster


def told(cluster: MemoryCluster) -> tuple[Cause, ...]:
    return why.causes(why.gather(cluster, Thing("Pod", "mail")))


TRACEBACK = "Traceback (most recent call last):"


def test_what_may_be_secret_is_neither_gathered_nor_said() -> None:
    """Values of variables, arguments, annotations; and of lines what looks like it."""
    line = "OperationalError: password=s3cr3t at postgresql://ada:s3cr3t@db/mail, Authorization: Bearer s3cr3ts3cr3t"
    cluster = place(TRACEBACK, '  File "mail.py", line 1', line)
    (cause,) = told(cluster)
    assert cause.kind == "crash"
    assert "s3cr3t" not in str(vars(cause))
    kept = why.gather(cluster, Thing("Pod", "mail")).to_json()
    del kept["logs"]
    assert "s3cr3t" not in json.dumps(kept)


def test_a_long_line_is_cut() -> None:
    """A sentence stays one that is read."""
    (cause,) = told(place(TRACEBACK, "ValueError: " + "x" * 5_000))
    assert len(cause.sentence) < 400
    assert "more characters" in cause.sentence


@pytest.mark.parametrize(
    "lines",
    [
        [
            "error: the store refuses access",
            "  at: s3://team-a/mail",
            "  nearest: InvalidAccessKeyId",
            "  do: set them",
        ],
        [
            json.dumps(
                {
                    "level": "ERROR",
                    "logger": "noteship.cli.serve",
                    "message": "the store refuses access\n  nearest: InvalidAccessKeyId\n  do: set them",
                    "model": "m" * 1_000,
                }
            )
        ],
        json.dumps(
            {"error": {"kind": "StoreDenied", "fact": "no", "nearest": "InvalidAccessKeyId", "remedy": "set them"}},
            indent=2,
        ).splitlines(),
    ],
    ids=["text", "record", "document"],
)
def test_noteships_own_errors_are_read_in_each_of_their_forms(lines: list[str]) -> None:
    """As people are told, as a record of a log, and as the document of --json."""
    (cause,) = told(place("loading mail", *lines))
    assert (cause.kind, cause.who) == ("store-denied", "team")
    assert "InvalidAccessKeyId" in cause.sentence


def test_an_error_of_noteships_brings_its_own_remedy() -> None:
    """Whatever it is."""
    (cause,) = told(place("error: the store is full", "  at: s3://team-a/mail", "  do: free some of it: noteship gc"))
    assert cause.kind == "noteship-error"
    assert "the store is full" in cause.sentence
    assert cause.remedy == "free some of it: noteship gc"


def test_a_pod_that_did_its_work_has_nothing_in_its_way() -> None:
    """Whatever it said."""
    assert told(place("error: no", phase="Succeeded")) == ()


def test_a_pod_that_ended_well_may_have_left_word_of_work_that_failed() -> None:
    """As stages do, whose failure is on record; it is what is told where nothing is in the way."""
    message = "error: stage 's' failed: ValueError: no\n  at: s.ipynb, cell 2, line 1\n  do: noteship show latest s\n"
    ended = {"name": "main", "state": {"terminated": {"exitCode": 0, "reason": "Completed", "message": message}}}
    cluster = place(phase="Succeeded", containerStatuses=[ended])
    assert told(cluster) == ()
    (cause,) = operation.answer(cluster, Thing("Pod", "mail")).causes
    assert cause.sentence == "noteship in pod mail says: stage 's' failed: ValueError: no"
    assert (cause.evidence, cause.remedy) == (("s.ipynb, cell 2, line 1",), "noteship show latest s")


def test_a_pod_that_was_evicted_may_have_ended_well() -> None:
    """Its program did as it was told; what befell it only an event tells."""
    cluster = place(phase="Succeeded")
    named = {"apiVersion": "v1", "kind": "Pod", "name": "mail", "namespace": "team-a"}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "mail.1"}, "involvedObject": named}
    message = 'Usage of EmptyDir volume "tmp" exceeds the limit "300Mi". '
    cluster.apply({**event, "reason": "Evicted", "type": "Warning", "message": message})
    (cause,) = told(cluster)
    assert (cause.kind, cause.who) == ("evicted", "you") and "300Mi" in cause.sentence


def test_what_may_not_be_read_is_told_and_the_rest_looked_at() -> None:
    """A person of a team may seldom see nodes."""
    rights: list[dict[str, Any]] = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    cluster = place(TRACEBACK, "KeyError: 'label'", rights=rights)
    rights[:] = [{"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}]
    evidence = why.gather(cluster, Thing("Pod", "mail"))
    assert [each.kind for each in why.causes(evidence)] == ["crash"]
    assert any("nodes" in each for each in evidence.unread)


def test_a_release_is_all_that_has_its_label() -> None:
    """By noteship's own label; other pods of the namespace are not looked at."""
    cluster = MemoryCluster("team-a")
    for name, release in (("mail-1", "mail"), ("other", "letters")):
        metadata = {"name": name, "labels": {"noteship.dev/release": release}}
        spec = {"containers": [{"name": "main", "image": name}]}
        cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        waits = {"waiting": {"reason": "ErrImagePull", "message": f"{name}: not found"}}
        status = {"phase": "Pending", "containerStatuses": [{"name": "main", "state": waits}]}
        cluster.set_status(ObjectRef("v1", "Pod", name), status)
    (cause,) = why.causes(why.gather(cluster, Thing("Release", "mail")))
    assert cause.sentence == "the image mail-1 of pod mail-1 is not at its registry"


@pytest.mark.parametrize("prefix", ["", "(combined from similar events): "])
def test_what_a_controller_was_told_last_counts(prefix: str) -> None:
    """A ReplicaSet's condition keeps the words of its first try, such as a webhook's that was not ready yet."""
    evidence = recorded("pod-security")
    webhook = 'admission webhook "mpod.kb.io" denied the request: ReplicaSet.apps "mail" not found'
    objects = json.loads(
        json.dumps(evidence.objects).replace('"ReplicaFailure"', f'"ReplicaFailure", "message": {json.dumps(webhook)}')
    )
    events = [{**each, "message": f"{prefix}{each['message']}"} for each in evidence.events]
    (cause,) = why.causes(replace(evidence, objects=tuple(objects), events=tuple(events)))
    assert cause.kind == "pod-security" and "not found" not in cause.sentence


def test_what_somebody_else_made_is_found_by_its_name() -> None:
    """Where no release has it."""
    evidence = why.gather(place(TRACEBACK, "KeyError: 'label'"), Thing("Release", "mail"))
    assert evidence.thing == Thing("Pod", "mail", "team-a")
    assert [each.kind for each in why.causes(evidence)] == ["crash"]


def test_long_lines_take_no_long_time() -> None:
    """Looking for what may be secret is linear in their length, nearly."""
    began = time.process_time()
    for word in ("x-", "x", "token-", "api-key-", "a://", "ey"):
        quoted(word * (4_000 // len(word)))
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize("text", ["service/mail", "pod/", "/mail", "a b", "pod/../x"])
def test_what_cannot_be_asked_about_is_refused(text: str) -> None:
    """Before the cluster is asked."""
    with pytest.raises(errors.UnknownThing):
        Thing.parsed(text)


def test_a_misspelt_kind_is_told_the_nearest() -> None:
    """With the name that was given."""
    with pytest.raises(errors.UnknownThing) as caught:
        Thing.parsed("deploymnt/mail")
    assert caught.value.nearest == "deployment/mail"


def test_what_others_call_an_error_is_not_noteships() -> None:
    """noteship never says what is wrong without what to do."""
    (cause,) = told(place("error: cannot open the file"))
    assert cause.kind == "ended"
    assert "error: cannot open the file" in cause.sentence


def test_a_right_that_noteship_lacks_is_a_missing_right() -> None:
    """As noteship itself says it, such as a driver that makes Jobs."""
    account = "system:serviceaccount:team-a:mail"
    error = cluster_errors.RightMissing("create", "jobs.batch", "team-a", account)
    (cause,) = told(place(*f"error: {error}".splitlines()))
    assert (cause.kind, cause.who) == ("missing-right", "administrators")
    assert "may not create jobs.batch in team-a" in cause.sentence


def test_a_node_that_refuses_a_pod_is_told() -> None:
    """It never began, and has no containers to tell of."""
    cluster = place(reason="OutOfcpu", message="Pod was rejected: Node didn't have enough resource: cpu")
    cluster.set_status(
        MAIL, {"phase": "Failed", "reason": "OutOfcpu", "message": "Node didn't have enough resource: cpu"}
    )
    (cause,) = told(cluster)
    assert cause.kind == "disrupted"
    assert "OutOfcpu, Node didn't have enough resource: cpu" in cause.sentence


def running(finished: datetime) -> dict[str, Any]:
    """A container that is ready, and ended before that."""
    before = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": finished.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    return {"name": "main", "ready": True, "restartCount": 1, "state": {"running": {}}, "lastState": before}


@pytest.mark.parametrize(("ago", "kinds"), [(timedelta(minutes=1), ["crash"]), (timedelta(days=3), [])])
def test_what_happened_long_ago_is_in_nobodys_way(ago: timedelta, kinds: list[str]) -> None:
    """A container that has been ready since is not told by how it once ended."""
    cluster = place()
    cluster.add_logs(LogsOf("mail", container="main", previous=True), TRACEBACK, "KeyError: 'label'")
    cluster.set_status(MAIL, {"phase": "Running", "containerStatuses": [running(datetime.now(UTC) - ago)]})
    assert [each.kind for each in told(cluster)] == kinds


def test_a_job_that_ended_well_is_not_asked_how_often_it_tried() -> None:
    """Its earlier pods failed, and nobody minds."""
    evidence = recorded("crash")
    (pod,) = (each for each in evidence.objects if each["kind"] == "Pod")
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "mail", "uid": "1"}}
    owned = {**pod, "metadata": {**pod["metadata"], "ownerReferences": [{"kind": "Job", "name": "mail", "uid": "1"}]}}
    over = {**job, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    for made, count in ((job, 1), (over, 0)):
        assert len(why.causes(replace(evidence, objects=(owned, made)))) == count


def queued(said: str) -> Evidence:
    """A Job of Kueue's, in the words of its Workload's condition."""
    metadata = {"name": "mail", "uid": "1", "labels": {"kueue.x-k8s.io/queue-name": "team"}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"suspend": True}}
    queue = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "LocalQueue", "metadata": {"name": "team"}}
    workload = {
        "kind": "Workload",
        "metadata": {"name": "job-mail", "ownerReferences": [{"uid": "1"}]},
        "status": {"conditions": [{"type": "QuotaReserved", "status": "False", "message": said}]},
    }
    return Evidence(Thing("Job", "mail", "team-a"), (job, queue, workload))


TOO_SMALL = "queue-too-small", "administrators"
ASSIGN = "couldn't assign flavors to pod set main:"
FLAVORS = "couldn't assign flavors to pod set main: insufficient"


@pytest.mark.parametrize(
    ("said", "kind", "who"),
    [
        (f"{FLAVORS} unused quota for cpu in flavor default, 1 more needed", "queued", "you"),
        (f"{FLAVORS} quota for cpu in flavor default, request > maximum capacity (500 > 2)", *TOO_SMALL),
    ],
)
def test_a_queue_is_told_in_its_own_words(said: str, kind: str, who: str) -> None:
    """Who waits for others can do something; what asks for more than there ever is needs the administrators."""
    (cause,) = why.causes(queued(said))
    assert (cause.kind, cause.who) == (kind, who)
    assert said in cause.sentence


def test_what_a_queue_gives_nothing_of_is_named() -> None:
    """Waiting for it would be waiting for ever, and only administrators can do something."""
    (cause,) = why.causes(queued(f"{ASSIGN} resource ephemeral-storage unavailable in ClusterQueue"))
    assert (cause.kind, cause.who) == ("queue-uncovered", "administrators")
    assert "gives nothing of ephemeral-storage, so it never lets it in" in cause.sentence


def image_pull(message: str) -> Evidence:
    waits = {"waiting": {"reason": "ErrImagePull", "message": message}}
    container = {"name": "main", "image": "registry.example.org/mail:1"}
    pod = {
        "kind": "Pod",
        "metadata": {"name": "mail", "namespace": "team-a"},
        "spec": {"containers": [container]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "main", "state": waits}]},
    }
    return Evidence(Thing("Pod", "mail", "team-a"), (pod,))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (
            "pull access denied, repository does not exist or may require authorization: denied",
            "pull-unauthorized",
        ),
        ("unexpected status from HEAD request: 403 Forbidden", "pull-unauthorized"),
        ("toomanyrequests: you have reached your pull rate limit", "registry-busy"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "registry-unreachable"),
        ("dial tcp: lookup registry.example.org: no such host", "registry-unreachable"),
        ("no match for platform in manifest: not found", "wrong-architecture"),
        ("reading manifest 1: manifest unknown", "image-missing"),
        ("sha256:40140340100000000000000000000000000000000000000000000000000000: not found", "image-missing"),
    ],
)
def test_pulls_are_told_apart_by_what_registries_say(message: str, kind: str) -> None:
    """In containerd's words and in CRI-O's."""
    assert [each.kind for each in why.causes(image_pull(message))] == [kind]


def test_nothing_is_asked_of_a_namespace_that_is_not_there() -> None:
    """It is the cause itself."""
    evidence = why.gather(MemoryCluster("team-a"), Thing("Deployment", "mail", "team-c"))
    assert [each.kind for each in why.causes(evidence)] == ["namespace-missing"]
    assert evidence.objects == ()


def test_a_thing_that_is_not_there_is_an_error() -> None:
    """No cause of anything."""
    with pytest.raises(cluster_errors.ObjectMissing):
        operation.answer(MemoryCluster("team-a"), Thing("Release", "mail"))


def test_a_stage_is_the_job_that_was_begun_last_for_it() -> None:
    """Of the project that asks; a stage's name need not be one that labels take."""
    cluster = MemoryCluster("team-a")
    run = replace(RUN, namespace="team-a")
    for name, stage, of in (
        ("first", "02 clean", run),
        ("last", "02 clean", run),
        ("wrong", "03 train", run),
        ("theirs", "02 clean", replace(run, project="other")),
    ):
        asking = manifests.StagePod(stage, manifests.Resources(), manifests.Placement())
        template = manifests.stage(of, asking, manifests.Platform())
        cluster.apply(manifests.filled(template, name, ["work"]))
        if name == "first":
            # When something was made is known to the second.
            time.sleep(1.1)
    asked = Thing.parsed("stage/02 clean", project="mail")
    assert why.gather(cluster, asked).thing == Thing("Job", "last", "team-a")
    with pytest.raises(cluster_errors.ObjectMissing, match="stage 04"):
        operation.answer(cluster, Thing.parsed("stage/04", project="mail"))
