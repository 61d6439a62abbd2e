"""A release under KServe's own controller: ready, asked, changed and back under load, refused, taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster import deployables
from cluster.deployables import Deployable
from cluster.test_cluster_deploy import LOAD
from noteship.digests import Digest
from noteship.operations import rolling
from noteship.operations.opened import OpenedProject

pytestmark = pytest.mark.cluster
KSERVE = "serving.kserve.io/v1beta1", "InferenceService"
# Both protocols, through the Service that KServe made.
ASK = """
import json, sys, urllib.request
token = open('/secret/token').read()
def ask(path, value):
    asked = urllib.request.Request(sys.argv[1] + path, json.dumps(value).encode(), {'Authorization': 'Bearer ' + token})
    return json.load(urllib.request.urlopen(asked, timeout=20))
inputs = [{'name': name, 'shape': [1], 'datatype': 'INT64', 'data': [value]} for name, value in (('a', 59), ('b', 3))]
own = ask('/predict', {'rows': [{'a': 59, 'b': 3}]})
other = ask('/v2/models/mail/infer', {'inputs': inputs})
print(json.dumps([own, other]))
"""


@pytest.fixture(autouse=True)
def controller() -> None:
    deployables.needs(KSERVE[0].partition("/")[0], "KServe")


def test_a_release_under_kserve(mail: Deployable) -> None:
    """Ready under the controller, answering both protocols; changed and back without a failed request; then gone."""
    mail.declare('as = "kserve"')
    first = mail.deploy()
    assert (first["state"], first["ready"]) == ("done", 1)
    address = f"http://mail-predictor.{mail.namespace}.svc"
    assert first["calling"]["urls"] == [address]
    ready = {each["type"]: each["status"] for each in mail.live(*KSERVE)["status"]["conditions"]}
    assert ready["Ready"] == "True"
    own, other = mail.said(mail.begin(ASK, address))
    assert own["version"] == other["model_version"] == first["bundle"][:12]
    [predictions] = [each["data"] for each in other["outputs"] if each["name"] == "predictions"]
    assert predictions == own["predictions"]
    at = mail.standing()
    assert (at["kind"], at["as_recorded"], at["pods"]["ready"], at["causes"]) == ("InferenceService", True, 1, [])
    assert mail.deploy()["changed"] is False
    mail.learn()
    asking = mail.begin(LOAD.replace("/token/token", "/secret/token"), f"{address}/predict", "150")
    second = mail.deploy()
    assert second["bundle"] != first["bundle"]
    assert mail.project.json("rollback")["to"]["id"] == first["record"]["id"]
    told = mail.said(asking)
    assert told["failed"] == [] and told["versions"] == sorted([first["bundle"][:12], second["bundle"][:12]]), told
    mail.project.json("undeploy")
    assert mail.live(*KSERVE) is None and mail.live("networking.k8s.io/v1", "NetworkPolicy") is None


def test_a_bundle_that_cannot_be_loaded(mail: Deployable, tmp_path: Path) -> None:
    """The error says what the server said of it, and nothing serves it."""
    opened = OpenedProject.at(mail.project.root)
    present = opened.store.read_ref("names/latest")
    assert present is not None
    folder = tmp_path / "broken"
    opened.store.fetch_folder(Digest(present.value["digest"]), folder)
    for path in folder.glob("model*"):
        path.write_bytes(b"no model")
    value = {**present.value, "digest": opened.store.put_folder(folder)}
    opened.store.write_ref(f"bundles/{value['digest']}", value, expected=None)
    opened.store.write_ref("names/latest", value, expected=present)
    mail.declare('as = "kserve"')
    answer = mail.project.call("deploy")
    assert answer.code == 1 and "did not come up: noteship in pod mail-predictor-" in answer.err, answer.err
    assert "there is no release before it" in answer.err
    [cause] = mail.standing()["causes"][:1]
    assert cause["kind"] in ("bundle-damaged", "noteship-error") and cause["who"] == "team"


def test_kserve_that_may_make_nothing(mail: Deployable, monkeypatch: pytest.MonkeyPatch) -> None:
    """A namespace without room for another Deployment: KServe's own words are told."""
    monkeypatch.setattr(rolling, "MADE_S", 8.0)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}}
    mail.place.cluster.apply({**quota, "spec": {"hard": {"count/deployments.apps": "0"}}})
    mail.declare('as = "kserve"')
    answer = mail.project.call("deploy")
    assert answer.code == 1 and "KServe has made no pods for InferenceService mail" in answer.err, answer.err
    assert "count/deployments.apps" in answer.err
