"""Manifests of a stage's cluster of tasks: what may be in them, who reaches whom, and what a driver may do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from noteship.cluster import restricted, sccs
from noteship.cluster.manifests import (
    CLUSTER,
    Computing,
    Filling,
    Placement,
    Platform,
    Resources,
    Run,
    StagePod,
    computing,
    computing_host,
    driver,
    filled_computing,
    meeting,
    stage,
)
from noteship.cluster.network import Attempt, NetworkPod, Outside, decide
from noteship.cluster.pods import templates

from .releases import API, IMAGE, PLATFORMS, STORE

RUN = Run(
    "mail", "team-a", "team-a", "mail", "20260301t1015-6f1e0c", IMAGE, STORE, API, queue="team", has_clusters=True
)
SMALL = Resources("50m", "1", "600Mi", "1Gi")
OF = Computing(3, SMALL, SMALL, Placement({"pool": "cpu"}))
OWNER = {"apiVersion": "batch/v1", "kind": "Job", "name": "mail-run-1", "uid": "u"}
FILLING = Filling("mail-dask-1", ("compute", "scheduler"), ("compute", "worker"), OWNER)
OPERATED = replace(Platform(), has_dask_operator=True)
EVERYWHERE = {
    **PLATFORMS,
    **{f"{name}, with Dask's operator": replace(each, has_dask_operator=True) for name, each in PLATFORMS.items()},
}


def made(platform: Platform) -> list[dict[str, Any]]:
    return list(filled_computing(computing(RUN, OF, platform), FILLING))


@pytest.mark.parametrize("name", EVERYWHERE)
def test_restricted_namespaces_let_every_pod_in(name: str) -> None:
    """Pod Security `restricted` finds nothing in any of its pods; on OpenShift neither do the SCCs."""
    platform = EVERYWHERE[name]
    for manifest in made(platform):
        assert restricted.violations(manifest) == ()
        if platform.is_openshift:
            scc = sccs.RESTRICTED_V3 if platform.has_user_namespaces else sccs.RESTRICTED_V2
            assert sccs.violations(manifest, scc) == ()
        for each in templates(manifest):
            spec: Any = each.spec
            assert spec["automountServiceAccountToken"] is False
            assert all(name.startswith("AWS_") for name in _variables(spec))


def _variables(spec: Any) -> list[str]:
    return [each["name"] for container in spec["containers"] for each in container.get("env", ())]


def test_workers_are_replaced_and_end_with_the_scheduler() -> None:
    """One scheduler, once; so many workers as are asked for, over and over, until the first of them ends well."""
    scheduler, workers = made(Platform())
    assert (scheduler["kind"], scheduler["metadata"]["name"]) == ("Job", "mail-dask-1")
    assert {key: scheduler["spec"][key] for key in ("backoffLimit", "completions", "parallelism")} == {
        "backoffLimit": 0,
        "completions": 1,
        "parallelism": 1,
    }
    assert workers["metadata"]["name"] == "mail-dask-1-workers" and workers["spec"]["parallelism"] == 3
    assert "completions" not in workers["spec"] and workers["spec"]["backoffLimit"] > 100
    for each in (scheduler, workers):
        assert each["metadata"]["ownerReferences"] == [OWNER]
        assert each["spec"]["template"]["metadata"]["labels"][CLUSTER] == "mail-dask-1"
        assert each["spec"]["template"]["spec"]["nodeSelector"] == {"pool": "cpu"}
        assert each["spec"]["ttlSecondsAfterFinished"] <= 60 and each["spec"]["activeDeadlineSeconds"]


def test_the_scheduler_is_found_by_its_name() -> None:
    """Below the Service of all clusters of the project's runs, which is there before any of them."""
    [service, _] = meeting(RUN, Platform())
    scheduler, workers = made(Platform())
    spec = scheduler["spec"]["template"]["spec"]
    assert computing_host(scheduler, "mail-dask-1") == f"{spec['hostname']}.{service['metadata']['name']}.team-a.svc"
    assert spec["subdomain"] == service["metadata"]["name"] and "hostname" not in workers["spec"]["template"]["spec"]
    labels = scheduler["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items() and service["spec"]["clusterIP"] == "None"


def test_the_operator_is_asked_where_it_is() -> None:
    """One DaskCluster with the same pods, whose Service it makes of what is told; the driver may make that."""
    [only] = made(OPERATED)
    spec = only["spec"]
    assert (only["apiVersion"], only["kind"]) == ("kubernetes.dask.org/v1", "DaskCluster")
    assert spec["worker"]["replicas"] == 3 and spec["scheduler"]["service"]["ports"][0]["port"] == 8786
    assert spec["scheduler"]["service"]["selector"]["dask.org/cluster-name"] == "mail-dask-1"
    assert computing_host(only, "mail-dask-1") == "mail-dask-1-scheduler.team-a.svc"
    plain = [each["spec"]["template"]["spec"]["containers"][0] for each in made(Platform())]
    assert [spec[role]["spec"]["containers"][0] for role in ("scheduler", "worker")] == plain
    assert only["metadata"]["ownerReferences"] == [OWNER]
    assert "daskclusters" in _resources(OPERATED) and "daskclusters" not in _resources(Platform())


def _resources(platform: Platform) -> set[str]:
    [role] = [each for each in driver(RUN, (), platform) if each["kind"] == "Role"]
    return {name for rule in role["rules"] for name in rule["resources"]}


def test_a_driver_needs_no_more_rights_for_it() -> None:
    """No Secret, Service or policy is made while a run goes on."""
    [role] = [each for each in driver(RUN, (), Platform()) if each["kind"] == "Role"]
    [other] = [each for each in driver(replace(RUN, has_clusters=False), (), Platform()) if each["kind"] == "Role"]
    assert role == other and "secrets" not in json.dumps(role)


@pytest.mark.parametrize("name", ["plain", "openshift"])
def test_stage_scheduler_and_workers_reach_each_other_alone(name: str) -> None:
    """On Dask's ports; nobody else reaches them, other projects' stages neither."""
    platform = PLATFORMS[name]
    sent = [*meeting(RUN, platform), *driver(RUN, (), platform), *meeting(replace(RUN, name="other"), platform)]
    policies = [each for each in sent if each["kind"] == "NetworkPolicy"]
    scheduler, worker = (
        NetworkPod("team-a", each["spec"]["template"]["metadata"]["labels"], f"10.0.0.{number}")
        for number, each in enumerate(made(platform))
    )
    there = stage(RUN, StagePod("s", SMALL, Placement()), platform)["spec"]["template"]["metadata"]["labels"]
    own = NetworkPod("team-a", there, "10.0.0.8")
    foreign = NetworkPod("team-a", {**there, "app.kubernetes.io/instance": "other-runs"}, "10.0.0.9")
    somebody = NetworkPod("team-a", {"app": "somebody"}, "10.0.0.10")

    def reaches(source: NetworkPod | Outside, target: NetworkPod | Outside, port: int) -> bool:
        names = {"kubernetes.io/metadata.name": "team-a"}
        return decide(Attempt(source, target, port), policies, {"team-a": names}).is_allowed

    for source, target, port in ((own, scheduler, 8786), (worker, scheduler, 8786), (scheduler, worker, 8789)):
        assert reaches(source, target, port), (source, target)
    assert reaches(worker, NetworkPod("team-a", worker.labels, "10.0.0.11"), 8788)
    for source in (foreign, somebody, Outside("192.0.2.7")):
        assert not any(reaches(source, target, port) for target in (scheduler, worker) for port in (8786, 8788, 8789))
    assert not reaches(worker, somebody, 8080) and not reaches(worker, own, 8786)
    assert not reaches(worker, Outside("192.0.2.1"), 6443)
