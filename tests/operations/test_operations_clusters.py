"""What of a stage's cluster is decided without one: which modules are whose, and a scheduler that does not answer."""

from __future__ import annotations

import socket

from cli.projects import Project
from noteship.notebooks import execution, read_document
from noteship.operations import clusters


def job(path: str, *sources: str) -> execution.Job:
    return execution.Job("run", "stage", read_document(path, "x = 1\n"), sources=sources)


def test_modules_are_known_by_the_names_that_import_them() -> None:
    """A module in the stage's folder is named from there, another one from above its packages."""
    sources = ("notebooks/helpers.py", "notebooks/parts/a.py", "src/own/__init__.py", "src/own/b.py", "lib/c.py")
    digests = dict.fromkeys(sources, "1")
    found = clusters.module_names(job("notebooks/train.py", *sources, "settings.json"), digests)
    assert set(found) == {"helpers", "parts.a", "own", "own.b", "c"}


def test_a_scheduler_that_does_not_answer_fails_the_stage_alone(project: Project) -> None:
    """The stage does not begin, can be tried again, and others are not held up by it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    project.chain("a")
    project.write("other.py", "open('other.txt', 'w').write('b')\n")
    project.write("noteship.toml", f'[stage.s0]\ncluster = {{ engine = "dask", address = "tls://127.0.0.1:{port}" }}\n')
    answer = project.call("run", "--json")
    assert answer.code == 1
    stages = {stage["stage"]: stage for stage in answer.document["stages"]}
    assert stages["other"]["state"] == "executed"
    failure = stages["s0"]["failure"]
    assert failure["kind"] == "cluster"
    assert failure["retryable"] is True
    assert failure["message"] == f"no scheduler answers at tls://127.0.0.1:{port}: Connection refused"
    project.write("noteship.toml", "")
    assert project.states() == {"s0": "executed", "other": "reused"}
