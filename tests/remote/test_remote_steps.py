"""Steps of a pipeline that another engine drives, as its pods work them; and what is exported for it."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.projects import Answer, Project, project
from noteship import store
from noteship.operations import carried
from noteship.operations.errors import ApiUnknown, NotSubmittable, StoreOutOfReach, Unchecked
from noteship.operations.export import Exported, ExportRequest, export
from noteship.operations.gitops import check, save
from noteship.operations.opened import OpenedProject
from noteship.operations.stages import chosen_of, graph_of
from noteship.store.memory import MemoryBucket
from remote.pods import IMAGE

__all__ = ["project"]

SETTINGS = """
[project]
name = "mail"
[store]
url = "s3://team-a/mail"
[kubernetes]
namespace = "team-a"
[kubernetes.store]
endpoint = "https://192.0.2.7"
"""


class Steps:
    """A project that was handed over, and the pods of its steps, which have its image's files and the store."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project, self.folder = project, folder
        self.url = str(folder / "store")
        if not (project.root / "noteship.toml").exists():
            project.write("noteship.toml", "")
        project.write("noteship.toml", f'[store]\nurl = "{self.url}"\n' + project.text("noteship.toml"))
        opened = OpenedProject.at(project.root)
        self.digest = carried.put(opened, chosen_of(opened, graph_of(opened), ()))
        self.image = folder / "image"
        shutil.copytree(project.root, self.image, ignore=shutil.ignore_patterns(".noteship"))

    def call(self, *words: str) -> Answer:
        given = (f"--store={self.url}", f"--carried={self.digest}", f"--image-project={self.image}")
        return self.project.call("step", *given, *words)

    def plan(self, *words: str) -> dict[str, str]:
        """What the first step says of each of the others."""
        folder = self.folder / "planned"
        shutil.rmtree(folder, ignore_errors=True)
        answer = self.call(f"--plan={folder}", *words)
        assert answer.code == 0, answer.err
        return {each.name: each.read_text() for each in folder.iterdir()}

    def work(self, *words: str) -> dict[str, str]:
        """What a step made of the stages that it looked at."""
        answer = self.call("--json", *words)
        assert answer.code == 0, answer.err
        return {each["stage"]: each["state"] for each in answer.document["stages"]}


def test_steps_hand_on_through_the_store(project: Project, tmp_path: Path) -> None:
    """Planned, worked one by one and finished; then nothing is left for pods, and here all of it is reused."""
    project.chain("a", "b", "c")
    steps = Steps(project, tmp_path)
    assert steps.plan() == dict.fromkeys(("s0", "s1", "s2", "finish"), "true")
    assert steps.work("s0") == {"s0": "executed"}
    assert steps.work("s1") == {"s0": "reused", "s1": "executed"}
    assert steps.plan() == {"s0": "false", "s1": "false", "s2": "true", "finish": "true"}
    assert steps.work("s2") == {"s0": "reused", "s1": "reused", "s2": "executed"}
    assert steps.work() == dict.fromkeys(("s0", "s1", "s2"), "reused")
    assert steps.plan() == dict.fromkeys(("s0", "s1", "s2", "finish"), "false")
    assert not (project.root / "f2.txt").exists()
    assert set(project.states().values()) == {"reused"} and project.text("f2.txt") == "abc"


def test_what_comes_after_is_due_too(project: Project, tmp_path: Path) -> None:
    """A stage whose input may be made anew is not left out, though it has a result for what there was."""
    project.write("noteship.toml", f'[store]\nurl = "{tmp_path}/store"\n')
    project.chain("a", "b")
    project.json("run")
    project.write("s0.py", project.text("s0.py").replace("'a'", "'x'"))
    (project.root / "noteship.toml").unlink()
    assert Steps(project, tmp_path).plan() == {"s0": "true", "s1": "true", "finish": "true"}


def test_a_parameter_is_the_stages_own(project: Project, tmp_path: Path) -> None:
    """What a step sets is a part of the key, as on the command line."""
    project.notebook("a", "size = 1", "open('a.txt', 'w').write(str(size))")
    steps = Steps(project, tmp_path)
    assert steps.work("--set", "a.size=3", "a") == {"a": "executed"}
    assert steps.plan("--set", "a.size=3")["a"] == "false" and steps.plan()["a"] == "true"
    assert project.states("--set", "a.size=3") == {"a": "reused"}


def test_a_failure_is_the_steps_own(project: Project, tmp_path: Path) -> None:
    """It ends with 1, and says what is wrong as a run does."""
    project.notebook("a", "raise ValueError('rows are missing')")
    answer = Steps(project, tmp_path).call("a")
    assert answer.code == 1 and "rows are missing" in answer.err


def test_another_image_is_noticed(project: Project, tmp_path: Path) -> None:
    """Before anything runs: pods whose project is not the one that was handed over make nothing of their own."""
    project.chain("a")
    steps = Steps(project, tmp_path)
    (steps.image / "s0.py").write_text("open('f0.txt', 'w').write('other')\n")
    answer = steps.call(f"--plan={tmp_path}/planned")
    assert answer.code == 1 and "stage 's0' is another one here" in answer.err and "its code" in answer.err
    assert not (tmp_path / "planned").exists()


def test_a_source_is_asked_by_its_own_step(project: Project, tmp_path: Path) -> None:
    """Its data come once, and the steps after it go on with these."""
    project.write("origin/rows.csv", "a\n1\n")
    project.write("noteship.toml", '[data.rows]\nfrom = "origin/rows.csv"\nto = "rows.csv"\n')
    project.notebook("a", "open('a.txt', 'w').write(open('rows.csv').read())")
    steps = Steps(project, tmp_path)
    assert steps.plan() == {"a": "true", "data-rows": "true", "finish": "true"}
    assert steps.work("data.rows") == {"data.rows": "executed"}
    assert steps.work("a") == {"data.rows": "reused", "a": "executed"}
    assert set(steps.plan().values()) == {"false"}


# What is exported.


def exported(project: Project, **asked: Any) -> Exported:
    """For a store on S3, whose place memory takes."""
    opened = OpenedProject.at(project.root)
    opened.__dict__["store"] = store.Store(MemoryBucket())
    request = ExportRequest(**{"image": IMAGE, "api": "192.0.2.1:6443", **asked})
    return export(opened, request, lambda _: None, threading.Event())


def test_each_stage_is_a_step_with_what_it_needs(project: Project) -> None:
    """Its words name the store, what was handed over and its own parameters; resources and order are the project's."""
    project.write(
        "noteship.toml",
        f"""{SETTINGS}
[stage.b]
params = {{ size = 3, name = "it's" }}
resources = {{ cpu = "4", memory = "8Gi" }}
""",
    )
    project.notebook("a", "open('a.txt', 'w').write('1')")
    project.notebook("b", "size = 1\nname = ''", "open('b.txt', 'w').write(open('a.txt').read())")
    made = exported(project)
    first, second = made.pipeline.steps
    given = ("--store=s3://team-a/mail", f"--carried={made.carried}")
    assert first.words == ("step", *given, "--", "a") and first.after == ()
    assert made.pipeline.parameters == {"b_name": '"it\'s"', "b_size": "3"}
    sets = ("--set=b.name={{workflow.parameters.b_name}}", "--set=b.size={{workflow.parameters.b_size}}")
    assert second.words == ("step", *given, *sets, "--", "b") and second.after == ("a",)
    assert (second.resources.cpu, second.resources.memory) == ("4", "8192Mi")
    assert made.pipeline.finish == ()
    assert [each["kind"] for each in made.manifests] == [
        *("ServiceAccount", "Role", "RoleBinding", "NetworkPolicy", "WorkflowTemplate")
    ]
    assert list(yaml.safe_load_all(made.yaml)) == list(made.manifests)


def test_a_folder_for_gitops_is_compared(project: Project, tmp_path: Path) -> None:
    """Written and the same again; another notebook is a difference."""
    project.write("noteship.toml", SETTINGS)
    project.chain("a")
    assert save(exported(project), tmp_path / "deploy").name == "mail-argo.yaml"
    check(exported(project), tmp_path / "deploy")
    project.chain("b")
    with pytest.raises(Unchecked, match="carried"):
        check(exported(project), tmp_path / "deploy")


def test_what_is_missing_is_said_first(project: Project) -> None:
    """No store that pods reach, no address of the API, a stage that no pod can work."""
    project.chain("a")
    project.write("noteship.toml", SETTINGS)
    with pytest.raises(ApiUnknown):
        exported(project, api=None)
    project.write("noteship.toml", SETTINGS + '[stage.s0.cluster]\nengine = "dask"\n')
    with pytest.raises(NotSubmittable, match="asks for a cluster"):
        exported(project)
    project.write("noteship.toml", '[kubernetes]\nnamespace = "team-a"\n')
    with pytest.raises(StoreOutOfReach):
        exported(project)
