"""What an event looks like to the tracking server: runs with parameters, metrics and tags. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from noteship.digests import short
from noteship.errors import cut
from noteship.tracking.event import Event

__all__ = ["Entry", "bundle_entry", "entry_of", "promotion_tags"]

# What every server takes, of whatever version: longer names and values are cut.
LONGEST_NAME, LONGEST_VALUE = 250, 450
Status = Literal["FINISHED", "FAILED", "KILLED"]
ENDS: Mapping[str, Status] = {"failed": "FAILED", "interrupted": "KILLED", "pruned": "KILLED"}


@dataclass(frozen=True)
class Entry:
    """A run at the server; `key` tells it from all others, so that it is never made twice."""

    key: str
    name: str
    started_ms: int
    ended_ms: int
    status: Status = "FINISHED"
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Entry, ...] = ()


def entry_of(event: Event) -> Entry | None:
    """The run that an event is told as; a promotion is none."""
    makers = {"run": _run, "judgement": _judgement, "search": _search}
    return makers[event.kind](event) if event.kind in makers else None


def bundle_entry(event: Event) -> Entry:
    """Where a bundle lies whose run was never told."""
    bundle = str(event.bundle)
    tags = {"noteship.bundle": bundle, "noteship.kind": "bundle"}
    return Entry(f"bundle-{bundle}", f"bundle {short(bundle)}", event.started_ms, event.ended_ms, tags=tags)


def promotion_tags(event: Event) -> dict[str, str]:
    """What a version is marked with that became the champion."""
    told = {name: event.body.get(name) for name in ("by", "at", "reason", "override", "judgement")}
    return {f"noteship.promotion.{name}": _value(value) for name, value in told.items() if value is not None}


def _run(event: Event) -> Entry:
    body = event.body
    params = {f"{stage}.{name}": value for stage, name, value in _params(body["stages"])}
    # What a stage's name is in ends in a word of ours: where the library keeps runs in files, no file's name is a
    # folder of another one's then, though a notebook lies beside a folder of its name.
    metrics = {"seconds": (event.ended_ms - event.started_ms) / 1000}
    tags = {"noteship.run": body["run"], "noteship.state": body["state"], "noteship.by": body["by"]}
    for stage, told in body["stages"].items():
        if told["state"] == "executed":
            metrics[f"{stage}.seconds"] = told["seconds"]
        tags[f"noteship.stage.{stage}.state"] = told["state"]
    return _entry(event, f"run {body['run']}", params, metrics, tags, ENDS.get(body["state"], "FINISHED"))


def _params(stages: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for stage, told in stages.items():
        yield from ((stage, name, value) for name, value in told["params"].items())


def _judgement(event: Event) -> Entry:
    body = event.body
    metrics: dict[str, float | None] = dict(body["costs"])
    for name, (value, low, high) in body["metrics"].items():
        metrics |= {name: value, f"{name}.low": low, f"{name}.high": high}
    tags = {"noteship.passed": "yes" if body["passed"] else "no", "noteship.judged": body["judged"]}
    for number, (expression, passed, told) in enumerate(body["gates"], 1):
        tags[f"noteship.gate.{number}"] = f"{'passed' if passed else 'FAILED'}: {expression} ({told})"
    params = {name: value for name, value in body["params"].items() if value is not None}
    return _entry(event, f"validate {short(str(event.bundle))}", params, metrics, tags, "FINISHED")


def _search(event: Event) -> Entry:
    body = event.body
    children = tuple(_trial(event, trial) for trial in body["trials"])
    values = [each["value"] for each in body["trials"] if each["state"] == "done" and each["value"] is not None]
    best = (max if body["direction"] == "maximize" else min)(values, default=None)
    tags = {"noteship.search": body["search"], "noteship.direction": body["direction"]}
    metrics = {f"best/{body['metric']}": best, "trials": float(len(children))}
    entry = _entry(event, f"tune {body['search']}", {}, metrics, tags, ENDS.get(body["state"], "FINISHED"), children)
    # A search goes on with the next call, and stays one run.
    return replace(entry, key=f"search-{body['search']}")


def _trial(event: Event, trial: Mapping[str, Any]) -> Entry:
    number = trial["number"]
    return Entry(
        f"search-{event.body['search']}-{number}",
        f"trial {number}",
        event.started_ms,
        event.started_ms + round(trial["seconds"] * 1000),
        ENDS.get(trial["state"], "FINISHED"),
        {_name(name): _value(value) for name, value in trial["parameters"].items()},
        _finite({event.body["metric"]: trial["value"], "seconds": trial["seconds"]}),
        {"noteship.kind": "trial", "noteship.state": trial["state"]},
    )


def _entry(
    event: Event,
    name: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float | None],
    tags: Mapping[str, Any],
    status: Status,
    children: tuple[Entry, ...] = (),
) -> Entry:
    bundle = {"noteship.bundle": event.bundle} if event.bundle else {}
    return Entry(
        event.id,
        name,
        event.started_ms,
        event.ended_ms,
        status,
        {_name(key): _value(value) for key, value in params.items()},
        _finite(metrics),
        {_name(key): _value(value) for key, value in ({"noteship.kind": event.kind} | bundle | dict(tags)).items()},
        children,
    )


def _finite(metrics: Mapping[str, float | None]) -> dict[str, float]:
    """What does not exist is not told."""
    return {_name(name): float(each) for name, each in metrics.items() if each is not None and math.isfinite(each)}


def _name(name: str) -> str:
    """The name as every server takes it."""
    return re.sub(r"[^\w./ -]", "_", name, flags=re.ASCII)[:LONGEST_NAME]


def _value(value: Any) -> str:
    return cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), LONGEST_VALUE)
