"""What leads callers to a release, watches it and scales it, on a cluster that serves these APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cluster import deployables
from cluster.deployables import Deployable, until
from contracts import store_places
from noteship.cluster import ObjectRef
from noteship.operations import access
from noteship.store.bucket import Bucket

pytestmark = pytest.mark.cluster
ROUTE = "gateway.networking.k8s.io/v1", "HTTPRoute"
INGRESS = "networking.k8s.io/v1", "Ingress"
MONITOR, RULE = (("monitoring.coreos.com/v1", kind) for kind in ("ServiceMonitor", "PrometheusRule"))
DASHBOARD = "v1", "ConfigMap", "mail-dashboard"
SCALER = "autoscaling/v2", "HorizontalPodAutoscaler"
# Asks as fast as it can, for so long.
BUSY = """
import json, sys, time, urllib.request
token, end = open('/secret/token').read(), time.monotonic() + float(sys.argv[2])
body, asked = json.dumps({'rows': [{'a': 0, 'b': 0}] * 500}).encode(), 0
while time.monotonic() < end:
    request = urllib.request.Request(sys.argv[1], body, {'Authorization': 'Bearer ' + token})
    urllib.request.urlopen(request, timeout=20).read()
    asked += 1
print(json.dumps(asked))
"""


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A prefix on the object gateway that pods reach."""
    lacking = deployables.missing_store()
    if lacking:
        pytest.skip(lacking)
    with store_places.on_gateway() as found:
        yield found


@pytest.fixture
def ingress_class(mail: Deployable) -> Iterator[str]:
    """As whoever serves Ingresses makes one; nobody serves these."""
    ref = ObjectRef("networking.k8s.io/v1", "IngressClass", mail.namespace)
    spec = {"controller": "noteship.test/nobody"}
    made = {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": ref.name}, "spec": spec}
    mail.place.cluster.apply(made)
    try:
        yield ref.name
    finally:
        mail.place.cluster.delete(ref)


def watched(bucket: Bucket, edge: str) -> str:
    """Tables of a release that is watched, behind an edge."""
    return f"""[store]
url = "{bucket.url}"
[kubernetes.store]
endpoint = "{deployables.endpoint()}"
region = "us-east-1"
[kubernetes.monitoring]
token = "mail-observe"
labels = {{ team = "a" }}
{edge}"""


def as_it_is(thing: Any) -> Any:
    """Without what the cluster notes of each apply."""
    own = ("managedFields", "resourceVersion")
    return {**thing, "metadata": {name: each for name, each in thing["metadata"].items() if name not in own}}


def annotated(mail: Deployable, version: str, kind: str) -> Any:
    return (mail.live(version, kind)["metadata"].get("annotations") or {}).get("somebody")


def test_edges_and_monitoring_are_applied_and_pruned(mail: Deployable, bucket: Bucket, ingress_class: str) -> None:
    """The APIs take them as they are; what others own stays through the next deployment; what is left out goes."""
    deployables.needs(ROUTE[0].partition("/")[0], "Gateway API")
    deployables.needs(MONITOR[0].partition("/")[0], "Prometheus operator")
    mail.keep("mail-store", credentials=deployables.credentials())
    mail.keep("mail-observe", token=access.issue("prometheus", ("observe",), mail.project.root.parent / "tokens").token)
    mail.declare("", watched(bucket, '[kubernetes.edge]\nhost = "mail.example.org"\ngateway = "edge/public"'))
    mail.project.json("run")
    first = mail.deploy()
    assert first["calling"]["urls"][0] == "https://mail.example.org" and first["ready"] == 1
    assert "GrafanaDashboard" in "".join(first["left_out"])
    route, monitor = mail.live(*ROUTE)["spec"], mail.live(*MONITOR)
    assert route["parentRefs"][0]["name"] == "public" and route["hostnames"] == ["mail.example.org"]
    assert route["rules"][0]["backendRefs"][0]["name"] == "mail"
    assert monitor["metadata"]["labels"]["team"] == "a"
    assert monitor["spec"]["endpoints"][0]["authorization"]["credentials"] == {"name": "mail-observe", "key": "token"}
    assert mail.live(*RULE)["spec"]["groups"][0]["rules"]
    assert mail.live(*DASHBOARD)["metadata"]["labels"]["grafana_dashboard"] == "1"
    for version, kind in (ROUTE, MONITOR):
        theirs = {"name": "mail", "annotations": {"somebody": "was here"}}
        mail.place.apply_as("somebody", {"apiVersion": version, "kind": kind, "metadata": theirs})
    alien = {"apiVersion": MONITOR[0], "kind": MONITOR[1], "metadata": {"name": "mail-of-others"}}
    mail.place.apply_as("somebody", {**alien, "spec": {"selector": {}, "endpoints": [{"port": "http"}]}})
    before = [as_it_is(mail.live(*each)) for each in (ROUTE, MONITOR, RULE, DASHBOARD)]
    again = mail.deploy()
    assert (again["changed"], again["pruned"]) == (False, [])
    assert before == [as_it_is(mail.live(*each)) for each in (ROUTE, MONITOR, RULE, DASHBOARD)]
    assert annotated(mail, *ROUTE) == annotated(mail, *MONITOR) == "was here"
    assert mail.standing()["as_recorded"] is True
    edge = f'[kubernetes.edge]\nhost = "mail.example.org"\nclass = "{ingress_class}"\ncertificate = "mail-edge"'
    mail.declare("", watched(bucket, edge))
    second = mail.deploy("--image", first["image"])
    assert [each.partition(" ")[0] for each in second["pruned"]] == ["HTTPRoute"] and mail.live(*ROUTE) is None
    assert second["calling"]["urls"][0] == "https://mail.example.org"
    assert mail.live(*INGRESS)["spec"]["ingressClassName"] == ingress_class
    mail.project.json("undeploy")
    assert not [each for each in (INGRESS, MONITOR, RULE, DASHBOARD) if mail.live(*each)]
    assert mail.live(*MONITOR, "mail-of-others")


def test_more_pods_when_they_are_busy(mail: Deployable) -> None:
    """The autoscaler reads the real metric, adds the second pod under load, and the next deployment leaves it there."""
    deployables.needs("metrics.k8s.io", "metrics server")
    mail.declare("replicas = [1, 2]")
    first = mail.deploy()
    assert first["ready"] == 1
    asking = mail.begin(BUSY, f"http://mail.{mail.namespace}.svc/predict", "90")

    def is_active() -> bool:
        conditions = (mail.live(*SCALER).get("status") or {}).get("conditions") or ()
        return any((each["type"], each["status"]) == ("ScalingActive", "True") for each in conditions)

    until(is_active, 120)
    until(lambda: mail.live("apps/v1", "Deployment")["spec"]["replicas"] == 2, 120)
    assert mail.said(asking) > 0
    again = mail.deploy("--image", first["image"])
    assert (again["changed"], again["ready"]) == (False, 2)
    assert mail.standing()["as_recorded"] is True
