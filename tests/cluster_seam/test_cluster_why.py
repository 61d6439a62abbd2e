"""Why things wait and fail, by what a real cluster (1.36) told of each, recorded; and what no cluster is needed for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from cluster import why_cases
from cluster.why_cases import NAMES, Case, is_told
from noteship.cluster import why
from noteship.cluster.cluster import LogsOf, ObjectRef
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.cluster.why import Cause, Evidence, Thing, errors

RECORDED = Path(__file__).parent / "recorded" / "why"
PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
# Needs a cluster with Kueue.
UNRECORDED = {"queued"}
MAIL = ObjectRef("v1", "Pod", "mail")


def recorded(name: str) -> Evidence:
    return Evidence.from_json(json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "case", [each for each in why_cases.CASES if each.name not in UNRECORDED], ids=lambda case: case.name
)
def test_a_recorded_case_is_told_with_its_remedy(case: Case) -> None:
    """The nearest cause to the root comes first, with what to do and who can do it."""
    found = why.causes(recorded(case.name))
    assert is_told(case, found, NAMES), [vars(each) for each in found]


def test_nothing_is_recorded_that_no_case_is_about() -> None:
    """Each file is read by a test."""
    assert {path.stem for path in RECORDED.iterdir()} == {each.name for each in why_cases.CASES} - UNRECORDED


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
                    "message": "the store refuses access\n  at: s3://team-a/mail\n  nearest: InvalidAccessKeyId",
                }
            )
        ],
        json.dumps(
            {"error": {"kind": "StoreDenied", "fact": "the store refuses access", "nearest": "InvalidAccessKeyId"}},
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
