"""From what is in the way of a stage's pod to the failure of the stage, or to waiting on. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from noteship import store
from noteship.cluster.why import Cause
from noteship.errors import stage_section
from noteship.notebooks import execution

__all__ = ["HOPELESS", "of_cause", "of_error", "of_nothing", "raised", "terminated", "with_pod"]

# What does not go on by itself: whoever waits for it waits in vain.
HOPELESS = frozenset(
    {
        *("account-missing", "admission-refused", "claim-missing", "command-missing", "config-map-missing"),
        *("image-missing", "image-name-wrong", "key-missing", "limit-range", "namespace-ending", "namespace-missing"),
        *(
            "node-selector",
            "pod-security",
            "pull-secret-missing",
            "pull-unauthorized",
            "queue-missing",
            "queue-too-small",
            "queue-uncovered",
        ),
        *("quota-wants-values", "registry-unreachable", "root-refused", "secret-missing", "start-failed"),
        *("storage-class-missing", "suspended", "taint", "wrong-architecture"),
    }
)
# What may be otherwise the next time; how often, and after which wait, is not decided here.
_PASSING = ("disrupted", "evicted", "node-unready", "ended", "noteship-error", "unreachable")
_PULLS = ("registry-busy", "registry-unreachable", "image-missing")
AGAIN = "run again: noteship run --on kubernetes; what had finished is not run twice"


def of_cause(cause: Cause, stage: str, file: str) -> execution.Failure:
    """The failure of a stage whose pod ended, or will not come up, for this."""
    if cause.kind == "out-of-memory":
        remedy = f"raise memory in {stage_section(stage, 'resources')}, or give it less data at a time"
        return execution.Failure("memory", cause.sentence, file, remedy=remedy, cause=cause.kind)
    if cause.kind == "deadline":
        return execution.Failure("timeout", cause.sentence, file, remedy=cause.remedy, cause=cause.kind)
    # Who wrote more than it may would do so again; a node that ran short is another matter.
    is_own = cause.kind == "evicted" and cause.who == "you"
    can_pass = cause.kind in (*_PASSING, *_PULLS) and not is_own
    return execution.Failure("cluster", cause.sentence, file, remedy=cause.remedy, retryable=can_pass, cause=cause.kind)


def with_pod(failure: execution.Failure, stage: str, asked_bytes: int | None) -> execution.Failure:
    """The failure of a stage that its worker ended for its memory, told by what its pod has."""
    if failure.kind != "memory" or failure.cause or asked_bytes is None:
        return failure
    message = f"{failure.message}: its pod has {asked_bytes >> 20:,} MiB, noteship's own part included"
    remedy = f"raise memory in {stage_section(stage, 'resources')}, or give it less data at a time"
    return replace(failure, message=message, remedy=remedy, cause="out-of-memory")


def of_nothing(what: str, file: str) -> execution.Failure:
    """The failure of a stage whose pod went and left nothing that says why."""
    return execution.Failure("cluster", what, file, remedy=AGAIN, retryable=True, cause="lost")


def terminated(file: str) -> execution.Failure:
    """The failure of a stage whose pod was told to end, and said so."""
    message = "its pod was told to end before it was done, as when a node is emptied or the pod deleted"
    return execution.Failure("cluster", message, file, remedy=AGAIN, retryable=True, cause="terminated")


def of_error(told: dict[str, Any], file: str) -> execution.Failure:
    """The failure of a stage whose worker could not go on."""
    parts = told["parts"]
    return execution.Failure(
        "cluster",
        parts["fact"],
        parts["where"] or file,
        remedy=parts["remedy"] or AGAIN,
        retryable=bool(told["retryable"]),
        cause="noteship-error",
    )


def raised(told: dict[str, Any]) -> Exception | None:
    """What is damaged or missing in the store is told as it is where stages run here: it is made again."""
    kinds = {each.__name__: each for each in (store.errors.DamagedObject, store.errors.MissingObject)}
    kind = kinds.get(str(told["name"]))
    return kind(**told["fields"]) if kind else None
