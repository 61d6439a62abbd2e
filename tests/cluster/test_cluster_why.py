"""What goes wrong on a real cluster, one case after the other, and what is said of it; several at a time."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.projects import COMMAND
from cluster import api, why_cases
from cluster.why_cases import NAMES, Case, is_told, replaced
from cluster.why_surroundings import REGISTRY, SURROUNDINGS, QueueMissing
from contracts import cluster_places
from noteship.cluster import open_cluster
from noteship.cluster.cluster import Cluster
from noteship.cluster.why import Evidence, Thing, causes, gather

pytestmark = pytest.mark.cluster
AT_A_TIME = 8
PATIENCE_S = 150.0
# Where the evidence of each case is kept, for the tests without a cluster; those are written anew where it is set.
RECORDED = Path(__file__).parents[1] / "cluster_seam" / "recorded" / "why"
RECORDS = "NOTESHIP_RECORD_WHY"
Told = tuple[Evidence, Mapping[str, str]]


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Told]]]:
    """Each case that is asked for, begun at once."""
    names = {each.callspec.params["case"].name for each in request.session.items if "case" in _params(each)}
    wanted = [each for each in why_cases.CASES if each.name in names]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield {each.name: pool.submit(run, each, tmp_path_factory.mktemp(each.name)) for each in wanted}


def _params(item: Any) -> Mapping[str, Any]:
    return item.callspec.params if hasattr(item, "callspec") else {}


def run(case: Case, folder: Path) -> Told:
    """Until what is said is right, or for as long as patience lasts."""
    with api.namespace(folder) as space, closing(open_cluster(namespace=space.name)) as cluster:
        space.authority()
        _until_account(space)
        if case.space:
            labelled = {"name": space.name, "labels": dict(case.space)}
            cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": labelled})
        with SURROUNDINGS[case.around](cluster) as found:
            words = {"REGISTRY": REGISTRY, **found}
            for each in case.manifests:
                cluster.apply(json.loads(replaced(json.dumps(each), words)))
            return _asked(cluster, case, words)


def _asked(cluster: Cluster, case: Case, words: Mapping[str, str]) -> Told:
    end = time.monotonic() + PATIENCE_S
    kind, name = case.thing
    while True:
        evidence = gather(cluster, Thing(kind, name, words.get("SPACE", "")))  # type: ignore[arg-type]
        if is_told(case, causes(evidence), words) or time.monotonic() > end:
            return evidence, words
        time.sleep(1)


def _until_account(space: api.Namespace) -> None:
    """Pods want the account that each namespace gets soon after it was made."""
    path = f"/api/v1/namespaces/{space.name}/serviceaccounts/default"
    while not space.client.get(path).is_success:
        time.sleep(0.1)


@pytest.mark.parametrize("case", why_cases.CASES, ids=lambda case: case.name)
def test_a_real_case_is_told_with_its_remedy(case: Case, told: dict[str, Future[Told]]) -> None:
    """The nearest cause to the root comes first, with what to do and who can do it."""
    try:
        evidence, words = told[case.name].result()
    except QueueMissing:
        pytest.skip("the cluster serves no queues")
    found = causes(evidence)
    assert is_told(case, found, words), [vars(each) for each in found] or evidence.to_json()
    assert not any(why_cases.SECRET in str(vars(each)) for each in found)
    if os.environ.get(RECORDS):
        _record(case, evidence, words)


def test_the_verb_says_it_for_people_and_for_programs(tmp_path: Path) -> None:
    """The same causes, from the command line."""
    with api.namespace(tmp_path) as space, closing(open_cluster(namespace=space.name)) as cluster:
        _until_account(space)
        cluster.apply(why_cases.container(resources={"requests": {"cpu": "64"}}))
        words = (*COMMAND, "why", "pod/mail", "--namespace", space.name)
        end = time.monotonic() + PATIENCE_S
        while True:
            done = subprocess.run([*words, "--json"], capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)["causes"]
            if found or time.monotonic() > end:
                break
        assert [each["kind"] for each in found] == ["too-few-cpus"]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert f"pod mail in {space.name} (pods: 1 pending)" in said
    assert f"\n  {found[0]['sentence']}\n    do: {found[0]['remedy']}\n    who: you\n" in said


# What a person of a team may see, as the cluster role `view` has it: nothing of the whole cluster, and no Secret.
VIEW = [
    {
        "apiGroups": ["", "apps", "batch", "networking.k8s.io"],
        "resources": [
            *("deployments", "events", "jobs", "networkpolicies", "persistentvolumeclaims", "pods", "pods/log"),
            *("replicasets", "resourcequotas", "services"),
        ],
        "verbs": ["get", "list"],
    }
]


def test_the_rights_of_a_person_of_a_team_are_enough(tmp_path: Path) -> None:
    """What is of the whole cluster, such as nodes, is named as not looked at."""
    with cluster_places.opened("real", tmp_path) as place:
        limited = place.limited(VIEW)
        place.cluster.apply(why_cases.deployment(why_cases.pod("{}['label']")))
        end = time.monotonic() + PATIENCE_S
        while True:
            evidence = gather(limited, Thing("Deployment", "mail"))
            found = causes(evidence)
            if found or time.monotonic() > end:
                break
            time.sleep(1)
    assert [each.kind for each in found] == ["crash"]
    unread = [each.partition(" may not ")[2].partition(" in ")[0] for each in evidence.unread]
    assert unread == ["get namespaces", "list nodes"]


def _record(case: Case, evidence: Evidence, words: Mapping[str, str]) -> None:
    """What differs from one time to the next is given a name."""
    kept = json.dumps(evidence.to_json(), ensure_ascii=False)
    # The longest first: an image's name begins with its registry's.
    for name in sorted(words, key=lambda each: -len(words[each])):
        kept = kept.replace(words[name], NAMES.get(name, words[name]))
    kept = kept.replace(evidence.thing.namespace, "team-a")
    RECORDED.mkdir(parents=True, exist_ok=True)
    line = json.dumps(json.loads(kept), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    (RECORDED / f"{case.name}.json").write_text(line + "\n", encoding="utf-8")
