"""Jobs that wait to be let in: by Kueue, or because somebody suspended them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from noteship.cluster.cluster import Object
from noteship.cluster.manifests.workloads import QUEUE_LABEL
from noteship.cluster.pods import table, tables
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.views import makers, name_of

__all__ = ["waiting"]

_UNCOVERED = re.compile(r"resource (\S+) unavailable in ClusterQueue")
# As Kueue says that it is asked for more than a queue has altogether.
_NEVER = "maximum capacity"


def waiting(evidence: Evidence) -> Iterator[Cause]:
    """Why a Job is suspended."""
    for job in makers(evidence):
        if job.get("kind") != "Job" or not table(job.get("spec")).get("suspend"):
            continue
        queue = table(table(job.get("metadata")).get("labels")).get(QUEUE_LABEL)
        if queue:
            yield _queued(job, str(queue), evidence)
        else:
            fact = f"Job {name_of(job)} is suspended, and nothing says that a queue will let it in"
            remedy = "let it go on: `kubectl patch` its `suspend` to false; or name a queue by the label " + QUEUE_LABEL
            yield Cause("suspended", fact, remedy, "you")


def _queued(job: Object, queue: str, evidence: Evidence) -> Cause:
    name, space = name_of(job), evidence.thing.namespace
    queues = {name_of(each): each for each in evidence.of_kind("LocalQueue")}
    workload = next(iter(evidence.owned_by([job], "Workload")), None)
    said = _said(workload, evidence)
    told = (quoted(said),) if said else ()
    if (queues and queue not in queues) or "doesn't exist" in said:
        there = f"; there is: {', '.join(sorted(queues))}" if queues else ""
        fact = f"Job {name} waits for the queue '{queue}', which is not there in {space}{there}"
        return Cause("queue-missing", fact, "name a LocalQueue that there is, or have one made", "you", told)
    if workload is None:
        if "Workload" not in {str(each.get("kind")) for each in evidence.objects} and not queues:
            fact = f"Job {name} waits for the queue '{queue}', and no queue or workload of Kueue is seen in {space}"
            return Cause(
                "queue-missing",
                fact,
                "have Kueue and a LocalQueue set up, or leave the queue out",
                "you",
                told,
            )
        return Cause(
            "queued", f"Job {name} waits for the queue '{queue}', which has not looked at it yet", "wait", "you", told
        )
    lacking = _UNCOVERED.search(said)
    if lacking:
        fact = f"the queue '{queue}', in which Job {name} waits, gives nothing of {lacking[1]}, so it never lets it in"
        remedy = f"have {lacking[1]} added to its ClusterQueue (coveredResources), or excluded by Kueue's configuration"
        return Cause("queue-uncovered", fact, remedy, "administrators", told)
    if _NEVER in said:
        fact = f"the queue '{queue}' never lets Job {name} in: {quoted(said)}"
        remedy = "ask for less, name another queue, or have this one's quota raised"
        return Cause("queue-too-small", fact, remedy, "administrators", told)
    fact = f"Job {name} waits in the queue '{queue}': {quoted(said) or 'the queue has said nothing yet'}"
    return Cause("queued", fact, "wait until others end, ask for less, or have the queue's quota raised", "you", told)


def _said(workload: Object | None, evidence: Evidence) -> str:
    if workload is None:
        return ""
    conditions = [each for _, each in tables(table(workload.get("status")).get("conditions"))]
    reserved = [each for each in conditions if each.get("type") == "QuotaReserved" and each.get("status") == "False"]
    if reserved:
        return str(reserved[0].get("message") or "")
    events = evidence.events_of(workload, "Pending")
    return str(events[-1].get("message") or "") if events else ""
