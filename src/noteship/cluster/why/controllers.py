"""What controllers say themselves: namespaces that are not there, KServe that makes no pods, Jobs that gave up."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.cluster.cluster import Object
from noteship.cluster.manifests.release import OF_KSERVE
from noteship.cluster.pods import table, tables
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.views import makers, name_of

__all__ = ["given_up", "not_made", "nowhere"]


def nowhere(evidence: Evidence) -> Iterator[Cause]:
    """A namespace that is not there, or will not be."""
    for each in evidence.lacks("Namespace"):
        fact = f"there is no namespace '{each.name}' in this cluster"
        remedy = "name another one by --namespace, or ask the administrators for it; --context names another cluster"
        yield Cause("namespace-missing", fact, remedy, "you")
    for space in evidence.of_kind("Namespace"):
        if name_of(space) == evidence.thing.namespace and table(space.get("status")).get("phase") == "Terminating":
            left = [
                str(each.get("message"))
                for _, each in tables(table(space.get("status")).get("conditions"))
                if each.get("status") == "True"
                and each.get("type") in ("NamespaceContentRemaining", "NamespaceFinalizersRemaining")
            ]
            fact = f"the namespace '{name_of(space)}' is being deleted, and takes nothing new"
            yield Cause(
                "namespace-ending",
                fact,
                "use another one, or wait and make it anew",
                "administrators",
                tuple(map(quoted, left)),
            )


def not_made(evidence: Evidence) -> Iterator[Cause]:
    """An InferenceService of which KServe has made no Deployment."""
    made = {name_of(each) for each in evidence.of_kind("Deployment")}
    for service in evidence.of_kind("InferenceService"):
        name = name_of(service)
        if f"{name}{OF_KSERVE}" in made:
            continue
        said = [*_unready(service), *_warnings(service, evidence)]
        fact = f"KServe has made no pods for InferenceService {name}"
        if said:
            remedy = "put right what it says, or deploy it as a service, which needs no KServe"
            yield Cause("not-made", f"{fact}: {quoted(said[0])}", remedy, "team", tuple(map(quoted, said)))
        else:
            remedy = "see that KServe's controller runs, and that it looks after this namespace"
            yield Cause("not-made", f"{fact}, and says nothing about it", remedy, "administrators")


def _unready(service: Object) -> Iterator[str]:
    for _, each in tables(table(service.get("status")).get("conditions")):
        if each.get("status") == "False" and each.get("message"):
            yield str(each["message"])


def _warnings(service: Object, evidence: Evidence) -> Iterator[str]:
    """The newest first."""
    for each in reversed(evidence.events_of(service)):
        if each.get("type") == "Warning":
            yield str(each.get("message") or "")


def given_up(evidence: Evidence) -> Iterator[Cause]:
    """Jobs that are over, and failed."""
    for job in makers(evidence):
        spec, status = table(job.get("spec")), table(job.get("status"))
        failed = [
            each for _, each in tables(status.get("conditions")) if each.get("type") in ("Failed", "FailureTarget")
        ]
        reason = next((str(each.get("reason")) for each in failed if each.get("status") == "True"), "")
        told = tuple(quoted(str(each.get("message"))) for each in failed[:1])
        name = name_of(job)
        if reason == "DeadlineExceeded":
            fact = f"Job {name} was ended, as it had its {spec.get('activeDeadlineSeconds')} s (activeDeadlineSeconds)"
            remedy = "give it more time, by activeDeadlineSeconds, or less to do; what it had not begun had to wait"
            yield Cause("deadline", fact, remedy, "you", told)
        elif reason in ("BackoffLimitExceeded", "PodFailurePolicy", "MaxFailedIndexesExceeded"):
            limit, count = spec.get("backoffLimit", 6), int(status.get("failed") or 0)
            pods = f"{count} pod{'s' * (count != 1)} failed"
            fact = f"Job {name} has given up: {pods}, and it tries again {limit} times at most (backoffLimit)"
            remedy = "mend what the pods failed of, and make the Job anew: it does not begin again by itself"
            yield Cause("backoff-limit", fact, remedy, "you", told)
