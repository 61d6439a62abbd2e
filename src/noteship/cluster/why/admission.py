"""Pods that may not be made: what their controllers were told when they tried."""

from __future__ import annotations

from collections.abc import Iterator

from noteship import errors as base_errors
from noteship.cluster import errors, refusals
from noteship.cluster.cluster import Object
from noteship.cluster.pods import table, tables
from noteship.cluster.refusals import Asked
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.views import makers, name_of

__all__ = ["refused"]

# Beside these, what is named is what some rule lacks.
_ACCOUNT = "error looking up service account "
# Before the words of the newest one, where the cluster counts many events as one.
_COMBINED = "(combined from similar events): "


def refused(evidence: Evidence) -> Iterator[Cause]:
    """Why a ReplicaSet or a Job could not make its pods, if that is still so."""
    for maker in makers(evidence):
        message = _message(maker, evidence)
        if message:
            yield _cause(maker, message, evidence)


def _message(maker: Object, evidence: Evidence) -> str:
    """What was said last. A ReplicaSet says whether it still fails; a Job has fewer pods than it tries."""
    status = table(maker.get("status"))
    events = evidence.events_of(maker, "FailedCreate")
    last = str(events[-1].get("message")) if events else ""
    if maker.get("kind") == "ReplicaSet":
        failing = [each for _, each in tables(status.get("conditions")) if each.get("type") == "ReplicaFailure"]
        # It keeps the words of the first time, whatever is said since.
        first = next((str(each.get("message")) for each in failing if each.get("status") == "True"), "")
        return first and (last or first)
    is_over = any(int(status.get(each) or 0) for each in ("active", "succeeded", "failed"))
    return "" if is_over else last


def _cause(maker: Object, message: str, evidence: Evidence) -> Cause:
    space = evidence.thing.namespace
    said = message.removeprefix(_COMBINED).removeprefix("Error creating: ")
    if _ACCOUNT in said:
        return _account(said, space)
    what = f"pods of {maker.get('kind')!s} {name_of(maker)}"
    error = refusals.meaning(403, {"message": said}, Asked("", "make", what, space, "pods"))
    return _of_error(error, said, evidence)


def _account(said: str, space: str) -> Cause:
    name = said.partition('serviceaccount "')[2].partition('"')[0]
    return Cause(
        "account-missing",
        f"no pod can be made: the service account '{name}' is not there in {space}",
        f"make the service account '{name}' (`noteship deploy` does), or name another one",
        "team",
        (quoted(said),),
    )


def _of_error(error: base_errors.NoteshipError, said: str, evidence: Evidence) -> Cause:
    told = (quoted(said),)
    match error:
        case errors.QuotaExceeded():
            return _quota(error, told, evidence)
        case errors.PodSecurityRefused():
            named = ", ".join(name for name, _ in error.controls)
            return Cause(
                "pod-security",
                f"no pod can be made: Pod Security '{error.level}' of {error.namespace} refuses it: {named}",
                f"set what is lacking, {quoted(error.controls[0][1])}, as manifests of `noteship render` have it"
                if error.controls and error.controls[0][1]
                else "deploy what `noteship render` writes, which every level accepts",
                "team",
                told,
            )
        case errors.WebhookDown():
            return Cause(
                "webhook-down",
                f"no pod can be made: the admission webhook '{error.webhook}' does not answer: {quoted(error.reason)}",
                "start the webhook's service again, or let it be passed over (failurePolicy) while it is away",
                "administrators",
                told,
            )
        case errors.AdmissionRefused():
            return _rule(error, told)
    return Cause("admission-refused", f"no pod can be made: {quoted(said)}", "do what it asks for", "team", told)


def _quota(error: errors.QuotaExceeded, told: tuple[str, ...], evidence: Evidence) -> Cause:
    amounts = "; ".join(
        f"{name}: {asked} asked for, {used} of {limit} in use" for name, asked, used, limit in error.lacking
    )
    quotas = [each for each in evidence.of_kind("ResourceQuota") if name_of(each) == error.quota]
    now = (
        "now in use: " + ", ".join(f"{name}={amount}" for name, amount in table(each["status"].get("used")).items())
        for each in quotas
        if each.get("status")
    )
    return Cause(
        "quota",
        f"no pod can be made: the quota '{error.quota}' of {error.namespace} has too little left: {amounts}",
        "ask for less (under [kubernetes] in noteship.toml), end what else runs there, or have the quota raised",
        "administrators",
        (*told, *now),
    )


def _rule(error: errors.AdmissionRefused, told: tuple[str, ...]) -> Cause:
    reason = quoted(error.reason)
    sentence = f"no pod can be made: {error.by} refuses it: {reason}"
    if error.by.startswith("the quota"):
        names = error.reason.partition("must specify ")[2].partition(" for:")[0]
        return Cause(
            "quota-wants-values",
            f"no pod can be made: {error.by} wants each container to say its {quoted(names)}",
            "give the containers requests and limits for these, as `noteship render` does",
            "you",
            told,
        )
    if "LimitRange" in error.by:
        return Cause("limit-range", sentence, "ask for less (or for more, where it names a minimum)", "you", told)
    return Cause(
        "admission-refused", sentence, "change what it names; whoever wrote the rule can say why", "team", told
    )
