"""Containers and pods that ended as they should not: memory, eviction, time, exit codes."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from noteship.cluster.pods import table
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.said import LastWords
from noteship.cluster.why.starting import ENDED
from noteship.cluster.why.views import ContainerView, PodView

__all__ = ["ended", "killed", "removed", "sent_away"]

# A process that a signal ended has this and the signal's number as its code.
SIGNALLED = 128
KILLED = SIGNALLED + signal.SIGKILL
_RESOURCES = ("ephemeral", "memory", "pids", "inodes", "disk")


def removed(pod: PodView) -> Iterator[Cause]:
    """A pod that its node or the cluster ended."""
    reason, message = str(pod.status.get("reason") or ""), quoted(str(pod.status.get("message") or ""))
    told = (message,) if message else ()
    if reason == "Evicted":
        yield _evicted(pod, message, told)
    elif reason == "DeadlineExceeded":
        seconds = pod.spec.get("activeDeadlineSeconds")
        fact = f"pod {pod.name} was ended, as it had its {seconds} s (activeDeadlineSeconds)"
        yield Cause("deadline", fact, "give it more time, by activeDeadlineSeconds, or less to do", "you", told)
    elif reason in ("NodeLost", "NodeShutdown", "Terminated", "Preempting", "Shutdown", "NodeAffinity"):
        yield Cause(
            "disrupted", f"pod {pod.name} was ended by its node: {message or reason}", "begin it again", "you", told
        )
    elif pod.condition("DisruptionTarget").get("status") == "True" and pod.is_over:
        why = quoted(str(pod.condition("DisruptionTarget").get("message") or ""))
        fact = f"pod {pod.name} was ended to make room, or with its node: {why}"
        yield Cause("disrupted", fact, "begin it again, or give it a higher priority", "you", told)
    elif reason and pod.status.get("phase") == "Failed":
        fact = f"the node did not take pod {pod.name}: {quoted(reason)}{f', {message}' if message else ''}"
        yield Cause("disrupted", fact, "begin it again; if that is no help, have the node looked after", "you", told)


def sent_away(pod: PodView) -> Iterator[Cause]:
    """A pod that was evicted, and whose program ended well when it was told to: only an event says so."""
    for each in pod.events:
        if each.get("reason") == "Evicted":
            message = quoted(str(each.get("message") or ""))
            yield _evicted(pod, message, (message,))
            return


def _evicted(pod: PodView, message: str, told: tuple[str, ...]) -> Cause:
    if "low on resource" in message or "node condition" in message.lower():
        remedy = "ask for as much as it needs by requests, so that it comes to a node that has it; or have larger nodes"
        return Cause(
            "evicted", f"pod {pod.name} was evicted, as its node ran short: {message}", remedy, "administrators", told
        )
    fact = f"pod {pod.name} was evicted, as it wrote more than it may: {message}"
    remedy = "raise its limit of ephemeral-storage (or the volume's sizeLimit), or let it write less"
    return Cause("evicted", fact, remedy, "you", told)


def killed(pod: PodView) -> Iterator[Cause]:
    """Containers that had no more memory."""
    for each in pod.containers:
        if each.ended.get("reason") == "OOMKilled":
            limit = table(table(each.spec.get("resources")).get("limits")).get("memory")
            words = LastWords(pod, each)
            had = f"its memory limit of {limit}" if limit else "the memory of its node"
            fact = f"pod {pod.name} used more than {had}, and was killed{words.again}"
            told = tuple(map(quoted, (*words.lines[-1:], f"exit code {each.ended.get('exitCode')}, OOMKilled")))
            yield Cause("out-of-memory", fact, "raise its memory limit, or give it less data at a time", "you", told)


def ended(pod: PodView) -> Iterator[Cause]:
    """Exit codes, where nothing else says why."""
    for each in pod.containers:
        if each.has_failed and each.ended.get("reason") not in (*ENDED, "OOMKilled"):
            yield _exit(pod, each)


def _exit(pod: PodView, container: ContainerView) -> Cause:
    words, code = LastWords(pod, container), int(container.ended.get("exitCode") or 0)
    last = f", and said last: {quoted(words.last)}" if words.last else ", and said nothing"
    fact = f"the program in pod {pod.name} ended with exit code {code}{_signal(code)}{last}{words.again}"
    remedy = "it was killed, most often for its memory: raise the limit; else " if code == KILLED else ""
    remedy += f"see its log: `kubectl -n {pod.namespace} logs {pod.name} -c {container.name}`"
    remedy += " --previous" if container.restarts and container.is_running else ""
    return Cause("ended", fact, remedy, "team", tuple(map(quoted, words.lines[-3:])))


def _signal(code: int) -> str:
    try:
        return f" ({signal.Signals(code - SIGNALLED).name})" if code > SIGNALLED else ""
    except ValueError:
        return ""
