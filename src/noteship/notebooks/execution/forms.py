"""Jobs and what came of them as plain values, for an execution that takes place elsewhere. Version 1.

A job's form has no name of a run: equal work has equal forms. Its bytes are the canonical JSON of the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from noteship import store
from noteship.notebooks.document import Cell, Document
from noteship.notebooks.execution.jobs import Execution, Failure, Job
from noteship.notebooks.uses import Call, Elsewhere

__all__ = ["execution_from_json", "execution_to_json", "job_from_json", "job_to_json"]

VERSION = 1
# Lists of JSON that are tuples of texts.
_TEXTS = ("produced", "known_reads", "expected_writes", "redone", "sources")


def job_to_json(job: Job) -> dict[str, Any]:
    """As a plain value."""
    left = ("run", "document", "inputs", "calls", "elsewhere", *_TEXTS)
    value = {each.name: getattr(job, each.name) for each in fields(job) if each.name not in left}
    return {
        **value,
        "version": VERSION,
        "params": dict(job.params),
        "environment": dict(job.environment),
        "document": asdict(job.document),
        "inputs": {name: artifact.to_json() for name, artifact in job.inputs.items()},
        "calls": [asdict(each) for each in job.calls],
        "elsewhere": [asdict(each) for each in job.elsewhere],
        **{name: list(getattr(job, name)) for name in _TEXTS},
    }


def job_from_json(value: Mapping[str, Any], run: str) -> Job:
    """From its plain value, as work of this run. Raises KeyError, TypeError and ValueError for what is none."""
    if value["version"] != VERSION:
        raise ValueError(f"a job of version {value['version']}, and this is {VERSION}")
    document = value["document"]
    made: dict[str, Any] = {
        "document": Document(document["path"], document["kind"], tuple(map(_cell, document["cells"]))),
        "inputs": {name: store.Artifact.from_json(each) for name, each in value["inputs"].items()},
        "calls": tuple(Call(tuple(each["words"]), each["module"], each["origin"]) for each in value["calls"]),
        "elsewhere": tuple(Elsewhere(**{**each, "files": tuple(each["files"])}) for each in value["elsewhere"]),
        **{name: tuple(value[name]) for name in _TEXTS},
    }
    rest = {name: each for name, each in value.items() if name != "version" and name not in made}
    return Job(run=run, **made, **rest)


def execution_to_json(done: Execution) -> dict[str, Any]:
    """As a plain value."""
    return {
        "version": VERSION,
        "outputs": {name: artifact.to_json() for name, artifact in done.outputs.items()},
        "record": done.record and done.record.to_json(),
        "reads": list(done.reads),
        "wanted": list(done.wanted),
        "notes": list(done.notes),
        "failure": done.failure and asdict(done.failure),
        "seconds": done.seconds,
    }


def execution_from_json(value: Mapping[str, Any]) -> Execution:
    """From its plain value. Raises KeyError and TypeError for what is none."""
    return Execution(
        outputs={name: store.Artifact.from_json(each) for name, each in value["outputs"].items()},
        record=value["record"] and store.Artifact.from_json(value["record"]),
        reads=tuple(value["reads"]),
        wanted=tuple(value["wanted"]),
        notes=tuple(value["notes"]),
        failure=value["failure"] and Failure(**value["failure"]),
        seconds=value["seconds"],
    )


def _cell(value: Mapping[str, Any]) -> Cell:
    return Cell(value["index"], value["kind"], value["source"], value["line"], tuple(value["tags"]))
