"""What `gc` keeps of bundles."""

from __future__ import annotations

from cli.projects import Project
from noteship.operations.gc import gc
from noteship.operations.opened import OpenedProject


def test_runs_under_way_are_none_of_the_last(project: Project) -> None:
    """The bundles of the last runs that have ended are kept, however many began since."""
    project.chain("a")
    opened = OpenedProject.at(project.root)
    names = [project.json("run")["run"] for _ in range(2)]
    for name in names:
        digest = opened.store.put_folder(project.write(f"{name}/bundle.json", name).parent)
        opened.store.write_ref(f"run-bundles/{name}", {"digest": digest}, expected=None)
    for _ in range(3):
        opened.ledger.start(targets=(), chosen=(), environment=opened.workplace.environment)
    gc(opened, 1, dry_run=False)
    assert list(opened.store.refs("run-bundles/")) == [f"run-bundles/{names[1]}"]
