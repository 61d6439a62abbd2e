"""Keys in a pod are those of the machine that handed the project over, whatever the image has not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from cli.projects import Project, project
from cluster import run_places
from cluster.run_places import Away
from cluster_values.argo_pods import pods_of
from noteship.cluster import LogsOf, ObjectRef, Selection, Until, waiting
from noteship.operations.opened import OpenedProject
from operations.unpacked_images import make_venv

__all__ = ["project"]

pytestmark = pytest.mark.cluster


@pytest.fixture
def away(project: Project, tmp_path: Path) -> Iterator[Away]:
    with run_places.opened(project, tmp_path) as found:
        yield found


def step(away: Away, folder: Path) -> Any:
    """What the first step of the exported pipeline says in a pod of its own, which no engine made."""
    away.project.json("export", "argo", "--discover", "--output", str(folder))
    manifests = list(yaml.safe_load_all((folder / "mail-argo.yaml").read_text(encoding="utf-8")))
    for each in manifests:
        if each["kind"] in ("ServiceAccount", "NetworkPolicy"):
            away.place.cluster.apply(each)
    [template] = [each for each in manifests if each["kind"] == "WorkflowTemplate"]
    pod = next(pods_of(template))
    spec = pod["spec"]
    [main] = [each for each in spec["containers"] if each["name"] == "main"]
    spec |= {"initContainers": [], "containers": [{**main, "args": [*main["args"], "--json"]}]}
    job = {"backoffLimit": 0, "template": {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": spec}}
    made = away.place.cluster.apply(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "plan"}, "spec": job}
    )
    last = list(waiting.for_job(away.place.cluster, ObjectRef.of(made.thing), Until(timeout_s=180)))[-1]
    [run] = away.place.cluster.list(Selection("v1", "Pod", labels={"batch.kubernetes.io/job-name": "plan"}))
    said = "\n".join(away.place.cluster.logs(LogsOf(run["metadata"]["name"])))
    assert last.state == "done", said
    return json.loads(said[said.index("{\n") :])


@pytest.mark.parametrize("lock", ["a lock", "no lock"])
def test_keys_in_a_pod_are_those_of_here(away: Away, tmp_path: Path, lock: str) -> None:
    """What ran here is reused there: with a raw file of 2 MB, a hidden one, and notebooks that have outputs."""
    project = away.project
    if lock == "no lock":
        (project.root / "requirements.lock").unlink()
        make_venv(project.root / ".venv", (), only=needs("ipykernel"))
    project.write("raw.csv", "1,2\n" * 500_000)
    project.write(".labels.json", '{"label": "spam"}')
    project.notebook(
        "a",
        "import json\nlabel = json.load(open('.labels.json'))['label']\nprint('x' * 100)",
        "open('a.txt', 'w').write(label + open('raw.csv').read()[:10])",
    )
    project.notebook("b", "open('b.txt', 'w').write(open('a.txt').read())")
    assert project.states() == {"a": "executed", "b": "executed"}
    document = json.loads(project.text("b.ipynb"))
    output = {"output_type": "stream", "name": "stdout", "text": "y" * 2_000_000}
    document["cells"][0] |= {"execution_count": 3, "outputs": [output]}
    project.write("b.ipynb", json.dumps(document))
    there = step(away, tmp_path / "deploy")
    assert {each["stage"]: each["state"] for each in there["stages"]} == {"a": "reused", "b": "reused"}
    here = project.json("run")
    assert [each["key"] for each in there["stages"]] == [each["key"] for each in here["stages"]]
    assert OpenedProject.at(project.root).environment.lock == (None if lock == "no lock" else "requirements.lock")


def needs(name: str) -> frozenset[str]:
    """What is installed here of what a package needs, with it, by the names of its files and folders."""
    found, todo = {name}, [name]
    while todo:
        for text in metadata.requires(todo.pop()) or ():
            asked = Requirement(text)
            if asked.name not in found and (asked.marker is None or asked.marker.evaluate({"extra": ""})):
                found.add(asked.name)
                todo.append(asked.name)
    return frozenset(file.parts[0] for each in found for file in metadata.files(each) or ()) - {".."}
