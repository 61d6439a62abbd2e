"""What the last lines of a container tell: noteship's own errors, the cluster's refusals, and tracebacks of Python."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from noteship.cluster import errors, refusals
from noteship.cluster.refusals import Asked
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.views import ContainerView, PodView

__all__ = ["LastWords", "last_words", "wrong_architecture"]

_FORBIDDEN = re.compile(r'(?:User|user) \\*"[^"]*" cannot \S+ resource')
_READ_ONLY = re.compile(r"(?:Errno 30\]? )?Read-only file system:? ?['\"]?([^\s'\"]*)")
_IN_USE = re.compile(r"[Aa]ddress already in use")
_MODULE = re.compile(r"^(?:ModuleNotFoundError|ImportError): No module named '([^']+)'")
_IMPORT = re.compile(r"^ImportError: (.+)")
_FORMAT = re.compile(r"[Ee]xec format error")
_MEMORY = re.compile(r"^(?:numpy\S*\.)?_?(?:ArrayMemoryError|MemoryError)\b")
_RAISED = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|[A-Z]\w+)?(?::.*)?$")
_NOT_THERE = "unable to retrieve container logs"
_LABELS = {"at": "where", "nearest": "nearest", "do": "remedy"}
_DAMAGED = re.compile(r"has another digest|have another digest|is damaged|another digest than")
_MAY_NOT = re.compile(r" may not (?:get|list|watch|create|update|patch|delete|deletecollection) \S+ in ")
_DENIED = "the store refuses access"


@dataclass(frozen=True)
class LastWords:
    """The lines of a container that tell something."""

    pod: PodView
    container: ContainerView

    @property
    def lines(self) -> tuple[str, ...]:
        """Without empty ones, and what the kubelet says in place of a log that is gone."""
        return tuple(each for each in self.container.said if each.strip() and not each.startswith(_NOT_THERE))

    @property
    def last(self) -> str:
        """The last one; "" where there is none."""
        return self.lines[-1] if self.lines else ""

    @property
    def raised(self) -> str:
        """The error with which a traceback ends, the last one; "" where there is none."""
        found, is_within = "", False
        for line in self.lines:
            if line.startswith("Traceback (most recent call last)"):
                is_within = True
            elif is_within and line[:1] not in (" ", "\t"):
                found, is_within = line, False
        return found.strip()

    @property
    def again(self) -> str:
        """How often it was begun again, for sentences."""
        times = self.container.restarts
        return f"; it was begun again {times} time{'s' * (times != 1)}" if times else ""


def last_words(pod: PodView, container: ContainerView) -> Iterator[Cause]:
    """The one thing that the last lines tell, if they tell something."""
    words = LastWords(pod, container)
    for look in (_own, _right, _system, _traceback):
        found = look(words)
        if found:
            yield found
            return


def _own(words: LastWords) -> Cause | None:
    """An error of noteship's own, which has its remedy with it."""
    error = _error(words.lines)
    # Others say "error:", too; noteship never without what to do.
    if not error.get("remedy"):
        return None
    pod, fact = words.pod, error["fact"]
    told = tuple(quoted(error[name]) for name in ("where", "nearest") if error.get(name))
    remedy = quoted(error["remedy"])
    sentence = f"noteship in pod {pod.name} says: {quoted(fact)}{words.again}"
    if error.get("kind") == "StoreDenied" or fact.startswith(_DENIED):
        return Cause(
            "store-denied",
            f"the store refuses the credentials of pod {pod.name}: {quoted(error.get('nearest') or fact)}",
            "renew the credentials in the Secret that [kubernetes] names for the store",
            "team",
            told,
        )
    if error.get("kind") == "DamagedObject" or _DAMAGED.search(fact):
        return Cause("bundle-damaged", sentence, remedy, "team", told)
    if error.get("kind") == "RightMissing" or _MAY_NOT.search(fact):
        return Cause("missing-right", sentence, remedy, "administrators", told)
    return Cause("noteship-error", sentence, remedy, "team", told)


def _error(lines: tuple[str, ...]) -> Mapping[str, str]:
    """As a record of a log, as the document of --json, or as people are told; the last one of them."""
    for place in range(len(lines) - 1, -1, -1):
        record = _json(lines[place])
        if record.get("level") in ("ERROR", "CRITICAL") and str(record.get("logger", "")).startswith("noteship"):
            return _parts(str(record.get("message", "")).splitlines())
        if lines[place].startswith("error: "):
            return _parts([lines[place].removeprefix("error: "), *lines[place + 1 :]])
        if lines[place] == "{" and '"error": {' in "".join(lines[place + 1 : place + 2]):
            document = _json("\n".join(lines[place:]))
            error = document.get("error")
            return {name: str(each) for name, each in error.items()} if isinstance(error, Mapping) else {}
    return {}


def _parts(lines: list[str]) -> dict[str, str]:
    """The four parts of a message, by the words that they begin with."""
    found, name = {"fact": lines[0] if lines else ""}, "fact"
    for line in lines[1:]:
        label, _, text = line.strip().partition(": ")
        if line.startswith("  ") and not line.startswith("    ") and label in _LABELS:
            name = _LABELS[label]
            found[name] = text
        elif line.startswith("    "):
            found[name] += f" {line.strip()}"
        else:
            break
    return found if found["fact"] else {}


def _right(words: LastWords) -> Cause | None:
    """What the pod's service account may not do: the cluster said so, and the program told it."""
    line = next((each for each in reversed(words.lines) if _FORBIDDEN.search(each)), "")
    if not line:
        return None
    status = _json(line[line.find("{") :]) if "{" in line else {}
    message = str(status.get("message") or line.replace('\\"', '"'))
    error = refusals.meaning(403, {"message": message}, Asked("", "ask", words.pod.name))
    if not isinstance(error, errors.RightMissing):
        return None
    account = error.user.rpartition(":")[2] or "default"
    where = f"in {error.namespace}" if error.namespace else "in the whole cluster"
    role = "a Role" if error.namespace else "a ClusterRole"
    return Cause(
        "missing-right",
        f"pod {words.pod.name} runs as the service account '{account}',"
        f" which may not {error.verb} {error.resource} {where}",
        f"give the account {role} with the verb '{error.verb}' on {error.resource}, and a binding to it"
        " (`noteship render --rights` prints what noteship itself needs)",
        "administrators",
        (quoted(message),),
    )


def _system(words: LastWords) -> Cause | None:
    """What the kernel refused."""
    pod, told = words.pod, (quoted(words.raised or words.last),)
    text = words.raised or words.last
    if found := _READ_ONLY.search(text):
        what = f"to {found[1]}" if found[1] else "to a file"
        fact = f"pod {pod.name} wants to write {what}, and its file system is read-only{words.again}"
        return Cause("read-only-root", fact, "write below /tmp, or mount a volume there", "team", told)
    if _IN_USE.search(text):
        fact = (
            f"pod {pod.name} wants to listen on a port that another of its processes has: {quoted(text)}{words.again}"
        )
        return Cause(
            "port-in-use", fact, "give each process, and each container of a pod, a port of its own", "team", told
        )
    if _FORMAT.search(text):
        return wrong_architecture(pod, str(words.container.spec.get("image")), told)
    return None


def wrong_architecture(pod: PodView, image: str, told: tuple[str, ...]) -> Cause:
    """An image whose programs the node cannot run."""
    fact = (
        f"the image {image} of pod {pod.name} was built for another architecture than its node has: exec format error"
    )
    return Cause(
        "wrong-architecture", fact, "build it for that one: [image] architecture in noteship.toml", "team", told
    )


def _traceback(words: LastWords) -> Cause | None:
    raised, pod = words.raised, words.pod
    if not raised or not words.container.has_failed:
        return None
    told = tuple(map(quoted, words.lines[-4:]))
    if found := _MODULE.search(raised):
        top = found[1].partition(".")[0]
        fact = f"pod {pod.name} imports the module '{found[1]}', which its image does not have{words.again}"
        remedy = (
            f"add '{top}' to the project's lock file or, if it is a file of the project, to the image, and build again"
        )
        return Cause("import-failed", fact, remedy, "team", told)
    if found := _IMPORT.search(raised):
        fact = f"pod {pod.name} fails at an import: {quoted(found[1])}{words.again}"
        return Cause(
            "import-failed", fact, "bring the versions in the lock file together, and build again", "team", told
        )
    if _MEMORY.search(raised):
        fact = f"pod {pod.name} could get no more memory: {quoted(raised)}{words.again}"
        return Cause("out-of-memory", fact, "give it a higher memory limit, or less data at a time", "you", told)
    fact = f"the program in pod {pod.name} crashed: {quoted(raised)}{words.again}"
    return Cause("crash", fact, "correct the code, or what it was given; its log has the traceback", "team", told)


def _json(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}
