"""Jobs and what came of them, taken to another machine and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from noteship import digests, store
from noteship.notebooks import Call, Cell, Document, Elsewhere, execution
from noteship.notebooks.execution import forms

DIGEST = digests.of_bytes(b"x")
JOB = execution.Job(
    run="one",
    stage="notebooks/04 Train",
    document=Document("n/a.ipynb", "notebook", (Cell(1, "code", "x = 1", 1, ("tag",)), Cell(2, "markdown", "# é"))),
    cwd="n",
    params={"depth": 8, "names": ["a", None], "share": 0.5},
    inputs={"a.csv": store.Artifact(DIGEST, "file", 3, executable=True), "d": store.Artifact(DIGEST, "folder", 9)},
    produced=("b.csv", "plots/*.png"),
    known_reads=("a.csv", "/data/x"),
    expected_writes=("b.csv",),
    redone=("c",),
    sources=("helpers.py",),
    calls=(Call(("--inp", "a b"), "pack.mod", "Makefile"), Call()),
    elsewhere=(Elsewhere("/home/a/proj", "", ("x", "y"), folder=True),),
    timeout_s=1.5,
    memory_bytes=1 << 30,
    environment={"A": "b"},
    prelude="import x",
)
DONE = execution.Execution(
    outputs={"b.csv": store.Artifact(DIGEST, "file", 3)},
    record=store.Artifact(DIGEST, "file", 5),
    reads=("a.csv",),
    wanted=("z",),
    notes=("told",),
    failure=execution.Failure("code", "ValueError: no", "n/a.ipynb", 3, 2, retryable=True, cause="lost"),
    seconds=1.25,
)


def test_a_job_is_the_same_after_its_form() -> None:
    """Through JSON and back, but for the run that it is of."""
    form = json.loads(digests.canonical_json(forms.job_to_json(JOB)))
    assert forms.job_from_json(form, "one") == JOB
    assert forms.job_from_json(form, "two") == replace(JOB, run="two")


def test_equal_work_has_equal_forms() -> None:
    """Whatever the run is called."""
    assert forms.job_to_json(JOB) == forms.job_to_json(replace(JOB, run="another"))


def test_what_came_of_it_is_the_same_after_its_form() -> None:
    """With a failure and without, with a record and without."""
    for done in (DONE, execution.Execution()):
        assert forms.execution_from_json(json.loads(json.dumps(forms.execution_to_json(done)))) == done


def test_a_form_of_another_version_is_refused() -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="version 9"):
        forms.job_from_json({**forms.job_to_json(JOB), "version": 9}, "one")
