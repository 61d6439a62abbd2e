"""What verbs tell the tracking server, if MLFLOW_TRACKING_URI names one: it is written down, and told beside.

No verb waits for the server, or fails of it: `noteship tracking` is started in the background, and what cannot be told
waits in the store for the next verb.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from noteship import timed
from noteship.errors import NoteshipError
from noteship.operations.judgements import Kept
from noteship.operations.opened import OpenedProject
from noteship.operations.who import who

if TYPE_CHECKING:
    from noteship.operations.promotions import Promotion
    from noteship.operations.run import RunReport
    from noteship.operations.tune import TuneReport
    from noteship.tracking import Event
    from noteship.validation.judgement import Judgement
    from noteship.workflow import RunResult

__all__ = ["SERVER", "is_installed", "judged", "promoted", "ran", "searched", "server", "words"]

STARTED: list[subprocess.Popen[bytes]] = []
SERVER, EXPERIMENT = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"


def server() -> str:
    """Where the tracking server is, as it may be shown; empty where none is named, and then nothing is told."""
    uri = os.environ.get(SERVER, "").strip()
    if not uri:
        return ""
    from noteship import tracking

    return tracking.address(uri)


def is_installed() -> bool:
    """Whether the library that speaks to it is there; it is not imported for that."""
    return importlib.util.find_spec("mlflow") is not None


def ran(opened: OpenedProject, report: RunReport) -> tuple[str, ...]:
    """Tell of a run that executed a stage or made a bundle; notes on what waits."""
    result, made = report.result, report.made
    is_news = any(each.state != "reused" for each in result.stages.values()) or (made is not None and not made.again)
    if not is_news or not server():
        return ()
    stages = {
        name: {
            "state": each.state,
            "seconds": each.seconds,
            "params": _params(result, name),
        }
        for name, each in result.stages.items()
    }
    ended = _ms("")
    body = {"run": result.run, "state": report.state, "by": who(), "stages": stages}
    times = ended - round(result.seconds * 1000), ended
    return _tell(opened, "run", times, made.digest if made else None, {}, _plain(body))


def _params(result: RunResult, stage: str) -> dict[str, Any]:
    """What was set, and the notebook's own numbers; not its own texts, which may hold what nobody else is to read."""
    own = result.graph.stages[stage].literals if stage in result.graph.stages else {}
    numbers = {name: value for name, value in own.items() if isinstance(value, int | float)}
    return {**numbers, **(result.results[stage].parts.params if stage in result.results else {})}


def judged(opened: OpenedProject, kept: Kept, judgement: Judgement) -> tuple[str, ...]:
    """Tell of a judgement, with its pages; notes on what waits."""
    if not server():
        return ()
    from noteship.validation import gate_values

    values = gate_values.values_of(judgement)
    body = {
        "passed": judgement.passed,
        "judged": judgement.judged,
        "params": {
            "metric": judgement.metric,
            "positive": judgement.positive,
            "split": judgement.split.how,
            "train_rows": judgement.split.train_rows,
            "held_rows": judgement.split.held_rows,
            "seed": judgement.split.seed,
        },
        "metrics": {name: [each.value, each.low, each.high] for name, each in judgement.metrics.items()},
        "costs": {name: value for name, value in values.items() if isinstance(value, float)},
        "gates": [[gate.expression, gate.passed, gate.told] for gate in judgement.gates],
    }
    files = {"judgement.json": kept.judgement, **kept.pages}
    ended = _ms(judgement.at)
    times = ended - round(judgement.seconds * 1000), ended
    return _tell(opened, "judgement", times, judgement.bundle, files, _plain(body))


def searched(opened: OpenedProject, report: TuneReport) -> tuple[str, ...]:
    """Tell of a search, with all its trials; notes on what waits."""
    if not server():
        return ()
    search = report.search
    told = ("number", "parameters", "state", "value", "seconds")
    body = {
        "search": search.id,
        "metric": search.metric,
        "direction": search.direction,
        "state": report.state,
        "trials": [{name: trial.to_json()[name] for name in told} for trial in report.trials],
    }
    return _tell(opened, "search", (_ms(search.started), _ms("")), None, {}, _plain(body))


def promoted(opened: OpenedProject, promotion: Promotion) -> tuple[str, ...]:
    """Tell of a promotion; notes on what waits."""
    at = _ms(promotion.at)
    return _tell(opened, "promotion", (at, at), promotion.bundle, {}, promotion.to_json()) if server() else ()


def words(waiting: int, fault: str) -> str:
    """What waits, and why, in a line.

    >>> words(3, "connection refused"), words(1, "")
    ('3 events wait for MLflow: connection refused', '1 event waits for MLflow')
    """
    events = "1 event waits" if waiting == 1 else f"{waiting} events wait"
    return f"{events} for MLflow{f': {fault}' if fault else ''}"


def _tell(
    opened: OpenedProject,
    kind: Any,
    times: tuple[int, int],
    bundle: str | None,
    files: Mapping[str, str],
    body: Mapping[str, Any],
) -> tuple[str, ...]:
    from noteship import tracking

    if not is_installed():
        return (str(tracking.errors.TrackerMissing().parts().fact),)
    model = opened.name
    experiment = os.environ.get(EXPERIMENT) or model
    event = tracking.Event(timed.new(), kind, server(), model, experiment, *times, bundle, files, body)
    try:
        return _put(opened, event)
    except NoteshipError as error:
        return (f"MLflow is not told of this: {error.parts().fact}",)


def _put(opened: OpenedProject, event: Event) -> tuple[str, ...]:
    from noteship import tracking

    outbox = tracking.Outbox(opened.store)
    before = outbox.count(event.server)
    outbox.put(event)
    _start(opened)
    fault = outbox.fault(event.server)
    # What another process tells now is no news; what could not be told before is.
    return (words(before + 1, fault),) if before and fault else ()


def _start(opened: OpenedProject) -> None:
    """Begin to tell, in a process that outlives this one and that no terminal reaches."""
    command = [sys.executable, "-P", "-m", "noteship", "tracking", "--no-wait", "--json"]
    command += ["--project", str(opened.root)]
    nowhere = subprocess.DEVNULL
    with contextlib.suppress(OSError):  # no more processes: the next verb tries again
        begun = subprocess.Popen(
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere, cwd=opened.root, start_new_session=True
        )
        # Nobody waits for it, which Python would warn of if it were forgotten.
        STARTED.append(begun)


def _ms(moment: str) -> int:
    """Milliseconds since 1970 of a moment in ISO 8601; of none, now."""
    at = datetime.fromisoformat(moment) if moment else datetime.now().astimezone()
    return round(at.timestamp() * 1000)


def _plain(value: Any) -> Any:
    """As JSON has it: what is no number is null."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and value - value != 0 else value
