"""A pipeline on the real controller of Argo Workflows, in a namespace that enforces `restricted`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.projects import Project, project
from cluster import run_places
from cluster.run_places import Away, until
from cluster.test_cluster_images import LOCKED, SETTINGS
from contracts import cluster_places
from noteship.cluster import LogsOf, ObjectRef, Selection

__all__ = ["project"]

pytestmark = pytest.mark.cluster
ARGO = "argoproj.io/v1alpha1"
# Argo looks at a workflow every ten seconds where nothing tells it to.
SECONDS = 240
ENDED = ("Succeeded", "Failed", "Error")
LOCK = "".join(f"{name}=={metadata.version(name)}\n" for name in ("ipykernel", *LOCKED))
TRAIN = """
depth = 1
import joblib, pandas as pd
from sklearn.tree import DecisionTreeClassifier
rows = pd.read_csv('rows.csv')
model = DecisionTreeClassifier(max_depth=depth).fit(rows[['a', 'b']], rows['label'])
joblib.dump(model, 'model.joblib')
"""


@pytest.fixture
def away(project: Project, tmp_path: Path) -> Iterator[Away]:
    with cluster_places.opened("real", tmp_path) as place:
        if "argoproj.io" not in place.cluster.groups():
            pytest.skip("the cluster has no Argo Workflows")
    with run_places.opened(project, tmp_path) as found:
        yield found


def export(away: Away, *words: str) -> Any:
    """Export, apply what was exported as a person would, and give the document."""
    folder = away.project.root.parent / "deploy"
    made = away.project.json("export", "argo", "--discover", "--output", str(folder), *words)
    for manifest in yaml.safe_load_all((folder / "mail-argo.yaml").read_text(encoding="utf-8")):
        away.place.cluster.apply(manifest)
    return made


def ended(away: Away, name: str, **parameters: str) -> dict[str, Any]:
    """A workflow of the template, when it has ended."""
    given = [{"name": key, "value": value} for key, value in parameters.items()]
    spec = {"workflowTemplateRef": {"name": "mail-argo"}, "arguments": {"parameters": given}}
    workflow = {"apiVersion": ARGO, "kind": "Workflow", "metadata": {"name": name}, "spec": spec}
    reference = ObjectRef.of(away.place.cluster.apply(workflow).thing)

    def over() -> Any:
        found = away.place.cluster.get(reference)
        is_over = (found or {}).get("status", {}).get("phase") in ENDED
        return found if is_over else None

    found: dict[str, Any] = until(over, SECONDS)
    return found


def steps(workflow: dict[str, Any]) -> dict[str, str]:
    """What became of each step."""
    nodes = workflow["status"]["nodes"].values()
    return {each["displayName"]: each["phase"] for each in nodes if each["type"] in ("Retry", "Skipped")}


def pods(workflow: dict[str, Any], *phases: str) -> int:
    """How many were made, or ended so."""
    made = [each for each in workflow["status"]["nodes"].values() if each["type"] == "Pod"]
    return sum(not phases or each["phase"] in phases for each in made)


def told(away: Away, workflow: dict[str, Any]) -> str:
    """What the pods said, for who reads of a test that failed."""
    labels = {"workflows.argoproj.io/workflow": workflow["metadata"]["name"]}
    lines = [json.dumps(workflow["status"].get("message"))]
    for pod in away.place.cluster.list(Selection("v1", "Pod", labels=labels)):
        lines += away.place.cluster.logs(LogsOf(pod["metadata"]["name"], container="main"))
    return "\n".join(lines)


def test_argo_runs_the_same_stages(away: Away) -> None:
    """Cold in pods, all cached in one pod, and here the same keys and the same outputs out of the same store."""
    away.chain(0, 0, 0)
    away.project.write("rows.csv", "1,2\n" * 400_000)
    away.project.notebook(
        "s3", "rows = open('rows.csv').read()\nopen('f3.txt', 'w').write(open('f0.txt').read() + str(len(rows)))"
    )
    export(away)
    cold = ended(away, "cold")
    assert cold["status"]["phase"] == "Succeeded", told(away, cold)
    assert steps(cold) == dict.fromkeys(("plan", "s0", "s1", "s2", "s3"), "Succeeded")
    cached = ended(away, "cached")
    assert cached["status"]["phase"] == "Succeeded", told(away, cached)
    assert steps(cached) == {"plan": "Succeeded"} | dict.fromkeys(("s0", "s1", "s2", "s3"), "Skipped")
    # On a machine that is short of everything a pod may be lost, and is made again; none that ended well is.
    assert (pods(cold, "Succeeded"), pods(cached, "Succeeded")) == (5, 1)
    states = away.project.states()
    assert states == dict.fromkeys(("s0", "s1", "s2", "s3"), "reused")
    assert away.project.text("f2.txt") == "012" and away.project.text("f3.txt") == "01600000"


def test_a_failure_is_told_and_the_rest_goes_on(away: Away) -> None:
    """What the stage does wrong is tried once, a stage beside it is run, and one after it is not."""
    away.chain(0, 0)
    away.project.notebook("s1", "open('f0.txt').read()\nraise ValueError('rows are missing')")
    away.project.notebook("s2", "open('f1.txt').read()")
    away.project.write("noteship.toml", away.project.text("noteship.toml") + '[stage.s1]\nwrites = ["f1.txt"]\n')
    away.project.notebook("s3", "open('f3.txt', 'w').write(open('f0.txt').read())")
    export(away)
    failed = ended(away, "failed")
    assert failed["status"]["phase"] == "Failed"
    assert steps(failed) == {"plan": "Succeeded", "s0": "Succeeded", "s1": "Failed", "s2": "Omitted", "s3": "Succeeded"}
    assert pods(failed) == 4 and "rows are missing" in told(away, failed)


def test_parameters_schedule_and_bundle(away: Away) -> None:
    """The clock starts it, the last step makes the bundle, and a parameter of the workflow is the stage's."""
    away.project.write(
        "rows.csv", "a,b,label\n" + "".join(f"{n},{n % 7},{'yes' if n % 2 else 'no'}\n" for n in range(60))
    )
    away.project.notebook("train", TRAIN)
    away.project.write(
        "noteship.toml", away.project.text("noteship.toml") + SETTINGS + "[stage.train]\nparams = { depth = 2 }\n"
    )
    away.project.write("requirements.lock", LOCK)
    made = export(away, "--schedule", "* * * * *")
    assert made["parameters"] == {"train_depth": "2"}
    by_clock = until(lambda: of_the_clock(away), SECONDS)
    assert by_clock["status"]["phase"] == "Succeeded", told(away, by_clock)
    assert steps(by_clock) == dict.fromkeys(("plan", "train", "finish"), "Succeeded")
    away.place.cluster.delete(ObjectRef(ARGO, "CronWorkflow", "mail-argo"))
    here = away.project.json("run")
    assert [each["state"] for each in here["stages"]] == ["reused"] and here["bundle"]["again"]
    other = ended(away, "other", train_depth="3")
    assert steps(other) == dict.fromkeys(("plan", "train", "finish"), "Succeeded"), told(away, other)
    assert away.project.states("--set", "train.depth=3") == {"train": "reused"}


def of_the_clock(away: Away) -> Any:
    found = list(
        away.place.cluster.list(
            Selection(ARGO, "Workflow", labels={"workflows.argoproj.io/cron-workflow": "mail-argo"})
        )
    )
    return next((each for each in found if each.get("status", {}).get("phase") in ENDED), None)
